"""Charts of how wholes fall into parts: what is left after each step, stacked bars, a heat map.

They know counts, shares from 0 to 1 and labels (escaped and bounded), not what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .document import Picture
from .sheet import COLOURS, SMALL, WIDTH, Sheet, short
from .texts import inert

_ROW = 27.0
_LETTER = 7.4
"""Width of a letter of a label, identifiers included, at most, in units."""
_SHADE = 0.5
"""Strongest shade: letters are read on it by day and by night."""
_TINY = 4.6


def steps(
    name: str, title: str, whole: tuple[str, int], lost: Sequence[tuple[str, int]], left: str
) -> Picture:
    """What a whole loses step by step, and what is left of it, one bar below the other.

    Args: whole: label and count; lost: the same of every step; left: label of the rest.
    """
    sheet, total = Sheet(), max(whole[1], 1)
    rows = [(whole[0], 0, whole[1], "ceiling"), *_lost(whole[1], lost)]
    rest = whole[1] - sum(count for _, count in lost)
    rows.append((left, 0, max(rest, 0), "answers"))
    begin = max(len(short(label)) for label, *_ in rows) * _LETTER + 14
    room = WIDTH - begin - 104
    for place, (label, start, count, look) in enumerate(rows):
        y, tip = 6 + _ROW * (place + 0.5), f"{inert(label)}: {count:,}"
        sheet.add("text", "label end", short(label), tip, x=begin - 8, y=y)
        wide = max(1.0, count / total * room) if count else 0.0
        at = begin + min(start / total * room, room - wide)
        sheet.add("rect", look, "", tip, x=at, y=y - 8, width=wide, height=16.0, rx=1.0)
        sheet.add("text", "value end", f"{count:,}", x=WIDTH - 56, y=y)
        sheet.add("text", "value end", f"{100 * count / total:.1f}%", x=WIDTH - 2, y=y)
    sheet.height = 12 + _ROW * len(rows)
    return sheet.picture(name, title)


def _lost(whole: int, lost: Sequence[tuple[str, int]]) -> list[tuple[str, int, int, str]]:
    rows, left = [], whole
    for label, count in lost:
        left -= count
        rows.append((label, max(left, 0), count, "quoted"))
    return rows


def stacks(name: str, title: str, rows: Mapping[str, Mapping[str, int]]) -> Picture:
    """A bar a row, cut into its parts, each with its name and its share inside where there is room."""
    sheet = Sheet()
    begin = max((len(short(label, 20)) for label in rows), default=0) * _LETTER + 14
    for place, (label, parts) in enumerate(rows.items()):
        y = 4 + 36 * place
        sheet.add("text", "label end", short(label, 20), inert(label), x=begin - 8, y=y + 16)
        _stack(sheet, label, parts, begin, y)
    sheet.height = 8 + 36.0 * len(rows)
    return sheet.picture(name, title)


def _stack(sheet: Sheet, row: str, parts: Mapping[str, int], begin: float, y: float) -> None:
    total, x, room = sum(parts.values()), begin, WIDTH - 2 - begin
    for number, (part, count) in enumerate(parts.items()):
        if not total or not count:
            continue
        wide, share = count / total * room, f"{100 * count / total:.1f}%"
        tip = f"{inert(row)}, {inert(part)}: {count:,} ({share})"
        look = f"cell s{number % COLOURS}"
        sheet.add("rect", look, "", tip, x=x, y=y, width=wide, height=32.0, rx=1.5, fill_opacity=f"{_SHADE}")
        letters = int((wide - 4) / 5.2)
        if letters >= 4:
            middle = x + wide / 2
            sheet.add("text", "small middle", short(part, letters), tip, x=middle, y=y + 11)
            sheet.add("text", "small middle", share, tip, x=middle, y=y + 23)
        x += wide


def heat(
    name: str, title: str, rows: Sequence[str], columns: Sequence[str], counts: Mapping[tuple[str, str], int]
) -> Picture:
    """A heat map: in every cell the share of its row, the darker the larger."""
    sheet = Sheet()
    begin = max((len(short(label, 20)) for label in rows), default=0) * _LETTER + 14
    wide, top = (WIDTH - 2 - begin) / max(len(columns), 1), 20.0
    for place, column in enumerate(columns):
        shown = short(column, max(3, int(wide / SMALL)))
        sheet.add("text", "axis middle", shown, inert(column), x=begin + (place + 0.5) * wide, y=9.0)
    for place, row in enumerate(rows):
        y = top + _ROW * place
        sheet.add("text", "label end", short(row, 20), inert(row), x=begin - 8, y=y + _ROW / 2)
        whole = sum(counts.get((row, column), 0) for column in columns)
        for number, column in enumerate(columns):
            count = counts.get((row, column), 0)
            share = count / whole if whole else 0.0
            tip = f"{inert(row)}, {inert(column)}: {count:,} of {whole:,}"
            x, shade = begin + number * wide, f"{0.04 + share * (_SHADE + 0.1):.2f}"
            sheet.add("rect", "cell s0", "", tip, x=x, y=y, width=wide, height=_ROW, fill_opacity=shade)
            told = f"{100 * share:.0f}%" if wide >= 4 * _TINY else ""
            sheet.add("text", "small middle", told, tip, x=x + wide / 2, y=y + _ROW / 2)
    sheet.height = top + _ROW * len(rows) + 4
    return sheet.picture(name, title)
