"""Small scores and samples that the tests of the benchmark share."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ptool.benchmark import Item, PredictedCall, Prediction, SampleScore, score_prediction
from ptool.benchmark.protocols import verdict


def score(id: str = "s", passed: str = "", **facts: Any) -> SampleScore:
    """A score whose named flags are true: 'fpntvo' = format, platform, name, param, value, overall."""
    flags: dict[str, Any] = {
        "format_ok": "f" in passed,
        "platform": "p" in passed,
        "tool_name": "n" in passed,
        "tool_param": "t" in passed,
        "tool_value": "v" in passed,
        "overall": "o" in passed,
        "query_param_hits": 0,
        "query_param_total": 0,
        "profile_param_hits": 0,
        "profile_param_total": 0,
    }
    return SampleScore(id=id, **{**flags, **facts})


def lines(path: Path, *records: Any) -> Path:
    """A file of JSON lines; a text is written as it stands."""
    text = (one if isinstance(one, str) else json.dumps(one) for one in records)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{one}\n" for one in text))
    return path


def sample(id: str = "shop-u1-1", **changes: Any) -> dict[str, Any]:
    """A ptool sample with one call and two arguments."""
    record = {
        "id": id,
        "scenario": "shopping",
        "user_id": "u1",
        "user_profile": {"basic_features": {"city": "Turin"}, "user_history": {"shopping": []}},
        "platforms": [
            {"name": "MegaMart", "profile": {"range": "wide"}, "apis": ["buy"]},
            {"name": "MiniMart", "profile": {"range": "small"}, "apis": ["order"]},
        ],
        "tools": [
            {"type": "function", "function": {"name": "buy", "parameters": {"type": "object"}}},
            {"type": "function", "function": {"name": "order", "parameters": {"type": "object"}}},
        ],
        "query": f"Some tea, please ({id}).",
        "answer": ["MegaMart", [{"buy": {"product": ["tea"], "city": ["Turin", "Torino"]}}]],
        "query_params": ["product"],
        "profile_params": ["city"],
        "origins": [
            {"call": 0, "parameter": "product", "value": "tea", "origin": "query", "evidence": {}},
            {"call": 0, "parameter": "city", "value": "Turin", "origin": "profile", "evidence": {}},
        ],
    }
    return {**record, **changes}


def published(**changes: Any) -> dict[str, Any]:
    """A record as the published PTBench has it."""
    record = {
        "user_profile": {
            "basic_features": {"city": "Turin"},
            "user_history": {
                "travel": [{"platform": "Fly", "action": "Flew"}],
                "shopping": [{"platform": "MiniMart", "action": "Bought tea"}],
            },
        },
        "platforms": [
            {"name": "MegaMart", "profile": {"range": "wide"}},
            {"name": "MiniMart", "profile": {}},
        ],
        "tools": [{"type": "function", "function": {"name": "buy"}}],
        "query": "Tea, please.",
        "answer": ["MiniMart", [{"buy": {"product": ["tea"], "city": "Turin", "both": [1]}}]],
        "query_params": ["product", "both"],
        "profile_params": ["city", "both", "city"],
    }
    return {**record, **changes}


def function(name: str, required: list[str], **types: Any) -> dict[str, Any]:
    """A function whose parameters have the given types, in the upstream spelling."""
    properties = {key: one if isinstance(one, dict) else {"type": one} for key, one in types.items()}
    return {"name": name, "parameters": {"type": "dict", "properties": properties, "required": required}}


def answer(*calls: tuple[str, dict[str, Any]]) -> Prediction:
    """An answer without a platform."""
    return Prediction(None, tuple(PredictedCall(*one) for one in calls))


def right(item: Item, *calls: tuple[str, dict[str, Any]]) -> tuple[bool, bool]:
    """Whether ptool's strict scorer and the item's own benchmark count an answer as right."""
    prediction = answer(*calls)
    return score_prediction(item, prediction).overall, verdict(item, prediction) == ""


def real(variable: str) -> Path:
    """Where an environment variable leads; skips where it is not set."""
    if variable not in os.environ:
        pytest.skip(f"{variable} is not set")
    return Path(os.environ[variable])


def gold(item: Item) -> Prediction:
    """The first accepted value of every parameter; optional ones left out where only "" is accepted."""
    calls = []
    for call in item.calls:
        blank = {key for key in call.optional if call.accepted[key] == ("",)}
        given = {key: some[0] for key, some in call.accepted.items() if some and key not in blank}
        calls.append(PredictedCall(call.name, given))
    return Prediction(item.platform, tuple(calls))
