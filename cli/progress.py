"""Progress of a run's stages on a display: bars on a terminal, plain lines elsewhere, the same in a log.

A stage that takes long says how fast it goes, how long the rest takes, what it has cost and who is waited
for: in a line below the bar, elsewhere every half minute, and at once where an endpoint fails. It knows
nothing of what the stages do; ticks come from the event loop a stage is worked on in, or where there is none
from its advances.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Protocol, TextIO

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

from .speed import SpeedMeter, duration, rate, seconds_left

TICK = 1.0
"""Seconds between two looks at what goes on."""
QUIET = 5.0
"""Seconds of a stage in which nothing is said of its speed."""
EVERY, EVERY_FAILING = 30.0, 10.0
"""Seconds between two lines where there is no terminal, and in the log; the same while an endpoint fails."""

ANSWERED_AGAIN = "answered again"
"""What is said of an endpoint that failed."""


class ActivityReport(Protocol):
    """What calls have come to, and who is waited for (`models.gateway.activity`)."""

    @property
    def spent(self) -> str:
        """What they cost; empty: nothing yet."""
        ...

    @property
    def waiting(self) -> str:
        """Who is waited for, one sentence; empty: nobody for long."""
        ...

    @property
    def failing(self) -> bool:
        """Whether it fails instead of being slow."""
        ...


class Stage:
    """What a stage advances while it works."""

    def __init__(self, name: str, total: int | None) -> None:
        self.name = name
        self.total = total
        self.done = 0
        self.began = time.perf_counter()
        self.shown: Callable[[int], None] = lambda _count: None
        """is told of every advance"""
        self._speed = SpeedMeter()

    def advance(self, count: int = 1) -> None:
        """Say that `count` more items are done."""
        self.done += count
        self.shown(count)

    def pace(self, seconds: float) -> list[str]:
        """How fast it goes and how long the rest takes. Args: seconds: since its beginning."""
        speed = self._speed.per_second(self.done, seconds)
        left = seconds_left(self.done, self.total, speed)
        return [
            *([rate(speed)] if speed else []),
            *([f"about {duration(left)} left"] if left is not None else []),
        ]


class Announcements:
    """Decides when a line is due: now and then, and at once when an endpoint fails or answers again."""

    def __init__(self) -> None:
        self._last = 0.0
        self._failing = False

    def due(self, seconds: float, *, failing: bool) -> str | None:
        """The end of the line that is due now; None: none is.

        Args: seconds: since the beginning; failing: whether an endpoint fails now.
        """
        before, self._failing = self._failing, failing
        if before == failing and seconds < self._last + (EVERY_FAILING if failing else EVERY):
            return None
        self._last = seconds
        return ANSWERED_AGAIN if before and not failing else ""


class Display(Protocol):
    """Where stages are shown."""

    def stage(self, stage: Stage, transient: bool, /) -> AbstractContextManager[Callable[[str], None]]:
        """Show a stage while the block runs; gives what is told every second what goes on.

        Args: transient: whether nothing is left to be seen of it.
        """
        ...

    def note(self, line: str) -> None:
        """Show a line of a long stage, where nothing else shows how far it is."""
        ...

    def say(self, line: str) -> None:
        """Show a line between stages."""
        ...


class StreamDisplay:
    """Bars where a stream is a terminal, plain lines elsewhere.

    Args: stream: where to; None: stderr.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._given = stream
        self._bars: _Bars | None = None

    @property
    def _stream(self) -> TextIO:
        return self._given or sys.stderr

    @contextmanager
    def stage(self, stage: Stage, transient: bool) -> Iterator[Callable[[str], None]]:
        """As `Display.stage`."""
        if self._stream.isatty():
            if not (self._bars and self._bars.notes):
                self._bars = _Bars(self._stream, transient)
            with self._bars.bar(stage) as show:
                yield show
            return
        of = "" if stage.total is None else f" of {stage.total}"
        if not transient:
            self.say(f"{stage.name}: started{of and f' ({stage.total})'}")
        yield lambda _: None
        if not transient:
            self.say(f"{stage.name}: {stage.done}{of} in {time.perf_counter() - stage.began:.1f} s")

    def note(self, line: str) -> None:
        """As `Display.note`."""
        if not self._stream.isatty():
            self.say(line)

    def say(self, line: str) -> None:
        """As `Display.say`."""
        print(line, file=self._stream, flush=True)


