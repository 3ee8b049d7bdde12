"""Killed, or out of disk, at any write: the same command ends with the same bytes or with one clear line.

Every write of a run goes through one of the sites below. They are numbered as they come in an uninterrupted
run; a run in a forked process is then hit at one number, and the same command is given again.
"""

import errno
import itertools
import os
import random
import sqlite3
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from ptool.cli.compose import Sources
from ptool.cli.main import run_job
from ptool.settings import Settings, validated
from ptool.store import Ledger
from ptool.store.writer import Writer
from ptool.synthesis.commands import synthesise

WORDS = ("scenario=tiny", "users=2", "queries_per_user=3", "run.dir=run")
VARYING = ("manifest.json", "run.log", "config.yaml", ".lock")


Hit = Callable[[str], None]
"""Told before and after every write; may end the process or raise."""


def instrumented(hit: Hit) -> None:
    """Tell `hit` of every write from now on; for a forked process, which is thrown away."""
    fsync, replace, mkstemp_open, commit = os.fsync, os.replace, os.open, Writer._commit

    def around(site: str, work: Callable) -> Callable:
        def wrapped(*args: object, **named: object) -> object:
            hit(f"before {site}")
            done = work(*args, **named)
            hit(f"after {site}")
            return done

        return wrapped

    def opening(path: object, flags: int, *rest: object, **named: object) -> int:
        if flags & os.O_CREAT:
            hit("before open")
        return mkstemp_open(path, flags, *rest, **named)

    os.fsync, os.replace, os.open = around("fsync", fsync), around("replace", replace), opening
    os.pwrite, Path.mkdir = around("lock", os.pwrite), around("mkdir", Path.mkdir)
    os.write = around("log", os.write)
    Writer._commit = committing(commit, hit)


def committing(commit: Callable, hit: Hit) -> Callable:
    """A commit that is hit before it, between its rows and their being durable, and after it."""

    class Connection:
        """SQLite's own, told of every statement."""

        def __init__(self, real: sqlite3.Connection) -> None:
            self._real = real

        def execute(self, sql: str, values: tuple = ()) -> object:
            hit(f"sql {sql.split()[0]}")
            return self._real.execute(sql, values)

    def wrapped(self: Writer, group: object) -> object:
        real, self._connection = self._connection, Connection(self._connection)
        try:
            return commit(self, group)
        finally:
            self._connection = real
            hit("after commit")

    return wrapped


@cache
def settings() -> Settings:
    """The run's; composed once, as Hydra takes longer than the run."""
    with initialize_config_module("ptool.conf", version_base="1.3"):
        container = OmegaConf.to_container(compose("config", list(WORDS)), resolve=True)
    assert isinstance(container, dict)
    return validated({str(key): value for key, value in container.items()})


def forked(folder: Path, hit: Hit | None, limit: int | None = None) -> tuple[int, str]:
    """The command in a process forked from this one: exit status, stderr."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            os.chdir(folder)
            os.dup2(writing, 2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
            if hit is not None:
                instrumented(hit)
            os._exit(run_job(lambda: (settings(), Sources()), synthesise))
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(99)
    os.close(writing)
    with os.fdopen(reading, errors="replace") as said:
        text = said.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text


def files(run: Path) -> dict[str, bytes]:
    """What a run's content decides."""
    return {
        str(file.relative_to(run)): file.read_bytes()
        for file in sorted(run.rglob("*"))
        if file.is_file() and not file.name.startswith("ledger") and file.name not in VARYING
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], list[str]]:
    """The files of an uninterrupted run, and the writes it took."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as here:  # so that a forked process need not import anything
        here.chdir(tmp_path_factory.mktemp("warm"))
        assert run_job(lambda: (settings(), Sources()), synthesise) == 0
    sites = folder / "sites"

    def note(site: str) -> None:
        with sites.open("a") as end:
            end.write(f"{site}\n")

    status, said = forked(folder, note)
    assert status == 0, said
    return files(folder / "run"), sites.read_text().splitlines()


WRITE = os.write
"""Not one of the writes that are told of."""
NO_ROOM = "no room"


def kill(number: int) -> Hit:
    """End the process at the write of this number, as kill -9 would."""
    count = itertools.count()

    def hit(site: str) -> None:
        if next(count) == number:
            os._exit(137)

    return hit


def full(number: int) -> Hit:
    """From the write of this number on there is no room; what makes no file bigger still works."""
    count = itertools.count()

    def hit(site: str) -> None:
        if next(count) < number or site.startswith("after") or site in ("sql ROLLBACK", "before replace"):
            return
        WRITE(2, f"{NO_ROOM}: {site}\n".encode())
        if site.startswith("sql"):
            raise disk_full()
        raise OSError(errno.ENOSPC, "No space left on device")

    return hit


def disk_full() -> sqlite3.OperationalError:
    """What SQLite itself raises."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute("PRAGMA max_page_count = 1")
        try:
            connection.execute("CREATE TABLE t (x)")
        except sqlite3.OperationalError as error:
            return error
    raise AssertionError


