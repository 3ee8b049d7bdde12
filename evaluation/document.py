"""A document of sections, tables and pictures, written as Markdown and as one self-contained HTML file.

Text is ours unless a cell says that it is foreign; foreign text is inert in both: escaped in HTML, a code
span in Markdown. The HTML needs no network and runs no script, and its policy lets nothing else in either. It
knows nothing of evaluations.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

import jinja2

from .texts import LONGEST, inert

TEMPLATES = Path(__file__).parent / "templates"

Mark = Literal["", "best", "second"]
Kind = Literal["", "quoted", "floor", "own"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table, or one fact."""

    text: str
    foreign: bool = False
    """somebody else wrote it"""
    note: str = ""
    """small print beneath, such as an interval"""
    mark: Mark = ""
    """best: bold, second: underlined, as in the paper's tables"""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: quoted is of the paper, floor a baseline, own what the report is about."""

    cells: tuple[Cell, ...]
    kind: Kind = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; all columns but the first `words` hold numbers."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    caption: str = ""
    words: int = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, inside a page and as a file of its own."""

    name: str
    """of its file, without folder and ending"""
    title: str
    svg: str
    """the `<svg>` element; its colours come from the page's style"""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, paragraphs of ours, then tables and pictures; a folded one opens by a click."""

    title: str
    text: tuple[str, ...] = ()
    parts: tuple[Table | Picture, ...] = ()
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report."""

    title: str
    about: Cell
    """who or what it is about"""
    tiles: tuple[Cell, ...] = ()
    """the few numbers to see first: name in `note`, limits behind a line break of `text`"""
    facts: tuple[tuple[str, Cell], ...] = ()
    notes: tuple[str, ...] = ()
    """what one has to know before one believes a number"""
    sections: tuple[Section, ...] = ()

    def pictures(self) -> Iterator[Picture]:
        """All its pictures, in order."""
        for section in self.sections:
            yield from (part for part in section.parts if isinstance(part, Picture))


def foreign(text: object, longest: int = LONGEST) -> Cell:
    """A cell with text of others, bounded and inert."""
    return Cell(inert(text, longest), foreign=True)


def as_html(document: Document) -> bytes:
    """One HTML file with everything in it."""
    style = "".join(map(_file, ("light.css", "dark.css", "chart.css", "page.css")))
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    return rendered("page.html.jinja", document=document, style=style, digest=digest).encode()


def as_svg(picture: Picture) -> bytes:
    """A picture as a file of its own, always light: nobody knows the page it will stand on."""
    style = f"<style>{_file('light.css')}{_file('chart.css')}.chart {{ background: var(--paper); }}</style>"
    return picture.svg.replace("<title>", f"{style}<title>", 1).encode()


def as_markdown(document: Document, pictures: str = "pictures") -> bytes:
    """Markdown (GitHub's), with links to the pictures' files in a folder beside it."""
    lines = [f"# {document.title}", "", _span(document.about), ""]
    lines += [f"- **{name}**: {_span(cell)}" for name, cell in document.facts]
    for note in document.notes:
        lines += ["", f"> {note}"]
    for section in document.sections:
        lines += ["", f"## {section.title}"]
        for paragraph in section.text:
            lines += ["", paragraph]
        for part in section.parts:
            lines += ["", *_part(part, pictures)]
    return ("\n".join(lines) + "\n").encode()


def _part(part: Table | Picture, pictures: str) -> Iterable[str]:
    if isinstance(part, Picture):
        return [f"![{part.title}]({pictures}/{part.name}.svg)"]
    return as_markdown_table(part)


def as_markdown_table(table: Table) -> list[str]:
    """The lines of one table, its caption first."""
    lines = [f"**{table.caption}**", ""] if table.caption else []
    rules = ["---" if place < table.words else "---:" for place in range(len(table.columns))]
    lines += [_line(table.columns), _line(rules)]
    return lines + [_line([_cell(cell) for cell in row.cells]) for row in table.rows]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    text = _span(cell).replace("|", "\\|")
    text = {"best": f"**{text}**", "second": f"<u>{text}</u>"}.get(cell.mark, text)
    return f"{text} ({cell.note})" if cell.note else text


def _span(cell: Cell) -> str:
    """Foreign text as a code span, whose fence is longer than any in it: nothing in it means anything."""
    if not cell.foreign:
        return cell.text
    text = inert(cell.text, 4 * LONGEST).strip()
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, room = "`" * (longest + 1), " " if "`" in text[:1] + text[-1:] else ""
    return f"{fence}{room}{text}{room}{fence}" if text else ""


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def rendered(template: str, **values: object) -> str:
    """A template of this package, everything in it escaped."""
    return _environment().get_template(template).render(**values)


@cache
def _file(name: str) -> str:
    return (TEMPLATES / name).read_text("utf-8")
