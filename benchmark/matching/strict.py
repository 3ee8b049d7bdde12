"""The paper's formulas (§5.1, equations 2-8): calls matched one to one, typed values, correctly named errors.

Calls of one name are assigned so that as many values as possible are right (and among those, with the
fewest mistakes); then no other assignment has more right names. A parameter that may be left out, or whose
schema default is an accepted value, may be absent: the invocation is the same. One the gold does not have
may be given as its default.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unicodedata import normalize

from ..items import CodedError, ErrorCode, GoldCall, Item, MatchResult, PredictedCall, Prediction
from ..parsing.bounds import short
from .values import accepted, same, subschema

_HIT = 1_000_000
"""weight of one right value against one mistake: values first"""


def match_strict(item: Item, prediction: Prediction) -> MatchResult:
    """Compare a prediction with the gold answer."""
    return _Matcher(item).match(prediction)


class _Matcher:
    """One item's gold against one prediction."""

    __slots__ = ("_errors", "_item", "_names", "_parameters", "_profile", "_query", "_totals", "_values")

    def __init__(self, item: Item) -> None:
        self._item = item
        self._errors: list[CodedError] = []
        self._names = self._parameters = self._values = True
        self._query = self._profile = 0
        self._totals = [0, 0]

    def match(self, prediction: Prediction) -> MatchResult:
        """Match, count and explain."""
        item = self._item
        if item.flaw:
            self._error("tool.wrong", "the gold answer", item.flaw)
            wrong = None if item.platform is None else False
            return MatchResult(True, wrong, False, False, False, 0, 0, 0, 0, self._errors)
        platform = None if item.platform is None else prediction.platform == item.platform
        if "platform" in item.published:
            platform = False
        if platform is False:
            self._error("platform", "platform", *_apart((item.platform,), prediction.platform))
        pairs, unmatched, excessive = _pairs(item, prediction.calls)
        for gold, predicted in pairs:
            self._compare(gold, predicted)
        if unmatched or excessive:
            self._wrong_tools(unmatched, excessive)
        names, parameters = self._names, self._names and self._parameters
        query, profile = self._totals
        return MatchResult(
            True, platform, names, parameters, parameters and self._values,
            self._query, query, self._profile, profile, self._errors,
        )  # fmt: skip

    def _compare(self, gold: GoldCall, predicted: PredictedCall) -> None:
        arguments = predicted.arguments
        for name, wanted in gold.accepted.items():
            if name in arguments:
                value = arguments[name]
                right = _right(self._item, gold.name, name, value, wanted)
                if not right:
                    self._values = False
                    self._error("parameter.wrong", f"{gold.name}.{name}", *_apart(wanted, value))
            else:
                right = _may_be_absent(self._item, gold, name, wanted)
                if not right:
                    self._parameters = False
                    self._error("parameter.missing", f"{gold.name}.{name}", _any_of(wanted))
            self._count(gold, name, right, arguments)
        for name, value in arguments.items():
            if name not in gold.accepted and not _may_be_extra(self._item, gold.name, name, value):
                self._parameters = False
                self._error("parameter.excessive", f"{gold.name}.{_path_subschema(name)}", got=short(value))

    def _count(self, gold: GoldCall, name: str, right: bool, arguments: dict[str, Any]) -> None:
        origin = gold.origins.get(name)
        if origin == "query":
            self._totals[0] += 1
            self._query += right
        elif origin == "profile":
            self._totals[1] += 1
            self._profile += right
        else:
            return
        if not right:
            code: ErrorCode = "origin.query" if origin == "query" else "origin.profile"
            wanted = gold.accepted[name]
            shown = _apart(wanted, arguments[name]) if name in arguments else (_any_of(wanted), "")
            self._error(code, f"{gold.name}.{name}", *shown)

    def _wrong_tools(self, unmatched: Sequence[GoldCall], excessive: Sequence[PredictedCall]) -> None:
        """What is left over on both sides is a wrong tool; what one side has more is missing or excessive."""
        self._names = False
        both = min(len(unmatched), len(excessive))
        for gold, predicted in zip(unmatched, excessive, strict=False):
            self._error("tool.wrong", gold.name, *_apart((gold.name,), predicted.name))
        for gold in unmatched[both:]:
            self._error("tool.missing", gold.name, short(gold.name))
        for predicted in excessive[both:]:
            self._error("tool.excessive", _path_subschema(predicted.name), got=short(predicted.name))
        for gold in unmatched:
            for name in gold.accepted:
                self._count(gold, name, False, {})

    def _error(self, code: ErrorCode, path: str, expected: str = "", got: str = "") -> None:
        self._errors.append(CodedError(code, path, expected, got))


def _any_of(wanted: tuple[Any, ...]) -> str:
    more = " or …" if len(wanted) > 4 else ""
    return " or ".join(short(value) for value in wanted[:4]) + more


def _apart(wanted: tuple[Any, ...], value: Any) -> tuple[str, str]:
    """Both as text; where they look alike and differ, what is no ASCII is escaped."""
    expected, got = _any_of(wanted), short(value)
    if any(
        isinstance(value, str) and isinstance(other, str) and _look_alike(value, other)
        for other in wanted[:4]
    ):
        return _escaped(expected), _escaped(got)
    return expected, got


