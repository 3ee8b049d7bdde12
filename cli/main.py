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
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, PtoolError
from .args import check_options, in_order

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from .compose import Sources

Job = Callable[[Any, "Sources"], int]
"""What a command does with its settings (of the command's own schema); the number is its exit status."""

SETTINGS = "ptool.settings.Settings"
"""The schema of a run, by name: importing it costs what `--help` must not pay."""

INTERRUPTED, UNREAD, TERMINATED = 130, 141, 143


def main(job: Job, config_name: str = "config", schema: str = SETTINGS) -> int:
    """Compose ptool's configuration with the command line and do the job, once or for every job of `-m`.

    Args: config_name: the primary config in conf/; schema: dotted name of the settings it becomes.
    Returns the exit status, the highest one of all jobs.
    """
    sys.argv[1:] = in_order(sys.argv[1:])
    os.environ["HYDRA_FULL_ERROR"] = "1"  # so that Hydra raises what it would otherwise print at length
    with _sigterm_as_interrupt(), _scratch_for_sweeps():
        try:
            return _composed(job, config_name, schema)
        except PtoolError as error:
            return _refused(error)
        except KeyboardInterrupt:
            raise SystemExit(_say(_safe(None), INTERRUPTED)) from None
        except BrokenPipeError:
            return _unread()


def _unread() -> int:
    """Whoever read the output has gone (`--help | head`): end quietly, as other programs do."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return UNREAD


def _composed(job: Job, config_name: str, schema: str) -> int:
    import hydra

    from .compose import in_plain_words, prepared

    check_options(sys.argv[1:])
    statuses: list[int] = []

    module, _, name = schema.rpartition(".")
    kind = getattr(importlib.import_module(module), name)

    def one(config: DictConfig) -> None:
        statuses.append(_attempt(lambda: prepared(config, kind), job))

    try:
        with in_plain_words(kind):
            hydra.main(version_base="1.3", config_path="pkg://ptool.conf", config_name=config_name)(one)()
    except ValueError as error:
        raise ConfigError(" ".join(str(error).split())) from error
    return max(statuses, default=0)


def _attempt(prepare: Callable[[], tuple[Any, Sources]], job: Job) -> int:
    """One job, its faults said in one line each and turned into an exit status."""
    folder: Path | None = None
    try:
        settings, sources = prepare()
        folder = settings.run_folder() if hasattr(settings, "run_folder") else None
        return job(settings, sources)
    except PtoolError as error:
        return _refused(error)
    except KeyboardInterrupt:
        raise SystemExit(_say(_safe(folder), INTERRUPTED)) from None
    except BrokenPipeError:
        return _unread()
    except Exception as error:
        return _bug(error, folder)


def _refused(error: PtoolError) -> int:
    label = "config error" if isinstance(error, ConfigError) else "error"
    for line in str(error).splitlines() or [type(error).__name__]:
        _say(f"{label}: {line}", error.exit_status)
    return error.exit_status


def _bug(error: Exception, folder: Path | None) -> int:
    """Keep the traceback in the run's log; without a run folder it can only go to the terminal."""
    text = "".join(traceback.format_exception(error))
    log = folder / "run.log" if folder else None
    if log is None or not log.is_file():
        return _say(text.rstrip(), 1)
    with log.open("a", encoding="utf-8") as end:
        end.write(text)
    short = " ".join(str(error).split())[:200]
    return _say(f"error: {type(error).__name__}: {short} (a fault of ptool; the traceback is in {log})", 1)


def _safe(folder: Path | None) -> str:
    ledger = folder / "ledger.sqlite" if folder else None
    if ledger is None or not ledger.is_file():
        return "interrupted before anything was made"
    return f"interrupted: finished items are safe in {ledger}; the same command continues from there"


def _say(line: str, status: int) -> int:
    print(line, file=sys.stderr, flush=True)
    return status


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl-C does, asyncio's orderly cancellation included."""
    terminated = False

    def handle(_signal: int, _frame: FrameType | None) -> None:
        nonlocal terminated
        terminated = True
        if callable(signal.getsignal(signal.SIGINT)):
            signal.raise_signal(signal.SIGINT)
        else:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    except SystemExit as end:
        raise SystemExit(TERMINATED if terminated and end.code == INTERRUPTED else end.code) from None
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _scratch_for_sweeps() -> Iterator[None]:
    """Give Hydra's sweeper a throw-away folder for its own notes: each job has its own run folder."""
    if not {"-m", "--multirun"} & set(sys.argv):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="ptool-sweep-") as scratch:
        before = list(sys.argv)
        sys.argv.append(f"hydra.sweep.dir='{scratch}'")
        try:
            yield
        finally:
            sys.argv[:] = before
