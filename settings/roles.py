"""The roles (conf/agent/): what they see, who answers for them, and the names that code knows."""

from __future__ import annotations

from operator import not_
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from ..errors import names
from .base import FilePath, ModelSettings, Name, ObjectSettings, StrictModel

PLAIN_ROLE = "ptool.agents.Role"
"""The `_target_` that takes a role's own keys and no others."""

RECOGNISERS = ("recognise_need", "recognise_call")
"""Roles that have to recognise what a query asks for, where code writes the solution (assistant=confirm)."""

TOOL_MATCHER = "tool_matcher"
"""The role that says which functions of `tools.file` do the same, where a language model can be asked."""

OF_OWN_AGENTS = ("component", "agent", "clients", "limits")
"""Keys of a role that say which AutoGen agent of the user's answers for it."""


class AgentLimits(StrictModel):
    """How long an AutoGen agent or team of the user's may take over one answer of a role."""

    calls: int = Field(default=64, ge=1, description="of models, for one answer")
    messages: int = Field(default=256, ge=1, description="of the agent and its team, for one answer")
    tokens: int = Field(default=1_000_000, ge=1, description="sent and received, for one answer")
    seconds: float = Field(default=120.0, gt=0, description="in which nothing happens and no model is asked")


class RoleSettings(ObjectSettings):
    """One role (conf/agent/): who it is, what it sees and what it answers."""

    name: Name = Field(description="the role's name, the same as its key under `agent`")
    prompt: str | None = Field(default=None, description="prompt file; null for a role that is code only")
    output: str = Field(
        default="ptool.records.Verdict", description="dotted name of the record it answers with"
    )
    sees: tuple[str, ...] = Field(description="names of the views it is shown, and no others")
    sampling: dict[str, Any] = Field(default_factory=dict, description="sent with every call of this role")
    model: ModelSettings | None = Field(default=None, description="a model of its own; null: the run's")
    player: str | None = Field(
        default=None, description="dotted name of who plays it under the scripted model"
    )
    component: FilePath | None = Field(
        default=None,
        exclude_if=not_,
        description="file with an AutoGen agent or team that answers for it, as `dump_component` writes it",
    )
    agent: ObjectSettings | None = Field(
        default=None, exclude_if=not_, description="the same, made by a class or function of one's own"
    )
    clients: Literal["own", "role"] | None = Field(
        default=None,
        exclude_if=not_,
        description="who answers where a component names models: those (own, as null), or the role's model",
    )
    limits: AgentLimits | None = Field(
        default=None, exclude_if=not_, description="how long such an agent may take; null: as they stand"
    )

    def arguments(self) -> dict[str, Any]:
        """What the role is built with: every key but `_target_`, `model`, and those of who answers for it."""
        others = ("model", *OF_OWN_AGENTS)
        return {key: value for key, value in super().arguments().items() if key not in others}

    @property
    def played_by_own_agent(self) -> bool:
        """Whether an AutoGen agent of the user's answers for it."""
        return self.component is not None or self.agent is not None

    @model_validator(mode="after")
    def _one_agent(self) -> Self:
        if self.component is not None and self.agent is not None:
            raise ValueError("component: got one beside agent, expected one or the other")
        for key in ("clients", "limits"):
            if getattr(self, key) is not None and not self.played_by_own_agent:
                raise ValueError(f"{key}: belongs to an agent of one's own; set component or agent as well")
        if self.clients is not None and self.component is None:
            raise ValueError("clients: belongs to a component; what makes an agent is handed its model")
        return self

    @model_validator(mode="after")
    def _own_keys_only(self) -> Self:
        if self.target == PLAIN_ROLE and self.model_extra:
            got = sorted(self.model_extra)[0]
            known = {field.alias or name for name, field in type(self).model_fields.items()}
            raise ValueError(f"{got}: no such key; there are {names(known, got)}")
        return self
