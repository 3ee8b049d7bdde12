"""Tables and texts on the terminal, as `ptool.status`, `ptool.explain` and `ptool.diff` print them.

It reads no file. Foreign text is made safe here: one line, bounded, no control characters.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..rendering.text import terminal_text

WIDTH = 120
"""Columns where the output is no terminal and COLUMNS does not say otherwise."""


def print_to_console(content: RenderableType, console: Console | None = None) -> None:
    """Print to stdout, or to the console given; nothing is cut off."""
    if console is None:
        fixed = not (Console().is_terminal or os.environ.get("COLUMNS"))
        console = Console(width=WIDTH if fixed else None, highlight=False)
    console.print(content, crop=False)


def console_table(*columns: str, right: Sequence[int] = (), header: bool = True) -> Table:
    """An empty table without lines. Args: right: numbers of the columns aligned to the right."""
    table = Table(show_header=header, box=None, padding=(0, 2, 0, 0), header_style="dim")
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number in right else "left", overflow="fold")
    return table


def console_text(text: str, limit: int) -> Text:
    """Foreign text that folds instead of being cut, at most `limit` characters of it."""
    return Text(terminal_text(text, limit), overflow="fold")


def console_section(title: str, contents: Sequence[RenderableType]) -> list[RenderableType]:
    """A bold title and its contents, indented; nothing where there are none."""
    if not contents:
        return []
    heading = Text(f"\n{terminal_text(title, 120)}", style="bold")
    return [heading, *(Padding(content, (0, 0, 0, 2)) for content in contents)]
