"""The sheet that charts are drawn on: shapes with classes, tooltips and places, and the `<svg>` they make.

Colours are the page's (chart.css); no shape has a style of its own, so that a page's policy can forbid them.
It knows no chart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .document import Picture, rendered
from .text import inert, percent

WIDTH = 440.0
"""Units of a chart's width: small, so that its letters can be read on a phone."""
LETTER = 6.9
"""Width of a letter, about, in units."""
COLOURS = 8
"""Series that have colours of their own (chart.css: s0 to s7)."""
NAMES = 26
"""Letters of a label."""
SMALL = 5.9


@dataclass(frozen=True, slots=True)
class Shape:
    """One element of an SVG."""

    tag: str
    look: str
    """its class"""
    at: Mapping[str, str]
    text: str = ""
    tip: str = ""


@dataclass(slots=True)
class Sheet:
    """Shapes, drawn from the first to the last."""

    height: float = 0.0
    width: float = WIDTH
    shapes: list[Shape] = field(default_factory=list)

    def add(self, tag: str, look: str, text: str = "", tip: str = "", **places: float | str) -> None:
        """Draw one shape. Args: look: its classes; tip: what pointing at it shows; places: its attributes."""
        found = {
            name.rstrip("_").replace("_", "-"): value if isinstance(value, str) else at(value)
            for name, value in places.items()
        }
        self.shapes.append(Shape(tag, look, found, text, tip))

    def picture(self, name: str, title: str, large: bool = False, sized: bool = False) -> Picture:
        """The finished picture.

        Args: large: it takes the whole width of a page; sized: a unit is a pixel, however large a page is.
        """
        svg = rendered(
            "chart.svg.jinja",
            title=title,
            width=at(self.width),
            height=at(self.height),
            sized=sized,
            shapes=self.shapes,
        )
        return Picture(name, title, svg, large)


def legend(sheet: Sheet, labels: Sequence[str]) -> float:
    """A legend from the top left on; returns where it ends."""
    x, y = 2.0, 10.0
    for place, label in enumerate(labels):
        shown = short(label, 40)
        wide = 22 + LETTER * len(shown) + 12
        if x + wide > WIDTH and x > 2:
            x, y = 2.0, y + 18
        sheet.add("rect", f"s{place % COLOURS}", x=x, y=y - 6, width=12.0, height=12.0, rx=2.0)
        sheet.add("text", "label", shown, x=x + 18, y=y)
        x += wide
    return y + 10


def short(label: str, most: int = NAMES) -> str:
    """A label of at most so many letters."""
    text = inert(label, 1_000)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def at(number: float) -> str:
    """A coordinate with at most one decimal; never -0."""
    return f"{round(number, 1) + 0:g}"


