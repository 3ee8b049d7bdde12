"""A radial tree chart: a tree as rings of sectors around its root, with names where there is room.

It knows names (escaped and bounded), tooltips and colours, not what they mean. The same tree gives the same
bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .charts import COLOURS, LABEL_LENGTH, Canvas, coordinate, draw_legend, shortened
from .document import Picture

SIZE = 680.0
"""Units of width and height of a picture for a page."""
CORE = 26.0
"""Radius of the empty middle, at least."""
MOST_RINGS = 8
"""Rings of a picture for a page."""
MOST_SECTORS = 4_000
"""Sectors of a picture for a page; of a larger tree, the innermost rings are drawn."""
_LEAST_HALF = 200.0
"""Half the size of the smallest full picture: in its corner a legend has room."""
_MARGIN = 4.0
_FONT = 10.5
_SMALL = 8.0
"""Size to which letters shrink before a name is cut."""
_LEAST = 5.4
"""Size below which letters cannot be read."""
_WIDE = 0.6
"""Width of a letter, about, in its size."""
_LINE = 12.0
"""Length of an arc on which a name stands well."""
_UNDECIDED = -1
"""The colour of what is around no other: the first ring of several sectors brings colours."""
_TURN = 2 * math.pi


@dataclass(frozen=True, slots=True)
class Sector:
    """A node: its name, what pointing at it shows, and what is around it."""

    name: str
    tooltip: str
    below: tuple[Sector, ...] = ()
    colour: int = _UNDECIDED
    """of chart.css; -1: that of what is further in"""
    room: float = 1.0
    """how much of the circle it takes beside its neighbours, at least"""


@dataclass(frozen=True, slots=True)
class _PlacedSector:
    """A sector, its ring (0: the innermost), where it starts and ends (in turns), and its colour."""

    sector: Sector
    ring: int
    start: float
    end: float
    colour: int

    @property
    def whole(self) -> bool:
        """Whether it is a ring of its own."""
        return self.end - self.start > 0.9999

    def arc(self, radius: float) -> float:
        """Its length on a circle of that radius."""
        return (self.end - self.start) * _TURN * radius


def radial_tree(name: str, title: str, sectors: Sequence[Sector], thickness: Sequence[float] = ()) -> Picture:
    """Draw a tree as rings, the first sectors innermost, as large as a page; what does not fit has no name.

    Args: thickness: of the rings beside each other, from the middle out; where none is given, all are equal.
    """
    placed = _inner_rings([node for node in _place_sectors(sectors) if node.ring < MOST_RINGS])
    rings = _ring_count(placed)
    widths = [*thickness[:rings], *[1.0] * (rings - len(thickness))]
    unit = (SIZE / 2 - _MARGIN - CORE) / (sum(widths) or 1.0)
    radii = [CORE]
    for width in widths:
        radii.append(radii[-1] + width * unit)
    return _draw_sectors(placed, radii, SIZE / 2).picture(name, title, large=True)


def radial_tree_in_full(
    name: str, title: str, sectors: Sequence[Sector], colours: Sequence[str] = ()
) -> Picture:
    """Draw a tree as rings, all of it, as large as it takes to read every name.

    Args: colours: what the first colours mean, for the legend.
    """
    placed = list(_place_sectors(sectors))
    radii = _fitting_radii(placed)
    canvas = _draw_sectors(placed, radii, max(radii[-1] + _MARGIN, _LEAST_HALF))
    draw_legend(canvas, colours)
    return canvas.picture(name, title, large=True, sized=True)


def _place_sectors(sectors: Sequence[Sector]) -> Iterator[_PlacedSector]:
    """Every sector with its place, ring by ring."""
    rooms = _room_by_sector(sectors)
    waiting = [(tuple(sectors), 0, 0.0, 1.0, _UNDECIDED)]
    while waiting:
        following = []
        for group, ring, start, end, colour in waiting:
            share = (end - start) / (sum(rooms[id(sector)] for sector in group) or 1.0)
            for number, sector in enumerate(group):
                after = start + share * rooms[id(sector)]
                own = next((known for known in (sector.colour, colour) if known != _UNDECIDED), _UNDECIDED)
                if own == _UNDECIDED and len(group) > 1:
                    own = number
                yield _PlacedSector(sector, ring, start, after, own)
                following.append((sector.below, ring + 1, start, after, own))
                start = after
        waiting = following


def _room_by_sector(sectors: Sequence[Sector]) -> dict[int, float]:
    """id of a sector -> what it takes of the circle; without recursion, as a tree may be deep."""
    everything, rooms = list(sectors), dict[int, float]()
    for sector in everything:
        everything += sector.below
    for sector in reversed(everything):
        rooms[id(sector)] = max(sector.room, sum(rooms[id(inner)] for inner in sector.below))
    return rooms


def _inner_rings(placed: Sequence[_PlacedSector]) -> list[_PlacedSector]:
    """The rings that together hold no more sectors than are drawn on a page."""
    counts = [sum(node.ring == ring for node in placed) for ring in range(MOST_RINGS)]
    last = max((ring for ring in range(MOST_RINGS) if sum(counts[: ring + 1]) <= MOST_SECTORS), default=-1)
    return [node for node in placed if node.ring <= last]


def _ring_count(placed: Sequence[_PlacedSector]) -> int:
    return 1 + max((node.ring for node in placed), default=0)


def _fitting_radii(placed: Sequence[_PlacedSector]) -> list[float]:
    """Where rings begin and end: wide enough for their names, far enough out for their narrowest sector."""
    radii = [CORE]
    for ring in range(_ring_count(placed)):
        sectors = [node for node in placed if node.ring == ring]
        letters = max((len(shortened(node.sector.name)) for node in sectors), default=0)
        thickness = letters * _FONT * _WIDE + 12
        narrowest = min((node.end - node.start for node in sectors), default=1.0)
        start = max(radii[-1], _LINE / (narrowest * _TURN) - thickness / 2)
        radii = [*_stretch_rings(radii, start), start + thickness]
    return radii


def _stretch_rings(radii: Sequence[float], end: float) -> list[float]:
    """Rings pulled evenly apart, so that the last of them ends there."""
    if len(radii) == 1:
        return [end]
    return [CORE + (radius - CORE) * (end - CORE) / (radii[-1] - CORE) for radius in radii]


def _draw_sectors(placed: Sequence[_PlacedSector], radii: Sequence[float], middle: float) -> Canvas:
    """A square canvas with the sectors around its middle, and their names above them."""
    canvas = Canvas(height=2 * middle, width=2 * middle)
    for draw in (_draw_sector, _draw_name):
        for node in placed:
            draw(canvas, node, radii[node.ring], radii[node.ring + 1])
    return canvas


def _draw_sector(canvas: Canvas, node: _PlacedSector, inner: float, outer: float) -> None:
    shade = f"{max(0.2, 0.62 - 0.12 * node.ring):.2f}"
    path = _ring_path(canvas, inner, outer) if node.whole else _sector_path(canvas, node, inner, outer)
    canvas.add("path", f"ring s{node.colour % COLOURS}", "", node.sector.tooltip, d=path, fill_opacity=shade)


def _sector_path(canvas: Canvas, node: _PlacedSector, inner: float, outer: float) -> str:
    large = 1 if node.end - node.start > 0.5 else 0
    corners = ((node.start, inner), (node.start, outer), (node.end, outer), (node.end, inner))
    points = (_point(canvas, turn, radius) for turn, radius in corners)
    first, second, third, fourth = (f"{coordinate(x)} {coordinate(y)}" for x, y in points)
    return (
        f"M{first}L{second}A{coordinate(outer)} {coordinate(outer)} 0 {large} 1 {third}"
        f"L{fourth}A{coordinate(inner)} {coordinate(inner)} 0 {large} 0 {first}Z"
    )


def _ring_path(canvas: Canvas, inner: float, outer: float) -> str:
    """A circle out of two halves, and one the other way round that cuts the hole."""
    path = ""
    for radius, way in ((outer, 1), (inner, 0)):
        half = f"A{coordinate(radius)} {coordinate(radius)} 0 1 {way} "
        top, bottom = (
            f"{coordinate(x)} {coordinate(y)}"
            for x, y in (_point(canvas, turn, radius) for turn in (0.0, 0.5))
        )
        path += f"M{top}{half}{bottom}{half}{top}Z"
    return path


def _draw_name(canvas: Canvas, node: _PlacedSector, inner: float, outer: float) -> None:
    """The name along the radius, as large as its sector lets it be; none where it could not be read."""
    turn, middle = (node.start + node.end) / 2, (inner + outer) / 2
    font, degrees = min(_FONT, node.arc(middle) * 0.82), turn * 360 - 90 if turn <= 0.5 else turn * 360 + 90
    room = (outer - inner - 6) / _WIDE
    if node.whole:  # level, at the top
        turn, degrees, font, room = 0.0, 0.0, min(_FONT, (outer - inner) * 0.82), middle / _WIDE
    if font < _LEAST:
        return
    font = min(font, max(_SMALL, room / max(len(node.sector.name), 1)))
    shown = shortened(node.sector.name, min(LABEL_LENGTH, max(2, int(room / font + 0.01))))
    x, y = _point(canvas, turn, middle)
    canvas.add("text", "middle", shown, node.sector.tooltip, x=x, y=y, font_size=coordinate(font),
              transform=f"rotate({coordinate(degrees)} {coordinate(x)} {coordinate(y)})")  # fmt: skip


def _point(canvas: Canvas, turn: float, radius: float) -> tuple[float, float]:
    angle, middle = turn * _TURN, canvas.width / 2
    return middle + radius * math.sin(angle), middle - radius * math.cos(angle)
