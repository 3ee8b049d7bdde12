"""What a whole run would ask, scaled up from a small one: calls, tokens, cost and time by stage and role.

Trees are taken as they were played, profiles by the number of answers their layers need (§4.2), histories by
(user, scenario), episodes, second solvers and twins by queries, the audit of the judges by samples. People
held out are counted with the others, as a ledger does. It asks nobody and knows no prompt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import mul

from ...models.clients.base import OfflineModel
from ...models.endpoint import Endpoint
from ...settings import Budget, Price, Settings
from ...trees.layers import layer_sizes
from ..dataset.audit import INJECTIONS
from ..population import PopulationPlan, population_plans
from ..roles import SOLVER, STRANGER
from .counters import CallCount, CallGroup
from .endpoint_speed import EndpointSpeed
from .qualification import AT_ONCE as TASKS_AT_ONCE
from .small_run import PlayedPopulation, SmallRun

STAGES = (
    "qualification",
    "capabilities",
    "api_tree",
    "feature_tree",
    "profiles",
    "histories",
    "episodes",
    STRANGER,
    SOLVER,
    "twins",
    "audit",
)
"""The stages that ask, in their order, as a ledger names them."""
TIGHT = 0.8
"""Share of a budget from which on an estimate is too close to it to be relied on."""


@dataclass(frozen=True, slots=True)
class EstimateLine:
    """What one role would be asked in the whole run; tokens at four characters each."""

    stage: str
    role: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float | None
    """None: the price is not known"""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much larger the run is than what was played."""

    calls: float
    tokens: float
    """received ones: an answer may hold more in the run"""


def estimate(
    settings: Settings,
    small_run: SmallRun,
    endpoints: Mapping[str, Endpoint],
    *,
    given_tree: bool,
    known: Mapping[CallGroup, CallCount] | None = None,
) -> tuple[EstimateLine, ...]:
    """Scale a small run up to the run, in the order of the stages.

    Args:
        settings: the run's.
        small_run: what was asked in it.
        endpoints: role -> endpoint, "default" for the others.
        given_tree: whether the API tree is brought along, so that nobody designs it.
        known: calls of the whole run that need no small one.
    """
    sums = {(group.stage, group.role): count for group, count in (known or {}).items()}
    for plan in population_plans(settings):
        played = small_run.populations[plan.name]
        for group, totals in played.totals.items():
            if group.stage == "api_tree" and given_tree and not plan.name:
                scale = Scale(0.0, 0.0)
            else:
                scale = _scale(group, settings, plan, played)
            whole = sums.setdefault((group.stage, group.role), CallCount())
            whole.calls += round(totals.calls * scale.calls)
            whole.prompt_tokens += round(totals.prompt_tokens * scale.calls)
            whole.completion_tokens += round(totals.completion_tokens * scale.tokens)
    lines = (_line(stage, role, totals, endpoints) for (stage, role), totals in sums.items() if totals.calls)
    return tuple(sorted(lines, key=lambda line: STAGES.index(line.stage)))


def _scale(group: CallGroup, settings: Settings, plan: PopulationPlan, played: PlayedPopulation) -> Scale:
    if group.stage == "profiles":
        return _profiles_scale(settings.assignment, plan.users, played)
    if group.stage in ("api_tree", "feature_tree"):
        factor = played.tree_factor
    elif group.stage == "histories":
        factor = plan.histories / played.plan.histories
    elif group.stage == "audit":
        factor = _audit_factor(group, settings, plan, played)
    else:
        factor = plan.tasks / played.plan.tasks
    return Scale(factor, factor)


def _audit_factor(
    group: CallGroup, settings: Settings, plan: PopulationPlan, played: PlayedPopulation
) -> float:
    """Audited samples, as far as there are any; every instruction is hidden at least once."""
    kept = round(played.kept * plan.tasks / played.plan.tasks)
    injections = INJECTIONS if settings.audit.injections is None else settings.audit.injections
    samples, least = min(settings.audit.samples, kept), (len(injections) if group.hidden else 0) or 1
    return max(samples, least) / max(played.audited, least)


def _profiles_scale(assignment: str, users: int, played: PlayedPopulation) -> Scale:
    """Top-down is not linear in users: an answer holds as many values as its layer has children (§4.2)."""
    if assignment != "top_down":
        factor = users / played.plan.users
        return Scale(1 if assignment == "single_pass" else factor, factor)
    calls, values = _top_down(users, played.layers)
    calls_played, values_played = _top_down(played.plan.users, played.layers)
    return Scale(calls / calls_played, values / values_played)


def _top_down(users: int, layers: int) -> tuple[int, int]:
    """(answers, bundles in them) that N users take; nobody is asked for branches without users."""
    sizes = layer_sizes(users, layers)
    answers = [min(above, users) for above in accumulate(sizes[:-1], mul, initial=1)]
    return sum(answers), sum(map(mul, answers, sizes))


