"""`python -m ptool.diff A B`: what changed between two datasets, from their settings to single samples."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .cli.args import listed
from .cli.main import main as command

if TYPE_CHECKING:
    from .cli.compose import Sources
    from .settings import DiffSettings


def main() -> int:
    """Run the command with the process's arguments; returns its exit status."""
    sys.argv[1:] = listed(sys.argv[1:], "runs")
    return command(show, "diff", schema="ptool.settings.DiffSettings")


def show(settings: DiffSettings, sources: Sources) -> int:
    """Print what changed, for people or as JSON; the status is 0 also where something did."""
    del sources
    from .reports.difference import as_json
    from .reports.difference_sources import difference

    found = difference(*map(Path, settings.runs))
    if settings.format == "json":
        print(as_json(found), flush=True)
    else:
        from .reports.difference_page import show as page

        page(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
