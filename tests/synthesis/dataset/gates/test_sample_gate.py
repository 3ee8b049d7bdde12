"""A gate to which the sample says enough is not sent whole episodes; any other one still is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

import orjson
import pytest
from ptool.environments import World
from ptool.records import Reason
from ptool.synthesis.dataset.curation import Curation, Curator, EpisodeJudge, JudgedEpisode
from ptool.synthesis.dataset.gates import Candidate, Gate
from ptool.synthesis.dataset.gates.near_duplicates import NearDuplicateGate


class SecondIsOneTooMany(Gate):
    """A gate of somebody's own: it remembers, so it is shown candidates in their order, whole."""

    codes: ClassVar = {"gate.second": "it is the second"}

    def __init__(self) -> None:
        self.seen: list[str] = []

    def run(self, candidate: Candidate) -> Iterator[Reason]:
        self.seen.append(candidate.episode.id)
        if len(self.seen) > 1:
            yield Reason(code="gate.second", blames="query", path="", message=candidate.case.query.text)


@pytest.mark.parametrize(
    ("gate", "code", "whole"),
    [(NearDuplicateGate(), "gate.near_duplicates", False), (SecondIsOneTooMany(), "gate.second", True)],
)
def test_what_comes_from_another_process(
    gate: Gate, code: str, whole: bool, candidate: Callable[..., Candidate], shop: World
) -> None:
    gates = {"mine": gate}
    judge, curator = EpisodeJudge(gates, ()), Curator(gates, ())
    for id in ("shop-u0001-0001", "shop-u0001-0002"):
        episode = candidate(id=id).episode.model_copy(update={"turns": (), "reasons": ()})
        judged: JudgedEpisode = judge.judge(episode, "", shop)
        assert (judged.whole is not None) == whole
        curator.add(judged, {"shop": shop})
    curation: Curation = curator.finish()
    assert [sample.id for sample in curation.samples] == ["shop-u0001-0001"]
    (rejected,) = map(orjson.loads, curation.rejected.values())
    assert (rejected["id"], rejected["reasons"][0]["code"]) == ("shop-u0001-0002", code)
    assert rejected["query"] == candidate().case.query.text
    assert rejected["answer"] == candidate().solution.model_dump(mode="json")
    assert (curation.reasons, curation.fates) == ({code: 1}, {"kept": 1, "gate_rejected": 1})
