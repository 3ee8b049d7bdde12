"""What each view shows in a dialogue or a behaviour; which role may see which is its environment's to say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from ..errors import ConfigError, names
from ..models.prompt_blocks import Json
from ..records import Reason
from .checks.plausibility import called_tools, unexplained_words
from .errand import errand, errand_mentions, errand_options
from .visit_plan import visit_plan
from .world import ToolKey, World

View = Callable[[World, Any], Any]
"""(world, state) -> the value, or its `Json` text."""

_EVERYWHERE: dict[str, View] = {
    "scenario": lambda world, _: world.scenario_text,
    "contexts": lambda world, _: world.contexts_text,
    "platforms": lambda world, _: world.platforms_text,
    "apis": lambda world, _: world.apis_text,
    "profile.basic": lambda world, state: world.profile_text(state.user, "basic"),
    "profile.implicit": lambda world, state: world.profile_text(state.user, "implicit"),
    "history": lambda world, state: world.history_text(state.user),
    "feedback": lambda _, state: _shown_reasons(state.feedback),
}

DIALOGUE_VIEWS: dict[str, View] = {
    **_EVERYWHERE,
    "platforms": lambda world, state: _platforms(world, state),
    "apis": lambda world, state: _apis(world, state),
    "platform": lambda world, state: world.platform_text(state.task.platform),
    "task": lambda world, state: _task(world, state.task),
    "errand": lambda world, state: errand(world, state.task),
    "errand.mentions": lambda world, state: errand_mentions(world, state.task),
    "errand.options": lambda world, state: errand_options(world, state.task),
    "task.apis": lambda world, state: _task_apis(world, state.task),
    "query": lambda _, state: state.query.text if state.query else None,
    "query.intents": lambda _, state: _dumped(state.query.intents) if state.query else [],
    "query.need": lambda _, state: state.query.need if state.query else "",
    "query.unexplained": lambda world, state: _unexplained(world, state),
    "solution": lambda _, state: state.solution.model_dump() if state.solution else None,
    "solution.apis": lambda world, state: _solution_apis(world, state.solution),
    "solution.responses": lambda _, state: list(state.responses),
}
"""Views of a query-and-solution episode."""

BEHAVIOUR_VIEWS: dict[str, View] = {
    **_EVERYWHERE,
    "visits": lambda world, state: _visits(world, state.visits),
    "visits.plan": lambda world, state: visit_plan(world, state.user, state.visits),
}
"""Views of a behaviour history."""

HIDDEN_FROM_ASSISTANT = frozenset(
    {
        *("task", "task.apis", "platform", "query.intents", "query.need", "query.unexplained"),
        *("errand", "errand.mentions", "errand.options"),
    }
)
"""What would tell the assistant the answer: it solves without seeing the task."""


def check_sees(
    role: str, sees: Iterable[str], there: Collection[str], hidden: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return what a role sees in a place, such as a protocol.

    Raises:
        ConfigError: a view is not shown there, or must stay hidden from this role.
    """
    sees, hidden = tuple(sees), frozenset(hidden)
    for view in sees:
        if view in hidden:
            raise ConfigError(f"agent.{role}.sees: {view!r} tells the answer and stays hidden from this role")
        if view not in there:
            raise ConfigError(
                f"agent.{role}.sees: {view!r} is not shown here; there are {names(there, view)}"
            )
    return sees


def _platforms(world: World, state: Any) -> Json:
    shown = shown_tools(world, state)
    return world.platforms_text if shown is None else world.platforms_with(shown)


def _apis(world: World, state: Any) -> Json:
    shown = shown_tools(world, state)
    return world.apis_text if shown is None else world.apis_with(shown)


def called_apis(task: Any, query: Any) -> tuple[str, ...]:
    """The APIs that the solution of an episode calls: those drawn, or those the user has in mind."""
    return tuple(call.api for call in task.calls) or tuple(
        intent.api for intent in (query.intents if query else ())
    )


def shown_tools(world: World, state: Any) -> frozenset[ToolKey] | None:
    """The tools that a bounded world shows in an episode; None: all there are."""
    if world.tool_bound is None:
        return None
    bound, seed = world.tool_bound
    task = state.task
    called = called_apis(task, state.query)
    if not called:
        return None  # nobody knows yet what will be called
    return world.ranked_tools(task.id, task.platform, called, seed).shown(bound)


def _shown_reasons(reasons: Sequence[Reason]) -> list[dict[str, str]]:
    return [{"code": reason.code, "path": reason.path, "message": reason.message} for reason in reasons]


def _dumped(records: Iterable[Any]) -> list[Any]:
    return [record.model_dump() for record in records]


def _context(world: World, name: str) -> dict[str, str]:
    for context in world.scenario.contexts:
        if context.name == name:
            return {"name": name, "description": context.description}
    return {"name": name}


def _task(world: World, task: Any) -> dict[str, Any]:
    calls = [
        {"api": call.api, "stated": call.stated, "known": call.known, "defaults": call.defaults}
        for call in task.calls
    ]
    return {"plan": task.plan, "context": _context(world, task.context), "calls": calls}


def _task_apis(world: World, task: Any) -> Json:
    if task.plan == "guided":
        return world.schemas_text(task.platform, (call.api for call in task.calls))
    return world.schemas_text(task.platform, (api for owner, api in world.tools if owner == task.platform))


def _unexplained(world: World, state: Any) -> list[str]:
    if state.query is None:
        return []
    return list(unexplained_words(state.query, called_tools(world, state.task.platform, state.query)))


def _solution_apis(world: World, solution: Any) -> Any:
    return world.schemas_text(solution.platform, (call.api for call in solution.calls)) if solution else []


def _visits(world: World, visits: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"platform": visit.platform, "context": _context(world, visit.context)} for visit in visits]
