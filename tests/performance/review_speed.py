"""What a review of ten thousand samples takes: opening it, a page of the queue, a sample, a save, memory.

    python tests/performance/review_speed.py RUN        a finished run, such as experiment=paper left

All parts of the run are reviewed, repeated under other ids until there are 10,000. The figures are of the
store alone, without a server.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson
from measures import peak

SAMPLES = 10_000
_PARTS = ("samples", "train", "test", "unseen", "reserve")


def enlarged(run: Path, place: Path) -> Path:
    """A copy of a run whose index has 10,000 samples; those added are others under another id."""
    shutil.copytree(run, place, ignore=shutil.ignore_patterns("tables", "reviews.sqlite*", "verified"))
    lines = [
        line
        for line in map(orjson.loads, (place / "dataset/index.jsonl").read_bytes().splitlines())
        if line["file"].removesuffix(".jsonl") in _PARTS
    ]
    more = [
        lines[number % len(lines)] | {"id": f"{lines[number % len(lines)]['id']}-{number}"}
        for number in range(max(SAMPLES - len(lines), 0))
    ]
    written = b"".join(orjson.dumps(line) + b"\n" for line in [*lines, *more][:SAMPLES])
    (place / "dataset/index.jsonl").write_bytes(written)
    return place


def milliseconds(act: Callable[[int], object], times: int) -> str:
    """Median and 95th percentile of some calls, and the median of the processor's time."""
    taken, busy = [], []
    for number in range(times):
        start, used = time.perf_counter(), time.process_time()
        act(number)
        taken.append(1000 * (time.perf_counter() - start))
        busy.append(1000 * (time.process_time() - used))
    slow = sorted(taken)[int(0.95 * times)]
    return (
        f"{statistics.median(taken):.1f} ms, 95 % {slow:.1f} ms, processor {statistics.median(busy):.1f} ms"
    )


def measure(run: Path) -> None:
    """Print the figures; in a process of its own, for the memory."""
    start = time.perf_counter()
    from ptool.reviews import Correction, CriteriaReview, ReviewDraft, ReviewStore
    from ptool.reviews.queue import QueueFilter

    imported = time.perf_counter() - start
    parts = [part for part in _PARTS if (run / f"dataset/{part}.jsonl").is_file()]
    start = time.perf_counter()
    store = ReviewStore(run, parts=parts, annotators=["Ada", "Bob", "Cleo"])
    print(f"imports {imported:.2f} s, opening {len(store.catalogue.entries):,} samples", end=" ")
    print(f"{time.perf_counter() - start:.2f} s (processor, both: {time.process_time():.2f} s)")
    start = time.perf_counter()
    store.warm()
    print(f"what the first correction needs, once: {time.perf_counter() - start:.2f} s")
    ids = list(store.assignment.order)
    step = max(len(ids) // 100, 1)
    print("a sample with its reviews:", milliseconds(lambda n: _shown(store, ids[n * step]), 100))

    def save(number: int) -> None:
        content = CriteriaReview(query="ok", platform="ok", calls="ok")
        id = ids[number]
        store.save(ReviewDraft(sample=id, task="criteria", annotator="Ada", base=0, content=content))

    def correct(number: int) -> None:
        id = ids[-1 - number]
        query = f"{store.sample(id).query} Thank you."
        content = CriteriaReview(query="fix", platform="ok", calls="ok", correction=Correction(query=query))
        draft = ReviewDraft(sample=id, task="criteria", annotator="Ada", base=0, content=content)
        if not store.check(draft):
            store.save(draft)

    print("a save of marks:", milliseconds(save, 300))
    print("a save with a correction:", milliseconds(correct, 100))
    wanted = QueueFilter()
    print("the next sample:", milliseconds(lambda _: store.next("Ada", "criteria", wanted, ids[40]), 20))
    print("a page of the queue:", milliseconds(lambda _: store.page("Ada", "criteria", wanted), 20))
    print("progress:", milliseconds(lambda _: store.progress("Ada", "criteria"), 20))
    print(f"peak memory so far: {peak():.0f} MB")
    start = time.perf_counter()
    flagged = store.page("Ada", "criteria", QueueFilter(show="all", flagged="verifier")).total
    print(f"first filter by who objected ({flagged:,} found): {time.perf_counter() - start:.2f} s")
    store.close()


def _shown(store, id: str) -> object:
    from ptool.reviews.evidence import argument_evidence

    return argument_evidence(store.sample(id)), store.reviews(id)


if __name__ == "__main__":
    if sys.argv[1] == "--measure":
        measure(Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            large = enlarged(Path(sys.argv[1]), Path(folder) / "run")
            subprocess.run([sys.executable, __file__, "--measure", str(large)], check=True, env=os.environ)
