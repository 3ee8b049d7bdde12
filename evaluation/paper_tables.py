"""The paper's tables in its own layout: its published rows, marked as quoted, and ours below them.

Tables 1, 4, 6 to 8, 11 and 12, and the ablations of Tables 2 and 3. Quoted rows were measured on the
published PTBench; they are never mixed into a score, a mark or a test of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..benchmark.metrics import metric_row
from ..benchmark.paper_results import PaperRow, paper_table
from ..rendering.document import Cell, Row, Section, Table, foreign
from ..rendering.text import percent
from .leaderboard_entries import LeaderboardEntry
from .report_texts import COLUMNS, KEPT, VARIANTS

Shares = Mapping[str, float | None]

_HEADINGS = COLUMNS | {"trained": "Trained", "untrained": "Untrained"}
_DETAILED = (1, 11, 12)
"""Tables that call the platform column Tool-P."""
_SCENARIOS = {6: "lifestyle", 7: "finance", 8: "knowledge"}
_NOTE = (
    "Rows in italics are quoted from the paper, as printed there. They were measured on the published "
    "PTBench, ours on the data named above: they stand beside each other for orientation, and no test "
    "compares them. Bold is the best and underlined the second best, among the quoted rows and among ours."
)
_NOT_TRAINED = (
    "For Table 2 the paper trains one model on each variant. Ours are whoever was evaluated: the same "
    "experiment only where those, too, were trained on what they are shown."
)


@dataclass(frozen=True, slots=True)
class OwnRow:
    """A row of ours for a table of the paper."""

    name: str
    shares: Shares
    by_rules: bool = False
    """no language model took part: never best"""


def paper_section(entries: Sequence[LeaderboardEntry]) -> Section | None:
    """Every table of the paper that there are own rows for; None where there is none."""
    tables = list(paper_tables(entries))
    left = [str(number) for number in _TABLES if number not in {covered for covered, _, _ in tables}]
    text = [_NOTE]
    if left:
        text.append(f"Left out, for want of such samples or evaluations: {_table_numbers(left)}.")
    if any(number == 2 for number, _, _ in tables):
        text.append(_NOT_TRAINED)
    return (
        Section("Beside the paper", tuple(text), tuple(_table(number, own) for number, own, _ in tables))
        if tables
        else None
    )


def paper_tables(
    entries: Sequence[LeaderboardEntry],
) -> Iterator[tuple[int, list[OwnRow], tuple[PaperRow, ...]]]:
    """(number, own rows, quoted rows) of each table that there are own rows for."""
    for number, own in _TABLES.items():
        rows = list(own(entries))
        if rows:
            yield number, rows, paper_table(number).rows


def _table(number: int, own: Sequence[OwnRow]) -> Table:
    quoted = paper_table(number)
    kinds = any(quoted_row.kind for quoted_row in quoted.rows)
    answered = [own_row for own_row in own if not own_row.by_rules]
    ours = _mark_best([[own_row.shares.get(column) for column in quoted.columns] for own_row in answered])
    rules = [own_row for own_row in own if own_row.by_rules]
    ours += [[Cell(percent(own_row.shares.get(column))) for column in quoted.columns] for own_row in rules]
    theirs = _mark_best(
        [[quoted_row.shares.get(column) for column in quoted.columns] for quoted_row in quoted.rows]
    )
    rows = [
        _quoted_row(quoted_row, cells, kinds) for quoted_row, cells in zip(quoted.rows, theirs, strict=True)
    ]
    for own_row, cells in zip([*answered, *rules], ours, strict=True):
        head = [Cell("rules" if own_row.by_rules else "here")] if kinds else []
        rows.append(Row((*head, foreign(own_row.name, 60), *cells), "floor" if own_row.by_rules else ""))
    head = (*(["Type"] if kinds else []), "Variant" if number == 2 else "Model")
    headings = _HEADINGS | ({"platform": "Tool-P"} if number in _DETAILED else {})
    names = (headings[column] for column in quoted.columns)
    return Table((*head, *names), tuple(rows), f"Table {number}. {quoted.title}", len(head), keep=KEPT)


def _quoted_row(quoted_row: PaperRow, cells: Sequence[Cell], kinds: bool) -> Row:
    head = [Cell(quoted_row.kind or "")] if kinds else []
    return Row((*head, Cell(quoted_row.name, note="quoted"), *cells), "quoted")


def _mark_best(rows: Sequence[Sequence[float | None]]) -> list[list[Cell]]:
    """Cells of shares, the best and second best of each column marked; of a single row none is best."""
    cells = [[Cell(percent(share)) for share in each] for each in rows]
    if len(rows) < 2:
        return cells
    for column in range(len(rows[0])):
        values = [each[column] for each in rows]
        ranks = sorted({round(value, 6) for value in values if value is not None}, reverse=True)
        for place, value in enumerate(values):
            rank = ranks.index(round(value, 6)) if value is not None else 2
            if rank < 2 and value:
                cells[place][column] = replace(cells[place][column], mark=("best", "second")[rank])
    return cells


def _table_1_rows(entries: Sequence[LeaderboardEntry]) -> Iterator[OwnRow]:
    """Table 1: overall, and of it trained and untrained users."""
    for entry, rows in _with_full_profile(entries):
        if "overall" in rows:
            yield OwnRow(entry.label, {**rows["overall"], **_by_group(rows)}, entry.by_rules)


def _by_group(rows: Mapping[str, Shares]) -> dict[str, float | None]:
    return {group: rows[group]["overall"] if group in rows else None for group in ("trained", "untrained")}


def _section_rows(section: str) -> Callable[[Sequence[LeaderboardEntry]], Iterator[OwnRow]]:
    def own(entries: Sequence[LeaderboardEntry]) -> Iterator[OwnRow]:
        for entry, rows in _with_full_profile(entries):
            if section in rows:
                yield OwnRow(entry.label, rows[section], entry.by_rules)

    return own


def _scenario_rows(scenario: str) -> Callable[[Sequence[LeaderboardEntry]], Iterator[OwnRow]]:
    def own(entries: Sequence[LeaderboardEntry]) -> Iterator[OwnRow]:
        for entry, _ in _with_full_profile(entries):
            counts = entry.breakdown.by("scenario").get(scenario)
            if counts is not None:
                yield OwnRow(entry.label, metric_row(counts), entry.by_rules)

    return own


def _table_2_rows(entries: Sequence[LeaderboardEntry]) -> Iterator[OwnRow]:
    """Table 2: by variant, where something was left out for someone."""
    names = {entry.name for entry in entries if entry.variant != "all"}
    for entry in entries:
        rows = {str(section): shares for section, shares in entry.rows().items()}
        if entry.name in names and "overall" in rows:
            yield OwnRow(
                f"{VARIANTS[entry.variant]}: {entry.name}",
                {**rows["overall"], **_by_group(rows)},
                entry.by_rules,
            )


def _table_3_rows(entries: Sequence[LeaderboardEntry]) -> Iterator[OwnRow]:
    """Table 3: nothing personal shown."""
    for entry in entries:
        rows = {str(section): shares for section, shares in entry.rows().items()}
        if entry.variant == "none":
            yield OwnRow(entry.name, rows[entry.main_section()], entry.by_rules)


def _with_full_profile(
    entries: Sequence[LeaderboardEntry],
) -> Iterator[tuple[LeaderboardEntry, dict[str, Shares]]]:
    """Evaluations that show everything of a user, as those of the paper's main tables do, with their rows."""
    for entry in entries:
        if entry.variant == "all":
            yield entry, {str(section): shares for section, shares in entry.rows().items()}


def _table_numbers(numbers: Sequence[str]) -> str:
    return f"Table {numbers[0]}" if len(numbers) == 1 else f"Tables {', '.join(numbers)}"


_TABLES: dict[int, Callable[[Sequence[LeaderboardEntry]], Iterator[OwnRow]]] = {
    1: _table_1_rows,
    2: _table_2_rows,
    3: _table_3_rows,
    4: _section_rows("unseen"),
    **{number: _scenario_rows(scenario) for number, scenario in _SCENARIOS.items()},
    11: _section_rows("trained"),
    12: _section_rows("untrained"),
}
"""Table of the paper -> the rows of ours that belong into it."""
