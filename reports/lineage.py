"""Where one sample comes from: what was drawn, who asked, what proves it, and every model call on the way.

It is looked up in a run folder, also while the run is under way, and not read through: items come from the
ledger by their keys, samples from their place in the dataset, users from their line. Nothing is changed and
no model is asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from ..errors import ConfigError, StoreError
from ..models.seeds import derive
from ..records import Episode, History, Record, Task
from ..store.read_only import LedgerReader, SavedAnswer, lock_holder, read_ledger
from ..store.run_folder import MARKER, advice_on, identity_of, maker_of
from .lineage_calls import CallLineage, TurnName, calls_about, profile_items, same_bundles
from .lineage_reviews import HumanReviews, human_reviews
from .lineage_sample import (
    ArgumentLineage,
    CalledTool,
    PlatformLineage,
    SampleOutcome,
    UserLineage,
    argument_lineages,
    called_tools,
    find_outcome,
    platform_lineage,
    user_lineage,
)
from .run_files import (
    UNSEEN,
    find_line_starting_with,
    json_pair,
    parse_object,
    read_code_sentences,
    read_config,
    read_tree,
)
from .run_status import UNREACHABLE

EPISODE_STAGES = ("episodes", "twins", UNREACHABLE, "twins without a model")
"""Last parts of the stages that hold episodes."""
_OWN_FIELDS = ("api_tree", "feature_tree", "profiles", "histories", *EPISODE_STAGES)
"""Last parts of the stages that `Lineage` has fields for."""
_MOST_FURTHER, _MOST_NEAREST, _MOST_BYTES = 20, 3, 4_000
_RecordT = TypeVar("_RecordT", bound=Record)


@dataclass(frozen=True)
class Lineage:
    """Everything a run knows of one sample; `format=json` prints these fields."""

    run: str
    id: str
    population: str
    """'' for the run's own people, 'unseen' for those held out"""
    fate: SampleOutcome
    task: dict[str, Any]
    """as code drew it"""
    user: UserLineage
    platform: PlatformLineage
    query: str | None
    tools: tuple[CalledTool, ...]
    arguments: tuple[ArgumentLineage, ...]
    objections: tuple[dict[str, Any], ...]
    """every objection on the way, mended ones included"""
    turns: tuple[dict[str, Any], ...]
    """who answered what, in order: role, round, output"""
    rounds: int
    calls: tuple[CallLineage, ...]
    """model calls of the episode and of whoever judged it later, in order"""
    origins: tuple[CallLineage, ...]
    """model calls that its history, its user and its tools came from"""
    codes: dict[str, str] = field(default_factory=dict)
    """code of a reason or objection -> the sentence that explains it"""
    people: HumanReviews | None = None
    """what people said of it; None: nobody did"""
    further: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    """ledger stage -> what else was kept of it: other solvers, strangers"""


def as_json(lineage: Lineage) -> str:
    """A lineage for programs; ASCII, so that nothing in it moves a terminal."""
    return json.dumps(asdict(lineage), indent=2)


def lineage_of(folder: Path, id: str) -> Lineage:
    """Where a sample, or a rejected episode, comes from.

    Args:
        folder: of a run, or the folder of its held-out people.
        id: as dataset/, episodes.jsonl and tasks.jsonl have it.

    Raises:
        ConfigError: the run has no such episode; the message names the nearest.
        StoreError: no run folder, nothing made yet, or damaged.
    """
    run = folder.parent if folder.name == UNSEEN and not (folder / MARKER).exists() else folder
    identity_of(run)
    if not (run / "ledger.sqlite").is_file():
        raise StoreError(f"{run}: nothing was made in it yet, expected a ledger; start the run first")
    holder = lock_holder(run)
    try:
        with read_ledger(run / "ledger.sqlite") as ledger:
            return _lineage(ledger, _find_episode(ledger, run, id))
    except StoreError:
        if holder is None and lock_holder(run) is not None:
            return lineage_of(folder, id)  # a process has begun to write while this one read
        raise


