"""ACEBench `normal_preference` (Chen et al. 2025): a question, functions and a user's profile; no platforms.

Two files: the questions, and beside them the answers, `<name>_answers.jsonl` or `possible_answer/<same
name>`. The upstream protocol is kept: one answer, calls in any order, parameters the schema does not require
may be left out, others may not be added. The upstream value rule (the gold text, folded, occurs *within* the
answer's text) is kept by `protocols.acebench`, the upstream reader by `protocols.reading`; strict compares
whole folded texts. A record says nothing of the origin of its values, so
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
from .raw_records import RawRecord, SharedValues, fingerprint, function_schemas, read_records, shortened

RULES = Rules(text="folded")
_NUMBERED = re.compile(r"_\d+$")  # upstream numbers repeated functions: f_1, f_2
_MAX_PROFILE = 200_000  # characters


def read(path: Path, group: Group | None = None) -> Iterator[Item]:
    """The items of a file of questions, or of its folder. Raises StoreError with the place of a bad line."""
    file = questions_file(path)
    answers = {answer.get("id", str): answer for answer in read_records(answers_file(file))}
    shared = SharedValues()
    for record in read_records(file):
        answer = answers.pop(record.get("id", str), None)
        if answer is None:
            raise record.wrong(
                "id", record.value["id"], f"an id that {answers_file(file).name} answers, once"
            )
        yield _item(record, answer, shared, group)
    if answers:
        raise StoreError(
            f"{answers_file(file)}: answers {shortened(next(iter(answers)))}, which {file.name} does not ask"
        )


def questions_file(path: Path) -> Path:
    """The file of questions a path stands for. Raises StoreError where a folder has none, or several."""
    if not path.is_dir():
        return path
    files = [file for file in sorted(path.glob("*normal_preference*.json*")) if "_answers" not in file.name]
    if len(files) != 1:
        names = ", ".join(file.name for file in files) or "none"
        raise StoreError(f"{path}: {names}, expected one file *normal_preference*.json; name the file")
    return files[0]


def answers_file(questions: Path) -> Path:
    """The file that answers a file of questions. Raises StoreError where there is none."""
    beside = questions.with_name(f"{questions.stem}_answers{questions.suffix}")
    for candidate in (beside, questions.parent / "possible_answer" / questions.name):
        if candidate.is_file():
            return candidate
    raise StoreError(
        f"{questions}: no answers; expected {beside.name} or possible_answer/{questions.name} beside it"
    )


def _item(record: RawRecord, answer: RawRecord, shared: SharedValues, group: Group | None) -> Item:
    tools = shared.get(record, record.get("function", list), function_schemas)
    profile = record.get("profile", str)
    return Item(
        id=record.get("id", str),
        user=f"user-{fingerprint(profile).hex()}",
        scenario="normal_preference",
        group=group,
        platform=None,
        calls=_calls(answer, tools),
        tools=tools,
        query=record.get("question", str).strip().removeprefix("user:").strip(),
        source="acebench",
        rules=RULES,
        user_profile=shared.get(record, profile, _profile),
    )


def _calls(answer: RawRecord, tools: dict[str, dict[str, Any]]) -> tuple[GoldCall, ...]:
    truth = answer.get("ground_truth", (dict, list))
    if isinstance(truth, list):
        if len(truth) != 1 or not isinstance(truth[0], dict):
            raise answer.wrong("ground_truth", truth, "one answer {function: {parameter: value}}")
        truth = truth[0]
    return tuple(_call(answer, name, values, tools) for name, values in truth.items())


def _call(answer: RawRecord, name: str, values: Any, tools: dict[str, dict[str, Any]]) -> GoldCall:
    name = name if name in tools else _NUMBERED.sub("", name)
    if not isinstance(values, dict) or name not in tools:
        raise answer.wrong(f"ground_truth.{name}", values, f"values for one of {', '.join(tools)}")
    required = tools[name].get("parameters", {}).get("required", ())
    return GoldCall(
        name,
        {parameter: (value,) for parameter, value in values.items()},
        optional=frozenset(values) - {*required},
    )


def _profile(_: RawRecord, text: str) -> dict[str, Any]:
    """The profile, which upstream prints as Python literals; else its text as it stands."""
    if len(text) <= _MAX_PROFILE:
        try:
            value = ast.literal_eval(text.strip().rstrip("."))
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            value = None
        if isinstance(value, dict):
            return value
    return {"profile": text}
