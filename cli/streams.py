"""Output that never fails a command: to a terminal that is not UTF-8, a full disk, a stream that is closed.

Letters that an encoding has not are replaced. What cannot be written is dropped, and `said_in_full` says so
in the end; only a reader who has gone (`--help | head`) still ends a command, as it does other programs.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

UNREAD = 141
"""The exit status where nobody reads the output any more."""


class Output:
    """A text stream that drops what it cannot write.

    Args: stream: where to; notices_readers: whether BrokenPipeError is raised where its reader has gone.
    """

    def __init__(self, stream: TextIO, *, notices_readers: bool) -> None:
        self._stream = stream
        self._notices_readers = notices_readers
        self.lost: OSError | None = None
        """why something was dropped; None: nothing was"""

    def write(self, text: str) -> int:
        """Write a text, as far as that can be done."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._drop(error)
            return len(text)

    def flush(self) -> None:
        """Flush, as far as that can be done."""
        try:
            self._stream.flush()
        except OSError as error:
            self._drop(error)

    def _drop(self, error: OSError) -> None:
        """Let what is in the buffer, and whatever comes, go nowhere."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
        if isinstance(error, BrokenPipeError):
            if self._notices_readers:
                raise error
            return
        self.lost = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def guard_streams() -> None:
    """Put `Output` in front of this process's stdout and stderr; one that is closed leads nowhere.

    Closed descriptors are taken, so that no file is opened under the number of a stream.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name) or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
        setattr(sys, name, cast(TextIO, Output(stream, notices_readers=name == "stdout")))


def said_in_full(status: int, *, only_prints: bool) -> int:
    """The exit status, with a line where not all of the output could be written.

    Args: status: the job's; only_prints: whether the output is all there is, so that losing it is a failure.

    Raises BrokenPipeError where the reader has gone.
    """
    sys.stdout.flush()
    lost = getattr(sys.stdout, "lost", None)
    if lost is None:
        return status
    print(f"error: the output could not be written: {lost.strerror}", file=sys.stderr, flush=True)
    return status or int(only_prints)


@contextmanager
def warnings_shown(say: Callable[[str], None] | None = None) -> Iterator[None]:
    """Show what is logged in this context from WARNING up while the block runs.

    Args: say: is given each line, with its line break; None: stderr.
    """
    from ..log import sink

    with sink(say or _to_stderr, "WARNING", "{level.name}: {message}"):
        yield


def _to_stderr(line: str) -> None:
    sys.stderr.write(line)  # looked up each time: progress bars replace it while they are shown
