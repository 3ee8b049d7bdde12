"""The people: the features that describe them, their values, preferences and behaviour (§4.2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

from pydantic import Field, JsonValue, SerializerFunctionWrapHandler, model_serializer

from .base import JsonObject, Record

Kind = Literal["basic", "implicit"]
"""`basic` features are observable; `implicit` ones are latent and show only in what a user does."""


HistoryFormat = Literal["plain", "preferred_only", "rating_integrated", "chronological"]
"""What a history shows. `plain`: visits, most of them where the user prefers to go. The others are the
settings of PEToolBench (Xu et al., 2025): only such visits; each with a rating; each with its date, where the
user preferred another platform before."""
_FIRST_DAY, _DAYS_BETWEEN = date(2025, 1, 6), timedelta(days=3)


class Cluster(Record):
    """Nodes that a clusterer merges into one parent."""

    name: str = Field(description="the parent's name in snake_case; an existing name means that parent")
    description: str = Field(description="what its members have in common, one sentence")
    kind: Kind = Field(description="basic: observable; implicit: latent")
    members: tuple[int, ...] = Field(description="the numbers of the nodes merged into it")


class Clusters(Record):
    """A partition of the nodes a clusterer was shown."""

    clusters: tuple[Cluster, ...] = Field(description="every node in exactly one cluster")
    said: tuple[int, ...] = Field(
        default=(), description="numbers of parameters that are said with every request: no feature of a user"
    )


class Feature(Record):
    """Something one can know of a user; an inner node of the feature tree just above the leaves."""

    name: str = Field(description="snake_case identifier, unique in the tree")
    description: str = Field(description="what it says of a user, one sentence")
    kind: Kind = Field(description="basic or implicit")
    path: tuple[str, ...] = Field(description="names from below the root down to this feature")
    value_schema: JsonObject = Field(
        description="JSON Schema a value should satisfy; {} where nothing is known"
    )


class Bundles(Record):
    """Values for one layer of features, several different bundles at once (§4.2 top-down)."""

    bundles: tuple[JsonObject, ...] = Field(description="each maps every asked feature to its value")


class Profile(Record):
    """One user, in full. Only `basic` may ever reach a sample."""

    id: str = Field(description="'u0001', 'u0002', …")
    basic: dict[str, JsonValue] = Field(description="feature -> value, observable")
    implicit: dict[str, JsonValue] = Field(description="feature -> value, latent, never exported")


class Preference(Record):
    """Which platform a user goes to for one kind of need."""

    context: str = Field(description="the kind of need")
    platform: str = Field(description="the platform preferred for it")


class Preferences(Record):
    """What a user prefers in one scenario, one entry for every context."""

    preferences: tuple[Preference, ...] = Field(description="one per context, in the order shown")


class Actions(Record):
    """What a user did, one short text for each planned visit, in the plan's order."""

    actions: tuple[str, ...] = Field(description="past tense, what was done; never why, never a preference")


class Action(Record):
    """One thing a user did on one platform."""

    platform: str = Field(description="where it was done")
    action: str = Field(description="what was done")
    context: str = Field(description="the kind of need it served; latent, never exported")


class History(Record):
    """What one user prefers and did in one scenario."""

    user_id: str = Field(description="whose")
    scenario: str = Field(description="where")
    preferences: tuple[Preference, ...] = Field(description="latent; drives tasks, never exported")
    actions: tuple[Action, ...] = Field(description="visible, in the order they happened")
    format: HistoryFormat = Field(default="plain", description="what a sample shows of the actions")

    def visible(self) -> list[dict[str, str]]:
        """The actions as a sample shows them: `platform` and `action` (Fig. 7), and `rating` or `date`."""
        shown = [{"platform": action.platform, "action": action.action} for action in self.actions]
        if self.format == "rating_integrated":
            liked = {(preference.context, preference.platform) for preference in self.preferences}
            for entry, action in zip(shown, self.actions, strict=True):
                entry["rating"] = "liked" if (action.context, action.platform) in liked else "disliked"
        elif self.format == "chronological":
            for place, entry in enumerate(shown):
                entry["date"] = (_FIRST_DAY + place * _DAYS_BETWEEN).isoformat()
        return shown

    @model_serializer(mode="wrap")
    def _as_before(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A plain history is written as it was before there were others."""
        written = write(self)
        if self.format == "plain":
            del written["format"]
        return written
