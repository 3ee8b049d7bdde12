"""Two runs, read for what differs between them: settings, figures, files, and samples by their digests.

Whatever one of them lacks, as it is older or not finished, is said in a note and not compared. It knows no
sample: `sample_changes` compares those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any

import yaml

from ..errors import StoreError
from ..store.run_folder import identity_of
from .difference import Difference, changes
from .run_files import PARTS, object_in
from .sample_changes import marks_of, sample_changes

_FILES = (
    "api_tree.json",
    "feature_tree.json",
    "profiles.jsonl",
    "histories.jsonl",
    "tasks.jsonl",
    "episodes.jsonl",
)
_UNSEEN = tuple(f"unseen/{name}" for name in _FILES)


def difference(a: Path, b: Path) -> Difference:
    """What changed from one run to another.

    Raises:
        StoreError: a folder is no run, or damaged.
    """
    for run in (a, b):
        identity_of(run)
    manifests = [object_in(run / "manifest.json") for run in (a, b)]
    found = [object_in(run / "statistics.json") for run in (a, b)]
    marks = [dict(marks_of(run)) if _has_dataset(run) else None for run in (a, b)]
    left, right = marks
    settings = [_settings(run / "config.yaml") for run in (a, b)]
    return Difference(
        a=str(a),
        b=str(b),
        settings=changes(*settings),
        made_with=changes(*(_made_with(one) for one in manifests)) if all(manifests) else (),
        files=dict(_files(a, b)),
        counts=changes(*(one.get("counts", {}) for one in manifests)) if all(manifests) else (),
        funnel=changes(*(_funnel(*pair) for pair in zip(found, manifests, strict=True)))
        if all(manifests)
        else (),
        splits=changes(*(Counter(one.split for one in each.values()) for each in (left or {}, right or {}))),
        statistics=changes(*(_figures(one) for one in found)) if all(found) else (),
        samples=None if left is None or right is None else sample_changes(left, right),
        notes=tuple(_notes(a, b, manifests, found)),
    )


def _has_dataset(run: Path) -> bool:
    return any((run / "dataset" / f"{part}.jsonl").is_file() for part in PARTS)


def _notes(a: Path, b: Path, manifests: list[dict[str, Any]], found: list[dict[str, Any]]) -> Iterator[str]:
    for name, run, manifest, figures in zip("AB", (a, b), manifests, found, strict=True):
        if not _has_dataset(run):
            yield f"{name} has no dataset yet: its run is not finished"
        elif not manifest:
            yield f"{name} has no manifest.json: versions, prompts, counts and funnel are not compared"
        if _has_dataset(run) and not figures:
            yield f"{name} has no statistics.json, as runs of older versions: statistics are not compared"


def _settings(file: Path) -> Any:
    try:
        found = yaml.safe_load(file.read_text("utf-8")) or {}
    except FileNotFoundError:
        return {}
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise StoreError(f"{file}: cannot be read: {' '.join(str(error).split())[:200]}") from error

    if isinstance(found, dict) and isinstance(found.get("run"), dict):
        found["run"].pop("dir", None)  # where a run is kept says nothing of what it is
    return found


def _made_with(manifest: Mapping[str, Any]) -> dict[str, Any]:
    notes = manifest.get("notes") or {}
    parts = {"model": manifest.get("model"), "libraries": notes.get("libraries")}
    return parts | {name: manifest.get(name) for name in ("versions", "prompts")}


def _funnel(statistics: Mapping[str, Any], manifest: Mapping[str, Any]) -> Any:
    return statistics.get("funnel") or manifest.get("funnel") or {}


def _figures(statistics: Mapping[str, Any]) -> dict[str, Any]:
    """Statistics without what is told elsewhere."""
    return {
        name: one for name, one in statistics.items() if name not in ("splits", "funnel", "model", "format")
    }


def _files(a: Path, b: Path) -> Iterator[tuple[str, str]]:
    for name in (*_FILES, *_UNSEEN):
        left, right = _digest(a / name), _digest(b / name)
        if left or right:
            yield name, "only in B" if not left else "only in A" if not right else _alike(left, right)


def _alike(left: bytes, right: bytes) -> str:
    return "same" if left == right else "different"


def _digest(file: Path) -> bytes | None:
    try:
        with file.open("rb") as content:
            return file_digest(content, "blake2b").digest()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror or error}") from error
