"""Drawing tasks (§4.3): who asks, for what need, on which platform, which calls, and what is left unsaid.

Drawn by seeded code in one sequential pass before a word is written, so that platforms, APIs and the two
kinds of parameter are covered evenly and the ground truth is known. It knows no role and no model.
"""

from __future__ import annotations

import random
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from sys import intern
from typing import NamedTuple, Protocol

from ..environments.world import Tool, World
from ..models.seeds import derive
from ..records import History, Profile, Task, TaskCall
from ..settings import TaskSettings

_OWN_NEED_WEIGHT = 2
"""What one query more of the same need by the same user counts against one more of the same pair by anybody.

At 80 users, 0 lets some ask for one need only; with 2 nobody asks for one more than nine times in 22, and the
best guess of a platform from the need alone is right in 34.0 % instead of 33.4 %.
"""


class Tasks(Protocol):
    """Tasks that can be gone through again and again: a list, or a `TaskFile`."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Task]: ...


class QuerySlot(NamedTuple):
    """Who asks where: the place of one query before its task is drawn."""

    user: str
    scenario: str
    number: int
    """for the how manieth time there, from 1"""


def slots_in_turn(
    users: Sequence[str], scenarios: Sequence[str], queries_per_user: int
) -> Iterator[QuerySlot]:
    """Everybody's queries go round the scenarios."""
    for number in range(queries_per_user):
        for place, user in enumerate(users):
            yield QuerySlot(user, scenarios[(number + place) % len(scenarios)], number + 1)


