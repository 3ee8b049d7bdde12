"""The composed configuration becomes one validated object, here and only here.

`Settings` mirrors conf/config.yaml key by key. It knows nothing of Hydra, models or stages: it refuses what
is misspelt, of a wrong type or out of range, and says which keys there are.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from .errors import ConfigError, names
from .expectations import explain
from .secrecy import refuse_secrets

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
"""An identifier in lower case: roles and scenarios become parts of ids, folders and agent names."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole, 0 to 1."""

PLAIN_ROLE = "ptool.agents.Role"
"""The `_target_` that takes a role's own keys and no others."""


_HARMLESS = ("concurrency", "min_yield", "run", "budget", "retries", "prices")
"""Keys that may change how a run goes, and never what comes out."""


class Part(BaseModel):
    """Frozen, strict, and nothing extra: what every part of a configuration shares."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class ObjectSettings(BaseModel):
    """An object named in the configuration: `_target_` and the arguments it is called with."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, populate_by_name=True)

    target: str = Field(alias="_target_", min_length=1, description="dotted name of a class or function")

    def arguments(self) -> dict[str, Any]:
        """What `_target_` is called with: every key but `_target_` itself."""
        return {key: value for key, value in self.model_dump(by_alias=True).items() if key != "_target_"}


class LimitSettings(Part):
    """How hard one endpoint may be pressed (`model.limits`)."""

    requests_per_minute: int | None = Field(
        default=None, ge=1, description="most calls in any minute; null: no limit"
    )
    tokens_per_minute: int | None = Field(
        default=None, ge=1, description="most tokens in any minute; null: no limit"
    )
    concurrency: int | None = Field(default=None, ge=1, description="most calls in flight; null: the run's")
    seconds: float = Field(default=600.0, gt=0, description="a call that takes longer has failed")


class PriceSettings(Part):
    """US dollars for a million tokens (`model.price`)."""

    input: float = Field(ge=0, description="of the prompt")
    output: float = Field(ge=0, description="of the answer")
    cached_input: float | None = Field(
        default=None, ge=0, description="of prompt tokens in the endpoint's cache"
    )


class ModelSettings(ObjectSettings):
    """One model (conf/model/): a client, how hard it may be pressed, and what it costs."""

    limits: LimitSettings = Field(LimitSettings(), description="how hard it may be pressed")
    price: PriceSettings | None = Field(None, description="null: looked up in the price list")

    def arguments(self) -> dict[str, Any]:
        """What the client is built with."""
        return {key: one for key, one in super().arguments().items() if key not in ("limits", "price")}

    def identity(self) -> dict[str, Any]:
        """What an answer depends on beside the request: everything but limits, price and the key's place."""
        return {"_target_": self.target} | {
            key: value for key, value in self.arguments().items() if key != "api_key_env"
        }


class RoleSettings(ObjectSettings):
    """One role (conf/agent/): who it is, what it sees and what it answers."""

    name: Name = Field(description="the role's name, the same as its key under `agent`")
    prompt: str | None = Field(None, description="prompt file; null for a role that is code only")
    output: str = Field("ptool.records.Verdict", description="dotted name of the record it answers with")
    sees: tuple[str, ...] = Field(description="names of the views it is shown, and no others")
    sampling: dict[str, Any] = Field(default_factory=dict, description="sent with every call of this role")
    model: ModelSettings | None = Field(None, description="a model of its own; null: the run's")
    player: str | None = Field(None, description="dotted name of who plays it under the scripted model")

    @model_validator(mode="after")
    def _own_keys_only(self) -> Self:
        if self.target == PLAIN_ROLE and self.model_extra:
            got = sorted(self.model_extra)[0]
            known = {field.alias or name for name, field in type(self).model_fields.items()}
            raise ValueError(f"{got}: no such key; there are {names(known, got)}")
        return self


class ScenarioSettings(Part):
    """One scenario (conf/scenario/)."""

    name: Name = Field(description="its identifier")
    description: str = Field(min_length=1, max_length=2000, description="what people do there, one sentence")
    kit: str | dict[str, Any] | None = Field(
        None, description="library of the scripted model: a name, a folder or the library itself"
    )


class PlaceSettings(ScenarioSettings):
    """Where a run takes place: one scenario, or a composite of several (`members`)."""

    members: dict[str, ScenarioSettings] = Field(
        default_factory=dict, description="the scenarios of a composite; empty: a single scenario"
    )


class RunSettings(Part):
    """Where the run is kept."""

    dir: str | None = Field(None, min_length=1, description="the run folder; null: runs/<scenario>-<digest>")


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


class BudgetSettings(Part):
    """What all calls of a run may cost together; null: no limit."""

    usd: float | None = Field(ge=0, description="US dollars; every model's price must be known")
    tokens: int | None = Field(ge=0, description="tokens sent and received")
    calls: int | None = Field(ge=0, description="calls, failed ones included")


