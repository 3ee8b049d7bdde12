"""Preferences for training: pairs of a chosen and a rejected answer (`dpo`), or single judged ones (`kto`).

`why` names where a rejected answer is from and what is wrong (`wrong_answers.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import orjson

from ..benchmark import Item
from ..errors import ConfigError
from ..settings.export import Negatives
from .chat import completion, prompt_fields
from .conversation import Conversations
from .folder import ExportFolder
from .source import ExportSource, PartFile
from .wrong_answers import WrongAnswer, WrongAnswers

_WITH_REJECTED = ("samples", "train")
"""Parts that rejected episodes of their users are added to: what is held out stays as it is."""


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


Judged = Iterator[tuple[Item, WrongAnswer | None]]
"""A sample with a wrong answer, or with None: once for its own answer."""


def _rejected_by_part(
    source: ExportSource, folder: ExportFolder, chats: Conversations
) -> Iterator[tuple[PartFile, Judged]]:
    """Every part with its wrong answers; counts them, and refuses where there is none."""
    settings = source.settings
    negatives = settings.negatives or get_args(Negatives)
    dataset = source.parts[0].path.parent if source.kind == "ptool" else None
    finder = WrongAnswers(dataset, negatives, settings.seed, chats.written)

    def counted(judged: Judged) -> Judged:
        for item, wrong in judged:
            if wrong is not None:
                name = wrong.why.partition(":")[0]
                folder.counts[name] = folder.counts.get(name, 0) + 1
            yield item, wrong

    for part in source.parts:
        yield part, counted(_of_part(source, part, finder))
    if not folder.counts:
        raise ConfigError(
            f"negatives: got {', '.join(negatives)}, but {settings.source} has none; twins need a run made "
            "with twins=true, episodes one whose answers were objected to; corruptions can always be made"
        )


def _of_part(source: ExportSource, part: PartFile, finder: WrongAnswers) -> Judged:
    for item in source.items(part):
        yield item, None
        for wrong in finder.of(item):
            yield item, wrong
    if source.settings.n is None and part.name in _WITH_REJECTED:
        yield from finder.of_rejected(part.path.name)
