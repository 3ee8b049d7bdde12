"""The sheet that charts are drawn on: shapes with classes, tooltips and places, and the `<svg>` they make.

Colours are the page's (chart.css); no shape has a style of its own, so that a page's policy can forbid them.
It knows no chart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .document import Picture, rendered
from .texts import inert

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

    def picture(self, name: str, title: str, large: bool = False) -> Picture:
        """The finished picture. Args: large: it takes the whole width of a page."""
        svg = rendered(
            "chart.svg.jinja",
            title=title,
            width=at(self.width),
            height=at(self.height),
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
