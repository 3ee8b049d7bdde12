"""What a review came to, as text for a terminal: what became of the samples, agreement, findings."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import printable
from .agreement import AgreementRow, AgreementTable
from .findings import Findings
from .summary import ReviewSummary

_WIDTH = 120
_LONGEST = 60


def print_summary(summary: ReviewSummary, console: Console | None = None) -> None:
    """Print what became of the samples, how far people agree, and what they found."""
    console = console or Console(width=_WIDTH, highlight=False, soft_wrap=True)
    states = (f"{count:,} {state.replace('_', ' ')}" for state, count in summary.states.most_common())
    console.print(f"{summary.states.total():,} samples: {', '.join(states)}")
    if summary.outdated:
        console.print(
            f"{summary.outdated:,} reviews count no longer: their samples were made anew or are gone"
        )
    if summary.agreement.overlapping or any(row.units for row in summary.agreement.rows):
        _print_agreement(summary.agreement, console)
    _print_findings(summary.findings, console)


def _print_agreement(agreement: AgreementTable, console: Console) -> None:
    table = _table("agreement", "compared", "annotators", "raw", "kappa", "95 %", "alpha", "95 %")
    for row in (*agreement.rows, *agreement.pairs):
        table.add_row(*_agreement_cells(row, pair=row in agreement.pairs))
    console.print(table)
    if agreement.not_compared:
        console.print(
            f"{agreement.not_compared:,} reviews are not compared: given or changed by somebody who knew more"
        )
    if agreement.seconds is not None:
        console.print(f"{agreement.seconds:.0f} seconds a sample (median)")


def _agreement_cells(row: AgreementRow, *, pair: bool) -> list[Text | str]:
    kappa, alpha = row.kappa, row.alpha
    names = " and ".join(row.annotators) if pair else ""
    return [
        Text(printable(f"{row.measure}: {names}" if pair else row.measure, _LONGEST)),
        f"{row.units:,}",
        str(len(row.annotators)),
        "n/a" if row.raw is None else f"{100 * row.raw:.1f} %",
        f"{kappa.value:.2f}" if kappa else "n/a",
        kappa.interval() if kappa else "",
        f"{alpha.value:.2f}" if alpha else "n/a",
        alpha.interval() if alpha else "",
    ]


def _print_findings(findings: Findings, console: Console) -> None:
    if not findings.codes:
        console.print(f"of {findings.reviewed:,} samples that people came to an end with, none was wrong")
        return
    table = _table("found", "written by", "corrected", "rejected", "let pass by", "such as")
    for row in findings.codes:
        who = ", ".join(f"{name} {count:,}" for name, count in row.passed_by.items())
        table.add_row(
            row.code,
            row.role,
            f"{row.corrected:,}",
            f"{row.rejected:,}",
            Text(printable(who, 400)),
            Text(printable(", ".join(row.examples), 100)),
        )
    console.print(table)
    table = _table("who let pass", "", "reviewed", "corrected", "rejected", "wrong")
    for passed in findings.passed:
        wrong = passed.corrected + passed.rejected
        name = f"{passed.name} {passed.code}".strip()
        table.add_row(
            passed.kind,
            Text(printable(name, _LONGEST)),
            f"{passed.reviewed:,}",
            f"{passed.corrected:,}",
            f"{passed.rejected:,}",
            f"{100 * wrong / passed.reviewed:.1f} %",
        )
    console.print(table)
    console.print(
        "mended: an earlier version of the sample was objected to; the others let pass what is there"
    )


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
