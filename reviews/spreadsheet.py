"""Reviews as CSV for spreadsheets: a row a sample and annotator, out and back.

No cell begins with what a spreadsheet would compute: `'` stands in front of it, and is taken away again.
Where a spreadsheet wrote the file, commas may have become semicolons or tabs, and UTF-8 UTF-16 with a mark.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from ..errors import ConfigError, StoreError, names
from ..exports.tables import inert_cell
from ..store.files import atomic
from ..texts.byte_order_marks import as_utf8
from .evidence import argument_evidence
from .exchange import MOST_BYTES, ExchangeRow, answer_text, rows_of
from .records import CRITERIA
from .retrace import answer_of
from .store import ReviewStore

COLUMNS = (
    *("id", "digest", "scenario", "group", "query", "answer", "arguments", "profile", "platforms"),
    *("annotator", "query_mark", "platform_mark", "calls_mark", "new_query", "new_answer"),
    *("words", "origins", "comment", "second_look", "marks_first", "seconds"),
)
"""The columns, those people fill in from `annotator` on."""
_NEEDED = ("id", "annotator", "query_mark", "platform_mark", "calls_mark")
_LONGEST_CELL = 1_000_000


def write_sheet(store: ReviewStore, file: Path) -> int:
    """Write every sample of the review as a row, one for each who reviewed it; returns how many rows.

    Raises StoreError: the file cannot be written, or a sample was changed since.
    """
    count = 0
    with atomic(file) as out:
        out.write(_line(dict(zip(COLUMNS, COLUMNS, strict=True))))
        for id in store.assignment.order:
            entry, sample = store.catalogue.entry(id), store.sample(id)
            for row in rows_of(store, entry, sample):
                count += 1
                shown = {
                    "scenario": sample.scenario,
                    "group": entry.group,
                    "query": sample.query,
                    "answer": answer_text(answer_of(sample)),
                    "arguments": _json({each.path: each.value for each in argument_evidence(sample)}),
                    "profile": _json(sample.user_profile.model_dump(mode="json")),
                    "platforms": _json({platform.name: platform.profile for platform in sample.platforms}),
                }
                out.write(_line(shown | _cells(row)))
    return count


def _cells(row: ExchangeRow) -> dict[str, str]:
    return {
        "id": row.sample,
        "digest": row.digest,
        "annotator": row.annotator,
        **{f"{criterion}_mark": row.marks.get(criterion, "") for criterion in CRITERIA},
        "new_query": row.query,
        "new_answer": row.answer,
        "words": _json(row.words) if row.words else "",
        "origins": _json(row.origins) if row.origins else "",
        "comment": row.comment,
        "second_look": "yes" if row.second_look else "",
        "marks_first": "yes" if row.marks_first else "",
        "seconds": f"{row.seconds:g}" if row.seconds else "",
    }


def _line(cells: Mapping[str, str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow([inert_cell(cells.get(name, "")) for name in COLUMNS])
    return line.getvalue().encode("utf-8", "replace")


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def read_sheet(file: Path) -> Iterator[ExchangeRow]:
    """The rows of a sheet that somebody filled in; columns that are not ours are left alone.

    Raises StoreError: it cannot be read; ConfigError: it is no such sheet.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{file}: larger than {MOST_BYTES:,} bytes, expected a sheet of ptool.review")
        text = as_utf8(file.read_bytes()).decode().replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        found = list(lines.fieldnames or ())
        for name in _NEEDED:
            if name not in found:
                raise ConfigError(f"{file}: no column {name!r}; there are {names(found, name)}")
        for name in COLUMNS:
            if found.count(name) > 1:
                raise ConfigError(
                    f"{file}: column {name!r} is there {found.count(name)} times, expected once"
                )
        for line in lines:
            if None in line:
                raise ConfigError(
                    f"{file}:{lines.line_num}: got {len(found) + len(line[None])} cells, expected "  # type: ignore[index]
                    f"{len(found)}; a cell with {delimiter!r} in it has to stand in quotes"
                )
            yield _read_line(line, f"{file}:{lines.line_num}")
    except csv.Error as error:
        raise ConfigError(f"{file}: not CSV: {error}") from None
    finally:
        csv.field_size_limit(before)


def _read_line(line: Mapping[str, Any], place: str) -> ExchangeRow:
    cells = {name: _plain_cell(str(line.get(name) or "")) for name in COLUMNS}
    marks = {name: cells[f"{name}_mark"] for name in CRITERIA}
    return ExchangeRow(
        place=place,
        sample=cells["id"],
        digest=cells["digest"],
        annotator=cells["annotator"],
        marks=marks if any(mark.strip() for mark in marks.values()) else {},
        query=cells["new_query"],
        answer=cells["new_answer"],
        words=_mapping(cells["words"], f"{place}: words"),
        origins=_mapping(cells["origins"], f"{place}: origins"),
        comment=cells["comment"],
        second_look=_yes(cells["second_look"], f"{place}: second_look"),
        marks_first=_yes(cells["marks_first"], f"{place}: marks_first"),
        seconds=_seconds(cells["seconds"], place),
    )


def _plain_cell(text: str) -> str:
    """A cell without the `'` that `inert_cell` put in front of it."""
    return text[1:] if text.startswith("'") and inert_cell(text[1:]) == text else text


def _mapping(text: str, where: str) -> dict[str, str]:
    if not text.strip():
        return {}
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"{where}: not JSON: {error}") from None
    if not isinstance(value, dict) or not all(isinstance(word, str) for word in value.values()):
        raise ConfigError(f'{where}: expected {{"calls[0].arguments.NAME": "…"}}')
    return value


def _yes(text: str, place: str) -> bool:
    word = text.strip().casefold()
    if word not in ("", "yes", "no", "true", "false", "1", "0", "x"):
        raise ConfigError(f"{place}: got {text[:40]!r}, expected yes or nothing")
    return word in ("yes", "true", "1", "x")


def _seconds(text: str, place: str) -> float:
    try:
        seconds = float(text.strip().replace(",", ".") or 0)
    except ValueError:
        raise ConfigError(f"{place}: seconds: got {text[:40]!r}, expected a number") from None
    if not 0 <= seconds <= 86_400:
        raise ConfigError(f"{place}: seconds: got {text[:40]!r}, expected 0 to 86400")
    return seconds
