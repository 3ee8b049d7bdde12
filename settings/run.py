"""A whole run, as conf/config.yaml explains it: `Settings` mirrors it key by key."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal, Self

import orjson
from pydantic import Field, model_validator

from ..errors import names
from .base import BudgetSettings, ModelSettings, Name, ObjectSettings, Part, RetrySettings, RunSettings, Share
from .dataset import AuditSettings, CardSettings, SplitSettings
from .scenario import PlaceSettings, ScenarioSettings

PLAIN_ROLE = "ptool.agents.Role"
"""The `_target_` that takes a role's own keys and no others."""


HARMLESS = (
    "concurrency",
    "min_yield",
    "min_decidability",
    "run",
    "budget",
    "retries",
    "prices",
    "audit",
    "corruption",
    "injection",
    "card",
)
"""Keys that may change how a run goes, and never what comes out."""


class RoleSettings(ObjectSettings):
    """One role (conf/agent/): who it is, what it sees and what it answers."""

    name: Name = Field(description="the role's name, the same as its key under `agent`")
    prompt: str | None = Field(None, description="prompt file; null for a role that is code only")
    output: str = Field("ptool.records.Verdict", description="dotted name of the record it answers with")
    sees: tuple[str, ...] = Field(description="names of the views it is shown, and no others")
    sampling: dict[str, Any] = Field(default_factory=dict, description="sent with every call of this role")
    model: ModelSettings | None = Field(None, description="a model of its own; null: the run's")
    player: str | None = Field(None, description="dotted name of who plays it under the scripted model")

    def arguments(self) -> dict[str, Any]:
        """What the role is built with: every key but `_target_` and `model`, which is the gateway's."""
        return {key: value for key, value in super().arguments().items() if key != "model"}

    @model_validator(mode="after")
    def _own_keys_only(self) -> Self:
        if self.target == PLAIN_ROLE and self.model_extra:
            got = sorted(self.model_extra)[0]
            known = {field.alias or name for name, field in type(self).model_fields.items()}
            raise ValueError(f"{got}: no such key; there are {names(known, got)}")
        return self


class TreeSettings(Part):
    """The API tree (§4.1)."""

    file: str | None = Field(min_length=1, description="a tree to use instead of growing one")
    depth: int = Field(ge=1, le=6, description="category layers between a platform and its APIs")
    branching: int = Field(ge=2, le=64, description="most children a platform or category may have")


class FeatureSettings(Part):
    """The feature tree, bottom-up (§4.2)."""

    batch: int = Field(ge=2, description="nodes a clusterer sees at once")
    max_parents: int = Field(ge=1, description="most nodes a level may have after merging")
    max_themes: int = Field(ge=1, description="most nodes the top level may have")


class HistorySettings(Part):
    """Behaviour (§4.2)."""

    actions_per_context: int = Field(ge=1, le=50, description="visits per kind of need")
    loyalty: float = Field(gt=0.5, le=1, description="share of visits on the preferred platform")


class TaskSettings(Part):
    """What code draws for an episode (§4.3)."""

    plan: Literal["guided", "free"] = Field(description="whether calls are drawn, or only the platform")
    parameters: float = Field(gt=0, le=32, description="parameters a sample, on average (Table 1)")
    profile_share: Share = Field(description="share of them that only the profile knows (Table 1)")
    multi_call: Share = Field(description="share of tasks with more than one call")
    repeat_call: Share = Field(description="share of tasks that call the same API twice")
    default_rate: Share = Field(description="share of defaulted parameters left at their default")


