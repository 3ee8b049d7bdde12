"""Answers that a model gave earlier, each brought to the item it answers.

Lines that carry an id are paired by id, in any order; lines without (the published `{"query", "label",
"predict"}`) by position. A file that does not fit its dataset exactly is refused. Answers are handed on as
text, never looked into. Memory stays constant where the lines stand in the dataset's order; else it grows
with how far they are out of order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from ...errors import StoreError
from ..items import Item
from .lines import Entry, entries, shown

KEYS = ("predict", "prediction", "result", "output")
"""Names under which an answer may stand, in the order they are looked for."""

_FILE = "generation.jsonl"


def paired(items: Iterable[Item], path: Path) -> Iterator[tuple[Item, str]]:
    """Every item with its answer, in the items' order: by id where the first line has one, else by position.

    Raises StoreError with the place: no answer or several for an item, answers of no item, another item's
    query. As nothing is read ahead, what is wrong at the end of a file is said at the end.
    """
    first = next(lines(path), None)
    if first is not None and "id" in first.value:
        return by_id(items, path)
    return by_position(items, path)


def by_id(items: Iterable[Item], path: Path) -> Iterator[tuple[Item, str]]:
    """Pair by id. Raises StoreError for an id that is missing, unknown or there twice."""
    waiting: dict[str, Entry] = {}
    rest = lines(path)
    for item in items:
        yield item, answer(waiting.pop(item.id, None) or _search(item, rest, waiting, path))
    for entry in rest:
        _keep(entry, waiting)
    if waiting:
        raise _surplus(path, next(iter(waiting.values())))


def by_position(items: Iterable[Item], path: Path) -> Iterator[tuple[Item, str]]:
    """Pair the n-th line with the n-th item. Raises StoreError for a wrong count or another item's query."""
    rest, count = lines(path), 0
    for count, item in enumerate(items, 1):
        entry = next(rest, None)
        if entry is None:
            raise StoreError(
                f"{path}: {count - 1} answers, expected one for every item; {item.id!r} is without"
            )
        query = entry.value.get("query", item.query)
        if query != item.query:
            raise entry.wrong(
                "query", query, f"{shown(item.query)} of item {item.id!r}: another dataset or order"
            )
        yield item, answer(entry)
    surplus = sum(1 for _ in rest)
    if surplus:
        raise StoreError(f"{path}: {count + surplus} answers for {count} items, expected one for every item")


def lines(path: Path) -> Iterator[Entry]:
    """The lines of a file; of a folder, those of `generation.jsonl` in it or in its folders, by name."""
    if not path.is_dir():
        yield from entries(path)
        return
    files = [path / _FILE] if (path / _FILE).is_file() else sorted(path.glob(f"*/{_FILE}"))
    if not files:
        raise StoreError(f"{path}: no {_FILE} in it or in a folder of it; name the file with the predictions")
    for file in files:
        yield from entries(file)


def answer(entry: Entry) -> str:
    """The answer of a line as text: nothing is '', native tool calls are their JSON. Raises StoreError."""
    for key in KEYS:
        if key in entry.value:
            return _text(entry.value[key])
    expected = ", ".join(repr(one) for one in KEYS)
    raise StoreError(f"{entry.place}: no answer; expected one of the keys {expected}")


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _search(item: Item, rest: Iterator[Entry], waiting: dict[str, Entry], path: Path) -> Entry:
    """Read on to the line of an item; what is met on the way waits for its own."""
    for entry in rest:
        if _id(entry) == item.id:
            return entry
        _keep(entry, waiting)
    raise StoreError(f"{path}: no answer for item {item.id!r}; expected one line for every item")


def _keep(entry: Entry, waiting: dict[str, Entry]) -> None:
    before = waiting.setdefault(_id(entry), entry)
    if before is not entry:
        raise StoreError(f"{entry.place}: id {shown(_id(entry))} again, first at {before.place}")


def _id(entry: Entry) -> str:
    return entry.get("id", str)


def _surplus(path: Path, left: Entry) -> StoreError:
    """The error for a line nobody asked for: a second one for its item, or one of no item."""
    first = next(one for one in lines(path) if one.value.get("id") == left.value["id"])
    if first.place != left.place:
        return StoreError(f"{left.place}: id {shown(_id(left))} again, first at {first.place}")
    return StoreError(f"{left.place}: id {shown(_id(left))} is of no item of the dataset")
