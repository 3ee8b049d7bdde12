"""How fast a dataset is exported, and with how much memory, whatever its size.

`python export_speed.py [SAMPLES [TOOLS]]` makes a dataset in the shared form (100,000 samples of 5,000 users,
eight tools), exports it in every format of JSON lines, each in a process of its own, and prints samples a
second and how far memory grew beyond that of a small export; the exit status is 1 where a bar is missed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FORMATS = ("messages", "tools", "sharegpt", "trl", "jsonl")
LEAST_SPEED, MOST_GROWTH = 5_000, 100
"""Samples a second; MB."""
EACH = 20
"""Samples of a user."""

MEASURE = """
import json, resource, sys, time
import yaml, ptool
from pathlib import Path
from ptool.exports.commands import write_export
from ptool.settings import ExportSettings, validated

def export(data, out):
    shipped = yaml.safe_load((Path(ptool.__file__).parent / "conf" / "export.yaml").read_text())
    shipped.pop("hydra")
    started = time.perf_counter()
    chosen = {**shipped, "data": data, "format": sys.argv[1], "out": out}
    finished = write_export(validated(chosen, ExportSettings))
    return finished.records / (time.perf_counter() - started)

peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
export(sys.argv[2], f"{sys.argv[4]}/few-{sys.argv[1]}")
before = peak()
print(json.dumps([export(sys.argv[3], f"{sys.argv[4]}/many-{sys.argv[1]}"), peak() - before]))
"""


def main() -> int:
    """Make, export, compare."""
    samples, tools = (int(word) for word in (sys.argv[1:] + ["100000", "8"][len(sys.argv) - 1 :])[:2])
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        few, many = (
            dataset(Path(folder) / name, count, tools) for name, count in (("few", 400), ("many", samples))
        )
        for format in FORMATS:
            words = [sys.executable, "-c", MEASURE, format, str(few), str(many), folder]
            done = subprocess.run(words, check=True, stdout=subprocess.PIPE)
            speed, grown = json.loads(done.stdout)
            ok = speed >= LEAST_SPEED and grown <= MOST_GROWTH
            missed += not ok
            print(f"{'' if ok else 'MISSED ':7}{format:<12}{speed:>10,.0f} samples/s   {grown:>6.0f} MB more")
            subprocess.run(["rm", "-r", f"{folder}/many-{format}"], check=True)
    return 1 if missed else 0


def dataset(folder: Path, samples: int, tools: int) -> Path:
    """A file of samples in the shared form."""
    folder.mkdir()
    functions = [function(f"function{number}") for number in range(tools)]
    names = [one["function"]["name"] for one in functions]
    platforms = [
        {"name": name, "profile": {"speed": "Fast."}, "apis": names[at::2]}
        for at, name in enumerate(("East", "West"))
    ]
    write(folder / "tools.jsonl", [{"scenario": "shop", "platforms": platforms, "tools": functions}])
    users = (
        {"user_id": f"u{number:06}", "user_profile": profile(number)} for number in range(samples // EACH)
    )
    write(folder / "users.jsonl", users)
    write(folder / "samples.jsonl", map(sample, range(samples)))
    return folder / "samples.jsonl"


def write(file: Path, records: Any) -> None:
    """A record a line."""
    with file.open("w") as opened:
        opened.writelines(f"{json.dumps(record)}\n" for record in records)


def function(name: str) -> dict[str, Any]:
    """A schema with eight parameters, a kilobyte."""
    properties = {
        f"parameter{number}": {
            "type": "string",
            "description": "What is looked for, in the words of the user.",
        }
        for number in range(8)
    }
    parameters = {"type": "object", "properties": properties, "required": ["parameter0"]}
    return {
        "type": "function",
        "function": {"name": name, "description": "Searches.", "parameters": parameters},
    }


def profile(number: int) -> dict[str, Any]:
    """Forty features and forty actions, five kilobytes."""
    features = {f"feature_{at}": f"value {at} of {number}" for at in range(40)}
    actions = [{"platform": "East", "action": f"Looked for thing {at} of {number} again"} for at in range(40)]
    return {"basic_features": features, "user_history": {"shop": actions}}


def sample(number: int) -> dict[str, Any]:
    """One call with two arguments."""
    arguments = {"parameter0": f"thing {number}", "parameter1": f"value 1 of {number // EACH}"}
    origins = {"parameter0": "query", "parameter1": "profile"}
    return {
        "id": f"shop-{number:07}",
        "scenario": "shop",
        "user_id": f"u{number // EACH:06}",
        "query": f"Look for thing {number}, please.",
        "answer": ["East", [{"function0": {name: [value] for name, value in arguments.items()}}]],
        "query_params": ["parameter0"],
        "profile_params": ["parameter1"],
        "origins": [
            {"call": 0, "parameter": name, "value": arguments[name], "origin": origin, "evidence": {}}
            for name, origin in origins.items()
        ],
    }


if __name__ == "__main__":
    raise SystemExit(main())
