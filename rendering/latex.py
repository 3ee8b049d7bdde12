"""The tables of a document as LaTeX (booktabs), to be put into a paper: one `table` for each, and the facts.

Whatever a table holds is text: every character that LaTeX reads as a command is escaped, and one that
pdfLaTeX cannot print stands there as its code (`U+6A21`). Tables of words only and pictures are left out;
pictures are files of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

from .document import Cell, Document, Fold, Part, Row, Table
from .text import LONGEST, inert

_HEAD = """\
% {title}
% Needs \\usepackage{{booktabs,graphicx}}.
"""
_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_",
    "%": r"\%", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''", "`": r"\textasciigrave{}",
    "–": "--", "—": "---", "…": r"\ldots{}", "✓": r"$\surd$", "✗": r"$\times$", "−": "$-$",
}  # fmt: skip
_OTHER = r"{\ifdefined\Umathchar %s\else\scriptsize U+%04X\fi}"
"""LuaLaTeX and XeLaTeX print the character, as far as their font has it. It needs no macro of ours: a list of
tables prints captions before any could be defined."""
_LATIN = 0x180
"""From here on pdfLaTeX knows single characters only, those of `_KNOWN`."""
_UNKNOWN = frozenset("«»ÐÞðþĄąĐđĘęĦħĮįĸĿŀŉŊŋŦŧŲųſ")
_KNOWN = frozenset("‐‑‒–—―‘’“”†•…‰€™→")
_STYLES = {"best": r"\textbf{%s}", "second": r"\underline{%s}"}
_MOST_COLUMNS = 9
"""Columns of a table that fit a page without being made smaller."""


def as_latex(document: Document) -> bytes:
    """Every table with numbers in it, in order, and the facts before them."""
    name = re.sub(r"[^a-z0-9]+", "-", document.title.lower()).strip("-")
    parts = [_HEAD.format(title=escape(inert(document.title)))]
    if document.facts:
        parts.append(_float(f"{document.title}: settings", f"{name}-settings", _facts(document.facts)))
    tables = [(section.title, table) for section in document.sections for table in _tables(section.parts)]
    for number, (title, table) in enumerate(tables, 1):
        parts.append(_float(table.caption or title, f"{name}-{number}", _tabular(table)))
    return "\n".join(parts).encode()


def escape(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    normal = unicodedata.normalize("NFC", text)
    return "".join(_escape(character, after) for character, after in pairwise(f"{normal} "))


def _escape(character: str, after: str) -> str:
    if character == after and character in "-'":
        return character + "{}"  # two of them would become another sign
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character == "\ufffd":
        return r"{\scriptsize U+FFFD}"  # LuaLaTeX takes it for a byte that it could not read
    printed = character in _KNOWN or (ord(character) < _LATIN and character not in _UNKNOWN)
    return character if printed else _OTHER % (character, ord(character))


def _tables(parts: Iterable[Part]) -> Iterator[Table]:
    """Tables with a column of numbers."""
    for part in parts:
        if isinstance(part, Table) and part.rows and part.words < len(part.columns):
            yield part
        elif isinstance(part, Fold):
            yield from _tables(part.parts)


def _float(caption: str, label: str, tabular: Iterable[str]) -> str:
    head = [r"\begin{table}[ht]", r"\centering\small", rf"\caption{{{escape(inert(caption))}}}"]
    return "\n".join([*head, rf"\label{{tab:{label}}}", *tabular, r"\end{table}", ""])


def _facts(facts: Iterable[tuple[str, Cell]]) -> Iterator[str]:
    yield r"\begin{tabular}{p{0.25\linewidth}p{0.65\linewidth}}"
    yield r"\toprule"
    for name, cell in facts:
        yield _line((escape(name), _text(cell)))
    yield r"\bottomrule"
    yield r"\end{tabular}"


def _tabular(table: Table) -> Iterator[str]:
    wide = len(table.columns) > _MOST_COLUMNS
    if wide:
        yield r"\resizebox{\linewidth}{!}{%"
    yield rf"\begin{{tabular}}{{{'l' * table.words}{'r' * (len(table.columns) - table.words)}}}"
    yield r"\toprule"
    yield _line(map(escape, table.columns))
    yield r"\midrule"
    quoted = table.rows[0].kind == "quoted"
    for row in table.rows:
        if quoted and row.kind != "quoted":
            yield r"\midrule"
        quoted = row.kind == "quoted"
        yield from _row(row, table.words)
    yield r"\bottomrule"
    yield r"\end{tabular}"
    if wide:
        yield "}"


def _row(row: Row, words: int) -> Iterator[str]:
    """A row, and below it one in small print where its numbers have intervals."""
    names, numbers = row.cells[:words], row.cells[words:]
    texts = [_name(cell) for cell in names] + [_text(cell, number=True) for cell in numbers]
    yield _line(rf"\textit{{{text}}}" if row.kind == "quoted" and text else text for text in texts)
    if any(cell.note for cell in numbers):
        yield _line([""] * words + [_small(cell.note) for cell in numbers])


def _name(cell: Cell) -> str:
    return f"{_text(cell)} {_small(cell.note)}".strip()


def _small(note: str) -> str:
    return rf"{{\scriptsize {escape(_with_minus(inert(note)))}}}" if note else ""


def _with_minus(text: str) -> str:
    """A minus instead of a hyphen before a number."""
    return re.sub(r"(?<![\w-])-(?=\d)", "−", text)


def _text(cell: Cell, number: bool = False) -> str:
    shown = inert(cell.text, 4 * LONGEST)
    text = escape(_with_minus(shown) if number else shown)
    return _STYLES.get(cell.mark, "%s").replace("%s", text) if text else ""


def _line(cells: Iterable[str]) -> str:
    r"""A line of a table; it begins with `{}`, for `\\` would take a `[` or `*` behind it for its own."""
    return "{}" + " & ".join(cells) + r" \\"
