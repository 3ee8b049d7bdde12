"""A whole run, as conf/config.yaml explains it: `Settings` mirrors it key by key, section by section.

What every command's configuration may hold is in `base`.
"""

from __future__ import annotations

import hashlib
import re
from operator import not_
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import orjson
from pydantic import Field, field_validator, model_serializer, model_validator

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
    Tools,
    Workers,
)

PLAIN_ROLE = "ptool.agents.Role"
"""The `_target_` that takes a role's own keys and no others."""


RECOGNISERS = ("recognise_need", "recognise_call")
"""Roles that have to recognise what a query asks for, where code writes the solution (assistant=confirm)."""

TOOL_MATCHER = "tool_matcher"
"""The role that says which functions of `tools.file` do the same, where a language model can be asked."""

OF_OWN_AGENTS = ("component", "agent", "clients", "limits")
"""Keys of a role that say which AutoGen agent of the user's answers for it."""

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

Size = Annotated[int, Field(ge=0)]


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


class TreeSettings(StrictModel):
    """The API tree (§4.1)."""

    file: FilePath | None = Field(description="a tree to use instead of growing one")
    depth: int = Field(ge=1, le=6, description="category layers between a platform and its APIs")
    branching: int = Field(ge=2, le=64, description="most children a platform or category may have")


class ToolSettings(StrictModel):
    """The tools: which of them a solver is shown, and those that are brought along (`tools.file`).

    A bare value is `shown`: `tools=8`.
    """

    bare: ClassVar[str] = "shown"

    shown: Tools = Field(default=None, description="which tools a solver is shown")
    file: FilePath | tuple[FilePath, ...] | None = Field(
        default=None,
        description="documents with functions to use instead of inventing some: a file, a folder, a pattern, "
        "or several",
    )
    capabilities: FilePath | None = Field(
        default=None, description="which functions do the same, corrected by a person"
    )
    lexicon: FilePath | None = Field(
        default=None, description="words that the scripted model says such functions with"
    )

    @model_validator(mode="before")
    @classmethod
    def _bare_value(cls, given: Any) -> Any:
        given = given if isinstance(given, dict | cls) else {cls.bare: given}
        if isinstance(given, dict) and isinstance(given.get("file"), list):
            given = {**given, "file": tuple(given["file"])}  # a union takes no list for a tuple
        return given

    @model_validator(mode="after")
    def _of_a_file(self) -> Self:
        for name in ("capabilities", "lexicon"):
            if self.file is None and getattr(self, name) is not None:
                raise ValueError(f"{name}: got one without tools.file, whose functions it is about")
        return self

    @property
    def files(self) -> tuple[str, ...]:
        """What `file` names, one or several; empty: nothing is brought along."""
        return (self.file,) if isinstance(self.file, str) else self.file or ()

    @property
    def left_to_likeness(self) -> bool:
        """Whether no file says which functions do the same: neither `capabilities` nor a lexicon."""
        return bool(self.files) and self.capabilities is None and self.lexicon is None

    def identity(self) -> Any:
        """What stands for the section in a digest: as long as nothing is brought along, the bare value."""
        return self.model_dump(mode="json", exclude_none=True) if self.files else self.shown


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
        return (*self.query_gate, *(RECOGNISERS if self.assistant == "confirm" else ()))

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
