"""What changed between the datasets of two runs: settings, stages, statistics and single samples."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import file_digest
from pathlib import Path
from typing import Any

from ..errors import StoreError
from ..store.dataset_index import DATASET_PARTS
from ..store.run_folder import identity_of
from .run_files import UNSEEN, read_config, read_object
from .sample_changes import SampleChanges, ValueChange, locate_samples, sample_changes, value_changes

_STAGE_FILES = (
    "api_tree.json",
    "feature_tree.json",
    "profiles.jsonl",
    "histories.jsonl",
    "tasks.jsonl",
    "episodes.jsonl",
)
_TOLD_ELSEWHERE = ("splits", "funnel", "model", "format")
"""Keys of the statistics that have a field of their own here, or none."""


@dataclass(frozen=True)
class RunDifference:
    """What changed; `format=json` prints these fields."""

    a: str
    b: str
    settings: tuple[ValueChange, ...]
    made_with: tuple[ValueChange, ...]
    """model, versions, prompts and libraries"""
    files: dict[str, str]
    """what stages left -> same | different | only in A | only in B"""
    counts: tuple[ValueChange, ...]
    funnel: tuple[ValueChange, ...]
    splits: tuple[ValueChange, ...]
    """samples of each split"""
    statistics: tuple[ValueChange, ...]
    samples: SampleChanges | None
    """None: one of them has no dataset yet"""
    notes: tuple[str, ...] = field(default=())
    """what could not be compared, a sentence each"""

    @property
    def same(self) -> bool:
        """Whether nothing at all differs."""
        changes = (self.settings, self.made_with, self.counts, self.funnel, self.splits, self.statistics)
        same_files = all(comparison == "same" for comparison in self.files.values())
        return not any(changes) and same_files and bool(self.samples and self.samples.identical)


def as_json(difference: RunDifference) -> str:
    """A difference for programs; ASCII, so that nothing in it moves a terminal."""
    return json.dumps(asdict(difference) | {"same": difference.same}, indent=2, default=str)


def compare_runs(a: Path, b: Path) -> RunDifference:
    """What changed from one run to another.

    Raises:
        StoreError: a folder is no run, or damaged.
    """
    left, right = _RunSummary(a), _RunSummary(b)
    manifests = bool(left.manifest and right.manifest)
    return RunDifference(
        a=str(a),
        b=str(b),
        settings=value_changes(left.settings, right.settings),
        made_with=value_changes(left.made_with, right.made_with) if manifests else (),
        files=dict(_compared_files(a, b)),
        counts=value_changes(left.counts, right.counts) if manifests else (),
        funnel=value_changes(left.funnel, right.funnel) if manifests else (),
        splits=value_changes(left.splits, right.splits),
        statistics=value_changes(left.figures, right.figures) if left.statistics and right.statistics else (),
        samples=None
        if left.samples is None or right.samples is None
        else sample_changes(left.samples, right.samples),
        notes=(*left.notes("A"), *right.notes("B")),
    )


class _RunSummary:
    """What is compared of one run. Raises StoreError where its folder is no run, or damaged."""

    def __init__(self, run: Path) -> None:
        identity_of(run)
        self.manifest = read_object(run / "manifest.json")
        self.statistics = read_object(run / "statistics.json")
        parts = (run / "dataset" / f"{part}.jsonl" for part in DATASET_PARTS)
        self.samples = dict(locate_samples(run)) if any(part.is_file() for part in parts) else None
        self.settings = read_config(run)
        if isinstance(self.settings.get("run"), dict):
            self.settings["run"].pop("dir", None)  # where a run is kept says nothing of what it is

    @property
    def made_with(self) -> dict[str, Any]:
        notes = self.manifest.get("notes") or {}
        parts = {"model": self.manifest.get("model"), "libraries": notes.get("libraries")}
        return parts | {name: self.manifest.get(name) for name in ("versions", "prompts")}

    @property
    def counts(self) -> Any:
        return self.manifest.get("counts", {})

    @property
    def funnel(self) -> Any:
        return self.statistics.get("funnel") or self.manifest.get("funnel") or {}

    @property
    def splits(self) -> Mapping[str, int]:
        return Counter(sample.split for sample in (self.samples or {}).values())

    @property
    def figures(self) -> dict[str, Any]:
        """Statistics without what is told elsewhere."""
        return {name: value for name, value in self.statistics.items() if name not in _TOLD_ELSEWHERE}

    def notes(self, name: str) -> Iterator[str]:
        """What cannot be compared. Args: name: of the run, A or B."""
        if self.samples is None:
            yield f"{name} has no dataset yet: its run is not finished"
        elif not self.manifest:
            yield f"{name} has no manifest.json: versions, prompts, counts and funnel are not compared"
        if self.samples is not None and not self.statistics:
            yield f"{name} has no statistics.json, as runs of older versions: statistics are not compared"


def _compared_files(a: Path, b: Path) -> Iterator[tuple[str, str]]:
    """Name of every file that a stage left in one of the runs, and how the two compare."""
    for name in (*_STAGE_FILES, *(f"{UNSEEN}/{name}" for name in _STAGE_FILES)):
        left, right = _digest(a / name), _digest(b / name)
        if left and right:
            yield name, "same" if left == right else "different"
        elif left or right:
            yield name, "only in A" if left else "only in B"


def _digest(file: Path) -> bytes | None:
    try:
        with file.open("rb") as content:
            return file_digest(content, "blake2b").digest()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror or error}") from error
