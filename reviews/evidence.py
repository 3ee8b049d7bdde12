"""What to highlight for every argument of a sample: words of its query, features of its profile.

It reads the origins that the sample records and looks for nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..records import Origin, Sample
from ..records.sample import PlatformEvidence
from .records import OriginReview


@dataclass(frozen=True)
class ArgumentEvidence:
    """One argument of the answer, and where it comes from as the sample records it."""

    call: int
    api: str
    parameter: str
    value: Any
    """the first of the accepted ones"""
    schema: dict[str, Any]
    """of the parameter; empty: the function is none of the sample's"""
    required: bool
    origin: Origin | None
    """None: the sample records none"""
    span: tuple[int, int] | None
    """start and end of the words of the query, in characters"""
    feature: str | None
    """name of the basic feature of the profile"""

    @property
    def path(self) -> str:
        """How errors and words name it: 'calls[0].arguments.sortBy'."""
        return f"calls[{self.call}].arguments.{self.parameter}"


@dataclass(frozen=True)
class PlatformReasons:
    """Why the platform is right, as the sample records it."""

    platform: str
    span: tuple[int, int] | None
    """words of the query that tell the kind of need"""
    visits: tuple[int, ...]
    """positions in the history of the sample's scenario"""


def argument_evidence(sample: Sample) -> list[ArgumentEvidence]:
    """Every argument of the answer, call by call, in its order."""
    schemas = {tool["function"]["name"]: tool["function"].get("parameters") or {} for tool in sample.tools}
    origins = {(each.call, each.parameter): each for each in sample.origins}
    found = []
    pairs = [(api, given) for call in sample.answer[1] for api, given in call.items()]
    for number, (api, given) in enumerate(pairs):
        parameters = schemas.get(api, {})
        for name, accepted in given.items():
            proof = origins.get((number, name))
            span = proof.evidence.span if proof else None
            path = proof.evidence.path if proof else None
            found.append(
                ArgumentEvidence(
                    call=number,
                    api=api,
                    parameter=name,
                    value=accepted[0],
                    schema=(parameters.get("properties") or {}).get(name) or {},
                    required=name in (parameters.get("required") or ()),
                    origin=proof.origin if proof else None,
                    span=_within(span, sample.query),
                    feature=path.removeprefix("basic_features.") if path else None,
                )
            )
    return found


def platform_reasons(sample: Sample) -> PlatformReasons:
    """Why the platform is right."""
    history = sample.user_profile.user_history.get(sample.scenario, [])
    evidence = sample.platform_evidence
    return PlatformReasons(
        platform=sample.answer[0],
        span=_within(evidence.span, sample.query),
        visits=tuple(visit for visit in evidence.visits if 0 <= visit < len(history)),
    )


def without_evidence(sample: Sample) -> Sample:
    """The sample as somebody sees it who has still to say where its arguments come from (Appendix B.2)."""
    return sample.model_copy(update={"origins": (), "platform_evidence": PlatformEvidence()})


def differing(sample: Sample, labels: OriginReview) -> int:
    """How many labels differ from the origins that the sample records."""
    recorded = {(each.call, each.parameter): each.origin for each in sample.origins}
    return sum(
        recorded.get((label.call, label.parameter), label.origin) != label.origin for label in labels.labels
    )


def _within(span: tuple[int, int] | None, text: str) -> tuple[int, int] | None:
    """A span that lies in a text; None for one that does not."""
    return span if span and 0 <= span[0] < span[1] <= len(text) else None
