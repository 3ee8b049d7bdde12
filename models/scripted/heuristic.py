"""Answering by words in common: what the scripted model does about platforms and functions it has no kit for.

It is a heuristic and meant as one: no phrase is understood, no value is thought of. Whatever a schema or a
profile holds, it raises nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

from ...errors import ModelError
from .library import Library
from .role_request import Part
from .solving import solve

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


__all__ = ["Examinee", "Question", "Solved", "best_function", "named_like"]

Solved = tuple[str | None, tuple[tuple[str, dict[str, Any]], ...]]
"""(platform, or None where there are none; ((function, parameter -> value), …))."""

_SECTION = re.compile(r"^(You are given a user profile|Here is some (?:platforms|APIs)[^\n]*):\n(.*)$", re.M)


@dataclass(frozen=True, slots=True)
class Question:
    """What one sample shows."""

    query: str
    basic: Mapping[str, Any]
    history: tuple[Mapping[str, Any], ...]
    """actions, {platform, action}"""
    platforms: Mapping[str, Sequence[str]] | None
    """platform -> its functions, as far as they are known; None: there are no platforms"""
    tools: Mapping[str, Mapping[str, Any]]
    """function -> its schema"""


class Examinee:
    """Answers questions of PTBench.

    Args: library: the kits it knows.
    """

    def __init__(self, library: Library) -> None:
        self._library = library

    def solve(self, question: Question, seed: int) -> Solved:
        """The platform and the calls."""
        rng = Random(seed)
        understood = self._understood(question, seed)
        return guess(question, rng) if understood is None else understood

    def answer(self, texts: Sequence[str], tools: Sequence[Mapping[str, Any]], seed: int) -> str | None:
        """The answer to a prompt of the benchmark; None: it is none.

        Args: texts: the system's and the user's; tools: schemas sent beside them; seed: of the call.
        """
        question = _question(texts, tools)
        if question is None:
            return None
        solved = self.solve(question, seed)
        if tools:
            return _as_tool_calls(solved)
        return _as_json(solved) if '"functions":' in texts[0].rpartition("\n")[2] else _as_python(solved)

    def _understood(self, question: Question, seed: int) -> Solved | None:
        """The solution by a kit's phrases; None where no kit knows these platforms, or not these words."""
        home = self._library.home(question.platforms or ())
        if home is None or not question.platforms:
            return None
        views: dict[str, Any] = {
            "scenario": {"name": home},
            "query": question.query,
            "platforms": [{"name": name} for name in question.platforms],
            "profile.basic": dict(question.basic),
        }
        if question.history:
            views["history"] = {home: [dict(one) for one in question.history]}
        blocks = {name: orjson.dumps(one).decode() for name, one in views.items()}
        try:
            solution = solve(Part("examinee", blocks, seed, self._library))
        except (ModelError, KeyError, TypeError, ValueError):  # a profile may be anybody's
            return None
        calls = tuple((call.api, dict(call.arguments)) for call in solution.calls)
        offered = all(name in question.tools for name, _ in calls)
        return (solution.platform, calls) if calls and offered else None


def _question(texts: Sequence[str], tools: Sequence[Mapping[str, Any]]) -> Question | None:
    """What a prompt of the benchmark says; None where it is none."""
    if len(texts) < 2:
        return None
    try:
        shown = {_heading(one[1]): orjson.loads(one[2]) for one in _SECTION.finditer(texts[0])}
        return _asked(texts[1], shown, tools) if tools or "APIs" in shown else None
    except (orjson.JSONDecodeError, KeyError, TypeError):  # it only began like one
        return None


def _asked(query: str, shown: Mapping[str, Any], tools: Sequence[Mapping[str, Any]]) -> Question:
    profile, listed = _object(shown.get("profile")), shown.get("platforms")
    schemas = [*(one["function"] for one in shown.get("APIs", ())), *tools]
    return Question(
        query=query,
        basic=_object(profile.get("basic_features", {} if "user_history" in profile else profile)),
        history=tuple(_actions(profile.get("user_history"))),
        platforms=None if listed is None else {one["name"]: one.get("apis", ()) for one in listed},
        tools={one["name"]: one for one in schemas},
    )


def _heading(text: str) -> str:
    return next(one for one in ("profile", "APIs", "platforms") if one in text)


def _actions(history: Any) -> Iterator[Mapping[str, Any]]:
    for actions in _object(history).values():
        yield from (one for one in actions if isinstance(one, dict)) if isinstance(actions, list) else ()


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _as_python(solved: Solved) -> str:
    platform, calls = solved
    written = ", ".join(
        f"{name}({', '.join(f'{one}={value!r}' for one, value in arguments.items())})"
        for name, arguments in calls
    )
    if platform is None:
        return f"[{written}]"
    return f"{{{platform if platform.isidentifier() else repr(platform)}: [{written}]}}"


def _as_json(solved: Solved) -> str:
    platform, calls = solved
    functions = [{"name": name, "parameters": arguments} for name, arguments in calls]
    chosen = {} if platform is None else {"platform": platform}
    return orjson.dumps({**chosen, "functions": functions}).decode()


def _as_tool_calls(solved: Solved) -> str:
    _, calls = solved
    made = [
        {"type": "function", "function": {"name": name, "arguments": orjson.dumps(arguments).decode()}}
        for name, arguments in calls
    ]
    return orjson.dumps({"tool_calls": made}).decode()
