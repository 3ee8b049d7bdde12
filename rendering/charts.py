"""Charts as SVG: bars, pies, grouped bars, lines, funnels, stacked bars and heat maps, drawn on one canvas.

Colours are the page's (chart.css); no element has a style of its own, so that a page's policy can forbid
them. It knows nothing of what is charted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .document import Picture, render_template
from .text import inert, percent

WIDTH = 440.0
"""Units of a chart's width: small, so that its letters can be read on a phone."""
LETTER = 6.9
"""Width of a letter, about, in units."""
COLOURS = 8
"""Series that have colours of their own (chart.css: s0 to s7)."""
LABEL_LENGTH = 26
"""Letters of a label."""
AXIS_LETTER = 5.9
"""Width of a letter on an axis, about, in units."""
_ROW = 27.0
"""Height of a row, in units."""
_LETTER = 7.4
"""Width of a letter of a label, identifiers included, at most, in units."""
_SHADE = 0.5
"""Strongest shade: letters are read on it by day and by night."""
_SHARE_LETTER = 4.6
"""Width of a letter of a share in a heat map, about, in units."""


@dataclass(frozen=True, slots=True)
class SvgElement:
    """One element of an SVG."""

    tag: str
    css: str
    """its classes"""
    attributes: Mapping[str, str]
    text: str = ""
    tooltip: str = ""


@dataclass(slots=True)
class Canvas:
    """Elements of an SVG, drawn from the first to the last."""

    height: float = 0.0
    width: float = WIDTH
    elements: list[SvgElement] = field(default_factory=list)

    def add(self, tag: str, css: str, text: str = "", tooltip: str = "", **attributes: float | str) -> None:
        """Draw one element.

        Args: css: its classes; tooltip: what pointing at it shows; attributes: numbers become coordinates,
            `_` in their names `-`.
        """
        written = {
            name.replace("_", "-"): value if isinstance(value, str) else coordinate(value)
            for name, value in attributes.items()
        }
        self.elements.append(SvgElement(tag, css, written, text, tooltip))

    def picture(self, name: str, title: str, large: bool = False, sized: bool = False) -> Picture:
        """The finished picture.

        Args: large: it takes the whole width of a page; sized: a unit is a pixel, however large a page is.
        """
        svg = render_template(
            "chart.svg.jinja",
            title=title,
            width=coordinate(self.width),
            height=coordinate(self.height),
            sized=sized,
            elements=self.elements,
        )
        return Picture(name, title, svg, large)


def draw_legend(canvas: Canvas, labels: Sequence[str]) -> float:
    """A legend from the top left on; returns where it ends."""
    x, y = 2.0, 10.0
    for place, label in enumerate(labels):
        shown = shortened(label, 40)
        width = 22 + LETTER * len(shown) + 12
        if x + width > WIDTH and x > 2:
            x, y = 2.0, y + 18
        canvas.add("rect", f"s{place % COLOURS}", x=x, y=y - 6, width=12.0, height=12.0, rx=2.0)
        canvas.add("text", "label", shown, x=x + 18, y=y)
        x += width
    return y + 10


