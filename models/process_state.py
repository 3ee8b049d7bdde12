"""What belongs to the whole process and is changed for as long as somebody needs it so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class ProcessState:
    """A change to the process that is made for the first who needs it and undone after the last.

    Whoever restored only what they found themselves would leave the changes of others behind.

    Args: change: makes it, and returns what undoes it.
    """

    def __init__(self, change: Callable[[], Callable[[], None]]) -> None:
        self._change = change
        self._lock = threading.Lock()
        self._users = 0

    @contextmanager
    def changed(self) -> Iterator[None]:
        """The process with that change, while the block runs."""
        with self._lock:
            if self._users == 0:
                self._undo = self._change()
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._undo()
