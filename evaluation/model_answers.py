"""Answers of a model, or such as a file or a baseline has already: (item, answer) in the order of the items.

A model is asked through the gateway, so what the ledger knows is not asked again; a sample that nobody could
answer is `NoAnswer`. Scores are not known here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import Any, TypeVar

from ..benchmark import Item
from ..benchmark.reading import GivenAnswer
from ..errors import ModelError, UnknownPartError
from ..models.gateway import Gateway
from ..models.request import Request
from ..models.seeds import derive
from .prompt import PromptWriter, Variant, name_tools, visible_sample
from .scoring import NoAnswer, RawAnswer

STAGE, ROLE = "evaluation", "model"
"""Under which names the ledger has the calls."""

AnsweredItem = tuple[Item, RawAnswer | NoAnswer]
Value = TypeVar("Value")


class ModelAnswerer:
    """Asks a model one sample.

    Args:
        gateway: every call goes through it.
        prompter: writes the prompts.
        variant: what they show.
        seed: of the evaluation.
        sampling: sent with every call.
    """

    def __init__(
        self, gateway: Gateway, prompter: PromptWriter, variant: Variant, seed: int, sampling: dict[str, Any]
    ) -> None:
        self._gateway = gateway
        self._prompter = prompter
        self._variant: Variant = variant
        self._seed = seed
        self._sampling = sampling

    async def ask(self, item: Item) -> RawAnswer | NoAnswer:
        """The raw answer: nothing is corrected, and nothing asked twice.

        Raises RunStoppedError where no further call makes sense.
        """
        prompt = self._prompter.prompt(visible_sample(item, self._variant))
        request = Request(
            role=ROLE,
            turn=f"{STAGE}/{item.id}",
            system=prompt.system,
            user=prompt.user,
            output=None,
            seed=derive(self._seed, STAGE, item.id),
            sampling=self._sampling,
            tools=prompt.tools,
        )
        try:
            completion = await self._gateway.answer(request)
        except UnknownPartError:
            raise
        except ModelError as error:
            return NoAnswer(error.code, " ".join(str(error).split())[:1_000])
        text = prompt.tool_names.restore(completion.content) if prompt.tool_names else completion.content
        return RawAnswer(text, completion.finish, thought=completion.thought)


async def answer_in_order(
    items: Iterable[Item], ask: Callable[[Item], Awaitable[Value]], window: int
) -> AsyncGenerator[tuple[Item, Value], None]:
    """Every item with its answer, in the items' order, while up to `window` are under way."""
    waiting: deque[tuple[Item, asyncio.Future[Value]]] = deque()
    try:
        for item in items:
            waiting.append((item, asyncio.ensure_future(ask(item))))
            while len(waiting) >= window or (waiting and waiting[0][1].done()):
                first, task = waiting.popleft()
                yield first, await task
        while waiting:
            first, task = waiting.popleft()
            yield first, await task
    finally:
        left = [task for _, task in waiting]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def wrap_answers(pairs: Iterable[tuple[Item, RawAnswer]]) -> AsyncGenerator[AnsweredItem, None]:
    """Answers given before, as the runner takes them."""
    for item, answer in pairs:
        yield item, answer


def answer_of_file(item: Item, given: GivenAnswer) -> RawAnswer:
    """An answer of a file; tool calls get the sample's own names, should they carry those of the wire."""
    text = name_tools(visible_sample(item)).restore(given.text) if given.native else given.text
    return RawAnswer(text, given.finish, given.native)