class RetrySettings(Part):
    """How long a failing endpoint is borne with."""

    attempts: int = Field(ge=1, le=100, description="of one call, before the item is given up")
    longest_wait: float = Field(gt=0, description="seconds between two attempts, at most")
    patience: float = Field(ge=0, description="seconds without any answer before the run ends")


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
        chosen = self.checks or ()
        for position, name in enumerate(chosen):
            if name in chosen[:position]:
                raise ValueError(f"checks: got {name!r} twice, expected each check once")
        return self

    def scenarios(self) -> tuple[ScenarioSettings, ...]:
        """The scenarios the population lives in: the one, or a composite's members in their order."""
        return tuple(self.scenario.members.values()) or (self.scenario,)

    def digest(self) -> str:
        """Ten hex digits of everything that may change the data; equal settings, equal digest."""
        data = self.model_dump(mode="json", by_alias=True, exclude=set(_HARMLESS))
        data["model"] = self.model.identity()
        for name, role in self.agent.items():
            data["agent"][name]["model"] = role.model and role.model.identity()
        canonical = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(canonical, digest_size=5).hexdigest()

    def run_folder(self) -> Path:
        """Where the run is kept: `run.dir`, or runs/<scenario>-<digest> below the working folder."""
        return Path(self.run.dir or f"runs/{self.scenario.name}-{self.digest()}")


Schema = TypeVar("Schema", bound=BaseModel)


def validated(config: Mapping[str, Any], schema: type[Schema] = Settings) -> Schema:
    """Turn a composed configuration into settings.

    Raises ConfigError with one line for each fault: the key, what was got, what is expected.
    """
    if not isinstance(config, Mapping):
        raise ConfigError(f"the configuration: got {type(config).__name__}, expected a mapping")
    refuse_secrets(config)
    try:
        return schema.model_validate_json(json.dumps(config))
    except ValidationError as error:
        raise ConfigError("\n".join(explain(error, schema))) from None
    except TypeError as error:
        raise ConfigError(f"a value is of no JSON type: {error}") from None


