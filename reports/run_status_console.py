"""The status of a run as people read it on the terminal. It reads no file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..rendering.text import terminal_text
from .console import console_text, print_to_console

if TYPE_CHECKING:
    from .run_status import CallStatus, Status

_SHOWN_REASONS = 8
_SHOWN_DAMAGE = 5


def print_status(status: Status, console: Console | None = None) -> None:
    """Print a status to stdout, or to the console given."""
    print_to_console(_rendered(status), console)


def _rendered(status: Status) -> RenderableType:
    parts: list[RenderableType] = [_header(status), _stages(status)]
    if any(status.episodes.values()):
        parts.append(_counts("\nepisodes", status.episodes))
    if any(status.twins.values()):
        parts.append(_counts("\ntwins", status.twins))
    if status.reasons:
        parts.append(_counts("\nrejected because", dict(list(status.reasons.items())[:_SHOWN_REASONS])))
    if status.calls:
        parts.append(_calls(status.calls))
    if status.estimated:
        note = "the tokens of {:,} answers are estimated: their endpoint does not count them"
        parts.append(Text(note.format(status.estimated)))
    if status.failures:
        parts.append(_counts("\nattempts without an answer", status.failures))
    faulty = _faulty_answers(status.calls)
    if faulty:
        parts.append(_counts("\nanswers that were not as asked", faulty))
    if status.damaged:
        parts.append(Text(f"\n{_damage(status.damaged)}"))
    parts.append(Text(f"\ncost: {cost_text(status.usd, status.unpriced)}"))
    parts.append(Text(f"next: {terminal_text(status.next, 300)}", no_wrap=True, overflow="ignore"))
    return Group(*parts)


def cost_text(usd: float | None, unpriced: int) -> str:
    """US dollars in words: 'unknown' where no price is known, never 0."""
    if usd is None:
        return "unknown"
    return f"${usd:,.4f}" + (f" and {unpriced:,} answers of unknown price" if unpriced else "")


def _damage(damaged: Sequence[str]) -> str:
    """What of the ledger is damaged, and what becomes of it."""
    listed = ", ".join(terminal_text(name, 100) for name in damaged[:_SHOWN_DAMAGE])
    more = f" and {len(damaged) - _SHOWN_DAMAGE:,} more" if len(damaged) > _SHOWN_DAMAGE else ""
    return f"not what was written: {listed}{more}; the same command asks or plays again what is needed"


def _header(status: Status) -> RenderableType:
    process = status.in_use_by
    state = "not running" if process is None else f"running in process {terminal_text(process, 20)}"
    rows = {
        "run": status.run,
        "state": "finished" if status.finished and process is None else state,
        "settings": f"{status.settings}: scenario {status.scenario}, seed {status.seed}",
        "model": status.model,
        "asked": ", ".join(sorted({call.endpoint for call in status.calls})) or "nobody yet",
    }
    table = Table(show_header=False, box=None, padding=(0, 2))
    for name, value in rows.items():
        table.add_row(name, console_text(value, 500))
    return table


def _stages(status: Status) -> Table:
    table = _table("\nstages", "stage", "done", "expected", "left")
    for stage in status.stages:
        counts = (stage.done, stage.expected, stage.left)
        table.add_row(stage.stage.replace("_", " "), *("?" if n is None else f"{n:,}" for n in counts))
    return table


def _calls(calls: Sequence[CallStatus]) -> Table:
    several = len({call.endpoint for call in calls}) > 1
    names = ("stage", "role", "answered", "failed", "tokens in", "cached", "tokens out", "cost")
    table = _table("\ncalls", *names, *(["endpoint"] if several else []), left=(0, 1, 8))
    for call in calls:
        table.add_row(
            Text(terminal_text(call.stage, 30)),
            Text(terminal_text(call.role, 30)),
            *(f"{number:,}" for number in (call.answered, call.failed, call.prompt_tokens)),
            "?" if call.cached_share is None else f"{call.cached_share:.0%}",
            f"{call.completion_tokens:,}",
            "unknown" if call.usd is None else f"${call.usd:,.4f}{'+?' if call.unpriced else ''}",
            *([Text(terminal_text(call.endpoint, 60))] if several else []),
        )
    return table


def _faulty_answers(calls: Iterable[CallStatus]) -> dict[str, int]:
    """'stage role: status' -> answers; a role with two endpoints is counted once."""
    return {
        f"{call.stage} {call.role}: {status}": count
        for call in calls
        for status, count in sorted(call.statuses.items())
    }


def _counts(title: str, counts: Mapping[str, int]) -> Table:
    table = _table(title, "", "", header=False)
    for name, count in counts.items():
        table.add_row(Text(terminal_text(name.replace("_", " "), 80)), f"{count:,}")
    return table


def _table(title: str, *names: str, left: tuple[int, ...] = (0,), header: bool = True) -> Table:
    """A table of numbers, but for the `left` columns."""
    table = Table(title=title, title_justify="left", show_header=header, box=None, padding=(0, 2, 0, 0))
    for number, name in enumerate(names):
        table.add_column(name, justify="left" if number in left else "right", no_wrap=number != 8)
    return table
