"""What a run has to train on: the train split where there is one, else all of its samples; and preferences.

What is held out is never read here. It knows no tokenizer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from ..benchmark import Format, Item, render
from ..benchmark.reading import items
from ..errors import StoreError
from ..exports.conversation import AnswerCalls, answering
from ..exports.run_history import episode_files
from ..exports.wrong_answers import WrongAnswers
from ..settings.evaluation import content_digest


class Answers(NamedTuple):
    """A sample and what a model shall learn to answer."""

    item: Item
    chosen: str
    rejected: str | None = None
    """an answer that is wrong for this user; None: nothing is compared"""
    why: str = ""
    """where the wrong one is from, as in `exports/wrong_answers.py`"""


def train_file(run: Path) -> Path:
    """The samples of a run that may be trained on.

    Raises StoreError where there are none: no finished run, or a run of which everything is held out.
    """
    dataset = run / "dataset"
    if not dataset.is_dir():
        raise StoreError(f"{run}: no dataset folder; expected run= the folder of a finished ptool run")
    if (dataset / "train.jsonl").is_file():
        return dataset / "train.jsonl"
    if (dataset / "samples.jsonl").is_file():
        return dataset / "samples.jsonl"
    there = ", ".join(sorted(file.name for file in dataset.glob("*.jsonl"))) or "nothing"
    raise StoreError(
        f"{dataset}: nothing to train on, there is {there}; expected train.jsonl or samples.jsonl"
    )


def is_split(run: Path) -> bool:
    """Whether something is held out of what is trained on."""
    return train_file(run).name == "train.jsonl"


def data_digest(run: Path, *, preferences: bool) -> str:
    """Stands for the bytes that are trained on."""
    file = train_file(run)
    beside = (file.parent / "index.jsonl", *episode_files(run)) if preferences else ()
    digests = [content_digest(str(each)) for each in (file, *beside) if each.is_file()]
    return hashlib.blake2b(" ".join(digests).encode(), digest_size=8).hexdigest()


def gold_answers(run: Path, format: Format) -> Iterator[Answers]:
    """Every sample with its gold answer, in the file's order."""
    for item in items(train_file(run), "ptool"):
        yield Answers(item, render(item, format))


def preferences(run: Path, format: Format) -> Iterator[Answers]:
    """Every sample as often as a wrong answer to it is known, then rejected episodes of the same people.

    They are those of `ptool.export format=dpo negatives=[episodes,twins]`.
    """
    file = train_file(run)

    def written(item: Item, answer: AnswerCalls) -> str:
        return render(answering(item, answer), format)

    finder = WrongAnswers(file.parent, ("episodes", "twins"), 0, written)
    known = ((item, wrong) for item in items(file, "ptool") for wrong in finder.of(item))
    for item, wrong in chain(known, finder.of_rejected(file.name)):
        yield Answers(item, render(item, format), written(item, wrong.answer), wrong.why)
