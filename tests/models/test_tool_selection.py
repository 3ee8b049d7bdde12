"""Which tools are shown: the gold ones and their counterparts always, and nothing that tells the platform."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.models.tool_selection import DISTRACTORS, OfferedTool, ToolBound, rank_tools

Key = tuple[str, str]
Offer = list[OfferedTool[Key]]


def scenario(platforms: dict[str, list[str]]) -> Offer:
    """platform -> capabilities: its tools, in that order."""
    return [
        OfferedTool((platform, capability), capability, (platform,))
        for platform, capabilities in platforms.items()
        for capability in capabilities
    ]


CAPABILITIES = [f"c{number}" for number in range(12)]
WORLDS = st.lists(
    st.lists(st.sampled_from(CAPABILITIES), unique=True, min_size=1), min_size=2, max_size=5
).map(lambda lists: scenario({f"p{place}": capabilities for place, capabilities in enumerate(lists)}))
COMPLETE = st.tuples(st.integers(2, 5), st.integers(2, 24)).map(
    lambda size: scenario(
        {f"p{place}": [f"c{number}" for number in range(size[1])] for place in range(size[0])}
    )
)


@given(WORLDS, st.data(), st.integers(0, 2**40), st.integers(1, 80))
def test_the_gold_tools_and_their_counterparts_are_always_shown(
    offered: Offer, data: st.DataObject, seed: int, bound: int
) -> None:
    gold = data.draw(st.lists(st.sampled_from(offered), min_size=1, max_size=3))
    ranked = rank_tools(offered, [tool.key for tool in gold], seed, "s1")
    names = {tool.capability for tool in gold}
    needed = {tool.key for tool in offered if tool.capability in names}
    shown = ranked.shown(bound)
    assert needed <= shown
    assert ranked.needed == len(needed)
    assert len(shown) == min(max(bound, len(needed)), len(offered))
    assert needed <= ranked.shown("platforms")
    assert shown <= ranked.shown(bound + 1)  # fewer tools are a part of more
    assert sorted(ranked.order) == sorted(tool.key for tool in offered)


@given(WORLDS, st.data(), st.integers(0, 2**40), st.integers(1, 80))
def test_what_is_shown_does_not_depend_on_the_platform(
    offered: Offer, data: st.DataObject, seed: int, bound: int
) -> None:
    name = data.draw(st.sampled_from(sorted({tool.capability for tool in offered})))
    rankings = {
        (ranked.shown(bound), ranked.shown("platforms"), ranked.order)
        for tool in offered
        if tool.capability == name
        for ranked in [rank_tools(offered, [tool.key], seed, "s1")]
    }
    assert len(rankings) == 1


@given(COMPLETE, st.integers(0, 2**40), st.integers(1, 120))
def test_distractors_come_from_all_platforms_alike(offered: Offer, seed: int, bound: int) -> None:
    ranked = rank_tools(offered, [offered[0].key], seed, "s1")
    counts = Counter({platform: 0 for tool in offered for platform in tool.platforms})
    counts.update(platform for platform, _ in ranked.shown(bound))
    assert max(counts.values()) - min(counts.values()) <= 1
    whole = Counter(platform for platform, _ in ranked.shown("platforms"))
    assert len(set(whole.values())) == 1


def test_of_platforms_with_little_in_common_each_gives_distractors() -> None:
    offered = scenario(
        {"p0": ["gold", *(f"a{n}" for n in range(20))], "p1": ["gold", *(f"b{n}" for n in range(20))]}
    )
    for seed in range(20):
        shown = rank_tools(offered, [("p0", "gold")], seed, "s1").shown(12)
        assert Counter(platform for platform, _ in shown) == {"p0": 6, "p1": 6}


def test_the_draw_is_of_seed_and_sample_and_spreads() -> None:
    offered = scenario({f"p{place}": CAPABILITIES for place in range(3)})
    gold = [("p0", "c0")]

    def shown(seed: int, id: str) -> frozenset[Key]:
        return rank_tools(offered, gold, seed, id).shown(8)

    assert shown(1, "s1") == shown(1, "s1")
    assert len({shown(1, f"s{number}") for number in range(30)}) > 20
    assert len({shown(seed, "s1") for seed in range(30)}) > 20
    partial = Counter(
        platform
        for number in range(300)
        for platform, capability in shown(0, f"s{number}")
        if sum(other == capability for _, other in shown(0, f"s{number}")) < 3
    )
    assert min(partial.values()) > 150  # of 300 samples with two of three platforms each


def test_platforms_shows_a_few_capabilities_whole() -> None:
    offered = scenario({f"p{place}": CAPABILITIES for place in range(3)})
    shown = rank_tools(offered, [("p1", "c3"), ("p1", "c5")], 0, "s1").shown("platforms")
    assert Counter(capability for _, capability in shown) == dict.fromkeys({name for _, name in shown}, 3)
    assert len({capability for _, capability in shown}) == 2 + DISTRACTORS


@pytest.mark.parametrize(
    ("tools", "line"),
    [
        (ToolBound(None, 72), "72 tools shown"),
        (ToolBound(72, 72), "72 tools shown"),
        (ToolBound(24, 72, "what fits"), "24 of 72 tools shown: what fits"),
        (ToolBound(5, 72, "why", 6, "travel"), "5 to 6 of 72 tools shown in travel: why"),
        (
            ToolBound("platforms", 9, "why"),
            "tools of the capabilities asked for and 3 others, of 9, shown: why",
        ),
    ],
)  # fmt: skip
def test_a_bound_says_what_it_is(tools: ToolBound, line: str) -> None:
    assert tools.describe() == line
