"""`python -m ptool.status run=PATH`: what a run has done, what failed and why, what is left, what it cost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .cli.main import main as command

if TYPE_CHECKING:
    from .cli.compose import Sources
    from .settings import StatusSettings


def main() -> int:
    """Run the command with the process's arguments; returns its exit status."""
    return command(show, "status", schema="ptool.settings.StatusSettings")


def show(settings: StatusSettings, sources: Sources) -> int:
    """Print how a run stands, for people or as JSON."""
    del sources
    from .reports.run_status import as_json, status_of
    from .reports.run_status_page import show as page

    found = status_of(Path(settings.run))
    if settings.format == "json":
        print(as_json(found), flush=True)
    else:
        page(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
