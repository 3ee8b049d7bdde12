"""Preferences for training: pairs of a chosen and a rejected answer (`dpo`), or single judged ones (`kto`).

Rejected answers come from episodes (answers that a check or judge objected to), from twins (what is right for
another user) and from corruptions. `why` names where each is from and what is wrong. An answer that the
strict scorer finds right is never a rejected one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from ..benchmark import Item, PredictedCall, Prediction, score_prediction
from ..errors import ConfigError
from .chat import completion, prompt_fields
from .conversation import AnswerCalls, Conversations, gold_answer
from .corruptions import Corruptions
from .folder import ExportFolder
from .run_history import Objection, RunHistory
from .source import ExportSource, PartFile

_WITH_REJECTED = ("samples", "train")
"""Parts that rejected episodes of their users are added to: what is held out stays as it is."""


class Rejected(NamedTuple):
    """A wrong answer to a sample."""

    why: str
    """'<source>: …'"""
    answer: AnswerCalls


def write_dpo(source: ExportSource, folder: ExportFolder) -> None:
    """`PART.jsonl` with {id, why, prompt, chosen, rejected}, a line a pair (TRL's preference format)."""
    style = source.settings.style
    chats = Conversations(source.settings.answer_format, source.settings.variant)
    for part, rejected in _rejected_by_part(source, folder, chats):
        file = folder.create(f"{part.name}.jsonl")
        for item, pair in rejected:
            if pair is not None:
                line = {"id": item.id, "why": pair.why, **prompt_fields(chats, item, style)}
                line["chosen"] = completion(chats, item, style)
                line["rejected"] = completion(chats, item, style, pair.answer)
                file.line(orjson.dumps(line))


def write_kto(source: ExportSource, folder: ExportFolder) -> None:
    """`PART.jsonl` with {id, why, prompt, completion, label}: every sample's answer, and wrong ones."""
    style = source.settings.style
    chats = Conversations(source.settings.answer_format, source.settings.variant)
    for part, rejected in _rejected_by_part(source, folder, chats):
        file = folder.create(f"{part.name}.jsonl")
        for item, wrong in rejected:
            line: dict[str, Any] = {"id": item.id, "why": wrong.why if wrong else "accepted"}
            line |= prompt_fields(chats, item, style)
            line["completion"] = completion(chats, item, style, wrong.answer if wrong else None)
            line["label"] = wrong is None
            file.line(orjson.dumps(line))


Judged = Iterator[tuple[Item, Rejected | None]]
"""A sample with a wrong answer, or with None: once for its own answer."""


def _rejected_by_part(
    source: ExportSource, folder: ExportFolder, chats: Conversations
) -> Iterator[tuple[PartFile, Judged]]:
    """Every part with its wrong answers; counts them, and refuses where there is none."""
    finder = _WrongAnswers(source, chats)

    def counted(judged: Judged) -> Judged:
        for item, wrong in judged:
            if wrong is not None:
                name = wrong.why.partition(":")[0]
                folder.counts[name] = folder.counts.get(name, 0) + 1
            yield item, wrong

    for part in source.parts:
        yield part, counted(finder.of_part(part))
    if not folder.counts:
        wanted = ", ".join(finder.negatives)
        raise ConfigError(
            f"negatives: got {wanted}, but {source.settings.source} has none; twins need a run made with "
            "twins=true, episodes one whose answers were objected to; corruptions can always be made"
        )


class _WrongAnswers:
    """Finds wrong answers to samples.

    Args: source: of the samples; chats: that the answers will be written with.
    """

    def __init__(self, source: ExportSource, chats: Conversations) -> None:
        self._chats = chats
        self._source = source
        self.negatives = source.settings.negatives or ("episodes", "twins", "corruptions")
        self._adds_rejected = "episodes" in self.negatives and source.settings.n is None
        own = source.kind == "ptool" and self.negatives != ("corruptions",)
        self._history = RunHistory(source.parts[0].path.parent) if own else None
        self._corruptions = Corruptions(source.settings.seed)

    def of_part(self, part: PartFile) -> Judged:
        for item in self._source.items(part):
            yield item, None
            for why, answer in self._of_item(item):
                if not self._is_right(item, answer):
                    yield item, Rejected(why, answer)
            if "corruptions" in self.negatives:
                yield from self._corrupted(item)
        if self._history and self._adds_rejected and part.name in _WITH_REJECTED:
            for item, objection in self._history.rejected(part.path.name):
                if not self._is_right(item, objection.answer):
                    yield item, Rejected(_said(objection), objection.answer)

    def _of_item(self, item: Item) -> Iterator[tuple[str, AnswerCalls]]:
        if self._history is None:
            return
        if "episodes" in self.negatives:
            for objection in self._history.mended_answers(item.id):
                yield _said(objection), objection.answer
        if "twins" in self.negatives:
            for id, twin in self._history.twin_answers(item.id):
                yield f"twins: right for the user of {id}", gold_answer(twin)

    def _corrupted(self, item: Item) -> Judged:
        """The first corruption that is wrong."""
        for why, answer in self._corruptions.of(item):
            if not self._is_right(item, answer):
                yield item, Rejected(f"corruptions: {why}", answer)
                break
        self._corruptions.remember(item)

    def _is_right(self, item: Item, answer: AnswerCalls) -> bool:
        """Whether an answer is right, or is written as the right one: tool calls do not name a platform."""
        if self._chats.native and self._chats.named_calls(item, answer) == self._chats.named_calls(item):
            return True
        calls = tuple(PredictedCall(name, arguments) for name, arguments in answer.calls)
        return score_prediction(item, Prediction(answer.platform, calls), "strict").overall


def _said(objection: Objection) -> str:
    return f"episodes: {', '.join(objection.codes)}"
