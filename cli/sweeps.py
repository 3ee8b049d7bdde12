"""The jobs of a sweep: what each of them came to, and how one speaks in a process of its own.

Where a launcher does jobs in processes (hydra/launcher=joblib, ray), they all speak at a time: their stages
are lines with its name, and the tables they would print are left to their run folders. A sweep ends with
a line a job. It knows nothing of what a job does.
"""

from __future__ import annotations

import contextlib
import io
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True)
class JobEnd:
    """What one job of a sweep came to."""

    status: int
    """its exit status"""
    folder: Path | None = None
    """where it kept what it made; None: it was refused before that was known"""
    words: tuple[str, ...] = ()
    """the overrides that tell it from the others"""

    def line(self, place: int, count: int) -> str:
        """What is said of it: `job 1 of 2, scenario=travel: exit status 0, runs/travel-0123456789`."""
        words = f", {shlex.join(self.words)}" if self.words else ""
        made = f", {self.folder}" if self.folder is not None and self.folder.is_dir() else ""
        return f"job {place} of {count}{words}: exit status {self.status}{made}"


def print_ends(ends: Sequence[JobEnd]) -> None:
    """Print a line for each job, in their order."""
    for place, end in enumerate(ends, 1):
        print(end.line(place, len(ends)), flush=True)


class _LabelledLines(io.TextIOBase):
    """A stream that puts a label before every line.

    Args: stream: where whole lines go, one write each, so that jobs do not mix in a line; label: of the job.
    """

    def __init__(self, stream: TextIO, label: str) -> None:
        self._stream, self._label = stream, label
        self._begun = ""

    def write(self, text: str, /) -> int:
        """Write what ends in a line break, and keep the rest."""
        *lines, self._begun = (self._begun + text).split("\n")
        if lines:
            self._stream.write("".join(f"[{self._label}] {line}\n" for line in lines))
            self._stream.flush()
        return len(text)


@contextlib.contextmanager
def speaking_among_others(words: Sequence[str]) -> Iterator[None]:
    """While the block runs, stderr is labelled lines and stdout is silent. Args: words: those of the job."""
    lines = _LabelledLines(sys.stderr, shlex.join(words) or "job")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(lines):
        yield
