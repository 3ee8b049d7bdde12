"""The model calls behind one sample, from a ledger, with the seeds that were sent; the items of its user.

A turn is named '<stage>/<item>/<role>/<round>', and what is asked outside of a conversation
'<stage>/<item>/<role>'. It knows neither trees nor datasets.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ..models.seeds import derive
from ..records.model_calls import Failure
from ..store.message_texts import Message
from ..store.read_only import LedgerReader, SavedAnswer

_CONTENT, _MESSAGE = 4_000, 100_000
"""Characters of an answer, and of a message it answers, that are handed on."""
_MOST_ATTEMPTS = 20
"""Items of one name that are looked at."""


@dataclass(frozen=True)
class AskedMessage:
    """One message of a question."""

    kind: str
    """system | user | assistant, who speaks; tools | form: functions offered, JSON Schema of the answer"""
    text: str
    characters: int
    """of the whole text"""


@dataclass(frozen=True)
class CallLineage:
    """One call of a model, or an attempt that brought no answer."""

    stage: str
    role: str
    item: str
    round: int | None
    """of feedback; None: asked outside of a conversation"""
    attempt: int
    """0 for the first answer of a turn, then one more for every correction"""
    endpoint: str
    seed: int | None
    """that was sent; None: it cannot be told"""
    finish: str
    """why it ended; of an attempt without an answer the kind of fault"""
    status: str
    """ok, or what was wrong with it"""
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int | None
    usd: float | None
    """None: the price is not known"""
    seconds: float
    content: str
    """the model's answer, or why there was none"""
    asked: tuple[AskedMessage, ...] = ()
    """what was asked; empty: not kept, because the model is embedded or an older ptool asked"""


@dataclass(frozen=True)
class TurnName:
    """The name of a turn in its parts."""

    stage: str
    item: str
    role: str
    round: int | None

    def seed(self, run_seed: int, attempt: int) -> int:
        """The seed of an attempt, as conversations and the gateway derive it."""
        first = derive(run_seed, self.stage, self.item, self.role, self.round or 0)
        return derive(first, attempt) if attempt else first


def parse_turn_name(name: str, items: Iterable[str]) -> TurnName | None:
    """The parts of a turn's name, given items that it may be about, or about a part of; None: about none."""
    for item in items:
        stage, separator, rest = name.partition(f"/{item}/")
        *parts, last = rest.split("/")
        number = int(last) if last.isdecimal() and parts else None
        role = last if number is None else parts.pop()
        if separator and stage and role:
            return TurnName(stage, "/".join((item, *parts)), role, number)
    return None


def calls_about(
    ledger: LedgerReader,
    items: Sequence[str],
    seed: int | None,
    *,
    include_parts: bool = True,
    belongs: Callable[[SavedAnswer, TurnName | None], bool] = lambda _answer, _turn: True,
) -> tuple[CallLineage, ...]:
    """Every answer about some items and every attempt without one, in the order they came.

    Args:
        items: such as 'shopping-u0001-0003' or 'layer1/0'.
        seed: the run's; None: it is not known.
        include_parts: whether a turn about a part of an item counts ('shopping/MegaMart' of 'shopping').
        belongs: whether an answer is about the lineage's own people; populations share names of turns.
    """
    fragments = [f"/{item}/" for item in items]
    failed: defaultdict[str, list[CallLineage]] = defaultdict(list)
    for failure, messages in ledger.failures_of(fragments):
        turn = parse_turn_name(failure.turn, items)
        if include_parts or (turn and turn.item in items):
            failed[failure.turn].append(_failed_call(failure, messages, turn))
    attempts = Counter[str]()
    calls: list[CallLineage] = []
    for answer in ledger.calls_of(fragments):
        turn = parse_turn_name(answer.turn, items)
        if (include_parts or (turn and turn.item in items)) and belongs(answer, turn):
            # Failed attempts have no place among the answers of their turn: they come before them.
            calls += failed.pop(answer.turn, ())
            calls.append(_answered_call(answer, turn, attempts[answer.turn], seed))
            attempts[answer.turn] += 1
    return (*calls, *(call for turn_name in sorted(failed) for call in failed[turn_name]))


def _answered_call(answer: SavedAnswer, turn: TurnName | None, attempt: int, seed: int | None) -> CallLineage:
    return CallLineage(
        stage=answer.stage,
        role=answer.role,
        item=turn.item if turn else answer.turn,
        round=turn.round if turn else None,
        attempt=attempt,
        endpoint=answer.endpoint,
        seed=turn.seed(seed, attempt) if turn and seed is not None else None,
        finish=answer.finish,
        status=answer.status,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        cached_tokens=answer.cached_tokens,
        usd=answer.usd,
        seconds=answer.seconds,
        content=answer.content[:_CONTENT],
        asked=_asked(answer.messages),
    )


def _failed_call(failure: Failure, messages: Sequence[Message], turn: TurnName | None) -> CallLineage:
    return CallLineage(
        stage=failure.stage,
        role=failure.role,
        item=turn.item if turn else failure.turn,
        round=turn.round if turn else None,
        attempt=0,
        endpoint=failure.endpoint,
        seed=None,
        finish=failure.kind,
        status="no answer",
        prompt_tokens=0,
        completion_tokens=0,
        cached_tokens=None,
        usd=None,
        seconds=failure.seconds,
        content=failure.message[:_CONTENT],
        asked=_asked(messages),
    )


def _asked(messages: Iterable[Message]) -> tuple[AskedMessage, ...]:
    return tuple(AskedMessage(kind, text[:_MESSAGE], len(text)) for kind, text in messages)


def profile_items(ledger: LedgerReader, stage: str, profile_line: Mapping[str, Any]) -> list[str]:
    """The ledger items that a user's layers came from, from the top; empty where they cannot be told.

    Every layer's item is named after the way down to it ('layer2/0.3'), so each layer says where the next is.
    """
    profile = profile_line.get("profile") or {}
    values = {**(profile.get("basic") or {}), **(profile.get("implicit") or {})}
    items: list[str] = []
    path: list[int] = []
    for level, layer in enumerate([*(profile_line.get("lineage") or ()), values]):
        name = f"layer{level}/{'.'.join(map(str, path))}" if path else f"layer{level}"
        position = _find_bundle(ledger, stage, (name, f"{name}/again"), layer)
        if position is None:
            return []
        items.append(position[0])
        path.append(position[1])
    return items


def _find_bundle(
    ledger: LedgerReader, stage: str, names: Iterable[str], layer: Mapping[str, Any]
) -> tuple[str, int] | None:
    """The item that holds a bundle of values, and the bundle's number in it."""
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


def same_bundles(answer: str, body: bytes | None) -> bool:
    """Whether a profile writer's answer is the one that a ledger item was made of."""
    return bool(body) and _bundles(answer.encode()) == _bundles(body)


def _bundles(body: bytes | None) -> list[Any]:
    try:
        bundles = orjson.loads(body or b"{}").get("bundles")
    except (orjson.JSONDecodeError, AttributeError):
        return []
    return bundles if isinstance(bundles, list) else []
