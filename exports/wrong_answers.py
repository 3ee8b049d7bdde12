"""Answers that are wrong for a user, each with why: what preferences are learnt from.

They come from episodes (answers that a check or judge objected to), from twins (what is right for another
user) and from corruptions. An answer that the strict scorer finds right is none of them, and neither is one
that reads like the right answer or like another wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from ..benchmark import Item, PredictedCall, Prediction, score_prediction
from ..settings.export import Negatives
from .conversation import AnswerCalls, gold_answer
from .corruptions import Corruptions
from .run_history import Objection, RunHistory


class WrongAnswer(NamedTuple):
    """A wrong answer to a sample."""

    why: str
    """'<source>: …', such as 'episodes: arguments.missing' or 'twins: right for the user of …'"""
    answer: AnswerCalls


class WrongAnswers:
    """Finds wrong answers to the samples of a dataset.

    Args:
        folder: of a run's dataset, where index.jsonl lies; None: there are neither episodes nor twins.
        sources: where wrong answers come from.
        seed: of corruptions.
        written: an answer as it will be written; two that are written alike are one.
    Raises StoreError where the index or an episode is damaged.
    """

    def __init__(
        self,
        folder: Path | None,
        sources: Collection[Negatives],
        seed: int,
        written: Callable[[Item, AnswerCalls], object],
    ) -> None:
        self._sources = sources
        self._written = written
        recorded = {"episodes", "twins"} & set(sources)
        self._history = RunHistory(folder) if folder is not None and recorded else None
        self._corruptions = Corruptions(seed)

    def of(self, item: Item) -> Iterator[WrongAnswer]:
        """The wrong answers to a sample; of its corruptions the first that is wrong."""
        seen = [self._written(item, gold_answer(item))]
        yield from self._wrong(item, self._recorded(item), seen)
        if "corruptions" in self._sources:
            corruptions = (
                WrongAnswer(f"corruptions: {why}", made) for why, made in self._corruptions.of(item)
            )
            first = next(self._wrong(item, corruptions, seen), None)
            self._corruptions.remember(item)
            yield from () if first is None else (first,)

    def of_rejected(self, file: str) -> Iterator[tuple[Item, WrongAnswer]]:
        """The rejected episodes of users in a file of samples, as samples with a wrong answer each."""
        if self._history is None or "episodes" not in self._sources:
            return
        for item, objections in self._history.rejected(file):
            seen = [self._written(item, gold_answer(item))]
            for wrong in self._wrong(item, map(_objected, objections), seen):
                yield item, wrong

    def _recorded(self, item: Item) -> Iterator[WrongAnswer]:
        """What a run knows: answers that were mended, and those of twins."""
        if self._history is not None and "episodes" in self._sources:
            yield from map(_objected, self._history.mended_answers(item.id))
        if self._history is not None and "twins" in self._sources:
            for id, twin in self._history.twin_answers(item.id):
                yield WrongAnswer(f"twins: right for the user of {id}", gold_answer(twin))

    def _wrong(self, item: Item, answers: Iterator[WrongAnswer], seen: list[object]) -> Iterator[WrongAnswer]:
        """Those that are wrong indeed and not written as one before; `seen` grows."""
        for wrong in answers:
            written = self._written(item, wrong.answer)
            if written not in seen and not _is_right(item, wrong.answer):
                seen.append(written)
                yield wrong


def _is_right(item: Item, answer: AnswerCalls) -> bool:
    calls = tuple(PredictedCall(name, arguments) for name, arguments in answer.calls)
    return score_prediction(item, Prediction(answer.platform, calls), "strict").overall


def _objected(objection: Objection) -> WrongAnswer:
    return WrongAnswer(f"episodes: {', '.join(objection.codes)}", objection.answer)
