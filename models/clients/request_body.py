"""The body of a chat-completions request, put together from parts that are encoded once.

System texts of 60 kB repeat in thousands of requests: their encoded form is kept, and a body is joined bytes.
It knows AutoGen's messages and the protocol's JSON, and no connection.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from autogen_core import FunctionCall
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)
from autogen_core.tools import Tool, ToolSchema

from ...errors import ConfigError, names
from .. import output_schema
from .base import CreateArguments
from .request_form import Change, RequestForm, changed

OWN = ("model", "messages", "response_format", "stream", "n")
"""What the client alone decides; neither `model.extra` nor a role's sampling may set it."""

_OWN = frozenset(OWN)

_JSON_OBJECT = b'{"type":"json_object"}'
_LONG_TEXT = 1_000
_CACHED_CHARACTERS = 16_000_000


class BodyEncoder:
    """Encodes the requests to one model.

    Args: model: its name at the endpoint; strict: whether schemas are in the form of OpenAI's strict mode;
        changes: what becomes of fields, whatever the form (`model.fields`).
    """

    def __init__(self, model: str, strict: bool, changes: tuple[Change, ...] = ()) -> None:
        self._strict = strict
        self._changes = changes
        self._head = b'{"model":' + _encoded(model) + b',"messages":'
        self._encode = TextEncoder()

    def fields(self, asked: CreateArguments, fields: Mapping[str, Any], form: RequestForm) -> dict[str, Any]:
        """The fields beside messages, tools and the output's form, as they are sent.

        Args: fields: what is asked for, such as seed (`checked_extra`); otherwise as of `body`.
        """
        own: dict[str, Any] = {"stream": False}
        if asked.tools:
            own["tool_choice"] = _tool_choice(asked.tool_choice)
        return changed({**own, **fields}, (*self._changes, *form.changes))

    def body(self, asked: CreateArguments, sent: Mapping[str, Any], form: RequestForm) -> bytes:
        """One request's body.

        Args: asked: the messages, the tools, the output; sent: the other fields (`fields`); form: how.

        Raises:
            ConfigError: a field cannot be sent, or the record's schema cannot be strict.
            ValueError: a message holds more than text.
        """
        record = asked.output if isinstance(asked.output, type) else None
        by_schema = form.structured == "json_schema"
        instruction = output_schema.instruction(record) if record and not by_schema else ""
        parts = [self._head, *encoded_messages(asked.messages, self._encode, instruction, fold=form.folded)]
        if record and by_schema:
            parts += [b',"response_format":', output_schema.response_format(record, self._strict)]
        elif asked.output and form.structured != "prompt":
            parts += [b',"response_format":', _JSON_OBJECT]
        if asked.tools:
            parts += [b",", _encoded_tools(asked.tools)]
        if sent:
            parts += [b",", encoded_fields(sent, "sampling")]
        parts.append(b"}")
        return b"".join(parts)


class TextEncoder:
    """Encodes texts as JSON strings, and caches those of long texts, the last used longest.

    Args: budget: characters of the texts that are cached, together.
    """

    def __init__(self, budget: int = _CACHED_CHARACTERS) -> None:
        self._cache: OrderedDict[str, bytes] = OrderedDict()
        self._room = budget

    def __call__(self, text: str) -> bytes:
        """The text as a JSON string, quotes included."""
        if len(text) < _LONG_TEXT:
            return _encoded(text)
        cached = self._cache.get(text)
        if cached is not None:
            self._cache.move_to_end(text)
            return cached
        encoded = self._cache[text] = _encoded(text)
        self._room -= len(text)
        while self._room < 0:
            self._room += len(self._cache.popitem(last=False)[0])
        return encoded


