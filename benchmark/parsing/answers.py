"""`parse(text, format, tolerance)`: an answer in any format, and where in a reply it may stand.

Strict reading takes the text as it is. Tolerant reading leaves out reasoning, code fences, prose and
trailing tokens: it knows brackets, not formats, candidates come in the order of the text, and the first one
that can be read counts (models that run on repeat themselves after the answer, rarely before it).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Literal

from ..items import ParseError, Prediction
from . import json_format, native_format, python_format
from .bounds import BOUNDS, Bounds, Refused
from .native_format import Platforms

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
        tolerance: strict = exactly the format asked for; tolerant = the first readable answer in the reply,
            without <think>…</think>, code fences, prose around it and trailing tokens.
        platforms: platform -> its functions, which tells the platform of native calls; empty: the dataset
            has no platforms and an answer names none; None: not known, and an answer must name one.
        bounds: how large an answer may be.
        may_decline: `[]`, `{}`, `None` and the format without platform and calls are answers, too.
    """
    reading = read_answer(lambda source: _read(source, format, platforms, bounds), text, tolerance, bounds)
    if may_decline and isinstance(reading, ParseError) and _declines(text, tolerance, bounds):
        return Prediction(None, ())
    return reading


def read_answer(
    read: Callable[[str], Prediction], text: str, tolerance: Tolerance, bounds: Bounds = BOUNDS
) -> Prediction | ParseError:
    """Apply a reader that raises `Refused` to the text, or to the places of it where an answer may stand."""
    try:
        return read(text)
    except Refused as refused:
        first = ParseError(refused.position, refused.reason)
    if tolerance == "strict":
        return first
    if len(text) > bounds.text:
        return ParseError(bounds.text, f"longer than {bounds.text:,} characters")
    for start, candidate in candidates(text, bounds):
        try:
            return read(candidate)
        except Refused as refused:
            first = first if start == 0 else ParseError(start + refused.position, refused.reason)
    return first


_NO_CALL = (None, [], {}, {"functions": []}, {"platform": None, "functions": []})


def _declines(text: str, tolerance: Tolerance, bounds: Bounds) -> bool:
    """Whether a reply, without its thoughts and its fence where it is read tolerantly, makes no call."""
    if len(text) > bounds.text:
        return False
    if tolerance == "tolerant":
        text = _after_thoughts(text)[1].strip()
        fence = _FENCE.fullmatch(text)
        text = fence[1] if fence else text
    try:
        return text.strip() == "None" or json_format.load(text, bounds) in _NO_CALL
    except Refused:
        return False


def _read(text: str, format: Format, platforms: Platforms | None, bounds: Bounds) -> Prediction:
    if format == "native":
        return native_format.read(text, platforms, bounds)
    has_platform = platforms is None or bool(platforms)
    read = python_format.read if format == "python" else json_format.read
    return read(text, has_platform, bounds)


_THOUGHT_START = re.compile(r"<think(?:ing)?>", re.IGNORECASE)
_THOUGHT_END = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_FENCE = re.compile(r"```[^\n`]*+\n(.*?)(?:```|\Z)", re.DOTALL)
_START = re.compile(
    r"""(?<![\w.])[\w.]{1,200}+(?:\s{0,9}+:\s{0,9}+\[|\((?=[\w)*]))"""
    r"""|(?:"[^"\n]{1,200}+"|'[^'\n]{1,200}+')\s{0,9}+:\s{0,9}+\[|[{\[]"""
)
_STEP = re.compile(r"""[()\[\]{}]|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'""", re.DOTALL)
MAX_TRIES = 6
"""how many fences, and how many other places of one reply are tried"""


def candidates(text: str, bounds: Bounds) -> Iterator[tuple[int, str]]:
    """Position and text of every place worth trying, together at most twice the length an answer may have."""
    left = 2 * bounds.answer
    for start, candidate in _candidate_places(text, bounds):
        left -= len(candidate)
        if left < 0:
            return
        yield start, candidate


def _candidate_places(text: str, bounds: Bounds) -> Iterator[tuple[int, str]]:
    start, rest = _after_thoughts(text)
    yield start + len(rest) - len(rest.lstrip()), rest.strip()
    for fence in islice(_FENCE.finditer(rest), MAX_TRIES):
        inner = fence.group(1)
        yield start + fence.start(1) + len(inner) - len(inner.lstrip()), inner.strip()
    place = 0
    for _ in range(MAX_TRIES):
        start_match = _START.search(rest, place)
        if start_match is None:
            return
        end = _closing(rest, start_match.end() - 1, bounds)
        if end:
            yield start + start_match.start(), rest[start_match.start() : end]
        place = end or start_match.end()


def _after_thoughts(text: str) -> tuple[int, str]:
    """What follows the last closed thought; text before a thought that never opened belongs to it."""
    ends = [end.end() for end in _THOUGHT_END.finditer(text)]
    start = ends[-1] if ends else 0
    rest = text[start:]
    opened = _THOUGHT_START.search(rest)
    return start, rest[: opened.start()] if opened else rest


def _closing(text: str, opening: int, bounds: Bounds) -> int | None:
    """Where the bracket at `opening` is closed again; None: not within what an answer may have."""
    depth = 0
    for step in _STEP.finditer(text, opening, opening + bounds.answer):
        mark = step.group()
        depth += (mark in "([{") - (mark in ")]}")
        if depth <= 0:
            return step.end()
        if depth > bounds.depth:
            return None
    return None
