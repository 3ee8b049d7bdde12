"""The model calls behind one sample, from a ledger, with the seeds that were sent.

A turn is named '<stage>/<item>/<role>/<round>', and what is asked outside of a conversation
'<stage>/<item>/<role>'. It knows neither trees nor datasets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from ..errors import StoreError
from ..models.seeds import derive
from ..records import Episode, History, Task
from ..records.model_calls import Failure
from ..store.read_only import LedgerReader, SavedAnswer
from .lineage import Fate, Person, Place, Proof, Said, Tool, UsedFeature, Visits
from .run_files import (
    INDEX,
    PARTS,
    Tree,
    inside,
    line_beginning,
    line_by_id,
    line_with,
    needle,
    slice_of,
    value_of,
)

_CONTENT = 4_000
"""Characters of an answer that are handed on."""


@dataclass(frozen=True)
class Turn:
    """What a turn's name says."""

    stage: str
    item: str
    role: str
    round: int | None

    def seed(self, run: int, attempt: int) -> int:
        """The seed of an attempt, as conversations and the gateway derive it."""
        first = derive(run, self.stage, self.item, self.role, self.round or 0)
        return derive(first, attempt) if attempt else first


def read_turn(name: str, items: Iterable[str]) -> Turn | None:
    """What a turn's name says, given the items it may be about or about a part of; None: it is about none."""
    for item in items:
        stage, found, rest = name.partition(f"/{item}/")
        *parts, last = rest.split("/")
        number = int(last) if last.isdecimal() and parts else None
        role = last if number is None else parts.pop()
        if found and stage and role:
            return Turn(stage, "/".join((item, *parts)), role, number)
    return None


def calls_about(
    ledger: LedgerReader,
    items: Sequence[str],
    seed: int | None,
    *,
    parts_too: bool = True,
    ours: Callable[[SavedAnswer, Turn | None], bool] = lambda _call, _turn: True,
) -> tuple[Said, ...]:
    """Every answer about some items and every attempt without one, in the order they came.

    Args:
        items: such as 'shopping-u0001-0003' or 'layer1/0'.
        seed: the run's; None: it is not known.
        parts_too: whether a turn counts that is about a part of an item ('shopping/MegaMart' of 'shopping').
        ours: whether an answer belongs to whom the lineage is about; populations share names of turns.
    """
    parts = [f"/{one}/" for one in items]
    answers, attempts = [], Counter[str]()
    for one in ledger.calls_of(parts):
        turn = read_turn(one.turn, items)
        if (parts_too or (turn and turn.item in items)) and ours(one, turn):
            answers.append((one.turn, _answered(one, turn, attempts[one.turn], seed)))
            attempts[one.turn] += 1
    turns = ((one, read_turn(one.turn, items)) for one in ledger.failures_of(parts))
    lost = [(one.turn, _lost(one, turn)) for one, turn in turns if parts_too or (turn and turn.item in items)]
    # Attempts that brought nothing have no place among the answers of their turn: they are told before them.
    failed = {
        turn: [said for _, said in group] for turn, group in groupby(sorted(lost, key=_turn), key=_turn)
    }
    told: list[Said] = []
    for turn, said in answers:
        told += [*failed.pop(turn, ()), said]
    return (*told, *(said for rest in failed.values() for said in rest))


def _turn(pair: tuple[str, Said]) -> str:
    return pair[0]


def _answered(call: SavedAnswer, turn: Turn | None, attempt: int, seed: int | None) -> Said:
    return Said(
        stage=call.stage,
        role=call.role,
        item=turn.item if turn else call.turn,
        round=turn.round if turn else None,
        attempt=attempt,
        endpoint=call.endpoint,
        seed=turn.seed(seed, attempt) if turn and seed is not None else None,
        finish=call.finish,
        status=call.status,
        prompt_tokens=call.prompt_tokens,
        completion_tokens=call.completion_tokens,
        cached_tokens=call.cached_tokens,
        usd=call.usd,
        seconds=call.seconds,
        content=call.content[:_CONTENT],
    )


def _lost(call: Failure, turn: Turn | None) -> Said:
    return Said(
        stage=call.stage,
        role=call.role,
        item=turn.item if turn else call.turn,
        round=turn.round if turn else None,
        attempt=0,
        endpoint=call.endpoint,
        seed=None,
        finish=call.kind,
        status="no answer",
        prompt_tokens=0,
        completion_tokens=0,
        cached_tokens=None,
        usd=None,
        seconds=call.seconds,
        content=call.message[:_CONTENT],
    )


_REASONS = 50