@dataclass(frozen=True)
class _EpisodeSource:
    """Where an id was found."""

    run: Path
    population: str
    task: Task
    episode: Episode | None
    waiting: bool

    def stage(self, name: str) -> str:
        """A stage of its population."""
        return f"{self.population}/{name}" if self.population else name

    @property
    def folder(self) -> Path:
        """The files of its population."""
        return self.run / self.population


def _find_episode(ledger: LedgerReader, run: Path, id: str) -> _EpisodeSource:
    """The episode in the ledger, or the task that is still to be played. Raises ConfigError."""
    for stage in ledger.stages():
        population, _, name = stage.rpartition("/")
        body = ledger.get(stage, id) if name in EPISODE_STAGES else None
        if body is not None:
            episode = _parse_record(Episode, body, run, f"{stage}/{id}")
            # What found no model may have been played since, in the stage without that in its name.
            played_stage = stage.removesuffix(" without a model")
            waiting = stage != played_stage and not ledger.has(played_stage, id)
            if waiting or stage == played_stage:
                return _EpisodeSource(run, population, episode.task, episode, waiting)
    for population in ("", UNSEEN):
        line = find_line_starting_with(run / population / "tasks.jsonl", b"{" + json_pair("id", id))
        if line is not None:
            task = _parse_record(Task, line, run, f"tasks.jsonl/{id}")
            return _EpisodeSource(run, population, task, None, waiting=True)
    raise ConfigError(_unknown_id(ledger, run, id))


def _unknown_id(ledger: LedgerReader, run: Path, id: str) -> str:
    """What to say of an id that does not exist: the nearest ones, as a run has thousands."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    stages = [stage for stage in ledger.stages() if _last_part(stage) in EPISODE_STAGES]
    known = sorted({item for stage in stages for item in ledger.ids(stage)})
    if not known:
        return f"sample: got {id[:80]!r}, but {run} has no episodes yet; wait for them, or see tasks.jsonl"
    similarity = OSA.normalized_similarity
    nearest = process.extract(id[:80], known, scorer=similarity, limit=_MOST_NEAREST, score_cutoff=0.6)
    meant = " or ".join(repr(candidate) for candidate, *_ in nearest)
    advice = f"did you mean {meant}?" if meant else f"ids look like {known[0]!r}"
    return f"sample: got {id[:80]!r}, which is none of the {len(known):,} episodes of {run}; {advice}"


def _lineage(ledger: LedgerReader, source: _EpisodeSource) -> Lineage:
    task, episode, config = source.task, source.episode, read_config(source.run)
    api_tree, features = (read_tree(source.folder / f"{name}.json") for name in ("api_tree", "feature_tree"))
    gates = config.get("gates")
    chosen_gates = tuple(str(gate) for gate in gates) if isinstance(gates, list) else None
    outcome, sample = find_outcome(source.run, task.id, episode, source.waiting, chosen_gates)
    arguments = tuple(argument_lineages(task, episode, sample, features))
    tools = tuple(called_tools(task, episode, api_tree))
    profile_line = _profile_line(source)
    profile_layers = profile_items(ledger, source.stage("profiles"), profile_line)
    used = [argument.path.partition(".")[2] for argument in arguments if argument.path]
    seed = _population_seed(config.get("seed"), source.population)
    history_item = f"{task.scenario}-{task.user_id}"
    history = _history(ledger, source, history_item)
    objections = tuple(each.model_dump(mode="json") for each in episode.objections) if episode else ()
    codes = {reason.get("code") for reason in (*outcome.reasons, *objections)}
    return Lineage(
        run=str(source.run),
        id=task.id,
        population=source.population,
        fate=outcome,
        task=task.model_dump(mode="json"),
        user=user_lineage(task, profile_line, used, features, profile_layers),
        platform=platform_lineage(
            task,
            history,
            api_tree,
            [tool.capability for tool in tools],
            episode.query if episode else None,
        ),
        query=episode.query.text if episode and episode.query else None,
        tools=tools,
        arguments=arguments,
        objections=objections,
        turns=tuple(turn.model_dump(mode="json") for turn in episode.turns) if episode else (),
        rounds=episode.rounds if episode else 0,
        calls=calls_about(ledger, [task.id], seed),
        origins=calls_about(
            ledger,
            [*_api_tree_items(task, tools), *profile_layers, history_item],
            seed,
            include_parts=False,
            belongs=_belongs_to_population(ledger, source),
        ),
        codes={code: text for code, text in read_code_sentences(source.run).items() if code in codes},
        people=human_reviews(source.run, task.id, outcome.digest),
        further=_further(ledger, task.id),
    )


def _profile_line(source: _EpisodeSource) -> dict[str, Any]:
    """The user's line of profiles.jsonl; empty where there is none."""
    file = source.folder / "profiles.jsonl"
    line = find_line_starting_with(file, b'{"profile":{' + json_pair("id", source.task.user_id))
    return parse_object(line, file) if line else {}


