"""Small datasets, settings and model doubles for the tests of evaluations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ptool
import yaml
from autogen_core.models import CreateResult, RequestUsage
from ptool.benchmark import GoldCall, Item
from ptool.models.clients.base import OfflineModel
from ptool.models.faults import AttemptError
from ptool.settings import EvaluateSettings, validated

CONF = Path(ptool.__file__).parent / "conf"
FIND = {
    "name": "findItem",
    "description": "Search the shelves.",
    "parameters": {
        "type": "object",
        "properties": {"keyword": {"type": "string"}, "homeCity": {"type": "string"}},
        "required": ["keyword", "homeCity"],
    },
}
CALL = {
    "name": "callTaxi",
    "description": "Order a ride.",
    "parameters": {"type": "object", "properties": {}},
}
PROFILE = {
    "basic_features": {"home_city": "Lyon", "age": 40},
    "user_history": {
        "shopping": [
            {"platform": "East", "action": "Bought tea"},
            {"platform": "West", "action": "Bought a lamp"},
            {"platform": "East", "action": "Bought rice"},
        ]
    },
}


def item(**changes: Any) -> Item:
    """One sample: tea is looked for on platform East."""
    made: dict[str, Any] = {
        "id": "s1",
        "user": "u1",
        "scenario": "shopping",
        "group": None,
        "platform": "East",
        "calls": (GoldCall("findItem", {"keyword": ("tea",), "homeCity": ("Lyon",)},
                           {"keyword": "query", "homeCity": "profile"}),),
        "query_params": ("keyword",),
        "profile_params": ("homeCity",),
        "tools": {"findItem": FIND, "callTaxi": CALL},
        "platforms": {"West": ("callTaxi",), "East": ("findItem",)},
        "query": 'Search for "tea" near me',
        "user_profile": PROFILE,
        "characteristics": {"East": {"price": "low"}, "West": {"price": "high"}},
    }  # fmt: skip
    return Item(**{**made, **changes})


def record(number: int, **changes: Any) -> dict[str, Any]:
    """A line of a ptool dataset."""
    made = {
        "id": f"s{number:02}",
        "scenario": "shopping",
        "user_id": f"u{number % 3}",
        "user_profile": PROFILE,
        "platforms": [
            {"name": "West", "profile": {"price": "high"}, "apis": ["callTaxi"]},
            {"name": "East", "profile": {"price": "low"}, "apis": ["findItem"]},
        ],
        "tools": [FIND, CALL],
        "query": f'Search for "tea {number}" near me',
        "answer": ["East", [{"findItem": {"keyword": [f"tea {number}"], "homeCity": ["Lyon"]}}]],
        "query_params": ["keyword"],
        "profile_params": ["homeCity"],
        "origins": [
            {"call": 0, "parameter": "keyword", "value": "tea", "origin": "query", "evidence": {}},
            {"call": 0, "parameter": "homeCity", "value": "Lyon", "origin": "profile", "evidence": {}},
        ],
    }
    return {**made, **changes}


def dataset(folder: Path, count: int = 12) -> Path:
    """A file of samples."""
    file = folder / "samples.jsonl"
    file.write_text("".join(json.dumps(record(number)) + "\n" for number in range(count)))
    return file


def settings(data: Path, run: Path, **changes: Any) -> EvaluateSettings:
    """The shipped settings with changes; `model` is a mapping with its `_target_`."""
    plain = yaml.safe_load((CONF / "evaluate.yaml").read_text())
    shipped = {key: one for key, one in plain.items() if key not in ("defaults", "hydra")}
    model = {"_target_": "ptool.models.scripted.ScriptedModel"}
    given = {"data": str(data), "run": {"dir": str(run)}, "model": model, "beside": [], **changes}
    return validated({**shipped, **given}, EvaluateSettings)


def lines(folder: Path) -> list[dict[str, Any]]:
    """What per_sample.jsonl holds."""
    return [json.loads(line) for line in (folder / "per_sample.jsonl").read_text().splitlines()]


def gold(texts: Sequence[str]) -> str:
    """The right answer to a prompt of `record`."""
    return f"{{East: [findItem(keyword={texts[1].split(chr(34))[1]!r}, homeCity='Lyon')]}}"


class Golden(OfflineModel):
    """Answers every prompt of `record` right, and counts in a file how often it was asked."""

    def __init__(self, counter: str) -> None:
        super().__init__()
        self._counter = Path(counter)

    def answer(self, texts: Sequence[str], seed: int) -> str:
        with self._counter.open("a") as end:
            end.write(f"{texts[1]}\n")
        return gold(texts)


class Moody(Golden):
    """As Golden, but unreachable for samples whose numbers stand in a file."""

    def __init__(self, counter: str, down: str) -> None:
        super().__init__(counter)
        self._down = Path(down)

    def answer(self, texts: Sequence[str], seed: int) -> str:
        if any(f'tea {number}"' in texts[1] for number in self._down.read_text().split()):
            raise AttemptError("refused", "HTTP 400: this context is too long")
        return super().answer(texts, seed)


class Withholding(Golden):
    """As Golden, but every answer is held back by a content filter."""

    async def create(self, messages: Any, **options: Any) -> CreateResult:
        usage = RequestUsage(prompt_tokens=1, completion_tokens=1)
        content = gold([str(one.content) for one in messages])
        return CreateResult(finish_reason="content_filter", content=content, usage=usage, cached=False)


class Thinking(Golden):
    """As Golden, but what it says stands where its thoughts do."""

    async def create(self, messages: Any, **options: Any) -> CreateResult:
        usage = RequestUsage(prompt_tokens=1, completion_tokens=1)
        thought = gold([str(one.content) for one in messages])
        return CreateResult(finish_reason="stop", content="", thought=thought, usage=usage, cached=False)