def shortened(label: str, most: int = LABEL_LENGTH) -> str:
    """A label of at most so many letters."""
    text = inert(label, 1_000)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def coordinate(number: float) -> str:
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
    def value_text(self) -> str:
        """The value, and its limits where it has some."""
        if self.value is None or self.low is None or self.high is None:
            return percent(self.value)
        return f"{percent(self.value)} ({100 * self.low:.0f}–{100 * self.high:.0f})"


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a line: x is a size (any positive unit), written as `label`."""

    x: float
    label: str
    bar: Bar


def _name(label: str) -> str:
    """A name of at most so many letters: its beginning and its end, for names of one family differ there."""
    text = inert(label, 1_000)
    half = LABEL_LENGTH // 2
    return text if len(text) <= LABEL_LENGTH else f"{text[:half]}…{text[1 - half :]}"


def bar_chart(name: str, title: str, rows: Sequence[Bar]) -> Picture:
    """Horizontal bars from 0 to 100 %, one below the other, with whiskers for their limits."""
    canvas, step = Canvas(), 25.0
    longest = max((len(_name(bar.label)) for bar in rows), default=0)
    left, right = longest * LETTER + 14, WIDTH - 114
    bottom = 6 + step * len(rows)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = left + share * (right - left)
        canvas.add("line", "grid", x1=x, x2=x, y1=2.0, y2=bottom)
        canvas.add("text", "axis middle", f"{100 * share:.0f}%", x=x, y=bottom + 12)
    for number, bar in enumerate(rows):
        middle = 6 + step * (number + 0.5)
        _horizontal_bar(canvas, bar, middle, left, right)
    canvas.height = bottom + 22
    return canvas.picture(name, title)


def _horizontal_bar(canvas: Canvas, bar: Bar, middle: float, left: float, right: float) -> None:
    tooltip = f"{inert(bar.label)}: {bar.value_text}"
    canvas.add("text", "label end", _name(bar.label), tooltip, x=left - 8, y=middle)
    canvas.add("text", "value", bar.value_text, x=right + 8, y=middle)
    if bar.value is None:
        return
    width = bar.value * (right - left)
    canvas.add("rect", bar.kind, "", tooltip, x=left, y=middle - 7.5, width=width, height=15.0, rx=2.0)
    if bar.low is not None and bar.high is not None:
        low, high = (left + end * (right - left) for end in (bar.low, bar.high))
        ends = "".join(f"M{coordinate(end)} {coordinate(middle - 4)}v8" for end in (low, high))
        path = f"M{coordinate(low)} {coordinate(middle)}H{coordinate(high)}{ends}"
        canvas.add("path", "whisker", d=path)


def pie_chart(name: str, title: str, parts: Sequence[tuple[str, float]]) -> Picture:
    """A pie with a legend; the parts add up to 1, and those of nothing stand in the legend only."""
    canvas, radius, centre = Canvas(height=204.0), 92.0, 102.0
    start = 0.0
    for number, (label, share) in enumerate(parts):
        css, tooltip = f"slice s{number % COLOURS}", f"{inert(label)}: {percent(share)} %"
        if share >= 1:
            canvas.add("circle", css, "", tooltip, cx=centre, cy=centre, r=radius)
        elif share > 0:
            canvas.add("path", css, "", tooltip, d=_slice_path(centre, radius, start, start + share))
        start += share
        y = centre + 24 * (number - (len(parts) - 1) / 2)
        canvas.add("rect", f"s{number % COLOURS}", x=222.0, y=y - 6, width=12.0, height=12.0, rx=2.0)
        canvas.add("text", "label", shortened(label), x=242.0, y=y)
        canvas.add("text", "value end", f"{percent(share)} %", x=WIDTH - 8, y=y)
    return canvas.picture(name, title)


def _slice_path(centre: float, radius: float, start: float, end: float) -> str:
    (x1, y1), (x2, y2) = (
        (
            centre + radius * math.sin(2 * math.pi * share),
            centre - radius * math.cos(2 * math.pi * share),
        )
        for share in (start, end)
    )
    large = 1 if end - start > 0.5 else 0
    arc = f"A{coordinate(radius)} {coordinate(radius)} 0 {large} 1 {coordinate(x2)} {coordinate(y2)}"
    return f"M{coordinate(centre)} {coordinate(centre)}L{coordinate(x1)} {coordinate(y1)}{arc}Z"


def grouped_bar_chart(name: str, title: str, groups: Mapping[str, Sequence[Bar]]) -> Picture:
    """Groups of upright bars; bars of one label have one colour, and a legend says which (as Figure 3)."""
    canvas, left, height = Canvas(), 34.0, 170.0
    labels = list(dict.fromkeys(bar.label for group in groups.values() for bar in group))
    top = draw_legend(canvas, labels) + 10
    room = (WIDTH - left) / max(1, len(groups))
    _percent_axis(canvas, left, top, height, 1.0)
    for number, (group, members) in enumerate(groups.items()):
        begin = left + number * room
        width = min(28.0, (room - 14) / max(1, len(labels)))
        first = begin + (room - width * len(labels)) / 2
        shown = shortened(group, int(room / AXIS_LETTER))
        canvas.add("text", "axis middle", shown, x=begin + room / 2, y=top + height + 14)
        for bar in members:
            place = labels.index(bar.label)
            css, x = f"s{place % COLOURS}", first + place * width
            _vertical_bar(canvas, bar, css, inert(group), x, width, top, height)
    canvas.height = top + height + 26
    return canvas.picture(name, title)


def _vertical_bar(
    canvas: Canvas, bar: Bar, css: str, group: str, x: float, width: float, top: float, height: float
) -> None:
    if bar.value is None:
        return
    tooltip, bar_height = f"{group}, {inert(bar.label)}: {bar.value_text}", bar.value * height
    y = top + height - bar_height
    canvas.add("rect", css, "", tooltip, x=x + 1, y=y, width=width - 2, height=bar_height)
    _vertical_whisker(canvas, bar, x + width / 2, top, height, 1.0)


def _vertical_whisker(canvas: Canvas, bar: Bar, x: float, top: float, height: float, most: float) -> None:
    if bar.low is None or bar.high is None:
        return
    low, high = (top + height - end / most * height for end in (bar.low, min(bar.high, most)))
    ends = "".join(f"M{coordinate(x - 3)} {coordinate(end)}h6" for end in (low, high))
    canvas.add("path", "whisker", d=f"M{coordinate(x)} {coordinate(low)}V{coordinate(high)}{ends}")


def _percent_axis(canvas: Canvas, left: float, top: float, height: float, most: float) -> None:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = top + height - share * height
        canvas.add("line", "grid", x1=left, x2=WIDTH - 2, y1=y, y2=y)
        canvas.add("text", "axis end", f"{100 * share * most:.0f}%", x=left - 5, y=y)


def line_chart(name: str, title: str, series: Mapping[str, Sequence[Point]]) -> Picture:
    """Lines over sizes on a logarithmic axis (as Figure 5), with whiskers; of one point at least."""
    canvas, left, height = Canvas(), 34.0, 180.0
    top = draw_legend(canvas, list(series)) + 10
    points = [point for line in series.values() for point in line]
    most = _axis_end(max(point.bar.high or point.bar.value or 0.0 for point in points))
    _percent_axis(canvas, left, top, height, most)
    for x, label in _ticks(points, left):
        canvas.add("text", "axis middle", shortened(label, 8), x=x, y=top + height + 14)
    for number, (label, line) in enumerate(series.items()):
        measured = sorted((point for point in line if point.bar.value is not None), key=lambda point: point.x)
        places = [
            (_log_position(point.x, points, left), top + height - (point.bar.value or 0.0) / most * height)
            for point in measured
        ]
        _draw_line(canvas, label, f"s{number % COLOURS}", measured, places)
        for point in line:
            x = _log_position(point.x, points, left)
            _vertical_whisker(canvas, point.bar, x, top, height, most)
    canvas.height = top + height + 26
    return canvas.picture(name, title)


def _draw_line(
    canvas: Canvas, label: str, css: str, points: Sequence[Point], places: Sequence[tuple[float, float]]
) -> None:
    path = "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in places)
    if len(places) > 1:
        canvas.add("path", f"line {css}", d=f"M{path}")
    for point, (x, y) in zip(points, places, strict=True):
        tooltip = f"{inert(label)}, {point.label}: {point.bar.value_text}"
        canvas.add("circle", css, "", tooltip, cx=x, cy=y, r=4.0)


def _log_position(x: float, points: Sequence[Point], left: float) -> float:
    sizes = [math.log(point.x) for point in points]
    low, high = min(sizes), max(sizes)
    share = 0.5 if high == low else (math.log(x) - low) / (high - low)
    return left + 24 + share * (WIDTH - left - 54)


def _ticks(points: Sequence[Point], left: float) -> Iterator[tuple[float, str]]:
    last = -math.inf
    sizes = {point.label: point.x for point in points}
    for label, size in sorted(sizes.items(), key=lambda item: item[1]):
        x = _log_position(size, points, left)
        if x - last >= 30:
            last = x
            yield x, label


def _axis_end(highest: float) -> float:
    """The end of an axis: a share that quarters well."""
    return next(end for end in (0.04, 0.08, 0.2, 0.4, 0.6, 0.8, 1.0) if highest <= end or end == 1)


def funnel_chart(
    name: str, title: str, whole: tuple[str, int], lost: Sequence[tuple[str, int]], left: str
) -> Picture:
    """What a whole loses step by step, and what is left of it, one bar below the other.

    Args: whole: label and count; lost: the same of every step; left: label of the rest.
    """
    canvas, total = Canvas(), max(whole[1], 1)
    rows = [(whole[0], 0, whole[1], "ceiling"), *_funnel_steps(whole[1], lost)]
    rest = whole[1] - sum(count for _, count in lost)
    rows.append((left, 0, max(rest, 0), "answers"))
    begin = max(len(shortened(label)) for label, *_ in rows) * _LETTER + 14
    room = WIDTH - begin - 104
    for number, (label, start, count, css) in enumerate(rows):
        y, tooltip = 6 + _ROW * (number + 0.5), f"{inert(label)}: {count:,}"
        canvas.add("text", "label end", shortened(label), tooltip, x=begin - 8, y=y)
        width = max(1.0, count / total * room) if count else 0.0
        x = begin + min(start / total * room, room - width)
        canvas.add("rect", css, "", tooltip, x=x, y=y - 8, width=width, height=16.0, rx=1.0)
        canvas.add("text", "value end", f"{count:,}", x=WIDTH - 56, y=y)
        canvas.add("text", "value end", f"{100 * count / total:.1f}%", x=WIDTH - 2, y=y)
    canvas.height = 12 + _ROW * len(rows)
    return canvas.picture(name, title)


def _funnel_steps(whole: int, lost: Sequence[tuple[str, int]]) -> list[tuple[str, int, int, str]]:
    rows, left = [], whole
    for label, count in lost:
        left -= count
        rows.append((label, max(left, 0), count, "quoted"))
    return rows


def stacked_bar_chart(name: str, title: str, rows: Mapping[str, Mapping[str, int]]) -> Picture:
    """A bar a row, cut into its parts, each with its name and its share inside where there is room."""
    canvas = Canvas()
    begin = max((len(shortened(label, 20)) for label in rows), default=0) * _LETTER + 14
    for number, (label, parts) in enumerate(rows.items()):
        y = 4 + 36 * number
        canvas.add("text", "label end", shortened(label, 20), inert(label), x=begin - 8, y=y + 16)
        _stacked_bar(canvas, label, parts, begin, y)
    canvas.height = 8 + 36.0 * len(rows)
    return canvas.picture(name, title)


def _stacked_bar(canvas: Canvas, row: str, parts: Mapping[str, int], begin: float, y: float) -> None:
    total, x, room = sum(parts.values()), begin, WIDTH - 2 - begin
    for number, (part, count) in enumerate(parts.items()):
        if not total or not count:
            continue
        width, share = count / total * room, f"{100 * count / total:.1f}%"
        tooltip = f"{inert(row)}, {inert(part)}: {count:,} ({share})"
        css = f"cell s{number % COLOURS}"
        canvas.add(
            "rect", css, "", tooltip, x=x, y=y, width=width, height=32.0, rx=1.5, fill_opacity=f"{_SHADE}"
        )
        letters = int((width - 4) / 5.2)
        if letters >= 4:
            middle = x + width / 2
            canvas.add("text", "small middle", shortened(part, letters), tooltip, x=middle, y=y + 11)
            canvas.add("text", "small middle", share, tooltip, x=middle, y=y + 23)
        x += width


def heat_map(
    name: str, title: str, rows: Sequence[str], columns: Sequence[str], counts: Mapping[tuple[str, str], int]
) -> Picture:
    """A heat map: in every cell the share of its row, the darker the larger."""
    canvas = Canvas()
    begin = max((len(shortened(label, 20)) for label in rows), default=0) * _LETTER + 14
    width, top = (WIDTH - 2 - begin) / max(len(columns), 1), 20.0
    for place, column in enumerate(columns):
        shown = shortened(column, max(3, int(width / AXIS_LETTER)))
        canvas.add("text", "axis middle", shown, inert(column), x=begin + (place + 0.5) * width, y=9.0)
    for place, row in enumerate(rows):
        y = top + _ROW * place
        canvas.add("text", "label end", shortened(row, 20), inert(row), x=begin - 8, y=y + _ROW / 2)
        whole = sum(counts.get((row, column), 0) for column in columns)
        for number, column in enumerate(columns):
            count = counts.get((row, column), 0)
            share = count / whole if whole else 0.0
            tooltip = f"{inert(row)}, {inert(column)}: {count:,} of {whole:,}"
            x, shade = begin + number * width, f"{0.04 + share * (_SHADE + 0.1):.2f}"
            canvas.add("rect", "cell s0", "", tooltip, x=x, y=y, width=width, height=_ROW, fill_opacity=shade)
            shown = f"{100 * share:.0f}%" if width >= 4 * _SHARE_LETTER else ""
            canvas.add("text", "small middle", shown, tooltip, x=x + width / 2, y=y + _ROW / 2)
    canvas.height = top + _ROW * len(rows) + 4
    return canvas.picture(name, title)