@dataclass(frozen=True, slots=True)
class Bar:
    """One value with its limits; `kind` is a class of chart.css: answers, floor, ceiling, quoted, s0 …"""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    kind: str = "answers"

    @property
    def told(self) -> str:
        """The value, and its limits where it has some."""
        if self.value is None or self.low is None or self.high is None:
            return percent(self.value)
        return f"{percent(self.value)} ({100 * self.low:.0f}–{100 * self.high:.0f})"


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a line: x is a size (any positive unit), told as `label`."""

    x: float
    label: str
    bar: Bar


def bars(name: str, title: str, rows: Sequence[Bar]) -> Picture:
    """Horizontal bars from 0 to 100 %, one below the other, with whiskers for their limits."""
    sheet, step = Sheet(), 25.0
    longest = max((len(short(one.label)) for one in rows), default=0)
    left, right = longest * LETTER + 14, WIDTH - 114
    bottom = 6 + step * len(rows)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = left + share * (right - left)
        sheet.add("line", "grid", x1=x, x2=x, y1=2.0, y2=bottom)
        sheet.add("text", "axis middle", f"{100 * share:.0f}%", x=x, y=bottom + 12)
    for place, one in enumerate(rows):
        middle = 6 + step * (place + 0.5)
        _bar_row(sheet, one, middle, left, right)
    sheet.height = bottom + 22
    return sheet.picture(name, title)


def _bar_row(sheet: Sheet, one: Bar, middle: float, left: float, right: float) -> None:
    tip = f"{inert(one.label)}: {one.told}"
    sheet.add("text", "label end", short(one.label), tip, x=left - 8, y=middle)
    sheet.add("text", "value", one.told, x=right + 8, y=middle)
    if one.value is None:
        return
    wide = one.value * (right - left)
    sheet.add("rect", one.kind, "", tip, x=left, y=middle - 7.5, width=wide, height=15.0, rx=2.0)
    if one.low is not None and one.high is not None:
        low, high = (left + end * (right - left) for end in (one.low, one.high))
        path = (f"M{at(low)} {at(middle)}H{at(high)}M{at(low)} {at(middle - 4)}v8"
                f"M{at(high)} {at(middle - 4)}v8")  # fmt: skip
        sheet.add("path", "whisker", d=path)


def pie(name: str, title: str, parts: Sequence[tuple[str, float]]) -> Picture:
    """A pie with a legend; the parts add up to 1, and those of nothing stand in the legend only."""
    sheet, radius, centre = Sheet(height=204.0), 92.0, 102.0
    start = 0.0
    for place, (label, share) in enumerate(parts):
        look, tip = f"slice s{place % COLOURS}", f"{inert(label)}: {percent(share)} %"
        if share >= 1:
            sheet.add("circle", look, "", tip, cx=centre, cy=centre, r=radius)
        elif share > 0:
            sheet.add("path", look, "", tip, d=_slice(centre, radius, start, start + share))
        start += share
        y = centre + 24 * (place - (len(parts) - 1) / 2)
        sheet.add("rect", f"s{place % COLOURS}", x=222.0, y=y - 6, width=12.0, height=12.0, rx=2.0)
        sheet.add("text", "label", short(label), x=242.0, y=y)
        sheet.add("text", "value end", f"{percent(share)} %", x=WIDTH - 8, y=y)
    return sheet.picture(name, title)


def _slice(centre: float, radius: float, start: float, end: float) -> str:
    (x1, y1), (x2, y2) = (
        (
            centre + radius * math.sin(2 * math.pi * share),
            centre - radius * math.cos(2 * math.pi * share),
        )
        for share in (start, end)
    )
    wide = 1 if end - start > 0.5 else 0
    arc = f"A{at(radius)} {at(radius)} 0 {wide} 1 {at(x2)} {at(y2)}"
    return f"M{at(centre)} {at(centre)}L{at(x1)} {at(y1)}{arc}Z"


def groups(name: str, title: str, groups: Mapping[str, Sequence[Bar]]) -> Picture:
    """Groups of upright bars; bars of one label have one colour, and a legend says which (as Figure 3)."""
    sheet, left, height = Sheet(), 34.0, 170.0
    labels = list(dict.fromkeys(bar.label for group in groups.values() for bar in group))
    top = legend(sheet, labels) + 10
    room = (WIDTH - left) / max(1, len(groups))
    _upright_axis(sheet, left, top, height, 1.0)
    for place, (group, members) in enumerate(groups.items()):
        begin = left + place * room
        wide = min(28.0, (room - 14) / max(1, len(labels)))
        offset = begin + (room - wide * len(labels)) / 2
        shown = short(group, int(room / SMALL))
        sheet.add("text", "axis middle", shown, x=begin + room / 2, y=top + height + 14)
        for bar in members:
            _upright(sheet, bar, f"s{labels.index(bar.label) % COLOURS}", inert(group),
                     offset + labels.index(bar.label) * wide, wide, top, height)  # fmt: skip
    sheet.height = top + height + 26
    return sheet.picture(name, title)


def _upright(
    sheet: Sheet, bar: Bar, look: str, group: str, x: float, wide: float, top: float, height: float
) -> None:
    if bar.value is None:
        return
    tip, tall = f"{group}, {inert(bar.label)}: {bar.told}", bar.value * height
    sheet.add("rect", look, "", tip, x=x + 1, y=top + height - tall, width=wide - 2, height=tall)
    _upright_whisker(sheet, bar, x + wide / 2, top, height, 1.0)


def _upright_whisker(sheet: Sheet, bar: Bar, x: float, top: float, height: float, most: float) -> None:
    if bar.low is None or bar.high is None:
        return
    low, high = (top + height - end / most * height for end in (bar.low, min(bar.high, most)))
    path = (f"M{at(x)} {at(low)}V{at(high)}M{at(x - 3)} {at(low)}h6"
            f"M{at(x - 3)} {at(high)}h6")  # fmt: skip
    sheet.add("path", "whisker", d=path)


def _upright_axis(sheet: Sheet, left: float, top: float, height: float, most: float) -> None:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = top + height - share * height
        sheet.add("line", "grid", x1=left, x2=WIDTH - 2, y1=y, y2=y)
        sheet.add("text", "axis end", f"{100 * share * most:.0f}%", x=left - 5, y=y)


def lines(name: str, title: str, series: Mapping[str, Sequence[Point]]) -> Picture:
    """Lines over sizes on a logarithmic axis (as Figure 5), with whiskers; of one point at least."""
    sheet, left, height = Sheet(), 34.0, 180.0
    top = legend(sheet, list(series)) + 10
    points = [one for each in series.values() for one in each]
    most = _axis_end(max(one.bar.high or one.bar.value or 0.0 for one in points))
    _upright_axis(sheet, left, top, height, most)
    for x, label in _ticks(points, left):
        sheet.add("text", "axis middle", short(label, 8), x=x, y=top + height + 14)
    for place, (who, each) in enumerate(series.items()):
        _line(sheet, who, f"s{place % COLOURS}", _places(each, points, left, top, height, most))
        for one in each:
            _upright_whisker(sheet, one.bar, _along(one.x, points, left), top, height, most)
    sheet.height = top + height + 26
    return sheet.picture(name, title)


def _places(
    each: Sequence[Point], points: Sequence[Point], left: float, top: float, height: float, most: float
) -> list[tuple[float, float, Point]]:
    ordered = sorted((one for one in each if one.bar.value is not None), key=lambda one: one.x)
    return [
        (_along(one.x, points, left), top + height - (one.bar.value or 0.0) / most * height, one)
        for one in ordered
    ]


def _line(sheet: Sheet, who: str, look: str, places: Sequence[tuple[float, float, Point]]) -> None:
    path = "L".join(f"{at(x)} {at(y)}" for x, y, _ in places)
    if len(places) > 1:
        sheet.add("path", f"line {look}", d=f"M{path}")
    for x, y, one in places:
        sheet.add("circle", look, "", f"{inert(who)}, {one.label}: {one.bar.told}", cx=x, cy=y, r=4.0)


def _along(x: float, points: Sequence[Point], left: float) -> float:
    sizes = [math.log(one.x) for one in points]
    low, high = min(sizes), max(sizes)
    share = 0.5 if high == low else (math.log(x) - low) / (high - low)
    return left + 24 + share * (WIDTH - left - 54)


def _ticks(points: Sequence[Point], left: float) -> Iterator[tuple[float, str]]:
    last = -math.inf
    for label, size in sorted({one.label: one.x for one in points}.items(), key=lambda one: one[1]):
        x = _along(size, points, left)
        if x - last >= 30:
            last = x
            yield x, label


def _axis_end(highest: float) -> float:
    """The end of an axis: a share that quarters well."""
    return next(end for end in (0.04, 0.08, 0.2, 0.4, 0.6, 0.8, 1.0) if highest <= end or end == 1)


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