def slots_by_scenario(users: Sequence[str], queries: Mapping[str, int]) -> Iterator[QuerySlot]:
    """So many queries a scenario, spread over the users; each begins with another."""
    start = 0
    for scenario, count in queries.items():
        for place in range(count):
            yield QuerySlot(users[(start + place) % len(users)], scenario, place // len(users) + 1)
        start += count


@dataclass(frozen=True)
class ParameterSources:
    """One API's parameters for one user, sorted by who has to say them."""

    stated: tuple[str, ...]  # required, only the query can say them
    defaulted: tuple[str, ...]  # required, but the schema has a default
    known: dict[str, str]  # required, and the profile has them: parameter -> feature
    may_state: tuple[str, ...]  # optional, only the query can say them
    may_ask: dict[str, str]  # optional, and the profile has them


@dataclass
class CallDraft:
    """One call while it is drawn."""

    tool: Tool
    sources: ParameterSources
    stated: list[str]
    known: dict[str, str]
    defaults: tuple[str, ...]

    @classmethod
    def begin(
        cls, tool: Tool, sources: ParameterSources, rng: random.Random, default_rate: float
    ) -> CallDraft:
        """What the call needs at least; some defaulted parameters are left at their default."""
        left = tuple(name for name in sources.defaulted if rng.random() < default_rate)
        stated = [*sources.stated, *(name for name in sources.defaulted if name not in left)]
        return cls(tool, sources, stated, dict(sources.known), left)

    def call(self) -> TaskCall:
        """The call as the task holds it, parameters in the schema's order."""
        return TaskCall(
            api=self.tool.api.name,
            capability=self.tool.api.capability,
            stated=tuple(name for name in self.tool.properties if name in self.stated),
            known={name: self.known[name] for name in self.tool.properties if name in self.known},
            defaults=self.defaults,
        )


@dataclass
class TaskTotals:
    """What the tasks drawn so far add up to, against what was asked for (Table 1)."""

    parameters: float
    profile_share: float
    tasks: int = 0
    stated: int = 0
    known: int = 0
    used: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # (platform, API, parameter or "")
    needs: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # (scenario, context, platform)

    def missing(self) -> tuple[float, float]:
        """Stated and known parameters the next task should have to come out at the target."""
        whole = self.parameters * (self.tasks + 1)
        return whole * (1 - self.profile_share) - self.stated, whole * self.profile_share - self.known

    def count(self, task: Task) -> None:
        """Add a task that was drawn."""
        self.tasks += 1
        self.needs[task.scenario, task.context, task.platform] += 1
        for call in task.calls:
            for name in ("", *call.stated, *call.known):
                self.used[task.platform, call.api, name] += 1
            self.stated += len(call.stated)
            self.known += len(call.known)


class UserNeeds:
    """The kinds of need of every user in every scenario, and how often each was asked for: some bytes a need.

    Args: histories: every user's in every scenario.
    """

    def __init__(self, histories: Iterable[History]) -> None:
        self._first: dict[tuple[str, str], int] = {}
        """(user, scenario) -> place of the first need in `_asked`"""
        self._asked = array("I")
        self._preferred: list[tuple[tuple[str, str], ...]] = []
        """preferences that some user has, each once"""
        self._preferred_by = array("I")
        """place of a need -> which of them it is of"""
        numbers: dict[tuple[tuple[str, str], ...], int] = {}
        for history in histories:
            chosen = {preference.context: preference.platform for preference in history.preferences}
            preferred = tuple(chosen.items())
            if not preferred:
                continue
            number = numbers.setdefault(preferred, len(numbers))
            if number == len(self._preferred):
                self._preferred.append(preferred)
            self._first[intern(history.user_id), intern(history.scenario)] = len(self._asked)
            self._asked.extend([0] * len(preferred))
            self._preferred_by.extend([number] * len(preferred))

    def of(self, user: str, scenario: str) -> list[tuple[str, str, int]]:
        """(kind of need, platform preferred for it, place of its count); none: they prefer nothing there."""
        first = self._first.get((user, scenario))
        if first is None:
            return []
        preferred = self._preferred[self._preferred_by[first]]
        return [(*need, first + number) for number, need in enumerate(preferred)]

    def asked(self, place: int) -> int:
        """How often somebody asked for a need."""
        return self._asked[place]

    def count(self, place: int) -> None:
        """A need is asked for once more."""
        self._asked[place] += 1


class TaskSampler:
    """Draws the tasks of a population.

    Args:
        worlds: the scenarios of the run.
        histories: every user's in every scenario; their preferences decide the platform (Definition 3.1).
        plan: how tasks are drawn.
        seed: the run's.
    """

    def __init__(
        self, worlds: Mapping[str, World], histories: Iterable[History], plan: TaskSettings, seed: int
    ) -> None:
        self._worlds = worlds
        self._needs = UserNeeds(histories)
        self._shared_capabilities = {name: _shared_capabilities(world) for name, world in worlds.items()}
        self._serving = cache(self._find_serving)
        self._plan = plan
        self._seed = seed
        self._totals = TaskTotals(plan.parameters, plan.profile_share)

    def draw(self, slots: Iterable[QuerySlot]) -> Iterator[Task]:
        """The tasks of some slots, in their order; whoever prefers nothing there asks nothing."""
        for slot in slots:
            if needs := self._needs.of(slot.user, slot.scenario):
                task = self._task(slot, needs)
                self._totals.count(task)
                yield task

    def _task(self, slot: QuerySlot, needs: list[tuple[str, str, int]]) -> Task:
        scenario = slot.scenario
        identifier = f"{scenario}-{slot.user}-{slot.number:04d}"
        rng = random.Random(derive(self._seed, "task", identifier))
        profile = self._worlds[scenario].profile(slot.user)
        context, platform = self._choose_need(scenario, needs, rng)
        calls: tuple[TaskCall, ...] = ()
        if self._plan.plan == "guided":
            calls = self._calls(profile, self._worlds[scenario], context, platform, rng)
        return Task(
            id=identifier, scenario=scenario, user_id=profile.id, context=context, platform=platform,
            plan=self._plan.plan, calls=calls,
        )  # fmt: skip

    def _choose_need(
        self, scenario: str, needs: list[tuple[str, str, int]], rng: random.Random
    ) -> tuple[str, str]:
        """A kind of need and the platform the user prefers for it, rare ones first.

        So a kind of need leads to every platform about as often, and does not give the platform away.
        """
        rng.shuffle(needs)

        def times_asked(need: tuple[str, str, int]) -> int:
            context, platform, place = need
            asked = self._totals.needs[scenario, context, platform]
            return asked + _OWN_NEED_WEIGHT * self._needs.asked(place)

        context, platform, place = min(needs, key=times_asked)
        self._needs.count(place)
        return context, platform

    def _calls(
        self, profile: Profile, world: World, context: str, platform: str, rng: random.Random
    ) -> tuple[TaskCall, ...]:
        rate = self._plan.default_rate

        def sources_of(tool: Tool) -> ParameterSources:
            return parameter_sources(profile, world, tool, context)

        tools = self._tools(world, context, platform, rng)
        personal = (tool for tool in tools if _is_personal(profile, world, tool, context))
        first = next(personal, None)
        # Where there is none, a gate is to object.
        offered = iter(tools) if first is None else chain((first,), personal)
        chosen = self._choose_tools(offered, sources_of, rng)
        drafts = [CallDraft.begin(tool, sources, rng, rate) for tool, sources in chosen]
        self._add_optional(drafts, rng)
        return tuple(draft.call() for draft in drafts)

    def _tools(self, world: World, context: str, platform: str, rng: random.Random) -> list[Tool]:
        """The platform's interchangeable APIs that serve the kind of need, the least used first."""
        tools = list(self._serving(world.name, context, platform))
        rng.shuffle(tools)
        return sorted(tools, key=lambda tool: self._totals.used[platform, tool.api.name, ""])

    def _find_serving(self, scenario: str, context: str, platform: str) -> tuple[Tool, ...]:
        """As `_tools`, in the scenario's order."""
        shared = self._shared_capabilities[scenario]
        return tuple(
            tool
            for (where, _), tool in self._worlds[scenario].tools.items()
            if where == platform and tool.api.capability in shared and tool.api.serves(context)
        )

    def _choose_tools(
        self, tools: Iterator[Tool], sources_of: Callable[[Tool], ParameterSources], rng: random.Random
    ) -> list[tuple[Tool, ParameterSources]]:
        """One call, several, or the same API twice where people would ask for it twice.

        Args: tools: at least one; most tasks ask for no more than the first.
        """
        kind, first = rng.random(), next(tools)
        chosen = [first]
        if kind < self._plan.repeat_call:
            twice = next((tool for tool in chain(chosen, tools) if tool.api.repeats()), None)
            chosen = [twice, twice] if twice else chosen
        elif kind < self._plan.repeat_call + self._plan.multi_call and (others := list(tools)):
            chosen.append(rng.choice(others[: max(1, (len(others) + 1) // 3 - 1)]))
        return [(tool, sources_of(tool)) for tool in chosen]

    def _add_optional(self, drafts: list[CallDraft], rng: random.Random) -> None:
        """Add optional parameters of both kinds, so that the averages come out as asked for."""
        want_stated, want_known = self._totals.missing()
        # A query that needs nothing of the profile is not personalised (Definition 3.2).
        least = 0 if any(draft.known for draft in drafts) else 1
        want_known -= sum(len(draft.known) for draft in drafts)
        for draft, name in self._choose(drafts, lambda sources: sources.may_ask, want_known, least, rng):
            draft.known[name] = draft.sources.may_ask[name]
        want_stated -= sum(len(draft.stated) for draft in drafts)
        for draft, name in self._choose(drafts, lambda sources: sources.may_state, want_stated, 0, rng):
            draft.stated.append(name)

    def _choose(
        self,
        drafts: list[CallDraft],
        offered: Callable[[ParameterSources], Iterable[str]],
        wanted: float,
        least: int,
        rng: random.Random,
    ) -> list[tuple[CallDraft, str]]:
        """About `wanted` of what is offered, rounded at random so that tasks differ; the least used first."""
        candidates = [(draft, name) for draft in drafts for name in offered(draft.sources)]
        rng.shuffle(candidates)
        candidates.sort(
            key=lambda candidate: self._totals.used[
                candidate[0].tool.platform, candidate[0].tool.api.name, candidate[1]
            ]
        )
        spread = max(0.0, wanted + rng.uniform(-1.0, 1.0))
        count = int(spread) + (rng.random() < spread % 1)
        return candidates[: max(count, least)]


def parameter_sources(
    profile: Profile, world: World, tool: Tool, context: str | None = None
) -> ParameterSources:
    """Sort an API's parameters by who can say them; a value that breaks the schema fills nothing.

    Args: context: the kind of need; optional parameters that make no sense for it are left out. None: any.
    """
    stated, defaulted, may_state = [], [], []
    known: dict[str, str] = {}
    may_ask: dict[str, str] = {}
    basic, is_valid = profile.basic, tool.some_arguments.is_valid
    filled = {
        name: feature
        for name, feature in world.linked_parameters(tool, context)
        if feature in basic and is_valid({name: basic[feature]})
    }
    for name in tool.served_parameters(context):
        if name in filled:
            (known if name in tool.required else may_ask)[name] = filled[name]
        elif name not in tool.required:
            may_state.append(name)
        else:
            (defaulted if "default" in tool.properties[name] else stated).append(name)
    return ParameterSources(tuple(stated), tuple(defaulted), known, tuple(may_state), may_ask)


def _is_personal(profile: Profile, world: World, tool: Tool, context: str) -> bool:
    """Whether the profile fills any parameter that is required or makes sense for a kind of need."""
    basic, is_valid = profile.basic, tool.some_arguments.is_valid
    return any(
        feature in basic and is_valid({name: basic[feature]})
        for name, feature in world.linked_parameters(tool, context)
    )


def _shared_capabilities(world: World) -> frozenset[str]:
    """Capabilities that at least two platforms offer: without a rival there is nothing to prefer."""
    offers = Counter(
        capability for apis in world.scenario.apis.values() for capability in {api.capability for api in apis}
    )
    return frozenset(capability for capability, count in offers.items() if count > 1)
