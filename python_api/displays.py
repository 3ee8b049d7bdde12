"""Where a call shows how far it is: in a notebook, on a terminal, to a function of the caller's, nowhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from ..cli.progress import SILENT, Display, Stage, StreamDisplay
from ..errors import ConfigError, printable
from ..rendering.text import inert

Progress = bool | Callable[[Stage], object] | None
"""True: shown; False: not; None: shown in a notebook only; a function: is told of every advance."""

_EVERY = 0.2
"""Seconds between two changes of what a notebook shows."""


def chosen_display(progress: Progress) -> Display:
    """The display that `progress=` asks for. Raises ConfigError: it is nothing that asks for one."""
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        got = f"{printable(repr(progress), 80)} ({type(progress).__name__})"
        raise ConfigError(f"progress: got {got}, expected True, False, None or a function of a stage")
    if callable(progress):
        return CallbackDisplay(progress)
    if progress is False or (progress is None and not in_notebook()):
        return SILENT
    return NotebookDisplay() if in_notebook() else StreamDisplay()


def in_notebook() -> bool:
    """Whether this is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")  # where nobody imported it there is no notebook
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


class CallbackDisplay:
    """Tells a function of every stage: at its beginning, of every advance, at its end.

    Args: tell: is given the stage (`name`, `done`, `total`); it is called in the thread of the job.
    """

    def __init__(self, tell: Callable[[Stage], object]) -> None:
        self._tell = tell

    @contextmanager
    def stage(self, stage: Stage, _transient: bool) -> Iterator[Callable[[str], None]]:
        """As `Display.stage`."""

        def advanced(_count: int) -> None:
            self._tell(stage)

        stage.shown = advanced
        self._tell(stage)
        yield lambda _: None
        self._tell(stage)

    def note(self, line: str) -> None:
        """As `Display.note`."""

    def say(self, line: str) -> None:
        """As `Display.say`."""


class NotebookDisplay:
    """A bar below the cell for the stage under way, a line for each that is done."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._handle: Any = None
        self._shown_at = 0.0

    @contextmanager
    def stage(self, stage: Stage, transient: bool) -> Iterator[Callable[[str], None]]:
        """As `Display.stage`."""
        note = ""

        def show(text: str) -> None:
            nonlocal note
            note = text
            self._show(_bar(stage, note))

        def advanced(_count: int) -> None:
            if time.monotonic() - self._shown_at >= _EVERY:
                self._show(_bar(stage, note))

        stage.shown = advanced
        self._show(_bar(stage, note))
        yield show
        if not transient:
            of = "" if stage.total is None else f" of {stage.total:,}"
            self._lines.append(
                f"{stage.name}: {stage.done:,}{of} in {time.perf_counter() - stage.began:.1f} s"
            )
        self._show("")

    def note(self, line: str) -> None:
        """As `Display.note`: the bar has it."""

    def say(self, line: str) -> None:
        """As `Display.say`."""
        self._lines.append(line)
        self._show("")

    def _show(self, bar: str) -> None:
        from IPython.display import HTML, display  # pyright: ignore[reportMissingImports]

        self._shown_at = time.monotonic()
        lines = "".join(f"<div>{escape(inert(line))}</div>" for line in self._lines)
        content = HTML(f'<div style="font-family: monospace">{lines}{bar}</div>')
        if self._handle is None:
            self._handle = display(content, display_id=True)
        else:
            self._handle.update(content)


def _bar(stage: Stage, note: str) -> str:
    of = "" if stage.total is None else f" of {stage.total:,}"
    size = "" if stage.total is None else f' value="{stage.done}" max="{max(stage.total, 1)}"'
    text = escape(inert(f"{stage.name}: {stage.done:,}{of}{note and '; '}{note}"))
    return f"<div>{text} <progress{size}></progress></div>"
