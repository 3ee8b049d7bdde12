"""The paper's tables in its own layout: its published rows, marked as quoted, and ours below them.

Tables 1, 4, 6 to 8, 11 and 12, and the ablations of Tables 2 and 3. Quoted rows were measured on the
published PTBench; they are never mixed into a score, a mark or a test of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..benchmark.metrics import row
from ..benchmark.quoted import QuotedRow, quoted_table
from ..rendering.document import Cell, Row, Section, Table, foreign
from ..rendering.text import percent
from .contestants import VARIANTS, Contestant
from .headings import COLUMNS

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
class Own:
    """A row of ours for a table of the paper."""

    name: str
    shares: Shares
    by_rules: bool = False
    """no language model took part: never best"""


def paper_section(contestants: Sequence[Contestant]) -> Section | None:
    """Every table of the paper that there are own rows for; None where there is none."""
    found = list(paper_tables(contestants))
    left = [str(number) for number in _TABLES if number not in {one for one, _, _ in found}]
    text = [_NOTE]
    if left:
        text.append(f"Left out, for want of such samples or evaluations: {_counted(left)}.")
    if any(number == 2 for number, _, _ in found):
        text.append(_NOT_TRAINED)
    return (
        Section("Beside the paper", tuple(text), tuple(_table(number, own) for number, own, _ in found))
        if found
        else None
    )


def paper_tables(
    contestants: Sequence[Contestant],
) -> Iterator[tuple[int, list[Own], tuple[QuotedRow, ...]]]:
    """(number, own rows, quoted rows) of each table that there are own rows for."""
    for number, own in _TABLES.items():
        rows = list(own(contestants))
        if rows:
            yield number, rows, quoted_table(number).rows


def _table(number: int, own: Sequence[Own]) -> Table:
    quoted = quoted_table(number)
    kinds = any(one.kind for one in quoted.rows)
    answered = [one for one in own if not one.by_rules]
    ours = _marked([[one.shares.get(column) for column in quoted.columns] for one in answered])
    rules = [one for one in own if one.by_rules]
    ours += [[Cell(percent(one.shares.get(column))) for column in quoted.columns] for one in rules]
    theirs = _marked([[one.shares.get(column) for column in quoted.columns] for one in quoted.rows])
    rows = [_quoted_row(one, cells, kinds) for one, cells in zip(quoted.rows, theirs, strict=True)]
    for one, cells in zip([*answered, *rules], ours, strict=True):
        head = [Cell("rules" if one.by_rules else "here")] if kinds else []
        rows.append(Row((*head, foreign(one.name, 60), *cells), "floor" if one.by_rules else ""))
    head = (*(["Type"] if kinds else []), "Variant" if number == 2 else "Model")
    headings = _HEADINGS | ({"platform": "Tool-P"} if number in _DETAILED else {})
    names = (headings[one] for one in quoted.columns)
    return Table((*head, *names), tuple(rows), f"Table {number}. {quoted.title}", words=len(head))


def _quoted_row(one: QuotedRow, cells: Sequence[Cell], kinds: bool) -> Row:
    head = [Cell(one.kind or "")] if kinds else []
    return Row((*head, Cell(one.name, note="quoted"), *cells), "quoted")


def _marked(rows: Sequence[Sequence[float | None]]) -> list[list[Cell]]:
    """Cells of shares, the best and second best of each column marked; of a single row none is best."""
    cells = [[Cell(percent(one)) for one in each] for each in rows]
    if len(rows) < 2:
        return cells
    for column in range(len(rows[0])):
        values = [each[column] for each in rows]
        ranks = sorted({round(one, 6) for one in values if one is not None}, reverse=True)
        for place, value in enumerate(values):
            rank = ranks.index(round(value, 6)) if value is not None else 2
            if rank < 2 and value:
                cells[place][column] = replace(cells[place][column], mark=("best", "second")[rank])
    return cells


def _whole(contestants: Sequence[Contestant]) -> Iterator[Own]:
    """Table 1: overall, and of it trained and untrained users."""
    for one, rows in _all_shown(contestants):
        if "overall" in rows:
            yield Own(one.label, {**rows["overall"], **_by_group(rows)}, one.by_rules)


def _by_group(rows: Mapping[str, Shares]) -> dict[str, float | None]:
    return {group: rows[group]["overall"] if group in rows else None for group in ("trained", "untrained")}


def _section(section: str) -> Callable[[Sequence[Contestant]], Iterator[Own]]:
    def own(contestants: Sequence[Contestant]) -> Iterator[Own]:
        for one, rows in _all_shown(contestants):
            if section in rows:
                yield Own(one.label, rows[section], one.by_rules)

    return own


def _scenario(scenario: str) -> Callable[[Sequence[Contestant]], Iterator[Own]]:
    def own(contestants: Sequence[Contestant]) -> Iterator[Own]:
        for one, _ in _all_shown(contestants):
            counts = one.breakdown.by("scenario").get(scenario)
            if counts is not None:
                yield Own(one.label, row(counts), one.by_rules)

    return own


def _ablation(contestants: Sequence[Contestant]) -> Iterator[Own]:
    """Table 2: by variant, where something was left out for someone."""
    names = {one.name for one in contestants if one.variant != "all"}
    for one in contestants:
        rows = {str(section): shares for section, shares in one.rows().items()}
        if one.name in names and "overall" in rows:
            yield Own(
                f"{VARIANTS[one.variant]}: {one.name}", {**rows["overall"], **_by_group(rows)}, one.by_rules
            )


def _impersonal(contestants: Sequence[Contestant]) -> Iterator[Own]:
    """Table 3: nothing personal shown."""
    for one in contestants:
        rows = {str(section): shares for section, shares in one.rows().items()}
        if one.variant == "none":
            yield Own(one.name, rows[one.main()], one.by_rules)


def _all_shown(contestants: Sequence[Contestant]) -> Iterator[tuple[Contestant, dict[str, Shares]]]:
    """Evaluations that show everything of a user, as those of the paper's main tables do, with their rows."""
    for one in contestants:
        if one.variant == "all":
            yield one, {str(section): shares for section, shares in one.rows().items()}


def _counted(numbers: Sequence[str]) -> str:
    return f"Table {numbers[0]}" if len(numbers) == 1 else f"Tables {', '.join(numbers)}"


_TABLES: dict[int, Callable[[Sequence[Contestant]], Iterator[Own]]] = {
    1: _whole,
    2: _ablation,
    3: _impersonal,
    4: _section("unseen"),
    **{number: _scenario(scenario) for number, scenario in _SCENARIOS.items()},
    11: _section("trained"),
    12: _section("untrained"),
}
"""Table of the paper -> the rows of ours that belong into it."""
