"""Whether a run could begin: everything it names is built, each endpoint answers one real question of a role.

The question is the one with the shortest answer of those a small run rendered, so prompt, output schema and
record are the run's own. Nothing is left on disk.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ...errors import (
    ContextTooShortError,
    EndpointDownError,
    KeyRefusedError,
    PtoolError,
    RefusedRequestError,
    UnreachableModelError,
    UnusableAnswerError,
)
from ...models.context_window import UNKNOWN
from ...models.endpoint import Endpoint
from ...models.faults import AttemptError
from ...models.gateway import Gateway
from ...models.request import NO_USAGE, Request
from ...models.seeds import derive
from ...records import Usage
from ...rendering.text import terminal_text
from ...settings import Retries, Settings
from ..pipeline import build_parts
from ..roles import Participants, role_names, second_solvers
from .counters import Question, RolePrompts
from .estimate import EstimateLine, against_budget, estimate, total, wall_time
from .prompt_fit import PromptFit, measured_fits, refuse_too_long
from .small_run import SmallRun, play_small

if TYPE_CHECKING:
    from ...cli.compose import Sources


FAILED = 1
"""Exit status where an endpoint fails."""

_ONCE = Retries(attempts=1, longest_wait=1.0, patience=2.0)
_NEVER = (10**9, 0)
_WORDS = {
    "unauthorised": "the key is refused",
    "connection": "unreachable",
    "timeout": "no answer in time",
    "server": "it fails",
    "rate_limited": "too many requests",
    "refused": "the request is refused",
    "too_large": "its reply is too large",
    "malformed": "its reply is no completion",
}
_KINDS: dict[type[PtoolError], str] = {
    KeyRefusedError: "unauthorised",
    EndpointDownError: "connection",
    UnreachableModelError: "connection",
    RefusedRequestError: "refused",
}
_NO_MODEL = re.compile(
    r"model.{0,80}(not found|does not exist|unknown|not exist)|no such model", re.IGNORECASE
)
_OF_A_RUN = re.compile(r"[;,] everything answered so far is kept.*")
_TOO_LONG = re.compile(r"context.{0,40}(length|window|size)|too long|maximum.{0,20}tokens", re.IGNORECASE)


@dataclass(frozen=True)
class EndpointTrial:
    """One endpoint, and what became of the question it was asked."""

    endpoint: Endpoint
    roles: tuple[str, ...]
    """whom it serves"""
    role: str
    """in whose name it was asked"""
    record: str
    """name of the record it had to answer with"""
    seconds: float
    usage: Usage
    fault: str | None
    """in one line; None: it answered with the record"""
    fits: tuple[PromptFit, ...] = ()
    """the longest prompt of each role, the longest first; none without a small run"""

    @property
    def structured(self) -> str | None:
        """How it is held to the record's form, as far as the client tells."""
        way = getattr(self.endpoint.client, "structured", None)
        return way if isinstance(way, str) else None


@dataclass(frozen=True)
class CheckResult:
    """What was found out about a run before it begins."""

    trials: tuple[EndpointTrial, ...]
    lines: tuple[EstimateLine, ...]
    """the estimate; empty where the run could not be played small"""
    seconds: float | None
    """wall time of the run, very roughly; None: not known"""
    budget: tuple[str, ...]
    """what the budget's limits come to"""
    notes: tuple[str, ...]
    """what the estimate does not say"""

    @property
    def exit_status(self) -> int:
        """0, or 1 where an endpoint fails."""
        return FAILED if any(trial.fault for trial in self.trials) else 0


