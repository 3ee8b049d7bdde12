"""The benchmark suite: one command, one table. `make bench`, or `python bench.py`.

    python bench.py [--only NAME …] [--rounds 1] [--sizes NAME=N,N …] [--out bench.md]
    python bench.py --against REV [--rounds 3]     beside another revision, in turn, at small sizes
    python bench.py --peers                        other frameworks beside it (peers.py)

What is measured is in the other scripts of this folder, each with bars of its own; here they run small, each
size in a process of its own, and every figure stands in a Markdown table with how it grows. On a busy machine
only processor's times and ratios mean much. Beside another revision a processor's time is the least of all
rounds, for neighbours only add to it, and what is more than 10 % longer is measured once more before that is
said. The exit status is 1 where it is, or where something could not be measured.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from measures import ProbeError, exponent, in_own_process, load, processor_seconds

ROOT = Path(__file__).resolve().parents[2]
MOST_LONGER = 0.10
"""Share of a processor's time by which this revision may exceed another."""
CPU = "CPU, "
"""How the figures begin that revisions are compared by."""

SUITE: dict[str, tuple[str, tuple[int, ...], str]] = {
    "start-up": ("start_up", (1,), "run"),
    "conversation": ("framework_cost", (1_000, 4_000), "conversations"),
    "gateway": ("throughput", (16, 64, 256), "calls in flight"),
    "ledger": ("ledger_soak", (10_000, 100_000), "calls"),
    "scoring": ("scoring_speed", (1_000, 10_000), "answers"),
    "export": ("export_speed", (1_000, 10_000), "samples"),
    "trees": ("tree_scale", (100, 1_000, 10_000, 100_000), "leaves"),
    "samples": ("sample_scale", (1_000, 4_000), "samples"),
}
"""Name -> script, sizes, what they count."""
BESIDE = {"gateway": (64,)}
"""Sizes beside another revision, where the smallest is of too few calls to tell them apart."""

Runs = list[dict[str, float]]
"""The figures of every round."""


