"""What an evaluation or a comparison came to, for the person at the terminal: one table."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..rendering.text import percent
from .comparison import Compared
from .headings import COLUMNS as SECTION_COLUMNS
from .leaderboard import standings
from .runner import Outcome

COLUMNS = {
    "format_ok": "format",
    "platform": "platform",
    "query_params": "query",
    "profile_params": "profile",
    "tool_name": "T-name",
    "tool_param": "T-param",
    "tool_value": "T-value",
    "overall": "overall",
}
"""Column -> its heading in Table 1."""

_WIDTH = 110
_COMPARISON_WIDTH = 120
_NAME = 30


def report(outcome: Outcome, console: Console | None = None) -> None:
    """Print it to stdout."""
    console = console or Console(width=_WIDTH, highlight=False, soft_wrap=True)
    results, settings = outcome.results, outcome.settings
    console.print()
    console.print(_table(outcome))
    asked = f"{results.scored:,} samples, variant {settings.variant}, format {settings.format}"
    console.print(f"{asked}, scorer {settings.scorer}; percent, n/a: not applicable")
    if "scripted" in results.baseline_rows() or outcome.answers.startswith("scripted"):
        console.print("scripted knows the phrases of its kits: 100 on data made from them is no achievement")
    if results.missing:
        why = ", ".join(f"{code} {count:,}" for code, count in results.reasons.items())
        console.print(f"{results.missing:,} samples not scored ({why}); the same command asks for them again")
    console.print()


def _table(outcome: Outcome) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    for heading in COLUMNS.values():
        table.add_column(heading, justify="right")
    rows = {outcome.answers: outcome.results.row()}
    rows |= {f"baseline {name}": row for name, row in outcome.results.baseline_rows().items()}
    for name, row in rows.items():
        table.add_row(Text(_short(name)), *(_percent(row[column]) for column in COLUMNS))
    return table


def _short(name: str) -> str:
    """The part of a model's own words that names it."""
    first = name.partition(":")[0] if name.startswith("scripted:") else name
    return first if len(first) <= _NAME else f"{first[: _NAME - 1]}…"


def _percent(value: float | None) -> str:
    return "n/a" if value is None else f"{100 * value:.2f}"


def report_comparison(found: Compared, seed: int, console: Console | None = None) -> None:
    """Print the leaderboard to stdout."""
    console = console or Console(width=_COMPARISON_WIDTH, highlight=False, soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    for heading in SECTION_COLUMNS.values():
        table.add_column(heading, justify="right")
    for one in standings(found.contestants, seed):
        values = (percent(one.estimates[column].value) for column in SECTION_COLUMNS)
        table.add_row(Text(one.contestant.label[:44]), *values)
    console.print()
    console.print(table)
    console.print(f"percent, on the {found.shared.samples:,} samples that all of them scored")
    console.print()
