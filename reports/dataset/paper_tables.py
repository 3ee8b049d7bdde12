"""Tables 5 and 9 of the paper, quoted, with this dataset beside them.

The quoted numbers are printed ones and never measured here; what is ours comes from the statistics.
"""

from __future__ import annotations

from ...records.dataset_statistics import SplitRow, Statistics
from ...rendering.benchmark_table import benchmark_table, quoted_table
from ...rendering.document import Cell, Row, Section, Table, count_cell, foreign

TABLE_5 = (
    ("Train", 5, 15, 360, 74, 7_096),
    ("Test (PTBench)", 8, 24, 576, 95, 1_301),
    ("– Trained", 5, 15, 360, 74, 474),
    ("– Untrained", 5, 15, 360, 6, 609),
    ("– Unseen scenarios", 3, 9, 216, 15, 218),
    ("Total", 8, 21, 576, 95, 8_397),
)
"""Dataset, scenarios, platforms, APIs, users, queries, as printed; its total of platforms is the paper's."""

_SPLIT_NAMES = {
    "train": "Train",
    "test": "Test",
    "trained": "– Trained",
    "untrained": "– Untrained",
    "unseen": "– Unseen scenarios",
    "twins": "Twins of what is held out",
    "reserve": "Reserve (in no part)",
    "all": "All (not split)",
}


def paper_section(statistics: Statistics) -> Section:
    """The section with both tables."""
    text = (
        "Rows in italics are quoted from the paper and were not measured here; the others are this "
        "dataset. The paper's numbers do not add up everywhere; they are printed as they stand there.",
    )
    return Section("Beside the paper", text, (_table_5(statistics), _table_9(statistics)))


def _table_5(statistics: Statistics) -> Table:
    quoted = [
        Row((Cell(name, note="quoted"), *map(count_cell, numbers)), "quoted") for name, *numbers in TABLE_5
    ]
    ours = [_split_row(split) for split in statistics.splits]
    columns = ("Dataset", "Scenarios", "Platforms", "APIs", "Users", "Queries")
    return Table(columns, (*quoted, *ours), "Table 5. Statistics of the dataset")


def _split_row(split: SplitRow) -> Row:
    name = _SPLIT_NAMES.get(split.name)
    numbers = (split.scenarios, split.platforms, split.apis, split.users, split.queries)
    name_cell = foreign(split.name, 60) if name is None else Cell(name)
    return Row((name_cell, *map(count_cell, numbers)), "own")


def _table_9(statistics: Statistics) -> Table:
    part = statistics.benchmark()
    if part is None:
        return quoted_table()
    note = _SPLIT_NAMES.get(part.name, "its part").lower()
    return benchmark_table(note, part.apis, part.users, part.queries, statistics.personal())
