"""Values arrive as they were typed, whatever Hydra's grammar makes of their signs."""

import pytest
from hydra import compose, initialize_config_module
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ptool.cli.overrides import as_typed
from ptool.errors import ConfigError
from ptool.settings import EvaluateSettings, ExplainSettings, Settings
from ptool.settings.validation import is_text, takes_any_key


def value_of(config: str, key: str, *words: str):
    """What a key holds after composing words as they were typed."""
    kind = {"config": Settings, "evaluate": EvaluateSettings, "explain": ExplainSettings}[config]
    with initialize_config_module("ptool.conf", version_base="1.3"):
        composed = compose(config, [as_typed(word, kind) for word in words])
    for part in key.split("."):
        composed = composed[part]
    return composed


ENDPOINT = "model=openai_compatible"


@pytest.mark.parametrize(
    ("config", "typed"),
    [
        ("config", "run.dir=ck/jürgen/step=12"),
        ("config", "run.dir=ck/a,b"),
        ("config", "run.dir=ck/run(2)[x]{y}"),
        ("config", "run.dir=数据/r"),
        ("config", "run.dir=~/r"),
        ("config", "run.dir=2026"),
        ("config", "run.dir=1e5"),
        ("config", "run.dir=true"),
        ("config", "run.dir=C:\\runs\\new"),
        ("config", 'run.dir=it\'s "here"\\'),
        ("config", "card.name=Über, mein (Satz)"),
        ("config", "tree.file=a=b.json"),
        ("config", "scenario.kit=küche,neu"),
        ("config", "scenario.description=A & b: c; d"),
        ("evaluate", "data=läufe/{1}"),
        ("evaluate", "predictions=a b,c"),
        ("explain", "run=ck/jürgen"),
        ("explain", "sample=模型"),
    ],
)
def test_a_text_is_what_was_typed(config: str, typed: str) -> None:
    key, _, value = typed.partition("=")
    assert value_of(config, key, typed) == value


@pytest.mark.parametrize("value", ["模型", "gpt,4", "2026", "org/Modèle:7b", "a(b)", "x=y"])
@pytest.mark.parametrize("key", ["model.model", "model.base_url"])
def test_texts_of_a_model_are_what_was_typed(key: str, value: str) -> None:
    assert value_of("config", key, ENDPOINT, f"{key}={value}") == value


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("run.dir='a=b'", "a=b"),
        ('run.dir="a,b"', "a,b"),
        ("run.dir=null", None),
        ("seed=7", 7),
        ("judges=[verifier]", ["verifier"]),
        ("checks=[größe,text]", ["größe", "text"]),
        ("card.name=${scenario.name}", "tiny"),
        ("+model.stop=[模型, 2, true, null]", ["模型", 2, True, None]),
        ('+model.more={"k": {"a": [1.5]}}', {"k": {"a": [1.5]}}),
    ],
)
def test_what_hydra_reads_is_left_to_it(typed: str, value: object) -> None:
    assert value_of("config", typed.partition("=")[0].lstrip("+"), "scenario=tiny", typed) == value


@settings(max_examples=200)
@example("NULL")
@example("Null")
@example(" null")
@given(st.text(min_size=1).filter(lambda text: "${" not in text and text != "null" and text[0] not in "'\""))
def test_any_text_comes_back(text: str) -> None:
    override = as_typed(f"run.dir={text}", Settings)
    from hydra.core.override_parser.overrides_parser import OverridesParser

    assert OverridesParser.create().parse_override(override).value() == text


def test_a_sweep_is_one_where_it_was_asked_for() -> None:
    assert as_typed("run.dir=ü,b", Settings, sweeps=True) == "run.dir='ü','b'"
    assert as_typed("run.dir=a,b", Settings, sweeps=True) == "run.dir=a,b"
    assert as_typed("run.dir=a,b", Settings) == "run.dir='a,b'"


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("runs/x", "runs/x: not an override, expected key=value, such as run.dir=runs/x"),
        ("=1", "=1: not an override, expected key=value"),
        ("~", "~: not an override, expected key=value"),
        ("größe=1", "größe: not an override, expected key=value"),
        ("a\nb=1", "a\\nb: not an override, expected key=value"),
    ],
)
def test_what_is_no_override_is_said_without_hydras_words(word: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        as_typed(word, Settings)
    assert str(caught.value) == says


def test_the_settings_say_what_is_a_text_and_what_is_open() -> None:
    texts = ("run.dir", "tree.file", "card.name", "scenario.kit", "agent.user.prompt")
    others = ("seed", "tools", "assistant", "judges", "min_yield", "scenario", "nothing")
    assert [is_text(Settings, key) for key in texts] == [True] * len(texts)
    assert [is_text(Settings, key) for key in others] == [False] * len(others)
    assert takes_any_key(Settings, "model.extra") and takes_any_key(Settings, "agent.user.sampling")
    assert not any(takes_any_key(Settings, key) for key in ("model", "agent", "budget", "run.dir", "users"))