class _Silent:
    """Shows nothing."""

    @contextmanager
    def stage(self, _stage: Stage, _transient: bool) -> Iterator[Callable[[str], None]]:
        yield lambda _: None

    def note(self, line: str) -> None: ...

    def say(self, line: str) -> None: ...


SILENT: Display = _Silent()
"""The display that shows nothing."""


class Progress:
    """Shows stages, some at the same time, and keeps how long each took.

    Args:
        display: where; None: on stderr.
        activity: what goes on behind the stages; may be set later.
        log: is told the plain lines of long stages as well.
    """

    def __init__(
        self,
        display: Display | None = None,
        activity: Callable[[], ActivityReport] | None = None,
        log: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.display = display or StreamDisplay()
        self._log = log
        self.activity = activity
        self.timings: dict[str, float] = {}
        """stage -> seconds of wall time"""

    @contextmanager
    def stage(self, name: str, total: int | None = None, *, transient: bool = False) -> Iterator[Stage]:
        """Show one stage while the block runs.

        Args:
            name: what is done, such as 'episodes'.
            total: how many items there are, None where unknown.
            transient: whether nothing is said of its beginning and end.
        """
        stage = Stage(name, total)
        try:
            with self.display.stage(stage, transient) as show, self._ticks(stage, show, self._say):
                yield stage
        finally:
            self.timings[name] = self.timings.get(name, 0.0) + time.perf_counter() - stage.began

    def _say(self, line: str) -> None:
        self.display.note(line)
        self._log(line)

    @contextmanager
    def _ticks(self, stage: Stage, show: Callable[[str], None], say: Callable[[str], None]) -> Iterator[None]:
        """Have a long stage described: every second, or without an event loop whenever it advances.

        Args: show: is told what goes on; say: is told when a line is due.
        """
        announcements = Announcements()

        def look(seconds: float) -> None:
            activity = self.activity() if self.activity is not None else None
            waiting = activity.waiting if activity else ""
            parts = stage.pace(seconds) + ([activity.spent] if activity and activity.spent else [])
            show("; ".join(filter(None, (", ".join(parts), waiting))) if seconds >= QUIET or waiting else "")
            end = announcements.due(seconds, failing=bool(activity and activity.failing))
            if end is not None:
                done = f"{stage.done:,}" + ("" if stage.total is None else f" of {stage.total:,}")
                say(f"{stage.name}: " + "; ".join(filter(None, (", ".join((done, *parts)), waiting, end))))

        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            count_in = stage.shown

            def advanced(count: int) -> None:
                count_in(count)
                look(time.perf_counter() - stage.began)

            stage.shown = advanced
            yield
            return
        began = loop.time()
        timer: asyncio.TimerHandle | None = None

        def tick() -> None:
            nonlocal timer
            look(loop.time() - began)
            timer = loop.call_later(TICK, tick)

        timer = loop.call_later(TICK, tick)
        try:
            yield
        finally:
            timer.cancel()
        if announcements.due(loop.time() - began, failing=False) == ANSWERED_AGAIN:
            say(f"{stage.name}: {ANSWERED_AGAIN}")


class _Bars(Bars):
    """The bars of stages that are under way at the same time, and below them lines about what goes on."""

    def __init__(self, stream: TextIO, transient: bool) -> None:
        self.notes: dict[TaskID, str] = {}
        """of the stages under way"""
        columns = TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        super().__init__(*columns, console=Console(file=stream), transient=transient)

    @contextmanager
    def bar(self, stage: Stage) -> Iterator[Callable[[str], None]]:
        """Show a bar while the block runs; gives what is told the line about it."""
        task = self.add_task(stage.name, total=stage.total)
        self.notes[task] = ""
        stage.shown = lambda count: self.update(task, advance=count)
        self.start()
        try:
            yield partial(self.notes.__setitem__, task)
        finally:
            self.stop_task(task)
            if len(self.notes) == 1:
                self.stop()
            del self.notes[task]

    def get_renderables(self) -> Iterator[RenderableType]:
        """The bars and the lines, if there are any."""
        yield from super().get_renderables()
        for note in filter(None, list(self.notes.values())):
            yield Text(note, style="dim")