def _encoded(text: str) -> bytes:
    try:
        return orjson.dumps(text)
    except TypeError:  # a lone surrogate, which no UTF-8 can carry
        return orjson.dumps(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def encoded_messages(
    messages: Sequence[LLMMessage], encode: TextEncoder, instruction: str = "", *, fold: bool = False
) -> list[bytes]:
    """The messages as a JSON array, in pieces to be joined.

    Args:
        encode: for system messages, which repeat.
        instruction: goes to the end of the first of them.
        fold: whether system texts stand at the beginning of the first user message instead.

    Raises ValueError for an image.
    """
    parts: list[bytes] = []
    folded: list[bytes] = []
    if instruction and not any(isinstance(message, SystemMessage) for message in messages):
        messages = [SystemMessage(content=instruction.lstrip()), *messages]
        instruction = ""
    for message in messages:
        if isinstance(message, FunctionExecutionResultMessage):
            parts += [part for result in message.content for part in _tool_result(result)]
            continue
        if isinstance(message, AssistantMessage) and _is_calls(message.content):
            calls = encoded_fields({"tool_calls": _tool_calls(message.content)}, "messages")
            parts += [b',{"role":"assistant","content":null,', calls, b"}"]
            continue
        if not isinstance(message, SystemMessage):
            role = b"user" if isinstance(message, UserMessage) else b"assistant"
            text = _encoded(_text_of(message))
            if folded and role == b"user":
                text, folded = _joined(*folded, text), []
            parts += [b',{"role":"', role, b'","content":', text, b"}"]
            continue
        text = encode(message.content)
        if instruction:
            text, instruction = text[:-1] + encode(instruction)[1:], ""
        if fold:
            folded.append(text)
        else:
            parts += [b',{"role":"system","content":', text, b"}"]
    if folded:  # nobody spoke after it
        parts += [b',{"role":"user","content":', _joined(*folded), b"}"]
    return [b"[", *(part[1:] if place == 0 else part for place, part in enumerate(parts)), b"]"]


def _is_calls(content: Any) -> bool:
    return not isinstance(content, str) and all(isinstance(part, FunctionCall) for part in content)


def _tool_calls(calls: Any) -> list[dict[str, Any]]:
    return [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in calls
    ]


def _tool_result(result: FunctionExecutionResult) -> tuple[bytes, ...]:
    """What a called function brought, as a message."""
    call, content = _encoded(result.call_id), _encoded(result.content)
    return (b',{"role":"tool","tool_call_id":', call, b',"content":', content, b"}")


def _joined(*texts: bytes) -> bytes:
    """JSON strings as one, with an empty line between them."""
    return b'"' + b"\\n\\n".join(text[1:-1] for text in texts if text != b'""') + b'"'


def _encoded_tools(tools: Sequence[Tool | ToolSchema]) -> bytes:
    """Tools as a field of the body, `"tools":[…]`."""
    schemas = [tool.schema if isinstance(tool, Tool) else tool for tool in tools]
    return encoded_fields(
        {"tools": [{"type": "function", "function": schema} for schema in schemas]}, "tools"
    )


def _tool_choice(choice: Tool | str) -> Any:
    return choice if isinstance(choice, str) else {"type": "function", "function": {"name": choice.name}}


def _text_of(message: LLMMessage) -> str:
    """A message's text; parts of a list stand on lines of their own.

    Raises ValueError for what is no text: an image.
    """
    content = message.content
    if isinstance(content, str):
        return content
    if isinstance(message, UserMessage | AssistantMessage) and all(isinstance(part, str) for part in content):
        return "\n".join(map(str, content))
    raise ValueError(f"a {type(message).__name__} holds more than text, which this client does not send")


def checked_extra(extra: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Further fields of the body, those that are None left out.

    Raises ConfigError for a field that is the client's own.
    """
    if not _OWN.isdisjoint(extra):
        name = next(name for name in extra if name in _OWN)
        raise ConfigError(f"{where}.{name}: may not be set here, neither may {names(OWN)}")
    return {name: value for name, value in extra.items() if value is not None}


def encoded_fields(fields: Mapping[str, Any], where: str) -> bytes:
    """Fields as the inside of a JSON object, such as `"seed":1,"top_p":0.9`."""
    try:
        return orjson.dumps(fields)[1:-1]
    except TypeError as error:
        raise ConfigError(f"{where}: not every value is JSON: {error}") from None