def check_run(settings: Settings, sources: Sources) -> CheckResult:
    """Build all that a run names, play it small, and ask every endpoint once.

    Args:
        settings: the run's.
        sources: the user's own folders.

    Raises:
        PtoolError: something is wrong that would keep the run from beginning.
    """
    parts = build_parts(settings, sources)
    participants = parts.participants
    small_run: SmallRun | None = None
    problem = ""
    asyncio.run(participants.measure_windows())
    try:
        small_run = play_small(settings, sources, parts)
        refuse_too_long(measured_fits(participants, small_run))
    except ContextTooShortError:
        raise
    except PtoolError as error:
        problem = f"no estimate: the scripted model cannot rehearse this run ({error})"
    trials = asyncio.run(_try_endpoints(participants, small_run))
    if small_run is None:
        return CheckResult(trials, (), None, (), (problem,))
    lines = estimate(settings, small_run, participants.endpoints, given_tree=parts.given_tree is not None)
    seconds = {role: trial.seconds for trial in trials if trial.fault is None for role in trial.roles}
    return CheckResult(
        trials=trials,
        lines=lines,
        seconds=wall_time(settings, lines, participants.endpoints, seconds),
        budget=tuple(against_budget(lines, settings.budget)),
        notes=(*(tools.describe() for tools in small_run.tools), *small_run.notes),
    )


async def _try_endpoints(participants: Participants, small_run: SmallRun | None) -> tuple[EndpointTrial, ...]:
    """Every endpoint that a role of the run asks, one after another so that none is slowed by the others."""
    prompts = small_run.prompts if small_run else {}
    fits = measured_fits(participants, small_run) if small_run else {}
    gateway = Gateway(participants.endpoints, concurrency=1, corrections=0, restarts=0, retries=_ONCE)
    served: dict[Endpoint, list[str]] = {}
    for role in _asking_roles(participants, prompts):
        served.setdefault(participants.endpoint(role), []).append(role)
    try:
        return tuple(
            [
                await _try_endpoint(gateway, participants, endpoint, roles, prompts, fits)
                for endpoint, roles in served.items()
            ]
        )
    finally:
        await gateway.close()


def _asking_roles(participants: Participants, prompts: Mapping[str, RolePrompts]) -> list[str]:
    """The roles that ask a model: those that did in a small run, or else all of the run that have a prompt.

    Second solvers are among them in any case: a small run without an accepted query has not asked them.
    """
    settings = participants.settings
    roles = tuple(second_solvers(settings)) if prompts else role_names(settings)
    return list(dict.fromkeys((*prompts, *(name for name in roles if participants.roles[name].prompt))))


async def _try_endpoint(
    gateway: Gateway,
    participants: Participants,
    endpoint: Endpoint,
    roles: list[str],
    prompts: Mapping[str, RolePrompts],
    fits: Mapping[str, PromptFit],
) -> EndpointTrial:
    known = {role: prompts[role] for role in roles if role in prompts}
    role = min(known, key=lambda name: known[name].shortest or _NEVER, default=roles[0])
    request = _request(participants, role, known[role].question if known else None)
    usage, fault, began = NO_USAGE, None, time.perf_counter()
    try:
        usage = (await gateway.ask(request)).usage
    except PtoolError as error:
        fault = in_one_line(error)
    return EndpointTrial(
        endpoint=endpoint,
        roles=tuple(sorted(roles)),
        role=role,
        record=participants.roles[role].output.__name__,
        seconds=time.perf_counter() - began,
        usage=usage,
        fault=fault,
        fits=tuple(sorted((fits[name] for name in known), key=lambda fit: -fit.tokens)),
    )


def _request(participants: Participants, role: str, question: Question | None) -> Request:
    """A question of a small run, or one made up where there was none."""
    output = participants.roles[role].output
    if question is None:
        question = Question(
            f"Role: {role}\nThis is a trial of whether you can be reached.",
            f"Answer with the shortest {output.__name__} there can be, as one JSON object.",
            output,
        )
    seed = derive(participants.settings.seed, "check", role)
    sampling = participants.roles[role].sampling
    return Request(role, f"check/{role}", question.system, question.user, question.output, seed, sampling)


