"""The golden set of the harnesses: samples of three groups, answers right, wrong and unreadable, and what
`ptool.evaluate` makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evaluation_doubles import record, settings
from ptool.benchmark import Format, render
from ptool.benchmark.metrics import SCORES
from ptool.benchmark.reading import items
from ptool.evaluation.runner import evaluate

GROUPS = ("trained", "untrained", "untrained", "unseen")
SLIPS = (
    lambda text: text,
    lambda text: text.replace("Lyon", "Oslo"),
    lambda text: text,
    lambda text: text.replace("East", "West"),
    lambda text: f"I would say: {text}",
    lambda text: "",
    lambda text: text.replace("homeCity", "home"),
)


def dataset(folder: Path, count: int = 18, **changes: Any) -> Path:
    """A file of samples: 5 users, 3 groups, one or two calls, every ninth without a profile's parameter."""
    records = []
    for number in range(count):
        one = record(number, user_id=f"u{number % 5}", group=GROUPS[number % 4], **changes)
        if number % 3 == 2:
            one["answer"][1].append({"callTaxi": {}})
        if number % 9 == 8:
            one["profile_params"], one["origins"] = [], one["origins"][:1]
        records.append(one)
    file = folder / "samples.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in records))
    return file


def answers(file: Path, format: Format) -> dict[str, str]:
    """Query -> answer, without outer braces: so `official` reads the same from a file as from a model."""
    found = {}
    for number, item in enumerate(items(file)):
        found[item.query] = SLIPS[number % len(SLIPS)](render(item, format, braces=False))
    return found


def expected(folder: Path, file: Path, format: Format, scorer: str, tolerance: str) -> dict[str, float]:
    """What `ptool.evaluate` has: every column of Table 1, and overall by group; no entry: not applicable."""
    given = answers(file, format)
    predictions = folder / "predictions.jsonl"
    lines = ({"id": one.id, "predict": given[one.query]} for one in items(file))
    predictions.write_text("".join(json.dumps(one) + "\n" for one in lines))
    chosen = settings(file, folder / "run", predictions=str(predictions), format=format, scorer=scorer)
    evaluate(chosen)
    sections = json.loads((folder / "run" / "scores.json").read_text())["scorers"][scorer][tolerance]
    main = sections["overall"] if "overall" in sections else sections["all"]
    groups = {f"overall_{one}": sections[one]["overall"] for one in GROUPS if one in sections}
    found = {name: main[name] for name in SCORES} | groups
    return {name: value for name, value in found.items() if value is not None}
