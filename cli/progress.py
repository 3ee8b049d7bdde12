"""Progress of a run's stages: bars on a terminal, one plain line at the start and end of a stage elsewhere.

It writes to stderr only, and knows nothing of what the stages do.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class Stage:
    """What a stage advances while it works."""

    def __init__(self, bars: Bars | None, name: str, total: int | None) -> None:
        self.done = 0
        self._bars = bars
        self._task = bars.add_task(name, total=total) if bars else None

    def advance(self, count: int = 1) -> None:
        """Say that `count` more items are done."""
        self.done += count
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, advance=count)


class Progress:
    """Shows stages one after the other, and keeps how long each took.

    Args: stream: where to; bars are drawn where it is a terminal.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self.timings: dict[str, float] = {}
        """stage -> seconds of wall time"""

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        """Show one stage while the block runs.

        Args: name: what is done, such as 'episodes'; total: how many items there are, None where unknown.
        """
        started = time.perf_counter()
        try:
            with self._shown(name, total) as stage:
                yield stage
        finally:
            self.timings[name] = self.timings.get(name, 0.0) + time.perf_counter() - started

    @contextmanager
    def _shown(self, name: str, total: int | None) -> Iterator[Stage]:
        stream = self._stream or sys.stderr
        if stream.isatty():
            with _bars(stream) as bars:
                yield Stage(bars, name, total)
            return
        started, of = time.perf_counter(), "" if total is None else f" of {total}"
        print(f"{name}: started{of and f' ({total})'}", file=stream, flush=True)
        stage = Stage(None, name, total)
        yield stage
        seconds = time.perf_counter() - started
        print(f"{name}: {stage.done}{of} in {seconds:.1f} s", file=stream, flush=True)


def _bars(stream: TextIO) -> Bars:
    columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Bars(*columns, console=Console(file=stream))
