"""What the published PTBench code computes, its oddities kept, except that nothing of an answer is evaluated.

Its parser differs from ours (`official_parse`), names match by their first occurrence, every gold parameter
is mandatory, values compare by `_included`, hits are counted per predicted call, and **an exception while
scoring makes the answer a format failure**. Where the published code evaluates a binary operation,
arithmetic on numbers and strings is done within bounds here; an operation on anything else, and an answer
beyond the bounds of `parsing.bounds`, is a format failure.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from ..items import CodedError, GoldCall, Item, MatchResult, ParseError, PredictedCall, Prediction
from .official_parsing import official_parse

__all__ = ["match_official", "official_parse", "official_unreadable"]

_Call = TypeVar("_Call", GoldCall, PredictedCall)


def match_official(item: Item, prediction: Prediction) -> MatchResult:
    """Compare as the published code does; where that would raise, a format failure with the exception's
    name."""
    if item.flaw:
        return official_unreadable(item, ParseError(0, f"the published rules cannot compare it: {item.flaw}"))
    try:
        result = _match_predicted(item, prediction.calls)
        _match_gold(item, prediction.calls, result)
    except Exception as error:  # the published code catches everything here, too
        return official_unreadable(
            item, ParseError(0, f"the published rules cannot compare it: {_describe(error)}")
        )
    if item.platform is not None:
        result.platform = bool(item.published.get("platform", item.platform) == prediction.platform)
    result.tool_param &= result.tool_name
    result.tool_value &= result.tool_param
    return result


def official_unreadable(item: Item, error: ParseError) -> MatchResult:
    """The result for an answer the published code cannot read or score."""
    return MatchResult.unreadable(item, error, len(item.query_params), len(item.profile_params))


def _match_predicted(item: Item, calls: Sequence[PredictedCall]) -> MatchResult:
    """Every predicted call against the first gold call of its name: flags, hits, and half of the error
    types."""
    gold = _first_by_name(item.calls)
    result = MatchResult(
        True, None, True, True, True, 0, len(item.query_params), 0, len(item.profile_params), []
    )
    for call in calls:
        wanted = gold.get(call.name)
        if wanted is None:
            result.tool_name = False
            continue
        for name, value in call.arguments.items():
            if name not in wanted.accepted:
                result.tool_param = False
            elif not _included(value, _accepted(wanted, name)):
                result.tool_value = False
            elif name in item.query_params:
                result.query_hits += 1
            elif name in item.profile_params:
                result.profile_hits += 1
    return result


def _match_gold(item: Item, calls: Sequence[PredictedCall], result: MatchResult) -> None:
    """Every gold call against the first predicted one of its name, and the published counts of errors.

    The published names are the wrong way round: what it calls 'missing' is what the answer has too much.
    """
    excess_tool, excess_parameter = not result.tool_name, not result.tool_param
    lacking_tool = lacking_parameter = wrong = False
    given = _first_by_name(calls)
    for gold in item.calls:
        call = given.get(gold.name)
        if call is None:
            lacking_tool = True
            continue
        for name in gold.accepted:
            if name not in call.arguments:
                lacking_parameter = True
            elif not _included(call.arguments[name], _accepted(gold, name)):
                wrong = True
    result.tool_name &= not lacking_tool
    result.tool_param &= not lacking_parameter
    result.tool_value &= not wrong
    tools = [("tool.missing", excess_tool), ("tool.excessive", lacking_tool)]
    if excess_tool and lacking_tool:
        tools = [("tool.wrong", True)]
    parameters = [("parameter.missing", excess_parameter), ("parameter.excessive", lacking_parameter)]
    values = [("parameter.wrong", wrong)]
    for level in (tools, parameters, values):
        coded = [CodedError(code) for code, happened in level if happened]  # type: ignore[arg-type]
        if coded:
            result.errors += coded
            break


def _first_by_name(calls: Sequence[_Call]) -> dict[str, _Call]:
    """Name -> its first call: later ones of the same name are never looked at."""
    first_calls: dict[str, _Call] = {}
    for call in calls:
        first_calls.setdefault(call.name, call)
    return first_calls


def _accepted(gold: GoldCall, name: str) -> Any:
    return gold.published[name] if name in gold.published else gold.accepted[name]


def _included(value: Any, wanted: Any) -> bool:
    """The published membership test, in its order; it raises where the published one does."""
    if value in ("true", "false"):
        return (value == "true") in wanted
    if isinstance(value, str):
        return value.lower() in [text.lower() for text in wanted]
    if isinstance(value, list):
        words = {word.lower() for word in value}
        return words in [{accepted.lower() for accepted in other} for other in wanted]
    if isinstance(value, int) and not isinstance(value, bool):
        return wanted[0] - 0.01 <= value <= wanted[0] + 0.01
    return value in wanted


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:120]


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def obstacles(item: Item) -> tuple[str, ...]:
    """The reasons, each once, in the order of the answer; empty: the published rules can score it."""
    reasons = list(_name_obstacles(item))
    for call in item.calls:
        reasons += _call_obstacles(call)
    return tuple(dict.fromkeys(reasons))


def _name_obstacles(item: Item) -> Iterator[str]:
    if item.flaw:
        yield item.flaw
    if "platform" in item.published:
        yield "the platform to choose is no text"
    names = [call.name for call in item.calls]
    if len(set(names)) < len(names):
        yield "a function is called twice: only its first call is looked at"
    for name in names:
        if not all(_is_name(part) for part in name.split(".")):
            yield "a function's name is not a Python name"


def _call_obstacles(call: GoldCall) -> Iterator[str]:
    for name, wanted in call.accepted.items():
        if not _is_name(name):
            yield "a parameter's name is not a Python name"
        if name in call.published:
            yield "accepted values are not a list"
        if not wanted:
            yield "a parameter without accepted values"
        for value in wanted:
            yield from _value_obstacles(value, wanted)


def _value_obstacles(value: Any, wanted: tuple[Any, ...]) -> Iterator[str]:
    if value in ("true", "false"):
        yield "the text 'true' or 'false' is read as a truth value"
    elif isinstance(value, str) and not all(isinstance(text, str) for text in wanted):
        yield "text among accepted values that are not all text: comparing raises"
    elif isinstance(value, list) and not all(_is_words(words) for words in wanted):
        yield "a list that holds other things than text: comparing raises"
    elif isinstance(value, int) and not isinstance(value, bool):
        first = wanted[0]
        if not isinstance(first, int | float) or not first - 0.01 <= value <= first + 0.01:
            yield "a whole number that is not the first accepted value"


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(element, str) for element in value)


def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and not keyword.iskeyword(name)
