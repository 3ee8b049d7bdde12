"""No secret gets into a configuration, under whatever name, and none that is refused is shown."""

from typing import Any

import pytest
from ptool.errors import ConfigError
from ptool.settings.secrets import (
    key_from,
    may_hold_secret,
    names_secret,
    redacted,
    refuse_secrets,
    without_secrets,
)

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
    monkeypatch.setenv("API_KEY", "hunter2!")  # eight characters are long enough
    with pytest.raises(ConfigError, match="API_KEY"):
        refuse_secrets({"model": {"model": "hunter2!"}})


@pytest.mark.parametrize(
    ("name", "is_one", "is_near"),
    [
        ("api_key", True, True),
        ("apiKey", True, True),
        ("X-API-Key", True, True),
        ("HF_TOKEN", True, True),
        ("MY_PASSWORDS", False, True),
        ("api_key_env", False, True),
        ("token_count", False, True),
        ("monkey", False, False),
        ("keyboard", False, False),
        ("", False, False),
    ],
)
def test_names_of_secrets_and_of_what_is_near_one(name: str, is_one: bool, is_near: bool) -> None:
    assert (names_secret(name), may_hold_secret(name)) == (is_one, is_near)


@pytest.mark.parametrize("left_out", range(len(CANARY) - 7))
def test_a_key_is_hidden_even_if_its_end_was_cut_off(left_out: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_TOKEN", CANARY)
    cut = CANARY[: len(CANARY) - left_out]
    assert without_secrets(f"refused: {cut}") == "refused: [OTHER_TOKEN]"
    assert redacted(f"refused: {cut}", CANARY) == "refused: [key]"
    assert redacted(f"{cut} and more", CANARY) == ("[key] and more" if cut == CANARY else f"{cut} and more")


def test_seven_characters_of_a_key_are_no_key() -> None:
    assert redacted(f"refused: {CANARY[:7]}", CANARY) == f"refused: {CANARY[:7]}"


@pytest.mark.parametrize(("value", "shown"), [("1234567", "1234567"), ("12345678", "[MY_KEY]")])
def test_what_is_too_short_is_no_secret(value: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", value)
    assert without_secrets(value) == shown


@pytest.mark.parametrize("value", ["sk-ümlaut-0123", "sk-0123\x00456", "", "  "])
def test_what_is_no_key_is_refused_and_not_shown(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if "\0" in value:
        monkeypatch.setattr("os.environ", {"MY_LLM": value})
    else:
        monkeypatch.setenv("MY_LLM", value)
    with pytest.raises(ConfigError, match=r"model\.api_key_env: the environment variable MY_LLM") as caught:
        key_from("MY_LLM")
    assert not value.strip() or value not in str(caught.value)


def test_a_key_is_read_without_the_spaces_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_LLM", f" {CANARY}\n")
    assert (key_from("MY_LLM"), key_from(None)) == (CANARY, None)
    with pytest.raises(ConfigError, match="expected the name of an environment variable"):
        key_from(CANARY)
