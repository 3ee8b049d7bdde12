"""Chats for training: OpenAI's JSONL (`messages`, `tools`), LLaMA-Factory's (`sharegpt`), TRL's (`trl`).

Every line is one sample in the order of its part. Arguments of tool calls are JSON text where OpenAI and
LLaMA-Factory read them, and objects for TRL, whose chat templates take them so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from ..benchmark import Item
from .conversation import AnswerCalls, Conversations
from .folder import ExportFolder
from .source import ExportSource, PartFile

Line = Callable[[Conversations, Item], dict[str, Any]]
"""What a format writes of one sample."""


def write_messages(source: ExportSource, folder: ExportFolder) -> None:
    """`PART.jsonl` with {messages}, and with {tools, parallel_tool_calls} where answers are tool calls."""
    _write_parts(source, folder, _messages_line)


def _messages_line(chats: Conversations, item: Item) -> dict[str, Any]:
    line: dict[str, Any] = {"messages": [*chats.messages(item), chats.answer(item)]}
    return line | {"tools": chats.tools(item), "parallel_tool_calls": True} if chats.native else line


def write_sharegpt(source: ExportSource, folder: ExportFolder) -> None:
    """`PART.jsonl` with {id, conversations, system, tools}, and dataset_info.json, which describes them."""
    _write_parts(source, folder, _sharegpt_line)
    columns = {"messages": "conversations", "system": "system"}
    columns |= {"tools": "tools"} if source.settings.answer_format == "native" else {}
    described = {
        f"ptool_{part.name}": {
            "file_name": f"{part.name}.jsonl",
            "formatting": "sharegpt",
            "columns": columns,
            "tags": {
                "role_tag": "from",
                "content_tag": "value",
                "user_tag": "human",
                "assistant_tag": "gpt",
                "function_tag": "function_call",
                "observation_tag": "observation",
                "system_tag": "system",
            },
        }
        for part in source.parts
    }
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    folder.write("dataset_info.json", orjson.dumps(described, option=options).decode())


def _sharegpt_line(chats: Conversations, item: Item) -> dict[str, Any]:
    prompt = chats.prompt(item)
    if chats.native:
        calls = [{"name": name, "arguments": given} for name, given in chats.named_calls(item)]
        answer = {
            "from": "function_call",
            "value": orjson.dumps(calls[0] if len(calls) == 1 else calls).decode(),
        }
    else:
        answer = {"from": "gpt", "value": chats.text(item)}
    line = {
        "id": item.id,
        "conversations": [{"from": "human", "value": item.query}, answer],
        "system": chats.fragments.of("system", prompt.system),
    }
    tools = prompt.tools
    plain = lambda: orjson.dumps(list(tools)).decode()  # noqa: E731
    return line | {"tools": chats.fragments.of("sharegpt tools", tools, plain)} if chats.native else line


def write_trl(source: ExportSource, folder: ExportFolder) -> None:
    """`PART.jsonl` with {id, prompt, completion}: lists of messages, or texts (`style=text`)."""
    write = _text_line if source.settings.style == "text" else _trl_line
    _write_parts(source, folder, write)


def _trl_line(chats: Conversations, item: Item) -> dict[str, Any]:
    line = {"id": item.id, **prompt_fields(chats, item, "chat")}
    return line | {"completion": completion(chats, item, "chat")}


def _text_line(chats: Conversations, item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        **prompt_fields(chats, item, "text"),
        "completion": completion(chats, item, "text"),
    }


def prompt_fields(chats: Conversations, item: Item, style: str) -> dict[str, Any]:
    """The prompt as TRL has it, and the tools as JSON text where answers are tool calls."""
    if style == "text":
        prompt = chats.prompt(item)
        return {"prompt": f"{prompt.system}\n\n{prompt.user}\n\n"}
    tools = {"tools": chats.tools_text(item)} if chats.native else {}
    return {"prompt": chats.messages(item), **tools}


def completion(chats: Conversations, item: Item, style: str, answer: AnswerCalls | None = None) -> Any:
    """An answer as TRL has it: a list of one message, or a text."""
    return chats.text(item, answer) if style == "text" else [chats.answer(item, answer, objects=True)]


def _write_parts(source: ExportSource, folder: ExportFolder, line: Line) -> None:
    chats = Conversations(source.settings.answer_format, source.settings.variant)
    for part in source.parts:
        file = folder.create(f"{part.name}.jsonl")
        for record in _lines(source, part, chats, line):
            file.line(record)


def _lines(source: ExportSource, part: PartFile, chats: Conversations, line: Line) -> Iterator[bytes]:
    for item in source.items(part):
        yield orjson.dumps(line(chats, item))
