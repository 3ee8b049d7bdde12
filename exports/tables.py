"""Samples as tables that any reader takes: Parquet, JSONL and CSV with the same columns.

Every column is text. What is no text in a sample (profile, platforms, tools, answer, origins and all lists)
is JSON text, so no column changes its type from sample to sample; what is absent is the empty text. Of
another dataset the columns hold what it says.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import orjson

from ..errors import ConfigError
from ..evaluation.prompt import Variant, hidden_parts
from ..records import Sample
from ..records.table_rows import TEXTS, column_text
from .conversation import wrapped
from .folder import ExportFolder, OutputFile
from .fragments import Fragments
from .ptbench import gold_record, platform_records
from .source import ExportSource, PartFile

GROUP = 4_000_000
"""Characters of a row group of Parquet, whose rows are in memory at once."""
COLUMNS = {name: str(field.description) for name, field in Sample.model_fields.items()}
"""Column -> what it holds."""

Row = dict[str, str]


def write_jsonl(source: ExportSource, folder: ExportFolder) -> None:
    """`PART.jsonl`, a row a line."""
    for part in source.parts:
        file = folder.create(f"{part.name}.jsonl")
        fragments = Fragments()
        for row in _rows(source, part):
            file.line(orjson.dumps({name: fragments.of(name, text) for name, text in row.items()}))


def write_csv(source: ExportSource, folder: ExportFolder) -> None:
    """`PART.csv` with a header (RFC 4180). What a spreadsheet would take for a formula begins with `'`."""
    for part in source.parts:
        file = folder.create(f"{part.name}.csv")
        _write_csv_row(file, list(COLUMNS))
        for row in _rows(source, part):
            _write_csv_row(file, [inert_cell(value) for value in row.values()])
            file.records += 1


def _write_csv_row(file: OutputFile, cells: list[str]) -> None:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    file.write(line.getvalue().encode())


def inert_cell(text: str) -> str:
    """A text that no spreadsheet computes: `'` in front of one that would begin a formula."""
    return (
        f"'{text}"
        if text.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
        else text
    )


def write_parquet(source: ExportSource, folder: ExportFolder) -> None:
    """`PART.parquet` in row groups, columns with descriptions. Raises ConfigError without pyarrow."""
    try:
        import pyarrow as pa  # pyright: ignore[reportMissingImports]
        from pyarrow import parquet  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ConfigError("format: got 'parquet', which needs pyarrow: pip install 'ptool[data]'") from None
    fields = [pa.field(name, pa.string(), metadata={"description": text}) for name, text in COLUMNS.items()]
    schema = pa.schema(fields, metadata={"description": "ptool samples; lists and objects are JSON text"})
    for part in source.parts:
        file, rows = folder.create(f"{part.name}.parquet"), _rows(source, part)
        with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            while group := list(_row_group(rows)):
                columns = [pa.array([row[name] for row in group], pa.string()) for name in COLUMNS]
                writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=len(group))
                file.records += len(group)


def _row_group(rows: Iterator[Row]) -> Iterator[Row]:
    size = 0
    while size < GROUP and (row := next(rows, None)) is not None:
        size += sum(map(len, row.values()))
        yield row


def _rows(source: ExportSource, part: PartFile) -> Iterator[Row]:
    variant: Variant = source.settings.variant
    texts: dict[str, tuple[Any, str]] = {}

    def cell(name: str, value: Any) -> str:
        if name in TEXTS:
            return column_text(value)
        if name not in texts or texts[name][0] is not value:
            shown = value if name != "user_profile" else _visible(value, variant)
            texts[name] = value, column_text(shown)
        return texts[name][1]

    records = source.records(part) if source.kind == "ptool" else _records_of_items(source, part)
    for record in records:
        yield {name: cell(name, record.get(name)) for name in COLUMNS}


def _records_of_items(source: ExportSource, part: PartFile) -> Iterator[dict[str, Any]]:
    """Samples of another dataset as ptool's have them; what many share is one object."""
    shared: dict[str, tuple[Any, Any]] = {}
    for item in source.items(part):
        gold = gold_record(item)
        for name, value in (("platforms", item.platforms), ("tools", item.tools)):
            if name not in shared or shared[name][0] is not value:
                shared[name] = (
                    value,
                    platform_records(item) if name == "platforms" else wrapped(item.tools.values()),
                )
        yield {
            "id": item.id,
            "scenario": item.scenario,
            "user_id": item.user,
            "user_profile": item.user_profile,
            "platforms": shared["platforms"][1],
            "tools": shared["tools"][1],
            **gold,
            "group": item.group,
        }


def _visible(profile: Any, variant: Variant) -> Any:
    hidden = hidden_parts(variant)
    return {name: value for name, value in profile.items() if name not in hidden}
