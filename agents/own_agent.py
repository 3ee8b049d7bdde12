"""An AutoGen agent or team of the user's that answers a role's questions.

It takes the place of the gateway in front of a role: the rendered prompt is handed to it as a message, and
its last message is read as the record, corrected and asked anew as a model's answer is. Every conversation
has an agent of its own, so nothing it remembers outlives an episode or is seen by another one. Its models are
asked through the gateway (`models.gateway.GatewayClient`).
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from autogen_agentchat.base import ChatAgent, Response, Team, TerminationCondition
from autogen_agentchat.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    HandoffMessage,
    ModelClientStreamingChunkEvent,
    StopMessage,
    StructuredMessage,
    TextMessage,
)
from autogen_core import CancellationToken, ComponentLoader
from autogen_core.memory import Memory
from autogen_core.model_context import ChatCompletionContext
from autogen_core.models import ChatCompletionClient
from pydantic import BaseModel

from ..errors import (
    NO_ANSWER,
    ConfigError,
    PtoolError,
    UnreachableModelError,
    UnusableAnswerError,
    printable,
)
from ..log import logger
from ..models.gateway import CORRECTIONS, RESTARTS, Accept, CallScope, Gateway, GatewayClient, bound
from ..models.gateway.conversation import SOURCE
from ..models.gateway.parse import InvalidAnswer, correction_text, parse_answer
from ..models.request import NO_USAGE, Reply, Request
from ..models.seeds import derive
from .autogen import RoleAgent
from .role import Role

Player = ChatAgent | Team
Message = BaseAgentEvent | BaseChatMessage

_GRACE_SECONDS = 2.0
"""Seconds that an agent gets to end after it was told to."""
_MOST_VISITED = 20_000
_STATEFUL = (ChatAgent, Team, Memory, ChatCompletionContext, TerminationCondition)
_LONGEST_FAULT = 300


@dataclass(frozen=True)
class AnswerBounds:
    """How long an agent may take over one answer."""

    calls: int = 64
    messages: int = 256
    tokens: int = 1_000_000
    seconds: float = 120.0
    """in which nothing happens and no model is asked"""


def load_player(component: Mapping[str, Any], where: str) -> Player:
    """Make an agent or team of a component, as AutoGen does: what it names is imported, code in it is run.

    Raises ConfigError, whatever goes wrong, in one line.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # AutoGen warns of every tool with code; the docs do once
            made = ComponentLoader.load_component(dict(component), object)
    except PtoolError:
        raise
    except (Exception, SystemExit) as error:  # a component is anybody's code
        raise ConfigError(f"{where}: AutoGen cannot load it: {_one_line(error)}") from None
    return checked_player(made, where)


def checked_player(made: Any, where: str) -> Player:
    """What was made, if it is an agent or a team whose models are asked through the gateway.

    Raises ConfigError.
    """
    if inspect.isawaitable(made):
        if inspect.iscoroutine(made):
            made.close()
        raise ConfigError(
            f"{where}: is asynchronous, expected a plain function or class that gives the agent at once; "
            "what has to be awaited belongs into the agent's first on_messages"
        )
    if not isinstance(made, ChatAgent | Team):
        raise ConfigError(
            f"{where}: got a {type(made).__name__}, expected an AutoGen ChatAgent or Team (autogen_agentchat)"
        )
    for part in _parts(made):
        if isinstance(part, ChatCompletionClient) and not isinstance(part, GatewayClient):
            raise ConfigError(
                f"{where}: holds a {type(part).__name__} of its own, whose calls would be neither kept nor "
                "in the budget; take an argument model_client and use that, or write it into a component"
            )
    return made


def shared_part(first: Player, second: Player) -> object | None:
    """Something with a memory that two agents have in common; None: nothing."""
    parts = {id(part): part for part in _parts(first) if isinstance(part, _STATEFUL)}
    return next((parts[id(part)] for part in _parts(second) if id(part) in parts), None)


