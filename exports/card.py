"""README.md of an export: which file is which split, for the Hugging Face Hub and for people."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import yaml

from ..settings import ExportSettings
from .folder import OutputFile
from .tables import COLUMNS

READERS, READERS_OF_OBJECTS = "3.6 to 5.2", "4.7 to 5.2"
"""Versions of `datasets` that read an export; older ones cannot where functions or arguments are objects."""
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
    splits = {"default": {_SPLITS[part]: file for part, file in by_part.items() if part in _SPLITS}}
    splits |= {part: {split: by_part[part]} for part, split in _APART.items() if part in by_part}
    configs = [_config(name, own, files) for name, own in splits.items() if own]
    front: dict[str, Any] = {"tags": ["tool-use", "function-calling", "personalization", "ptool"]}
    front["configs"] = configs
    if features := _features(settings):
        front["dataset_info"] = [
            {"config_name": config["config_name"], "features": features} for config in configs
        ]
    rows = "\n".join(f"| `{name}` | {files[name].records:,} |" for name in by_part.values())
    readers = READERS_OF_OBJECTS if _has_objects(settings) else READERS
    matter = yaml.dump(front, Dumper=_PlainDumper, sort_keys=False)
    return (
        f"---\n{matter}---\n\n# PTBench as {settings.format}\n\n"
        f"Written by `python -m ptool.export format={settings.format}`, variant {settings.variant}; "
        f"`datasets` {readers} read it:\n\n"
        '```python\nfrom datasets import load_dataset\n\ndata = load_dataset("path/to/this/folder")\n```\n\n'
        f"| file | records |\n| --- | ---: |\n{rows}\n{_columns(settings)}"
    )


def _has_objects(settings: ExportSettings) -> bool:
    """Whether functions or arguments stand there as objects, whose fields differ from sample to sample."""
    return settings.answer_format == "native" and settings.format != "sharegpt"


def _features(settings: ExportSettings) -> list[dict[str, Any]]:
    """The columns as `datasets` declares them; none where it finds them out without a doubt."""
    if settings.format in _TABLES:
        return [{"name": name, "dtype": "string"} for name in COLUMNS]
    if not _has_objects(settings):
        return []
    texts = [{"name": name, "dtype": "string"} for name in ("role", "content")]
    prompt, answer = {"list": texts}, {"list": [*texts, {"name": "tool_calls", "list": "json"}]}
    label, tools = [{"name": "label", "dtype": "bool"}], {"name": "tools", "dtype": "string"}
    if settings.format in ("messages", "tools"):
        parallel = {"name": "parallel_tool_calls", "dtype": "bool"}
        return [{"name": "messages", **answer}, {"name": "tools", "list": "json"}, parallel]
    ids = [
        {"name": name, "dtype": "string"} for name in (("id",) if settings.format == "trl" else ("id", "why"))
    ]
    answers = ("chosen", "rejected") if settings.format == "dpo" else ("completion",)
    columns = [*ids, {"name": "prompt", **prompt}, tools, *({"name": name, **answer} for name in answers)]
    return [*columns, *label] if settings.format == "kto" else columns


class _PlainDumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


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


def _config(name: str, splits: Mapping[str, str], files: Mapping[str, OutputFile]) -> dict[str, Any]:
    """One configuration. Its description tells other data apart: `datasets` keeps what it read by folder name
    and card, and would give what lay there before."""
    digests = "".join(str(files[file].entry()["sha256"]) for file in splits.values())
    return {
        "config_name": name,
        "description": f"SHA-256 {hashlib.sha256(digests.encode()).hexdigest()}",
        "data_files": [{"split": split, "path": file} for split, file in splits.items()],
    }
