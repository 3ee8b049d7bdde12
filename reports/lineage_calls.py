"""The model calls behind one sample, from a ledger, with the seeds that were sent.

A turn is named '<stage>/<item>/<role>/<round>', and what is asked outside of a conversation
'<stage>/<item>/<role>'. It knows neither trees nor datasets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from ..models.seeds import derive
from ..store.reading import KeptCall, LostCall, Reading
from .lineage import Said

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
    ledger: Reading,
    items: Sequence[str],
    seed: int | None,
    *,
    parts_too: bool = True,
    ours: Callable[[KeptCall, Turn | None], bool] = lambda _call, _turn: True,
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


def _answered(call: KeptCall, turn: Turn | None, attempt: int, seed: int | None) -> Said:
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


def _lost(call: LostCall, turn: Turn | None) -> Said:
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
