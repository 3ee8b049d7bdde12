"""The platforms' side of a call: arguments checked, an answer made from the response schema, state kept.

Nothing here is random and nothing is remembered outside the state that is handed in and out: the same call in
the same state is answered with the same bytes. An answer repeats the call's arguments where names and types
agree, ids are stable hashes, and what earlier calls created is found again by later ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..records import Call
from .mock_responses import Fields, value_for_schema
from .world import Tool, World


@dataclass(frozen=True, slots=True)
class SandboxState:
    """What the calls of one episode have created so far, in their order."""

    entities: tuple[Fields, ...] = ()


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What a platform answered: a response by its schema, or {"error": …}."""

    ok: bool
    value: dict[str, Any]


def execute_call(
    state: SandboxState, world: World, platform: str, call: Call
) -> tuple[SandboxState, CallOutcome]:
    """Carry out one call.

    Args:
        state: what earlier calls created.
        world: the scenario.
        platform: where the call is made.
        call: the function and its arguments.

    Returns:
        The state afterwards and the outcome; a refused call leaves the state as it was.
    """
    tool = world.tools.get((platform, call.api))
    if tool is None:
        return state, _refused(f"{platform} has no function {call.api[:100]}")
    if not tool.arguments.is_valid(call.arguments):
        first = next(iter(tool.arguments.iter_errors(call.arguments)))
        return state, _refused(first.message[:300])
    response = _response(state, tool, call)
    if response is None:
        return state, _refused(f"{call.api}: the platform has no answer that fits its own response schema")
    created = {**call.arguments, **response}
    return SandboxState((*state.entities, created)), CallOutcome(True, response)


def _response(state: SandboxState, tool: Tool, call: Call) -> dict[str, Any] | None:
    """Make a response; one that repeats nothing where the repeated values break the schema."""
    key = (tool.platform, call.api, call.arguments, len(state.entities))
    entity = _mentioned_entity(state, call)
    for known, entities in (({**entity, **call.arguments}, state.entities), ({}, ())):
        response = value_for_schema(tool.api.response, key, known, entities)
        if isinstance(response, dict) and tool.response.is_valid(response):
            return response
    return None


def _mentioned_entity(state: SandboxState, call: Call) -> Fields:
    """The latest entity one of whose values the call names under the same name, such as its order id."""
    for entity in reversed(state.entities):
        for name, value in call.arguments.items():
            if isinstance(value, str) and name.endswith(("id", "Id", "ID")) and entity.get(name) == value:
                return entity
    return {}


def _refused(message: str) -> CallOutcome:
    return CallOutcome(False, {"error": message})