def _look_alike(text: str, other: str) -> bool:
    """Whether two different texts may look the same: in their compatible form, or letter by letter one in
    ASCII and one not (а and a)."""
    text, other = (normalize("NFKC", "".join(filter(str.isprintable, each[:200]))) for each in (text, other))
    if text == other:
        return True
    return len(text) == len(other) and all(
        mine == theirs or mine.isascii() != theirs.isascii() for mine, theirs in zip(text, other, strict=True)
    )


def _escaped(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


def _path_subschema(name: str) -> str:
    """A name from an answer, as a part of a path."""
    return name if len(name) <= 80 and name.isidentifier() else short(name)


def _pairs(
    item: Item, calls: tuple[PredictedCall, ...]
) -> tuple[list[tuple[GoldCall, PredictedCall]], list[GoldCall], list[PredictedCall]]:
    """Matched calls in the gold's order, gold calls without a partner, predicted calls without one."""
    golds = item.calls
    partner: dict[int, int] = {}
    for name in dict.fromkeys(gold.name for gold in golds):
        wanted = [n for n, gold in enumerate(golds) if gold.name == name]
        given = [n for n, call in enumerate(calls) if call.name == name]
        if len(wanted) == len(given) == 1:  # most answers
            partner |= zip(wanted, given, strict=True)
            continue
        weights = [[_weight(item, golds[g], calls[c]) for c in given] for g in wanted]
        partner |= {wanted[row]: given[column] for row, column in best_assignment(weights)}
    taken = set(partner.values())
    pairs = [(golds[g], calls[partner[g]]) for g in sorted(partner)]
    unmatched = [gold for n, gold in enumerate(golds) if n not in partner]
    return pairs, unmatched, [call for n, call in enumerate(calls) if n not in taken]


def _weight(item: Item, gold: GoldCall, predicted: PredictedCall) -> int:
    given = predicted.arguments
    hits = sum(
        _right(item, gold.name, name, given[name], wanted)
        if name in given
        else _may_be_absent(item, gold, name, wanted)
        for name, wanted in gold.accepted.items()
    )
    excessive = sum(
        name not in gold.accepted and not _may_be_extra(item, gold.name, name, value)
        for name, value in given.items()
    )
    return hits * _HIT - (len(gold.accepted) - hits + excessive)


def _schema(item: Item, function: str, parameter: str) -> dict[str, Any]:
    return subschema(subschema(subschema(item.tools.get(function), "parameters"), "properties"), parameter)


def _right(item: Item, function: str, parameter: str, value: Any, wanted: tuple[Any, ...]) -> bool:
    if type(value) is str and value in wanted:  # most values
        return True
    return accepted(value, wanted, _schema(item, function, parameter), item.rules)


def _may_be_absent(item: Item, gold: GoldCall, parameter: str, wanted: tuple[Any, ...]) -> bool:
    if parameter in gold.optional or gold.origins.get(parameter) == "default":
        return True
    schema = _schema(item, gold.name, parameter)
    return "default" in schema and any(same(schema["default"], value, schema, item.rules) for value in wanted)


def _may_be_extra(item: Item, function: str, parameter: str, value: Any) -> bool:
    if item.rules.extra == "ignored":
        return True
    schema = _schema(item, function, parameter)
    return "default" in schema and same(value, schema["default"], schema, item.rules)


def best_assignment(weights: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Pairs (row, column), ascending by row, that use min(rows, columns) of them and have the greatest
    total weight.

    Args:
        weights: rows x columns; O(rows² · columns).
    """
    if not weights or not weights[0]:
        return []
    if len(weights) > len(weights[0]):
        turned = [list(column) for column in zip(*weights, strict=True)]
        return sorted((row, column) for column, row in best_assignment(turned))
    matched = _hungarian(weights)
    return sorted((row, column) for column, row in enumerate(matched) if row is not None)


def _hungarian(weights: Sequence[Sequence[int]]) -> list[int | None]:
    """Column -> its row, by shortest augmenting paths on potentials; rows <= columns."""
    rows, columns = len(weights), len(weights[0])
    places = columns + 1  # the last one is where a path starts
    row_potential, column_potential = [0] * rows, [0] * places
    owner: list[int | None] = [None] * places
    for row in range(rows):
        owner[columns] = row
        least: list[int | None] = [None] * columns
        before, visited, here = [columns] * columns, [False] * places, columns
        while (current := owner[here]) is not None:
            visited[here] = True
            for column in range(columns):
                if visited[column]:
                    continue
                slack = -weights[current][column] - row_potential[current] - column_potential[column]
                known = least[column]
                if known is None or slack < known:
                    least[column], before[column] = slack, here
            delta, nearest = min(
                (slack, column)
                for column, slack in enumerate(least)
                if slack is not None and not visited[column]
            )
            for column in range(places):
                if visited[column]:
                    owned = owner[column]
                    assert owned is not None
                    row_potential[owned] += delta
                    column_potential[column] -= delta
                elif (slack := least[column]) is not None:
                    least[column] = slack - delta
            here = nearest
        while here != columns:
            owner[here] = owner[before[here]]
            here = before[here]
    return owner[:columns]
