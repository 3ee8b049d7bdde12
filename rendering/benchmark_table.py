"""Table 9 of the paper, quoted, with a dataset beside it. It knows no dataset."""

from __future__ import annotations

from .document import Cell, Row, Table, count_cell

_QUOTED = (
    ("ETAPP", 35, 16, 800, (True, False, False)),
    ("ToolSpectrum", 42, 158, 1_000, (True, True, False)),
    ("Ours (the paper's)", 360, 85, 1_301, (True, True, True)),
)
"""Benchmark, tools, users, samples; whether tools, parameters and trajectories are personal; as printed."""
_COLUMNS = ("Benchmark", "Tools", "Users", "Samples", "Tool P.", "Param P.", "User Traj.")


def benchmark_table(
    note: str, tools: int, users: int, samples: int, personal: tuple[bool | None, bool | None, bool | None]
) -> Table:
    """The quoted rows, and one of this dataset.

    Args:
        note: which part of it that is; may be empty.
        personal: whether tools and parameters depend on the user, and whether there is a history; None:
            nobody can tell.
    """
    own = Row(
        (Cell("This dataset", note=note), *map(count_cell, (tools, users, samples)), *map(_tick, personal)),
        "own",
    )
    return Table(_COLUMNS, (*_quoted(), own), _CAPTION)


def quoted_table() -> Table:
    """The quoted rows alone, where there is no dataset to put beside them."""
    return Table(_COLUMNS, _quoted(), _CAPTION)


_CAPTION = "Table 9. Personalised tool-use benchmarks"


def _quoted() -> tuple[Row, ...]:
    return tuple(
        Row((Cell(name, note="quoted"), *map(count_cell, numbers), *map(_tick, ticks)), "quoted")
        for name, *numbers, ticks in _QUOTED
    )


def _tick(present: bool | None) -> Cell:
    return Cell("n/a" if present is None else "✓" if present else "✗")