def _history(ledger: LedgerReader, source: _EpisodeSource, item: str) -> History | None:
    body = ledger.get(source.stage("histories"), item)
    return _parse_record(History, body, source.run, f"histories/{item}") if body else None


def _population_seed(seed: Any, population: str) -> int | None:
    """The seed that turns derive from; held-out people have one of their own."""
    if not isinstance(seed, int):
        return None
    return derive(seed, population) if population else seed


def _api_tree_items(task: Task, tools: Sequence[CalledTool]) -> list[str]:
    """Items of the API tree that its scenario, platform and tools came from, repeated questions included."""
    paths = [tool.path[:-1] for tool in tools if tool.path] or [(task.scenario,)]
    items = dict.fromkeys("/".join(path[:end]) for path in paths for end in range(1, len(path) + 1))
    return [f"{item}{again}" for item in items for again in ("", "~1", "~2")]


def _belongs_to_population(
    ledger: LedgerReader, source: _EpisodeSource
) -> Callable[[SavedAnswer, TurnName | None], bool]:
    """Whether a profile writer's answer is one about the people of the population, where there are two.

    Their turns have the same names, so it is told by what came of the answer.
    """
    several = ledger.has(f"{UNSEEN}/profiles", "layer0")

    def belongs(answer: SavedAnswer, turn: TurnName | None) -> bool:
        if not several or turn is None or answer.stage != "profiles":
            return True
        return same_bundles(answer.content, ledger.get(source.stage("profiles"), turn.item))

    return belongs


def _further(ledger: LedgerReader, id: str) -> dict[str, tuple[Any, ...]]:
    """What other stages kept of the id or of parts of it, such as further solvers."""
    further: dict[str, tuple[Any, ...]] = {}
    for stage in ledger.stages():
        if _last_part(stage) in _OWN_FIELDS:
            continue
        own = ledger.get(stage, id)
        bodies = [*([own] if own is not None else ()), *(body for _, body in ledger.items_below(stage, id))]
        if bodies:
            further[stage] = tuple(_json_or_text(body) for body in bodies[:_MOST_FURTHER])
    return further


def _json_or_text(body: bytes) -> Any:
    """What was kept, parsed where it is short enough."""
    if len(body) <= _MOST_BYTES:
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            pass
    return body[:_MOST_BYTES].decode("utf-8", "replace")


def _last_part(stage: str) -> str:
    return stage.rpartition("/")[2]


def _parse_record(kind: type[_RecordT], body: bytes, run: Path, where: str) -> _RecordT:
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        advice = advice_on(maker_of(run))
        raise StoreError(f"{run}: {where} is damaged, or of another version of ptool; {advice}") from None
