"""AutoGen agents and teams of the user's in the place of a model: what they say, do wrong, and keep."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from autogen_agentchat.agents import AssistantAgent, BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.conditions import TextMentionTermination
from autogen_agentchat.messages import (
    BaseChatMessage,
    HandoffMessage,
    StopMessage,
    StructuredMessage,
    TextMessage,
)
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import CancellationToken
from autogen_core.memory import ListMemory, MemoryContent
from autogen_core.model_context import UnboundedChatCompletionContext
from autogen_core.models import UserMessage
from autogen_ext.models.replay import ReplayChatCompletionClient
from ptool.agents import Observation, Role
from ptool.agents.autogen import ask_agent
from ptool.agents.own_agent import AnswerBounds, OwnAgent, OwnRoleAgent, checked_player
from ptool.errors import (
    BudgetSpentError,
    ConfigError,
    RunStoppedError,
    UnreachableModelError,
    UnusableAnswerError,
)
from ptool.models.clients.fake import FakeModel
from ptool.models.endpoint import Endpoint
from ptool.models.gateway import CallScope, Gateway, GatewayClient
from ptool.models.request import Request
from ptool.records import Verdict
from ptool.settings import Budget, Retries

OK = '{"ok": true}'
ONCE = Retries(attempts=1, longest_wait=0.01, patience=0.0)


class Speaker(BaseChatAgent):
    """Says what a function makes of how often it was asked; keeps what it was told."""

    def __init__(self, says: Callable[[int], Any], name: str = "speaker") -> None:
        super().__init__(name, "speaks")
        self.says, self.asked, self.told = says, 0, []

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage, StopMessage, HandoffMessage, StructuredMessage[Verdict])

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        self.told += [message.to_text() for message in messages]
        said = self.says(self.asked)
        self.asked += 1
        if asyncio.iscoroutine(said):
            said = await said
        if isinstance(said, Exception):
            raise said
        return Response(
            chat_message=TextMessage(content=said, source=self.name) if isinstance(said, str) else said
        )

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        self.asked = 0


def gateway(model: Callable[..., Any] = lambda *_: OK, **options: Any) -> Gateway:
    return Gateway({"default": Endpoint(FakeModel(model))}, concurrency=8, **options)


def own(make: Callable[[CallScope], Any], through: Gateway | None = None, **bounds: Any) -> OwnAgent:
    return OwnAgent("judge", make, through or gateway(), AnswerBounds(**bounds), "agent.judge.agent")


def request(turn: str = "t/1/judge/0", **options: Any) -> Request:
    return Request("judge", turn, "Role: judge\nJudge.", "This.", Verdict, 7, **options)


async def verdict(agent: OwnAgent, **options: Any) -> bool:
    return (await agent.conversation().ask(request(), **options)).record.ok


@pytest.mark.parametrize(
    "said",
    [
        OK,
        f"```json\n{OK}\n```",
        f"{OK}\nTERMINATE",
        StructuredMessage[Verdict](content=Verdict(ok=True), source="speaker"),
        StopMessage(content=OK, source="speaker"),
    ],
)
async def test_the_last_message_of_an_agent_is_its_record(said: Any) -> None:
    assert await verdict(own(lambda scope: Speaker(lambda _: said)))


@pytest.mark.parametrize("after", ["APPROVE", "No object here.", "TERMINATE"])
async def test_of_a_team_the_last_message_with_an_object_is_read(after: str) -> None:
    def team(scope: CallScope) -> RoundRobinGroupChat:
        members = [Speaker(lambda _: OK, "writer"), Speaker(lambda _: after, "critic")]
        return RoundRobinGroupChat(
            members, max_turns=2, termination_condition=TextMentionTermination("APPROVE")
        )

    conversation = own(team).conversation()
    assert (await conversation.ask(request())).record.ok
    assert [message.source for message in conversation.take_messages()] == ["critic"]


async def test_an_agent_is_told_what_was_wrong_and_remembers_its_conversation() -> None:
    made: list[Speaker] = []

    def make(scope: CallScope) -> Speaker:
        made.append(Speaker(lambda number: [OK, "maybe", '{"ok": "perhaps"}', OK][number]))
        return made[-1]

    conversation = own(make).conversation()
    assert (await conversation.ask(request())).record.ok
    assert (await conversation.ask(request("t/1/judge/1"))).record.ok
    first, *others = made[-1].told[1:]
    assert first.startswith("Role: judge")
    assert "maybe" in others[0]
    assert "ok" in others[1]
    said = [message.to_text()[:20] for message in conversation.take_messages()]
    assert said[0] == "maybe"
    assert len(said) == 4  # two answers and two objections


async def test_who_never_gives_a_record_is_asked_anew_once_with_other_seeds_and_given_up() -> None:
    seeds: list[int] = []

    def model(role: str, blocks: Any, seed: int) -> str:
        seeds.append(seed)
        return "I would rather not."

    def make(scope: CallScope) -> AssistantAgent:
        return AssistantAgent("helper", model_client=GatewayClient(scope))

    with pytest.raises(UnusableAnswerError, match="no usable Verdict in 6 attempts") as caught:
        await verdict(own(make, gateway(model)))
    assert (caught.value.code, len(seeds), len(set(seeds))) == ("malformed", 6, 6)


async def test_an_agents_answer_is_refused_by_the_role_as_a_models_is() -> None:
    def accept(record: Verdict) -> Verdict:
        if record.ok:
            raise ValueError("it is not ok")
        return record

    agent = own(lambda scope: Speaker(lambda number: OK if not number else '{"ok": false}'))
    assert await verdict(agent, accept=accept) is False


async def test_conversations_share_nothing_however_many_there_are() -> None:
    """What an agent remembers, in a memory and in a context that a reset would empty, is there once each."""
    seen: list[str] = []

    def model(role: str, blocks: Any, seed: int) -> str:
        return OK

    class Keeper(AssistantAgent):
        async def on_messages_stream(self, messages: Any, cancellation_token: Any) -> Any:
            (memory,) = self._memory or ()
            await memory.add(MemoryContent(content="asked", mime_type="text/plain"))
            async for item in super().on_messages_stream(messages, cancellation_token):
                yield item
            seen.append(f"{len(memory.content)} {len(await self.model_context.get_messages())}")

    def make(scope: CallScope) -> AssistantAgent:
        first = UserMessage(content="Remember: be fair.", source="user")
        context = UnboundedChatCompletionContext(initial_messages=[first])
        client = GatewayClient(scope)
        return Keeper("keeper", model_client=client, memory=[ListMemory()], model_context=context)

    agent = own(make, gateway(model))
    conversations = [agent.conversation() for _ in range(20)]
    await asyncio.gather(*(one.ask(request(f"t/{number}")) for number, one in enumerate(conversations)))
    await conversations[0].ask(request("t/again"))
    assert seen == ["1 4"] * 20 + ["2 7"]  # the first message, the prompt, a memory, the answer


async def test_what_an_agents_code_raises_is_a_wrong_answer_and_brings_a_new_agent() -> None:
    made: list[int] = []

    def make(scope: CallScope) -> Speaker:
        made.append(1)
        return Speaker(lambda number: KeyError("price"))

    agent = own(make)
    made.clear()
    with pytest.raises(UnusableAnswerError, match="KeyError: 'price'") as caught:
        await verdict(agent)
    assert (caught.value.code, len(made)) == ("agent_failed", 2)


async def test_of_a_team_it_is_told_apart_from_a_model_that_gives_no_answer() -> None:
    def fails(*_: Any) -> str:
        raise ConnectionError("the cable is out")

    def team(scope: CallScope) -> RoundRobinGroupChat:
        members = [AssistantAgent("one", model_client=GatewayClient(scope)), Speaker(lambda _: OK)]
        return RoundRobinGroupChat(members, max_turns=2)

    with pytest.raises((UnreachableModelError, RunStoppedError)):
        await verdict(own(team, gateway(fails, retries=ONCE)))
    with pytest.raises(BudgetSpentError):
        await verdict(own(team, gateway(budget=Budget(calls=0))))


async def test_an_agent_that_hides_a_models_failure_does_not_decide_without_it() -> None:
    class Stubborn(AssistantAgent):
        async def on_messages(self, messages: Any, cancellation_token: Any) -> Response:
            try:
                return await super().on_messages(messages, cancellation_token)
            except Exception:
                return Response(chat_message=TextMessage(content=OK, source=self.name))

        async def on_messages_stream(self, messages: Any, cancellation_token: Any) -> Any:
            try:
                async for item in super().on_messages_stream(messages, cancellation_token):
                    yield item
            except Exception:
                yield Response(chat_message=TextMessage(content=OK, source=self.name))

    with pytest.raises(BudgetSpentError):
        await verdict(own(lambda scope: Stubborn("s", GatewayClient(scope)), gateway(budget=Budget(calls=0))))


async def test_an_endless_team_is_ended_by_its_messages_its_calls_or_its_tokens() -> None:
    def talkers(scope: CallScope) -> RoundRobinGroupChat:
        return RoundRobinGroupChat([Speaker(lambda _: "hm", "a"), Speaker(lambda _: "hm", "b")])

    def askers(scope: CallScope) -> RoundRobinGroupChat:
        client = GatewayClient(scope)
        return RoundRobinGroupChat([AssistantAgent(name, model_client=client) for name in ("a", "b")])

    for make, bounds, said in (
        (talkers, {"messages": 9}, "took more than 9 messages"),
        (askers, {"calls": 5}, "took more than 5 calls"),
        (askers, {"tokens": 300}, "took more than 300 tokens"),
    ):
        with pytest.raises(UnusableAnswerError, match=said) as caught:
            await verdict(own(make, gateway(lambda *_: "hm"), **bounds))
        assert caught.value.code == "agent_limits"
    assert len(asyncio.all_tasks()) == 1


async def test_an_agent_that_waits_for_ever_is_left_and_asked_again_by_the_next_start() -> None:
    async def never() -> str:
        await asyncio.get_running_loop().create_future()
        return OK

    for make in (
        lambda scope: Speaker(lambda _: never()),
        lambda scope: RoundRobinGroupChat([Speaker(lambda _: never())], max_turns=1),
    ):
        with pytest.raises(UnreachableModelError, match=r"did nothing for 0\.05 s"):
            await verdict(own(make, seconds=0.05))


async def test_an_agent_may_wait_for_a_slow_model_longer_than_for_itself() -> None:
    class Slow(FakeModel):
        async def create(self, messages: Any, **options: Any) -> Any:
            await asyncio.sleep(0.2)
            return await super().create(messages, **options)

    slow = Gateway({"default": Endpoint(Slow(lambda *_: OK))}, concurrency=1)
    assert await verdict(own(lambda scope: AssistantAgent("a", GatewayClient(scope)), slow, seconds=0.05))


SHARED_MEMORY = ListMemory()
ALWAYS_THE_SAME = Speaker(lambda _: OK)
REPLAY = ReplayChatCompletionClient([OK])


async def made_later() -> Speaker:
    return Speaker(lambda _: OK)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (
            lambda scope: checked_player(made_later(), "agent.judge.agent"),
            "agent.judge.agent: is asynchronous",
        ),
        (lambda scope: ALWAYS_THE_SAME, "gives the same Speaker twice"),
        (
            lambda scope: AssistantAgent("a", GatewayClient(scope), memory=[SHARED_MEMORY]),
            "gives the same ListMemory twice",
        ),
        (
            lambda scope: checked_player(AssistantAgent("a", REPLAY), "agent.judge.agent"),
            "a ReplayChatCompletionClient of its own",
        ),
        (
            lambda scope: checked_player(
                RoundRobinGroupChat([Speaker(lambda _: REPLAY and OK), AssistantAgent("a", REPLAY)]), "here"
            ),
            "here: holds a ReplayChatCompletionClient",
        ),
        (
            lambda scope: checked_player("agent", "here"),
            "here: got a str, expected an AutoGen ChatAgent or Team",
        ),
    ],
)
def test_an_agent_that_could_not_be_trusted_is_refused_before_it_is_asked(
    make: Callable[[CallScope], Any], complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        own(make)


@pytest.mark.filterwarnings("error::RuntimeWarning", "error::pytest.PytestUnraisableExceptionWarning")
def test_an_asynchronous_factory_leaves_nothing_that_was_never_awaited() -> None:
    with pytest.raises(ConfigError):
        checked_player(made_later(), "agent.judge.agent")
    gc.collect()


async def test_a_role_that_an_agent_plays_tells_what_was_said_and_what_it_cost() -> None:
    def team(scope: CallScope) -> RoundRobinGroupChat:
        client = GatewayClient(scope)
        return RoundRobinGroupChat(
            [AssistantAgent(name, model_client=client) for name in ("one", "two")], max_turns=2
        )

    role = Role("judge", sees=["scenario"])
    observation = Observation(role="judge", turn="t/1/judge/0", seed=1, views={"scenario": {"name": "tiny"}})
    role.request = lambda observation: request()  # type: ignore[method-assign]
    for agent in (OwnRoleAgent(role, own(team)), OwnRoleAgent(role, own(team)).for_conversation()):
        reply = await ask_agent(agent, observation)
        assert (reply.record.ok, reply.usage.calls) == (True, 2)
        assert [(one.type, one.source, one.content) for one in reply.inner] == [("TextMessage", "one", OK)]
