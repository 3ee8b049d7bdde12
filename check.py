"""`python -m ptool.check`: try a run's configuration and endpoints, and estimate what the run would take."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .cli.main import main as command

if TYPE_CHECKING:
    from .cli.compose import Sources
    from .settings import Settings


def main() -> int:
    """Run the command with the process's arguments; returns its exit status."""
    return command(check, "check")


def check(settings: Settings, sources: Sources) -> int:
    """Report on every endpoint and on the estimate; 0 all is well, 1 an endpoint fails."""
    from .synthesis.dry_run.check import check_up, report

    checkup = check_up(settings, sources)
    report(checkup)
    return checkup.exit_status


if __name__ == "__main__":
    sys.exit(main())
