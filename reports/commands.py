"""The jobs of the commands that look at runs and change nothing in them: status, report, explain, diff.

Each prints what it finds, for people or as JSON, and returns the exit status. What only one of them needs is
imported when it is done, so that `ptool.status` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..settings import DiffSettings, ExplainSettings, ReportSettings, StatusSettings

if TYPE_CHECKING:
    from ..cli.compose import Sources


def status(settings: StatusSettings, sources: Sources) -> int:
    """Print how far a run is."""
    del sources
    from .run_status import as_json, status_of

    run_status = status_of(Path(settings.run))
    if settings.format == "json":
        print(as_json(run_status), flush=True)
    else:
        from .run_status_console import print_status

        print_status(run_status)
    return 0


def report(settings: ReportSettings, sources: Sources) -> int:
    """Write the page of a finished dataset and say where it is."""
    del sources
    from .dataset import write_report

    run = Path(settings.run)
    page = Path(settings.out) if settings.out is not None else run / "report.html"
    write_report(run, page)
    print(f"report: {page}", flush=True)
    return 0


def explain(settings: ExplainSettings, sources: Sources) -> int:
    """Print a sample's lineage."""
    del sources
    from .lineage import as_json, lineage_of

    lineage = lineage_of(Path(settings.run), settings.sample)
    if settings.format == "json":
        print(as_json(lineage), flush=True)
    else:
        from .lineage_console import print_lineage

        print_lineage(lineage)
    return 0


def diff(settings: DiffSettings, sources: Sources) -> int:
    """Print what changed between two datasets; the status is 0 also where something did."""
    del sources
    from .difference import as_json, compare_runs

    difference = compare_runs(*map(Path, settings.runs))
    if settings.format == "json":
        print(as_json(difference), flush=True)
    else:
        from .difference_console import print_difference

        print_difference(difference)
    return 0
