"""README.md of an export: which file is which split, for the Hugging Face Hub and for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from ..settings import ExportSettings
from .folder import OutputFile
from .tables import COLUMNS

READERS, READERS_OF_SCHEMAS = "3.6 to 5.2", "4.7 to 5.2"
"""Versions of `datasets` that read an export; where functions stand as objects, older ones cannot."""
_SPLITS = {"samples": "train", "train": "train", "test": "test", "unseen": "unseen"}
"""Part -> the split `datasets` knows it by; other parts are configurations of their own."""
_APART = {"twins": "test", "reserve": "train"}
_TABLES = ("parquet", "jsonl", "csv")


def card_text(settings: ExportSettings, files: Mapping[str, OutputFile]) -> str:
    """The card of an export; equal exports have equal cards.

    Args: files: name -> file of samples, its counts known.
    """
    by_part = {
        name.partition(".")[0]: name for name in files if name.partition(".")[0] in {*_SPLITS, *_APART}
    }
    configs = [_config("default", {_SPLITS[part]: file for part, file in by_part.items() if part in _SPLITS})]
    configs += [_config(part, {split: by_part[part]}) for part, split in _APART.items() if part in by_part]
    configs = [config for config in configs if config["data_files"]]
    front: dict[str, Any] = {"tags": ["tool-use", "function-calling", "personalization", "ptool"]}
    front["configs"] = configs
    if settings.format in _TABLES:
        features = [{"name": name, "dtype": "string"} for name in COLUMNS]
        front["dataset_info"] = [
            {"config_name": config["config_name"], "features": [dict(one) for one in features]}
            for config in configs
        ]
    rows = "\n".join(f"| `{name}` | {files[name].records:,} |" for name in by_part.values())
    schemas = settings.format in ("messages", "tools") and settings.answer_format == "native"
    readers = READERS_OF_SCHEMAS if schemas else READERS
    return (
        f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n\n# PTBench as {settings.format}\n\n"
        f"Written by `python -m ptool.export format={settings.format}`, variant {settings.variant}; "
        f"`datasets` {readers} read it:\n\n"
        '```python\nfrom datasets import load_dataset\n\ndata = load_dataset("path/to/this/folder")\n```\n\n'
        f"| file | records |\n| --- | ---: |\n{rows}\n{_columns(settings)}"
    )


def _columns(settings: ExportSettings) -> str:
    if settings.format not in _TABLES:
        return ""
    lines = "\n".join(f"| `{name}` | {_cell(text)} |" for name, text in COLUMNS.items())
    note = (
        "Every column is text: lists and objects are JSON text, what is absent is empty. In CSV, `'` stands "
        "in front of what a spreadsheet would compute."
    )
    return f"\n{note}\n\n| column | what it holds |\n| --- | --- |\n{lines}\n"


def _cell(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")


def _config(name: str, splits: Mapping[str, str]) -> dict[str, Any]:
    return {
        "config_name": name,
        "data_files": [{"split": split, "path": file} for split, file in splits.items()],
    }
