"""What an answer may cost: lengths and depths, checked before Python's own parser sees the text.

CPython's parser fails late, and by exhausting memory or the stack, on 100,000 brackets or minus signs. The
text is therefore reduced to a skeleton (strings and comments become one character), in which every way to
nest deeply is visible and counted. Work is bounded by counts, not by a clock: a verdict never depends on
the machine. It knows Python's tokens, not what an answer means.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large an answer may be."""

    text: int = 1_000_000
    """characters of a whole reply, reasoning included (tolerant only)"""
    answer: int = 16_384
    """characters of the answer itself"""
    depth: int = 40
    """brackets within brackets"""
    tokens: int = 64
    """tokens between two commas, strings counting as one"""
    chains: int = 8
    """closing brackets that are followed by more of the same expression, as in `f(1)(2)`; and lambdas"""
    digits: int = 4_300
    """characters of one number; CPython's own limit"""
    calls: int = 100
    size: int = 4_000
    """tokens altogether, strings counting as one"""


BOUNDS = Bounds()


class Refused(Exception):  # noqa: N818 - it never leaves this package: callers get a ParseError
    """The answer cannot be read."""

    def __init__(self, reason: str, position: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.position = reason, position


_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+"""' r"|'''(?:[^'\\]|\\.|'(?!''))*+'''"
    r'|"(?:[^"\\\n\r]|\\.)*+"' r"|'(?:[^'\\\n\r]|\\.)*+'" r"|\#[^\n\r]*+",
    re.DOTALL,
)  # fmt: skip
_MARK = "\0"
_F_STRING = re.compile(r"(?<!\w)(?:[fF][rR]?|[rR][fF])\0")
_QUOTE = re.compile(r"['\"]")
_BRACKET = re.compile(r"[()\[\]{}]")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_CONTINUED = re.compile(r"[)\]}]\s*+[^\s,:)\]}]|\blambda\b")
_NUMBER = re.compile(r"\b\d[\w.]*+")
_DIGITS_BEFORE_LETTERS = re.compile(r"\b\d+[A-Za-z]")
_SMALL = 400
"""characters of a skeleton in which nothing can nest deeply enough to hurt"""


def expression(source: str, bounds: Bounds = BOUNDS) -> ast.expr:
    """The tree of one bounded Python expression. Raises `Refused` with a position in `source`."""
    skeleton = _skeleton(source, bounds)
    # CPython warns of '\d' and of 1if: not in the evaluator's terminal, and not as an error under -W error
    noisy = "\\" in source or _DIGITS_BEFORE_LETTERS.search(skeleton) is not None
    try:
        if not noisy:
            return ast.parse(source, mode="eval").body
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source, mode="eval").body
    except SyntaxError as error:
        raise Refused(f"not an expression: {error.msg}"[:200], _offset(source, error)) from None
    except (MemoryError, RecursionError):
        raise Refused("nested too deeply") from None
    except UnicodeEncodeError as error:
        raise Refused("a lone surrogate", error.start) from None
    except ValueError as error:  # a number beyond the interpreter's limit, were that lower than ours
        raise Refused(f"not an expression: {error}"[:200]) from None


def check_brackets(skeleton: str, bounds: Bounds = BOUNDS) -> None:
    """Refuse text without strings whose brackets nest deeper than `bounds.depth`; the position is the
    skeleton's."""
    opened = skeleton.count("(") + skeleton.count("[") + skeleton.count("{")
    if opened <= bounds.depth:
        return
    depth = 0
    for bracket in _BRACKET.finditer(skeleton):
        depth += 1 if bracket.group() in "([{" else -1
        if depth > bounds.depth:
            raise Refused(f"brackets nest deeper than {bounds.depth}", bracket.start())


def position(source: str, node: ast.AST) -> int:
    """Where a node starts, in characters of `source`."""
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", source)
    before = lines[: line - 1]
    current = lines[line - 1] if line <= len(lines) else ""
    return sum(map(len, before)) + len(current.encode("utf-8", "replace")[:column].decode("utf-8", "ignore"))


def short(value: Any, room: int = 80, depth: int = 2) -> str:
    """A value as bounded printable text; lone surrogates and control characters are escaped."""
    if isinstance(value, str):
        return repr(value) if len(value) <= room else f"{value[:room]!r}…"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, list | tuple | dict) and depth == 0:
        return f"{type(value).__name__} of {len(value)}"
    if isinstance(value, list | tuple):
        inner = [short(element, 40, depth - 1) for element in value[:4]] + ["…"] * (len(value) > 4)
        return _cut(f"[{', '.join(inner)}]", room)
    if isinstance(value, dict):
        pairs = [
            f"{short(key, 40)}: {short(element, 40, depth - 1)}" for key, element in list(value.items())[:4]
        ] + ["…"] * (len(value) > 4)
        return _cut(f"{{{', '.join(pairs)}}}", room)
    return repr(value)[:room]


def _cut(text: str, room: int) -> str:
    return text if len(text) <= 2 * room else f"{text[: 2 * room]}…"


def _skeleton(source: str, bounds: Bounds) -> str:
    if len(source) > bounds.answer:
        raise Refused(f"longer than {bounds.answer:,} characters", bounds.answer)
    if _MARK in source:
        raise Refused("a NUL character", source.index(_MARK))
    skeleton = _STRING.sub(_MARK, source)
    try:
        if open_string := _QUOTE.search(skeleton):
            raise Refused("a string that does not end", open_string.start())
        if f_string := _F_STRING.search(skeleton):  # CPython would parse what is inside, out of our sight
            raise Refused("an f-string", f_string.start())
        check_brackets(skeleton, bounds)
        if len(skeleton) > _SMALL:
            _check_chains(skeleton, bounds)
    except Refused as refused:
        raise Refused(refused.reason, _in_source(source, refused.position)) from None
    return skeleton


def _check_chains(skeleton: str, bounds: Bounds) -> None:
    if len(skeleton) > bounds.size and len(_TOKEN.findall(skeleton)) > bounds.size:
        raise Refused(f"more than {bounds.size:,} tokens", bounds.size)
    for number_match in _NUMBER.finditer(skeleton):
        if number_match.end() - number_match.start() > bounds.digits:
            raise Refused(f"a number longer than {bounds.digits:,} characters", number_match.start())
    place = 0
    for segment in skeleton.split(","):
        if len(segment) > bounds.tokens and len(_TOKEN.findall(segment)) > bounds.tokens:
            raise Refused(f"more than {bounds.tokens} tokens between two commas", place)
        place += len(segment) + 1
    for number, continued in enumerate(_CONTINUED.finditer(skeleton)):
        if number == bounds.chains:
            raise Refused(f"more than {bounds.chains} chained expressions", continued.start())


def _in_source(source: str, place: int) -> int:
    """Where a place of the skeleton lies in the source: every string before it is longer than its mark."""
    for string in _STRING.finditer(source):
        if string.start() >= place:
            break
        place += string.end() - string.start() - len(_MARK)
    return place


def _offset(source: str, error: SyntaxError) -> int:
    lines = source.splitlines(keepends=True)
    before = lines[: max((error.lineno or 1) - 1, 0)]
    return min(sum(map(len, before)) + max((error.offset or 1) - 1, 0), len(source))
