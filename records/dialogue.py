"""What is said and done in one episode of query and solution generation (§4.3)."""

from __future__ import annotations

from collections.abc import Iterable
from operator import not_
from typing import Any, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from .base import JsonObject, Record

Origin = Literal["query", "profile", "default"]
"""Where an argument's value comes from (Appendix B.2, and the schema's own default)."""


class TaskCall(Record):
    """One call a task asks for. What the query states is chosen by name; its value is the user's to say."""

    api: str = Field(description="the API on the target platform")
    capability: str = Field(description="its capability")
    stated: tuple[str, ...] = Field(description="parameters the query must state")
    known: dict[str, str] = Field(description="parameter -> basic feature that fills it, from the profile")
    defaults: tuple[str, ...] = Field(
        default=(), description="required parameters left at their schema's default"
    )


class Task(Record):
    """What code drew before a word was written; the assistant never sees it."""

    id: str = Field(description="'<scenario>-<user>-<number>'")
    scenario: str = Field(description="where it takes place")
    user_id: str = Field(description="who asks")
    context: str = Field(description="the kind of need")
    platform: str = Field(description="the platform this user prefers for that need")
    plan: Literal["guided", "free"] = Field(
        description="guided: calls are drawn; free: only the platform is (the paper's looser way)"
    )
    calls: tuple[TaskCall, ...] = Field(description="what the query should lead to; empty in a free plan")


class Phrase(Record):
    """Words of a query that convey one parameter."""

    parameter: str = Field(description="the API's parameter")
    words: str = Field(description="the words, exactly as they stand in the query")


class Intent(Record):
    """One call the user has in mind, as far as the query states it."""

    api: str = Field(description="the API meant, on the target platform")
    stated: JsonObject = Field(description="parameter -> value, for what the query states")
    phrases: tuple[Phrase, ...] = Field(description="for every stated parameter, the words that state it")


class Query(Record):
    """What the user asks, and what they mean by it."""

    text: str = Field(description="the request, as a person would write it to an assistant")
    intents: tuple[Intent, ...] = Field(description="the calls meant, in the order the text asks for them")
    need: str = Field(
        default="",
        description="words of the text that tell what kind of need it is, exactly as they stand there",
    )


class Call(Record):
    """One tool invocation."""

    api: str = Field(description="the function's name")
    arguments: JsonObject = Field(description="parameter -> value")


class Solution(Record):
    """The assistant's answer: A = [(t, a_1 … a_m), …] on one platform (§3)."""

    platform: str = Field(description="the platform chosen for this user and query")
    calls: tuple[Call, ...] = Field(description="the invocations, in order")


class Reason(Record):
    """Why something was rejected."""

    code: str = Field(description="stable identifier, '<family>.<kind>', such as 'arguments.type'")
    blames: Literal["query", "solution"] = Field(description="who has to mend it")
    path: str = Field(
        default="", description="where, such as 'calls[0].arguments.quantity'; empty: the whole"
    )
    message: str = Field(description="what was got and what was expected, for the one who mends it")
    source: str = Field(
        default="", description="the check, gate or judge that says so; whoever runs a check fills it in"
    )


class Choice(Record):
    """The answer to a closed question."""

    letter: str = Field(description="the letter of the right option")
    weights: SkipJsonSchema[dict[str, float]] = Field(
        default_factory=dict,
        description="letter -> probability, where the endpoint gives it; they add up to 1",
    )


class Verdict(Record):
    """What a judge answers."""

    ok: bool = Field(description="true: nothing to object")
    reasons: tuple[Finding, ...] = Field(default=(), description="the objections; empty when ok")


class Finding(Record):
    """One objection of a judge."""

    code: str = Field(description="a short snake_case word for the kind of fault, such as 'wrong_value'")
    blames: Literal["query", "solution"] = Field(description="who has to mend it")
    path: str = Field(
        default="", description="where, such as 'calls[0].arguments.quantity'; empty: the whole"
    )
    message: str = Field(description="what is wrong and what was expected, one sentence")


class InnerMessage(Record):
    """One message of an AutoGen agent or team of the user's, on the way to a role's answer."""

    type: str = Field(description="AutoGen's name for it, such as 'ToolCallExecutionEvent'")
    source: str = Field(description="the agent that says it")
    content: str = Field(description="its text, or what it holds as JSON; bounded")


class Turn(Record):
    """One role's contribution to an episode."""

    role: str = Field(description="who spoke")
    round: int = Field(description="0 for the first attempt, then one more for every round of feedback")
    output: dict[str, Any] = Field(description="the role's record, as JSON")
    inner: tuple[InnerMessage, ...] = Field(
        default=(),
        exclude_if=not_,
        description="messages on the way to it, where an agent of the user's gave it; otherwise left out",
    )


def with_inner(turns: tuple[Turn, ...], inner: Iterable[InnerMessage]) -> tuple[Turn, ...]:
    """The turns, the last of them with the messages on the way to it."""
    return (*turns[:-1], turns[-1].model_copy(update={"inner": tuple(inner)}))


class Usage(Record):
    """What the calls of an episode cost."""

    calls: int = Field(default=0, description="model calls, repaired ones included")
    prompt_tokens: int = Field(default=0, description="tokens sent, as the model counted them")
    completion_tokens: int = Field(default=0, description="tokens received")

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
        )


class Episode(Record):
    """One task from the first word to the verdict."""

    id: str = Field(description="the task's id")
    task: Task = Field(description="what was drawn")
    status: Literal["accepted", "rejected"] = Field(description="how it ended")
    query: Query | None = Field(description="the last query; None where none was usable")
    solution: Solution | None = Field(description="the last solution; None where none was usable")
    responses: tuple[dict[str, Any], ...] = Field(
        default=(), description="what the sandbox answered, call by call"
    )
    rounds: int = Field(description="rounds of feedback used")
    reasons: tuple[Reason, ...] = Field(description="of a rejected episode, the last objections")
    objections: tuple[Reason, ...] = Field(
        default=(), description="every objection on the way, mended ones included"
    )
    turns: tuple[Turn, ...] = Field(description="who said what, in order")
    usage: Usage = Field(description="what it cost")


Verdict.model_rebuild()
