"""`python -m ptool.compare A B …`: evaluations side by side, with tests and the paper's published rows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .cli.args import listed
from .cli.main import main as command

if TYPE_CHECKING:
    from .cli.compose import Sources
    from .settings import CompareSettings


def main() -> int:
    """Run the command with the process's arguments; returns its exit status."""
    sys.argv[1:] = with_evaluations(sys.argv[1:])
    return command(compare, "compare", schema="ptool.settings.CompareSettings")


def compare(settings: CompareSettings, sources: Sources) -> int:
    """Compare, print the leaderboard, and end with the line `comparison folder: PATH`."""
    del sources
    from .evaluation.comparison import compare as comparison
    from .evaluation.summary import report_comparison as report

    found = comparison(settings)
    report(found, settings.seed)
    print(f"comparison folder: {found.folder}", flush=True)
    return 0


def with_evaluations(words: Sequence[str]) -> list[str]:
    """Plain words are folders of evaluations: `A B seed=1` is `seed=1 evaluations=['A','B']`."""
    return listed(words, "evaluations")


if __name__ == "__main__":
    sys.exit(main())