class Settings(Part):
    """A whole run, as conf/config.yaml explains it."""

    scenario: PlaceSettings = Field(description="where it takes place")
    seed: int = Field(ge=0, lt=2**63, description="every draw derives from it")
    users: int = Field(ge=1, le=1_000_000, description="people in the population")
    queries_per_user: int = Field(
        ge=1, le=1_000_000, description="queries each of them asks, over all scenarios"
    )
    platforms: int = Field(ge=2, le=20, description="platforms a scenario")
    apis: int = Field(ge=1, le=500, description="APIs a platform")
    concurrency: int = Field(ge=1, le=4096, description="episodes under way at once")
    min_yield: Share = Field(description="share of episodes that must be kept")
    max_rounds: int = Field(ge=0, le=20, description="rounds of feedback an episode gets")
    conversation: Literal["loop", "round_robin"] = Field(description="who drives the roles")
    assignment: Literal["top_down", "per_user", "single_pass"] = Field(description="how users get features")
    judges: tuple[Name, ...] = Field(description="roles that vote on a solution")
    query_gate: tuple[Name, ...] = Field(description="roles that vote on a query")
    checks: tuple[str, ...] | None = Field(description="rule checks by name; null: all")
    gates: tuple[str, ...] | None = Field(description="quality gates by name; null: all")
    consistency: int = Field(ge=0, le=20, description="further solvers of every query that have to agree")
    strangers: int = Field(ge=0, le=20, description="solvers who see nothing of the user and have to fail")
    twins: bool = Field(description="whether counterfactual twins are made")
    min_decidability: Share = Field(description="share of platforms the transparent learner has to find")
    splits: SplitSettings = Field(description="what is held out for the benchmark")
    audit: AuditSettings = Field(description="the verifier on trial")
    card: CardSettings = Field(description="the dataset card")
    run: RunSettings = Field(description="where it is kept")
    tree: TreeSettings = Field(description="the API tree")
    features: FeatureSettings = Field(description="the feature tree")
    history: HistorySettings = Field(description="behaviour")
    task: TaskSettings = Field(description="what code draws")
    model: ModelSettings = Field(description="who answers")
    budget: BudgetSettings = Field(description="what the run may cost")
    retries: RetrySettings = Field(description="how long a failing endpoint is borne with")
    prices: str | None = Field(min_length=1, description="a price list of one's own")
    agent: dict[Name, RoleSettings] = Field(description="the roles by name")
    check: dict[Name, ObjectSettings] = Field(description="rule checks of one's own by name")
    gate: dict[Name, ObjectSettings] = Field(description="quality gates of one's own by name")
    corruption: dict[Name, ObjectSettings] = Field(description="corruptions of one's own by name")
    injection: dict[Name, ObjectSettings] = Field(description="injections of one's own by name")

    @model_validator(mode="after")
    def _roles_exist(self) -> Self:
        for key, role in self.agent.items():
            if role.name != key:
                raise ValueError(f"agent.{key}.name: got {role.name!r}, expected {key!r}, the role's key")
        for group in ("judges", "query_gate"):
            seats: tuple[str, ...] = getattr(self, group)
            for position, name in enumerate(seats):
                if name not in self.agent:
                    raise ValueError(f"{group}: got {name!r}, there are roles {names(self.agent, name)}")
                if name in seats[:position]:
                    raise ValueError(f"{group}: got {name!r} twice, expected each role once")
        for key, chosen in (
            ("checks", self.checks),
            ("gates", self.gates),
            ("audit.corruptions", self.audit.corruptions),
            ("audit.injections", self.audit.injections),
        ):
            for position, name in enumerate(chosen or ()):
                if name in (chosen or ())[:position]:
                    kind = key.rpartition(".")[2].removesuffix("s")
                    raise ValueError(f"{key}: got {name!r} twice, expected each {kind} once")
        if (held_out := self.splits.untrained_users) >= self.users:
            raise ValueError(
                f"splits.untrained_users: got {held_out}, expected fewer than the {self.users} users"
            )
        unseen = self.splits.unseen.scenario.scenarios() if self.splits.unseen else ()
        for one in unseen:
            if one.name in [own.name for own in self.scenarios()]:
                raise ValueError(
                    f"splits.unseen.scenario: got {one.name!r}, which the run itself takes place in"
                )
        return self

    def scenarios(self) -> tuple[ScenarioSettings, ...]:
        """The scenarios the population lives in: the one, or a composite's members in their order."""
        return self.scenario.scenarios()

    def all_scenarios(self) -> tuple[ScenarioSettings, ...]:
        """Those, and the ones held out of everything."""
        return (*self.scenarios(), *(self.splits.unseen.scenario.scenarios() if self.splits.unseen else ()))

    def digest(self) -> str:
        """Ten hex digits of everything that may change the data; equal settings, equal digest."""
        data = self.model_dump(mode="json", by_alias=True, exclude=set(HARMLESS))
        data["model"] = self.model.identity()
        for name, role in self.agent.items():
            data["agent"][name]["model"] = role.model and role.model.identity()
        for group in ("check", "gate"):
            if not data[group]:
                del data[group]  # what nobody brings along is in no digest
        canonical = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(canonical, digest_size=5).hexdigest()

    def run_folder(self) -> Path:
        """Where the run is kept: `run.dir`, or runs/<scenario>-<digest> below the working folder."""
        return Path(self.run.dir or f"runs/{self.scenario.name}-{self.digest()}")
