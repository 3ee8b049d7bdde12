"""Where a run takes place: one scenario, or a composite of several (conf/scenario/)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import Name, StrictModel


class ScenarioSettings(StrictModel):
    """One scenario (conf/scenario/)."""

    name: Name = Field(description="its identifier")
    description: str = Field(min_length=1, max_length=2000, description="what people do there, one sentence")
    kit: str | dict[str, Any] | None = Field(
        default=None, description="library of the scripted model: a name, a folder or the library itself"
    )


class CompositeScenarioSettings(ScenarioSettings):
    """A scenario, or a composite of several (`members`)."""

    members: dict[str, ScenarioSettings] = Field(
        default_factory=dict, description="the scenarios of a composite; empty: a single scenario"
    )

    def scenarios(self) -> tuple[ScenarioSettings, ...]:
        """The one scenario, or a composite's members in their order."""
        return tuple(self.members.values()) or (self,)
