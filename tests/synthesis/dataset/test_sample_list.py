"""Samples on disk are a sequence like a list, and come by their ids however they were judged."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from ptool.synthesis.dataset.samples import Argument, CompactSample, SampleList, in_order_of_ids

WHOLE = CompactSample(
    "s-u1-0001", "unseen", "s", "u1", "need", "P", "Order \N{HOT BEVERAGE}", (("buy", "order"),),
    (Argument(0, "what", "query", "", '"tea"', "tea", (6, 9)),), "s-u0-0001", True, (0, 5),
)  # fmt: skip


def test_samples_are_what_they_were() -> None:
    kept = SampleList([WHOLE, WHOLE._replace(id="b")])
    assert ([*kept], kept[0], kept[-1].id, kept[:1]) == ([WHOLE, kept[1]], WHOLE, "b", [WHOLE])


@given(st.lists(st.text("abc-", max_size=4), unique=True, max_size=30))
def test_they_come_by_their_ids(ids: list[str]) -> None:
    kept = SampleList(WHOLE._replace(id=id) for id in ids)
    assert [sample.id for sample in in_order_of_ids(kept)] == sorted(ids)
