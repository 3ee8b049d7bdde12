"""A checkup as people read it: each endpoint, the estimate by stage and role, the budget, the time.

What endpoints say is shown as plain text, bounded and without control characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..terminal.texts import plain
from .checkup import Checkup, Trial
from .estimate import Line, total

_WIDTH = 100
_ORIGIN = (
    "estimated from a rehearsal with the scripted model, tokens at four characters each; a language model "
    "writes longer or shorter, and answers that must be corrected come on top"
)


def report(checkup: Checkup, console: Console | None = None) -> None:
    """Print a checkup to stdout, or to the console given."""
    console = console or Console(width=None if Console().is_terminal else _WIDTH, highlight=False)
    console.print(render(checkup), crop=False)


def render(checkup: Checkup) -> RenderableType:
    """The checkup as rich draws it."""
    parts: list[RenderableType] = [_trial(one) for one in checkup.trials]
    if checkup.lines:
        parts += [_estimate(checkup.lines), Text(_ORIGIN)]
        parts.append(Text(f"wall time: {_time(checkup.seconds)}"))
    parts += [Text(plain(line, 400)) for line in (*checkup.notes, *checkup.budget)]
    failed = sum(one.fault is not None for one in checkup.trials)
    verdict = f"{failed} of {len(checkup.trials)} endpoints fail" if failed else "every endpoint answers"
    return Group(*parts, Text(f"\n{verdict}", style="bold red" if failed else "bold"))


def _trial(trial: Trial) -> Group:
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_column(min_width=16)
    table.add_column(overflow="fold")
    for key, value in _rows(trial):
        table.add_row(key, Text(value))
    return Group(Text(f"\nendpoint {plain(trial.endpoint.name, 200)}", style="italic"), table)


def _rows(trial: Trial) -> Iterator[tuple[str, str]]:
    yield "roles", ", ".join(trial.roles)
    asked = f"{trial.role} for a {trial.record}"
    if trial.fault is not None:
        yield "FAILS", plain(trial.fault, 600)
        yield "asked", f"{asked}, {trial.seconds:.1f} s"
    else:
        usage = trial.usage
        tokens = f"{usage.prompt_tokens:,} tokens sent, {usage.completion_tokens:,} received"
        yield "answers", f"{asked}: the record, in {trial.seconds:.1f} s ({tokens})"
    if trial.structured:
        yield "held to it by", trial.structured
    if trial.longest:
        tokens, role = trial.longest
        yield "longest prompt", f"about {tokens:,} tokens ({role}); its context must hold that and the answer"


def _estimate(lines: Iterable[Line]) -> Table:
    lines = tuple(lines)
    table = Table(title="\nestimate of the whole run", title_justify="left", box=None, padding=(0, 2))
    for name in ("stage", "role"):
        table.add_column(name)
    for name in ("calls", "tokens sent", "received", "US$"):
        table.add_column(name, justify="right")
    for line in (*lines, total(lines)):
        usd = "unknown" if line.usd is None else f"{line.usd:,.2f}"
        sizes = (line.calls, line.prompt_tokens, line.completion_tokens)
        table.add_row(line.stage.replace("_", " "), line.role, *(f"{one:,}" for one in sizes), usd)
    return table


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "unknown, as not every endpoint answered"
    if seconds < 10:
        return "very roughly, some seconds"
    units = (("hours", 3600), ("minutes", 60), ("seconds", 1))
    unit, size = next(one for one in units if seconds >= 2 * one[1])
    return f"very roughly {round(seconds / size)} {unit}, if every call takes as long as the ones tried"
