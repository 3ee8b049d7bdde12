"""run.log: what happened, for whoever looks for a fault.

The standard library's logging (AutoGen's, Faker's) is led into it from WARNING up, as its lower levels hold
whole prompts. Values of variables are never written.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import StoreError
from ..log import logger, sink
from .files import describe_error

_FORMAT = "{time:YYYY-MM-DDTHH:mm:ss.SSSZ} {level: <8} {name}: {message}"


class _Intercept(logging.Handler):
    """Hands records of the standard library's logging to ptool's log, those of one run.

    Args: is_ours: whether the code that logs belongs to the run.
    """

    def __init__(self, is_ours: Callable[[], bool]) -> None:
        super().__init__(logging.WARNING)
        self._is_ours = is_ours

    def emit(self, record: logging.LogRecord) -> None:
        if not self._is_ours():
            self._leave_to_python(record)
            return
        level = record.levelname if record.levelname in logging.getLevelNamesMapping() else record.levelno
        patched = logger.patch(lambda entry: entry.update(name=record.name))
        patched.opt(exception=record.exc_info).log(level, "{}", _one_line(record.getMessage()))

    def _leave_to_python(self, record: logging.LogRecord) -> None:
        """What another part of the program logs goes where it would without a run."""
        there = logging.getLogger().handlers
        if there[:1] == [self] and all(isinstance(handler, _Intercept) for handler in there):
            assert logging.lastResort is not None
            logging.lastResort.handle(record)


@contextmanager
def run_log(path: Path) -> Iterator[None]:
    """Log what happens in this context to `path` (appended to) while the block runs. Raises StoreError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {describe_error(error)}") from error

    def to_file(text: str) -> None:
        with suppress(OSError):  # a full disk is reported by what has to be kept, and once
            os.write(handle, text.encode("utf-8", "replace"))

    root = logging.getLogger()
    try:
        with sink(to_file, "INFO", _FORMAT) as is_ours:
            intercept = _Intercept(is_ours)
            root.addHandler(intercept)
            try:
                yield
            finally:
                root.removeHandler(intercept)
    finally:
        os.close(handle)


def _one_line(text: str, limit: int = 2000) -> str:
    """Bounded, and without line breaks: model text must not forge log lines."""
    return text[:limit].replace("\r", "\\r").replace("\n", "\\n")
