"""Roles as AutoGen AgentChat agents, and the two drivers of a conversation between them.

With `own_agent` it is the only module of `agents` that imports AutoGen. It knows no protocol: who speaks
next, what a speaker sees and when it is over is the `Conversation`'s to say.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Protocol

from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.conditions import FunctionalTermination
from autogen_agentchat.messages import BaseAgentEvent, BaseChatMessage, StructuredMessage, TextMessage
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import CancellationToken
from pydantic import BaseModel

from ..models.request import NO_USAGE, Reply
from ..records import InnerMessage, Usage
from .role import Observation, Role

LONGEST_INNER = 8_000
"""Characters of a message on the way to an answer that an episode keeps."""

AskModel = Callable[..., Awaitable[Reply]]
"""`Gateway.ask`."""


class Conversation(Protocol):
    """One conversation, as the drivers see it (`environments.runner` makes one of a protocol)."""

    def speakers(self) -> tuple[str, ...]:
        """Who speaks next, all of whom may speak at once; empty: it is over."""
        ...

    def observation(self, speaker: str) -> Observation:
        """What a speaker is shown."""
        ...

    def receive(self, speaker: str, answer: Reply | Exception) -> None:
        """Take an answer, or why there is none; raises what the conversation must not survive."""
        ...


@lru_cache(maxsize=64)
def message_type(record: type[BaseModel]) -> type[StructuredMessage[Any]]:
    """Return the AutoGen message that carries this record; making the class takes 2 ms."""
    return StructuredMessage[record]


_OBSERVATION_MESSAGE = message_type(Observation)


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
        reply = await self.role.respond(observation, partial(self._ask, token=cancellation_token))
        record, usage = (reply.record, reply.usage) if isinstance(reply, Reply) else (reply, NO_USAGE)
        return Response(
            chat_message=self._message(
                id=f"{observation.turn}/{self._name}",  # by itself, AutoGen draws a random one: dear
                content=record,
                source=self._name,
                metadata=_metadata(usage),
            )
        )

    def for_conversation(self) -> RoleAgent:
        """The agent for one conversation: itself, as it keeps nothing."""
        return self

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Nothing is kept, so there is nothing to reset."""


def _metadata(usage: Usage) -> dict[str, str]:
    # AutoGen's own usage field has no room for the number of calls.
    return {
        "calls": str(usage.calls),
        "prompt_tokens": str(usage.prompt_tokens),
        "completion_tokens": str(usage.completion_tokens),
    }


def make_agents(roles: Mapping[str, Role], ask: AskModel) -> dict[str, RoleAgent]:
    """Make one agent for every role; they may be shared by all conversations of a run."""
    return {name: RoleAgent(role, ask) for name, role in roles.items()}


async def ask_agent(
    agent: RoleAgent, observation: Observation, token: CancellationToken | None = None
) -> Reply:
    """Let one agent answer one observation."""
    message = _OBSERVATION_MESSAGE(id=observation.turn, content=observation, source="environment")
    response = await agent.on_messages([message], token or CancellationToken())
    answer = response.chat_message
    counts = {name: int(count) for name, count in answer.metadata.items()}
    inner = tuple(map(_inner_message, response.inner_messages)) if response.inner_messages else ()
    return Reply(answer.content, Usage.model_construct(**counts), inner)  # type: ignore[attr-defined]


def _inner_message(message: BaseAgentEvent | BaseChatMessage) -> InnerMessage:
    """What an episode keeps of a message: no ids and times, which differ from run to run."""
    content = message.model_dump(mode="json").get("content", "")
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    text = text.encode("utf-8", "backslashreplace").decode()
    cut = text if len(text) <= LONGEST_INNER else text[: LONGEST_INNER - 1] + "…"
    return InnerMessage(type=type(message).__name__, source=message.source, content=cut)


async def run_loop(conversation: Conversation, agents: Mapping[str, RoleAgent]) -> None:
    """Drive a conversation by awaiting the agents directly; speakers who may speak at once do."""
    token = CancellationToken()
    while speakers := conversation.speakers():
        shown = [(name, conversation.observation(name)) for name in speakers]
        if len(shown) == 1:
            answers = [await _answer_or_error(agents[speakers[0]], shown[0][1], token)]
        else:
            answers = await asyncio.gather(
                *(_answer_or_error(agents[name], observation, token) for name, observation in shown)
            )
        for name, answer in zip(speakers, answers, strict=True):
            if name in conversation.speakers():
                conversation.receive(name, answer)


async def run_round_robin(conversation: Conversation, agents: Mapping[str, RoleAgent]) -> None:
    """Drive the same conversation as an AutoGen `RoundRobinGroupChat`; whose turn it is not, passes."""
    errors: list[Exception] = []
    team = RoundRobinGroupChat(
        [_GroupChatMember(agent, conversation, errors) for agent in agents.values()],
        termination_condition=FunctionalTermination(lambda _: bool(errors) or not conversation.speakers()),
        custom_message_types=list({agent.produced_message_types[0] for agent in agents.values()}),
    )
    if conversation.speakers():
        await team.run(task="begin", cancellation_token=CancellationToken())
    if errors:
        raise errors[0]


DRIVERS: dict[str, Callable[[Conversation, Mapping[str, RoleAgent]], Awaitable[None]]] = {
    "loop": run_loop,
    "round_robin": run_round_robin,
}
"""The ways to drive a conversation (`conversation=`); both give the same episodes."""


async def _answer_or_error(
    agent: RoleAgent, observation: Observation, token: CancellationToken
) -> Reply | Exception:
    try:
        return await ask_agent(agent, observation, token)
    except Exception as error:
        return error


class _GroupChatMember(BaseChatAgent):
    """An agent's place in the group chat of one conversation.

    Args: errors: what the conversation must not survive; the group chat ends when there is one.
    """

    def __init__(self, agent: RoleAgent, conversation: Conversation, errors: list[Exception]) -> None:
        super().__init__(agent.name, agent.description)
        self._agent = agent
        self._conversation = conversation
        self._errors = errors

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (*self._agent.produced_message_types, TextMessage)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        del messages
        if self._name not in self._conversation.speakers()[:1]:
            return Response(chat_message=TextMessage(content="pass", source=self._name))
        observation = self._conversation.observation(self._name)
        answer = await _answer_or_error(self._agent, observation, cancellation_token)
        # A team turns every error into RuntimeError(str): it is carried past the team instead.
        try:
            self._conversation.receive(self._name, answer)
        except Exception as error:
            self._errors.append(error)
        if isinstance(answer, Exception):
            return Response(chat_message=TextMessage(content="no answer", source=self._name))
        kind = message_type(self._agent.role.output)
        return Response(chat_message=kind(content=answer.record, source=self._name))

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Nothing is kept."""
