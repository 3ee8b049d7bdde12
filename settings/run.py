"""A whole run, as conf/config.yaml explains it: `Settings` mirrors it key by key, section by section.

What every command's configuration may hold is in `base`; the larger sections have files of their own.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Literal, Self

import orjson
from pydantic import Field, model_serializer, model_validator

from ..errors import names
from .base import (
    Budget,
    ExecutorName,
    FilePath,
    ModelSettings,
    Name,
    ObjectSettings,
    RaySettings,
    Retries,
    RunFolderSettings,
    Share,
    StrictModel,
    Workers,
)
from .roles import RECOGNISERS, TOOL_MATCHER, RoleSettings
from .scenario import CompositeScenarioSettings, ScenarioSettings
from .splits import SplitSettings
from .tools import ToolSettings, TreeSettings

NOT_HASHED = (
    "concurrency",
    "executor",
    "workers",
    "ray",
    "shard",
    "min_yield",
    "min_decidability",
    "general_reader",
    "strict_stages",
    "run",
    "dataset",
    "budget",
    "retries",
    "prices",
    "audit",
    "corruption",
    "injection",
    "card",
)
"""Keys that may change how a run goes, and never what comes out."""


class ClusteringLimits(StrictModel):
    """How wide the feature tree may be (§4.2, bottom-up)."""

    batch: int = Field(default=120, ge=1, description="nodes a clusterer sees at once")
    max_parents: int = Field(
        default=120, ge=2, description="most features, and nodes of any level above them"
    )
    max_themes: int = Field(
        default=12, ge=2, description="most nodes of the top level, right below the persona"
    )


class HistorySettings(StrictModel):
    """Behaviour (§4.2)."""

    actions_per_context: int = Field(ge=1, le=50, description="visits per kind of need")
    loyalty: float = Field(gt=0.5, le=1, description="share of visits on the preferred platform")
    format: Literal["plain", "preferred_only", "rating_integrated", "chronological"] = Field(
        default="plain", description="what a history shows, beside plain visits the settings of PEToolBench"
    )

    @property
    def preferred_share(self) -> float:
        """Share of visits on the preferred platform under this format."""
        return 1.0 if self.format == "preferred_only" else self.loyalty


class TaskSettings(StrictModel):
    """What code draws for an episode (§4.3)."""

    plan: Literal["guided", "free"] = Field(description="whether calls are drawn, or only the platform")
    parameters: float = Field(gt=0, le=32, description="parameters a sample, on average (Table 1)")
    profile_share: Share = Field(description="share of them that only the profile knows (Table 1)")
    multi_call: Share = Field(description="share of tasks with more than one call")
    repeat_call: Share = Field(
        description="share of tasks that call one API twice, one that people ask for twice"
    )
    default_rate: Share = Field(description="share of defaulted parameters left at their default")


class AuditSettings(StrictModel):
    """The verifier on trial (§4.3)."""

    samples: int = Field(ge=0, le=100_000, description="accepted episodes to corrupt; 0: no trial")
    corruptions: tuple[str, ...] | None = Field(description="corruptions by name; null: all")
    injections: tuple[str, ...] | None = Field(description="injections by name; null: all")


class DatasetSettings(StrictModel):
    """The form of the dataset's files; what a sample says is the same in both."""

    tools: Literal["inline", "shared"] | None = Field(
        default=None,
        description="inline: in every sample; shared: tools and profiles once, in files beside the samples; "
        "null: shared where more than 1,000 samples are planned",
    )


SHARED_FROM = 1_000
"""A dataset for which more samples are planned keeps tools and profiles once (`dataset.tools=null`)."""


class CardSettings(StrictModel):
    """The dataset card, dataset/README.md."""

    license: str = Field(
        min_length=1,
        max_length=60,
        pattern=r"^[a-z0-9][a-z0-9.-]*$",
        description="of the data, a Hugging Face name",
    )
    name: str | None = Field(min_length=1, max_length=80, description="its title; null: from the scenario")


