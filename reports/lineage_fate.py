"""What became of an episode: kept, rejected, dropped for the dataset, or not that far yet.

It looks an id up in the files of dataset/, with the index where there is one, and parses the lines found.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import StoreError
from ..records import Episode
from .lineage import Fate
from .run_files import INDEX, PARTS, inside, line_beginning, line_by_id, line_with, needle, slice_of, value_of

_REASONS = 50


def fate_of(
    run: Path, id: str, episode: Episode | None, waiting: bool, gates: tuple[str, ...] | None
) -> tuple[Fate, dict[str, Any]]:
    """What became of an episode, and its sample; an empty one where it is not in the dataset.

    Args:
        episode: None where it is not played yet.
        waiting: it will be played again, as no model could be asked.
        gates: that it had to pass.

    Raises:
        StoreError: a file of the dataset cannot be read, or does not fit its index.
    """
    refused = _dropped_line(run, id)
    entry = {} if refused else _entry(run, id)
    file, sample = (None, {}) if refused else _sample(run, id, entry)
    if file is not None:
        split = entry.get("split") or (None if file.stem == "samples" else file.stem)
        group, twin_of = (entry.get(key) or sample.get(key) for key in ("group", "twin_of"))
        twin = line_with(run / INDEX, needle("twin_of", id))
        made = value_of(twin, run / INDEX).get("id") if twin else None
        return Fate("kept", (), file.name, split, group, twin_of, made, gates), sample
    if episode is None or waiting:
        return Fate("waiting", _reasons(episode)), {}
    if episode.status == "rejected":
        return Fate("rejected", _reasons(episode)), {}
    if refused is None:
        return Fate("accepted", gates=gates), {}
    reasons = refused.get("reasons") or ()
    return Fate("dropped", tuple(one for one in reasons if isinstance(one, dict))[:_REASONS], gates=gates), {}


def _dropped_line(run: Path, id: str) -> dict[str, Any] | None:
    """The line of rejected.jsonl for an id; None where it has none."""
    file = run / "dataset" / "rejected.jsonl"
    line = line_beginning(file, b"{" + needle("id", id))
    return value_of(line, file) if line else None


def _reasons(episode: Episode | None) -> tuple[dict[str, Any], ...]:
    return tuple(one.model_dump(mode="json") for one in episode.reasons[:_REASONS]) if episode else ()


def _entry(run: Path, id: str) -> Mapping[str, Any]:
    line = line_beginning(run / INDEX, b"{" + needle("id", id)) or line_with(run / INDEX, needle("id", id))
    return value_of(line, run / INDEX) if line else {}


def _sample(run: Path, id: str, entry: Mapping[str, Any]) -> tuple[Path | None, dict[str, Any]]:
    """The file of a sample and the sample: at its place by the index, or looked for in a run without one."""
    folder = run / "dataset"
    if entry:
        file = inside(folder, entry.get("file"))
        offset, size = entry.get("offset"), entry.get("bytes")
        if not isinstance(offset, int) or not isinstance(size, int) or min(offset, size) < 0:
            raise StoreError(f"{run / INDEX}: sample {id!r} has no place: offset {offset!r}, bytes {size!r}")
        sample = value_of(slice_of(file, offset, size), file)
        if sample.get("id") != id:
            raise StoreError(
                f"{file}: byte {offset} is not sample {id!r}; it is not the file its index was made of"
            )
        return file, sample
    if (run / INDEX).is_file():
        return None, {}
    for part in PARTS:
        file = folder / f"{part}.jsonl"
        line = line_by_id(file, id)
        if line is not None:
            return file, value_of(line, file)
    return None, {}
