"""A comparison for the person at the terminal: the leaderboard as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..documents.texts import percent
from .columns import COLUMNS
from .leaderboard import standings

if TYPE_CHECKING:
    from .comparison import Compared

_WIDTH = 120


def report(found: Compared, seed: int, console: Console | None = None) -> None:
    """Print it to stdout."""
    console = console or Console(width=_WIDTH, highlight=False, soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    for heading in COLUMNS.values():
        table.add_column(heading, justify="right")
    for one in standings(found.contestants, seed):
        values = (percent(one.estimates[column].value) for column in COLUMNS)
        table.add_row(Text(one.contestant.label[:44]), *values)
    console.print()
    console.print(table)
    console.print(f"percent, on the {found.shared.samples:,} samples that all of them scored")
    console.print()
