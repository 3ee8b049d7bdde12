"""What a gate takes out in its last look goes with its twins, once each, and the rest stays as it was."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import orjson
from ptool.records import Reason
from ptool.synthesis.dataset.curation import Curator
from ptool.synthesis.dataset.gates import Gate
from ptool.synthesis.dataset.samples import CompactSample, SampleList


class LastLook(Gate):
    codes: ClassVar = {"gate.mine": "it is named"}

    def __init__(self, *ids: str) -> None:
        self.ids = ids

    def run(self, candidate: object) -> Iterator[Reason]:
        yield from ()

    def review(self, samples: Sequence[CompactSample]) -> Iterator[tuple[str, Reason]]:
        self.seen = [sample.id for sample in samples]
        for id in self.ids:
            yield id, Reason(code="gate.mine", blames="query", message=f"no {id}")


def test_each_is_withdrawn_once_with_the_first_reason_and_takes_its_twins_along() -> None:
    first, second = LastLook("b-twin", "a", "a", "a-twin", "nobody"), LastLook("c")
    curator = Curator({"first": first, "second": second}, ())
    curator.curation.samples = SampleList(
        CompactSample(id, "", "s", "u", "need", "P", "q", (), (), twin)
        for id, twin in [("a", ""), ("b", ""), ("c", ""), ("a-twin", "a"), ("b-twin", "b"), ("a-more", "a")]
    )
    curator.curation.fates["kept"] = 6

    curation = curator.finish()

    rejected = [orjson.loads(line) for line in curation.rejected.values()]
    assert [(one["id"], one["reasons"][0]["code"]) for one in rejected] == [
        ("b-twin", "gate.mine"), ("a", "gate.mine"), ("a-twin", "gate.twin"), ("a-more", "gate.twin"),
        ("c", "gate.mine"),
    ]  # fmt: skip
    assert [sample.id for sample in curation.samples] == ["b"]
    assert (curation.fates["kept"], curation.fates["gate_rejected"]) == (1, 5)
    assert curation.stopped == {"first": 5, "second": 1}
    assert second.seen == ["b", "c"]
