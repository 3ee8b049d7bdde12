"""Where every argument comes from: the query, the profile or the schema's default (Appendix B.2)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from ...records import ArgumentOrigin, Evidence, Intent, Origin, Reason, TaskCall
from ...texts.search import Span, find_quote, searchable_text, states_value
from ...texts.values import same, within
from ..world import Tool
from .case import Case, pair_calls, pair_intents
from .check import Check

_Source = tuple[Origin, Evidence]


@dataclass(frozen=True, slots=True)
class Traced:
    """The origins that were found, and the arguments for which there is none."""

    origins: tuple[ArgumentOrigin, ...]
    untraced: tuple[tuple[int, str], ...]
    """Position of the call and parameter."""


def trace(case: Case) -> Traced:
    """Find the origin of every argument of the case's solution.

    A value may stand in the query and in the profile at once. In a guided task the task's own label
    decides; otherwise the query comes first, then the profile, then the default.
    """
    origins: list[ArgumentOrigin] = []
    untraced: list[tuple[int, str]] = []
    for index, parameter, value, source in _sources(case):
        if source is None:
            untraced.append((index, parameter))
            continue
        origin, evidence = source
        origins.append(
            ArgumentOrigin(call=index, parameter=parameter, value=value, origin=origin, evidence=evidence)
        )
    return Traced(tuple(origins), tuple(untraced))


class GroundingCheck(Check):
    """Every argument comes from the query, the profile or the schema's default."""

    phase = "valid_solution"
    codes: ClassVar = {
        "grounding.untraced": "a value stands neither in the query nor in the profile and is no default",
    }

    def run(self, case: Case) -> Iterator[Reason]:
        """Name every argument whose value comes from nowhere."""
        for index, parameter, value, source in _sources(case):
            if source is None:
                yield Reason(
                    code="grounding.untraced",
                    blames="solution",
                    path=f"calls[{index}].arguments.{parameter[:100]}",
                    message=f"{str(value)[:200]!r} is neither in the request nor in the profile, and no "
                    "default; take the value from there or leave the parameter out",
                )


def _sources(case: Case) -> Iterator[tuple[int, str, Any, _Source | None]]:
    """Position of the call, parameter, value, and where the value comes from; None: from nowhere."""
    behind = {id(intent): call for intent, call in zip(case.query.intents, pair_intents(case), strict=True)}
    taken: set[Span] = set()
    for index, (call, intent) in enumerate(zip(case.calls, pair_calls(case), strict=True)):
        tool = case.world.tools.get((case.solution.platform, call.api))  # type: ignore[union-attr]
        for parameter, value in call.arguments.items():
            argument = _Argument(case, tool, intent, behind.get(id(intent)), parameter, value)
            source = argument.source(taken)
            if source is not None and source[1].span is not None:
                taken.add(source[1].span)
            yield index, parameter, value, source


@dataclass(frozen=True, slots=True)
class _Argument:
    """One argument and where to look for it."""

    case: Case
    tool: Tool | None
    intent: Intent | None
    call: TaskCall | None
    parameter: str
    value: Any

    def source(self, taken: Collection[Span]) -> _Source | None:
        """Where the value is from; of words that stand twice in the query, those not taken already."""
        ways = {
            "query": lambda: self.from_query(taken),
            "profile": self.from_profile,
            "default": self.from_default,
        }
        for name in self._order():
            if (evidence := ways[name]()) is not None:
                return name, evidence
        return None

    def _order(self) -> tuple[Origin, ...]:
        if self.call is not None and self.parameter in self.call.known:
            return "profile", "query", "default"
        if self.call is not None and self.parameter in self.call.defaults:
            return "default", "query", "profile"
        return "query", "profile", "default"

    @property
    def schema(self) -> dict[str, Any]:
        return (self.tool.properties.get(self.parameter) if self.tool else None) or {}

    def from_query(self, taken: Collection[Span]) -> Evidence | None:
        text = self.case.query.text
        if self.intent is not None and self.parameter in self.intent.stated:
            words = next(
                (phrase.words for phrase in self.intent.phrases if phrase.parameter == self.parameter), ""
            )
            meant = same(self.value, self.intent.stated[self.parameter])
            span = (
                find_quote(words, text, taken)
                if meant and states_value(words, self.value, self.schema)
                else None
            )
            if span is not None:
                return Evidence(words=words, span=span, path=None)
        if span := searchable_text(text).locate(self.value):
            return Evidence(words=text[span[0] : span[1]], span=span, path=None)
        return None

    def from_profile(self) -> Evidence | None:
        basic = self.case.profile.basic
        linked = self._linked_feature()
        if linked is not None and linked in basic and within(self.value, basic[linked]):
            return Evidence(words=None, span=None, path=f"basic_features.{linked}")
        # A number equals some feature by chance: without a link only text proves where a value comes from.
        if isinstance(self.value, str | list | dict):
            for feature, value in basic.items():
                if within(self.value, value):
                    return Evidence(words=None, span=None, path=f"basic_features.{feature}")
        return None

    def _linked_feature(self) -> str | None:
        if self.call is not None and self.parameter in self.call.known:
            return self.call.known[self.parameter]
        if self.tool is None:
            return None
        return self.case.world.feature_of.get((self.tool.platform, self.tool.api.name, self.parameter))

    def from_default(self) -> Evidence | None:
        if "default" in self.schema and same(self.value, self.schema["default"]):
            return Evidence(words=None, span=None, path=None)
        return None
