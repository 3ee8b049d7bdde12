"""Answers that a model gave earlier, each brought to the item it answers.

Lines that carry an id (`id`, in batch outputs `custom_id`) are paired by id, in any order; lines without (the
published `{"query", "label", "predict"}`, LLaMA-Factory's `{"prompt", "predict", "label"}`) by position. A
file that does not fit its dataset exactly is refused. What a line may hold is `given_answers`' matter.
Memory stays constant where the lines stand in the dataset's order; else it grows with how far they are out
of order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ...errors import StoreError
from ..items import Item
from .given_answers import GivenAnswer, answer_id, given_answer
from .raw_records import RawRecord, read_records, shortened

_FILE = "generation.jsonl"


def paired(items: Iterable[Item], path: Path) -> Iterator[tuple[Item, str]]:
    """Every item with the text of its answer (`answered`)."""
    return ((item, answer.text) for item, answer in answered(items, path))


def answered(items: Iterable[Item], path: Path) -> Iterator[tuple[Item, GivenAnswer]]:
    """Every item with its answer, in the items' order: by id where the first line has one, else by position.

    Raises StoreError with the place: no answer or several for an item, answers of no item, another item's
    query. As nothing is read ahead, what is wrong at the end of a file is said at the end.
    """
    first = next(lines(path), None)
    if first is not None and answer_id(first) is not None:
        return by_id(items, path)
    return by_position(items, path)


def by_id(items: Iterable[Item], path: Path) -> Iterator[tuple[Item, GivenAnswer]]:
    """Pair by id. Raises StoreError for an id that is missing, unknown or there twice."""
    waiting: dict[str, RawRecord] = {}
    rest = lines(path)
    for item in items:
        yield item, given_answer(waiting.pop(item.id, None) or _search(item, rest, waiting, path))
    for record in rest:
        _keep(record, waiting)
    if waiting:
        raise _surplus(path, next(iter(waiting.values())))


def by_position(items: Iterable[Item], path: Path) -> Iterator[tuple[Item, GivenAnswer]]:
    """Pair the n-th line with the n-th item. Raises StoreError for a wrong count or another item's query."""
    rest, count = lines(path), 0
    for count, item in enumerate(items, 1):
        record = next(rest, None)
        if record is None:
            raise StoreError(
                f"{path}: {count - 1} answers, expected one for every item; {item.id!r} is without"
            )
        query = record.value.get("query", item.query)
        if isinstance(query, str) and query != item.query:  # an odd record has one that is no text
            raise record.wrong(
                "query", query, f"{shortened(item.query)} of item {item.id!r}: another dataset or order"
            )
        prompt = record.value.get("prompt")
        if isinstance(prompt, str) and _words(item.query) not in _words(prompt):
            raise record.wrong(
                "prompt", prompt, f"the query of item {item.id!r} in it: another dataset or order"
            )
        yield item, given_answer(record)
    surplus = sum(1 for _ in rest)
    if surplus:
        raise StoreError(f"{path}: {count + surplus} answers for {count} items, expected one for every item")


def lines(path: Path) -> Iterator[RawRecord]:
    """The lines of a file; of a folder, those of `generation.jsonl` in it or in its folders, by name."""
    if not path.is_dir():
        yield from read_records(path)
        return
    files = [path / _FILE] if (path / _FILE).is_file() else sorted(path.glob(f"*/{_FILE}"))
    if not files:
        raise StoreError(f"{path}: no {_FILE} in it or in a folder of it; name the file with the predictions")
    for file in files:
        yield from read_records(file)


def _words(text: str) -> str:
    return " ".join(text.split())


def _search(item: Item, rest: Iterator[RawRecord], waiting: dict[str, RawRecord], path: Path) -> RawRecord:
    """Read on to the line of an item; what is met on the way waits for its own."""
    for record in rest:
        if _id(record) == item.id:
            return record
        _keep(record, waiting)
    raise StoreError(f"{path}: no answer for item {item.id!r}; expected one line for every item")


def _keep(record: RawRecord, waiting: dict[str, RawRecord]) -> None:
    before = waiting.setdefault(_id(record), record)
    if before is not record:
        raise StoreError(f"{record.place}: id {shortened(_id(record))} again, first at {before.place}")


def _id(record: RawRecord) -> str:
    id = answer_id(record)
    return record.get("id", str) if id is None else id


def _surplus(path: Path, left: RawRecord) -> StoreError:
    """The error for a line nobody asked for: a second one for its item, or one of no item."""
    first = next(record for record in lines(path) if answer_id(record) == answer_id(left))
    if first.place != left.place:
        return StoreError(f"{left.place}: id {shortened(_id(left))} again, first at {first.place}")
    return StoreError(f"{left.place}: id {shortened(_id(left))} is of no item of the dataset")
