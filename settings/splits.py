"""What is held out of a dataset for the benchmark (§5.1), and what of everything else (§5.5)."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from ..errors import names
from .base import Name, Share, StrictModel
from .scenario import CompositeScenarioSettings

Size = Annotated[int, Field(ge=0)]


class UnseenSettings(StrictModel):
    """Scenarios and people held out of everything else (§5.5, Table 5)."""

    scenario: CompositeScenarioSettings = Field(description="where they live: one scenario or a composite")
    users: int = Field(ge=1, le=1_000_000, description="people, beside those of the run")
    queries: dict[Name, Annotated[int, Field(ge=1)]] = Field(
        description="scenario -> samples to keep; one number: as many of each"
    )

    @model_validator(mode="before")
    @classmethod
    def _as_many_of_each(cls, given: Any) -> Any:
        match given:
            case {"scenario": dict(place), "queries": int(count)} if not isinstance(count, bool):
                members = place.get("members") or {"": place}
                there = [member.get("name") for member in members.values() if isinstance(member, dict)]
                return {**given, "queries": dict.fromkeys(there, count)}
        return given

    @model_validator(mode="after")
    def _every_scenario_has_queries(self) -> Self:
        there = self.scenario.scenarios()
        known = [scenario.name for scenario in there]
        for name in self.queries:
            if name not in known:
                raise ValueError(f"queries: got {name!r}, there are scenarios {names(known, name)}")
        for name in known:
            if name not in self.queries:
                raise ValueError(f"queries: {name!r} is missing; say how many samples to keep")
        return self


class SplitSizeSettings(StrictModel):
    """Most samples of a part, drawn evenly; null: all there are. The others go to reserve.jsonl."""

    all: Size | None = Field(description="of the run's own people, before anything is held out")
    untrained: Size | None = Field(description="held out with their users")
    trained: Size | None = Field(description="held out of everybody else's")


class SplitSettings(StrictModel):
    """What is held out for the benchmark (§5.1); with no untrained users and no share nothing is."""

    untrained_users: int = Field(ge=0, description="people whose queries are all held out")
    test_share: Share = Field(description="share of the queries of everybody else that is held out")
    most: SplitSizeSettings = Field(description="how large the parts may be")
    unseen: UnseenSettings | None = Field(description="scenarios and people held out of everything else")

    @field_validator("unseen", mode="before")
    @classmethod
    def _nowhere(cls, given: Any) -> Any:
        """Without a scenario there is nobody to hold out; its name alone has not been looked up."""
        scenario = given.get("scenario", ...) if isinstance(given, dict) else ...
        if isinstance(scenario, str):
            raise ValueError(
                f"scenario: got {scenario[:80]!r}, expected a choice of the group scenario: "
                f"scenario@splits.unseen.scenario={scenario[:80]}"
            )
        return None if scenario is None else given

    @property
    def enabled(self) -> bool:
        """Whether the dataset is split at all."""
        return bool(self.untrained_users or self.test_share or self.unseen)