def _parts(whole: object) -> Iterator[object]:
    """An object and what it is made of, as far as attributes, containers and functions lead."""
    seen: set[int] = set()
    left: list[object] = [whole]
    while left and len(seen) < _MOST_VISITED:
        part = left.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        if not isinstance(part, GatewayClient):
            left += _inside(part)


def _inside(part: object) -> Sequence[object]:
    if isinstance(part, str | bytes | int | float | type | types.ModuleType | None):
        return ()
    if isinstance(part, Mapping):
        return tuple(part.values())
    if isinstance(part, list | tuple | set | frozenset):
        return tuple(part)
    if isinstance(part, functools.partial):
        return (part.func, *part.args, *part.keywords.values())
    if isinstance(part, types.MethodType):
        return (part.__self__,)
    if isinstance(part, types.FunctionType):
        cells = part.__closure__ or ()
        return tuple(cell.cell_contents for cell in cells if _is_filled(cell))
    return tuple(getattr(part, "__dict__", {}).values())


def _is_filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not ...
    except ValueError:
        return False


class OwnAgent:
    """Makes the agents that answer for a role, one for every conversation.

    Args:
        role: whom they answer for.
        make: makes one whose models ask through a scope; called for every conversation.
        gateway: what its models ask through.
        bounds: how long one answer may take.
        where: the configuration key, for messages.

    Raises ConfigError: it cannot be made, holds a model of its own, or is not new every time.
    """

    def __init__(
        self,
        role: str,
        make: Callable[[CallScope], Player],
        gateway: Gateway,
        bounds: AnswerBounds,
        where: str,
    ) -> None:
        self.role = role
        self.bounds = bounds
        self._make = make
        self._gateway = gateway
        self._where = where
        self._faults: set[str] = set()
        self.kind = type(self.new(self.scope())[0]).__name__
        first, second = (self.new(self.scope())[0] for _ in range(2))
        if (shared := shared_part(first, second)) is not None:
            raise ConfigError(
                f"{where}: gives the same {type(shared).__name__} twice; episodes are played at the same "
                "time, so it has to make everything that remembers anew at every call"
            )

    def scope(self) -> CallScope:
        """Whose calls the models of one conversation's agent make."""
        return CallScope(
            self._gateway, self.role, most_calls=self.bounds.calls, most_tokens=self.bounds.tokens
        )

    def new(self, scope: CallScope) -> tuple[Player, CallScope]:
        """Another agent. Raises ConfigError."""
        with bound(scope):
            return self._make(scope), scope

    def conversation(self) -> AgentConversation:
        """Somebody who answers in one conversation."""
        return AgentConversation(self)

    def warn(self, fault: str) -> None:
        """Say what an agent's own code raises, each fault once."""
        if fault not in self._faults and len(self._faults) < 20:
            self._faults.add(fault)
            logger.warning("{}: the agent fails: {}", self._where, fault)


class AgentFailedError(InvalidAnswer):
    """An agent raised something, so that nothing can be said to it any more."""


