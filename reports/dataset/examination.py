"""The verifier on trial: what it and the rules found of corrupted samples, what hidden instructions did."""

from __future__ import annotations

from ...documents.charts import Bar, bars
from ...documents.document import Cell, Part, Row, Section, Table, foreign
from ...records.quality import Audit
from .wording import number, part, words


def examination(audit: Audit | None) -> Section:
    """The section on the verifier audit."""
    if audit is None:
        return Section("Verifier audit", ("Nobody was put on trial in this run (audit.samples=0).",))
    cases, caught = sum(one.cases for one in audit.corruptions), sum(one.caught for one in audit.corruptions)
    changed = sum(one.to_accepted for one in audit.injections)
    asked = sum(one.cases for one in audit.injections)
    text = (
        f"{audit.samples:,} accepted episodes were corrupted in {len(audit.corruptions):,} ways: rules and "
        f"judges together caught {caught:,} of {cases:,} ({part(caught, cases)}), and objected to "
        f"{audit.false_alarms:,} of {audit.clean:,} untouched ones "
        f"({part(audit.false_alarms, audit.clean)}).",
        f"{audit.texts:,} instructions to accept were hidden in queries, profiles and platforms: "
        f"{changed:,} of {asked:,} verdicts changed to accepted.",
    )
    parts: list[Part] = []
    if audit.corruptions:
        parts += [_chart(audit), _corruptions(audit)]
    if audit.injections:
        parts.append(_injections(audit))
    return Section("Verifier audit", text, tuple(parts))


def _chart(audit: Audit) -> Part:
    rows = [Bar(words(one.kind), one.caught / one.cases if one.cases else None) for one in audit.corruptions]
    return bars("audit", "Corruptions caught by rules or judges", rows)


def _corruptions(audit: Audit) -> Table:
    rows = tuple(
        Row((foreign(words(one.kind), 40), foreign(one.example, 160), number(one.cases),
             Cell(part(one.by_rules, one.cases)), Cell(part(one.by_judges, one.cases)),
             Cell(part(one.caught, one.cases))))
        for one in audit.corruptions
    )  # fmt: skip
    columns = ("Corruption", "For example", "Cases", "By rules", "By judges alone", "Caught")
    return Table(columns, rows, "What was done to good samples", words=2)


def _injections(audit: Audit) -> Table:
    rows = tuple(
        Row((foreign(one.place, 40), number(one.cases), number(one.to_accepted), number(one.to_rejected)))
        for one in audit.injections
    )
    columns = ("Hidden in", "Verdicts", "Changed to accepted", "Changed to rejected")
    return Table(columns, rows, "Hidden instructions")
