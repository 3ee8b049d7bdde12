"""A configuration is refused in one line that says what was got and what is expected."""

from typing import Any

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from ptool.errors import ConfigError
from ptool.settings import Settings, validated


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    with initialize_config_module("ptool.conf", version_base="1.3"):
        container = OmegaConf.to_container(compose("config"), resolve=True)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}


def changed(shipped: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """A copy of the configuration with one dotted key set."""
    first, _, rest = key.partition(".")
    return {**shipped, first: changed(shipped.get(first, {}), rest, value) if rest else value}


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("users", "abc", "users: got 'abc', expected an integer >= 1"),
        ("users", 0, "users: got 0, expected an integer >= 1"),
        ("users", "16", "users: got '16', expected an integer >= 1"),
        ("users", True, "users: got True, expected an integer >= 1"),
        ("users", 1.5, "users: got 1.5, expected an integer >= 1"),
        ("platforms", 1, "platforms: got 1, expected an integer >= 2 and <= 20"),
        ("min_yield", 50, "min_yield: got 50, expected a number >= 0 and <= 1"),
        ("history.loyalty", 0.5, "history.loyalty: got 0.5, expected a number > 0.5 and <= 1"),
        ("conversation", "team", "conversation: got 'team', expected 'loop' or 'round_robin'"),
        (
            "judges",
            "verifier",
            "judges: got 'verifier', expected a list, each a text like [a-z][a-z0-9_]{0,40}",
        ),
        ("checks", 3, "checks: got 3, expected a list, each a text or null"),
        ("scenario.kit", 3, "scenario.kit: got 3, expected a text or a mapping or null"),
        ("scenario.foo", 1, "scenario.foo: no such key; there are 'description', 'kit', 'members', 'name'"),
        ("task.pln", "free", "did you mean 'task.plan'"),
        ("model", 3, "model: got 3, expected a mapping"),
        ("model", {}, "model._target_: missing, expected a text that is not empty"),
        ("agent.user.se", [], "agent.user.se: no such key;"),
        ("agent.user.sees", 1, "agent.user.sees: got 1, expected a list, each a text"),
        ("agent.user.name", "usr", "agent.user.name: got 'usr', expected 'user'"),
        ("judges", ["verifer"], "(did you mean 'verifier'?)"),
        ("judges", ["verifier", "verifier"], "judges: got 'verifier' twice"),
    ],
)
def test_a_wrong_value_is_one_line(shipped: dict[str, Any], key: str, value: Any, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validated(changed(shipped, key, value))
    expected = line.replace("'task.plan'", "'plan'")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_several_faults_are_several_lines(shipped: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        validated({**shipped, "users": 0, "apis": "x"})
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == ["users", "apis"]


def test_a_secret_is_not_shown(shipped: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        validated(changed(shipped, "run.api_key", "sk-canary"))
    assert "sk-canary" not in str(caught.value)


def test_a_long_value_is_cut(shipped: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        validated({**shipped, "users": "x" * 10_000})
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(("key", "value"), [("concurrency", 1), ("min_yield", 0.9), ("run.dir", "elsewhere")])
def test_the_digest_ignores_what_leaves_the_data_alone(shipped: dict[str, Any], key: str, value: Any) -> None:
    assert validated(changed(shipped, key, value)).digest() == validated(shipped).digest()


@pytest.mark.parametrize(
    ("key", "value"),
    [("seed", 1), ("task.plan", "free"), ("agent.user.sampling.temperature", 0.1), ("judges", [])],
)
def test_the_digest_tells_data_apart(shipped: dict[str, Any], key: str, value: Any) -> None:
    assert validated(changed(shipped, key, value)).digest() != validated(shipped).digest()


def test_the_digest_does_not_depend_on_the_order_of_keys(shipped: dict[str, Any]) -> None:
    assert validated(dict(reversed(shipped.items()))).digest() == validated(shipped).digest()


def test_settings_are_frozen(shipped: dict[str, Any]) -> None:
    settings: Settings = validated(shipped)
    with pytest.raises(ValueError, match="frozen"):
        settings.users = 3  # type: ignore[misc]


def test_a_role_class_of_its_own_takes_arguments_of_its_own(shipped: dict[str, Any]) -> None:
    role = {"_target_": "privacy_judge.PrivacyJudge", "name": "privacy", "sees": ["query"], "strictness": 2}
    settings = validated(changed(shipped, "agent.privacy", role))
    assert settings.agent["privacy"].arguments()["strictness"] == 2
    assert "_target_" not in settings.agent["privacy"].arguments()


@pytest.mark.parametrize(
    ("given", "shown", "file"),
    [
        (8, 8, None),
        ({"file": "a.yaml"}, None, "a.yaml"),
        ({"file": ["a.yaml", "a.yaml"]}, None, ("a.yaml", "a.yaml")),
        ({"shown": "platforms", "file": ["a.yaml"]}, "platforms", ("a.yaml",)),
    ],
)
def test_tools_are_a_number_or_documents(shipped: dict[str, Any], given: Any, shown: Any, file: Any) -> None:
    tools = validated({**shipped, "tools": given}).tools
    assert (tools.shown, tools.file) == (shown, file)


def test_a_recogniser_that_is_named_as_a_judge_is_asked_once(shipped: dict[str, Any]) -> None:
    named = changed(changed(shipped, "query_gate", ["recognise_call"]), "assistant", "confirm")
    recognisers = {
        name: {**named["agent"]["user"], "name": name} for name in ("recognise_need", "recognise_call")
    }
    settings = validated({**named, "agent": {**named["agent"], **recognisers}}, Settings)
    assert settings.query_judges == ("recognise_call", "recognise_need")