class AgentConversation:
    """The agent of one conversation, made when it is first asked.

    Its `ask` takes the place of `Gateway.ask`.
    """

    def __init__(self, own: OwnAgent) -> None:
        self._own = own
        self._player: Player | None = None
        self._scope = own.scope()
        self._messages: list[Message] = []

    def take_messages(self) -> list[Message]:
        """What was said since this was last called, but for prompts and answers that were read."""
        messages, self._messages = self._messages, []
        return messages

    async def ask(
        self,
        request: Request,
        *,
        accept: Accept | None = None,
        token: CancellationToken | None = None,
        corrected: bool = True,
    ) -> Reply:
        """Ask until the agent's last message is the record asked for.

        Args: as of `Gateway.ask`.

        Raises:
            UnusableAnswerError: it never was, or the agent went beyond its bounds.
            UnreachableModelError, RefusedRequestError, RunStoppedError: a model gave it no answer.
        """
        record = request.record
        if record is None:
            raise ValueError("no record is asked for")
        prompt = f"{request.system}\n\n{request.user}".strip()
        usage, number, text = NO_USAGE, 0, prompt
        attempts = (CORRECTIONS + 1) * (RESTARTS + 1) if corrected else 1
        objection = InvalidAnswer("empty", "nothing was asked")
        while number < attempts:
            if number and number % (CORRECTIONS + 1) == 0:
                await self.close()
                text = prompt
            seed = derive(request.seed, number) if number else request.seed
            self._scope.begin(request.turn, seed, request.sampling)
            answer = ""
            try:
                answer, said = await self._answer(text, token)
                found, _ = parse_answer(answer, "stop", record, accept)
                self._messages += said
                return Reply(found, usage + self._scope.usage)
            except AgentFailedError as error:
                objection = error
                number += CORRECTIONS - number % (CORRECTIONS + 1)  # it is asked anew
            except InvalidAnswer as error:
                objection, text = error, correction_text(answer, error)
                self._messages += [*self._last, TextMessage(content=text, source=SOURCE)]
            usage += self._scope.usage
            number += 1
        code = "agent_failed" if isinstance(objection, AgentFailedError) else objection.status
        raise UnusableAnswerError(
            f"{request.turn}: {request.role!r} gave no usable {record.__name__} in {attempts} attempts; the "
            f"last objection ({code}): {objection}",
            code,
        )

    async def close(self) -> None:
        """Let the agent go; the next question is asked of a new one."""
        player, self._player = self._player, None
        if isinstance(player, ChatAgent):
            with suppress(Exception):  # nobody will hear of it again
                await player.close()

    _last: Sequence[Message] = ()

    async def _answer(self, text: str, token: CancellationToken | None) -> tuple[str, list[Message]]:
        """The text of the agent's last message, and the other messages.

        Raises:
            AgentFailedError: its own code failed.
            PtoolError: a model of its gave no answer, or it went beyond its bounds.
        """
        scope, said = self._scope, list[Message]()
        if self._player is None:
            self._player, _ = self._own.new(scope)
        ending = CancellationToken()
        if token is not None:
            token.add_callback(ending.cancel)
        run = asyncio.ensure_future(self._run(self._player, text, ending, said))
        run.add_done_callback(_look_at)  # whatever it raises, and whenever
        try:
            stuck = await self._wait(run)
        finally:
            if not run.done():
                await _end(run, ending)
        self._last = said
        self._raise_failure(run, stuck=stuck)
        answer = _last_answer(self._player, said)
        if answer is None:
            raise InvalidAnswer("empty", "there is no message with an answer")
        return message_text(answer), [message for message in said if message is not answer]

    async def _wait(self, run: asyncio.Future[None]) -> bool:
        """Wait for the end; returns whether nothing happened for too long."""
        loop, scope, limit = asyncio.get_running_loop(), self._scope, self._own.bounds.seconds
        scope.last_answer = loop.time()
        left = limit
        while left > 0:
            await asyncio.wait({run}, timeout=left)
            if run.done():
                return False
            left = limit if scope.in_flight else limit - (loop.time() - scope.last_answer)
        return True

    def _raise_failure(self, run: asyncio.Future[None], *, stuck: bool) -> None:
        """Raise what became of a run, unless it brought an answer.

        That a model could not be asked counts whatever the agent made of it: its answer would depend on it.
        """
        scope = self._scope
        if scope.failure is not None:
            raise scope.failure
        if scope.over:
            raise UnusableAnswerError(f"{scope.turn}: {scope.role!r} took {scope.over}", "agent_limits")
        if stuck:
            seconds = self._own.bounds.seconds
            raise UnreachableModelError(
                f"{scope.turn}: the agent of {scope.role!r} did nothing for {seconds:g} s and asked no model"
            )
        if run.cancelled():
            raise asyncio.CancelledError
        error = run.exception()
        if isinstance(error, NO_ANSWER) or (
            isinstance(error, PtoolError) and not isinstance(error, UnusableAnswerError)
        ):
            raise error
        if error is not None:
            fault = _one_line(error)
            self._own.warn(fault)
            raise AgentFailedError("malformed", fault) from error

    async def _run(self, player: Player, text: str, token: CancellationToken, said: list[Message]) -> None:
        """Let the agent answer; what it says is added to `said`."""
        task, scope = TextMessage(content=text, source=SOURCE), self._scope
        stream = (
            player.run_stream(task=task, cancellation_token=token, output_task_messages=False)
            if isinstance(player, Team)
            else player.on_messages_stream([task], token)
        )
        async for item in stream:
            scope.last_answer = asyncio.get_running_loop().time()
            message = item.chat_message if isinstance(item, Response) else item
            if not isinstance(message, Message) or isinstance(message, ModelClientStreamingChunkEvent):
                continue
            said.append(message)
            if len(said) > self._own.bounds.messages:
                scope.over = f"more than {self._own.bounds.messages:,} messages"
                token.cancel()
                return


