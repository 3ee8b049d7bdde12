"""Whether a run could begin: everything it names is built, each endpoint answers one real question of a role.

The question is the one with the shortest answer of those a small run rendered, so prompt, output schema and
record are the run's own. Then its speed is measured with a few short calls, and the roles that a language
model plays are tried (`role_trials`). Nothing is left on disk.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ...cli.progress import Progress
from ...cli.speed import duration
from ...errors import (
    ContextTooShortError,
    EndpointDownError,
    KeyRefusedError,
    PtoolError,
    RefusedRequestError,
    UnreachableModelError,
    UnusableAnswerError,
)
from ...models import event_loop
from ...models.clients.base import OfflineModel
from ...models.context_window import UNKNOWN
from ...models.endpoint import Endpoint
from ...models.faults import AttemptError
from ...models.gateway import Gateway
from ...models.request import CHARACTERS_A_TOKEN, NO_USAGE, Request
from ...models.seeds import derive
from ...records import Usage
from ...rendering.text import terminal_text
from ...settings import TOOL_MATCHER, Retries, Settings
from ..pipeline import build_parts
from ..roles import Participants, role_names, second_solvers
from .agent_trials import AgentTrial, try_own_agents
from .counters import Question, RolePrompts
from .endpoint_speed import MOST_AT_ONCE, EndpointSpeed, measure_speed
from .estimate import EstimateLine, against_budget, estimate, total, wall_time
from .matching_calls import matching_calls
from .prompt_fit import PromptFit, measured_fits, refuse_too_long
from .qualification import Qualification, qualification, qualification_calls
from .role_trials import RoleTrials, render_trials, try_roles
from .small_run import SmallRun, play_small

if TYPE_CHECKING:
    from ...cli.compose import Sources


FAILED = 1
"""Exit status where an endpoint fails."""

TRIAL_SECONDS, TRIAL_TOKENS = 180.0, 512
"""Seconds the question of a role may take here, and tokens of its answer; a run allows more of both."""
SPEED_SECONDS = 60.0
"""Seconds that one of the short calls may take by which the speed is measured."""

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
    speed: EndpointSpeed | None = None
    """None: it did not answer"""
    tokens_ratio: float = 1.0
    """tokens it counts in a prompt for every four characters"""
    note: str = ""
    """why its speed is not known better; empty: it was measured"""

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
    """wall time of the run; None: not known"""
    budget: tuple[str, ...]
    """what the budget's limits come to"""
    notes: tuple[str, ...]
    """what the estimate does not say"""
    roles: RoleTrials | None = None
    """what the roles made of tasks with known answers; None: no language model takes part"""
    agents: tuple[AgentTrial, ...] = ()
    """what agents of the user's made of one question"""

    @property
    def exit_status(self) -> int:
        """0, or 1 where an endpoint or an agent fails."""
        return FAILED if any(trial.fault for trial in (*self.trials, *self.agents)) else 0


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
    settings = participants.settings
    small_run: SmallRun | None = None
    problem = ""
    event_loop.run(participants.measure_windows())
    try:
        small_run = play_small(settings, sources, parts)
        refuse_too_long(measured_fits(participants, small_run))
    except ContextTooShortError:
        raise
    except PtoolError as error:
        problem = f"no estimate: the scripted model cannot rehearse this run ({error})"
    tasks: Qualification | None = None
    try:
        tasks = qualification(settings, sources, participants)
    except PtoolError as error:
        unplayed = f"no qualification: the scripted model cannot play its tasks with these roles ({error})"
        problem = f"{problem}; {unplayed}" if problem else unplayed
    trials, roles, agents = event_loop.run(_try_endpoints(participants, small_run, tasks))
    told = tuple(map(str, agents))
    if small_run is None:
        return CheckResult(trials, (), None, (), (*told, problem), roles, agents)
    lines = estimate(
        settings,
        small_run,
        participants.endpoints,
        given_tree=parts.given_tree is not None or parts.given_tools is not None,
        known={
            **qualification_calls(tasks, small_run),
            **matching_calls(participants, parts.given_tools),
        },
    )
    known = [trial for trial in trials if trial.speed is not None]
    speeds = {role: trial.speed for trial in known for role in trial.roles if trial.speed}
    ratios = {role: trial.tokens_ratio for trial in known for role in trial.roles}
    repeated = {role: prompts.repeated_share for role, prompts in small_run.prompts.items()}
    return CheckResult(
        trials=trials,
        lines=lines,
        seconds=wall_time(settings, lines, participants.endpoints, speeds, ratios, repeated),
        budget=tuple(against_budget(lines, settings.budget)),
        notes=(
            *(tools.describe() for tools in small_run.tools),
            *small_run.notes,
            *told,
            *filter(None, (problem,)),
        ),
        roles=roles,
        agents=agents,
    )


