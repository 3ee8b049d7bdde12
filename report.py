"""`python -m ptool.report run=FOLDER`: a finished dataset as one page, FOLDER/report.html."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .cli.main import main as command

if TYPE_CHECKING:
    from .cli.compose import Sources
    from .settings import ReportSettings


def main() -> int:
    """Run the command with the process's arguments; returns its exit status."""
    return command(write, "report", schema="ptool.settings.ReportSettings")


def write(settings: ReportSettings, sources: Sources) -> int:
    """Write the page and say where it is."""
    del sources
    from .reports.dataset import write_report

    run = Path(settings.run)
    page = Path(settings.out) if settings.out is not None else run / "report.html"
    write_report(run, page)
    print(f"report: {page}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
