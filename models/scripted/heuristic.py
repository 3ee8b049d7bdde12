"""The scripted model's answers to prompts of PTBench, without any language model.

Platforms of a kit it knows are solved by the kit's templates (`roles/assistant.py`). All others are answered
by words in common: the function whose name and description share most words with the query, the platform
where the user did what is most alike, parameters from basic features of a similar name. That is a baseline
and meant as one; whatever a schema or a profile holds, it raises nothing.
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
from .kit import Library
from .role_request import RoleRequest
from .roles.assistant import solve

HeuristicAnswer = tuple[str | None, tuple[tuple[str, dict[str, Any]], ...]]
"""(platform, or None where there are none; ((function, parameter -> value), …))."""

_SECTION = re.compile(r"^(You are given a user profile|Here is some (?:platforms|APIs)[^\n]*):\n(.*)$", re.M)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NUMBER = re.compile(r"(?<![\w.])\d{1,9}(?:\.\d{1,2})?(?![\w.])")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_TIME = re.compile(r"\b\d{1,2}:\d{2}\b")
_QUOTED = re.compile(r"[\"“]([^\"”]{1,200})[\"”]")
_STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "can",
        "could",
        "do",
        "for",
        "from",
        "get",
        "have",
        "i",
        "in",
        "is",
        "it",
        "its",
        "me",
        "my",
        "of",
        "on",
        "or",
        "our",
        "please",
        "so",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "this",
        "to",
        "up",
        "use",
        "want",
        "was",
        "we",
        "what",
        "when",
        "which",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)
_NAME_WEIGHT = 3
"""How many words of a description one word of a function's name is worth."""


@dataclass(frozen=True, slots=True)
class HeuristicTask:
    """What one sample of the benchmark shows."""

    query: str
    basic: Mapping[str, Any]
    history: tuple[Mapping[str, Any], ...]
    """actions, {platform, action}"""
    platforms: Mapping[str, Sequence[str]] | None
    """platform -> its functions, as far as they are known; None: there are no platforms"""
    tools: Mapping[str, Mapping[str, Any]]
    """function -> its schema"""


class HeuristicSolver:
    """Answers samples of PTBench.

    Args: library: the kits it knows.
    """

    def __init__(self, library: Library) -> None:
        self._library = library

    def answer(self, texts: Sequence[str], tools: Sequence[Mapping[str, Any]], seed: int) -> str | None:
        """The answer to a prompt of the benchmark, in the format it asks for; None: it is no such prompt.

        Args: texts: the system's and the user's; tools: schemas sent beside them; seed: of the call.
        """
        task = _read_prompt(texts, tools)
        if task is None:
            return None
        answer = self.solve(task, seed)
        if tools:
            return _as_tool_calls(answer)
        return _as_json(answer) if '"functions":' in texts[0].rpartition("\n")[2] else _as_python(answer)

    def solve(self, task: HeuristicTask, seed: int) -> HeuristicAnswer:
        """The platform and the calls: by a kit's templates, else by words in common."""
        answer = self._solve_by_kit(task, seed)
        return _solve_by_words(task, Random(seed)) if answer is None else answer

    def _solve_by_kit(self, task: HeuristicTask, seed: int) -> HeuristicAnswer | None:
        """None where no kit has these platforms, or its templates do not match the query."""
        scenario = self._library.scenario_of(task.platforms or ())
        if scenario is None or not task.platforms:
            return None
        views: dict[str, Any] = {
            "scenario": {"name": scenario},
            "query": task.query,
            "platforms": [{"name": name} for name in task.platforms],
            "profile.basic": dict(task.basic),
        }
        if task.history:
            views["history"] = {scenario: [dict(action) for action in task.history]}
        blocks = {name: orjson.dumps(view).decode() for name, view in views.items()}
        try:
            solution = solve(RoleRequest("examinee", blocks, seed, self._library))
        except (ModelError, KeyError, TypeError, ValueError):  # a profile may be anybody's
            return None
        calls = tuple((call.api, dict(call.arguments)) for call in solution.calls)
        offered = all(name in task.tools for name, _ in calls)
        return (solution.platform, calls) if calls and offered else None


def _read_prompt(texts: Sequence[str], tools: Sequence[Mapping[str, Any]]) -> HeuristicTask | None:
    """What a prompt of the benchmark shows; None where it is none."""
    if len(texts) < 2:
        return None
    try:
        shown = {_section(match[1]): orjson.loads(match[2]) for match in _SECTION.finditer(texts[0])}
        return _task(texts[1], shown, tools) if tools or "APIs" in shown else None
    except (orjson.JSONDecodeError, KeyError, TypeError):  # it only began like one
        return None


def _section(heading: str) -> str:
    return next(name for name in ("profile", "APIs", "platforms") if name in heading)


def _task(query: str, shown: Mapping[str, Any], tools: Sequence[Mapping[str, Any]]) -> HeuristicTask:
    profile, platforms = _as_object(shown.get("profile")), shown.get("platforms")
    schemas = [*(tool["function"] for tool in shown.get("APIs", ())), *tools]
    return HeuristicTask(
        query=query,
        basic=_as_object(profile.get("basic_features", {} if "user_history" in profile else profile)),
        history=tuple(_actions(profile.get("user_history"))),
        platforms=None if platforms is None else {p["name"]: p.get("apis", ()) for p in platforms},
        tools={schema["name"]: schema for schema in schemas},
    )