async def _try_endpoints(
    participants: Participants, small_run: SmallRun | None, tasks: Qualification | None
) -> tuple[tuple[EndpointTrial, ...], RoleTrials | None, tuple[AgentTrial, ...]]:
    """Every endpoint that a role of the run asks, one after another so that none is slowed by the others.

    Args: tasks: what roles are tried with on the endpoints that answer; None: they are not.
    """
    prompts = small_run.prompts if small_run else {}
    fits = measured_fits(participants, small_run) if small_run else {}
    # An endpoint of its own for each way of asking: they wait for different times, and share the client.
    trial, speed = (
        Gateway(
            _with_time_limit(participants.endpoints, seconds),
            concurrency=MOST_AT_ONCE,
            corrections=0,
            restarts=0,
            retries=_ONCE,
        )
        for seconds in (TRIAL_SECONDS, SPEED_SECONDS)
    )
    served: dict[Endpoint, list[str]] = {}
    for role in _asking_roles(participants, prompts):
        served.setdefault(participants.endpoint(role), []).append(role)
    try:
        trials = [
            await _measure(
                speed,
                participants,
                await _try_endpoint(trial, participants, endpoint, roles, prompts, fits),
            )
            for endpoint, roles in served.items()
        ]
        answering = [each.endpoint for each in trials if each.fault is None]
        roles = (
            await try_roles(tasks, participants, trial, answering, prompts) if tasks and answering else None
        )
        requests = {
            role: replace(
                _request(participants, role, asked.question), sampling=participants.roles[role].sampling
            )
            for role, asked in prompts.items()
            if participants.endpoint(role) in answering
        }
        return tuple(trials), roles, await try_own_agents(participants, requests)
    finally:
        await trial.close()


def _with_time_limit(endpoints: Mapping[str, Endpoint], seconds: float) -> dict[str, Endpoint]:
    """The endpoints with less time for a call, shared among roles as they are."""
    limited = {
        endpoint: replace(
            endpoint,
            limits=endpoint.limits.model_copy(update={"seconds": min(endpoint.limits.seconds, seconds)}),
        )
        for endpoint in endpoints.values()
    }
    return {role: limited[endpoint] for role, endpoint in endpoints.items()}


async def _measure(gateway: Gateway, participants: Participants, trial: EndpointTrial) -> EndpointTrial:
    """The trial with the endpoint's speed, if it answered."""
    client, settings = trial.endpoint.client, participants.settings
    if trial.fault is not None:
        return trial
    if isinstance(client, OfflineModel):
        return replace(trial, speed=EndpointSpeed(trial.seconds))
    width = min(settings.concurrency, trial.endpoint.limits.concurrency or settings.concurrency)
    try:
        name = f"speed of {terminal_text(trial.endpoint.name, 80)}"
        with Progress(activity=gateway.activity).stage(name) as stage:
            sampling = participants.roles[trial.role].sampling
            speed = await measure_speed(gateway, trial.role, width, sampling, stage.advance)
    except PtoolError as error:
        why = in_one_line(error)
        note = f"every call is taken to last as long as this one, for its speed cannot be measured: {why}"
        return replace(trial, speed=EndpointSpeed(trial.seconds), note=note)
    return replace(trial, speed=speed)


def _asking_roles(participants: Participants, prompts: Mapping[str, RolePrompts]) -> list[str]:
    """The roles that ask a model: those that did in a small run, or else all of the run that have a prompt.

    Second solvers are among them in any case: a small run without an accepted query has not asked them. So is
    a matcher of tools, which no small run asks.
    """
    settings = participants.settings
    roles = tuple(second_solvers(settings)) if prompts else role_names(settings)
    if settings.matches_tools:
        roles = (*roles, TOOL_MATCHER)
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
    name = f"question of {role} to {terminal_text(endpoint.name, 80)}"
    progress = Progress(activity=gateway.activity)
    try:
        with progress.stage(name, 1, transient=isinstance(endpoint.client, OfflineModel)) as stage:
            usage = (await gateway.ask(request)).usage
            stage.advance()
    except PtoolError as error:
        fault = in_one_line(error)
        if fault.startswith(_WORDS["timeout"]):
            fault += f" (a run would wait model.limits.seconds={endpoint.limits.seconds:g})"
    return EndpointTrial(
        endpoint=endpoint,
        roles=tuple(sorted(roles)),
        role=role,
        record=participants.roles[role].output.__name__,
        seconds=time.perf_counter() - began,
        usage=usage,
        fault=fault,
        fits=tuple(sorted((fits[name] for name in known), key=lambda fit: -fit.tokens)),
        tokens_ratio=_tokens_ratio(request, usage),
    )


def _tokens_ratio(request: Request, usage: Usage) -> float:
    """Tokens counted in a prompt for every four characters, within bounds that languages keep to."""
    estimated = (len(request.system) + len(request.user)) / CHARACTERS_A_TOKEN
    return min(3.0, max(0.5, usage.prompt_tokens / estimated)) if usage.prompt_tokens and estimated else 1.0


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
    sampling = dict(participants.roles[role].sampling)
    for name in ("max_tokens", "max_completion_tokens"):
        if isinstance(sampling.get(name), int):
            sampling[name] = min(sampling[name], TRIAL_TOKENS)
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
    if result.roles and result.roles.trials:
        parts.append(render_trials(result.roles))
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
    if trial.note:
        yield "speed", terminal_text(trial.note, 600)
    elif trial.speed and not isinstance(trial.endpoint.client, OfflineModel):
        yield "speed", trial.speed.describe()
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
        return "some seconds"
    return f"about {duration(seconds)} at the speed measured, if first answers are accepted"
