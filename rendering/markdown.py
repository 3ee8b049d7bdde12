"""A document as Markdown (GitHub's). Foreign text stands in code spans: nothing in it means anything.

It knows nothing of evaluations, runs or datasets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .document import Branch, Cell, Document, Facts, Fold, Outline, Part, Passage, Picture, Piece, Table
from .text import LONGEST, inert


def as_markdown(document: Document, pictures: str = "pictures") -> bytes:
    """Markdown, with links to the pictures' files in a folder beside it."""
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


def _part(part: Part, pictures: str) -> Iterable[str]:
    match part:
        case Picture():
            return [f"![{part.title}]({pictures}/{part.name}.svg)"]
        case Table():
            return as_markdown_table(part)
        case Passage():
            return [f"**{part.title}**: {''.join(map(_piece, part.pieces))}"]
        case Facts():
            return [
                f"**{part.title}**",
                "",
                *(f"- {_span(name)}: {_span(value)}" for name, value in part.items),
            ]
        case Outline():
            return [f"**{part.title}**", "", *_branches(part.branches, 0)]
        case Fold():
            return [
                f"### {_span(part.title)}",
                *(line for one in part.parts for line in ("", *_part(one, pictures))),
            ]


def as_markdown_table(table: Table) -> list[str]:
    """The lines of one table, its caption first."""
    lines = [f"**{table.caption}**", ""] if table.caption else []
    rules = ["---" if place < table.words else "---:" for place in range(len(table.columns))]
    lines += [_line(table.columns), _line(rules)]
    return lines + [_line([_cell(cell) for cell in row.cells]) for row in table.rows]


def _branches(branches: Iterable[Branch], depth: int) -> Iterator[str]:
    for one in branches:
        about = f": {_span(one.about)}" if one.about.text else ""
        yield f"{'  ' * depth}- {_span(one.name)}{about}"
        yield from _branches(one.below, depth + 1)


def _piece(piece: Piece) -> str:
    text = _span(Cell(piece.text, piece.foreign))
    return text + "".join(f"[{number}]" for number in piece.ends)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    text = _span(cell).replace("|", "\\|")
    text = {"best": f"**{text}**", "second": f"<u>{text}</u>"}.get(cell.mark, text)
    return f"{text} ({cell.note})" if cell.note else text


def _span(cell: Cell) -> str:
    """Foreign text as a code span, whose fence is longer than any in it."""
    if not cell.foreign:
        return cell.text + "".join(f"[{number}]" for number in cell.numbers)
    text = inert(cell.text, 4 * LONGEST).strip()
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, room = "`" * (longest + 1), " " if "`" in text[:1] + text[-1:] else ""
    span = f"{fence}{room}{text}{room}{fence}" if text else ""
    return span + "".join(f"[{number}]" for number in cell.numbers)
