"""Conversations as a gateway keeps them: AutoGen's messages become texts, and texts become messages again.

A message is (what it is, its text), as in `request.Message`; calls of functions and their results are JSON.
It knows neither how one is asked nor where they are kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from autogen_core import FunctionCall
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)

from ...errors import ConfigError
from ..request import Message
from .parse import MAX_ANSWER, InvalidAnswer, parse_strictly

CALLS = "function_calls"
"""Why an answer ended that calls functions."""
SOURCE = "ptool"
"""Who says a user message that does not say who does."""


def as_messages(conversation: Iterable[LLMMessage], role: str) -> tuple[Message, ...]:
    """A conversation as texts.

    Args: conversation: AutoGen's messages; role: who an assistant is that nobody names.

    Raises ConfigError for an image.
    """
    return tuple(message for llm_message in conversation for message in _as_texts(llm_message, role))


def _as_texts(message: LLMMessage, role: str) -> Iterator[Message]:
    if isinstance(message, SystemMessage):
        yield "system", message.content
    elif isinstance(message, FunctionExecutionResultMessage):
        yield "results", json.dumps([result.model_dump(exclude_none=True) for result in message.content])
    else:
        assistant = isinstance(message, AssistantMessage)
        if message.source != (role if assistant else SOURCE):
            yield "name", message.source
        if assistant and not isinstance(message.content, str):
            yield "calls", calls_text(message.content)
        else:
            yield "assistant" if assistant else "user", _text_of(message.content)


def _text_of(content: str | Sequence[Any]) -> str:
    parts = [content] if isinstance(content, str) else content
    if not all(isinstance(part, str) for part in parts):
        raise ConfigError("a message holds an image, which is not sent; the model_info says vision=False")
    return "\n".join(parts)


def as_llm_messages(messages: Iterable[Message], role: str) -> list[LLMMessage]:
    """The messages as AutoGen's.

    Args: role: who an assistant is that nobody names.
    """
    llm_messages: list[LLMMessage] = []
    name: str | None = None
    for kind, text in messages:
        if kind == "name":
            name = text
            continue
        if kind == "system":
            llm_messages.append(SystemMessage(content=text))
        elif kind == "user":
            llm_messages.append(UserMessage(content=text, source=name or SOURCE))
        elif kind == "results":
            results = [FunctionExecutionResult(**result) for result in json.loads(text)]
            llm_messages.append(FunctionExecutionResultMessage(content=results))
        else:
            content = _calls(json.loads(text)) if kind == "calls" else text
            llm_messages.append(AssistantMessage(content=content, source=name or role))
        name = None
    return llm_messages


def calls_text(calls: Iterable[FunctionCall]) -> str:
    """Calls of functions as the JSON of a message that holds them."""
    tool_calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in calls
    ]
    return json.dumps({"tool_calls": tool_calls})  # not orjson, which refuses halves of characters


def _calls(message: Any) -> list[FunctionCall]:
    return [FunctionCall(id=call["id"], **call["function"]) for call in message["tool_calls"]]


def read_calls(text: str) -> list[FunctionCall]:
    """The calls in a kept answer.

    Raises InvalidAnswer: they are longer than is read, or one has arguments that are no object.
    """
    if len(text) > MAX_ANSWER:
        raise InvalidAnswer("too_long", f"its calls have more than {MAX_ANSWER} characters")
    calls = _calls(json.loads(text))
    for call in calls:
        call.arguments = call.arguments.strip() or "{}"  # what some models write for no arguments
        try:
            readable = isinstance(parse_strictly(call.arguments), dict)
        except ValueError:
            readable = False
        if not readable:
            raise InvalidAnswer("malformed", f"the arguments of {call.name[:80]!r} are no JSON object")
    return calls
