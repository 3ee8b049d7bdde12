"""The `python` answer format (Fig. 7): `{Platform: [f(a=1, b='x'), g()]}`, outer braces optional.

A name that Python could not write (`from`, `user-id`) is read as it stands where a name is expected:
`f(from='x')`. It may also be quoted, as platform or function, and a parameter go into a literal:
`{'Mega Mart': ['get-price'(**{'user-id': 1})]}`. Values are literals of JSON's types; a tuple is a list.
What is more than that (positional arguments, bare words, arithmetic, repeated names) is not the format that
was asked for. Identifiers are read as Python reads them, that is in Unicode's NFKC form.

There are two ways with one result: a few patterns read the plain answers (`read_plain`), Python's own parser
and a bounded walk of its tree the others.
"""

from __future__ import annotations

import ast
import keyword
import math
import re
from collections.abc import Mapping
from typing import Any

from ..items import PredictedCall, Prediction
from .bounds import BOUNDS, Bounds, Refused, expression, position, short

_NONE: Mapping[str, Any] = {}
_JSON_NAMES: Mapping[str, Any] = {"true": True, "false": False, "null": None}


def read(text: str, has_platform: bool = True, bounds: Bounds = BOUNDS) -> Prediction:
    """Read one answer. Raises `Refused`.

    Args:
        text: the answer, nothing else but white space around it.
        has_platform: False where the dataset has no platforms: `[f(a=1)]`, or one call without the list.
        bounds: how large it may be.
    """
    start = len(text) - len(text.lstrip())
    body = text.strip()
    braced = has_platform and body.startswith("{")
    if has_platform and bounds is BOUNDS:
        plain = read_plain(body[1:-1] if braced and body.endswith("}") else body)
        if plain is not None:
            return plain
    # the line break keeps a comment in the answer from swallowing our bracket
    opening, closing = ("", "") if braced else ("{", "\n}") if has_platform else ("(", "\n)")
    source = f"{opening}{body}{closing}"
    known: dict[str, str] = {}
    try:
        try:
            return _read_tree(source, has_platform, bounds, known)
        except Refused:
            written = write_as_names(source, known) if len(source) <= bounds.answer else source
            if not known:
                raise
            return _read_tree(written, has_platform, bounds, known)
    except Refused as refused:
        where = min(max(refused.position - len(opening), 0), len(body))
        raise Refused(refused.reason, start + where) from None


def read_value(text: str, bounds: Bounds = BOUNDS) -> Any:
    """One literal as Python writes it, or half as JSON has it: `{'a': [1, True, null]}`. Raises `Refused`."""
    return _TreeReader(text, bounds, {}, _JSON_NAMES).value(expression(text, bounds))


def _read_tree(source: str, has_platform: bool, bounds: Bounds, known: dict[str, str]) -> Prediction:
    return _TreeReader(source, bounds, known).prediction(expression(source, bounds), has_platform)


