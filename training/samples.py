"""What a run has to train on: the train split where there is one, else all of its samples; and preferences.

What is held out is never read here. It knows no tokenizer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from ..benchmark import Format, GoldCall, Item, PredictedCall, Prediction, render, score_prediction
from ..benchmark.reading import items
from ..errors import StoreError


class Answers(NamedTuple):
    """A sample and what a model shall learn to answer."""

    item: Item
    chosen: str
    rejected: str | None = None
    """an answer that is wrong for this user; None: nothing is compared"""
    why: str = ""
    """where the wrong one is from: 'episodes: arguments.missing', 'twins: shopping-u0001-0002-twin'"""


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
    whole = hashlib.blake2b(digest_size=8)
    for file in (train_file(run), *([run / "episodes.jsonl"] if preferences else [])):
        if file.is_file():
            with file.open("rb") as content:
                whole.update(hashlib.file_digest(content, "blake2b").digest())
    return whole.hexdigest()


def gold_answers(run: Path, format: Format) -> Iterator[Answers]:
    """Every sample with its gold answer, in the file's order."""
    for item in items(train_file(run), "ptool"):
        yield Answers(item, render(item, format))


def preferences(run: Path, format: Format) -> Iterator[Answers]:
    """Every sample as often as a wrong answer to it is known.

    Wrong answers are those that were objected to before an episode was accepted, and what is right for the
    user of a twin. An answer that the strict scorer finds right is none of them.
    """
    wrong = _wrong_answers(run)
    for item in items(train_file(run), "ptool"):
        seen = {render(item, format)}
        for why, platform, calls in wrong.get(item.id, ()):
            prediction = Prediction(platform, tuple(PredictedCall(name, given) for name, given in calls))
            text = render(_answered(item, platform, calls), format)
            if text not in seen and not score_prediction(item, prediction, "strict").overall:
                seen.add(text)
                yield Answers(item, render(item, format), text, why)


_Calls = list[tuple[str, dict[str, Any]]]
_Wrong = tuple[str, str, _Calls]
"""(why, platform, calls)"""


def _answered(item: Item, platform: str, calls: _Calls) -> Item:
    gold = (GoldCall(name, {key: (value,) for key, value in given.items()}) for name, given in calls)
    return replace(item, platform=platform, calls=tuple(gold))


def _wrong_answers(run: Path) -> dict[str, list[_Wrong]]:
    """Id of a sample -> answers that are wrong for its user."""
    wrong: dict[str, list[_Wrong]] = {}
    for record in _records(run / "episodes.jsonl"):
        if record["status"] == "accepted":
            wrong.setdefault(record["id"], []).extend(_mended(record))
    for id, twin, answer in _twin_answers(train_file(run)):
        wrong.setdefault(id, []).append((f"twins: {twin}", *answer))
    return wrong


def _twin_answers(file: Path) -> Iterator[tuple[str, str, tuple[str, _Calls]]]:
    """(id of a sample, id of its twin, what is right for the twin), both ways round."""
    answers: dict[str, tuple[str, _Calls]] = {}
    pairs: list[tuple[str, str]] = []
    for record in _records(file):
        platform, listed = record["answer"]
        calls = [(name, _canonical(given)) for call in listed for name, given in call.items()]
        answers[record["id"]] = platform, calls
        if record.get("twin_of"):
            pairs += [(record["id"], record["twin_of"]), (record["twin_of"], record["id"])]
    for id, twin in pairs:
        if twin in answers:
            yield id, twin, answers[twin]


def _canonical(accepted: dict[str, list[Any]]) -> dict[str, Any]:
    return {name: values[0] for name, values in accepted.items() if values}


def _mended(episode: dict[str, Any]) -> Iterator[_Wrong]:
    """The assistant's answers in an episode, but for the last one."""
    codes = sorted({reason["code"] for reason in episode["objections"] if reason["blames"] == "solution"})
    answers = [turn["output"] for turn in episode["turns"] if turn["role"] == "assistant"]
    for answer in answers[:-1]:
        if isinstance(answer.get("platform"), str) and isinstance(answer.get("calls"), list):
            calls = [(call["api"], call["arguments"]) for call in answer["calls"]]
            yield f"episodes: {', '.join(codes)}", answer["platform"], calls


def _records(file: Path) -> Iterator[dict[str, Any]]:
    if not file.is_file():
        return
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError:
                raise StoreError(f"{file}:{number}: not a line of JSON; was the run finished?") from None
