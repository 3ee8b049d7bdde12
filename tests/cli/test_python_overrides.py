"""Values from Python become the words of a command line, and are read from there as what they were."""

from pathlib import Path
from typing import Any

import numpy
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from ptool.cli.overrides import as_typed
from ptool.cli.python_overrides import python_arguments, words_of
from ptool.errors import ConfigError
from ptool.settings import Settings

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"\A[b-m_][a-z0-9_]{0,5}\Z"), inner)
    ),
    max_leaves=6,
)


def read(words: tuple[str, ...]) -> dict[str, Any]:
    """What Hydra and OmegaConf make of words."""
    config = OmegaConf.create({})
    for word in words:
        override = OverridesParser.create().parse_override(as_typed(word, Settings))
        OmegaConf.update(config, override.key_or_group, override.value(), force_add=True)
    found = OmegaConf.to_container(config, resolve=True)
    assert isinstance(found, dict)
    return found


@settings(max_examples=150)
@given(VALUES)
@example("it's ${seed}, \\${seed} and \\\\${seed}\\")
@example("a,b")
@example(["null", "TRUE", "1e3", "", " ", "[", "a: b", "~", "'", '"', "\\'"])
@example({"a": {"b": [{"c": "d e"}]}})
def test_a_value_is_read_as_what_it_was(value: Any) -> None:
    if value == "???":
        return  # a missing value, in whatever quotes
    assert read(words_of({"model": {"extra": {"x": value}}})) == {"model": {"extra": {"x": value}}}


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"scenario": "shopping", "seed": 3}, ("scenario=shopping", "seed=3")),
        ({"budget": {"usd": 0.5}, "task.plan": "free"}, ("budget.usd=0.5", "task.plan=free")),
        ({"card": {"name": "true"}}, ("card.name='true'",)),
        ({"run": {"dir": Path("a b") / "c"}}, ("run.dir='a b/c'",)),
        ({"seed": numpy.int64(3), "task.multi_call": numpy.float64(0.5)}, ("seed=3", "task.multi_call=0.5")),
        ({"judges": ("verifier", "privacy")}, ("judges=[verifier,privacy]",)),
        ({"experiment": None, "twins": True, "splits": {}}, ("experiment=null", "twins=true", "splits={}")),
        ({"+model@agent.verifier.model": "ollama"}, ("+model@agent.verifier.model=ollama",)),
    ],
)
def test_words_are_as_plain_as_people_type_them(mapping: dict[str, Any], words: tuple[str, ...]) -> None:
    assert words_of(mapping) == words


def endless() -> dict[str, Any]:
    """A mapping that holds itself."""
    mapping: dict[str, Any] = {}
    mapping["a"] = mapping
    return mapping


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        ("seed=3", "overrides: got 'seed=3' (str), expected a mapping, or a list of words"),
        ([3], "overrides: got [3] (list), expected a mapping, or a list of words"),
        ({"seed": b"3"}, "seed: got a value of type bytes, expected a text"),
        ({"judges": {"verifier"}}, "judges: got a value of type set"),
        ({"a": endless()}, "mappings nested too deeply"),
        ({"seed=3 users": 4}, "seed=3 users: not a key"),
        ({3: 4}, "3: not a key"),
        ({"x": [{"a b": 1}]}, "x: got the key 'a b' in it"),
        (["--help"], "overrides: got --help, which is for the command line"),
        (["-m", "seed=1,2"], "overrides: got --multirun"),
        (["--config-dir", "nowhere"], "nowhere' not found, expected a folder"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_what_is_no_setting_is_refused_in_one_line(overrides: Any, line: str) -> None:
    with pytest.raises(ConfigError) as refused:
        python_arguments({}, overrides)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_list_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ConfigError, match="judges: got a value nested too deeply"):
        words_of({"judges": loop})


def test_later_words_come_after_earlier_ones() -> None:
    given_twice = python_arguments({"seed": 1}, {"seed": 2})
    assert given_twice.overrides == ("seed=1", "seed=2")
