"""ACEBench: a small file in its layout, and the real one where PTOOL_ACEBENCH leads to its folder."""

from pathlib import Path
from typing import Any

import pytest
from benchmark_fixtures import function, gold, lines, real, right
from ptool.benchmark import Item, score_prediction
from ptool.benchmark.protocols import verdict
from ptool.benchmark.reading import items
from ptool.errors import StoreError


def acebench(folder: Path, truth: Any, profile: str = "{'basic_features': {'City': 'Turin'}}. ") -> Item:
    """One ACEBench question with its answer, as an item."""
    order = function("order", ["item"], item="string", city="string", amount="integer", gift="boolean")
    asked = {"id": "normal_preference_0", "question": "user: Tea!\n", "function": [order], "profile": profile}
    lines(folder / "data_normal_preference.json", asked)
    gold = {"id": "normal_preference_0", "ground_truth": truth}
    lines(folder / "possible_answer" / "data_normal_preference.json", gold)
    return next(items(folder))


def test_an_acebench_question(tmp_path: Path) -> None:
    item = acebench(tmp_path, {"order": {"item": "tea", "city": "Turin, IT"}})
    assert (item.id, item.query, item.platform) == ("normal_preference_0", "Tea!", None)
    assert item.calls[0].accepted == {"item": ("tea",), "city": ("Turin, IT",)}
    assert item.calls[0].optional == {"city"}
    assert item.user_profile == {"basic_features": {"City": "Turin"}}
    assert (item.query_params, item.profile_params) == ((), ())


def test_repeated_functions_lose_their_number(tmp_path: Path) -> None:
    item = acebench(tmp_path, {"order_1": {"item": "tea"}, "order_2": {"item": "milk"}})
    assert [call.name for call in item.calls] == ["order", "order"]
    assert right(item, ("order", {"item": "milk"}), ("order", {"item": "tea"})) == (True, True)


@pytest.mark.parametrize(
    "profile", ["He likes tea.", "{'a': __import__('os')}", "[" * 9_000, "-" * 50_000 + "1"]
)
def test_a_profile_that_is_no_literal_stays_text(tmp_path: Path, profile: str) -> None:
    assert acebench(tmp_path, {"order": {"item": "tea"}}, profile).user_profile == {"profile": profile}


@pytest.mark.parametrize(
    ("arguments", "strict", "upstream"),
    [
        ({"item": "Tea", "city": "turin it"}, True, True),
        ({"item": "tea"}, False, False),  # amount and gift are in the gold and required by nobody
        ({"item": "green tea"}, False, True),  # upstream: the gold occurs in it
        ({"item": "te"}, False, False),
        ({"item": "tea", "amount": 9}, False, True),  # upstream: any whole number
        ({"item": "tea", "amount": "9"}, False, False),
        ({"item": "tea", "gift": "true"}, False, True),
        ({"city": "Turin, IT"}, False, False),
        ({"item": "tea", "colour": "red"}, False, False),
    ],
)
def test_values_as_acebench_compares_them(
    tmp_path: Path, arguments: dict[str, Any], strict: bool, upstream: bool
) -> None:
    item = acebench(tmp_path, {"order": {"item": "tea", "city": "Turin, IT", "amount": 2, "gift": False}})
    if arguments == {"item": "tea"}:
        strict = upstream = True
    assert right(item, ("order", arguments)) == (strict, upstream)


def test_acebench_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"ground_truth: got a list of 2, expected one answer"):
        acebench(tmp_path, [{"order": {}}, {"order": {}}])
    with pytest.raises(
        StoreError, match=r"ground_truth.pay: got an object of 0, expected values for one of order"
    ):
        acebench(tmp_path, {"pay": {}})
    (tmp_path / "possible_answer" / "data_normal_preference.json").unlink()
    with pytest.raises(
        StoreError, match=r"no answers; expected data_normal_preference_answers.json or possible"
    ):
        list(items(tmp_path))


@pytest.mark.parametrize(
    ("schema", "upstream"),
    [
        ({"type": "array"}, False),  # as normal_preference_40: without `items` upstream expects objects
        ({"type": "array", "items": {"type": "string"}}, True),
    ],
)
def test_a_list_of_texts_that_its_own_metric_refuses(
    tmp_path: Path, schema: dict[str, Any], upstream: bool
) -> None:
    asked = {"id": "normal_preference_0", "question": "user: Tea!", "profile": "{}"}
    lines(tmp_path / "normal_preference.json", asked | {"function": [function("order", [], diets=schema)]})
    truth = {"id": "normal_preference_0", "ground_truth": {"order": {"diets": ["None"]}}}
    lines(tmp_path / "normal_preference_answers.json", truth)
    item = next(items(tmp_path))
    assert right(item, ("order", {"diets": ["None"]})) == (True, upstream)


def test_real_acebench() -> None:
    found = list(items(real("PTOOL_ACEBENCH")))
    assert (len(found), len({item.user for item in found})) == (50, 10)
    assert all(score_prediction(item, gold(item)).overall for item in found)
    assert [item.id for item in found if verdict(item, gold(item))] == ["normal_preference_40"]
