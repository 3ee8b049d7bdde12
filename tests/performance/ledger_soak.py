"""A ledger of a million calls: memory, cost of a call, time to open it again.

`python ledger_soak.py [CALLS] [FOLDER]` keeps CALLS answers (default 1,000,000) of 400 to 1,600
characters under digests as keys, each with what was asked (60 kB that all share, 5 kB of its own), 256 under
way at a time, a lookup before each as in a fresh run, and prints every figure beside its bar; the exit status
is 1 where one is missed.

Measured with a million on 2 cores (November 2026), before messages were kept: RSS 52.5 MB after 10 %, 52.9 MB
at the end; a kept call 35 µs CPU at 10 %, 45 µs at 50 %, 53 µs at 100 %; a miss 0.6 µs, a hit 22 µs; open
again 1.3 s; 1.4 GB in all. With 60,000 on two busy cores: 41 to 46 µs CPU and 1.4 kB a call without messages,
175 µs and 5.6 kB with them. Digests of rows add 4 µs to a call, and 5 s a million calls to opening again.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from measures import resident
from ptool.records.model_calls import Answer
from ptool.store import Ledger

WIDTH = 256
TEXT = random.Random(1).randbytes(2_000_000).hex()
SYSTEM = TEXT[:60_000]
BARS = {
    "RSS growth after 10 %, MB": 50.0,
    "last tenth / second tenth, CPU": 2.0,
    "a miss, µs": 10.0,
    "greatest WAL, MB": 80.0,
    "open again, s": 10.0,
}
"""Figure -> most it may be."""


def probe(calls: int, folder: Path) -> dict[str, float]:
    """Calls kept, and a ledger opened again as a resumed run does; size: calls."""
    path = folder / "ledger.sqlite"
    found = asyncio.run(fill(path, calls))
    busy = time.process_time()
    opened = again(path, calls)
    return {
        "CPU, µs a kept call": found["a kept call at 100 %, µs CPU"],
        "rows a second": 1e6 / found["a kept call at 100 %, µs wall"],
        "resume: opened again, s": opened["open again, s"],
        "CPU, µs a call opened again": (time.process_time() - busy) / calls * 1e6,
        "memory, MB": found["RSS at the end, MB"],
    }


def main() -> int:
    """Keep, measure, compare."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    place = sys.argv[2] if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory(prefix="ptool-ledger-soak-", dir=place) as folder:
        path = Path(folder) / "ledger.sqlite"
        found = asyncio.run(fill(path, calls)) | again(path, calls)
    missed = 0
    for name, value in found.items():
        most = BARS.get(name)
        missed += most is not None and value > most
        print(f"{name:<34}{value:>12.3f}{'' if most is None else f'   wanted at most {most:g}'}")
    return 1 if missed else 0


async def fill(path: Path, calls: int) -> dict[str, float]:
    """Keep the calls in ten equal parts; figures of the parts that tell whether the cost is flat."""
    found: dict[str, float] = {}
    cpu, walls, sizes, wal = [], [], [], 0.0
    with Ledger(path) as ledger:
        numbers = iter(range(calls))
        for _ in range(10):
            part = calls // 10
            begun, busy = time.perf_counter(), time.process_time()
            chunk = islice(numbers, part)
            await asyncio.gather(*(worker(ledger, chunk) for _ in range(WIDTH)))
            cpu.append((time.process_time() - busy) / part * 1e6)
            walls.append((time.perf_counter() - begun) / part * 1e6)
            sizes.append(resident())
            wal = max(wal, megabytes(Path(f"{path}-wal")))
        keys = [key(calls + number) for number in range(20_000)]
        begun = time.perf_counter()
        assert not any(map(ledger.find_answer, keys))
        found["a miss, µs"] = (time.perf_counter() - begun) / len(keys) * 1e6
    for share, number in (("10 %", 0), ("50 %", 4), ("100 %", 9)):
        found[f"a kept call at {share}, µs wall"] = walls[number]
        found[f"a kept call at {share}, µs CPU"] = cpu[number]
    return found | {
        "last tenth / second tenth, CPU": cpu[-1] / cpu[1],
        "RSS after 10 %, MB": sizes[0],
        "RSS at the end, MB": sizes[-1],
        "RSS growth after 10 %, MB": sizes[-1] - sizes[0],
        "greatest WAL, MB": wal,
    }


async def worker(ledger: Ledger, numbers: Iterator[int]) -> None:
    """One of the calls under way: look it up, keep it."""
    for number in numbers:
        answer = made(number)
        assert ledger.find_answer(answer.key) is None
        await ledger.save_answer(answer, asked(number))


def again(path: Path, calls: int) -> dict[str, float]:
    """Open the ledger as a continued run does, and find what is in it."""
    begun = time.perf_counter()
    with Ledger(path) as ledger:
        seconds = time.perf_counter() - begun
        assert ledger.spent().calls == calls // 10 * 10
        some = range(0, calls // 10 * 10, max(1, calls // 2_000))
        begun = time.perf_counter()
        assert all(ledger.find_answer(key(number)) == made(number) for number in some)
        hit = (time.perf_counter() - begun) / len(some) * 1e6
    return {"open again, s": seconds, "a hit, µs": hit, "file, MB": megabytes(path)}


def key(number: int) -> bytes:
    """The key of a call."""
    return blake2b(b"%d" % number, digest_size=16).digest()


def asked(number: int) -> list[tuple[str, str]]:
    """What such a call asks: the role's long text, the same every time, and 5 kB of its own."""
    start = number * 15_485_863 % (len(TEXT) - 5_000)
    return [("system", SYSTEM), ("user", TEXT[start : start + 5_000])]


def made(number: int) -> Answer:
    """A call such as an episode has."""
    size = 400 + number * 7_919 % 1_200
    start = number * 104_729 % (len(TEXT) - size)
    return Answer(
        key(number), "episodes", "user", f"episodes/shopping-u{number // 80:05}-{number % 80:04}/user/0",
        "gpt-4o-mini at https://api.openai.com/v1", TEXT[start : start + size], "stop", 20_000, 300, None,
        0.001, 0.8,
    )  # fmt: skip


def megabytes(path: Path) -> float:
    """The size of a file."""
    return path.stat().st_size / 1e6


if __name__ == "__main__":
    raise SystemExit(main())
