"""The product: one benchmark sample with the origin of every argument (Fig. 7, Appendix B.2)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

import orjson
from pydantic import Field, JsonValue

from .base import Record
from .dialogue import Origin, Reason

Group = Literal["trained", "untrained", "unseen"]
"""Whether a model has seen the user's samples in training; unseen: nor the scenario (§5.1, §5.5)."""


class Evidence(Record):
    """Where an argument's value stands."""

    words: str | None = Field(default=None, description="origin query: the words of the query that state it")
    span: tuple[int, int] | None = Field(
        default=None, description="origin query: their start and end, in characters"
    )
    path: str | None = Field(
        default=None, description="origin profile: the feature, 'basic_features.home_address'"
    )


class ArgumentOrigin(Record):
    """The proof of one argument."""

    call: int = Field(description="position of the call in the answer, from 0")
    parameter: str = Field(description="the API's parameter")
    value: JsonValue = Field(description="the argument")
    origin: Origin = Field(description="query, profile or default")
    evidence: Evidence = Field(description="where it stands; empty for a default")


class PlatformEvidence(Record):
    """Why the platform is right: what kind of need it is, and where the user goes for such needs."""

    words: str | None = Field(
        default=None, description="words of the query that tell the kind of need; null where none were given"
    )
    span: tuple[int, int] | None = Field(default=None, description="their start and end, in characters")
    visits: tuple[int, ...] = Field(
        default=(),
        description="positions, from 0, in this scenario's history: visits of the platform for such needs",
    )


class UserProfile(Record):
    """What a model may see of the user: basic features and behaviour, nothing latent."""

    basic_features: dict[str, JsonValue] = Field(description="feature -> value")
    user_history: dict[str, list[dict[str, str]]] = Field(
        description="scenario -> [{platform, action}], in every scenario the user lives in; "
        "with a rating or a date each, where the run shows it (history.format)"
    )


class VisiblePlatform(Record):
    """A platform as a sample shows it."""

    name: str = Field(description="its name")
    profile: dict[str, str] = Field(description="characteristic -> text")
    apis: tuple[str, ...] = Field(description="names of the functions it offers, found in `tools`")


class Sample(Record):
    """One PTBench record."""

    id: str = Field(description="the episode's id")
    scenario: str = Field(description="the scenario's name")
    user_id: str = Field(description="whose profile it is")
    user_profile: UserProfile = Field(description="the visible profile")
    platforms: tuple[VisiblePlatform, ...] = Field(description="the platforms to choose from")
    tools: tuple[dict[str, Any], ...] = Field(description="function schemas of all those platforms")
    query: str = Field(description="what the user asks")
    answer: tuple[Any, ...] = Field(description="[platform, [{function: {parameter: [accepted, …]}}, …]]")
    query_params: tuple[str, ...] = Field(description="names of arguments found in the query")
    profile_params: tuple[str, ...] = Field(description="names of arguments found in the profile")
    origins: tuple[ArgumentOrigin, ...] = Field(description="for every argument, its origin and evidence")
    platform_evidence: PlatformEvidence = Field(
        default=PlatformEvidence(), description="what shows that the platform is the right one"
    )
    capabilities: dict[str, str] = Field(
        default_factory=dict, description="function of the answer -> what it does, whatever the platform"
    )
    assistant: Literal["propose", "confirm", "none"] | None = Field(
        default=None,
        description="who wrote the answer: propose: an assistant that solved the query and agreed with what "
        "was drawn; confirm: code, recognised in the query by a model; none: code",
    )
    group: Group | None = Field(
        default=None, description="whether a model trained on the train split knows the user, or the scenario"
    )
    twin_of: str | None = Field(
        default=None, description="id of the sample with the same query and another user, who goes elsewhere"
    )


class RejectedSample(Record):
    """What did not become a sample, and why."""

    id: str = Field(description="the episode's id")
    scenario: str = Field(description="the scenario's name")
    user_id: str = Field(description="who asked")
    query: str | None = Field(description="the last query, where there was one")
    answer: dict[str, Any] | None = Field(description="the last solution, where there was one")
    reasons: tuple[Reason, ...] = Field(description="the objections that ended it")


class SampleEncoder:
    """Writes samples as lines of JSON: fields in the record's order, an absent group or twin left out.

    Samples of one scenario hold the same platforms and tools, those of one user the same profile: tens of
    kilobytes a sample. Where such a part is the very object of the sample before, its JSON is taken again.
    """

    def __init__(self) -> None:
        self._before: dict[str, tuple[Any, orjson.Fragment]] = {}

    def encode(self, sample: Sample, without: Collection[str] = ()) -> bytes:
        """One sample on one line, without a line break.

        Args: without: names of fields that are left out.
        """
        fields = {
            name: self._field(name, value)
            for name, value in sample
            if value is not None and name not in without
        }
        return orjson.dumps(fields, default=vars)

    def _field(self, name: str, value: Any) -> Any:
        if name not in ("user_profile", "platforms", "tools"):
            return value
        if name not in self._before or self._before[name][0] is not value:
            self._before[name] = value, orjson.Fragment(orjson.dumps(value, default=vars))
        return self._before[name][1]
