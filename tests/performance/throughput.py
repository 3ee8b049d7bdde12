"""How close ptool comes to what an endpoint can give: efficiency and client CPU a call.

    python throughput.py [--rounds 3] [--users 80] [--queries 48] [--loop uvloop] [--folder FOLDER]

A scripted run is recorded once. Then `python -m ptool.serve server.replay=…` answers from the recording after
200 ms, in its own process, while each way of asking (throughput_ways.py) runs in a process of its own, in
turn, several rounds. Printed are medians: efficiency = calls x latency / concurrency / wall; CPU (user and
system, all threads) a call, of the client and of the server; the client's in multiples of raw aiohttp's in
the same round, which depends least on the machine. The exit status is 1 where a bar is missed; on a busy
machine efficiency tells more about the neighbours: its load is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from episodes import record, settings_of
from measures import load

LATENCY = 0.2
TICKS = os.sysconf("SC_CLK_TCK")
WAYS = Path(__file__).with_name("throughput_ways.py")


@dataclass(frozen=True, slots=True)
class Case:
    """A way to ask, and what it must reach; None: only shown."""

    way: str
    concurrency: int
    least_efficiency: float | None = None
    most_cpu: float | None = None
    """milliseconds of the client's CPU a call"""
    most_ratio: float | None = None
    """the same in multiples of raw aiohttp's"""
    share: float = 1.0
    """of the questions that are asked"""


CASES = (
    Case("raw", 256),
    Case("sdk", 256, share=0.25),
    Case("create", 256, 0.90, 0.3, None),
    Case("whole", 256, 0.80, 0.7, 3.5),
    Case("create", 64, 0.95, share=0.6),
    Case("whole", 64, 0.95),
)


CALLS = {16: (12, 24), 64: (29, 40), 256: (48, 40)}
"""In flight -> users of a probe and queries of each: some ten seconds of calls."""


@dataclass(slots=True)
class Found:
    """Figures of one case, one of each a round."""

    calls: int = 0
    efficiency: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    ratio: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is asked."""

    users: int
    queries: int
    calls: int
    rounds: int
    loop: str


@contextlib.contextmanager
def server(*words: str) -> Iterator[tuple[str, int]]:
    """A server process: its base URL and its id."""
    command = [sys.executable, "-m", "ptool.serve", "server.port=0", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("serving "):
            raise SystemExit(f"{' '.join(command)} does not serve")
        yield line.split()[1], process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def cpu_of(pid: int) -> float:
    """User and system seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(case: Case, folder: Path, size: Size, base_url: str, pid: int, found: Found) -> None:
    """One case once, added to its figures."""
    calls = int(size.calls * case.share)
    words = (case.way, folder, base_url, calls, size.users, size.queries, case.concurrency, size.loop)
    before = cpu_of(pid)
    done = subprocess.run(
        [sys.executable, str(WAYS), *map(str, words)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-4000:])
    one = json.loads(done.stdout.splitlines()[-1])
    found.calls = one["calls"]
    found.efficiency.append(one["calls"] * LATENCY / case.concurrency / one["wall"])
    found.cpu.append(one["cpu"] / one["calls"] * 1e3)
    found.server.append((cpu_of(pid) - before) / one["calls"] * 1e3)


def rounds(folder: Path, size: Size, cases: Sequence[Case] = CASES) -> dict[Case, Found]:
    """Every case in turn, several times; the first of them is what ratios are of."""
    figures = {case: Found() for case in cases}
    with server(f"server.replay={folder / 'recording.jsonl'}", f"server.latency={LATENCY}") as (
        base_url,
        pid,
    ):
        for number in range(size.rounds):
            for case, found in figures.items():
                measure(case, folder, size, base_url, pid, found)
                found.ratio.append(found.cpu[-1] / figures[cases[0]].cpu[-1])
            print(f"round {number + 1} of {size.rounds}; load average {load()}", file=sys.stderr, flush=True)
    return figures


def prepare(folder: Path, users: int, queries: int) -> int:
    """Record the run in a folder, unless it is there; the number of questions of its episodes."""
    note = folder / "prepared.json"
    wanted = {"users": users, "queries": queries}
    if note.is_file() and (known := json.loads(note.read_text())).items() >= wanted.items():
        return known["calls"]
    with server(f"server.record={folder / 'recording.jsonl'}") as (base_url, _):
        calls = asyncio.run(record(settings_of(base_url, users, queries, 64), folder))
    note.write_text(json.dumps({**wanted, "calls": calls}))
    return calls


def report(figures: dict[Case, Found]) -> int:
    """Print the medians beside their bars; how many are missed."""
    heads = (
        f"{'efficiency':>26}",
        f"{'client CPU, ms':>26}",
        f"{'x raw aiohttp':>24}",
        f"{'server CPU, ms':>16}",
    )
    print(f"{'':<14}{'calls':>7}", *heads, sep="")
    missed = 0
    for case, found in figures.items():
        efficiency, cpu, ratio = map(statistics.median, (found.efficiency, found.cpu, found.ratio))
        fails = (
            case.least_efficiency is not None and efficiency < case.least_efficiency,
            case.most_cpu is not None and cpu > case.most_cpu,
            case.most_ratio is not None and ratio > case.most_ratio,
        )
        missed += sum(fails)
        shown = (
            f"{efficiency:.3f}{_bar('>=', case.least_efficiency, fails[0])}",
            f"{cpu:.3f}{_bar('<=', case.most_cpu, fails[1])}",
            f"{ratio:.2f}{_bar('<=', case.most_ratio, fails[2])}",
        )
        print(
            f"{case.way:<8}@ {case.concurrency:<4}{found.calls:>7}{shown[0]:>26}{shown[1]:>26}{shown[2]:>24}"
            f"{statistics.median(found.server):>16.3f}"
        )
    return missed


def _bar(sign: str, bar: float | None, missed: bool) -> str:
    return "" if bar is None else f" ({'MISSED, ' if missed else ''}{sign} {bar:g})"


def probe(width: int, folder: Path) -> dict[str, float]:
    """ptool beside raw aiohttp and the openai package, over a server that takes 200 ms; width: in flight."""
    users, queries = CALLS[width]
    calls = prepare(folder, users, queries)
    cases = [
        Case(way, width, share=0.25 if way == "sdk" else 1.0) for way in ("raw", "sdk", "create", "whole")
    ]
    raw, sdk, create, whole = rounds(folder, Size(users, queries, calls, 1, "asyncio"), cases).values()
    return {
        "efficiency, whole path": whole.efficiency[0],
        "efficiency, client": create.efficiency[0],
        "CPU, ms a call, whole path": whole.cpu[0],
        "CPU, ms a call, client": create.cpu[0],
        "openai package, ms a call": sdk.cpu[0],
        "openai package / client": sdk.cpu[0] / create.cpu[0],
        "whole path / raw aiohttp": whole.cpu[0] / raw.cpu[0],
    }


def main() -> int:
    """Prepare, measure, compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--users", type=int, default=80)
    parser.add_argument("--queries", type=int, default=48, help="a user")
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="asyncio")
    parser.add_argument("--folder", type=Path, help="keeps the recording for the next time")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ptool-throughput-") as scratch:
        folder = given.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        calls = prepare(folder, given.users, given.queries)
        before = load()
        figures = rounds(folder, Size(given.users, given.queries, calls, given.rounds, given.loop))
    print(f"{given.rounds} rounds on {os.cpu_count()} cores, loop {given.loop}, latency {LATENCY:g} s")
    print(f"load average {before} before, {load()} after")
    return 1 if report(figures) else 0


if __name__ == "__main__":
    raise SystemExit(main())
