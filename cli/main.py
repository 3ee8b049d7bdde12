"""What every command shares: composing, one clear line for every fault, signals, exit statuses.

0 done, 1 a model failed or ptool has a bug, 2 refused (configuration, run folder, key), 3 yield too low,
4 budget spent, 130 interrupted, 141 nobody reads the output, 143 terminated.
Nothing heavy is imported before a job starts, so `--help` stays quick.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..errors import FOLDER_OF_FAULT, ConfigError, PtoolError, printable
from ..version import VERSION
from .args import Arguments, parse_arguments
from .signals import INTERRUPTED, TERMINATED, never_ignored
from .streams import UNREAD, said_in_full, warnings_shown

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from .compose import Sources

Job = Callable[[Any, "Sources"], int]
"""What a command does with its settings (of the command's own schema); the number is its exit status."""

_LONGEST_LINE = 4000
"""Characters of an error that are printed."""

_SWEEP_IS_SAFE = (
    "interrupted: finished items are safe in the run folders; the same command continues from there"
)

_ONLY_PRINT = ("check", "diff", "explain", "status")
"""Commands that make nothing but what they print, by their primary config."""


def run_command(
    load_job: Callable[[], Job],
    words: Sequence[str] | None = None,
    *,
    config: str = "config",
    schema: str = "Settings",
    list_key: str | None = None,
    plain_keys: Sequence[str] = (),
) -> int:
    """Compose the configuration a command line asks for and do the command's job, once or for a whole sweep.

    Args:
        load_job: imports the job; called when there is a configuration for it.
        words: the command line behind the command's name; None: this process's.
        config: the primary config in conf/.
        schema: the class of `ptool.settings` that it becomes; by name, for importing it takes time.
        list_key: the key of which plain words are a list.
        plain_keys: the keys that plain words stand for, in their order.

    Returns the exit status, the highest one of all jobs.
    """
    try:
        _check_working_folder()
        arguments = parse_arguments(sys.argv[1:] if words is None else words, list_key, plain_keys)
        only_prints = bool(config in _ONLY_PRINT or arguments.version or arguments.help or arguments.cfg)
        return said_in_full(_composed(load_job, arguments, config, schema), only_prints=only_prints)
    except PtoolError as error:
        return _refused(error)
    except BrokenPipeError:
        return _unread()


def _check_working_folder() -> None:
    """Raise ConfigError where the folder this process works in is no longer there."""
    try:
        Path.cwd()
    except OSError as error:
        raise ConfigError(f"the working folder: {error.strerror}; change into one that is there") from None


def _composed(load_job: Callable[[], Job], arguments: Arguments, config: str, schema: str) -> int:
    if arguments.version:
        print(f"ptool {VERSION}")
        return 0
    kind = getattr(importlib.import_module("..settings", __package__), schema)
    if arguments.complete is not None:
        from .completion import completions

        print("\n".join(completions(arguments.complete, config, kind, arguments.config_dirs)))
        return 0
    from .compose import composer, done, prepared
    from .sweeps import JobEnd, print_ends

    with composer(arguments, config, kind) as composing:
        if arguments.help:
            print(composing.help())
            return 0
        if arguments.cfg is not None:
            print(composing.shown(arguments.cfg, arguments.resolve), end="")
            return 0

        def job(composed: DictConfig) -> JobEnd:
            folder: Path | None = None

            def prepare() -> tuple[Any, Sources]:
                nonlocal folder
                settings, sources = prepared(composed, kind)
                load_job()  # the imports; only what follows has anything to clean up when it is interrupted
                folder = _folder_of(settings)
                return settings, sources

            status = run_job(prepare, lambda *given: load_job()(*given))
            return JobEnd(status, folder)

        only = composing.the_config(arguments.multirun)
        if only is not None:
            return done(only, job).status
        with _interruptible(None, _SWEEP_IS_SAFE):
            ends = composing.sweep(job)
        print_ends(ends)
        return max((end.status for end in ends), default=0)


def run_job(prepare: Callable[[], tuple[Any, Sources]], job: Job) -> int:
    """Do one job, its faults said in one line each and turned into an exit status.

    Args: prepare: validates the composed configuration; job: is given its settings and sources.
    """
    folder: Path | None = None
    try:
        settings, sources = prepare()
        folder = _folder_of(settings)
        with _interruptible(folder), warnings_shown(), sources.importable():
            return job(settings, sources)
    except PtoolError as error:
        return _refused(error)
    except BrokenPipeError:
        return _unread()
    except Exception as error:
        return _bug(error, getattr(error, FOLDER_OF_FAULT, folder))


def _folder_of(settings: Any) -> Path | None:
    return settings.run_folder() if hasattr(settings, "run_folder") else None


def _unread() -> int:
    """Whoever read the output has gone (`--help | head`): end quietly, as other programs do."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return UNREAD


def _refused(error: PtoolError) -> int:
    label = "config error" if isinstance(error, ConfigError) else "error"
    for line in str(error).split("\n"):
        _print_error(f"{label}: {printable(line, _LONGEST_LINE) or type(error).__name__}", error.exit_status)
    return error.exit_status


def _bug(error: Exception, folder: Path | None) -> int:
    """Keep the traceback in the run's log; without a run folder it can only go to the terminal."""
    text = "".join(traceback.format_exception(error))
    log = folder / "run.log" if folder else None
    if log is None or not log.is_file():
        return _print_error(text.rstrip(), 1)
    with log.open("a", encoding="utf-8") as end:
        end.write(text)
    short = " ".join(str(error).split())[:200]
    return _print_error(
        f"error: {type(error).__name__}: {short} (a fault of ptool; the traceback is in {log})", 1
    )


def what_is_safe(folder: Path | None) -> str:
    """What an interrupted job leaves. Args: folder: where it keeps what it makes; None: not known yet."""
    ledger = folder / "ledger.sqlite" if folder else None
    if ledger is None or not ledger.is_file():
        return "interrupted before anything was made"
    return f"interrupted: finished items are safe in {ledger}; the same command continues from there"


def _print_error(line: str, status: int) -> int:
    print(line, file=sys.stderr, flush=True)
    return status


_LONGEST_CHAIN = 100
"""Errors of which each came of the next."""


def _interrupts(error: BaseException | None) -> bool:
    """Whether somebody interrupted: an error may have come of that, above all while a module is imported.

    Python makes a RuntimeError of it where a class names its parts, pydantic one of its own without a cause.
    """
    for _ in range(_LONGEST_CHAIN):
        if error is None or isinstance(error, KeyboardInterrupt):
            return error is not None
        if type(error).__name__ == "SchemaError" and "KeyboardInterrupt" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextlib.contextmanager
def _interruptible(folder: Path | None, safe: str | None = None) -> Iterator[None]:
    """While a job works, Ctrl-C and SIGTERM interrupt it, asyncio's orderly cancellation included.

    Args:
        folder: where the job keeps what it makes.
        safe: what is said of an interrupt; None: what is safe in the folder.

    Raises SystemExit with the status of the signal.
    """
    terminated = False

    def handle(_signal: int, _frame: FrameType | None) -> None:
        nonlocal terminated
        terminated = True
        if callable(signal.getsignal(signal.SIGINT)):
            signal.raise_signal(signal.SIGINT)
        else:
            raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if before[signal.SIGINT] is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, handle)
    try:
        with never_ignored():
            yield
    except (KeyboardInterrupt, Exception) as error:
        if not _interrupts(error):
            raise
        _print_error(safe or what_is_safe(getattr(error, FOLDER_OF_FAULT, folder)), INTERRUPTED)
        raise SystemExit(TERMINATED if terminated else INTERRUPTED) from None
    except SystemExit as end:
        raise SystemExit(TERMINATED if terminated and end.code == INTERRUPTED else end.code) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