def main(words: Sequence[str] | None = None) -> int:
    """Measure what is asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=tuple(SUITE), default=tuple(SUITE), metavar="NAME")
    parser.add_argument("--rounds", type=int, help="1, and 3 beside another revision")
    parser.add_argument("--sizes", nargs="+", type=_sizes, default=[], metavar="NAME=N,N")
    parser.add_argument("--against", metavar="REV")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--out", type=Path, help="a file for the table")
    given = parser.parse_args(words)
    sizes = {name: SUITE[name][1] for name in given.only}
    if given.against:
        sizes = {name: BESIDE.get(name, wanted[:1]) for name, wanted in sizes.items()}
    sizes |= {name: wanted for name, wanted in given.sizes if name in sizes}
    rounds = given.rounds or (3 if given.against else 1)
    begun = time.perf_counter()
    lines: list[str] = []
    _tell(lines, heading(rounds, given.against))
    with other_revision(given.against) as package, TemporaryDirectory(prefix="ptool-bench-") as folder:
        bad = 0
        for name, wanted in sizes.items():
            keeps = Path(folder) if name == "gateway" else None
            table, faults = measured(name, wanted, rounds, package, keeps)
            _tell(lines, table)
            bad += faults
    if given.peers:
        from peers import compared_with_peers

        _tell(lines, compared_with_peers(folder=ROOT / ".venv" / "peers"))
    took = f"{time.perf_counter() - begun:,.0f} s, {processor_seconds():,.0f} of them the processor's"
    _tell(lines, ["", f"All of it took {took}; load average at the end: {load()}."])
    if given.out:
        given.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if bad else 0


def _tell(lines: list[str], further: Sequence[str]) -> None:
    """Print lines as soon as they are known, for who interrupts keeps those; and add them to the others."""
    print(*further, sep="\n", flush=True)
    lines += further


def _sizes(word: str) -> tuple[str, tuple[int, ...]]:
    name, _, numbers = word.partition("=")
    if name not in SUITE:
        raise argparse.ArgumentTypeError(f"got {name!r}, expected one of {', '.join(SUITE)}")
    return name, tuple(int(number) for number in numbers.split(","))


@contextlib.contextmanager
def other_revision(revision: str | None) -> Iterator[Path | None]:
    """A folder that holds the `ptool` of another revision; None where none is asked for."""
    if revision is None:
        yield None
        return
    with TemporaryDirectory(prefix="ptool-bench-revision-") as folder:
        tree = Path(folder) / "ptool"
        git = ["git", "-C", str(ROOT), "worktree"]
        done = subprocess.run([*git, "add", "--detach", str(tree), revision], capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["git does not say why"])[-1]
            print(f"--against {revision}: {said}", file=sys.stderr)
            raise SystemExit(2)
        try:
            yield Path(folder)
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], capture_output=True)


def measured(
    name: str, sizes: Sequence[int], rounds: int, package: Path | None, kept: Path | None
) -> tuple[list[str], int]:
    """The rows of one benchmark, and how many of its figures are bad or missing.

    Args: package: of the other revision; kept: where every round finds what an earlier one prepared.
    """
    script, _, counted = SUITE[name]
    ours: dict[int, Runs] = {size: [] for size in sizes}
    theirs: dict[int, Runs] = {size: [] for size in sizes}
    faults: list[str] = []
    table: list[str] = []
    longer = 0
    for again in ("", " once more"):
        for size, number in product(sizes, range(rounds)):
            told = f"{name}, {size:,} {counted}, round {number + 1} of {rounds}{again}"
            print(told, file=sys.stderr, flush=True)
            for runs, place in ((ours, None), (theirs, package))[: 1 + (package is not None)]:
                folder = kept / ("theirs" if place else "ours") / str(size) if kept else None
                try:
                    runs[size].append(in_own_process(script, size, place, folder))
                except ProbeError as error:
                    faults.append(f"{size:,} {counted}{', the other revision' if place else ''}: {error}")
        table, longer = rows(name, counted, ours, theirs if package else None)
        if not longer:
            break
    return [*table, *(f"| {name} | not measured: {_cell(fault)} |" for fault in faults)], longer + len(faults)


def rows(
    name: str, counted: str, ours: Mapping[int, Runs], theirs: Mapping[int, Runs] | None = None
) -> tuple[list[str], int]:
    """A row for every figure, of all rounds; and how many processor's times are too much longer.

    Args: ours, theirs: size -> the figures of every round, of this revision and of another.
    """
    figures = list(dict.fromkeys(figure for runs in ours.values() for run in runs for figure in run))
    table: list[str] = []
    longer = 0
    for figure in figures:
        of_rounds = min if theirs is not None and figure.startswith(CPU) else statistics.median
        found = _by_size(ours, figure, of_rounds)
        cells = [name, figure, " · ".join(f"{size:,}: {_number(found[size])}" for size in found), counted]
        grown = exponent(list(found), list(found.values()))
        cells.append("" if grown is None else f"{grown:+.2f}")
        if theirs is not None:
            other = _by_size(theirs, figure, of_rounds)
            changes = [found[size] / other[size] - 1 for size in found if other.get(size)]
            worst = max(changes, default=0.0)
            bad = figure.startswith(CPU) and worst > MOST_LONGER
            longer += bad
            cells.append(" · ".join(_number(value) for value in other.values()))
            cells.append(f"{worst:+.1%}{' **longer**' if bad else ''}" if changes else "")
        table.append(f"| {' | '.join(map(_cell, cells))} |")
    return table, longer


def _by_size(
    runs: Mapping[int, Runs], figure: str, of_rounds: Callable[[list[float]], float]
) -> dict[int, float]:
    found = {size: [run[figure] for run in of_size if figure in run] for size, of_size in runs.items()}
    return {size: of_rounds(values) for size, values in found.items() if values}


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def heading(rounds: int, against: str | None) -> list[str]:
    """What machine it was, when, how often it was measured, and the head of the table."""
    revision = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True
    ).stdout.strip()
    columns = ["", "figure", "by size", "size", "exponent"]
    columns += [against, "change"] if against else []
    return [
        f"# ptool {revision or 'without git'}, {date.today().isoformat()}",
        "",
        f"{os.cpu_count()} cores, {processor()}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; load average at the start: {load()}.",
        f"{f'Medians of {rounds} rounds' if rounds > 1 else 'One round'}"
        f"{', of the processor the least' if against and rounds > 1 else ''}.",
        "Exponent: a figure grows as size ** exponent; +0.00 is the same at every size.",
        "",
        f"| {' | '.join(columns)} |",
        f"|{' --- |' * len(columns)}",
    ]


def processor() -> str:
    """The processor's name."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    raise SystemExit(main())
