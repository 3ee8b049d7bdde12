"""Where in a model's reply an answer may stand: reasoning, code fences, prose and trailing tokens are left
out.

It knows brackets, not formats: candidates come in the order of the text, and the first one that can be read
counts (models that run on repeat themselves after the answer, rarely before it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from .bounds import Bounds

_THOUGHT_START = re.compile(r"<think(?:ing)?>", re.IGNORECASE)
_THOUGHT_END = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_FENCE = re.compile(r"```[^\n`]*+\n(.*?)(?:```|\Z)", re.DOTALL)
_START = re.compile(
    r"""(?<![\w.])[\w.]{1,200}+(?:\s{0,9}+:\s{0,9}+\[|\((?=[\w)*]))"""
    r"""|(?:"[^"\n]{1,200}+"|'[^'\n]{1,200}+')\s{0,9}+:\s{0,9}+\[|[{\[]"""
)
_STEP = re.compile(r"""[()\[\]{}]|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'""", re.DOTALL)
TRIES = 6
"""how many fences, and how many other places of one reply are tried"""


def candidates(text: str, bounds: Bounds) -> Iterator[tuple[int, str]]:
    """Position and text of every place worth trying, together at most twice the length an answer may have."""
    left = 2 * bounds.answer
    for start, candidate in _places(text, bounds):
        left -= len(candidate)
        if left < 0:
            return
        yield start, candidate


def _places(text: str, bounds: Bounds) -> Iterator[tuple[int, str]]:
    start, rest = _after_thoughts(text)
    yield start + len(rest) - len(rest.lstrip()), rest.strip()
    for fence in islice(_FENCE.finditer(rest), TRIES):
        inner = fence.group(1)
        yield start + fence.start(1) + len(inner) - len(inner.lstrip()), inner.strip()
    place = 0
    for _ in range(TRIES):
        found = _START.search(rest, place)
        if found is None:
            return
        end = _closing(rest, found.end() - 1, bounds)
        if end:
            yield start + found.start(), rest[found.start() : end]
        place = end or found.end()


def _after_thoughts(text: str) -> tuple[int, str]:
    """What follows the last closed thought; text before a thought that never opened belongs to it."""
    ends = [found.end() for found in _THOUGHT_END.finditer(text)]
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
