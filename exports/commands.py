"""The job of `ptool.export`: a dataset written in the chosen format."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..settings import ExportFormat, ExportSettings
from .bfcl import write_bfcl
from .card import card_text
from .chat import write_messages, write_sharegpt, write_trl
from .folder import ExportFolder, open_export
from .lm_eval import TASK, write_lm_eval
from .preferences import write_dpo, write_kto
from .ptbench import write_ptbench
from .source import ExportSource
from .tables import write_csv, write_jsonl, write_parquet

if TYPE_CHECKING:
    from ..cli.compose import Sources

FORMATS: dict[ExportFormat, Callable[[ExportSource, ExportFolder], None]] = {
    "lm_eval": write_lm_eval,
    "ptbench": write_ptbench,
    "messages": write_messages,
    "tools": write_messages,
    "sharegpt": write_sharegpt,
    "trl": write_trl,
    "dpo": write_dpo,
    "kto": write_kto,
    "bfcl": write_bfcl,
    "parquet": write_parquet,
    "jsonl": write_jsonl,
    "csv": write_csv,
}
"""Every format, and what writes it."""

_WITHOUT_CARD = ("lm_eval", "bfcl", "ptbench")
"""Formats with readers of their own, which look for no card."""


@dataclass(frozen=True, slots=True)
class FinishedExport:
    """What was written."""

    folder: Path
    records: int
    """lines, rows and array members in all files"""
    parts: tuple[str, ...]
    counts: dict[str, int]
    """what else was counted"""


def write_export(settings: ExportSettings) -> FinishedExport:
    """Write a dataset in a format.

    Raises PtoolError: the data cannot be exported so, or the folder is of something else.
    """
    source = ExportSource(settings)
    parts = tuple(part.name for part in source.parts)
    about = settings.model_dump(mode="json", exclude={"run", "data", "out", "parts"})
    about = {"export": {**about, "answer": settings.answer_format, "parts": parts, "kind": source.kind}}
    with open_export(settings.run_folder(), settings.digest(), about, settings.url) as folder:
        FORMATS[settings.format](source, folder)
        records = folder.records
        if settings.format not in _WITHOUT_CARD:
            folder.write("README.md", card_text(settings, folder.files))
    return FinishedExport(folder.path, records, parts, folder.counts)


def export(settings: ExportSettings, sources: Sources) -> int:
    """Write the export, say what is in it, and end with the line `export folder: PATH`."""
    del sources
    finished = write_export(settings)
    counts = "".join(f", {count:,} {name}" for name, count in sorted(finished.counts.items()))
    print(f"{finished.records:,} records as {settings.format} of {', '.join(finished.parts)}{counts}")
    if settings.format == "lm_eval":
        place = shlex.quote(str(finished.folder))
        print(f"lm_eval --include_path {place} --tasks {TASK} --apply_chat_template --model …")
    print(f"export folder: {settings.url or finished.folder}", flush=True)
    return 0
