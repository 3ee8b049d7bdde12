"""The jobs of the commands of the benchmark: evaluate, compare, experiment.

Each prints what came out as one table, ends with the line that says which folder it filled, and returns the
exit status.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..settings import CompareSettings, EvaluateSettings, ExperimentSettings

if TYPE_CHECKING:
    from ..cli.compose import Sources
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..rendering.text import percent, terminal_text
from .comparison import FinishedComparison
from .leaderboard import rank_entries
from .report_texts import COLUMNS, FEWER_TOOLS, braces_remark, few_users, reading_remarks, unreadable
from .runner import Outcome


def evaluate(settings: EvaluateSettings, sources: Sources) -> int:
    """Evaluate, report on it, and end with the line `evaluation folder: PATH`."""
    del sources
    from . import runner
    from .verified_data import verified_remark

    remark = verified_remark(Path(settings.data))
    outcome = runner.evaluate(settings)
    print_evaluation(outcome)
    if remark is not None:
        print(remark)
    print(f"evaluation folder: {settings.run.shown(outcome.folder)}", flush=True)
    return outcome.exit_status


def compare(settings: CompareSettings, sources: Sources) -> int:
    """Compare, print the leaderboard, and end with the line `comparison folder: PATH`."""
    del sources
    from . import comparison

    finished = comparison.compare(settings)
    print_comparison(finished, settings.seed)
    print(f"comparison folder: {settings.run.shown(finished.folder)}", flush=True)
    return 0


def experiment(settings: ExperimentSettings, sources: Sources) -> int:
    """Plan an experiment of the paper, or do it, and end with the line `experiment folder: PATH`."""
    from .experiments import run_experiment

    return run_experiment(settings, sources)


_EVALUATION_WIDTH = 110
_COMPARISON_WIDTH = 120
_NAME_LENGTH = 30


def print_evaluation(outcome: Outcome, console: Console | None = None) -> None:
    """Print the scores of an evaluation, and of its baselines, to stdout."""
    console = console or Console(width=_EVALUATION_WIDTH, highlight=False, soft_wrap=True)
    results, settings = outcome.results, outcome.settings
    console.print()
    console.print(_evaluation_table(outcome))
    asked = f"{results.scored:,} samples, variant {settings.variant}, format {settings.format}"
    console.print(f"{asked}, scorer {settings.scorer}; percent, n/a: not applicable")
    for remark in reading_remarks(results.reading, settings.format):
        console.print(remark)
    for remark in braces_remark(results.reading) if settings.scorer == "official" else ():
        console.print(remark)
    note = "" if outcome.tools.all_shown else f"; {FEWER_TOOLS}"
    console.print(f"{outcome.tools.describe()}{note}")
    if "scripted" in results.baseline_rows() or outcome.answers.startswith("scripted"):
        console.print("scripted knows the phrases of its kits: 100 on data made from them is no achievement")
    for remark in few_users(results.users()):
        console.print(remark)
    if results.unanswered:
        why = ", ".join(f"{code} {count:,}" for code, count in results.reasons.items())
        console.print(
            f"{results.unanswered:,} samples not scored ({why}); the same command asks for them again"
        )
        for code, said in results.said.items():
            console.print(Text(f"{code}: {terminal_text(said, 400)}"))
    if outcome.estimates:
        console.print(
            f"the tokens of {outcome.estimates:,} answers are estimated: their endpoint does not count them"
        )
    for line in unreadable(results.samples()):
        console.print(Text(line))
    console.print()


def _evaluation_table(outcome: Outcome) -> Table:
    headings = (name if name.startswith("T-") else name.lower() for name in COLUMNS.values())
    table = _empty_table(headings)
    rows = {outcome.answers: outcome.results.metric_row()}
    if outcome.results.reading["tolerant_only"]:
        rows["the same, read tolerantly"] = outcome.results.tolerant_row()
    rows |= {f"baseline {name}": row for name, row in outcome.results.baseline_rows().items()}
    for name, row in rows.items():
        table.add_row(Text(_short(name)), *(_percent(row[column]) for column in COLUMNS))
    return table


def _empty_table(headings: Iterable[str]) -> Table:
    """A table without rows: names on the left, numbers on the right."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _short(name: str) -> str:
    """The part of a model's own words that names it."""
    first = name.partition(":")[0] if name.startswith("scripted:") else name
    return first if len(first) <= _NAME_LENGTH else f"{first[: _NAME_LENGTH - 1]}…"


def _percent(value: float | None) -> str:
    return "n/a" if value is None else f"{100 * value:.2f}"


def print_comparison(finished: FinishedComparison, seed: int, console: Console | None = None) -> None:
    """Print the leaderboard to stdout."""
    console = console or Console(width=_COMPARISON_WIDTH, highlight=False, soft_wrap=True)
    table = _empty_table(COLUMNS.values())
    for ranked_entry in rank_entries(finished.entries, seed):
        values = (percent(ranked_entry.estimates[column].value) for column in COLUMNS)
        table.add_row(Text(ranked_entry.entry.label[:44]), *values)
    console.print()
    console.print(table)
    console.print(f"percent, on the {finished.overlap.samples:,} samples that all of them scored")
    for remark in few_users(finished.entries[0].users()):
        console.print(remark)
    console.print()