class _TreeReader:
    """Turns a tree into a prediction; the tree's size and depth are bounded already."""

    def __init__(
        self, source: str, bounds: Bounds, known: dict[str, str], constants: Mapping[str, Any] = _NONE
    ) -> None:
        self._source = source
        self._bounds = bounds
        self._known = known
        """stand-in -> the name it stands for"""
        self._constants = constants
        """names that stand for values"""

    def prediction(self, tree: ast.expr, has_platform: bool) -> Prediction:
        if not has_platform:
            return Prediction(None, self._calls(tree))
        if not isinstance(tree, ast.Dict):
            raise self._refused(tree, "expected {platform: [calls]}")
        if len(tree.keys) != 1:
            raise self._refused(tree, f"expected one platform, got {len(tree.keys)}")
        key = tree.keys[0]
        if key is None:
            raise self._refused(tree, "expected a platform, got '**'")
        return Prediction(self._name(key, "a platform"), self._calls(tree.values[0]))

    def value(self, tree: ast.expr) -> Any:
        """A literal as JSON has it."""
        return self._value(tree)

    def _calls(self, node: ast.expr) -> tuple[PredictedCall, ...]:
        nodes = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
        if len(nodes) > self._bounds.calls:
            raise self._refused(node, f"more than {self._bounds.calls} calls")
        return tuple([self._call(call) for call in nodes])

    def _call(self, node: ast.expr) -> PredictedCall:
        if not isinstance(node, ast.Call):
            raise self._refused(node, f"expected a call, got {_kind(node)}")
        if node.args:
            raise self._refused(node.args[0], "an argument without its name")
        name = self._name(node.func, "a function")
        arguments: dict[str, Any] = {}
        for argument in node.keywords:
            if argument.arg is None:
                self._unpacked(argument.value, arguments)
            else:
                self._put(arguments, self._known.get(argument.arg, argument.arg), argument.value)
        return PredictedCall(name, arguments)

    def _unpacked(self, node: ast.expr, arguments: dict[str, Any]) -> None:
        if not isinstance(node, ast.Dict):
            raise self._refused(node, f"expected '**' and literal names, got {_kind(node)}")
        for key, value in zip(node.keys, node.values, strict=True):
            self._put(arguments, self._text(key, node), value)

    def _put(self, into: dict[str, Any], name: str, node: ast.expr) -> None:
        if name in into:
            raise self._refused(node, f"{short(name)} is given twice")
        into[name] = self._value(node)

    def _name(self, node: ast.expr, what: str) -> str:
        if type(node) is ast.Name:
            return self._known.get(node.id, node.id)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._sound(node, node.value)
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            raise self._refused(node, f"expected {what}, got {_kind(node)}")
        return ".".join([self._known.get(part, part) for part in (node.id, *reversed(parts))])

    def _text(self, node: ast.expr | None, around: ast.expr) -> str:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._sound(node, node.value)
        raise self._refused(node or around, "expected a name in quotes")

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name) and node.id in self._constants:
            return self._constants[node.id]
        if isinstance(node, ast.UnaryOp):
            return self._signed(node)
        if isinstance(node, ast.List | ast.Tuple):
            return [self._value(element) for element in node.elts]
        if isinstance(node, ast.Dict):
            fields: dict[str, Any] = {}
            for key, value in zip(node.keys, node.values, strict=True):
                self._put(fields, self._text(key, node), value)
            return fields
        raise self._refused(node, f"expected a value, got {_kind(node)}")

    def _constant(self, node: ast.Constant) -> Any:
        value = node.value
        if isinstance(value, str):
            return self._sound(node, value)
        if value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
            return value
        raise self._refused(node, f"expected a value, got {short(value)}")

    def _signed(self, node: ast.UnaryOp) -> Any:
        value = node.operand.value if isinstance(node.operand, ast.Constant) else None
        if type(value) not in (int, float) or not isinstance(node.op, ast.USub | ast.UAdd):
            raise self._refused(node, "expected a value, got an operation")
        value = self._constant(node.operand)  # type: ignore[arg-type]
        return -value if isinstance(node.op, ast.USub) else value

    def _sound(self, node: ast.AST, value: str) -> str:
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise self._refused(node, "a lone surrogate") from None
        return value

    def _refused(self, node: ast.AST, reason: str) -> Refused:
        return Refused(reason, position(self._source, node))


_STRING_OR_NAME = re.compile(
    r"""\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\#[^\n]*+"""
    r"""|(?<=[(,])(?P<space>\s*+)(?P<parameter>[^\s=,:()\[\]{}'"#*]{1,80}+)(?=\s*+=(?!=))"""
    r"""|(?<![^\s(,\[{.:])(?P<function>[^\W\d][\w-]{0,79}+)(?=[(.])"""
    r"""|(?:\A|(?<=\A\{))\s{0,20}(?P<platform>[^\W\d]\w{1,79}+)(?=\s*+:)"""
    r"""|(?<=\.)(?P<part>[^\W\d]\w{0,79}+)(?=[(.])""",
    re.DOTALL,
)
_STAND_IN = "\ua78c"
_FIRST_LETTER, _MOST_NAMES = 0x4E00, 2_000


