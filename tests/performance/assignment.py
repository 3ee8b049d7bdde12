"""The three ways to assign features (§4.2) side by side: what each costs and how much its users repeat.

`python assignment.py [OVERRIDE ...]` makes a population top-down, one user at a time and all
in one pass, and prints calls and tokens of the profile writer beside two measures of repetition. With the
scripted model tokens are estimates, and its variety is that of its tables.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from itertools import combinations
from pathlib import Path

from figures import lines

STRATEGIES = ("top_down", "per_user", "single_pass")


def repetition(people: list[dict]) -> tuple[float, float]:
    """Share of equal values between two users on average, and the largest such share of any pair."""
    shares = [
        sum(one[name] == other[name] for name in one) / len(one) for one, other in combinations(people, 2)
    ]
    return sum(shares) / len(shares), max(shares)


def main() -> int:
    """Run all three and print a table."""
    overrides = sys.argv[1:] or ["scenario=shopping", "users=16", "queries_per_user=1"]
    print(f"{'assignment':<14}{'calls':>7}{'tokens':>10}{'equal values':>14}{'closest pair':>14}")
    for strategy in STRATEGIES:
        with tempfile.TemporaryDirectory(prefix="ptool-assignment-") as folder:
            command = [
                sys.executable,
                "-m",
                "ptool.run",
                *overrides,
                f"assignment={strategy}",
                f"run.dir={folder}",
            ]
            subprocess.run(command, check=True, capture_output=True)
            people = [one["profile"]["basic"] for one in lines(Path(folder) / "profiles.jsonl")]
            usage = json.loads((Path(folder) / "manifest.json").read_text("utf-8"))["notes"]["usage"]
        spent = usage["profiles"]["profile_writer"]
        tokens = spent["prompt_tokens"] + spent["completion_tokens"]
        mean, closest = repetition(people)
        print(f"{strategy:<14}{spent['calls']:>7}{tokens:>10}{mean:>14.3f}{closest:>14.3f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
