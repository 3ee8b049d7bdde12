"""A document of sections, tables, pictures, passages and outlines, written as HTML or Markdown.

Text is ours unless a cell or piece says that it is foreign; foreign text is inert: bounded, escaped in HTML,
a code span in Markdown. The HTML needs no network; its policy lets in no script but ours (`sort.js`,
`browser.js`), and those only where a table can be sorted or samples be browsed. It knows nothing of
evaluations, runs or datasets.
"""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Literal

import jinja2
from markupsafe import Markup, escape

from .text import LONGEST, inert

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
    numbers: tuple[int, ...] = ()
    """what it is the evidence of: shown as numbers, 1 …, each with a colour"""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: quoted is of the paper, floor a baseline, own what the report is about."""

    cells: tuple[Cell, ...]
    kind: Kind = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; all columns but the first `words` hold numbers."""

    part: ClassVar[str] = "table"
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    caption: str = ""
    words: int = 1
    sortable: bool = False
    """whether a click on a heading sorts its rows"""
    keep: str = ""
    """the column that stays in sight on a phone, beside the first"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, inside a page and as a file of its own."""

    part: ClassVar[str] = "picture"
    name: str
    """of its file, without folder and ending"""
    title: str
    svg: str
    """the `<svg>` element; its colours come from the page's style"""
    large: bool = False
    """it takes the whole width of a page, and scrolls on a phone"""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a passage."""

    text: str
    foreign: bool = False
    numbers: tuple[int, ...] = ()
    """what it is the evidence of: it is marked in the first one's colour"""
    ends: tuple[int, ...] = ()
    """the numbers that stand behind it, where the evidence ends"""


@dataclass(frozen=True, slots=True)
class Passage:
    """Running text in pieces, with a name before it."""

    part: ClassVar[str] = "passage"
    title: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Many short facts (name, value) in columns, as many as fit."""

    part: ClassVar[str] = "facts"
    title: str
    items: tuple[tuple[Cell, Cell], ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """An entry of an outline, with what is below it."""

    name: Cell
    about: Cell = Cell("")
    below: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """A tree as nested lists; every entry with something below it opens by a click."""

    part: ClassVar[str] = "outline"
    title: str
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """Parts under a title of their own, opened by a click."""

    part: ClassVar[str] = "fold"
    title: Cell
    parts: tuple[Part, ...]
    tag: str = ""
    """a word on its kind, of ours"""
    opened: bool = False


@dataclass(frozen=True, slots=True)
class SampleBrowser:
    """Samples to search, filter and open one by one; in HTML only, and drawn there by `browser.js`."""

    part: ClassVar[str] = "browser"
    data: bytes
    """JSON, as `browser.js` reads it; all texts in it may be foreign"""

    def packed(self) -> str:
        """The data as it stands in a page: compressed, base64; equal data gives equal bytes."""
        return base64.b64encode(gzip.compress(self.data, 9, mtime=0)).decode()


Part = Table | Picture | Passage | Facts | Outline | Fold | SampleBrowser


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, paragraphs of ours, then its parts; a folded one opens by a click."""

    title: str
    text: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
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
    contents: bool = False
    """whether a list of the sections stands in front"""

    def parts(self) -> Iterator[Part]:
        """All its parts, in order, those in folds included."""
        for section in self.sections:
            yield from _unfolded(section.parts)

    def pictures(self) -> Iterator[Picture]:
        """All its pictures, in order."""
        return (part for part in self.parts() if isinstance(part, Picture))


def _unfolded(parts: Iterable[Part]) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, Fold):
            yield from _unfolded(part.parts)
        else:
            yield part


def foreign(text: object, longest: int = LONGEST, note: str = "", numbers: tuple[int, ...] = ()) -> Cell:
    """A cell with text of others, bounded and inert."""
    return Cell(inert(text, longest), foreign=True, note=note, numbers=numbers)


def count_cell(value: int) -> Cell:
    """A cell with a count."""
    return Cell(f"{value:,}")


def as_html(document: Document) -> bytes:
    """One HTML file with everything in it."""
    parts = list(document.parts())
    browses = any(isinstance(part, SampleBrowser) for part in parts)
    sorts = any(isinstance(part, Table) and part.sortable for part in parts)
    styles = ("light.css", "dark.css", "chart.css", "page.css", "parts.css", "print.css")
    scripts = (*(["sort.js"] if sorts else []), *(["browser.js"] if browses else []))
    style = "".join(map(_read_file, (*styles, *(["browser.css"] if browses else []))))
    script = "".join(map(_read_file, scripts))
    page = render_template(
        "page.html.jinja",
        document=document,
        style=style,
        style_digest=_digest(style),
        script=script,
        script_digest=_digest(script),
    )
    return page.encode()


