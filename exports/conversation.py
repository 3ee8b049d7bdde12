"""A sample as a conversation: the prompt of Fig. 7, and an answer in one of the three formats.

What many samples of a user and scenario repeat (the system prompt, the tools) is made once and its JSON taken
again, so the cost of a sample is that of its query and answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import orjson

from ..benchmark import Format, GoldCall, Item, render
from ..errors import ConfigError
from ..evaluation.prompt import Prompt, PromptWriter, Variant, visible_sample
from .fragments import OPTIONS, Fragments


@dataclass(frozen=True, slots=True)
class AnswerCalls:
    """An answer to a sample: the gold one, or a wrong one."""

    platform: str | None
    calls: tuple[tuple[str, dict[str, Any]], ...]
    """(function, arguments) of every call"""


def gold_answer(item: Item) -> AnswerCalls:
    """The canonical answer of a sample."""
    calls = ((call.name, {name: values[0] for name, values in call.accepted.items()}) for call in item.calls)
    return AnswerCalls(item.platform, tuple(calls))


class Conversations:
    """Turns samples into conversations.

    Args: answer: the format of answers; variant: what is shown of a user.
    """

    def __init__(self, answer: Format, variant: Variant) -> None:
        self.native = answer == "native"
        """whether answers are tool calls"""
        self._answer: Format = answer
        self._variant: Variant = variant
        self._writer = PromptWriter(answer)
        self._shown: tuple[Any, ...] = ()
        self._prompt = Prompt("", "")
        self.fragments = Fragments()
        """of what samples repeat"""

    def prompt(self, item: Item) -> Prompt:
        """What a model is sent; the same texts and tools as of the sample before where they are equal."""
        shown = (item.user_profile, item.tools, item.platforms, item.characteristics)
        if len(self._shown) != len(shown) or any(
            new is not old for new, old in zip(shown, self._shown, strict=True)
        ):
            self._prompt = self._writer.prompt(visible_sample(item, self._variant))
            self._shown = shown
        self._prompt = replace(self._prompt, user=item.query)
        return self._prompt

    def messages(self, item: Item) -> list[dict[str, Any]]:
        """System and user message, to be written as JSON."""
        prompt = self.prompt(item)
        return [
            {"role": "system", "content": self.fragments.of("system", prompt.system)},
            {"role": "user", "content": prompt.user},
        ]

    def answer(
        self, item: Item, answer: AnswerCalls | None = None, *, objects: bool = False
    ) -> dict[str, Any]:
        """The assistant's message, with the gold answer or another one.

        Args: objects: whether arguments of tool calls are objects, as chat templates take them, and not JSON
        text, as OpenAI has them.
        """
        if self.native:
            return {"role": "assistant", "content": "", "tool_calls": self._tool_calls(item, answer, objects)}
        return {"role": "assistant", "content": self.text(item, answer)}

    def text(self, item: Item, answer: AnswerCalls | None = None) -> str:
        """An answer as text."""
        return render(item if answer is None else answering(item, answer), self._answer)

    def written(self, item: Item, answer: AnswerCalls) -> object:
        """What tells answers apart as they are written: tool calls do not name a platform."""
        return self.named_calls(item, answer) if self.native else self.text(item, answer)

    def _tool_calls(self, item: Item, answer: AnswerCalls | None, objects: bool) -> list[dict[str, Any]]:
        """An answer as calls with ids, names those of the prompt's tools."""
        named = self.named_calls(item, answer)
        functions = ({"name": name, "arguments": given if objects else _json(given)} for name, given in named)
        return [
            {"id": f"call_{number}", "type": "function", "function": function}
            for number, function in enumerate(functions)
        ]

    def named_calls(self, item: Item, answer: AnswerCalls | None = None) -> list[tuple[str, dict[str, Any]]]:
        """(tool of the prompt, arguments) of every call. Raises ConfigError for a gold call of none."""
        given = gold_answer(item) if answer is None else answer
        names = self.prompt(item).tool_names
        assert names is not None, "only native answers have named tools"
        named = []
        for function, arguments in given.calls:
            wire = names.own_to_wire.get(f"{given.platform}__{function}") or names.own_to_wire.get(function)
            if wire is None and answer is None:
                raise ConfigError(
                    f"answer: got native, but sample {item.id!r:.80} calls {function!r:.80}, "
                    "which is none of its functions; expected python or json"
                )
            named.append((wire or function, arguments))
        return named

    def tools(self, item: Item) -> orjson.Fragment:
        """The tools of the prompt, each {type: function, function: …}, as JSON."""
        tools = self.prompt(item).tools
        return self.fragments.of("tools", tools, lambda: wrapped(tools))

    def tools_text(self, item: Item) -> orjson.Fragment:
        """The same as a JSON text: a column that has one type."""
        tools = self.prompt(item).tools
        return self.fragments.of("tools text", tools, lambda: _json(wrapped(tools)))


def wrapped(tools: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Schemas as chat endpoints take them."""
    return [{"type": "function", "function": tool} for tool in tools]


def answering(item: Item, answer: AnswerCalls) -> Item:
    """A sample whose gold is another answer."""
    calls = tuple(
        GoldCall(name, {parameter: (value,) for parameter, value in arguments.items()})
        for name, arguments in answer.calls
    )
    return replace(item, platform=answer.platform, calls=calls)


def _json(value: Any) -> str:
    return orjson.dumps(value, option=OPTIONS).decode()