def _actions(history: Any) -> Iterator[Mapping[str, Any]]:
    for actions in _as_object(history).values():
        if isinstance(actions, list):
            yield from (action for action in actions if isinstance(action, dict))


def _as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _as_python(answer: HeuristicAnswer) -> str:
    platform, calls = answer
    texts = (
        f"{function}({', '.join(f'{name}={value!r}' for name, value in arguments.items())})"
        for function, arguments in calls
    )
    listed = f"[{', '.join(texts)}]"
    if platform is None:
        return listed
    return f"{{{platform if platform.isidentifier() else repr(platform)}: {listed}}}"


def _as_json(answer: HeuristicAnswer) -> str:
    platform, calls = answer
    functions = [{"name": function, "parameters": arguments} for function, arguments in calls]
    choice = {} if platform is None else {"platform": platform}
    return orjson.dumps({**choice, "functions": functions}).decode()


def _as_tool_calls(answer: HeuristicAnswer) -> str:
    _, calls = answer
    functions = [{"name": name, "arguments": orjson.dumps(arguments).decode()} for name, arguments in calls]
    tool_calls = [{"type": "function", "function": function} for function in functions]
    return orjson.dumps({"tool_calls": tool_calls}).decode()


def _solve_by_words(task: HeuristicTask, rng: Random) -> HeuristicAnswer:
    """One call of the function that has most words in common with the query."""
    platform = _platform_by_history(task, rng)
    own = (task.platforms or {}).get(platform or "", ())
    functions = [name for name in own if name in task.tools] or list(task.tools)
    if not functions:
        return platform, ()
    name = best_function(task.query, functions, task.tools)
    return platform, ((name, _arguments(task, name)),)


def _platform_by_history(task: HeuristicTask, rng: Random) -> str | None:
    """Where this user went for what had most words in common with the query, else where they went most."""
    if not task.platforms:
        return None
    asked, alike, visits = content_words(task.query), Counter[str](), Counter[str]()
    for action in task.history:
        name = action.get("platform")
        if isinstance(name, str) and name in task.platforms:
            visits[name] += 1
            alike[name] += len(asked & content_words(str(action.get("action", ""))))
    if not visits:
        return rng.choice(list(task.platforms))
    return max(task.platforms, key=lambda name: (alike[name], visits[name]))


def _arguments(task: HeuristicTask, function: str) -> dict[str, Any]:
    """Values for a function's parameters: from the query, from basic features of a similar name, defaults."""
    parameters = task.tools[function].get("parameters") or {}
    properties: Mapping[str, Any] = parameters.get("properties") or {}
    required = parameters.get("required") or ()
    numbers = list(_NUMBER.findall(_DATE.sub(" ", _TIME.sub(" ", task.query))))
    quotations = _QUOTED.findall(task.query)
    asked, arguments = content_words(task.query), dict[str, Any]()
    for key, raw in properties.items():
        schema: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        value = _from_query(task.query, schema, numbers, quotations)
        unmistakable = "enum" in schema or schema.get("format") in ("date", "time")
        wanted = key in required or bool(content_words(key) & asked)
        feature = feature_named_like(key, task.basic)
        if wanted and feature is not None and not (unmistakable and value is not None):
            value = task.basic[feature]
        if value is None and key in required:
            value = schema.get("default")
        if value is not None and (wanted or unmistakable):
            arguments[key] = value
    return arguments


def _from_query(query: str, schema: Mapping[str, Any], numbers: list[str], quotations: list[str]) -> Any:
    """A value of the schema's kind that stands in the query; numbers and quotations are used up in order."""
    choices, kind, form = schema.get("enum"), schema.get("type"), schema.get("format")
    if isinstance(choices, list):
        asked = content_words(query)
        texts = ((choice, content_words(choice)) for choice in choices if isinstance(choice, str))
        return next((choice for choice, words in texts if words and words <= asked), None)
    if kind in ("integer", "number") and numbers:
        digits = numbers.pop(0)
        return int(float(digits)) if kind == "integer" else float(digits)
    if form in ("date", "time"):
        match = (_DATE if form == "date" else _TIME).search(query)
        return match.group() if match else None
    return quotations.pop(0) if kind == "string" and quotations else None


def best_function(query: str, functions: Sequence[str], tools: Mapping[str, Mapping[str, Any]]) -> str:
    """The function whose name and description have most words in common with a query; the first on a tie."""
    asked = content_words(query)

    def score(name: str) -> int:
        description = content_words(str(tools[name].get("description", "")))
        return _NAME_WEIGHT * len(asked & content_words(name)) + len(asked & description)

    return max(functions, key=score)


def feature_named_like(parameter: str, features: Iterable[str]) -> str | None:
    """The feature that shares most words with a parameter's name, at least half; None: there is none."""
    wanted = content_words(parameter)
    best, most = None, 0.0
    for feature in features:
        own = content_words(feature)
        share = len(wanted & own) / len(wanted | own) if wanted | own else 0.0
        if share > most:
            best, most = feature, share
    return best if most >= 0.5 else None


def content_words(text: str) -> frozenset[str]:
    """The words of a text or of a name (camelCase, snake_case), without plural s and stop words."""
    words = (word.casefold() for word in _WORD.findall(text))
    return frozenset(_without_plural(word) for word in words if word not in _STOP_WORDS)


def _without_plural(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
