"""Which tools the samples of an evaluation show: all, as many as were asked for, or as many as fit (`tools`).

Whatever is asked of a sample, its gold tools and their counterparts on the other platforms are shown, among
distractors that are drawn by the seed and the sample's id (`ptool.models.tool_selection`). Fewer tools are
easier, so the bound is a part of what was evaluated. It asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import accumulate
from typing import Any

from ..benchmark import Item
from ..errors import ConfigError, ContextTooShortError
from ..models.context_window import ContextWindow, least_answer
from ..models.tool_selection import Bound, OfferedTool, RankedTools, ToolBound, rank_tools
from .prompt import Prompt, PromptWriter, Variant, tool_size, visible_sample


def shown_item(item: Item, tools: ToolBound, seed: int) -> Item:
    """The sample with the tools it shows, and no others under its platforms.

    Args: seed: of the distractors.
    """
    if tools.bound is None or tools.all_shown:
        return item
    return with_tools(item, ranked_tools(item, seed).shown(tools.bound))


def ranked_tools(item: Item, seed: int) -> RankedTools[str]:
    """The tools of a sample in the order in which they are shown.

    Raises ConfigError where nobody says which are interchangeable: what is left out could tell the answer.
    """
    owners: dict[str, list[str]] = {name: [] for name in item.tools}
    for platform, functions in item.platforms.items():
        for function in functions:
            owners.setdefault(function, []).append(platform)
    known = item.capabilities if item.names_platforms else {name: name for name in item.tools}
    if unknown := next((name for name in item.tools if name not in known), None):
        raise ConfigError(
            f"tools: the dataset does not say which tools are interchangeable with {unknown!r:.60} (sample "
            f"{item.id!r:.60}), so none can be left out; expected tools=scenario, or the run folder with its "
            "api_tree.json as data"
        )
    offered = [OfferedTool(name, known[name], tuple(owners[name])) for name in item.tools]
    return rank_tools(offered, [call.name for call in item.calls], seed, item.id)


def with_tools(item: Item, shown: frozenset[str]) -> Item:
    """The sample with some of its tools only."""
    return replace(
        item,
        tools={name: schema for name, schema in item.tools.items() if name in shown},
        platforms={
            platform: tuple(function for function in functions if function in shown)
            for platform, functions in item.platforms.items()
        },
    )


def check_bound(bound: Bound, items: Iterable[Item], seed: int) -> None:
    """Raises ConfigError where a sample needs more tools than that, or nobody knows which it needs."""
    for item in items:
        needed = ranked_tools(item, seed).needed
        if isinstance(bound, int) and needed > bound:
            raise ConfigError(
                f"tools: got {bound}, but sample {item.id!r:.80} needs {needed} (its answer's tools and "
                f"their counterparts on the other platforms); expected at least {needed}, or platforms"
            )


def most_needed(items: Iterable[Item], seed: int) -> int:
    """The most tools that a sample needs."""
    return max((ranked_tools(item, seed).needed for item in items), default=0)


class PromptSizes:
    """How long the prompts of an evaluation are, and how many tools fit into them.

    Args: writer: of the prompts; variant: what they show; seed: of the distractors; window: the context they
    have to fit into; max_tokens: of an answer, None: the endpoint's own limit.
    """

    def __init__(
        self, writer: PromptWriter, variant: Variant, seed: int, window: ContextWindow, max_tokens: Any
    ) -> None:
        self._writer = writer
        self._variant: Variant = variant
        self._seed = seed
        self._window = window
        self._answer = max_tokens if isinstance(max_tokens, int) else least_answer(None)

    def prompt(self, item: Item) -> Prompt:
        """The prompt for a sample."""
        return self._writer.prompt(visible_sample(item, self._variant))

    def fitting(self, items: Iterable[Item]) -> tuple[int, int]:
        """How many tools fit into the prompt of every sample, and how many the neediest of them needs.

        Raises ContextTooShortError where not even those do that one needs.
        """
        fitting, needed = zip(*self._fitting(items), strict=True)
        return min(fitting), max(needed)

    def check(self, items: Iterable[Item]) -> None:
        """Raises ContextTooShortError for a sample whose prompt, as it stands, does not fit."""
        for item in items:
            size = self.prompt(item).size
            if not self._window.fits(size, self._answer):
                raise self._too_short(item, len(item.tools), size, "tools=null shows as many as fit")

    def _fitting(self, items: Iterable[Item]) -> Iterator[tuple[int, int]]:
        """Of every sample, how many tools fit and how many it needs."""
        room = self._window.size_beside(self._answer) or 0
        for item in items:
            ranked = ranked_tools(item, self._seed)
            base = self.prompt(with_tools(item, frozenset())).size
            sizes = [base + used for used in accumulate(self._tool_size(item, name) for name in ranked.order)]
            fitting = sum(size <= room for size in sizes)
            if fitting < ranked.needed:
                advice = "another variant or format has shorter ones"
                raise self._too_short(item, ranked.needed, sizes[ranked.needed - 1], advice)
            yield fitting, ranked.needed

    def _tool_size(self, item: Item, name: str) -> int:
        return tool_size(item.tools[name], name, native=self._writer.native)

    def _too_short(self, item: Item, tools: int, size: int, advice: str) -> ContextTooShortError:
        window = self._window
        need = window.need(f"the prompt of sample {item.id!r:.80} with {tools} tools", size, self._answer)
        return ContextTooShortError(f"{window.refusal(need)}: {advice}")
