"""Answering by words in common: what the scripted model does about platforms and functions it has no kit for.

It is a heuristic and meant as one: no phrase is understood, no value is thought of. Whatever a schema or a
profile holds, it raises nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .exam import Question, Solved

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NUMBER = re.compile(r"(?<![\w.])\d{1,9}(?:\.\d{1,2})?(?![\w.])")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_TIME = re.compile(r"\b\d{1,2}:\d{2}\b")
_QUOTED = re.compile(r"[\"“]([^\"”]{1,200})[\"”]")
_FUNCTION_WORDS = (
    "a an and are as at be but by can could do for from get have i in is it its me my of on or our please so "
    "that the their them then there this to up use want was we what when which will with would you your"
)
_COMMON = frozenset(_FUNCTION_WORDS.split())
_NAME_WEIGHT = 3


def words(text: str) -> frozenset[str]:
    """The words of a text or of a name (camelCase, snake_case), without endings and common ones."""
    found = (one.casefold() for one in _WORD.findall(text))
    return frozenset(_stem(one) for one in found if one not in _COMMON)


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def best_function(query: str, functions: Sequence[str], tools: Mapping[str, Mapping[str, Any]]) -> str:
    """The function whose name and description have most words in common with a query; the first on a tie."""
    asked = words(query)

    def weight(name: str) -> int:
        said = words(str(tools[name].get("description", "")))
        return _NAME_WEIGHT * len(asked & words(name)) + len(asked & said)

    return max(functions, key=weight)


def named_like(parameter: str, features: Iterable[str]) -> str | None:
    """The feature a parameter is named like: the same words, or else most of them and no less than half."""
    wanted = words(parameter)
    best, most = None, 0.0
    for feature in features:
        own = words(feature)
        share = len(wanted & own) / len(wanted | own) if wanted | own else 0.0
        if share > most:
            best, most = feature, share
    return best if most >= 0.5 else None


def guess(question: Question, rng: Random) -> Solved:
    """An answer to a question of the benchmark."""
    platform = _platform(question, rng)
    own = (question.platforms or {}).get(platform or "", ())
    functions = [one for one in own if one in question.tools] or list(question.tools)
    if not functions:
        return platform, ()
    name = best_function(question.query, functions, question.tools)
    return platform, ((name, _arguments(question, name)),)


def _platform(question: Question, rng: Random) -> str | None:
    """Where this user went for what had most words in common with the query, else where they went most."""
    if not question.platforms:
        return None
    asked, alike, visits = words(question.query), Counter[str](), Counter[str]()
    for deed in question.history:
        name = deed.get("platform")
        if isinstance(name, str) and name in question.platforms:
            visits[name] += 1
            alike[name] += len(asked & words(str(deed.get("action", ""))))
    if not visits:
        return rng.choice(list(question.platforms))
    return max(question.platforms, key=lambda name: (alike[name], visits[name]))


def _arguments(question: Question, name: str) -> dict[str, Any]:
    parameters = question.tools[name].get("parameters") or {}
    properties: Mapping[str, Any] = parameters.get("properties") or {}
    required = parameters.get("required") or ()
    numbers = list(_NUMBER.findall(_DATE.sub(" ", _TIME.sub(" ", question.query))))
    texts = _QUOTED.findall(question.query)
    asked, found = words(question.query), dict[str, Any]()
    for key, raw in properties.items():
        schema: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        value = _from_query(question.query, schema, numbers, texts)
        telling = "enum" in schema or schema.get("format") in ("date", "time")
        wanted = key in required or bool(words(key) & asked)
        feature = named_like(key, question.basic)
        if wanted and feature is not None and not (telling and value is not None):
            value = question.basic[feature]
        if value is None and key in required:
            value = schema.get("default")
        if value is not None and (wanted or telling):
            found[key] = value
    return found


def _from_query(query: str, schema: Mapping[str, Any], numbers: list[str], texts: list[str]) -> Any:
    """A value of the schema's kind that stands in the query; numbers and quotations are used up in order."""
    choices, kind, form = schema.get("enum"), schema.get("type"), schema.get("format")
    if isinstance(choices, list):
        asked = words(query)
        fitting = [one for one in choices if isinstance(one, str) and words(one) and words(one) <= asked]
        return fitting[0] if fitting else None
    if kind in ("integer", "number") and numbers:
        digits = numbers.pop(0)
        return int(float(digits)) if kind == "integer" else float(digits)
    if form in ("date", "time"):
        hit = (_DATE if form == "date" else _TIME).search(query)
        return hit.group() if hit else None
    return texts.pop(0) if kind == "string" and texts else None
