"""Table 10 of the paper with rows of ours: every model on ACEBench, ToolSpectrum and PTBench.

ACEBench is counted by its own metric, the other two by the share of samples that are fully right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..benchmark.paper_results import paper_table
from ..rendering.document import Cell, Document, Row, Section, Table, foreign
from ..rendering.text import percent
from ..store import write_bytes
from .experiment_steps import Step, model_name
from .report import main_section, write_document
from .results import csv_text, load_evaluation

_NUMBER = 10
_COLUMNS = {
    "acebench": "ACEBench",
    "toolspectrum": "ToolSpectrum",
    "ptool": "PTBench",
    "published": "PTBench",
}


def write_table_10(evaluations: Sequence[Step], folder: Path) -> None:
    """Write table10.md, .html, .tex and .csv. Args: evaluations: the finished ones. Raises StoreError."""
    rows: dict[str, dict[str, float | None]] = {}
    for step in evaluations:
        scores = load_evaluation(step.folder).scores
        kind = next(iter(scores["evaluated"]["sources"]), "ptool")
        rows.setdefault(model_name(step.about), {})[_COLUMNS.get(kind, "PTBench")] = _value(scores)
    write_document(_document(rows), folder, "table10")
    quoted = paper_table(_NUMBER)
    lines = [[row.name, "quoted", *map(repr, row.shares.values())] for row in quoted.rows]
    lines += [
        [name, "measured", *(_text(row.get(column)) for column in quoted.columns)]
        for name, row in rows.items()
    ]
    write_bytes(folder / "table10.csv", csv_text([["who", "source", *quoted.columns], *lines]).encode())


def _value(scores: Mapping[str, Any]) -> float | None:
    """What a benchmark counts as right."""
    if scores.get("upstream"):
        return scores["upstream"]["value"]
    section = main_section(scores)
    return scores["scores"][section]["overall"]["value"] if section else None


def _document(rows: Mapping[str, Mapping[str, float | None]]) -> Document:
    quoted = paper_table(_NUMBER)
    theirs = [
        Row(
            (Cell(row.name, note="quoted"), *(Cell(percent(share)) for share in row.shares.values())),
            "quoted",
        )
        for row in quoted.rows
    ]
    ours = [
        Row((foreign(name, 60), *(Cell(percent(row.get(column))) for column in quoted.columns)))
        for name, row in rows.items()
    ]
    table = Table(("Model", *quoted.columns), (*theirs, *ours), f"Table {_NUMBER}. {quoted.title}")
    text = (
        "Rows in italics are quoted from the paper. ACEBench is counted by its own metric, ToolSpectrum and "
        "PTBench by the share of samples that are fully right, in percent; n/a: not evaluated here.",
    )
    return Document("Other benchmarks", Cell("Table 10"), sections=(Section("Table 10", text, (table,)),))


def _text(value: float | None) -> str:
    return "" if value is None else repr(value)
