"""What others ask for is found where a query names it in vain, and nowhere else."""

import pytest
from outside_readers import dropped_things, print_table

TRACK = {"name": "track", "description": "Tracks a parcel by its code.", "parameters": {}}


def sample(query: str, *stated: tuple[str, object], need: str | None = None) -> dict:
    """A query with (words, value) of every argument; one function that tracks parcels."""
    return {
        "query": query,
        "origins": [
            {"origin": "query", "value": value, "evidence": {"words": words}} for words, value in stated
        ],
        "platform_evidence": {"words": need},
        "answer": ["P", [{"track": {}}]],
        "platforms": [{"name": "P", "apis": ["track"]}],
        "tools": [TRACK],
    }


OTHERS = [
    sample("Buy a zoom lens.", ("a zoom lens", "zoom lens")),
    sample("Make it brief.", ("brief", "short")),
    sample("Send a parcel code.", ("parcel code", "parcel code")),
    sample("Take 12.", ("12", 12)),
]


@pytest.mark.parametrize(
    ("asked", "dropped"),
    [
        (sample("Track the Zoom lens."), ["zoom lens"]),
        (sample("Track the zoom lens.", ("the zoom lens", "zoom lens")), []),
        (sample("Track it for the zoom lens.", need="the zoom lens"), []),
        (sample("Track the zoom lens. Yes, the zoom lens.", ("zoom lens", "zoom lens")), []),  # said twice
        (sample("Track the zoom lens cap.", ("zoom lens cap", "zoom lens cap")), []),
        (sample("Track the zooming lens."), []),
        (sample("Sorry to be brief."), ["brief"]),  # the words for an option are things, too
        (sample("Track by parcel code."), []),  # as the function is described
        (sample("Track all 12."), []),  # a number is no thing
        (sample("Track a tripod.", ("a tripod", "tripod")), []),
    ],
)
def test_what_is_dropped(asked: dict, dropped: list[str]) -> None:
    *_, found = dropped_things([*OTHERS, asked])
    assert found == dropped


def test_what_only_this_query_states_is_not_asked_for_by_others() -> None:
    only = sample("Track a tripod, a tripod bag.", ("a tripod bag", "tripod bag"), ("a tripod", "tripod"))
    assert list(dropped_things([only])) == [[]]


def test_bars_are_for_scenarios_or_for_averages(capsys) -> None:
    reached = {"outside": 0.01, "queries": 0.9, "actions": 0.8, "platforms": 0.8}
    low = {"outside": 0.0, "queries": 0.7, "actions": 0.7, "platforms": 0.7}
    assert print_table({"a": reached, "b": low}) == 0  # 80, 75 and 75 on average, 70 in each
    assert print_table({"a": reached, "b": {**low, "queries": 0.69}}) == 2  # there, and on average
    assert print_table({"a": {**reached, "outside": 0.011}}) == 2
    assert "1.1% MISSED" in capsys.readouterr().out
