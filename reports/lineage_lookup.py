"""One sample's lineage out of a run folder, also while the run is under way: looked up, not read through.

Items come from the ledger by their keys, samples from their place in the dataset, people from their line. It
changes nothing and asks no model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import orjson
import yaml
from pydantic import ValidationError

from ..errors import ConfigError, StoreError
from ..models.seeds import derive
from ..records import Episode, History, Record, Task
from ..store.read_only import LedgerReader, SavedAnswer, lock_holder, read_ledger
from ..store.run_folder import MARKER, identity_of
from .lineage import Lineage, Tool
from .lineage_sources import (
    Turn,
    calls_about,
    fate_of,
    items_of_profile,
    person,
    place,
    proofs_of,
    same_bundles,
    tools_of,
)
from .run_files import code_sentences, line_beginning, needle, tree_in, value_of
from .run_status import UNREACHABLE

UNSEEN = "unseen"
"""Name of the held-out population, as `ptool.synthesis.population` has it."""
PLAYED = ("episodes", "twins", UNREACHABLE, "twins without a model")
"""Last parts of the stages that hold episodes."""
_SHARED = ("api_tree", "feature_tree", "profiles", "histories", *PLAYED)
_FURTHER, _NEAR, _LISTED = 20, 3, 4_000
_Made = TypeVar("_Made", bound=Record)


@dataclass(frozen=True)
class _Found:
    """Where an id was found."""

    run: Path
    population: str
    task: Task
    episode: Episode | None
    waiting: bool

    def stage(self, name: str) -> str:
        return f"{self.population}/{name}" if self.population else name

    @property
    def folder(self) -> Path:
        return self.run / self.population


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
    begun = lock_holder(run)
    try:
        with read_ledger(run / "ledger.sqlite") as ledger:
            return _lineage(ledger, _found(ledger, run, id))
    except StoreError:
        if begun is None and lock_holder(run) is not None:  # a process has begun to write while this one read
            return lineage_of(folder, id)
        raise


def _lineage(ledger: LedgerReader, found: _Found) -> Lineage:
    task, episode, settings = found.task, found.episode, _settings(found.run / "config.yaml")
    apis, features = tree_in(found.folder / "api_tree.json"), tree_in(found.folder / "feature_tree.json")
    gates = settings.get("gates")
    chosen = tuple(str(one) for one in gates) if isinstance(gates, list) else None
    fate, sample = fate_of(found.run, task.id, episode, found.waiting, chosen)
    proofs = tuple(proofs_of(task, episode, sample, features))
    tools = tuple(tools_of(task, episode, apis))
    line = line_beginning(found.folder / "profiles.jsonl", b'{"profile":{' + needle("id", task.user_id))
    assigned = value_of(line, found.folder / "profiles.jsonl") if line else {}
    layers = items_of_profile(ledger, found.stage("profiles"), assigned)
    used = [proof.path.partition(".")[2] for proof in proofs if proof.path]
    seed = _seed(settings.get("seed"), found.population)
    lived = f"{task.scenario}-{task.user_id}"
    origins = [*_grown(task, tools), *layers, lived]
    objections = tuple(one.model_dump(mode="json") for one in episode.objections) if episode else ()
    codes = {reason.get("code") for reason in (*fate.reasons, *objections)}
    return Lineage(
        run=str(found.run),
        id=task.id,
        population=found.population,
        fate=fate,
        task=task.model_dump(mode="json"),
        user=person(task, assigned, used, features, layers),
        platform=place(task, _history(ledger, found, lived), apis, [one.capability for one in tools]),
        query=episode.query.text if episode and episode.query else None,
        tools=tools,
        arguments=proofs,
        objections=objections,
        turns=tuple(one.model_dump(mode="json") for one in episode.turns) if episode else (),
        rounds=episode.rounds if episode else 0,
        calls=calls_about(ledger, [task.id], seed),
        origins=calls_about(ledger, origins, seed, parts_too=False, ours=_of_population(ledger, found)),
        codes={code: told for code, told in code_sentences(found.run).items() if code in codes},
        further=_further(ledger, task.id),
    )


def _found(ledger: LedgerReader, run: Path, id: str) -> _Found:
    for stage in (one for one in ledger.stages() if _last(one) in PLAYED):
        body = ledger.get(stage, id)
        if body is not None:
            episode = _record(Episode, body, run, f"{stage}/{id}")
            # What found no model may have been played since, in the stage without that in its name.
            plain_stage = stage.removesuffix(" without a model")
            waiting = stage != plain_stage and not ledger.has(plain_stage, id)
            if waiting or stage == plain_stage:
                return _Found(run, _population(stage), episode.task, episode, waiting)
    for population in ("", UNSEEN):
        file = run / population / "tasks.jsonl"
        line = line_beginning(file, b"{" + needle("id", id))
        if line is not None:
            return _Found(run, population, _record(Task, line, run, f"tasks.jsonl/{id}"), None, waiting=True)
    raise ConfigError(_no_such(ledger, run, id))


def _no_such(ledger: LedgerReader, run: Path, id: str) -> str:
    """What to say of an id that does not exist: the nearest ones, as a run has thousands."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    known = sorted({one for stage in ledger.stages() if _last(stage) in PLAYED for one in ledger.ids(stage)})
    if not known:
        return f"sample: got {id[:80]!r}, but {run} has no episodes yet; wait for them, or see tasks.jsonl"
    distance = OSA.normalized_similarity
    near = process.extract(id[:80], known, scorer=distance, limit=_NEAR, score_cutoff=0.6)
    meant = " or ".join(repr(one) for one, *_ in near)
    advice = f"did you mean {meant}?" if meant else f"ids look like {known[0]!r}"
    return f"sample: got {id[:80]!r}, which is none of the {len(known):,} episodes of {run}; {advice}"


