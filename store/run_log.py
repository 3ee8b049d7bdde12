"""run.log: what happened, for whoever looks for a fault; warnings also reach the terminal.

loguru writes it; the standard library's logging (AutoGen's, Faker's) is led into it from WARNING up, as their
lower levels hold whole prompts. Values of variables are never written.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from loguru import logger

from ..errors import StoreError
from .files import describe_error

_FILE = "{time:YYYY-MM-DDTHH:mm:ss.SSSZ} {level: <8} {name}: {message}"
_TERMINAL = "{level.name}: {message}"


class _Intercept(logging.Handler):
    """Hands records of the standard library's logging to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname if record.levelname in logging.getLevelNamesMapping() else record.levelno
        patched = logger.patch(lambda entry: entry.update(name=record.name))
        patched.opt(exception=record.exc_info).log(level, "{}", _one_line(record.getMessage()))


@contextmanager
def run_log(path: Path) -> Iterator[None]:
    """Log to `path` (appended to) and warnings to stderr while the block runs. Raises StoreError."""
    logger.remove()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {describe_error(error)}") from error

    def to_file(text: str) -> None:
        with suppress(OSError):  # a full disk is reported by what has to be kept, and once
            os.write(handle, text.encode("utf-8", "replace"))

    logger.add(to_file, level="INFO", format=_FILE, backtrace=False, diagnose=False)
    logger.add(_to_terminal, level="WARNING", format=_TERMINAL, backtrace=False, diagnose=False)
    root, intercept = logging.getLogger(), _Intercept(logging.WARNING)
    root.addHandler(intercept)
    try:
        yield
    finally:
        root.removeHandler(intercept)
        logger.remove()
        os.close(handle)


def _to_terminal(text: str) -> None:
    sys.stderr.write(text)  # looked up each time: progress bars replace it while they are shown


def _one_line(text: str, limit: int = 2000) -> str:
    """Bounded, and without line breaks: model text must not forge log lines."""
    return text[:limit].replace("\r", "\\r").replace("\n", "\\n")
