"""How fast answers are scored, on one core, and whether memory grows with their number.

`python scoring_speed.py RUN` takes the samples of a finished run; an answer is the gold of its
sample, and every third one the gold of another sample (wrong answers cost more: their mistakes are
explained). Printed are answers a second of processor time, the best and the median of seven rounds, beside
their bars, and the peak memory after 100,000 and after 1,000,000 answers (`n=…` for fewer). The exit status
is 1 where a bar is missed.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from export_speed import dataset
from measures import peak
from ptool.benchmark import Item, render, score
from ptool.benchmark.reading import items

BARS = {"strict": 20_000, "official": 10_000}
GROWTH = 2.0
"""MiB the peak may grow by between 100,000 and 1,000,000 answers"""


def answers(samples: list[Item], format: str, braces: bool) -> list[tuple[Item, str]]:
    """Two right answers, then a wrong one."""
    texts = [render(one, format, braces=braces) for one in samples]  # type: ignore[arg-type]
    return [(one, texts[(number + 7 * (number % 3 == 2)) % len(texts)]) for number, one in enumerate(samples)]


def rates(pairs: list[tuple[Item, str]], scoring: Callable[[Item, str], object]) -> list[float]:
    """Answers a second in each of seven rounds of at least 5,000."""
    pairs = pairs * (5_000 // len(pairs) + 1)
    found = []
    for _ in range(7):
        started = time.process_time()
        for item, text in pairs:
            scoring(item, text)
        found.append(len(pairs) / (time.process_time() - started))
    return found


def endless(pairs: list[tuple[Item, str]]) -> Iterator[tuple[Item, str]]:
    """The answers over and over, each text a new one."""
    number = 0
    while True:
        for item, text in pairs:
            number += 1
            yield item, f"{text}  # {number}" if number % 50 == 0 else text


def memory(pairs: list[tuple[Item, str]], n: int) -> tuple[float, float]:
    """Peak after a tenth of n answers, and after all of them."""
    stream, right, early = endless(pairs), 0, 0.0
    for number, (item, text) in enumerate(islice(stream, n)):
        right += score(item, text).overall
        if number == n // 10:
            early = peak()
    assert 0 < right < n
    return early, peak()


def probe(number: int, folder: Path) -> dict[str, float]:
    """Answers scored; size: answers."""
    data = dataset(folder / "data", number, 8)
    pairs = answers(list(items(data)), "python", braces=True)
    best = max(rates(pairs, score))
    return {"CPU, µs an answer": 1e6 / best, "answers a second": best, "peak memory, MiB": peak()}


def main(words: list[str]) -> int:
    """Measure and compare."""
    if not words:
        print(__doc__)
        return 2
    samples = list(items(Path(words[0])))
    n = next((int(word[2:]) for word in words if word.startswith("n=")), 1_000_000)
    length = statistics.mean(len(render(one)) for one in samples)
    print(f"{len(samples)} samples; answers of {length:.0f} characters")
    missed = 0
    for scorer in ("strict", "official"):
        for format in ("python", "json", "native"):
            pairs = answers(samples, format, braces=scorer == "strict")
            found = rates(pairs, lambda item, text, f=format, s=scorer: score(item, text, f, s))
            best, median = max(found), statistics.median(found)
            bar = BARS[scorer] if format == "python" else 0
            missed += best < bar
            wanted = f" (wanted {bar:,})" if bar else ""
            print(f"{scorer:<9}{format:<8}best {best:>8,.0f}/s, median {median:>8,.0f}/s{wanted}")
    early, late = memory(answers(samples, "python", braces=True), n)
    print(
        f"peak after {n // 10:,}: {early:.1f} MiB, after {n:,}: {late:.1f} MiB (wanted at most {GROWTH} more)"
    )
    return 1 if missed or late - early > GROWTH else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
