"""The paper's published rows, to stand beside ours: quoted, never measured here, never mixed into a score.

The numbers are those printed in Tables 1–4, 6–8 and 10–12 (`tables.yaml`). Figures 3, 4 and 5 print none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ...errors import ConfigError, names

TRAINED, UNTRAINED = 474, 609
"""Samples of trained and of untrained users in the published PTBench (Table 5)."""

QUERY_PARAMS = {"trained": 661, "untrained": 911}
PROFILE_PARAMS = {"trained": 1048, "untrained": 1329}
"""Arguments found in the query and in the profile: with them Tables 11 and 12 average to every row of Table
1."""


@dataclass(frozen=True, slots=True)
class QuotedRow:
    """A printed row: who, of which kind ('API' or 'OSS', where the table says so), and its shares, 0 to 1."""

    name: str
    kind: str | None
    shares: dict[str, float]


@dataclass(frozen=True, slots=True)
class QuotedTable:
    """A printed table; its shares have four decimals, as printed."""

    number: int
    title: str
    columns: tuple[str, ...]
    rows: tuple[QuotedRow, ...]

    def row(self, name: str) -> QuotedRow:
        """The row of one model or variant, as the paper spells it. Raises ConfigError for an unknown one."""
        for row in self.rows:
            if row.name == name:
                return row
        known = names((row.name for row in self.rows), name)
        raise ConfigError(f"Table {self.number} of the paper: no row {name!r}; there are {known}")


def quoted_table(number: int) -> QuotedTable:
    """One table of the paper. Raises ConfigError where nothing of it is quoted."""
    tables = _tables()
    if number not in tables:
        known = ", ".join(str(one) for one in tables)
        raise ConfigError(f"Table {number!r} of the paper is not quoted; there are {known}")
    return tables[number]


@cache
def _tables() -> dict[int, QuotedTable]:
    import yaml

    text = files(__name__).joinpath("tables.yaml").read_text("utf-8")
    return {number: _table(number, raw) for number, raw in yaml.safe_load(text).items()}


def _table(number: int, raw: dict) -> QuotedTable:
    columns, percent = tuple(raw["columns"]), raw["unit"] == "percent"
    rows = tuple(
        QuotedRow(
            one["name"], one.get("type"), dict(zip(columns, _shares(one["values"], percent), strict=True))
        )
        for one in raw["rows"]
    )
    return QuotedTable(number, raw["title"], columns, rows)


def _shares(values: list[float], percent: bool) -> list[float]:
    return [round(value / 100, 4) if percent else float(value) for value in values]
