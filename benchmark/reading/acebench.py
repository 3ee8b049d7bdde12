"""ACEBench `normal_preference` (Chen et al. 2025): a question, functions and a user's profile; no platforms.

Two files: the questions, and beside them the answers, `<name>_answers.jsonl` or `possible_answer/<same
name>`. The upstream protocol is kept: one answer, calls in any order, parameters the schema does not require
may be left out, others may not be added. The upstream value rule (the gold text, folded, occurs *within* the
answer's text) is kept by `protocols.acebench`; strict compares whole folded texts. Where it could not be
kept: upstream removes all white space before it parses. A record says nothing of the origin of its values, so
equations 4 and 5 are not applicable.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import StoreError
from ..items import GoldCall, Group, Item, Rules
from . import gold
from .lines import Entry, entries, shown

RULES = Rules(text="folded")
_NUMBERED = re.compile(r"_\d+$")  # upstream numbers repeated functions: f_1, f_2
_MAX_PROFILE = 200_000  # characters


def read(path: Path, group: Group | None = None) -> Iterator[Item]:
    """The items of a file of questions, or of its folder. Raises StoreError with the place of a bad line."""
    file = questions_file(path)
    answers = {one.get("id", str): one for one in entries(answers_file(file))}
    kept = gold.Shared()
    for entry in entries(file):
        answer = answers.pop(entry.get("id", str), None)
        if answer is None:
            raise entry.wrong("id", entry.value["id"], f"an id that {answers_file(file).name} answers, once")
        yield _item(entry, answer, kept, group)
    if answers:
        raise StoreError(
            f"{answers_file(file)}: answers {shown(next(iter(answers)))}, which {file.name} does not ask"
        )


def questions_file(path: Path) -> Path:
    """The file of questions a path stands for. Raises StoreError where a folder has none, or several."""
    if not path.is_dir():
        return path
    found = [one for one in sorted(path.glob("*normal_preference*.json*")) if "_answers" not in one.name]
    if len(found) != 1:
        names = ", ".join(one.name for one in found) or "none"
        raise StoreError(f"{path}: {names}, expected one file *normal_preference*.json; name the file")
    return found[0]


def answers_file(questions: Path) -> Path:
    """The file that answers a file of questions. Raises StoreError where there is none."""
    beside = questions.with_name(f"{questions.stem}_answers{questions.suffix}")
    for one in (beside, questions.parent / "possible_answer" / questions.name):
        if one.is_file():
            return one
    raise StoreError(
        f"{questions}: no answers; expected {beside.name} or possible_answer/{questions.name} beside it"
    )


def _item(entry: Entry, answer: Entry, kept: gold.Shared, group: Group | None) -> Item:
    tools = kept.get(entry, entry.get("function", list), gold.functions)
    profile = entry.get("profile", str)
    return Item(
        id=entry.get("id", str),
        user=f"user-{gold.digest(profile).hex()}",
        scenario="normal_preference",
        group=group,
        platform=None,
        calls=_calls(answer, tools),
        tools=tools,
        query=entry.get("question", str).strip().removeprefix("user:").strip(),
        source="acebench",
        rules=RULES,
        user_profile=kept.get(entry, profile, _profile),
    )


def _calls(answer: Entry, tools: dict[str, dict[str, Any]]) -> tuple[GoldCall, ...]:
    truth = answer.get("ground_truth", (dict, list))
    if isinstance(truth, list):
        if len(truth) != 1 or not isinstance(truth[0], dict):
            raise answer.wrong("ground_truth", truth, "one answer {function: {parameter: value}}")
        truth = truth[0]
    return tuple(_call(answer, name, values, tools) for name, values in truth.items())


def _call(answer: Entry, name: str, values: Any, tools: dict[str, dict[str, Any]]) -> GoldCall:
    name = name if name in tools else _NUMBERED.sub("", name)
    if not isinstance(values, dict) or name not in tools:
        raise answer.wrong(f"ground_truth.{name}", values, f"values for one of {', '.join(tools)}")
    required = tools[name].get("parameters", {}).get("required", ())
    return GoldCall(
        name, {one: (value,) for one, value in values.items()}, optional=frozenset(values) - {*required}
    )


def _profile(_: Entry, text: str) -> dict[str, Any]:
    """The profile, which upstream prints as Python literals; else its text as it stands."""
    if len(text) <= _MAX_PROFILE:
        try:
            value = ast.literal_eval(text.strip().rstrip("."))
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            value = None
        if isinstance(value, dict):
            return value
    return {"profile": text}