def fate_of(
    run: Path, id: str, episode: Episode | None, waiting: bool, gates: tuple[str, ...] | None
) -> tuple[Fate, dict[str, Any]]:
    """What became of an episode, and its sample; an empty one where it is not in the dataset.

    Args:
        episode: None where it is not played yet.
        waiting: it will be played again, as no model could be asked.
        gates: that it had to pass.

    Raises:
        StoreError: a file of the dataset cannot be read, or does not fit its index.
    """
    refused = _dropped_line(run, id)
    entry = {} if refused else _entry(run, id)
    file, sample = (None, {}) if refused else _sample(run, id, entry)
    if file is not None:
        split = entry.get("split") or (None if file.stem == "samples" else file.stem)
        group, twin_of = (entry.get(key) or sample.get(key) for key in ("group", "twin_of"))
        twin = line_with(run / INDEX, needle("twin_of", id))
        made = value_of(twin, run / INDEX).get("id") if twin else None
        return Fate("kept", (), file.name, split, group, twin_of, made, gates), sample
    if episode is None or waiting:
        return Fate("waiting", _reasons(episode)), {}
    if episode.status == "rejected":
        return Fate("rejected", _reasons(episode)), {}
    if refused is None:
        return Fate("accepted", gates=gates), {}
    reasons = refused.get("reasons") or ()
    return Fate("dropped", tuple(one for one in reasons if isinstance(one, dict))[:_REASONS], gates=gates), {}


def _dropped_line(run: Path, id: str) -> dict[str, Any] | None:
    """The line of rejected.jsonl for an id; None where it has none."""
    file = run / "dataset" / "rejected.jsonl"
    line = line_beginning(file, b"{" + needle("id", id))
    return value_of(line, file) if line else None


def _reasons(episode: Episode | None) -> tuple[dict[str, Any], ...]:
    return tuple(one.model_dump(mode="json") for one in episode.reasons[:_REASONS]) if episode else ()


def _entry(run: Path, id: str) -> Mapping[str, Any]:
    line = line_beginning(run / INDEX, b"{" + needle("id", id)) or line_with(run / INDEX, needle("id", id))
    return value_of(line, run / INDEX) if line else {}


def _sample(run: Path, id: str, entry: Mapping[str, Any]) -> tuple[Path | None, dict[str, Any]]:
    """The file of a sample and the sample: at its place by the index, or looked for in a run without one."""
    folder = run / "dataset"
    if entry:
        file = inside(folder, entry.get("file"))
        offset, size = entry.get("offset"), entry.get("bytes")
        if not isinstance(offset, int) or not isinstance(size, int) or min(offset, size) < 0:
            raise StoreError(f"{run / INDEX}: sample {id!r} has no place: offset {offset!r}, bytes {size!r}")
        sample = value_of(slice_of(file, offset, size), file)
        if sample.get("id") != id:
            raise StoreError(
                f"{file}: byte {offset} is not sample {id!r}; it is not the file its index was made of"
            )
        return file, sample
    if (run / INDEX).is_file():
        return None, {}
    for part in PARTS:
        file = folder / f"{part}.jsonl"
        line = line_by_id(file, id)
        if line is not None:
            return file, value_of(line, file)
    return None, {}


_MOST_ATTEMPTS = 20
"""Of one item that are looked for."""


def person(
    task: Task, assigned: Mapping[str, Any], used: Iterable[str], features: Tree, made_in: Sequence[str]
) -> Person:
    """The user, as far as the sample needs them.

    Args:
        assigned: their line of profiles.jsonl, empty where there is none.
        used: names of basic features.
        features: the feature tree.
        made_in: ledger items their layers came from.
    """
    lineage: Sequence[Mapping[str, Any]] = assigned.get("lineage") or ()
    basic: Mapping[str, Any] = (assigned.get("profile") or {}).get("basic") or {}
    persona = next((str(value) for value in lineage[0].values()), "") if lineage else ""
    return Person(
        id=task.user_id,
        persona=persona,
        features=tuple(_used(name, basic, lineage, features) for name in sorted(set(used))),
        made_in=tuple(made_in),
    )


def _used(
    name: str, basic: Mapping[str, Any], lineage: Sequence[Mapping[str, Any]], tree: Tree
) -> UsedFeature:
    node = f"1:{name}"
    way = [str(tree.nodes[one].get("name")) for one in tree.way_down_to(node)]
    themes = (layer.get(theme) for layer, theme in zip(lineage[1:], way[:-1], strict=False))
    return UsedFeature(
        name=name,
        value=basic.get(name),
        path=tuple(way),
        description=str(tree.nodes.get(node, {}).get("description", "")),
        themes=tuple(str(one) for one in themes if one is not None),
    )


def items_of_profile(ledger: LedgerReader, stage: str, assigned: Mapping[str, Any]) -> list[str]:
    """The ledger items that a person's layers came from, from the top; empty where they cannot be told.

    Every layer's item is named after the way down to it ('layer2/0.3'), so each layer says where the next is.
    """
    profile = assigned.get("profile") or {}
    values = {**(profile.get("basic") or {}), **(profile.get("implicit") or {})}
    layers = [*(assigned.get("lineage") or ()), values]
    found: list[str] = []
    way: list[int] = []
    for level, layer in enumerate(layers):
        name = f"layer{level}/{'.'.join(map(str, way))}" if way else f"layer{level}"
        place = _place_in(ledger, stage, (name, f"{name}/again"), layer)
        if place is None:
            return []
        found.append(place[0])
        way.append(place[1])
    return found