def _look_at(run: asyncio.Future[None]) -> None:
    if not run.cancelled():
        run.exception()


async def _end(run: asyncio.Future[None], token: CancellationToken) -> None:
    """End an agent that still runs, or leave it behind: some wait for what never comes."""
    token.cancel()
    await asyncio.wait({run}, timeout=_GRACE_SECONDS)
    if not run.done():
        run.cancel()
        await asyncio.wait({run}, timeout=_GRACE_SECONDS)


def _last_answer(player: Player, said: Sequence[Message]) -> BaseChatMessage | None:
    """The message that is read as the record.

    Of an agent its last one. Of a team the last one that holds an object: a critic's approval or a handoff
    after it is no answer.
    """
    messages = [message for message in said if isinstance(message, BaseChatMessage)]
    if not isinstance(player, Team):
        return messages[-1] if messages else None
    spoken = [one for one in messages if not isinstance(one, StopMessage | HandoffMessage)] or messages
    return next((one for one in reversed(spoken) if "{" in message_text(one)), spoken[-1] if spoken else None)


def message_text(message: BaseChatMessage) -> str:
    """What a message says, as text; of a structured one its content as JSON."""
    content = getattr(message, "content", None)
    if isinstance(message, StructuredMessage) and isinstance(content, BaseModel):
        return content.model_dump_json()
    return content if isinstance(content, str) else message.to_text()


def _one_line(error: BaseException) -> str:
    words, _, _ = f"{type(error).__name__}: {error}".partition("\nTraceback:")  # which teams add to them
    return printable(" ".join(words.removeprefix("RuntimeError: ").split()), _LONGEST_FAULT)


class OwnRoleAgent(RoleAgent):
    """A role whose questions an agent of the user's answers; a new one in every conversation.

    Args: role: it; own: makes the agents; conversation: the one it is for; None: each message is its own.
    """

    def __init__(self, role: Role, own: OwnAgent, conversation: AgentConversation | None = None) -> None:
        super().__init__(role, conversation.ask if conversation else own.conversation().ask)
        self._own = own
        self._conversation = conversation

    def for_conversation(self) -> OwnRoleAgent:
        """The same role with an agent that remembers one conversation."""
        return self if self._conversation else OwnRoleAgent(self.role, self._own, self._own.conversation())

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        """As of any role; what the agent said on the way are the response's inner messages."""
        if self._conversation is None:
            agent = self.for_conversation()
            try:
                return await agent.on_messages(messages, cancellation_token)
            finally:
                await agent.close()
        response = await super().on_messages(messages, cancellation_token)
        response.inner_messages = self._conversation.take_messages()
        return response

    async def close(self) -> None:
        """Let the agent of the conversation go."""
        if self._conversation is not None:
            await self._conversation.close()
