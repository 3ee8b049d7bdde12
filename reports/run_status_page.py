"""The status of a run as people read it. It reads no file; texts that came from outside are made harmless."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..rendering.text import plain

if TYPE_CHECKING:
    from .run_status import CallStatus, Status

_WIDTH = 120
_SHOWN_REASONS = 8


def show(status: Status, console: Console | None = None) -> None:
    """Print a status to stdout, or to the console given."""
    console = console or Console(width=None if Console().is_terminal else _WIDTH, highlight=False)
    console.print(render(status), crop=False)


def render(status: Status) -> RenderableType:
    """The status as rich draws it."""
    parts: list[RenderableType] = [_head(status), _stages(status)]
    if any(status.episodes.values()):
        parts.append(_counts("\nepisodes", status.episodes))
    if any(status.twins.values()):
        parts.append(_counts("\ntwins", status.twins))
    if status.reasons:
        parts.append(_counts("\nrejected because", dict(list(status.reasons.items())[:_SHOWN_REASONS])))
    if status.calls:
        parts.append(_calls(status.calls))
    if status.failures:
        parts.append(_counts("\nattempts without an answer", status.failures))
    objections = _objections(status.calls)
    if objections:
        parts.append(_counts("\nanswers that were not as asked", objections))
    parts.append(Text(f"\ncost: {cost(status.usd, status.unpriced)}"))
    parts.append(Text(f"next: {plain(status.next, 300)}", no_wrap=True, overflow="ignore"))
    return Group(*parts)


def cost(usd: float | None, unpriced: int) -> str:
    """US dollars in words: 'unknown' where no price is known, never 0."""
    if usd is None:
        return "unknown"
    return f"${usd:,.4f}" + (f" and {unpriced:,} answers of unknown price" if unpriced else "")


def _head(status: Status) -> RenderableType:
    state = "not running" if status.in_use_by is None else f"running in process {plain(status.in_use_by, 20)}"
    head = {
        "run": status.run,
        "state": "finished" if status.finished and status.in_use_by is None else state,
        "settings": f"{status.settings}: scenario {status.scenario}, seed {status.seed}",
        "model": status.model,
        "asked": ", ".join(sorted({one.endpoint for one in status.calls})) or "nobody yet",
    }
    table = Table(show_header=False, box=None, padding=(0, 2))
    for name, value in head.items():
        table.add_row(name, Text(plain(value, 500), overflow="fold"))
    return table


def _stages(status: Status) -> Table:
    table = _table("\nstages", "stage", "done", "expected", "left")
    for one in status.stages:
        table.add_row(one.stage.replace("_", " "), *(_number(n) for n in (one.done, one.expected, one.left)))
    return table


def _calls(calls: Sequence[CallStatus]) -> Table:
    several = len({one.endpoint for one in calls}) > 1
    names = ("stage", "role", "answered", "failed", "tokens in", "cached", "tokens out", "cost")
    table = _table("\ncalls", *names, *(["endpoint"] if several else []), left=(0, 1, 8))
    for one in calls:
        cached = "?" if one.cached_share is None else f"{one.cached_share:.0%}"
        table.add_row(
            Text(plain(one.stage, 30)),
            Text(plain(one.role, 30)),
            *(f"{number:,}" for number in (one.answered, one.failed, one.prompt_tokens)),
            cached,
            f"{one.completion_tokens:,}",
            "unknown" if one.usd is None else f"${one.usd:,.4f}{'+?' if one.unpriced else ''}",
            *([Text(plain(one.endpoint, 60))] if several else []),
        )
    return table


def _objections(calls: Iterable[CallStatus]) -> dict[str, int]:
    """'stage role: status' -> answers; a role with two endpoints is counted once."""
    return {
        f"{one.stage} {one.role}: {status}": count
        for one in calls
        for status, count in sorted(one.statuses.items())
    }


def _counts(title: str, values: Mapping[str, int]) -> Table:
    table = _table(title, "", "", header=False)
    for name, value in values.items():
        table.add_row(Text(plain(name.replace("_", " "), 80)), f"{value:,}")
    return table


def _table(title: str, *names: str, left: tuple[int, ...] = (0,), header: bool = True) -> Table:
    table = Table(title=title, title_justify="left", show_header=header, box=None, padding=(0, 2, 0, 0))
    for number, name in enumerate(names):
        table.add_column(name, justify="left" if number in left else "right", no_wrap=number != 8)
    return table


def _number(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"