def write_as_names(source: str, known: dict[str, str]) -> str:
    """The source with every platform, function and parameter that is no name of Python's under a stand-in of
    the same length.

    Args: known: filled with stand-in -> name.
    """
    numbers: dict[str, int] = {}

    def replaced(match: re.Match[str]) -> str:
        kind = match.lastgroup
        name = match[kind] if kind else ""
        if not name or (name.isidentifier() and name not in _KEYWORDS) or len(numbers) >= _MOST_NAMES:
            return match.group()
        letter = chr(_FIRST_LETTER + numbers.setdefault(name, len(numbers)))
        stand_in = _STAND_IN * (len(name) - 1) + letter
        known[stand_in] = name
        whole, place = match.group(), match.start(kind) - match.start()  # type: ignore[arg-type]
        return f"{whole[:place]}{stand_in}{whole[place + len(name) :]}"

    return source if _STAND_IN in source else _STRING_OR_NAME.sub(replaced, source)


def _kind(node: ast.AST) -> str:
    return f"the name {short(node.id)}" if isinstance(node, ast.Name) else type(node).__name__


MAX_PLAIN_LENGTH = 2_000
"""characters; an answer within can break none of the bounds but the number of calls"""
MAX_PLAIN_CALLS = 16

_TEXT = r"""'[^'\\\x00-\x1f\x7f\ud800-\udfff]*+'|"[^"\\\x00-\x1f\x7f\ud800-\udfff]*+\""""
_SPACE = r"[ \t\n]*+"
_NAME = r"[A-Za-z_][A-Za-z0-9_]*+"
_PLATFORM = re.compile(rf"{_SPACE}(?:({_NAME})|({_TEXT})){_SPACE}:{_SPACE}\[{_SPACE}")
_CALL = re.compile(rf"({_NAME}(?:\.{_NAME})*+)\({_SPACE}(\))?+")
_ARGUMENT = re.compile(
    rf"({_NAME}){_SPACE}={_SPACE}(?:({_TEXT})|(-?(?:0|[1-9][0-9]{{0,14}}))(\.[0-9]{{1,15}})?+(?![0-9._])|(True|False|None))"
    rf"{_SPACE}(?:(,){_SPACE}(?!\))|\))"
)
_AFTER = re.compile(rf"{_SPACE}(?:(,){_SPACE}(?!\])|\]{_SPACE}\Z)")
_CONSTANTS = {"True": True, "False": False, "None": None}
_KEYWORDS = frozenset(keyword.kwlist)


def read_plain(text: str) -> Prediction | None:
    """Read an answer without outer braces; None where it is not plain, be it right or wrong."""
    opening = _PLATFORM.match(text) if len(text) <= MAX_PLAIN_LENGTH else None
    if opening is None:
        return None
    name, quoted = opening.groups()
    if name in _KEYWORDS:
        return None
    calls: list[PredictedCall] = []
    place = opening.end()
    while len(calls) < MAX_PLAIN_CALLS:
        place = _read_plain_call(text, place, calls)
        after = _AFTER.match(text, place) if place else None
        if after is None:
            return None
        if after[1] is None:
            return Prediction(name or quoted[1:-1], tuple(calls))
        place = after.end()
    return None


def _read_plain_call(text: str, place: int, calls: list[PredictedCall]) -> int:
    """Read the call at `place` and return where it ends; 0 where it is not plain."""
    head = _CALL.match(text, place)
    if head is None:
        return 0
    name, empty = head.groups()
    if name in _KEYWORDS or ("." in name and not _KEYWORDS.isdisjoint(name.split("."))):
        return 0
    arguments: dict[str, Any] = {}
    calls.append(PredictedCall(name, arguments))
    place, more = head.end(), empty is None
    while more:
        argument = _ARGUMENT.match(text, place)
        if argument is None:
            return 0
        parameter, quoted, whole, fraction, word, more = argument.groups()
        if parameter in arguments or parameter in _KEYWORDS:
            return 0
        if quoted is not None:
            arguments[parameter] = quoted[1:-1]
        elif word is not None:
            arguments[parameter] = _CONSTANTS[word]
        else:
            arguments[parameter] = float(whole + fraction) if fraction else int(whole)
        place = argument.end()
    return place