def in_one_line(error: PtoolError) -> str:
    """A fault: what it is, and what was said about it."""
    text = _OF_A_RUN.sub("", " ".join(str(error).split()))
    if isinstance(error, UnusableAnswerError):
        return f"it answers, but not with the record: {text}"
    cause = error.__cause__
    kind = cause.kind if isinstance(cause, AttemptError) else _KINDS.get(type(error), "")
    words = _WORDS.get(kind, "it cannot be asked")
    if kind == "refused" and _NO_MODEL.search(text):
        words = "model not found"
    elif kind == "refused" and _TOO_LONG.search(text):
        words = "the question is too long for its context"
    return f"{words}: {text}"


_WIDTH = 100
_ORIGIN = (
    "estimated from a rehearsal with the scripted model, tokens at four characters each; a language model "
    "writes longer or shorter, and answers that must be corrected come on top"
)


def report(result: CheckResult, console: Console | None = None) -> None:
    """Print what was found out to stdout, or to the console given."""
    console = console or Console(width=None if Console().is_terminal else _WIDTH, highlight=False)
    console.print(render(result), crop=False)


def render(result: CheckResult) -> RenderableType:
    """The result as rich draws it."""
    parts: list[RenderableType] = [_trial_table(trial) for trial in result.trials]
    if result.lines:
        parts += [_estimate_table(result.lines), Text(_ORIGIN)]
        parts.append(Text(f"wall time: {_time(result.seconds)}"))
    parts += [Text(terminal_text(line, 400)) for line in (*result.notes, *result.budget)]
    failed = sum(trial.fault is not None for trial in result.trials)
    verdict = f"{failed} of {len(result.trials)} endpoints fail" if failed else "every endpoint answers"
    return Group(*parts, Text(f"\n{verdict}", style="bold red" if failed else "bold"))


def _trial_table(trial: EndpointTrial) -> Group:
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_column(min_width=16)
    table.add_column(overflow="fold")
    for key, value in _trial_rows(trial):
        table.add_row(key, Text(value))
    return Group(Text(f"\nendpoint {terminal_text(trial.endpoint.name, 200)}", style="italic"), table)


def _trial_rows(trial: EndpointTrial) -> Iterator[tuple[str, str]]:
    yield "roles", ", ".join(trial.roles)
    asked = f"{trial.role} for a {trial.record}"
    if trial.fault is not None:
        yield "FAILS", terminal_text(trial.fault, 600)
        yield "asked", f"{asked}, {trial.seconds:.1f} s"
    else:
        usage = trial.usage
        tokens = f"{usage.prompt_tokens:,} tokens sent, {usage.completion_tokens:,} received"
        yield "answers", f"{asked}: the record, in {trial.seconds:.1f} s ({tokens})"
    if trial.structured:
        yield "held to it by", trial.structured
    window = trial.endpoint.window
    unknown = "; set model.context to what it is" if window.origin == UNKNOWN else ""
    yield "context", f"{window.describe()}{unknown}"
    if trial.fits:
        lengths = (f"{fit.role} {fit.tokens:,} + {fit.answer:,}" for fit in trial.fits)
        yield "longest prompts", f"{', '.join(lengths)} (estimated tokens, + what the answer needs)"


def _estimate_table(lines: Iterable[EstimateLine]) -> Table:
    lines = tuple(lines)
    table = Table(title="\nestimate of the whole run", title_justify="left", box=None, padding=(0, 2))
    for name in ("stage", "role"):
        table.add_column(name)
    for name in ("calls", "tokens sent", "received", "US$"):
        table.add_column(name, justify="right")
    for line in (*lines, total(lines)):
        usd = "unknown" if line.usd is None else f"{line.usd:,.2f}"
        sizes = (line.calls, line.prompt_tokens, line.completion_tokens)
        table.add_row(line.stage.replace("_", " "), line.role, *(f"{size:,}" for size in sizes), usd)
    return table


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "unknown, as not every endpoint answered"
    if seconds < 10:
        return "very roughly, some seconds"
    units = (("hours", 3600), ("minutes", 60), ("seconds", 1))
    unit, size = next((unit, size) for unit, size in units if seconds >= 2 * size)
    return f"very roughly {round(seconds / size)} {unit}, if every call takes as long as the ones tried"
