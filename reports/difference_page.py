"""What changed between two datasets, as people read it. It reads no file; foreign texts are made harmless."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..rendering.text import plain

if TYPE_CHECKING:
    from .difference import Change, Difference, SampleChanges

_WIDTH = 120
_ROWS, _FIELDS, _VALUE = 40, 8, 160


def show(difference: Difference, console: Console | None = None) -> None:
    """Print a difference to stdout, or to the console given."""
    fixed = not (Console().is_terminal or os.environ.get("COLUMNS"))
    console = console or Console(width=_WIDTH if fixed else None, highlight=False)
    console.print(render(difference), crop=False)


def render(difference: Difference) -> RenderableType:
    """The difference as rich draws it."""
    files = difference.files.values()
    parts: list[RenderableType] = [_line(f"A  {difference.a}"), _line(f"B  {difference.b}")]
    parts.append(Text(f"\n{_verdict(difference)}", style="bold"))
    parts += [_line(f"note: {one}") for one in difference.notes]
    parts += _changes("settings", difference.settings)
    parts += _changes("made with", difference.made_with)
    if any(one != "same" for one in files):
        told = _table("file", "")
        for name, one in difference.files.items():
            told.add_row(_text(name), one)
        parts += _titled("files of the stages", told)
    parts += _changes("counts", difference.counts)
    parts += _changes("funnel", difference.funnel)
    parts += _changes("samples of each split", difference.splits)
    parts += _changes("statistics", difference.statistics)
    if difference.samples is not None and not difference.samples.identical:
        parts += _samples(difference.samples)
    return Group(*parts)


def _verdict(difference: Difference) -> str:
    samples = difference.samples
    if samples is None:
        return "the datasets cannot be compared yet"
    if not samples.identical:
        return (
            f"the datasets differ: {samples.same:,} samples are the same, {samples.changed:,} differ, "
            f"{samples.only_a:,} are only in A, {samples.only_b:,} only in B"
            + ("; all the same, in another order" if _moved(samples) else "")
        )
    count = f"{samples.a:,} samples, byte for byte, in the same order and splits"
    return f"the datasets are the same: {count}" + (
        "" if difference.same else "; what they came from differs"
    )


def _moved(samples: SampleChanges) -> bool:
    return not (samples.changed or samples.only_a or samples.only_b)


def _samples(samples: SampleChanges) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for name, count, first in (
        ("only in A", samples.only_a, samples.first_only_a),
        ("only in B", samples.only_b, samples.first_only_b),
    ):
        if count:
            rest = f" … and {count - len(first):,} more" if count > len(first) else ""
            parts += _titled(f"{name}: {count:,}", _line(", ".join(first) + rest))
    if samples.by_field:
        told = _table("what differs", "samples", right=(1,))
        for name, count in samples.by_field.items():
            told.add_row(_text(name), f"{count:,}")
        parts += _titled(f"same id, other content: {samples.changed:,}", told)
    for one in samples.first_changed:
        parts += _changes(one.id, one.fields, _FIELDS)
    return parts


def _changes(title: str, rows: Sequence[Change], most: int = _ROWS) -> list[RenderableType]:
    if not rows:
        return []
    distances = any(one.difference is not None for one in rows)
    table = _table("", "A", "B", *(["B - A"] if distances else []), right=(3,))
    for one in rows[:most]:
        cells = (_text(one.name), _value(one.a), _value(one.b))
        table.add_row(*cells, *([_distance(one.difference)] if distances else []))
    parts = _titled(title, table)
    if len(rows) > most:
        parts.append(_line(f"  … and {len(rows) - most:,} more; format=json has all"))
    return parts


def _titled(title: str, inside: RenderableType) -> list[RenderableType]:
    return [Text(f"\n{plain(title, 120)}", style="bold"), Padding(inside, (0, 0, 0, 2))]


def _value(value: Any) -> Text:
    if value is None:
        return Text("-")
    if isinstance(value, float):
        return Text(f"{value:.6g}")
    return _text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _distance(value: float | None) -> Text:
    if value is None:
        return Text("")
    return Text(f"{value:+,}" if isinstance(value, int) else f"{value:+.6g}")


def _table(*names: str, right: tuple[int, ...] = ()) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if number in right else "left", overflow="fold")
    return table


def _text(text: str) -> Text:
    return Text(plain(text, _VALUE), overflow="fold")


def _line(text: str) -> Text:
    return Text(plain(text, 400), overflow="fold")
