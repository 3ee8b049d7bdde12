"""Samples made to fit into `max_length` tokens: tools nobody needs are left out, no answer is cut.

The answer's tools and their counterparts on the other platforms always stay, as in an evaluation. A sample
that is too long even then is left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import orjson

from ..benchmark import Item
from ..errors import ConfigError
from ..evaluation.prompt import PromptWriter, check_variant, visible_sample
from ..evaluation.tool_bound import check_bound, ranked_tools, with_tools
from ..models.chat_template import ChatTemplate, EncodedAnswer, Message
from ..models.tool_selection import RankedTools
from ..settings import TrainSettings
from .samples import Answers


class TrainingSample(NamedTuple):
    """One conversation to learn from."""

    messages: list[Message]
    """the prompt"""
    chosen: str
    rejected: str | None
    why: str
    tokens: EncodedAnswer
    """prompt and chosen answer"""
    length: int
    """tokens of the prompt and the longer of its answers"""


@dataclass(slots=True)
class LengthReport:
    """What became of the samples."""

    kept: int = 0
    shortened: int = 0
    """of the kept ones, those that show fewer tools than they were to show"""
    left_out: int = 0
    """too long even with nothing but the tools they need"""
    tokens: int = 0
    """of all kept ones"""
    longest: int = 0

    def describe(self, max_length: int) -> str:
        """One line for people."""
        line = f"{self.kept:,} samples with {self.tokens:,} tokens, the longest with {self.longest:,}"
        if not self.shortened and not self.left_out:
            return line
        return (
            f"{line}; longer than max_length={max_length:,}: {self.shortened:,} that show fewer tools, "
            f"{self.left_out:,} left out; no answer is cut"
        )


class LengthFit:
    """Encodes samples and makes them fit.

    Args: template: of the model; settings: what is shown, and how many tokens there may be.
    """

    def __init__(self, template: ChatTemplate, settings: TrainSettings) -> None:
        self._template = template
        self._settings = settings
        self._writer = PromptWriter(settings.format)
        self._tool_tokens: dict[int, tuple[object, int]] = {}
        self.report = LengthReport()

    def fit(self, answers: Iterable[Answers]) -> Iterator[TrainingSample]:
        """The samples that fit, in their order; `report` counts them.

        Raises ConfigError: the variant or the tools asked for do not go with the data.
        """
        for given in answers:
            check_variant(given.item, self._settings.variant)
            sample = self._fitting(given)
            if sample is None:
                self.report.left_out += 1
                continue
            self.report.kept += 1
            self.report.tokens += sample.length
            self.report.longest = max(self.report.longest, sample.length)
            yield sample

    def _fitting(self, given: Answers) -> TrainingSample | None:
        bound, item = self._settings.tools, given.item
        ranked = None
        if bound not in (None, "scenario"):
            check_bound(bound, [item], self._settings.seed)
            ranked = ranked_tools(item, self._settings.seed)
            item = with_tools(item, ranked.shown(bound))
        whole = self._sample(given, item)
        if whole.length <= self._settings.max_length:
            return whole
        if (ranked := ranked or self._ranked(item)) is None:
            return None
        for count in self._counts(given, ranked, len(item.tools)):
            sample = self._sample(given, with_tools(given.item, frozenset(ranked.order[:count])))
            if sample.length <= self._settings.max_length:
                self.report.shortened += 1
                return sample
        return None

    def _ranked(self, item: Item) -> RankedTools[str] | None:
        """None where nobody knows which tools are interchangeable: all or nothing."""
        try:
            return ranked_tools(item, self._settings.seed)
        except ConfigError:
            return None

    def _counts(self, given: Answers, ranked: RankedTools[str], shown: int) -> Iterator[int]:
        """How many tools to try, falling: from what should fit down to what the answer needs."""
        base = self._sample(given, with_tools(given.item, frozenset())).length
        room = self._settings.max_length - base
        sizes = accumulate(self._tokens_of(given.item.tools[name]) for name in ranked.order[:shown])
        likely = sum(size <= room for size in sizes)
        yield from range(max(likely, ranked.needed), ranked.needed - 1, -1)

    def _tokens_of(self, tool: dict[str, object]) -> int:
        """Tokens of a tool's schema; schemas are shared between samples."""
        kept = self._tool_tokens.get(id(tool))
        if kept is None or kept[0] is not tool:
            text = orjson.dumps(tool).decode()
            kept = tool, len(self._template.prompt([{"role": "user", "content": text}]))
            self._tool_tokens[id(tool)] = kept
        return kept[1]

    def _sample(self, given: Answers, item: Item) -> TrainingSample:
        prompt = self._writer.prompt(visible_sample(item, self._settings.variant))
        messages = self._template.messages(prompt.system, prompt.user)
        tokens = self._template.encode(messages, given.chosen)
        answer = len(tokens.answer)
        if given.rejected is not None:
            answer = max(answer, len(self._template.encode(messages, given.rejected).answer))
        length = len(tokens.prompt) + answer
        return TrainingSample(messages, given.chosen, given.rejected, given.why, tokens, length)