class Shard(StrictModel):
    """One of the parts that the ids of a run are divided into (`shard=i/n`)."""

    number: int = Field(ge=1, description="which, from 1")
    of: int = Field(ge=1, description="how many there are")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        if isinstance(given, dict | cls):
            return given
        match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", str(given))
        number, of = map(int, match.groups()) if match else (0, 0)
        if not 1 <= number <= of <= _MOST_SHARDS:
            raise ValueError(f"got {str(given)[:40]!r}, expected i/n with i from 1 to n, such as 1/8")
        return {"number": number, "of": of}

    @model_serializer
    def _as_text(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


_MOST_SHARDS = 100_000


class Settings(StrictModel):
    """A whole run, as conf/config.yaml explains it."""

    scenario: CompositeScenarioSettings = Field(description="where it takes place")
    seed: int = Field(ge=0, lt=2**63, description="every draw derives from it")
    users: int = Field(ge=1, le=1_000_000, description="people in the population")
    queries_per_user: int = Field(
        ge=1, le=1_000_000, description="queries each of them asks, over all scenarios"
    )
    platforms: int = Field(ge=2, le=20, description="platforms a scenario")
    apis: int = Field(ge=1, le=500, description="APIs a platform")
    concurrency: int = Field(ge=1, le=4096, description="episodes under way at once")
    executor: ExecutorName = Field("local", description="who works on the items: this process, or several")
    workers: Workers = Field(None, description="processes that work on the items; null: one for every core")
    ray: RaySettings = Field(RaySettings(), description="the cluster of executor=ray")
    shard: Shard | None = Field(
        None, description="which part of the ids is played, and into how many they are divided: 1/8"
    )
    min_yield: Share = Field(description="share of episodes that must be kept")
    strict_stages: bool = Field(
        False, description="whether a stage that a model does not complete ends the run"
    )
    max_rounds: int = Field(ge=0, le=20, description="rounds of feedback an episode gets")
    conversation: Literal["loop", "round_robin"] = Field(description="who drives the roles")
    assignment: Literal["top_down", "per_user", "single_pass"] = Field(description="how users get features")
    assistant: Literal["propose", "confirm", "none"] = Field(
        "propose", description="who writes solutions: the assistant, or code"
    )
    samples_per_turn: int = Field(1, ge=1, le=16, description="answers drawn in a turn until one is accepted")
    qualification: int = Field(0, ge=0, le=100, description="tasks with known answers that judges play first")
    judges: tuple[Name, ...] = Field(description="roles that vote on a solution")
    query_gate: tuple[Name, ...] = Field(description="roles that vote on a query")
    checks: tuple[str, ...] | None = Field(description="rule checks by name; null: all")
    gates: tuple[str, ...] | None = Field(description="quality gates by name; null: all")
    consistency: int = Field(ge=0, le=20, description="further solvers of every query that have to agree")
    strangers: int = Field(ge=0, le=20, description="solvers who see nothing of the user and have to fail")
    twins: bool = Field(description="whether counterfactual twins are made")
    min_decidability: Share = Field(description="share of platforms the transparent learner has to find")
    general_reader: bool = Field(
        False, description="whether an embedding model that knows no kit reads the dataset"
    )
    splits: SplitSettings = Field(description="what is held out for the benchmark")
    audit: AuditSettings = Field(description="the verifier on trial")
    dataset: DatasetSettings = Field(DatasetSettings(), description="the form of the dataset's files")
    card: CardSettings = Field(description="the dataset card")
    run: RunFolderSettings = Field(description="where it is kept")
    tree: TreeSettings = Field(description="the API tree")
    features: ClusteringLimits = Field(description="the feature tree")
    history: HistorySettings = Field(description="behaviour")
    task: TaskSettings = Field(description="what code draws")
    tools: ToolSettings = Field(
        ToolSettings(), description="which tools a solver is shown, and those brought along"
    )
    model: ModelSettings = Field(description="who answers")
    budget: Budget = Field(description="what the run may cost")
    retries: Retries = Field(description="how long a failing endpoint is borne with")
    prices: FilePath | None = Field(description="a price list of one's own")
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
        if self.tools.files and self.tree.file is not None:
            raise ValueError("tools.file: got one beside tree.file, expected one or the other")
        if self.tools.files and self.scenario.members:
            raise ValueError(
                f"tools.file: got one with the composite {self.scenario.name!r}, expected a single scenario: "
                "scenario=custom scenario.name=… scenario.description=…"
            )
        if self.assistant != "propose" and self.task.plan == "free":
            raise ValueError(
                f"assistant: got {self.assistant!r} with task.plan=free, which draws no calls to write; use "
                "assistant=propose"
            )
        unseen = self.splits.unseen.scenario.scenarios() if self.splits.unseen else ()
        for held_out_scenario in unseen:
            if held_out_scenario.name in [own.name for own in self.scenarios()]:
                raise ValueError(
                    f"splits.unseen.scenario: got {held_out_scenario.name!r}, "
                    "which the run itself takes place in"
                )
        return self

    @property
    def query_judges(self) -> tuple[str, ...]:
        """Roles that vote on a query: those of `query_gate`, and the recognisers where they confirm it."""
        return tuple(dict.fromkeys((*self.query_gate, *(RECOGNISERS if self.assistant == "confirm" else ()))))

    @property
    def matches_tools(self) -> bool:
        """Whether a role is asked which functions of `tools.file` do the same."""
        return TOOL_MATCHER in self.agent and self.tools.left_to_likeness

    @property
    def shares_tools(self) -> bool:
        """Whether the dataset keeps tools and profiles once; by what is planned, not by what is kept."""
        unseen = self.splits.unseen
        planned = self.users * self.queries_per_user + (sum(unseen.queries.values()) if unseen else 0)
        return self.dataset.tools == "shared" if self.dataset.tools else planned > SHARED_FROM

    def scenarios(self) -> tuple[ScenarioSettings, ...]:
        """The scenarios the population lives in: the one, or a composite's members in their order."""
        return self.scenario.scenarios()

    def all_scenarios(self) -> tuple[ScenarioSettings, ...]:
        """Those, and the ones held out of everything."""
        return (*self.scenarios(), *(self.splits.unseen.scenario.scenarios() if self.splits.unseen else ()))

    def digest(self) -> str:
        """Ten hex digits of everything that may change the data; equal settings, equal digest."""
        data = self.model_dump(mode="json", by_alias=True, exclude=set(NOT_HASHED))
        data["model"] = self.model.identity()
        for name, role in self.agent.items():
            data["agent"][name]["model"] = role.model and role.model.identity()
        data["tools"] = self.tools.identity()
        for group in ("check", "gate", "tools"):
            if not data[group]:
                del data[group]  # what nobody brings along is in no digest
        if self.history.format == "plain":
            del data["history"]["format"]  # as before there were others
        canonical = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(canonical, digest_size=5).hexdigest()

    def run_folder(self) -> Path:
        """Where the run is kept: `run.dir`, or runs/<scenario>-<digest> below the working folder."""
        return self.run.folder(f"runs/{self.scenario.name}-{self.digest()}")
