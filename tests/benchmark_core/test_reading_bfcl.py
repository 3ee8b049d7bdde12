"""BFCL: a small file in its layout, and the real ones where PTOOL_BFCL leads to their folder."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from benchmark_fixtures import function, gold, lines, real, right
from ptool.benchmark import Item, Prediction, score_prediction
from ptool.benchmark.items import PredictedCall
from ptool.benchmark.protocols import verdict
from ptool.benchmark.reading import items
from ptool.errors import StoreError


def bfcl(folder: Path, category: str, functions: list[Any], *truths: dict[str, Any]) -> Item:
    """One BFCL question with its answer, as an item."""
    asked = {"id": f"{category}_0", "question": [[{"role": "user", "content": "Do."}]], "function": functions}
    file = lines(folder / f"BFCL_v4_{category}.json", asked)
    lines(folder / "possible_answer" / file.name, {"id": f"{category}_0", "ground_truth": list(truths)})
    return next(items(folder))


def test_a_bfcl_question(tmp_path: Path) -> None:
    area = function("tri.area", ["base"], base="integer", unit="string", scale="float", tags="tuple", x="any")
    truth = {"base": [10], "unit": ["cm", ""], "scale": [1.5, ""]}
    item = bfcl(tmp_path, "simple_python", [area], {"tri.area": truth})
    assert (item.id, item.user, item.scenario) == ("simple_python_0", "simple_python_0", "simple_python")
    assert (item.platform, item.platforms, item.query, item.source) == (None, {}, "Do.", "bfcl")
    (call,) = item.calls
    assert call.accepted == {"base": (10,), "unit": ("cm", ""), "scale": (1.5,)}
    assert call.optional == {"unit", "scale"}
    properties = item.tools["tri.area"]["parameters"]["properties"]
    assert [properties[one].get("type") for one in properties] == [
        "integer",
        "string",
        "number",
        "array",
        None,
    ]


@pytest.mark.parametrize(
    ("declared", "value", "right"),
    [
        ("tuple", (1, 2), True),
        ("tuple", [1, 2], True),
        ("array", [1, 2], True),
        ("array", (1, 2), False),  # Python's list and tuple are two types
        ("tuple", (1, (2,)), False),
    ],
)
def test_a_tuple_does_where_one_is_declared(tmp_path: Path, declared: str, value: Any, right: bool) -> None:
    item = bfcl(tmp_path, "simple", [function("f", ["x"], x=declared)], {"f": {"x": [[1, 2]]}})
    prediction = Prediction(None, (PredictedCall("f", {"x": value}),))
    assert (verdict(item, prediction) == "") == right


@pytest.mark.parametrize(
    ("arguments", "strict", "upstream"),
    [
        ({"base": 10}, True, True),
        ({"base": 10, "unit": "C. M."}, True, True),  # folded
        ({"base": 10, "unit": ""}, True, True),
        ({"base": 10, "unit": "mm"}, False, False),
        ({"base": 10, "scale": 2}, True, True),  # a whole number for a float
        ({"base": 10.0}, True, False),  # no float for a whole number upstream
        ({"base": "10"}, False, False),
        ({"base": True}, False, False),
        ({"unit": "cm"}, False, False),  # required
        ({"base": 10, "scale": ""}, False, False),
        ({"base": 10, "colour": "red"}, False, False),
    ],
)
def test_values_as_bfcl_compares_them(
    tmp_path: Path, arguments: dict[str, Any], strict: bool, upstream: bool
) -> None:
    area = function("area", ["base"], base="integer", unit="string", scale="float")
    item = bfcl(
        tmp_path, "simple_python", [area], {"area": {"base": [10], "unit": ["cm", ""], "scale": [2.0, ""]}}
    )
    assert right(item, ("area", arguments)) == (strict, upstream)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"lo": 1, "hi": "a-b"}, True),
        ({"lo": 2}, True),
        ({"hi": "AB"}, False),
        ({"lo": 1, "hi": "ab", "mid": 3}, False),
        ({"lo": 3}, False),
    ],
)
def test_alternatives_within_objects(tmp_path: Path, given: dict[str, Any], expected: bool) -> None:
    nested = function("f", ["range", "rows"], range="dict", rows={"type": "array", "items": {"type": "dict"}})
    truth = {"range": [{"lo": [1, 2], "hi": ["ab", ""]}], "rows": [[{"n": [1, 2]}, {"n": [3]}]]}
    item = bfcl(tmp_path, "simple_python", [nested], {"f": truth})
    assert len(item.calls[0].accepted["range"]) == 6
    assert item.calls[0].accepted["rows"] == ([{"n": 1}, {"n": 3}], [{"n": 2}, {"n": 3}])
    arguments = {"range": given, "rows": [{"n": 2}, {"n": 3}]}
    assert right(item, ("f", arguments)) == (expected, expected)


def test_parallel_calls_fit_in_any_order(tmp_path: Path) -> None:
    play = function("play", ["artist"], artist="string", minutes="integer")
    truths = [
        {"play": {"artist": ["Swift"], "minutes": [20]}},
        {"play": {"artist": ["Maroon 5"], "minutes": [15]}},
    ]
    item = bfcl(tmp_path, "parallel", [play], *truths)
    first = ("play", {"artist": "swift", "minutes": 20})
    second = ("play", {"artist": "Maroon5", "minutes": 15})
    assert right(item, second, first) == (True, True)
    assert right(item, first, first) == (False, False)
    assert right(item, first) == (False, False)
    assert right(item, first, second, second) == (False, False)


def test_parallel_calls_are_assigned_in_order_upstream(tmp_path: Path) -> None:
    # the first gold call takes the call that only the second one could use; the better assignment is there
    play = function("play", ["artist"], artist="string")
    truths = [{"play": {"artist": ["Swift", "Cash"]}}, {"play": {"artist": ["Swift"]}}]
    item = bfcl(tmp_path, "parallel", [play], *truths)
    assert right(item, ("play", {"artist": "Swift"}), ("play", {"artist": "Cash"})) == (True, False)
    assert right(item, ("play", {"artist": "Cash"}), ("play", {"artist": "Swift"})) == (True, True)


def test_an_empty_list_is_left_out_too(tmp_path: Path) -> None:
    cook = function("cook", [], extras={"type": "array", "items": {"type": "string"}})
    item = bfcl(tmp_path, "multiple", [cook], {"cook": {"extras": ["", ["salt"]]}})
    assert [right(item, ("cook", one)) for one in ({}, {"extras": []}, {"extras": ["Salt"]})] == [
        (True, True)
    ] * 3
    assert right(item, ("cook", {"extras": ["salt", "salt"]})) == (False, False)


def test_bfcl_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    file = lines(tmp_path / "BFCL_v4_multiple.json", {"id": "a", "question": [[]], "function": []})
    with pytest.raises(
        StoreError, match=r"possible_answer/BFCL_v4_multiple.json: cannot be read: No such file"
    ):
        list(items(file))
    answers = lines(tmp_path / "possible_answer" / file.name, {"id": "b", "ground_truth": []})
    with pytest.raises(StoreError, match=r"multiple.json:1: id: got 'a', expected an id that "):
        list(items(file))
    lines(answers, {"id": "a", "ground_truth": [{"f": {"x": [1]}}]})
    with pytest.raises(StoreError, match=r"ground_truth.f: got an object of 1, expected values for one of"):
        list(items(file))
    with pytest.raises(StoreError, match=r"category of simple, simple_python, multiple, parallel"):
        list(items(lines(tmp_path / "java" / "BFCL_v4_simple_java.json", {})))


def test_no_end_of_alternatives_is_built(tmp_path: Path) -> None:
    wide = {f"k{n}": list(range(10)) for n in range(30)}
    with pytest.raises(StoreError, match="expected at most 10000 alternatives"):
        bfcl(tmp_path, "simple_python", [function("f", [], range="dict")], {"f": {"range": [wide]}})


def test_real_bfcl() -> None:
    found = list(items(real("PTOOL_BFCL")))
    counts = Counter(item.scenario for item in found)
    assert counts == {"simple_python": 400, "multiple": 200, "parallel": 200, "parallel_multiple": 200}
    assert all(score_prediction(item, gold(item)).overall for item in found)
    wrong = [item.id for item in found if verdict(item, gold(item))]
    # their gold has parameters that their functions do not declare: wrong upstream too
    assert wrong == ["parallel_multiple_12", "parallel_multiple_26"]
