"""The rows of the paper's tables, to be quoted beside our own: never measured here, never mixed into a score.

The numbers are those printed in Tables 1–4, 6–8 and 10–12 (`tables.yaml`). Figures 3, 4 and 5 print none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ...errors import ConfigError, names


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A printed row: who, of which kind ('API' or 'OSS', where the table says so), and its shares, 0 to 1."""

    name: str
    kind: str | None
    shares: dict[str, float]


@dataclass(frozen=True, slots=True)
class PaperTable:
    """A printed table; its shares have four decimals, as printed."""

    number: int
    title: str
    columns: tuple[str, ...]
    rows: tuple[PaperRow, ...]

    def row(self, name: str) -> PaperRow:
        """The row of one model or variant, as the paper spells it. Raises ConfigError for an unknown one."""
        for row in self.rows:
            if row.name == name:
                return row
        known = names((row.name for row in self.rows), name)
        raise ConfigError(f"Table {self.number} of the paper: no row {name!r}; there are {known}")


def paper_table(number: int) -> PaperTable:
    """One table of the paper. Raises ConfigError where nothing of it is quoted."""
    tables = _tables()
    if number not in tables:
        known = ", ".join(str(table) for table in tables)
        raise ConfigError(f"Table {number!r} of the paper is not quoted; there are {known}")
    return tables[number]


@cache
def _tables() -> dict[int, PaperTable]:
    import yaml

    text = files(__name__).joinpath("tables.yaml").read_text("utf-8")
    return {number: _table(number, raw) for number, raw in yaml.safe_load(text).items()}


def _table(number: int, raw: dict) -> PaperTable:
    columns, percent = tuple(raw["columns"]), raw["unit"] == "percent"
    rows = tuple(
        PaperRow(
            raw_row["name"],
            raw_row.get("type"),
            dict(zip(columns, _shares(raw_row["values"], percent), strict=True)),
        )
        for raw_row in raw["rows"]
    )
    return PaperTable(number, raw["title"], columns, rows)


def _shares(values: list[float], percent: bool) -> list[float]:
    return [round(value / 100, 4) if percent else float(value) for value in values]
