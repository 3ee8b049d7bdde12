"""What every acceptance test uses: ptool as a stranger starts it, and what it leaves behind.

`terminal` is a process of its own, for signals, streams and hash seeds; `Bench.run` is the command in here.
"""

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from in_process import command

PROGRAM = (sys.executable, "-m", "ptool.run")
TIMED = ("manifest.json", "run.log", "config.yaml")
"""Files that tell of the process that wrote them: timings, the concurrency, the folder's name."""


PROGRESS = re.compile(r": started( \(\d+\))?$|: \d+( of \d+)? in [\d.]+ s$")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def faults(self) -> list[str]:
        """The lines of stderr that are no progress."""
        return [line for line in self.err.splitlines() if not PROGRESS.search(line)]


@dataclass(frozen=True)
class Bench:
    """A working folder and the command in it."""

    folder: Path
    run: Callable[..., Done]

    def files(self) -> list[Path]:
        """Everything in the working folder but Python's own notes on imported modules."""
        return sorted(one for one in self.folder.rglob("*") if "__pycache__" not in one.parts)

    def refuses(self, *words: str) -> str:
        """The one line of a refusal: status 2, nothing on stdout, nothing new in the working folder."""
        before = self.files()
        done = self.run(*words)
        assert (done.status, done.out, len(done.faults)) == (2, "", 1), done
        assert self.files() == before
        return done.faults[0]

    def write(self, name: str, text: str) -> Path:
        """A file below the working folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


def bench(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The command in `folder`, which is the working folder from now on, in this process."""
    monkeypatch.chdir(folder)

    def run(*words: str) -> Done:
        done = command("run", *words, folder=folder)
        return Done(done.returncode, done.stdout, done.stderr)

    return Bench(folder, run)


def terminal(*words: str, folder: Path, env: Mapping[str, str] | None = None) -> Done:
    """The command as a process."""
    done = subprocess.run(
        [*PROGRAM, *words], cwd=folder, env={**os.environ, **(env or {})},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def started(*words: str, folder: Path) -> subprocess.Popen[str]:
    """The command as a process under way."""
    return subprocess.Popen(
        [*PROGRAM, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@dataclass(frozen=True)
class Endpoint:
    """ptool.serve in a process of its own."""

    url: str

    def stats(self) -> dict[str, Any]:
        """What it was asked since the last reset."""
        with urllib.request.urlopen(self.url.replace("/v1", "/stats")) as reply:
            return orjson.loads(reply.read())

    def reset(self) -> None:
        """Forget what was asked."""
        urllib.request.urlopen(self.url.replace("/v1", "/stats/reset"), data=b"").close()


@contextmanager
def endpoint_process(*words: str) -> Iterator[Endpoint]:
    """The scripted model as an endpoint, while the block runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ptool.serve", "server.port=0", *words],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield Endpoint(process.stdout.readline().removeprefix("serving ").strip())
    finally:
        process.terminate()
        process.communicate()


def derived(run: Path) -> dict[str, bytes]:
    """Every file the run's content decides: name -> bytes."""
    return {
        str(file.relative_to(run)): file.read_bytes()
        for file in sorted(run.rglob("*"))
        if file.is_file() and not file.name.startswith((".", "ledger")) and file.name not in TIMED
    }


def derived_but_card(run: Path) -> dict[str, bytes]:
    """Those but the dataset card, which tells of the settings and of the command line."""
    return {name: body for name, body in derived(run).items() if name != "dataset/README.md"}


def lines(file: Path) -> list[dict[str, Any]]:
    """The records of a JSONL file."""
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


def manifest(run: Path) -> dict[str, Any]:
    """What the run says of itself."""
    return orjson.loads((run / "manifest.json").read_bytes())


def children(process: int) -> list[int]:
    """The processes that a process has begun and that are not over."""
    try:
        return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:
        return []


def is_over(process: int) -> bool:
    """Whether a process has ended, waited for or not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def until(what: Callable[[], bool]) -> None:
    """Wait for something that is sure to come."""
    while not what():
        time.sleep(0.01)
