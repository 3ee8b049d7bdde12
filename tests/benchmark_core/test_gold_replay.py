"""Gold replay: every accepted answer, written in every format, is read and scored right."""

import os
from pathlib import Path

import pytest
from core_fakes import PLATFORMS, gold, item
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.benchmark import GoldCall, Item, obstacles, parse, render, renderings, score
from ptool.benchmark.parsing import Format
from ptool.benchmark.reading import items

_names = st.sampled_from(
    ["town", "class", "user-id", "naïve", "ﬁnd", "a b", "", "self", "1st", "__x", "None"]
)
_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=8) | st.sampled_from(
    ["true", "it's", '"', "\\", "\n\r\t", "{}", "#", "1", "...", "\0", "\u202e"]
)
_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=2),
    max_leaves=5,
)


@st.composite
def gold_items(draw: st.DrawFn) -> Item:
    """Any gold answer JSON can hold."""
    functions = st.sampled_from(
        ["bookTable", "reserve", "get-price", "a.b", "if.x", "ﬁnd", "two words", "Ünal"]
    )
    parameters = st.dictionaries(_names, st.lists(_value, min_size=1, max_size=3).map(tuple), max_size=3)
    origin = st.sampled_from(["query", "profile", "default"])
    calls = draw(st.lists(st.tuples(functions, parameters, origin), min_size=1, max_size=3))
    platform = draw(st.sampled_from(["MegaMart", "Other Place", "a.b", "class", "It's"]))
    return item(*(gold(name, origin, **values) for name, values, origin in calls), platform=platform)


@pytest.mark.parametrize("format", ["python", "json", "native"])
@settings(max_examples=60)
@given(gold_items())
def test_any_gold_answer_scores_right(format: Format, gold_item: Item) -> None:
    for text in renderings(gold_item, format):
        found = score(gold_item, text, format)
        assert (found.overall, found.reason) == (True, "")
        assert found.query_param_hits == found.query_param_total
        assert found.profile_param_hits == found.profile_param_total
    if format == "python":
        assert parse(render(gold_item, braces=False)) == parse(render(gold_item))


@settings(max_examples=60)
@given(gold_items())
def test_the_official_rules_lose_gold_only_for_a_known_reason(gold_item: Item) -> None:
    lost = [
        text
        for text in renderings(gold_item, braces=False)
        if not score(gold_item, text, scorer="official").overall
    ]
    assert not lost or obstacles(gold_item)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (gold(town="Lyon", people=2, order=["a"], where={"zip": 1}), None),
        (gold(town="true"), "the text 'true'"),
        (gold(town=("a", None)), "not all text"),
        (gold(order=[1]), "a list that holds other things"),
        (gold(people=(1, 2)), "not the first accepted"),
        (gold(**{"class": 1}), "a parameter's name"),
        (gold("get-price"), "a function's name"),
        (GoldCall("bookTable", {"town": ("Lyon",)}, published={"town": "Lyon"}), "not a list"),
    ],
)
def test_each_known_reason_is_real(call: GoldCall, reason: str | None) -> None:
    one = item(call)
    named = obstacles(one)
    right = all(score(one, text, scorer="official").overall for text in renderings(one, braces=False))
    assert (right, len(named)) == (reason is None, int(reason is not None))
    assert reason is None or reason in named[0]


def test_a_function_called_twice_is_named() -> None:
    assert "twice" in obstacles(item(gold(town="Lyon"), gold(town="Nice")))[0]


@pytest.mark.parametrize(
    ("platform", "owned", "name"),
    [
        ("MegaMart", PLATFORMS, "bookTable"),
        ("MegaMart", {"MegaMart": ("bookTable",), "Shop": ("bookTable",)}, "MegaMart__bookTable"),
        ("Nowhere", {"Shop": ("bookTable",)}, "bookTable"),
    ],
)
def test_native_names_are_prefixed_only_where_they_must(platform: str, owned: dict, name: str) -> None:
    one = item(gold(town="Lyon"), platform=platform, platforms=owned)
    text = render(one, "native")
    assert f'"name": "{name}"' in text
    assert score(one, text, "native").overall


def test_python_is_written_as_in_figure_7() -> None:
    one = item(gold(town="Lyon", people=(2, 3), unit=None))
    assert render(one) == "{MegaMart: [bookTable(town='Lyon', people=2, unit=None)]}"
    assert render(one, pick=1, braces=False) == "MegaMart: [bookTable(town='Lyon', people=3, unit=None)]"


DATA = [path for path in os.environ.get("PTOOL_GOLD_DATA", "").split(os.pathsep) if path]
"""runs, files and folders of datasets to replay wholly"""


@pytest.mark.skipif(not DATA, reason="PTOOL_GOLD_DATA: datasets to replay, separated as in PATH")
@pytest.mark.parametrize("path", DATA, ids=lambda path: Path(path).name)
def test_every_accepted_answer_of_a_dataset_scores_right(path: str) -> None:
    number = 0
    for one in items(Path(path)):
        number += 1
        for format in ("python", "json", "native"):
            for text in renderings(one, format):
                found = score(one, text, format)
                assert (found.overall, found.reason) == (True, ""), (one.id, format, text)
        if one.platform is not None and not obstacles(one):
            assert all(
                score(one, text, scorer="official").overall for text in renderings(one, braces=False)
            ), one.id
    assert number
