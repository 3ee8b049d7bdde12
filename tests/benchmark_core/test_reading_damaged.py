"""Records with any damage anywhere: an item that can be scored, or one line that says what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchmark_fixtures import function, gold, lines, published, sample
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.benchmark import PredictedCall, Prediction, score_prediction
from ptool.benchmark.protocols import verdict
from ptool.benchmark.reading import items
from ptool.errors import PtoolError, StoreError
from ptool.texts.hidden import faults

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) within a JSON value."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


def damaged(draw: st.DrawFn, record: dict[str, Any]) -> dict[str, Any]:
    """A record with another value somewhere, or without a key."""
    record = json.loads(json.dumps(record))
    container, key = draw(st.sampled_from(places(record)))
    if isinstance(container, dict) and draw(st.booleans()):
        del container[key]
    else:
        container[key] = draw(values)
    return record


LIST = {"type": "array", "items": {"type": "string"}}
PLAY = function("play", ["artist"], artist="string", minutes="integer", tags=LIST, more="dict")
GOLD = {"artist": "Cash", "minutes": 3, "tags": ["a"], "more": {"k": 1}}
ANSWERS = {key: [one, ""] for key, one in GOLD.items()} | {"more": [{"k": [1, 2]}]}
BOOK = {"desc": "Books.", "required_arguments": {"to (str)": "Where."}, "personalized_arguments": {}}
CALL = {"APP": "Bus", "API": "book", "params": {"to": "Rome"}}

FILES: dict[str, dict[str, Any]] = {
    "ptool": {"samples.jsonl": sample(capabilities={"buy": "purchase"}, group="unseen")},
    "published": {"data.json": published()},
    "bfcl": {
        "BFCL_v4_parallel.json": {
            "id": "a",
            "question": [[{"role": "user", "content": "?"}]],
            "function": [PLAY],
        },
        "possible_answer/BFCL_v4_parallel.json": {"id": "a", "ground_truth": [{"play": ANSWERS}]},
    },
    "acebench": {
        "data_normal_preference.json": {
            "id": "a",
            "question": "?",
            "function": [PLAY],
            "profile": "{'a': 1}",
        },
        "possible_answer/data_normal_preference.json": {"id": "a", "ground_truth": {"play": GOLD}},
    },
    "toolspectrum": {
        "data/dataset.json": {"instruction": "?", "persona": {"Age": 4}, "toolCall": CALL},
        "api/API_description.json": {"Bus": {"desc": "Buses.", "policy": ["None."], "APIs": {"book": BOOK}}},
    },
}
"""kind -> its files, one record each; the first is the one to read."""


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=60)
@given(data=st.data())
def test_damage_is_an_item_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / kind
    hurt = data.draw(st.sampled_from(sorted(FILES[kind])))
    for name, record in FILES[kind].items():
        lines(folder / name, data.draw(st.composite(damaged)(record)) if name == hurt else record)
    try:
        (item,) = items(folder / next(iter(FILES[kind])), kind)
    except PtoolError as error:
        assert "\n" not in str(error)
        return
    assert isinstance(hash((item.id, item.user, item.scenario, item.group, item.platform)), int)
    assert all(isinstance(one, str) for names in item.platforms.values() for one in names)
    assert all(isinstance(one, str) for one in item.capabilities.values())
    odd = PredictedCall(item.calls[0].name if item.calls else "f", {"artist": data.draw(values)})
    for prediction in (gold(item), Prediction(item.platform, (odd,))):
        assert score_prediction(item, prediction).id == item.id
        assert (verdict(item, prediction) is None) == (kind not in ("bfcl", "acebench"))


def test_a_function_that_is_none_is_offered_to_nobody(tmp_path: Path) -> None:
    record = published() | {"tools": [{"type": "function", "function": "0"}]}
    lines(tmp_path / "data.json", record)
    (item,) = items(tmp_path / "data.json", "published")
    assert item.tools == {}


def test_a_place_is_one_line_whatever_its_keys_are() -> None:
    [fault] = faults([{"x\ny": "\x08"}], "functions", 200)
    assert fault.startswith(r"functions[0].x\ny: got '\x08' with the character U+0008")


@pytest.mark.parametrize("kind", FILES)
def test_undamaged_gold_is_right(tmp_path: Path, kind: str) -> None:
    for name, record in FILES[kind].items():
        lines(tmp_path / name, record)
    (item,) = items(tmp_path / next(iter(FILES[kind])))
    assert (item.source, score_prediction(item, gold(item)).reason) == (kind, "")
    assert not verdict(item, gold(item))


NAMES = {"ptool": "buy", "published": "buy", "bfcl": "play", "acebench": "play", "toolspectrum": "book"}
"""kind -> the function that its record offers and asks for"""


@pytest.mark.parametrize(
    ("hostile", "says"),
    [
        ("\u202e", r"got '\w+\\u202e' with the character U\+202E, expected a text without it"),
        ("\x1b[2J", r"got '\w+\\x1b\[2J' with the character U\+001B, expected a text without it"),
        ("x" * 100_000, r"got 100,00\d characters, expected at most 200"),
    ],
)
@pytest.mark.parametrize("kind", NAMES)
def test_a_tool_that_hides_something_is_refused_with_its_place(
    tmp_path: Path, kind: str, hostile: str, says: str
) -> None:
    name = NAMES[kind]
    for file, record in FILES[kind].items():
        lines(tmp_path / file, json.dumps(record).replace(f'"{name}"', json.dumps(name + hostile)))
    with pytest.raises(StoreError, match=rf"^{tmp_path}/[\w./-]+: ?.*{says}$") as refused:
        list(items(tmp_path / next(iter(FILES[kind])), kind))
    assert len(str(refused.value)) < 1_000


@pytest.mark.parametrize(
    ("description", "taken"),
    [
        ("It\x92s 5\x0bkm\r\n", True),
        ("قائمة \u200f", True),
        ("x" * 100_000, True),
        ("a\u2066b", False),
        ("\x9b2J", False),
    ],
)
def test_descriptions_may_hold_odd_spaces_and_quotes_and_steer_nothing(
    tmp_path: Path, description: str, taken: bool
) -> None:
    tools = [{"name": name, "description": description} for name in ("buy", "order")]
    file = lines(tmp_path / "samples.jsonl", sample(tools=tools))
    if taken:
        (item,) = items(file)
        assert item.tools["buy"]["description"] == description
    else:
        with pytest.raises(StoreError, match=r"samples.jsonl:1: functions\[0\].description: got "):
            list(items(file))
