"""Runs and exports of tests, in this process."""

import json
from pathlib import Path
from typing import Any

import ptool
import yaml
from ptool.exports.commands import FinishedExport, write_export
from ptool.run import main
from ptool.settings import ExportSettings, validated

CONF = Path(ptool.__file__).parent / "conf"


def run(folder: Path, *words: str) -> Path:
    """A finished run."""
    assert main([*words, f"run.dir={folder}"]) == 0
    return folder


def settings(**changes: Any) -> ExportSettings:
    """The shipped settings with changes; paths as texts."""
    plain = {
        key: one for key, one in yaml.safe_load((CONF / "export.yaml").read_text()).items() if key != "hydra"
    }
    given = {key: str(one) if isinstance(one, Path) else one for key, one in changes.items()}
    return validated({**plain, **given}, ExportSettings)


def export(**changes: Any) -> FinishedExport:
    """A written export."""
    return write_export(settings(**changes))


def lines(file: Path) -> list[dict[str, Any]]:
    """The records of a JSONL file."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


TOOL = {
    "name": "findItem",
    "description": "Search.",
    "parameters": {
        "type": "object",
        "properties": {
            "keyword": {"type": "string"},
            "size": {"type": ["integer", "null"]},
            "box": {
                "type": "object",
                "properties": {"width": {"type": "number"}, "lid": {"type": "boolean"}},
            },
            "tags": {"type": "array", "items": {"type": "string"}},
            "parts": {
                "type": "array",
                "items": {"type": "object", "properties": {"name": {"type": "string"}}},
            },
            "order": {"enum": ["up", "down"], "default": "up"},
            "count": {"type": "integer", "default": 1},
        },
        "required": ["keyword"],
    },
}
ARGUMENTS: dict[str, Any] = {
    "keyword": "tea",
    "size": 3,
    "box": {"width": 2.5, "lid": True},
    "tags": ["a", "b"],
    "parts": [{"name": "x"}, {"name": "y"}],
    "order": "down",
}


def sample(number: int = 0, **changes: Any) -> dict[str, Any]:
    """A sample by hand: one call with arguments of every type; `order` was left at its default."""
    origins = dict.fromkeys(ARGUMENTS, "query") | {"tags": "profile", "order": "default"}
    return {
        "id": f"s{number:03}",
        "scenario": "shop",
        "user_id": f"u{number % 3}",
        "user_profile": {
            "basic_features": {"tags": ["a", "b"], "age": 40},
            "user_history": {"shop": [{"platform": "East", "action": "Bought tea"}]},
        },
        "platforms": [
            {"name": "East", "profile": {"speed": "Fast."}, "apis": ["findItem"]},
            {"name": "West", "profile": {"speed": "Slow."}, "apis": ["lookUp"]},
        ],
        "tools": [TOOL, {**TOOL, "name": "lookUp"}],
        "query": "Find me some tea",
        "answer": ["East", [{"findItem": {name: [value] for name, value in ARGUMENTS.items()}}]],
        "query_params": [name for name, origin in origins.items() if origin == "query"],
        "profile_params": ["tags"],
        "origins": [
            {"call": 0, "parameter": name, "value": ARGUMENTS[name], "origin": origin, "evidence": {}}
            for name, origin in origins.items()
        ],
        "platform_evidence": {"words": None, "span": None, "visits": [0]},
        "capabilities": {"findItem": "find", "lookUp": "find"},
    } | changes


def file_of(folder: Path, *samples: dict[str, Any]) -> Path:
    """A file of samples."""
    file = folder / "samples.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in samples))
    return file