def _digest(text: str) -> str:
    """What a page's policy lets in."""
    return base64.b64encode(sha256(text.encode()).digest()).decode()


def as_svg(picture: Picture) -> bytes:
    """A picture as a file of its own, always light: nobody knows the page it will stand on."""
    rules = f"{_read_file('light.css')}{_read_file('chart.css')}.chart {{ background: var(--paper); }}"
    style = f"<style>{rules}</style>"
    return picture.svg.replace("<title>", f"{style}<title>", 1).encode()


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    return environment


_JOINT = re.compile(r"(?<=[_/.:@=,])(?=\w)|(?<=[a-z])(?=[A-Z])")
_UNBROKEN = 14
"""Letters of a name that fit the narrowest column."""


def breakable(name: str) -> Markup:
    """A name as HTML; a long one is broken where its parts meet (`a_name`, `aName`), and no part is."""
    if len(name) <= _UNBROKEN:
        return escape(name)
    return Markup("<wbr>").join(_JOINT.split(name))


def render_template(template: str, **values: object) -> str:
    """A template of this package, everything in it escaped."""
    return _templates().get_template(template).render(**values)


@cache
def _read_file(name: str) -> str:
    return (TEMPLATES / name).read_text("utf-8")


def as_markdown(document: Document, pictures: str = "pictures") -> bytes:
    """Markdown, with links to the pictures' files in a folder beside it."""
    lines = [f"# {document.title}", "", _markdown_span(document.about), ""]
    lines += [f"- **{name}**: {_markdown_span(cell)}" for name, cell in document.facts]
    for note in document.notes:
        lines += ["", f"> {note}"]
    for section in document.sections:
        lines += ["", f"## {section.title}"]
        for paragraph in section.text:
            lines += ["", paragraph]
        for part in section.parts:
            lines += ["", *_markdown_part(part, pictures)]
    return ("\n".join(lines) + "\n").encode()


def _markdown_part(part: Part, pictures: str) -> Iterable[str]:
    match part:
        case Picture():
            return [f"![{part.title}]({pictures}/{part.name}.svg)"]
        case Table():
            return markdown_table(part)
        case Passage():
            return [f"**{part.title}**: {''.join(map(_markdown_piece, part.pieces))}"]
        case Facts():
            return [
                f"**{part.title}**",
                "",
                *(f"- {_markdown_span(name)}: {_markdown_span(value)}" for name, value in part.items),
            ]
        case Outline():
            return [f"**{part.title}**", "", *_markdown_branches(part.branches, 0)]
        case SampleBrowser():
            return ["The page (HTML) has all samples to search and filter."]
        case Fold():
            return [
                f"### {_markdown_span(part.title)}",
                *(line for inner in part.parts for line in ("", *_markdown_part(inner, pictures))),
            ]


def markdown_table(table: Table) -> list[str]:
    """The lines of one table in Markdown, its caption first."""
    lines = [f"**{table.caption}**", ""] if table.caption else []
    rules = ["---" if number < table.words else "---:" for number in range(len(table.columns))]
    lines += [_markdown_row(table.columns), _markdown_row(rules)]
    return lines + [_markdown_row([_markdown_cell(cell) for cell in row.cells]) for row in table.rows]


def _markdown_branches(branches: Iterable[Branch], depth: int) -> Iterator[str]:
    for branch in branches:
        about = f": {_markdown_span(branch.about)}" if branch.about.text else ""
        yield f"{'  ' * depth}- {_markdown_span(branch.name)}{about}"
        yield from _markdown_branches(branch.below, depth + 1)


def _markdown_piece(piece: Piece) -> str:
    text = _markdown_span(Cell(piece.text, piece.foreign))
    return text + "".join(f"[{number}]" for number in piece.ends)


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown_cell(cell: Cell) -> str:
    text = _markdown_span(cell).replace("|", "\\|")
    text = {"best": f"**{text}**", "second": f"<u>{text}</u>"}.get(cell.mark, text)
    return f"{text} ({cell.note})" if cell.note else text


def _markdown_span(cell: Cell) -> str:
    """Foreign text as a code span, whose fence is longer than any in it."""
    if not cell.foreign:
        return cell.text + "".join(f"[{number}]" for number in cell.numbers)
    text = inert(cell.text, 4 * LONGEST).strip()
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, padding = "`" * (longest + 1), " " if "`" in text[:1] + text[-1:] else ""
    span = f"{fence}{padding}{text}{padding}{fence}" if text else ""
    return span + "".join(f"[{number}]" for number in cell.numbers)
