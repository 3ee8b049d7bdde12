"""What others ask for is not named in vain."""

import pytest
from ptool.synthesis.dataset.gates.used_up import UsedUpGate, things_asked_for, unused_things
from ptool.synthesis.dataset.samples import Argument, CompactSample


def sample(id: str, query: str, *stated: tuple[str, str], need: str = "") -> CompactSample:
    """A sample whose query states some parameters literally."""
    arguments = tuple(
        Argument(
            0, name, "query", "", f'"{words}"', words, (query.index(words), query.index(words) + len(words))
        )
        for name, words in stated
    )
    at = query.index(need) if need else 0
    return CompactSample(
        id=id, population="", scenario="shop", user="u1", context="c", platform="P", query=query,
        calls=(("buy", "buy"),), arguments=arguments, need=(at, at + len(need)) if need else None,
    )  # fmt: skip


LENS = sample("a", "Buy the zoom lens.", ("item", "zoom lens"))


@pytest.mark.parametrize(
    ("query", "stated", "need", "unused"),
    [
        ("Track the parcel with the zoom lens.", (), "", [("zoom", "lens")]),
        ("Track the parcel with the zoom lens.", (("contents", "zoom lens"),), "", []),
        ("Book an adviser for the zoom lens.", (), "the zoom lens", []),
        ("Track the parcel with the lens.", (), "", []),  # part of a thing is another thing
        (
            "Zoom Lens, please. Save the zoom lens.",
            (("item", "Zoom Lens"),),
            "",
            [],
        ),  # said twice, carried once
        ("Zoom. Lens.", (), "", [("zoom", "lens")]),
        ("Zooming lenses.", (), "", []),
    ],
)
def test_things_of_other_samples_are_found(query, stated, need, unused) -> None:
    asked = sample("b", query, *stated, need=need)
    things = things_asked_for([LENS, asked])
    assert list(unused_things(asked, things[asked.world_key])) == unused


def test_of_two_things_that_begin_alike_the_longer_one_is_named() -> None:
    cap = sample("b", "Buy the zoom lens cap.", ("item", "zoom lens cap"))
    things = things_asked_for([LENS, cap])[LENS.world_key]
    assert list(unused_things(sample("c", "Clean the zoom lens cap."), things)) == [("zoom", "lens", "cap")]
    assert list(unused_things(sample("d", "Clean the zoom lens."), things)) == [("zoom", "lens")]


def test_an_option_is_no_thing() -> None:
    brief = sample("a", "Make it brief.", ("detail", "brief"))
    remark = sample("b", "Sorry to be so brief.")
    assert things_asked_for([brief, remark], {("buy", "detail")}) == {}
    assert things_asked_for([brief, remark])


def test_the_gate_takes_the_sample_out_and_names_the_thing(candidate) -> None:
    gate = UsedUpGate()
    assert list(gate.run(candidate())) == []
    found = list(gate.review([LENS, sample("b", "Track the parcel with the zoom lens.")]))
    assert [(id, reason.code) for id, reason in found] == [("b", "gate.used_up")]
    assert "'zoom lens'" in found[0][1].message


def test_a_scenario_where_nothing_is_asked_for_in_words(candidate) -> None:
    gate = UsedUpGate()
    list(gate.run(candidate()))
    assert list(gate.review([sample("a", "Pay 5 to AB-12.", ("sum", "5"), ("code", "AB-12"))])) == []
