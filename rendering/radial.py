"""A tree as rings of sectors around its root: what is large shows at once, names stand where there is room.

It knows names (escaped and bounded), tooltips and colours, not what they mean. The same tree gives the same
bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .charts import COLOURS, Sheet, at, short
from .document import Picture

SIZE = 680.0
"""Units of width and height."""
CORE = 26.0
"""Radius of the empty middle."""
MOST_RINGS = 8
MOST_SECTORS = 4_000
"""Sectors that are drawn; of a larger tree, the innermost rings."""
_FONT = 10.5
_SMALL = 8.0
"""Size to which letters shrink before a name is cut."""
_LEAST = 5.4
"""Size below which letters cannot be read."""
_WIDE = 0.6
"""Width of a letter, about, in its size."""
_TURN = 2 * math.pi


@dataclass(frozen=True, slots=True)
class Sector:
    """A node: its name, what pointing at it shows, and what is around it."""

    name: str
    tip: str
    below: tuple[Sector, ...] = ()
    colour: int = -1
    """of chart.css; -1: that of what is further in"""
    room: float = 1.0
    """how much of the circle it takes beside its neighbours, where nothing is below it"""


@dataclass(frozen=True, slots=True)
class _Drawn:
    sector: Sector
    ring: int
    start: float
    end: float
    colour: int


def radial(name: str, title: str, sectors: Sequence[Sector], thickness: Sequence[float] = ()) -> Picture:
    """Draw a tree as rings, the first sectors innermost.

    Args: thickness: of the rings beside each other, from the middle out; where none is given, all are equal.
    """
    drawn = list(_within(list(_placed(sectors))))
    rings = 1 + max((one.ring for one in drawn), default=0)
    radii = _radii([*thickness[:rings], *[1.0] * (rings - len(thickness))])
    sheet = Sheet(height=SIZE, width=SIZE)
    for one in drawn:
        _draw(sheet, one, radii[one.ring], radii[one.ring + 1])
    for one in drawn:
        _name(sheet, one, radii[one.ring], radii[one.ring + 1])
    return sheet.picture(name, title, large=True)


def _within(drawn: list[_Drawn]) -> Iterator[_Drawn]:
    counts = [sum(one.ring == ring for one in drawn) for ring in range(MOST_RINGS)]
    last = max((ring for ring in range(MOST_RINGS) if sum(counts[: ring + 1]) <= MOST_SECTORS), default=-1)
    return (one for one in drawn if one.ring <= last)


def _placed(sectors: Sequence[Sector]) -> Iterator[_Drawn]:
    """Every sector with its ring and its angles (in turns), ring by ring."""
    waiting = [(tuple(sectors), 0, 0.0, 1.0, -1)]
    while waiting:
        following = []
        for group, ring, start, end, colour in waiting:
            rooms = list(map(_room, group))
            whole, begin = sum(rooms) or 1.0, start
            for place, (one, room) in enumerate(zip(group, rooms, strict=True)):
                after = begin + (end - start) * room / whole
                own = one.colour if one.colour >= 0 else colour if colour >= 0 else place
                yield _Drawn(one, ring, begin, after, own)
                if one.below and ring + 1 < MOST_RINGS:
                    following.append((one.below, ring + 1, begin, after, own))
                begin = after
        waiting = following


def _room(sector: Sector) -> float:
    return sum(map(_room, sector.below)) if sector.below else sector.room


def _radii(thickness: Sequence[float]) -> list[float]:
    unit = (SIZE / 2 - 4 - CORE) / (sum(thickness) or 1.0)
    radii = [CORE]
    for one in thickness:
        radii.append(radii[-1] + one * unit)
    return radii


def _draw(sheet: Sheet, one: _Drawn, inner: float, outer: float) -> None:
    shade = f"{max(0.2, 0.62 - 0.12 * one.ring):.2f}"
    end = min(one.end, one.start + 0.99999)  # an arc of a whole turn is none
    large = 1 if end - one.start > 0.5 else 0
    corners = [_point(turn, radius) for turn, radius in (
        (one.start, inner), (one.start, outer), (end, outer), (end, inner),
    )]  # fmt: skip
    first, second, third, fourth = (f"{at(x)} {at(y)}" for x, y in corners)
    path = (
        f"M{first}L{second}A{at(outer)} {at(outer)} 0 {large} 1 {third}"
        f"L{fourth}A{at(inner)} {at(inner)} 0 {large} 0 {first}Z"
    )
    look = f"ring s{one.colour % COLOURS}"
    sheet.add("path", look, "", one.sector.tip, d=path, fill_opacity=shade)


def _name(sheet: Sheet, one: _Drawn, inner: float, outer: float) -> None:
    """The name along the radius, as large as its sector lets it be; none where it could not be read."""
    middle = (one.start + one.end) / 2
    font = min(_FONT, (one.end - one.start) * _TURN * (inner + outer) / 2 * 0.82)
    if font < _LEAST:
        return
    room = (outer - inner - 6) / _WIDE
    font = min(font, max(_SMALL, room / max(len(one.sector.name), 1)))
    shown = short(one.sector.name, max(2, int(room / font + 0.01)))
    x, y = _point(middle, (inner + outer) / 2)
    degrees = middle * 360 - 90 if middle <= 0.5 else middle * 360 + 90
    sheet.add("text", "middle", shown, one.sector.tip, x=x, y=y, font_size=at(font),
              transform=f"rotate({at(degrees)} {at(x)} {at(y)})")  # fmt: skip


def _point(turn: float, radius: float) -> tuple[float, float]:
    angle = turn * _TURN
    return SIZE / 2 + radius * math.sin(angle), SIZE / 2 - radius * math.cos(angle)
