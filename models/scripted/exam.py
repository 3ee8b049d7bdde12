"""The scripted model sits PTBench: it reads the prompt a language model would get, and answers in its format.

It infers from what is shown and nothing else: the platform from behaviour in similar needs, the functions and
their arguments from the query's words, the basic features and the schemas. Where the platforms are those of a
kit it knows, it understands the kit's phrases; elsewhere it goes by words in common (`guessing`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

from ...errors import ModelError
from .guessing import best_function, guess, named_like
from .library import Library
from .part import Part
from .solving import solve

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
