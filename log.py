"""ptool's own log: apart from loguru's global logger, so that nobody's sinks mix with those of a run.

A sink hears what is said in its own context, by the code that opened it: runs that go on side by side in one
process never write into each other's logs, and a program that uses loguru hears nothing of ptool and loses
no sink of its own. It knows no file and no stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loguru import Logger

_private: Any = import_module("loguru._logger")  # loguru makes one logger and says of no other how to make it
logger: Logger = _private.Logger(
    core=_private.Core(), exception=None, depth=0, record=False, lazy=False, colors=False, raw=False,
    capture=True, patchers=[], extra={},
)  # fmt: skip
"""What every module of ptool logs with."""

_open: ContextVar[frozenset[object]] = ContextVar("ptool_log_sinks", default=frozenset())
"""The sinks that hear this context."""


@contextmanager
def sink(write: Callable[[str], None], level: str, format: str) -> Iterator[Callable[[], bool]]:
    """Have what is logged in this context written while the block runs.

    Args: write: is given each line with its line break; level: the lowest; format: as loguru has it.

    Gives a function that says whether the calling code belongs to that context.
    """
    own = object()

    def hears(_record: Any = None) -> bool:
        return own in _open.get()

    handler = logger.add(write, level=level, format=format, filter=hears, backtrace=False, diagnose=False)
    before = _open.set(_open.get() | {own})
    try:
        yield hears
    finally:
        _open.reset(before)
        logger.remove(handler)


@contextmanager
def unheard() -> Iterator[None]:
    """Have what is logged in this context go nowhere while the block runs."""
    before = _open.set(frozenset())
    try:
        yield
    finally:
        _open.reset(before)
