"""How many tools the solvers of a run are shown: all, as many as were asked for, or as many as fit (`tools`).

What fits is found out once there are tasks and people, before any episode: the longest prompt a solver could
get, in the context of its model, beside room for an answer. It is kept in the ledger, so that a run that goes
on shows the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

from ..environments.dialogue import ASSISTANT, DialogueState
from ..environments.views import DIALOGUE_VIEWS, called_apis
from ..environments.world import ToolKey, World
from ..errors import ConfigError, ContextTooShortError
from ..log import logger
from ..models.context_window import NO_LIMIT, least_answer, text_size
from ..models.tool_selection import RankedTools, ToolBound
from ..records import Query, Task
from .context import RunContext
from .roles import second_solvers
from .tasks import Tasks

STAGE = "tools"
"""Ledger stage: scenario -> how many tools fit."""

_LATER = 1_500
"""Characters that a prompt may grow by: the query, objections, the solution they are about."""
_IN_A_LIST = 4
"""Characters around a name in a list, and around a schema."""


class BoundWorlds(NamedTuple):
    """Worlds that show solvers what they are to be shown."""

    worlds: Mapping[str, World]
    tools: tuple[ToolBound, ...]


async def bound_worlds(context: RunContext, worlds: Mapping[str, World], tasks: Tasks) -> BoundWorlds:
    """Bound the tools of every world as the run's settings ask for.

    Raises:
        ConfigError: `tools` is fewer than a task needs.
        ContextTooShortError: not even those fit into a solver's context.
    """
    bounded, bounds = dict(worlds), list[ToolBound]()
    for name, world in worlds.items():
        tools = await _bound(context, world, tasks)
        logger.info("{}", tools.describe())
        bounds.append(tools)
        if tools.bound is not None and not tools.all_shown:
            bounded[name] = world.with_tool_bound(tools.bound, context.settings.seed)
    return BoundWorlds(bounded, tuple(bounds))


async def _bound(context: RunContext, world: World, tasks: Tasks) -> ToolBound:
    tools, total = context.settings.tools.shown, len(world.tools)
    if tools is None:
        return await _fitting(context, world, tasks)
    if isinstance(tools, int):
        needed = _most_needed(context, world, tasks)
        if tools < needed:
            raise ConfigError(
                f"tools: got {tools}, but a task of {world.name} needs {needed} (its calls and their "
                f"counterparts on the other platforms); expected at least {needed}, or platforms"
            )
    return ToolBound(None if tools == "scenario" else tools, total, place=world.name)


async def _fitting(context: RunContext, world: World, tasks: Tasks) -> ToolBound:
    """As many tools as fit, or as fitted when the run began."""
    total = len(world.tools)
    kept = context.ledger.get(STAGE, world.name)
    if kept is not None and kept.isdigit():
        needed = _most_needed(context, world, tasks) if int(kept) < total else 0
        return ToolBound(int(kept), total, "what fitted when the run began", needed, world.name)
    windows = {role: context.participants.window(role) for role in _solvers(context)}
    limited = [role for role, window in windows.items() if window.tokens is not None]
    if not limited:
        if any(window.origin != NO_LIMIT for window in windows.values()):
            await context.ledger.put(STAGE, world.name, str(total).encode())
        return ToolBound(None, total, place=world.name)
    fitting = {role: _count_fitting(context, world, role, tasks) for role in limited}
    role = min(fitting, key=lambda name: fitting[name])
    tokens = windows[role].tokens
    await context.ledger.put(STAGE, world.name, str(fitting[role]).encode())
    needed = _most_needed(context, world, tasks)
    return ToolBound(fitting[role], total, f"what fits {tokens or 0:,} tokens of context", needed, world.name)


def _most_needed(context: RunContext, world: World, tasks: Tasks) -> int:
    return max((tools.needed for _, tools in _ranked(world, tasks, context.settings.seed)), default=0)


def _solvers(context: RunContext) -> Iterator[str]:
    """The roles of an episode that are shown the schemas of a scenario's tools."""
    settings, roles = context.settings, context.participants.roles
    solvers = (ASSISTANT,) if settings.assistant == "propose" else ()
    for name in dict.fromkeys((*solvers, *settings.query_gate, *settings.judges, *second_solvers(settings))):
        prompt = roles[name].prompt
        if prompt is not None and "apis" in prompt.shows:
            yield name


def _ranked(world: World, tasks: Tasks, seed: int) -> Iterator[tuple[Task, RankedTools[ToolKey]]]:
    """A world's tasks with their tools; where only the platform was drawn, as if any call of it had been."""
    for task in tasks:
        if task.scenario != world.name:
            continue
        called = called_apis(task, None) or next(
            ((api,) for platform, api in world.tools if platform == task.platform), ()
        )
        yield task, world.ranked_tools(task.id, task.platform, called, seed)


def _count_fitting(context: RunContext, world: World, role: str, tasks: Tasks) -> int:
    """How many tools fit into a role's prompt for every task.

    Raises ContextTooShortError where what a task needs does not.
    """
    window, spec = context.participants.window(role), context.participants.roles[role]
    answer = least_answer(spec.sampling.get("max_tokens"))
    room = window.size_beside(answer)
    most = len(world.tools)
    if room is None:
        return most
    bases: dict[str, int] = {}
    for task, tools in _ranked(world, tasks, context.settings.seed):
        if task.user_id not in bases:
            bases[task.user_id] = _size_without_tools(context, world, role, task)
        base = bases[task.user_id]
        sizes = [base + used for used in accumulate(_tool_size(world, key) for key in tools.order)]
        fitting = sum(size <= room for size in sizes)
        if fitting < tools.needed:
            what = f"the prompt of {role!r} in {world.name} with the {tools.needed} tools a task needs"
            need = window.need(what, sizes[tools.needed - 1], answer)
            raise ContextTooShortError(f"{window.refusal(need)}: fewer platforms or features")
        most = min(most, fitting)
    return most


def _size_without_tools(context: RunContext, world: World, role: str, task: Task) -> int:
    """Characters of a role's prompt for a user, but for the tools."""
    shown_nothing = {"platforms": world.platforms_with(()), "apis": world.apis_with(())}
    state = DialogueState(task, phase="solution", query=Query(text="", intents=()))
    spec = context.participants.roles[role]
    views = {view: shown_nothing.get(view) or DIALOGUE_VIEWS[view](world, state) for view in spec.sees}
    texts = spec.prompt.render(views) if spec.prompt else ()
    return sum(map(text_size, texts)) + _LATER


def _tool_size(world: World, key: tuple[str, str]) -> int:
    """Characters that one more tool takes, its name under its platform included."""
    return text_size(world.tools[key].text) + text_size(key[1]) + _IN_A_LIST
