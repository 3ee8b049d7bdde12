"""`python -m ptool.evaluate`: score a model, a file of answers or a baseline on PTBench (section 5)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .cli.main import main as command

if TYPE_CHECKING:
    from .cli.compose import Sources
    from .settings import EvaluateSettings

SWEEPS = ("-m", "--multirun")


def main() -> int:
    """Run the command with the process's arguments; returns its exit status."""
    words = sys.argv[1:]
    if any(word.startswith("experiment=") for word in words) and not set(SWEEPS) & set(words):
        sys.argv.insert(1, SWEEPS[0])  # an experiment is a sweep, also where it has a single job
    return command(evaluate, "evaluate", schema="ptool.settings.EvaluateSettings")


def evaluate(settings: EvaluateSettings, sources: Sources) -> int:
    """Evaluate, report on it, and end with the line `evaluation folder: PATH`."""
    del sources
    from .evaluation.runner import evaluate as evaluation
    from .evaluation.summary import report

    outcome = evaluation(settings)
    report(outcome)
    print(f"evaluation folder: {outcome.folder}", flush=True)
    return outcome.exit_status


if __name__ == "__main__":
    sys.exit(main())
