"""The body of a chat-completions request, put together from parts that are encoded once.

System texts of 60 kB repeat in thousands of requests: their encoded form is kept, and a body is joined bytes.
It knows AutoGen's messages and the protocol's JSON, and no connection.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import orjson
from autogen_core.models import AssistantMessage, LLMMessage, SystemMessage, UserMessage
from autogen_core.tools import Tool, ToolSchema

from ...errors import ConfigError, names
from .. import output_schema
from .base import CreateArguments

Structured = Literal["json_schema", "json_object", "prompt"]
"""How an endpoint is told the output's form: by its schema; that it be a JSON object, the schema being
in the prompt; by the schema in the prompt alone."""

OWN = ("model", "messages", "response_format", "stream", "n")
"""What the client alone decides; neither `model.extra` nor a role's sampling may set it."""

_OWN = frozenset(OWN)

_JSON_OBJECT = b'{"type":"json_object"}'
_LONG_TEXT = 1_000
_CACHED_CHARACTERS = 16_000_000


class BodyEncoder:
    """Encodes the requests to one model.

    Args: model: its name at the endpoint; strict: whether schemas are in the form of OpenAI's strict mode.
    """

    def __init__(self, model: str, strict: bool) -> None:
        self._strict = strict
        self._head = b'{"model":' + _encoded(model) + b',"messages":'
        self._encode = TextEncoder()

    def body(self, asked: CreateArguments, fields: Mapping[str, Any], structured: Structured) -> bytes:
        """One request's body.

        Args:
            asked: the messages, the tools, the output.
            fields: further fields of the body, such as seed (`checked_extra`).
            structured: how the output's form is asked for.

        Raises:
            ConfigError: a field cannot be sent, or the record's schema cannot be strict.
            ValueError: a message holds more than text.
        """
        record = asked.output if isinstance(asked.output, type) else None
        instruction = output_schema.instruction(record) if record and structured != "json_schema" else ""
        parts = [self._head, *encoded_messages(asked.messages, self._encode, instruction)]
        if record and structured == "json_schema":
            parts += [b',"response_format":', output_schema.response_format(record, self._strict)]
        elif asked.output and structured != "prompt":
            parts += [b',"response_format":', _JSON_OBJECT]
        if asked.tools:
            parts += [b",", _encoded_tools(asked.tools, asked.tool_choice)]
        if fields:
            parts += [b",", encoded_fields(fields, "sampling")]
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
    messages: Sequence[LLMMessage], encode: TextEncoder, instruction: str = ""
) -> list[bytes]:
    """The messages as a JSON array, in pieces to be joined.

    Args: encode: for system messages, which repeat; instruction: goes to the end of the first of them.

    Raises ValueError for what is no text: an image, a tool call.
    """
    parts: list[bytes] = []
    for message in messages:
        if not isinstance(message, SystemMessage):
            role = b"user" if isinstance(message, UserMessage) else b"assistant"
            parts += [b',{"role":"', role, b'","content":', _encoded(_text_of(message)), b"}"]
            continue
        text = encode(message.content)
        if instruction:
            text, instruction = text[:-1] + encode(instruction)[1:], ""
        parts += [b',{"role":"system","content":', text, b"}"]
    if instruction:
        parts = [b',{"role":"system","content":', encode(instruction.lstrip()), b"}", *parts]
    return [b"[", *(part[1:] if place == 0 else part for place, part in enumerate(parts)), b"]"]


def _encoded_tools(tools: Sequence[Tool | ToolSchema], choice: Tool | str) -> bytes:
    """Tools as fields of the body, `"tools":[…],"tool_choice":"auto"`."""
    schemas = [tool.schema if isinstance(tool, Tool) else tool for tool in tools]
    named = choice if isinstance(choice, str) else {"type": "function", "function": {"name": choice.name}}
    fields = {"tools": [{"type": "function", "function": schema} for schema in schemas], "tool_choice": named}
    return encoded_fields(fields, "tools")


def _text_of(message: LLMMessage) -> str:
    """A message's text; parts of a list stand on lines of their own.

    Raises ValueError for what is no text: an image, a tool call or its result.
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
