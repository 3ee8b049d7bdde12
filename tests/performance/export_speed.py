"""How fast a dataset is exported, and with how much memory, whatever its size.

`python export_speed.py [SAMPLES [TOOLS]]` makes a dataset in the shared form (100,000 samples of 5,000 users,
eight tools), exports it in every format of JSON lines, each in a process of its own, and prints samples a
second and how far memory grew beyond that of a small export; the exit status is 1 where a bar is missed.
A yardstick around every export holds the bar beside neighbours and on an older processor.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import ptool
import yaml
from measures import peak, yardstick
from ptool.exports.commands import write_export
from ptool.settings import ExportSettings, validated

FORMATS = ("messages", "tools", "sharegpt", "trl", "jsonl")
LEAST_SPEED, MOST_GROWTH = 5_000, 100
"""Samples a second; MB."""
YARDSTICKS = 5
"""Before an export, and after it."""
EACH = 20
"""Samples of a user."""


def export(data: Path, out: Path, format: str) -> float:
    """Export a file of samples; samples a second of the processor's, which neighbours do not take away."""
    shipped = yaml.safe_load((Path(ptool.__file__).parent / "conf" / "export.yaml").read_text())
    del shipped["hydra"]
    begun = time.process_time()
    chosen = {**shipped, "data": str(data), "format": format, "out": str(out)}
    finished = write_export(validated(chosen, ExportSettings))
    return finished.records / (time.process_time() - begun)


def measure(format: str, few: str, many: str, folder: str) -> None:
    """Print the speed of a large export, how far it grew beyond a small one, and how slow the machine was.

    In a process of its own.
    """
    yardstick()  # what it reads is made now
    export(Path(few), Path(folder) / f"few-{format}", format)
    slow = [yardstick() for _ in range(YARDSTICKS)]
    before = peak()
    speed, grown = export(Path(many), Path(folder) / f"many-{format}", format), peak() - before
    slow += [yardstick() for _ in range(YARDSTICKS)]
    print(json.dumps([speed, grown, statistics.median(slow)]))


def probe(samples: int, folder: Path) -> dict[str, float]:
    """A dataset exported as messages; size: samples."""
    data = dataset(folder / "data", samples, 8)
    busy = time.process_time()
    speed = export(data, folder / "out", "messages")
    return {
        "CPU, µs a sample": (time.process_time() - busy) / samples * 1e6,
        "samples a second of the processor's": speed,
        "peak memory, MiB": peak(),
    }


def main() -> int:
    """Make, export, compare."""
    samples, tools = (int(word) for word in (sys.argv[1:] + ["100000", "8"][len(sys.argv) - 1 :])[:2])
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        few, many = (
            dataset(Path(folder) / name, count, tools) for name, count in (("few", 400), ("many", samples))
        )
        for format in FORMATS:
            words = [sys.executable, __file__, "--measure", format, str(few), str(many), folder]
            done = subprocess.run(words, check=True, stdout=subprocess.PIPE)
            speed, grown, slow = json.loads(done.stdout)
            least = LEAST_SPEED / max(slow, 1)
            ok = speed >= least and grown <= MOST_GROWTH
            missed += not ok
            print(
                f"{'' if ok else 'MISSED ':7}{format:<12}{speed:>10,.0f} samples/s (wanted {LEAST_SPEED:,}, "
                f"here {least:,.0f})   {grown:>6.0f} MB more"
            )
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
    if sys.argv[1:2] == ["--measure"]:
        measure(*sys.argv[2:])
    else:
        raise SystemExit(main())
