"""How large the page of a comparison is that has every sample of three models to browse.

`python page_size.py RUN FOLDER` evaluates the samples of a finished run three times by baselines, and three
times by answers of 2,000 characters of prose, the most a page keeps of one. Prompts show all tools. Printed
is the size of both pages beside the bar; the exit status is 1 where one is above it.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from ptool import compare
from ptool.benchmark.reading import items
from ptool.evaluate import main as evaluate

BAR = 5_000_000
"""bytes"""
BASELINES = ("random", "copy_profile", "scripted")
LENGTH = 2_000
"""characters of a wordy answer"""


def wordy(run: Path, file: Path, seed: int) -> None:
    """Write predictions of prose, of words that are in the queries."""
    rng = random.Random(seed)
    samples = list(items(run))
    words = sorted({word for item in samples for word in item.query.split()})
    with file.open("w", encoding="utf-8") as lines:
        for item in samples:
            text = " ".join(rng.choices(words, k=LENGTH // 4))[:LENGTH]
            lines.write(json.dumps({"id": item.id, "predict": text}) + "\n")


def page(run: Path, folder: Path, answers: dict[str, str]) -> int:
    """Bytes of the page that compares three evaluations. Args: answers: name -> the word that gives them."""
    for name, word in answers.items():
        words = [f"data={run}", word, "tools=scenario", "beside=[]", f"run.dir={folder / name}"]
        if status := evaluate(words):
            raise SystemExit(status)
    compared = folder / "-".join(answers)
    if status := compare.main([*(str(folder / name) for name in answers), f"run.dir={compared}"]):
        raise SystemExit(status)
    return (compared / "leaderboard.html").stat().st_size


def main(words: list[str]) -> int:
    """Measure and compare."""
    if len(words) != 2:
        print(__doc__)
        return 2
    run, folder = map(Path, words)
    folder.mkdir(parents=True)
    sizes = {"baselines": page(run, folder, {name: f"baseline={name}" for name in BASELINES})}
    for seed in range(3):
        wordy(run, folder / f"wordy{seed}.jsonl", seed)
    files = {f"wordy{seed}": f"predictions={folder / f'wordy{seed}.jsonl'}" for seed in range(3)}
    sizes["prose"] = page(run, folder, files)
    for name, size in sizes.items():
        print(f"{name}: {size / 1e6:.2f} MB (wanted at most {BAR / 1e6:g})")
    return 1 if max(sizes.values()) > BAR else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
