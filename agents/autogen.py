"""The AutoGen seam: roles as AgentChat agents, and the two ways to let them talk.

This is the only module of `agents` that imports AutoGen. It knows no protocol: who speaks next, what a
speaker sees and when it is over is the `Floor`'s to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.conditions import FunctionalTermination
from autogen_agentchat.messages import BaseChatMessage, StructuredMessage, TextMessage
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import CancellationToken
from pydantic import BaseModel

from ..models.request import NO_USAGE, Reply, Request
from ..records import Usage
from .role import Observation, Role

AskModel = Callable[..., Awaitable[Reply]]
"""`Gateway.ask`."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a role said, and what it cost."""

    record: Any
    usage: Usage


class Floor(Protocol):
    """One conversation, as the drivers see it."""

    def speakers(self) -> tuple[str, ...]:
        """Who speaks next, all of whom may speak at once; empty: it is over."""
        ...

    def observation(self, speaker: str) -> Observation:
        """What a speaker is shown."""
        ...

    def hear(self, speaker: str, said: Spoken | Exception) -> None:
        """Take what was said, or why nothing was; raises what the conversation must not survive."""
        ...


@lru_cache(maxsize=256)
def message_type(record: type[BaseModel]) -> type[StructuredMessage[Any]]:
    """Return the AutoGen message that carries this record; making the class takes 2 ms."""
    return StructuredMessage[record]


_OBSERVED = message_type(Observation)


class RoleAgent(BaseChatAgent):
    """A role as an AgentChat agent: one observation in, the role's record out.

    It keeps nothing between messages, so one agent serves any number of conversations at a time.
    """

    def __init__(self, role: Role, ask: AskModel) -> None:
        super().__init__(role.name, f"The {role.name} of the simulation.")
        self.role = role
        self._ask = ask
        self._message = message_type(role.output)

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        """The message that carries the role's record."""
        return (self._message,)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        """Answer the observation in the last message; what it cost stands in the message's metadata."""
        observation = messages[-1].content  # type: ignore[attr-defined]

        async def ask(request: Request, *, accept: Any = None) -> Reply:
            return await self._ask(request, accept=accept, token=cancellation_token)

        reply = await self.role.respond(observation, ask)
        record, usage = (reply.record, reply.usage) if isinstance(reply, Reply) else (reply, NO_USAGE)
        return Response(
            chat_message=self._message(
                id=f"{observation.turn}/{self._name}",  # by itself, AutoGen draws a random one: dear
                content=record,
                source=self._name,
                metadata=_metadata(usage),
            )
        )

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Nothing is kept, so there is nothing to reset."""


def _metadata(usage: Usage) -> dict[str, str]:
    # AutoGen's own usage field has no room for the number of calls.
    return {
        "calls": str(usage.calls),
        "prompt_tokens": str(usage.prompt_tokens),
        "completion_tokens": str(usage.completion_tokens),
    }


def seats(roles: Mapping[str, Role], ask: AskModel) -> dict[str, RoleAgent]:
    """Make one agent for every role; they may be shared by all conversations of a run."""
    return {name: RoleAgent(role, ask) for name, role in roles.items()}


async def speak(agent: RoleAgent, observation: Observation, token: CancellationToken | None = None) -> Spoken:
    """Let one agent answer one observation."""
    shown = _OBSERVED(id=observation.turn, content=observation, source="environment")
    response = await agent.on_messages([shown], token or CancellationToken())
    message = response.chat_message
    counts = {name: int(count) for name, count in message.metadata.items()}
    return Spoken(message.content, Usage.model_construct(**counts))  # type: ignore[attr-defined]


async def loop(floor: Floor, agents: Mapping[str, RoleAgent]) -> None:
    """Drive a conversation by awaiting the agents directly; speakers who may speak at once do."""
    token = CancellationToken()
    while speakers := floor.speakers():
        shown = [(name, floor.observation(name)) for name in speakers]
        if len(shown) == 1:
            said = [await _said(agents[speakers[0]], shown[0][1], token)]
        else:
            said = await asyncio.gather(*(_said(agents[name], seen, token) for name, seen in shown))
        for name, words in zip(speakers, said, strict=True):
            if name in floor.speakers():
                floor.hear(name, words)


async def round_robin(floor: Floor, agents: Mapping[str, RoleAgent]) -> None:
    """Drive the same conversation as an AutoGen `RoundRobinGroupChat`; whose turn it is not, passes."""
    taken: list[Exception] = []
    team = RoundRobinGroupChat(
        [_Seat(agent, floor, taken) for agent in agents.values()],
        termination_condition=FunctionalTermination(lambda _: bool(taken) or not floor.speakers()),
        custom_message_types=list({agent.produced_message_types[0] for agent in agents.values()}),
    )
    if floor.speakers():
        await team.run(task="begin", cancellation_token=CancellationToken())
    if taken:
        raise taken[0]


DRIVERS: dict[str, Callable[[Floor, Mapping[str, RoleAgent]], Awaitable[None]]] = {
    "loop": loop,
    "round_robin": round_robin,
}
"""The ways to drive a conversation (`conversation=`); both give the same episodes."""


async def _said(agent: RoleAgent, observation: Observation, token: CancellationToken) -> Spoken | Exception:
    try:
        return await speak(agent, observation, token)
    except Exception as error:
        return error


class _Seat(BaseChatAgent):
    """A place at the round table of one conversation."""

    def __init__(self, agent: RoleAgent, floor: Floor, taken: list[Exception]) -> None:
        super().__init__(agent.name, agent.description)
        self._agent = agent
        self._floor = floor
        self._taken = taken

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (*self._agent.produced_message_types, TextMessage)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        del messages
        if self._name not in self._floor.speakers()[:1]:
            return Response(chat_message=TextMessage(content="pass", source=self._name))
        said = await _said(self._agent, self._floor.observation(self._name), cancellation_token)
        # A team turns every error into RuntimeError(str): it is carried past the team instead.
        try:
            self._floor.hear(self._name, said)
        except Exception as error:
            self._taken.append(error)
        if isinstance(said, Exception):
            return Response(chat_message=TextMessage(content="no answer", source=self._name))
        kind = message_type(self._agent.role.output)
        return Response(chat_message=kind(content=said.record, source=self._name))

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Nothing is kept."""