def sound(run: Path, whole: dict[str, bytes]) -> None:
    """The ledger is in order, and what has its final name is finished (the API tree is saved as it grows)."""
    if (run / "ledger.sqlite").is_file():
        with Ledger(run / "ledger.sqlite") as ledger:
            ledger.check()
    for name, body in files(run).items():
        if not name.endswith(".tmp") and name != "api_tree.json":
            assert body == whole[name], name


def chosen(sites: list[str], most: int) -> list[int]:
    """Numbers of so many writes: of different kinds as far as there are any, the others drawn."""
    rng, numbers = random.Random(3), list(range(len(sites)))
    rng.shuffle(numbers)
    kinds = {sites[number]: number for number in numbers}
    firsts = sorted(kinds.values())
    rng.shuffle(firsts)
    others = [number for number in numbers if number not in kinds.values()]
    return sorted([*firsts, *others][:most])


def killed_anywhere(folders: Iterator[Path], whole: tuple[dict[str, bytes], list[str]], most: int) -> None:
    expected, sites = whole
    for number in chosen(sites, most):
        folder = next(folders)
        status, said = forked(folder, kill(number))
        # How many rows a commit takes varies with the scheduling of threads: the last may not be reached.
        assert status == 137 or (status == 0 and number > 0.9 * len(sites)), (number, status, said)
        sound(folder / "run", expected)
        again = forked(folder, None)
        assert again[0] == 0, (number, sites[number], again)
        assert files(folder / "run") == expected, (number, sites[number])


def full_anywhere(folders: Iterator[Path], whole: tuple[dict[str, bytes], list[str]], most: int) -> None:
    expected, sites = whole
    growing = [number for number, site in enumerate(sites) if not site.startswith("after")]
    for number in (growing[one] for one in chosen([sites[one] for one in growing], most)):
        folder = next(folders)
        status, said = forked(folder, full(number))
        told = ": started", " in ", NO_ROOM
        faults = [line for line in said.splitlines() if not any(part in line for part in told)]
        if status == 0:  # there was room for all but lines of the log: fewer commits than in the whole run
            refused = {line for line in said.splitlines() if line.startswith(NO_ROOM)}
            assert refused <= {f"{NO_ROOM}: before log"}, (number, sites[number], said)
        else:
            assert (status, len(faults)) == (2, 1), (number, sites[number], said)
            assert "disk full" in said, said
        sound(folder / "run", expected)
        again = forked(folder, None)
        assert again[0] == 0, (number, sites[number], again)
        assert files(folder / "run") == expected, (number, sites[number])


def folders(tmp_path: Path) -> Iterator[Path]:
    """New folders, one after the other."""
    for number in itertools.count():
        (tmp_path / str(number)).mkdir()
        yield tmp_path / str(number)


def test_killed_at_some_writes(whole: tuple[dict[str, bytes], list[str]], tmp_path: Path) -> None:
    killed_anywhere(folders(tmp_path), whole, 6)


def test_out_of_disk_at_some_writes(whole: tuple[dict[str, bytes], list[str]], tmp_path: Path) -> None:
    full_anywhere(folders(tmp_path), whole, 6)


@pytest.mark.slow
def test_killed_at_many_writes(whole: tuple[dict[str, bytes], list[str]], tmp_path: Path) -> None:
    killed_anywhere(folders(tmp_path), whole, 150)


@pytest.mark.slow
def test_out_of_disk_at_many_writes(whole: tuple[dict[str, bytes], list[str]], tmp_path: Path) -> None:
    full_anywhere(folders(tmp_path), whole, 150)