def _line(stage: str, role: str, totals: CallCount, endpoints: Mapping[str, Endpoint]) -> EstimateLine:
    sent, received = totals.prompt_tokens, totals.completion_tokens
    usd = cost(endpoints.get(role) or endpoints["default"], sent, received)
    return EstimateLine(stage, role, totals.calls, sent, received, usd)


def cost(endpoint: Endpoint, sent: int, received: int) -> float | None:
    """US dollars for so many tokens; None where the price is not known."""
    free = isinstance(endpoint.client, OfflineModel) or getattr(endpoint.client, "free", False)
    price = endpoint.price or (Price(input=0, output=0) if free else None)
    return price.usd(sent, received) if price else None


def total(lines: Sequence[EstimateLine]) -> EstimateLine:
    """All lines together; the cost is unknown as soon as one of them is."""
    priced = [line.usd for line in lines if line.usd is not None]
    return EstimateLine(
        stage="all",
        role="",
        calls=sum(line.calls for line in lines),
        prompt_tokens=sum(line.prompt_tokens for line in lines),
        completion_tokens=sum(line.completion_tokens for line in lines),
        usd=sum(priced) if len(priced) == len(lines) else None,
    )


def against_budget(lines: Sequence[EstimateLine], budget: Budget) -> Iterator[str]:
    """What every limit of the budget comes to beside the estimate, a line each."""
    everything = total(lines)
    tokens = everything.prompt_tokens + everything.completion_tokens
    for key, limit, needed in (
        ("usd", budget.usd, everything.usd),
        ("tokens", budget.tokens, tokens),
        ("calls", budget.calls, everything.calls),
    ):
        if limit is not None:
            yield f"budget.{key}={limit:,}: {_verdict(limit, needed)}"


def _verdict(limit: float, needed: float | None) -> str:
    if needed is None:
        return "cannot be kept, because a price is unknown; give model.price, or a price list as prices"
    about = (
        f"the run needs about {needed:,.2f}"
        if isinstance(needed, float)
        else f"the run needs about {needed:,}"
    )
    if needed > limit:
        return f"will not suffice, {about}"
    return (
        f"may not suffice, {about} and what models get wrong"
        if needed > TIGHT * limit
        else f"suffices, {about}"
    )


def wall_time(
    settings: Settings,
    lines: Sequence[EstimateLine],
    endpoints: Mapping[str, Endpoint],
    speeds: Mapping[str, EndpointSpeed],
    tokens_ratios: Mapping[str, float],
    repeated: Mapping[str, float],
) -> float | None:
    """Seconds the run would take at the speed its endpoints were measured with; None: not all were.

    Args:
        settings: the run's, for its concurrency.
        lines: the estimate.
        endpoints: role -> endpoint, "default" for the others.
        speeds: role -> how fast its endpoint is.
        tokens_ratios: role -> tokens its endpoint counts for one of the estimate.
        repeated: role -> share of its prompts that earlier ones began with.
    """
    served: dict[Endpoint, list[EstimateLine]] = {}
    waited = 0.0
    for line in lines:
        if line.role not in speeds:
            return None
        endpoint = endpoints.get(line.role) or endpoints["default"]
        served.setdefault(endpoint, []).append(line)
        ratio = tokens_ratios.get(line.role, 1.0)
        sent, received = round(line.prompt_tokens * ratio), round(line.completion_tokens * ratio)
        waited += speeds[line.role].seconds(
            line.calls,
            sent,
            received,
            _width(line, settings, endpoint),
            repeated.get(line.role, 0.0),
        )
    return max(waited, *(_allowed(endpoint, total(several)) for endpoint, several in served.items()))


def _width(line: EstimateLine, settings: Settings, endpoint: Endpoint) -> int:
    """Calls of a stage that can be under way at once."""
    if isinstance(endpoint.client, OfflineModel):
        return 1  # it answers in this very process
    most = endpoint.limits.concurrency or settings.concurrency
    return min(settings.concurrency, most, max(1, _at_once(line, settings)))


def _at_once(line: EstimateLine, settings: Settings) -> int:
    """Items of a stage; of several populations, which come one after the other, the average."""
    plans = population_plans(settings)
    if line.stage == "feature_tree":
        return 1  # batches are shown one after another
    if line.stage == "profiles":
        return line.calls // (2 * len(plans)) if settings.assignment == "top_down" else 1
    if line.stage == "audit":
        return settings.audit.samples  # what is made of a sample is shown one after another
    if line.stage == "qualification":
        return TASKS_AT_ONCE
    items = {
        "api_tree": [len(plan.scenarios) for plan in plans],  # each grows depth first
        "histories": [plan.histories for plan in plans],
    }.get(line.stage, [plan.tasks for plan in plans])
    return sum(items) // len(items)


def _allowed(endpoint: Endpoint, served: EstimateLine) -> float:
    """Seconds that the endpoint's limits per minute demand, at least."""
    limits = endpoint.limits
    tokens = served.prompt_tokens + served.completion_tokens
    minutes = [
        needed / limit
        for needed, limit in ((served.calls, limits.requests_per_minute), (tokens, limits.tokens_per_minute))
        if limit is not None
    ]
    return 60 * max(minutes, default=0.0)
