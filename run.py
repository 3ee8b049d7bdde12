"""`python -m ptool.run`: synthesise a dataset, from API trees to verified samples (§3, §4)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .cli.main import main as command

if TYPE_CHECKING:
    from .cli.compose import Sources
    from .settings import Settings


def main() -> int:
    """Run the command with the process's arguments; returns its exit status."""
    return command(synthesise)


def synthesise(settings: Settings, sources: Sources) -> int:
    """Synthesise the dataset, report on it, and end with the line `run folder: PATH`."""
    from .synthesis.dataset.console_summary import report
    from .synthesis.pipeline import synthesise as pipeline

    summary = pipeline(settings, sources)
    report(summary)
    print(f"run folder: {summary.folder}", flush=True)
    return summary.exit_status


if __name__ == "__main__":
    sys.exit(main())
