"""The card's front matter: what the Hugging Face Hub and the library `datasets` read.

The types of all columns are declared from the records. Left to guess, `datasets` takes a birth date for a
point in time, and gives every record the parameters of all others. It knows nothing of Markdown.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, JsonValue

from ..records import Sample
from ..records.quality import Statistics

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
)
_MORE = "100M<n<1B"
_SPLITS = {"all": "train", "train": "train", "test": "test", "unseen": "unseen"}
"""Our part -> what `datasets` calls it."""
_APART = {"twins": "test", "reserve": "train"}
"""Parts that are configurations of their own."""
_PLAIN = {str: "string", int: "int64", float: "float64", bool: "bool"}


def front_matter(statistics: Statistics, title: str, license: str, files: Mapping[str, str]) -> str:
    """The YAML between the two lines of dashes, which are not included.

    Args: as of `ptool.synthesis.card.card`.
    """
    samples = _samples(statistics)
    configs = [_config("default", {_SPLITS[name]: file for name, file in files.items() if name in _SPLITS})]
    configs += [_config(name, {part: files[name]}) for name, part in _APART.items() if name in files]
    columns = columns_of(Sample)
    made = "scripted" if statistics.scripted else "llm-generated"
    about = {
        "pretty_name": _line(title)[:80] or "a dataset",
        "license": license,
        "language": ["en"],
        "task_categories": ["text-generation"],
        "tags": ["tool-use", "function-calling", "personalization", "synthetic", made, "ptool"],
        "size_categories": [next((name for most, name in _SIZES if samples < most), _MORE)],
        "annotations_creators": ["machine-generated"],
        "source_datasets": ["original"],
        "configs": configs,
        "dataset_info": [{"config_name": one["config_name"], "features": columns} for one in configs],
    }
    return yaml.dump(about, Dumper=_NoAliases, sort_keys=False, allow_unicode=True, width=110).rstrip()


def columns_of(record: type[BaseModel]) -> list[dict[str, Any]]:
    """A record's fields as `datasets` declares columns; whatever differs from sample to sample is JSON.

    JSON columns hold objects and lists: of a bare text, `datasets` would make the number it looks like.
    """
    return [{"name": name, **_column(field.annotation)} for name, field in record.model_fields.items()]


def _column(kind: Any) -> dict[str, Any]:
    kind = _without_none(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        columns = columns_of(kind)
        loose = any(_is_loose(field.annotation) for field in kind.model_fields.values())
        return {"dtype": "json"} if loose else {"struct": columns}
    if get_origin(kind) is tuple and not _is_loose(get_args(kind)[0]):
        inside = _column(get_args(kind)[0])
        return {"list": inside.get("struct") or inside["dtype"]}
    return {"dtype": _PLAIN.get(kind, "string" if _is_text(kind) else "json")}


def _is_loose(kind: Any) -> bool:
    """Whether its values may be bare texts or numbers as well as objects."""
    return kind in (Any, JsonValue)


def _is_text(kind: Any) -> bool:
    """Whether it is one of some texts."""
    values = get_args(kind)
    return bool(values) and all(isinstance(one, str) for one in values)


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        rest = [one for one in get_args(kind) if one is not type(None)]
        return rest[0] if len(rest) == 1 else kind
    return kind


def _config(name: str, splits: Mapping[str, str]) -> dict[str, Any]:
    return {
        "config_name": name,
        "data_files": [{"split": split, "path": file} for split, file in splits.items()],
    }


def _line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _samples(statistics: Statistics) -> int:
    return sum(row.queries for row in statistics.splits if row.file is not None)


class _NoAliases(yaml.SafeDumper):
    """Columns are written out for every configuration: readers of front matter need not know anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True
