"""`python -m ptool.explain run=PATH sample=ID`: where one sample comes from, down to every call."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .cli.main import main as command

if TYPE_CHECKING:
    from .cli.compose import Sources
    from .settings import ExplainSettings


def main() -> int:
    """Run the command with the process's arguments; returns its exit status."""
    return command(show, "explain", schema="ptool.settings.ExplainSettings")


def show(settings: ExplainSettings, sources: Sources) -> int:
    """Print a sample's lineage, for people or as JSON."""
    del sources
    from .reports.lineage import as_json
    from .reports.lineage_lookup import lineage_of

    found = lineage_of(Path(settings.run), settings.sample)
    if settings.format == "json":
        print(as_json(found), flush=True)
    else:
        from .reports.lineage_page import show as page

        page(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