def _last(stage: str) -> str:
    return stage.rpartition("/")[2]


def _population(stage: str) -> str:
    return stage.rpartition("/")[0]


def _record(kind: type[_Made], body: bytes, run: Path, where: str) -> _Made:
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        raise StoreError(f"{run}: {where} is damaged, or was made by another version of ptool") from None


def _settings(file: Path) -> Mapping[str, Any]:
    """The configuration as it was kept; a run of another version may have other keys."""
    try:
        found = yaml.safe_load(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise StoreError(f"{file}: cannot be read: {' '.join(str(error).split())[:200]}") from error
    return found if isinstance(found, dict) else {}


def _seed(seed: Any, population: str) -> int | None:
    """The seed that turns derive from; held-out people have one of their own."""
    if not isinstance(seed, int):
        return None
    return derive(seed, population) if population else seed


def _of_population(ledger: LedgerReader, found: _Found) -> Callable[[SavedAnswer, Turn | None], bool]:
    """Whether a profile writer's answer is one about the people of the population, where there are two.

    Their turns have the same names, so it is told by what came of the answer.
    """
    several = ledger.has(f"{UNSEEN}/profiles", "layer0")

    def ours(call: SavedAnswer, turn: Turn | None) -> bool:
        if not several or turn is None or call.stage != "profiles":
            return True
        return same_bundles(call.content, ledger.get(found.stage("profiles"), turn.item))

    return ours


def _history(ledger: LedgerReader, found: _Found, item: str) -> History | None:
    body = ledger.get(found.stage("histories"), item)
    return _record(History, body, found.run, f"histories/{item}") if body else None


def _grown(task: Task, tools: Sequence[Tool]) -> list[str]:
    """Items of the API tree that its scenario, platform and tools came from, repeated questions included."""
    ways = [tool.path[:-1] for tool in tools if tool.path] or [(task.scenario,)]
    items = dict.fromkeys("/".join(way[:end]) for way in ways for end in range(1, len(way) + 1))
    return [f"{item}{again}" for item in items for again in ("", "~1", "~2")]


def _further(ledger: LedgerReader, id: str) -> dict[str, tuple[Any, ...]]:
    """What other stages kept of the id or of parts of it, such as further solvers."""
    found: dict[str, tuple[Any, ...]] = {}
    for stage in ledger.stages():
        if _last(stage) in _SHARED:
            continue
        own = ledger.get(stage, id)
        bodies = [*([own] if own is not None else ()), *(body for _, body in ledger.items_below(stage, id))]
        if bodies:
            found[stage] = tuple(_shown(body) for body in bodies[:_FURTHER])
    return found


def _shown(body: bytes) -> Any:
    if len(body) <= _LISTED:
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            pass
    return body[:_LISTED].decode("utf-8", "replace")
