"""The body of a chat-completions request, put together from parts that are encoded once.

System texts of 60 kB repeat in thousands of requests: their encoded form is kept, and a body is joined bytes.
It knows AutoGen's messages and the protocol's JSON, and no connection.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from autogen_core.models import AssistantMessage, LLMMessage, SystemMessage, UserMessage
from autogen_core.tools import Tool, ToolSchema

from ...errors import ConfigError, names

OWN = ("model", "messages", "response_format", "stream", "n")
"""What the client alone decides; neither `model.extra` nor a role's sampling may set it."""

_OWN = frozenset(OWN)

JSON_OBJECT = b'{"type":"json_object"}'
"""A `response_format` that asks for some JSON object."""

_KEPT_FROM = 1_000
_KEPT_CHARACTERS = 16_000_000


class Encoder:
    """Encodes texts as JSON strings, and keeps those of long texts, the last used longest.

    Args: budget: characters of the texts that are kept, together.
    """

    def __init__(self, budget: int = _KEPT_CHARACTERS) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._room = budget

    def __call__(self, text: str) -> bytes:
        """The text as a JSON string, quotes included."""
        if len(text) < _KEPT_FROM:
            return _encoded(text)
        found = self._kept.get(text)
        if found is not None:
            self._kept.move_to_end(text)
            return found
        made = self._kept[text] = _encoded(text)
        self._room -= len(text)
        while self._room < 0:
            self._room += len(self._kept.popitem(last=False)[0])
        return made


def _encoded(text: str) -> bytes:
    try:
        return orjson.dumps(text)
    except TypeError:  # a lone surrogate, which no UTF-8 can carry
        return orjson.dumps(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def encoded_messages(messages: Sequence[LLMMessage], encode: Encoder, instruction: str = "") -> list[bytes]:
    """The messages as a JSON array, in pieces to be joined.

    Args: encode: for system messages, which repeat; instruction: goes to the end of the first of them.

    Raises ValueError for what is no text: an image, a tool call.
    """
    parts: list[bytes] = []
    for message in messages:
        if not isinstance(message, SystemMessage):
            role = b"user" if isinstance(message, UserMessage) else b"assistant"
            parts += [b',{"role":"', role, b'","content":', _encoded(text_of(message)), b"}"]
            continue
        text = encode(message.content)
        if instruction:
            text, instruction = text[:-1] + encode(instruction)[1:], ""
        parts += [b',{"role":"system","content":', text, b"}"]
    if instruction:
        parts = [b',{"role":"system","content":', encode(instruction.lstrip()), b"}", *parts]
    return [b"[", *(one[1:] if place == 0 else one for place, one in enumerate(parts)), b"]"]


def encoded_tools(tools: Sequence[Tool | ToolSchema], choice: Tool | str) -> bytes:
    """Tools as further fields of the body, `,"tools":[…],"tool_choice":"auto"`."""
    schemas = [one.schema if isinstance(one, Tool) else one for one in tools]
    named = choice if isinstance(choice, str) else {"type": "function", "function": {"name": choice.name}}
    fields = {"tools": [{"type": "function", "function": one} for one in schemas], "tool_choice": named}
    return b"," + encoded_fields(fields, "tools")


def text_of(message: LLMMessage) -> str:
    """A message's text; parts of a list stand on lines of their own.

    Raises ValueError for what is no text: an image, a tool call or its result.
    """
    content = message.content
    if isinstance(content, str):
        return content
    if isinstance(message, UserMessage | AssistantMessage) and all(isinstance(one, str) for one in content):
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
