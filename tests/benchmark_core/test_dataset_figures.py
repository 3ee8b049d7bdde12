"""A dataset's row of Table 9, whatever kind of dataset it is."""

from typing import Any

import pytest
from ptool.benchmark import GoldCall, Item
from ptool.benchmark.dataset_figures import DatasetFigures

HISTORY = {"user_history": {"s": [{"platform": "A", "action": "Went"}]}}
TWO = {"A": ("f", "g"), "B": ("f",)}


def item(user: str = "u", scenario: str = "s", origin: Any = None, **changes: Any) -> Item:
    """A sample with one call."""
    call = GoldCall("f", {"x": (1,)}, {"x": origin} if origin else {})
    given = {"id": "i", "user": user, "scenario": scenario, "group": None, "platform": "A", "calls": (call,)}
    return Item(**(given | {"tools": {"f": {}, "g": {}}, "platforms": TWO} | changes))


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([item(), item("v"), item()], (3, 2, 3, [True, None, False])),  # f on A, f on B, g on A
        ([item(), item(scenario="t")], (6, 1, 2, [True, None, False])),
        ([item(tools={"f": {}, "h": {}})], (4, 1, 1, [True, None, False])),  # nobody's h
        ([item(platform=None, platforms={})], (2, 1, 1, [False, None, False])),
        ([item(platforms={"A": ("f",)})], (2, 1, 1, [False, None, False])),  # no other to choose
        ([item(origin="query"), item(user_profile=HISTORY)], (3, 1, 2, [True, False, True])),
        ([item(origin="query"), item(origin="profile")], (3, 1, 2, [True, True, False])),
        ([item(profile_params=("x",)), item(origin="query")], (3, 1, 2, [True, True, False])),
        ([item(user_profile={"user_history": {}, "basic_features": {}})], (3, 1, 1, [True, None, False])),
        ([], (0, 0, 0, [False, None, False])),
    ],
)  # fmt: skip
def test_what_is_counted(items: list[Item], expected: tuple[int, int, int, list[bool | None]]) -> None:
    figures = DatasetFigures()
    for one in items:
        figures.add(one)
    assert tuple(figures.as_json().values()) == expected