def _place_in(
    ledger: LedgerReader, stage: str, names: Iterable[str], layer: Mapping[str, Any]
) -> tuple[str, int] | None:
    """The item that holds a bundle of values, and where among its bundles it stands."""
    for name in names:
        for attempt in range(_MOST_ATTEMPTS):
            item = f"{name}~{attempt}" if attempt else name
            body = ledger.get(stage, item)
            for number, bundle in enumerate(_bundles(body)):
                if bundle == layer:
                    return item, number
            if body is None and attempt:
                break
    return None


def same_bundles(said: str, body: bytes | None) -> bool:
    """Whether an answer is the one that an item was made of."""
    return bool(body) and _bundles(said.encode()) == _bundles(body)


def _bundles(body: bytes | None) -> list[Any]:
    try:
        found = orjson.loads(body or b"{}").get("bundles")
    except (orjson.JSONDecodeError, AttributeError):
        return []
    return found if isinstance(found, list) else []


def place(task: Task, history: History | None, apis: Tree, capabilities: Iterable[str]) -> Place:
    """The platform the task is drawn for, beside its rivals and what the history shows of each.

    Args: capabilities: what the answer's calls do; a rival that can do all of it could have served.
    """
    actions = history.actions if history else ()
    in_all = Counter(one.platform for one in actions)
    in_context = Counter(one.platform for one in actions if one.context == task.context)
    about = dict(apis.platforms(task.scenario))
    needed = set(capabilities)
    preferred = {one.context: one.platform for one in history.preferences} if history else {}
    characteristics = about.get(task.platform, {}).get("characteristics") or ()
    return Place(
        name=task.platform,
        context=task.context,
        preferred=preferred.get(task.context),
        characteristics={str(one.get("name")): str(one.get("text")) for one in characteristics},
        visits=tuple(
            Visits(
                name,
                in_context[name],
                in_all[name],
                bool(needed) and needed <= _offered(apis, task.scenario, name),
            )
            for name in (about or dict.fromkeys(sorted(in_all)))
        ),
    )


def _offered(apis: Tree, scenario: str, platform: str) -> set[str]:
    return {
        str(apis.nodes[node].get("capability"))
        for (where, who, _), node in apis.apis.items()
        if (where, who) == (scenario, platform)
    }


def tools_of(task: Task, episode: Episode | None, apis: Tree) -> Iterator[Tool]:
    """The functions called, or, where nothing was answered, those that were drawn, in their order."""
    solution = episode.solution if episode else None
    platform = solution.platform if solution else task.platform
    responses = episode.responses if episode else ()
    for number, call in enumerate(solution.calls if solution else task.calls):
        node = apis.apis.get((task.scenario, platform, call.api), "")
        about = apis.nodes.get(node, {})
        yield Tool(
            api=call.api,
            capability=str(about.get("capability", "")),
            description=str(about.get("description", "")),
            path=tuple(apis.names_down_to(node)),
            response=responses[number] if number < len(responses) else None,
        )


def proofs_of(
    task: Task, episode: Episode | None, sample: Mapping[str, Any], features: Tree
) -> Iterator[Proof]:
    """Every argument of the answer with its evidence.

    Args: sample: the sample, empty where there is none; features: the feature tree.
    """
    if episode is None or episode.solution is None:
        return
    platform, calls = episode.solution.platform, episode.solution.calls
    kept = {(one.get("call"), one.get("parameter")): one for one in sample.get("origins") or ()}
    for number, call in enumerate(calls):
        for parameter, value in call.arguments.items():
            one = kept.get((number, parameter))
            drawn = one or _drawn(task, episode, number, parameter)
            evidence = drawn.get("evidence") or {}
            leaf = f"parameter:{task.scenario}/{platform}/{call.api}/{parameter}"
            from_profile = drawn.get("origin") == "profile"
            span = evidence.get("span")
            yield Proof(
                call=number,
                api=call.api,
                parameter=parameter,
                value=value,
                origin=str(drawn.get("origin") or "unknown"),
                words=evidence.get("words"),
                span=(int(span[0]), int(span[1])) if span else None,
                path=evidence.get("path"),
                feature_path=tuple(features.names_down_to(leaf)) if from_profile else (),
                proven=one is not None,
            )


def _drawn(task: Task, episode: Episode, number: int, parameter: str) -> dict[str, Any]:
    """What the task and the query's own intents say of an argument that no sample proves."""
    call = task.calls[number] if number < len(task.calls) else None
    if call is not None and parameter in call.known:
        return {"origin": "profile", "evidence": {"path": f"basic_features.{call.known[parameter]}"}}
    if call is not None and parameter in call.defaults:
        return {"origin": "default"}
    intents = episode.query.intents if episode.query else ()
    phrases = intents[number].phrases if number < len(intents) else ()
    words = next((one.words for one in phrases if one.parameter == parameter), None)
    if words is None or episode.query is None:
        return {}
    at = episode.query.text.find(words)
    return {
        "origin": "query",
        "evidence": {"words": words, "span": (at, at + len(words)) if at >= 0 else None},
    }
