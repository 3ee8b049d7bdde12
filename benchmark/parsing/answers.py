"""One door for all formats: `parse(text, format, tolerance)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ..items import ParseError, Prediction
from . import json_answer, native, python
from .bounds import BOUNDS, Bounds, Refused
from .native import Platforms
from .tolerant import candidates

Format = Literal["python", "json", "native"]
Tolerance = Literal["strict", "tolerant"]


def parse(
    text: str,
    format: Format = "python",
    tolerance: Tolerance = "strict",
    platforms: Platforms | None = None,
    bounds: Bounds = BOUNDS,
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
    """
    return attempt(lambda one: _read(one, format, platforms, bounds), text, tolerance, bounds)


def attempt(
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


def _read(text: str, format: Format, platforms: Platforms | None, bounds: Bounds) -> Prediction:
    if format == "native":
        return native.read(text, platforms, bounds)
    has_platform = platforms is None or bool(platforms)
    read = python.read if format == "python" else json_answer.read
    return read(text, has_platform, bounds)