def keys(part: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Every dotted key the configuration has, `task` and `task.plan` alike."""
    for name, field in part.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, Part):
            yield from keys(field.annotation, f"{prefix}{name}.")


class SpellSettings(Part):
    """A while in which the endpoint is slow, or down (`server.spell`)."""

    after: int | None = Field(ge=0, description="requests before it begins; null: never")
    seconds: float = Field(gt=0, description="how long it lasts")
    latency_factor: float = Field(ge=0, description="what the latency is multiplied with")
    fault: str | None = Field(description="what every request gets; null: answers, only later")


class ServerSettings(Part):
    """The scripted model as an endpoint, as conf/serve.yaml explains it."""

    host: str = Field(min_length=1, description="a loopback address")
    port: int = Field(ge=0, le=65535, description="0: a free one")
    key_env: str | None = Field(description="environment variable with the key that clients must send")
    record: str | None = Field(min_length=1, description="file that answers are written to")
    replay: str | None = Field(min_length=1, description="file that is answered from")
    latency: float = Field(ge=0, le=3600, description="seconds from a request to its answer")
    jitter: Share = Field(description="share of the latency by which it varies")
    requests_per_minute: int | None = Field(ge=1, description="taken in any minute; null: all")
    concurrency: int | None = Field(ge=1, description="taken at a time; null: all")
    seed: int = Field(ge=0, lt=2**63, description="decides which requests are hit")
    fault_times: int = Field(ge=0, description="most faults of one request; 0: no limit")
    slow_seconds: float = Field(gt=0, description="how long a slow answer takes to arrive")
    faults: dict[str, Share] = Field(description="fault -> share of the requests that get it")
    spell: SpellSettings = Field(description="a while in which everybody has a hard time")


class ServeSettings(Settings):
    """What `ptool.serve` is given: a run's settings, for the model, and the endpoint's."""

    server: ServerSettings = Field(description="the endpoint")


class StatusSettings(Part):
    """What `ptool.status` is given (conf/status.yaml)."""

    run: str = Field(min_length=1, description="the run folder to look at")
    format: Literal["text", "json"] = Field(description="for people, or for programs")


Baseline = Literal["random", "majority_platform", "copy_profile", "scripted", "gold"]
"""Floors and ceilings that ship with the benchmark."""


class EvaluateSettings(Part):
    """What `ptool.evaluate` is given (conf/evaluate.yaml)."""

    data: str = Field(min_length=1, description="a run folder, a dataset folder or a file")
    kind: str | None = Field(description="which kind of dataset it is; null: found out")
    group: Literal["trained", "untrained", "unseen"] | None = Field(
        description="what its users are, where samples do not say"
    )
    predictions: str | None = Field(min_length=1, description="answers given earlier, instead of a model's")
    baseline: Baseline | None = Field(description="a floor or ceiling, instead of a model")
    model: ModelSettings = Field(description="who answers")
    variant: Literal["all", "no_basic", "no_history", "none"] = Field(description="what is shown of a user")
    format: Literal["python", "json", "native"] = Field(description="how to answer")
    scorer: Literal["strict", "official"] = Field(description="whose rules the results follow")
    n: int | None = Field(ge=1, description="samples to draw; null: all")
    seed: int = Field(ge=0, lt=2**63, description="of draws, of the model and of intervals")
    concurrency: int = Field(ge=1, le=4096, description="calls under way at once")
    sampling: dict[str, Any] = Field(description="sent with every call")
    beside: tuple[Baseline, ...] = Field(description="floors and ceilings to report beside the answers")
    run: RunSettings = Field(description="where the evaluation is kept")
    budget: BudgetSettings = Field(description="what the calls may cost")
    retries: RetrySettings = Field(description="how long a failing endpoint is borne with")
    prices: str | None = Field(min_length=1, description="a price list of one's own")

    @model_validator(mode="after")
    def _one_who_answers(self) -> Self:
        if self.predictions is not None and self.baseline is not None:
            raise ValueError("predictions: got a file and a baseline too, expected one of them")
        return self

    @property
    def asks_model(self) -> bool:
        """Whether the answers come from a model."""
        return self.predictions is None and self.baseline is None

    def identity(self) -> dict[str, Any]:
        """What answers depend on: everything but who scores them and how the calls go."""
        kept = self.model_dump(mode="json", by_alias=True, exclude=_HARMLESS_TO_ANSWERS)
        kept["data"] = _content(self.data)
        kept["predictions"] = self.predictions and _content(self.predictions)
        kept["model"] = self.model.identity() if self.asks_model else None
        return kept

    def digest(self) -> str:
        """Ten hex digits of everything answers depend on; where files lie does not count."""
        canonical = orjson.dumps(self.identity(), option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(canonical, digest_size=5).hexdigest()

    def run_folder(self) -> Path:
        """Where it is kept: `run.dir`, or runs/eval-<data>-<digest> below the working folder."""
        return Path(self.run.dir or f"runs/eval-{_named(self.data)}-{self.digest()}")


_HARMLESS_TO_ANSWERS = {"scorer", "beside", "concurrency", "run", "budget", "retries", "prices", "model"}


def _named(path: str) -> str:
    """The name of a dataset, fit for a folder's name."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", Path(path).absolute().stem).strip("-")[:60] or "data"


def _content(path: str) -> str:
    """A digest of a file, or of the records in a folder; of what does not exist, of nothing."""
    whole = hashlib.blake2b(digest_size=16)
    try:
        for file in _records_in(Path(path)):
            with file.open("rb") as content:
                whole.update(hashlib.file_digest(content, "blake2b").digest())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return whole.hexdigest()


def _records_in(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path] if path.exists() else []
    here = path / "dataset" if (path / "dataset").is_dir() else path
    found = (one for pattern in ("*.json*", "*/*.json*") for one in here.glob(pattern) if one.is_file())
    return sorted(one for one in found if one.name != "manifest.json" and not one.name.startswith("."))


class CompareSettings(Part):
    """What `ptool.compare` is given (conf/compare.yaml)."""

    evaluations: tuple[str, ...] = Field(min_length=1, max_length=50, description="folders of evaluations")
    labels: tuple[str, ...] | None = Field(description="names to show, one for each; null: who answered")
    sizes: tuple[Annotated[float, Field(gt=0)] | None, ...] | None = Field(
        description="billions of parameters, one for each; null: as their names say"
    )
    against: str | None = Field(
        min_length=1, description="a label to test the others against; null: all pairs"
    )
    seed: int = Field(ge=0, lt=2**63, description="of the intervals and tests")
    run: RunSettings = Field(description="where the comparison is kept")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for place, folder in enumerate(self.evaluations):
            if Path(folder).absolute() in [Path(one).absolute() for one in self.evaluations[:place]]:
                raise ValueError(f"evaluations: got {folder!r} twice, expected each evaluation once")
        return self


class ExportSettings(Part):
    """What `ptool.export` is given (conf/export.yaml)."""

    data: str = Field(min_length=1, description="a run folder, a dataset folder or a file")
    kind: str | None = Field(description="which kind of dataset it is; null: found out")
    group: Literal["trained", "untrained", "unseen"] | None = Field(
        description="what its users are, where samples do not say"
    )
    variant: Literal["all", "no_basic", "no_history", "none"] = Field(description="what is shown of a user")
    format: Literal["python", "json"] = Field(description="how to answer")
    scorer: Literal["strict", "official"] = Field(description="whose rules the marks follow")
    tolerance: Literal["strict", "tolerant"] = Field(description="how answers are read")
    n: int | None = Field(ge=1, description="samples to draw; null: all")
    seed: int = Field(ge=0, lt=2**63, description="of the draw")
    run: RunSettings = Field(description="where the task is written")

    def digest(self) -> str:
        """Ten hex digits of everything the task depends on; where files lie does not count."""
        kept = self.model_dump(mode="json", exclude={"run"}) | {"data": _content(self.data)}
        return hashlib.blake2b(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS), digest_size=5).hexdigest()

    def run_folder(self) -> Path:
        """Where it is written: `run.dir`, or runs/lm-eval-<data>-<digest> below the working folder."""
        return Path(self.run.dir or f"runs/lm-eval-{_named(self.data)}-{self.digest()}")
