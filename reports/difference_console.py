"""What changed between two datasets, as people read it on the terminal. It reads no file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

from .console import console_section, console_table, console_text, print_to_console

if TYPE_CHECKING:
    from .difference import RunDifference
    from .sample_changes import SampleChanges, ValueChange

_ROWS, _FIELDS, _VALUE, _LINE = 40, 8, 160, 400


def print_difference(difference: RunDifference, console: Console | None = None) -> None:
    """Print a difference to stdout, or to the console given."""
    print_to_console(_rendered(difference), console)


def _rendered(difference: RunDifference) -> RenderableType:
    lines = (f"A  {difference.a}", f"B  {difference.b}")
    parts: list[RenderableType] = [console_text(line, _LINE) for line in lines]
    parts.append(Text(f"\n{_conclusion(difference)}", style="bold"))
    parts += [console_text(f"note: {note}", _LINE) for note in difference.notes]
    parts += _changes("settings", difference.settings)
    parts += _changes("made with", difference.made_with)
    if any(comparison != "same" for comparison in difference.files.values()):
        table = console_table("file", "")
        for name, comparison in difference.files.items():
            table.add_row(console_text(name, _VALUE), comparison)
        parts += console_section("files of the stages", [table])
    parts += _changes("counts", difference.counts)
    parts += _changes("funnel", difference.funnel)
    parts += _changes("samples of each split", difference.splits)
    parts += _changes("statistics", difference.statistics)
    if difference.samples is not None and not difference.samples.identical:
        parts += _samples(difference.samples)
    return Group(*parts)


def _conclusion(difference: RunDifference) -> str:
    samples = difference.samples
    if samples is None:
        return "the datasets cannot be compared yet"
    if not samples.identical:
        reordered = not (samples.changed or samples.only_a or samples.only_b)
        return (
            f"the datasets differ: {samples.same:,} samples are the same, {samples.changed:,} differ, "
            f"{samples.only_a:,} are only in A, {samples.only_b:,} only in B"
            + ("; all the same, in another order" if reordered else "")
        )
    count = f"{samples.a:,} samples, byte for byte, in the same order and splits"
    return f"the datasets are the same: {count}" + (
        "" if difference.same else "; what they came from differs"
    )


def _samples(samples: SampleChanges) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for name, count, first in (
        ("only in A", samples.only_a, samples.first_only_a),
        ("only in B", samples.only_b, samples.first_only_b),
    ):
        if count:
            rest = f" … and {count - len(first):,} more" if count > len(first) else ""
            parts += console_section(f"{name}: {count:,}", [console_text(", ".join(first) + rest, _LINE)])
    if samples.by_field:
        table = console_table("what differs", "samples", right=(1,))
        for name, count in samples.by_field.items():
            table.add_row(console_text(name, _VALUE), f"{count:,}")
        parts += console_section(f"same id, other content: {samples.changed:,}", [table])
    for sample in samples.first_changed:
        parts += _changes(sample.id, sample.fields, _FIELDS)
    return parts


def _changes(title: str, changes: Sequence[ValueChange], most: int = _ROWS) -> list[RenderableType]:
    if not changes:
        return []
    distances = any(change.difference is not None for change in changes)
    table = console_table("", "A", "B", *(["B - A"] if distances else []), right=(3,))
    for change in changes[:most]:
        cells = (console_text(change.name, _VALUE), _value(change.a), _value(change.b))
        table.add_row(*cells, *([_distance(change.difference)] if distances else []))
    parts = console_section(title, [table])
    if len(changes) > most:
        parts.append(console_text(f"  … and {len(changes) - most:,} more; format=json has all", _LINE))
    return parts


def _value(value: Any) -> Text:
    if value is None:
        return Text("-")
    if isinstance(value, float):
        return Text(f"{value:.6g}")
    return console_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), _VALUE)


def _distance(value: float | None) -> Text:
    if value is None:
        return Text("")
    return Text(f"{value:+,}" if isinstance(value, int) else f"{value:+.6g}")
