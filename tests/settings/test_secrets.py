"""No secret gets into a configuration, under whatever name, and none that is refused is shown."""

from typing import Any

import pytest
from ptool.errors import ConfigError
from ptool.settings.secrets import refuse_secrets

CANARY = "sk-cAnArY/93847561+zz=="


@pytest.mark.parametrize(
    ("where", "config"),
    [
        ("model.api_key", {"model": {"api_key": CANARY}}),
        ("model.extra.apiKey", {"model": {"extra": {"apiKey": CANARY}}}),
        ("model.extra.headers.X-API-Key", {"model": {"extra": {"headers": {"X-API-Key": CANARY}}}}),
        ("model.extra.APIKEY", {"model": {"extra": {"APIKEY": CANARY}}}),
        ("model.extra.api_keys[0]", {"model": {"extra": {"api_keys": [CANARY]}}}),
        ("model.extra.tools[0].token", {"model": {"extra": {"tools": [{"token": CANARY}]}}}),
        (
            "model.config.default_headers.Authorization",
            {"model": {"config": {"default_headers": {"Authorization": f"Bearer {CANARY}"}}}},
        ),
        ("agent.user.sampling.api_key", {"agent": {"user": {"sampling": {"api_key": CANARY}}}}),
        ("agent.user.model.hfToken", {"agent": {"user": {"model": {"hfToken": CANARY}}}}),
        ("sampling.extra_headers.auth", {"sampling": {"extra_headers": {"auth": CANARY}}}),
        ("model.config.base_url", {"model": {"config": {"base_url": f"https://me:{CANARY}@h/v1"}}}),
        ("model.config.base_url", {"model": {"config": {"base_url": "https://canary@h/v1"}}}),
    ],
)
def test_what_is_called_a_secret_is_refused_and_not_shown(where: str, config: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        refuse_secrets(config)
    assert str(caught.value).startswith(f"{where}: ")
    assert CANARY not in str(caught.value)
    assert "canary@" not in str(caught.value)


@pytest.mark.parametrize(
    "config",
    [
        {"model": {"api_key_env": "OPENAI_API_KEY", "extra": {"max_tokens": "4096", "min_tokens": 1}}},
        {"model": {"config": {"base_url": "https://h/v1?mail=a@b", "api_key": None}}},
        {"budget": {"tokens": "abc"}, "model": {"extra": {"monkey": "x", "tokenizer": "y", "keyed": "z"}}},
        {"server": {"key_env": "X", "faults": {"duplicate_keys": 0.1}}},
        {"agent": {"auth": {"name": "auth", "sees": ["history"]}}},  # a role may be called so
        {"scenario": {"kit": {"parameters": {"api_key": "a text", "auth_token": "another"}}}},
    ],
)
def test_what_is_none_passes(config: dict[str, Any]) -> None:
    refuse_secrets(config)


@pytest.mark.parametrize(
    ("where", "config"),
    [
        ("model.extra.user", {"model": {"extra": {"user": f"id {CANARY}"}}}),
        ("scenario.description", {"scenario": {"description": CANARY}}),
        ("judges[1]", {"judges": ["verifier", CANARY]}),
    ],
)
def test_what_the_environment_holds_as_a_secret_is_refused_anywhere(
    where: str, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_secrets(config)
    monkeypatch.setenv("HF_TOKEN", CANARY)
    with pytest.raises(ConfigError, match=r"what the variable HF_TOKEN holds") as caught:
        refuse_secrets(config)
    assert str(caught.value).startswith(f"{where}: ")
    assert CANARY not in str(caught.value)


def test_a_variable_that_is_named_for_a_key_holds_a_secret_whatever_it_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_LLM", CANARY)
    refuse_secrets({"model": {"model": CANARY}})
    with pytest.raises(ConfigError, match="MY_LLM"):
        refuse_secrets({"model": {"model": CANARY, "api_key_env": "MY_LLM"}})


def test_a_short_value_and_a_place_are_no_secrets(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = str(tmp_path_factory.mktemp("credentials"))
    monkeypatch.setenv("MY_CREDENTIALS", place)
    monkeypatch.setenv("API_KEY", "none")
    refuse_secrets({"run": {"dir": f"{place}/run"}, "model": {"model": "nonesuch"}})
