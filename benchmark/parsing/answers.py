"""`parse(text, format, tolerance)`: an answer in any format, and where in a reply it may stand.

Strict reading takes the text as it is. Tolerant reading leaves out reasoning, code fences, prose and
trailing tokens: it knows brackets, not formats. Where several places of a reply can be read, the last one
counts, because models draft before they decide; where they differ, the reading says so (`ambiguous`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal

from ..items import ParseError, Prediction
from . import json_format, native_format, python_format
from .bounds import BOUNDS, Bounds, Refused
from .native_format import Platforms
from .reasoning import said_parts

Format = Literal["python", "json", "native"]
Tolerance = Literal["strict", "tolerant"]


def parse(
    text: str,
    format: Format = "python",
    tolerance: Tolerance = "strict",
    platforms: Platforms | None = None,
    bounds: Bounds = BOUNDS,
    may_decline: bool = False,
) -> Prediction | ParseError:
    """Read a model's answer; whatever it holds, nothing is evaluated and nothing raised.

    Args:
        text: the answer.
        format: python = Fig. 7; json = {platform, functions: [{name, parameters}]}; native = tool calls.
        tolerance: strict = exactly the format asked for; tolerant = the last readable answer in the reply,
            without reasoning, code fences, prose around it and trailing tokens.
        platforms: platform -> its functions, which tells the platform of native calls; empty: the dataset
            has no platforms and an answer names none; None: not known, and an answer must name one.
        bounds: how large an answer may be.
        may_decline: `[]`, `{}`, `None` and a platform without calls in any format are answers, too; read
            tolerantly also "no call" in some words.
    """

    def read(source: str) -> Prediction:
        return _read(source, format, platforms, bounds)

    def read_part(source: str) -> Prediction | None:
        return native_format.read_calls(source, platforms, bounds)

    reading = read_answer(read, text, tolerance, bounds, read_part if format == "native" else None)
    if may_decline and isinstance(reading, ParseError) and _declines(text, tolerance, bounds):
        return Prediction(None, ())
    return reading


def read_answer(
    read: Callable[[str], Prediction],
    text: str,
    tolerance: Tolerance,
    bounds: Bounds = BOUNDS,
    read_part: Callable[[str], Prediction | None] | None = None,
) -> Prediction | ParseError:
    """Apply a reader that raises `Refused` to the text, or to the places of it where an answer may stand.

    Args: read_part: reads all calls of what is said, prose around them or not; None: there are none.
    """
    try:
        return read(text)
    except Refused as refused:
        first = ParseError(refused.position, refused.reason)
    if tolerance == "strict":
        return first
    if len(text) > bounds.text:
        return ParseError(bounds.text, f"longer than {bounds.text:,} characters")
    found: Prediction | None = None
    covered = nearest = (0, 0)
    for start, end in reversed(_turn(text, said_parts(text))):
        for place, candidate in _candidates(text, start, end, read_part is not None, bounds):
            span = (start, end) if place < 0 else (place, place + len(candidate))
            if covered[0] <= span[0] and span[1] <= covered[1]:
                continue
            try:
                reading = read_part(candidate) if place < 0 and read_part else read(candidate)
            except Refused as refused:
                if place > 0 and nearest in ((0, 0), (start, end)):
                    first, nearest = ParseError(place + refused.position, refused.reason), span
                if place < 0:
                    break  # a call among others that cannot be read: the others are not the answer
                continue
            if reading is None:
                continue
            if found is not None and reading != found:
                return replace(found, ambiguous=True)
            found, covered = reading, span
    return found or first


def surroundings(text: str) -> str:
    """What stands around the answer of a reply, in words: what only tolerant reading sees through."""
    parts = said_parts(text)
    if parts != [(0, len(text))]:
        return "reasoning"
    return "a code fence" if "```" in text else "text around it"


_NO_CALL_IN_WORDS = re.compile(
    r"none|null|no (?:(?:tool|function|api) )?calls?(?: (?:should|can|will|has to|needs to) be made"
    r"| (?:is|are) (?:made|needed|required|necessary|possible))?",
    re.IGNORECASE,
)
_EMPTY_PLATFORM = re.compile(
    r"\{?\s*+(?P<quote>[\"']?)[^\"'\[\]{}:\n]{1,200}+(?P=quote)\s*+:\s*+(?:\[\s*+\]|None|null)\s*+\}?"
)
_AROUND = " \t\n.*_`\"'"


def _declines(text: str, tolerance: Tolerance, bounds: Bounds) -> bool:
    """Whether a reply, without its thoughts and its fence where it is read tolerantly, makes no call."""
    if len(text) > bounds.text:
        return False
    if tolerance == "tolerant":
        text = "".join(text[start:end] for start, end in _turn(text, said_parts(text))).strip()
        fence = _FENCE.fullmatch(text)
        text = fence[1] if fence else text
        if _NO_CALL_IN_WORDS.fullmatch(text.strip(_AROUND)):
            return True
        text = text.strip().strip("`")
    text = text.strip()
    if text == "None" or (len(text) <= bounds.answer and _EMPTY_PLATFORM.fullmatch(text)):
        return True
    try:
        return _is_empty(json_format.load(text, bounds))
    except Refused:
        return False


def _is_empty(answer: Any) -> bool:
    """Whether JSON holds no call: nothing, or an object whose parts are empty but for a platform's name."""
    if not isinstance(answer, dict):
        return answer is None or answer == []
    beside = {"platform", "content", "role"} if {"functions", "tool_calls"} & answer.keys() else set[str]()
    return all(value in (None, []) for key, value in answer.items() if key not in beside)


