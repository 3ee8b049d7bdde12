"""Figures for a paper, drawn by matplotlib (extra `viz`) from the scores of evaluations: PDF and SVG.

Overall accuracy with its intervals, the ablation of Figure 3, the types of mistakes of Figure 4, the scaling
of Figure 5. Equal scores give equal bytes: no file holds a date. A name is text, whatever dollars are in it.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..benchmark.errors_taxonomy import FIGURE_4
from ..errors import ConfigError, StoreError
from ..store import write_bytes
from .leaderboard_entries import LeaderboardEntry
from .report import main_section
from .report_texts import COLUMNS, VARIANTS

FOLDER = "figures"
_STYLE = {
    "font.size": 8,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "ptool",
}
_NO_DATE = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
_WIDTH = 3.4
"""Inches: a column of a paper."""
_ABOVE: dict[str, Any] = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}
"""Where a legend hides nothing."""
_ABLATED = ("platform", "profile_params", "tool_value", "overall")

Draw = Callable[[Any], None]
"""Draws on axes of matplotlib."""


def check_matplotlib() -> None:
    """Raises ConfigError where figures cannot be drawn."""
    if find_spec("matplotlib") is None:
        raise ConfigError("figures: needs matplotlib; pip install 'ptool[viz]', or figures=false")


def write_figures(entries: Sequence[LeaderboardEntry], folder: Path) -> list[str]:
    """Write figures/NAME.pdf and .svg into a folder, as many as the evaluations give; returns their names.

    Raises StoreError: the folder cannot be written; ConfigError: there is no matplotlib.
    """
    check_matplotlib()
    place = folder / FOLDER
    try:
        place.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreError(f"{place}: cannot be made: {error.strerror}") from None
    names = []
    for name, height, draw in _figures([entry for entry in entries if _overall(entry) is not None]):
        for format, content in _drawn(height, draw).items():
            write_bytes(place / f"{name}.{format}", content)
        names.append(name)
    return names


def _figures(entries: Sequence[LeaderboardEntry]) -> Iterator[tuple[str, float, Draw]]:
    """Name, height in inches and contents of each figure."""
    if entries:
        ranked = sorted(entries, key=lambda entry: (_overall(entry) or 0.0, entry.label))
        yield "overall", 0.6 + 0.24 * len(ranked), lambda axes: _draw_overall(axes, ranked)
    for number, (name, variants) in enumerate(_by_variant(entries).items(), 1):
        yield f"ablation_{number}", 2.2, lambda axes, of=(name, variants): _draw_ablation(axes, *of)
    erring = [entry for entry in entries if entry.evaluation.scores["errors"].get("figure_4")]
    if erring:
        yield "mistakes", 0.9 + 0.24 * len(erring), lambda axes: _draw_mistakes(axes, erring)
    families = _by_family(entries)
    if families:
        yield "scaling", 2.2, lambda axes: _draw_scaling(axes, families)


def _drawn(height: float, draw: Draw) -> dict[str, bytes]:
    """A figure as PDF and SVG."""
    matplotlib = importlib.import_module("matplotlib")
    figure_class = importlib.import_module("matplotlib.figure").Figure
    contents = {}
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, "backend": "agg", **_STYLE}):
        for format, metadata in _NO_DATE.items():
            figure = figure_class(figsize=(_WIDTH, height), layout="constrained")
            draw(figure.add_subplot())
            file = io.BytesIO()
            figure.savefig(file, format=format, metadata=metadata)
            contents[format] = file.getvalue()
    return contents


def _scores(entry: LeaderboardEntry, column: str) -> Mapping[str, float | None]:
    """Value and limits of a column in percent, of the main section."""
    scores = entry.evaluation.scores
    found = scores["scores"].get(main_section(scores), {}).get(column, {})
    return {name: None if found.get(name) is None else 100 * found[name] for name in ("value", "low", "high")}


def _overall(entry: LeaderboardEntry) -> float | None:
    return _scores(entry, "overall")["value"]


def _limits(entries: Sequence[LeaderboardEntry], column: str) -> list[list[float]]:
    """How far intervals reach below and above; nothing where there are none."""
    below, above = [], []
    for entry in entries:
        found = _scores(entry, column)
        value, low, high = found["value"] or 0.0, found["low"], found["high"]
        below.append(0.0 if low is None else max(0.0, value - low))
        above.append(0.0 if high is None else max(0.0, high - value))
    return [below, above]


def _values(entries: Sequence[LeaderboardEntry], column: str) -> list[float]:
    return [_scores(entry, column)["value"] or 0.0 for entry in entries]


def _draw_overall(axes: Any, entries: Sequence[LeaderboardEntry]) -> None:
    places = range(len(entries))
    colours = ["0.75" if entry.by_rules else "C0" for entry in entries]
    bars = {"xerr": _limits(entries, "overall"), "capsize": 2, "error_kw": {"linewidth": 0.8}}
    axes.barh(places, _values(entries, "overall"), color=colours, **bars)
    axes.set_yticks(places, [entry.label for entry in entries])
    axes.set_xlim(0, 100)
    axes.set_xlabel("Overall accuracy (%), 95 % intervals")


def _draw_ablation(axes: Any, name: str, variants: Mapping[str, LeaderboardEntry]) -> None:
    width = 0.8 / len(variants)
    entries = list(variants.values())
    for number, (variant, entry) in enumerate(variants.items()):
        heights = [_scores(entry, column)["value"] or 0.0 for column in _ABLATED]
        places = [place + (number - (len(entries) - 1) / 2) * width for place in range(len(_ABLATED))]
        axes.bar(places, heights, width, label=VARIANTS[variant])
    axes.set_xticks(range(len(_ABLATED)), [COLUMNS[column] for column in _ABLATED])
    axes.set_ylim(0, 100)
    axes.set_ylabel("Accuracy (%)")
    axes.legend(frameon=False, fontsize=6, ncols=4, title=name, title_fontsize=8, **_ABOVE)


def _draw_mistakes(axes: Any, entries: Sequence[LeaderboardEntry]) -> None:
    places = range(len(entries))
    left = [0.0] * len(entries)
    for code, name in FIGURE_4.items():
        shares = [100 * entry.evaluation.scores["errors"]["figure_4"][code] for entry in entries]
        axes.barh(places, shares, left=left, label=name)
        left = [before + share for before, share in zip(left, shares, strict=True)]
    axes.set_yticks(places, [entry.label for entry in entries])
    axes.set_xlim(0, 100)
    axes.set_xlabel("Share of the six types of mistakes (%)")
    axes.legend(frameon=False, fontsize=6, ncols=3, **_ABOVE)


def _draw_scaling(axes: Any, families: Mapping[str, Sequence[LeaderboardEntry]]) -> None:
    for name, entries in families.items():
        sizes = [entry.size for entry in entries]
        bars = {"yerr": _limits(entries, "overall"), "capsize": 2, "marker": "o", "linewidth": 1.0}
        axes.errorbar(sizes, _values(entries, "overall"), label=name, markersize=3, **bars)
    axes.set_xscale("log")
    sizes = sorted({entry.size or 0.0 for entries in families.values() for entry in entries})
    axes.set_xticks(sizes, [f"{size:g}B" for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel("Parameters")
    axes.set_ylabel("Overall accuracy (%)")
    axes.legend(frameon=False, fontsize=6)


def _by_variant(entries: Sequence[LeaderboardEntry]) -> dict[str, dict[str, LeaderboardEntry]]:
    """Who answered under several variants -> variant -> entry, in the paper's order."""
    found: dict[str, dict[str, LeaderboardEntry]] = {}
    for entry in entries:
        found.setdefault(entry.name, {})[entry.variant] = entry
    return {
        name: {variant: of[variant] for variant in VARIANTS if variant in of}
        for name, of in sorted(found.items())
        if len(of) > 1
    }


def _by_family(entries: Sequence[LeaderboardEntry]) -> dict[str, list[LeaderboardEntry]]:
    """Families of models in several sizes, the smallest first."""
    found: dict[str, list[LeaderboardEntry]] = {}
    sized = [entry for entry in entries if entry.size is not None and entry.variant == "all"]
    for entry in sorted(sized, key=lambda entry: (entry.size or 0.0, entry.label)):
        found.setdefault(entry.family, []).append(entry)
    return {name: of for name, of in sorted(found.items()) if len({entry.size for entry in of}) > 1}
