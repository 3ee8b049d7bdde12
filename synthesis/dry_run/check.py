"""Whether a run could begin: everything it names is built, each endpoint answers one real question of a role.

The question is the one with the shortest answer of those a rehearsal rendered, so prompt, output schema and
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
    EndpointDownError,
    KeyRefusedError,
    PtoolError,
    RefusedRequestError,
    UnreachableModelError,
    UnusableAnswerError,
)
from ...models.endpoint import Endpoint
from ...models.faults import AttemptError
from ...models.gateway import Gateway
from ...models.gateway.call import Retries
from ...models.request import NO_USAGE, Request
from ...models.seeds import derive
from ...records import Usage
from ...rendering.text import plain
from ...settings import Settings
from .. import stages
from ..extensions import choose_extensions
from ..given_tree import given_tree
from ..roles import PLACES, Participants, solvers
from .estimate import Line, against_budget, estimate, total, wall_time
from .rehearsal import rehearse
from .understudy import Heard, Question

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
class Trial:
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
    longest: tuple[int, str] | None = None
    """(tokens, role) of the longest prompt of a rehearsal; None: there was none"""

    @property
    def structured(self) -> str | None:
        """How it is held to the record's form, as far as the client tells."""
        way = getattr(self.endpoint.client, "structured", None)
        return way if isinstance(way, str) else None


@dataclass(frozen=True)
class Checkup:
    """What was found out about a run before it begins."""

    trials: tuple[Trial, ...]
    lines: tuple[Line, ...]
    """the estimate; empty where the run could not be rehearsed"""
    seconds: float | None
    """wall time of the run, very roughly; None: not known"""
    budget: tuple[str, ...]
    """what the budget's limits come to"""
    notes: tuple[str, ...]
    """what the estimate does not say"""

    @property
    def exit_status(self) -> int:
        """0, or 1 where an endpoint fails."""
        return FAILED if any(one.fault for one in self.trials) else 0


def check_up(settings: Settings, sources: Sources) -> Checkup:
    """Build all that a run names, rehearse it, and ask every endpoint once.

    Args:
        settings: the run's.
        sources: the user's own folders.

    Raises:
        PtoolError: something is wrong that would keep the run from beginning.
    """
    choose_extensions(settings, sources.choices)
    tree = given_tree(settings)
    if tree is None:
        stages.tree_shape(settings).check()
    stages.clustering_limits(settings).check()
    participants = Participants(settings, sources.folders, sources.prompts())
    rehearsal, problem = None, ""
    try:
        rehearsal = rehearse(settings, sources, participants, tree)
    except PtoolError as error:
        problem = f"no estimate: the scripted model cannot rehearse this run ({error})"
    trials = asyncio.run(_tried(participants, rehearsal.heard if rehearsal else {}))
    if rehearsal is None:
        return Checkup(trials, (), None, (), (problem,))
    lines = estimate(settings, rehearsal, participants.endpoints, given_tree=tree is not None)
    return Checkup(
        trials=trials,
        lines=lines,
        seconds=wall_time(settings, lines, participants.endpoints, _seconds(trials)),
        budget=tuple(against_budget(lines, settings.budget)),
        notes=rehearsal.notes,
    )


def _seconds(trials: Iterable[Trial]) -> dict[str, float]:
    return {role: one.seconds for one in trials if one.fault is None for role in one.roles}


async def _tried(participants: Participants, heard: Mapping[str, Heard]) -> tuple[Trial, ...]:
    """Every endpoint that a role of the run asks, one after another so that none is slowed by the others."""
    gateway = Gateway(participants.endpoints, concurrency=1, corrections=0, restarts=0, retries=_ONCE)
    served: dict[Endpoint, list[str]] = {}
    for role in _asked(participants, heard):
        served.setdefault(participants.endpoints.get(role) or participants.endpoints["default"], []).append(
            role
        )
    try:
        return tuple(
            [await _trial(gateway, participants, one, roles, heard) for one, roles in served.items()]
        )
    finally:
        await gateway.close()


def _asked(participants: Participants, heard: Mapping[str, Heard]) -> list[str]:
    """The roles that ask a model: those heard in a rehearsal, or else all that have a seat and a prompt.

    Further solvers are among them in any case: a rehearsal without an accepted query has not heard them.
    """
    settings = participants.settings
    seated = tuple(solvers(settings))
    if not heard:
        seated = (*PLACES, *settings.judges, *settings.query_gate, *seated)
    return list(dict.fromkeys((*heard, *(name for name in seated if participants.roles[name].prompt))))


async def _trial(
    gateway: Gateway,
    participants: Participants,
    endpoint: Endpoint,
    roles: list[str],
    heard: Mapping[str, Heard],
) -> Trial:
    known = {role: heard[role] for role in roles if role in heard}
    role = min(known, key=lambda one: known[one].shortest or _NEVER, default=roles[0])
    request = _request(participants, role, known[role].question if known else None)
    usage, fault, began = NO_USAGE, None, time.perf_counter()
    try:
        usage = (await gateway.ask(request)).usage
    except PtoolError as error:
        fault = in_one_line(error)
    return Trial(
        endpoint=endpoint,
        roles=tuple(sorted(roles)),
        role=role,
        record=participants.roles[role].output.__name__,
        seconds=time.perf_counter() - began,
        usage=usage,
        fault=fault,
        longest=max(((one.longest, name) for name, one in known.items()), default=None),
    )


def _request(participants: Participants, role: str, question: Question | None) -> Request:
    """A question of a rehearsal, or one made up where there was none."""
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
    said = _OF_A_RUN.sub("", " ".join(str(error).split()))
    if isinstance(error, UnusableAnswerError):
        return f"it answers, but not with the record: {said}"
    cause = error.__cause__
    kind = cause.kind if isinstance(cause, AttemptError) else _KINDS.get(type(error), "")
    words = _WORDS.get(kind, "it cannot be asked")
    if kind == "refused" and _NO_MODEL.search(said):
        words = "model not found"
    elif kind == "refused" and _TOO_LONG.search(said):
        words = "the question is too long for its context"
    return f"{words}: {said}"


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
    parts: list[RenderableType] = [_trial_line(one) for one in checkup.trials]
    if checkup.lines:
        parts += [_estimate(checkup.lines), Text(_ORIGIN)]
        parts.append(Text(f"wall time: {_time(checkup.seconds)}"))
    parts += [Text(plain(line, 400)) for line in (*checkup.notes, *checkup.budget)]
    failed = sum(one.fault is not None for one in checkup.trials)
    verdict = f"{failed} of {len(checkup.trials)} endpoints fail" if failed else "every endpoint answers"
    return Group(*parts, Text(f"\n{verdict}", style="bold red" if failed else "bold"))


def _trial_line(trial: Trial) -> Group:
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