def _read(text: str, format: Format, platforms: Platforms | None, bounds: Bounds) -> Prediction:
    if format == "native":
        return native_format.read(text, platforms, bounds)
    has_platform = platforms is None or bool(platforms)
    read = python_format.read if format == "python" else json_format.read
    return read(text, has_platform, bounds)


_TURN_END = re.compile(
    r"<\|(?:im_end|eot_id|eom_id|end_of_text|endoftext|return|end|eot|user|END_OF_TURN_TOKEN)\|>"
    r"|<\|im_start\|>(?=user)|<\|start_header_id\|>(?=user)|</s>|<end_of_turn>|<eos>|<｜end▁of▁sentence｜>"
)
_FENCE = re.compile(r"```[^\n`]*+\n(.*?)(?:```|\Z)", re.DOTALL)
_START = re.compile(
    r"""(?<![\w.])[\w.]{1,200}+(?:\s{0,9}+:\s{0,9}+\[|\((?=[\w)*]))"""
    r"""|(?:"[^"\n]{1,200}+"|'[^'\n]{1,200}+')\s{0,9}+:\s{0,9}+\[|[{\[]"""
)
_STEP = re.compile(r"""[()\[\]{}]|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'""", re.DOTALL)
MAX_TRIES = 12
"""how many fences, and how many other places of one reply are tried, from its end"""
MAX_STEPS = 12_000
"""brackets that are followed in search of the places of one reply"""


def _turn(text: str, parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts up to the end of the model's turn: what a model that runs on writes after it is no answer."""
    kept: list[tuple[int, int]] = []
    for start, end in parts:
        stop = _TURN_END.search(text, start, end)
        while stop and not text[start : stop.start()].strip():  # of what was not said
            start = stop.end()
            stop = _TURN_END.search(text, start, end)
        kept.append((start, stop.start() if stop else end))
        if stop:
            break
    return kept


def _candidates(text: str, start: int, end: int, calls: bool, bounds: Bounds) -> Iterator[tuple[int, str]]:
    """Position and text of every place of a part worth trying, the last one first; -1: the calls of a part.

    Together they are at most three times the length an answer may have.
    """
    left = 3 * bounds.answer
    for place, candidate in _places(text, start, end, calls, bounds):
        left -= len(candidate)
        if left < 0:
            return
        yield place, candidate


def _places(text: str, start: int, end: int, calls: bool, bounds: Bounds) -> Iterator[tuple[int, str]]:
    whole = text[start:end]
    if len(whole) <= bounds.answer:
        yield start + len(whole) - len(whole.lstrip()), whole.strip()
        if calls:
            yield -1, whole
    first = max(start, end - 2 * bounds.answer)
    fences = [(fence.start(), fence.end(), *fence.span(1)) for fence in _FENCE.finditer(text, first, end)]
    stop = end
    for fence_start, fence_end, inner_start, inner_end in reversed(fences[-MAX_TRIES:]):
        yield from _spans(text, fence_end, stop, bounds)
        inner = text[inner_start:inner_end]
        yield inner_start + len(inner) - len(inner.lstrip()), inner.strip()
        yield from _spans(text, inner_start, inner_end, bounds)
        stop = fence_start
    yield from _spans(text, first, stop, bounds)


def _spans(text: str, start: int, end: int, bounds: Bounds) -> Iterator[tuple[int, str]]:
    """What stands in brackets that close, none within another, the last one first."""
    spans: list[tuple[int, int]] = []
    steps = MAX_STEPS
    place = start
    while steps > 0 and (opening := _START.search(text, place, end)):
        closing, taken = _closing(text, opening.end() - 1, end, bounds)
        steps -= taken
        if closing:
            spans.append((opening.start(), closing))
        place = closing or opening.end()
    for span_start, span_end in reversed(spans[-MAX_TRIES:]):
        yield span_start, text[span_start:span_end]


def _closing(text: str, opening: int, end: int, bounds: Bounds) -> tuple[int | None, int]:
    """Where the bracket at `opening` is closed again (None: not within what an answer may have), and the
    steps it took."""
    depth = steps = 0
    for steps, step in enumerate(_STEP.finditer(text, opening, min(opening + bounds.answer, end)), 1):
        mark = step.group()
        depth += (mark in "([{") - (mark in ")]}")
        if depth <= 0:
            return step.end(), steps
        if depth > bounds.depth:
            break
    return None, steps
