"""Folders of finished evaluations without asking anybody: the real code marks and counts the answers."""

from pathlib import Path
from random import Random
from typing import Any

from ptool.benchmark import GoldCall, Item, render
from ptool.evaluation.results import Results, scores_csv
from ptool.evaluation.scoring import NoAnswer, RawAnswer, score_answer, scored_line, unanswered_line
from ptool.evaluation.shown_samples import ShownWriter
from ptool.store import write_bytes, write_json

SCENARIOS = {"shopping": "trained", "travel": "untrained", "finance": "unseen", "lifestyle": "unseen"}


def items(count: int = 48, **changes: Any) -> list[Item]:
    """Items of eight users in four scenarios, with two platforms each; a quarter has two calls."""
    found = []
    for number in range(count):
        scenario = list(SCENARIOS)[number % 4]
        names = ("findPlace", "bookPlace") if number % 16 < 4 else ("findPlace",)
        calls = tuple(
            GoldCall(one, {"town": ("Lund",), "day": (f"{number}",)}, {"town": "profile", "day": "query"})
            for one in names
        )
        values = {
            "id": f"s{number:03}",
            "user": f"u{number % 8}",
            "scenario": scenario,
            "group": SCENARIOS[scenario],
            "platform": ("Alpha", "Beta")[number % 3 == 0],
            "calls": calls,
            "query_params": ("day",) * len(calls),
            "profile_params": ("town",) * len(calls),
            "tools": {one: schema(one) for one in ("findPlace", "bookPlace")},
            "platforms": {"Alpha": ("findPlace", "bookPlace"), "Beta": ("findPlace", "bookPlace")},
            "query": f"a place on day {number}",
            "capabilities": {"findPlace": "find", "bookPlace": "book"},
        }
        found.append(Item(**(values | changes)))
    return found


def schema(name: str) -> dict[str, Any]:
    """A function with two parameters that are texts."""
    properties = {"town": {"type": "string"}, "day": {"type": "string"}}
    return {"name": name, "description": name, "parameters": {"type": "object", "properties": properties}}


def answers(found: list[Item], skill: float, seed: int = 0) -> list[RawAnswer | NoAnswer]:
    """Answers of somebody who has everything right as often as `skill` says, and else one thing wrong."""
    rng = Random(seed)
    given: list[RawAnswer | NoAnswer] = []
    for item in found:
        text = render(item)
        if rng.random() >= skill:
            text = rng.choice(_SLIPS)(text)
        given.append(RawAnswer(text))
    return given


_SLIPS = (
    lambda text: text.replace("'Lund'", "'Oslo'"),
    lambda text: text.replace("Alpha", "Beta") if "Alpha" in text else text.replace("Beta", "Alpha"),
    lambda text: text.replace("findPlace", "bookPlace"),
    lambda text: text.replace("town='Lund', ", ""),
    lambda text: f"I would say: {text}",
)


def evaluated(
    folder: Path,
    found: list[Item],
    given: list[RawAnswer | NoAnswer],
    answered_by: str = "m at http://x/v1",
    **about: Any,
) -> Path:
    """Mark the answers and leave the files that a report and a comparison are made from."""
    folder.mkdir()
    about = {
        "scorer": "strict",
        "variant": "all",
        "format": "python",
        "by": "model",
        "baseline": None,
    } | about
    results, lines = Results(about["scorer"], ("gold",)), []
    with (folder / "shown.jsonl").open("wb") as shown:
        writer = ShownWriter(shown)
        for item in found:
            writer.add(item, f"A profile:\n{item.user}\nSome tools:\n{sorted(item.tools)}")
    for item, one in zip(found, given, strict=True):
        if isinstance(one, NoAnswer):
            results.add_unanswered(one)
            lines.append(unanswered_line(item, one))
            continue
        result = score_answer(item, one, "python")
        results.add(item, result, one)
        results.add_baseline(
            "gold", score_answer(item, RawAnswer(render(item)), "python").scores[about["scorer"], "strict"]
        )
        lines.append(scored_line(item, one, result, about["scorer"]))
    told = {"data": "data.jsonl", "sources": {"ptool": len(found)}, "total": len(found), "n": len(found),
            "answers": answered_by, "seed": 0, "digest": "0123456789", **about}  # fmt: skip
    scores = results.scores(told, 0)
    write_bytes(folder / "per_sample.jsonl", b"".join(one + b"\n" for one in lines))
    write_json(folder / "scores.json", scores)
    write_bytes(folder / "scores.csv", scores_csv(scores).encode())
    return folder


def somebody(folder: Path, skill: float = 0.5, count: int = 48, **about: Any) -> Path:
    """An evaluation of somebody as skilled as that."""
    found = items(count)
    return evaluated(folder, found, answers(found, skill, seed=round(1_000 * skill)), **about)
