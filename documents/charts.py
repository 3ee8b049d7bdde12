"""The charts of reports as small SVG: bars with intervals, a pie, groups of bars, lines; no library.

Every chart has its numbers in its tooltips and in a table beside it; equal numbers give equal bytes. It knows
shares from 0 to 1 and labels (escaped and bounded), not what they mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .document import Picture
from .sheet import COLOURS, LETTER, SMALL, WIDTH, Sheet, at, legend, short
from .texts import inert, percent


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
