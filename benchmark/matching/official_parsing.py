"""How the published PTBench code reads an answer: `Platform: [f(a=1)]`, put into braces, first entry only.

Node by node what that code does, its accidents included: dotted names are kept, positional arguments
dropped, `**kw` is an argument named None, any unary operator is minus, a bare word is its text, a call or
subscript as a value is its source text. Only binary operations differ: the published code evaluates them;
here they are computed within bounds, for numbers and strings alone. BFCL and ACEBench read a call the same
way (`read_calls`); what stands around it they read in ways of their own (`protocols`).
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from ..items import PredictedCall, Prediction
from ..parsing.bounds import BOUNDS, Bounds, Refused, expression
from ..parsing.python_format import read_plain

_BITS = 16_384
"""of the greatest whole number that arithmetic may make: more than CPython would print"""
_CHARACTERS = 16_384
"""of the longest string that arithmetic may make"""


def official_parse(text: str, bounds: Bounds = BOUNDS) -> Prediction:
    """Read one answer as the published code does. Raises `Refused` where that raises, and beyond the
    bounds."""
    plain = read_plain(text) if bounds is BOUNDS else None
    if plain is not None:
        return plain
    try:
        tree = expression(f"{{{text}}}", bounds)
        if not isinstance(tree, ast.Dict) or not tree.keys:
            raise Refused("the published parser wants 'Platform: [calls]', without braces around it")
        return Prediction(_platform(tree.keys[0]), read_calls(tree.values[0]))
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
        reason = f"the published parser fails: {type(error).__name__}: {error}"
        raise Refused(reason[:200]) from None


def _platform(key: ast.expr | None) -> Any:
    if isinstance(key, ast.Name):
        return key.id
    if isinstance(key, ast.Constant):
        return key.value
    raise Refused("the published parser wants a platform's name")


def read_calls(body: ast.expr, bare_as_text: bool = True) -> tuple[PredictedCall, ...]:
    """One call, or a list, tuple or set of them. Raises `Refused`, or what the published code would.

    Args: bare_as_text: a call without arguments, as a value, is its source text; False: {name: {}}.
    """
    if isinstance(body, ast.Call):
        return (_call(body, bare_as_text),)
    if not isinstance(body, ast.List | ast.Tuple | ast.Set):
        raise Refused("the published parser wants a list of calls")
    if not all(isinstance(element, ast.Call) for element in body.elts):
        raise Refused("the published parser wants nothing but calls in the list")
    return tuple(_call(call, bare_as_text) for call in body.elts if isinstance(call, ast.Call))


def _call(node: ast.Call, bare_as_text: bool) -> PredictedCall:
    parts: list[str] = []
    function = node.func
    while isinstance(function, ast.Attribute):
        parts.append(function.attr)
        function = function.value
    if isinstance(function, ast.Name):
        parts.append(function.id)
    arguments: dict[Any, Any] = {
        keyword.arg: _value(keyword.value, bare_as_text) for keyword in node.keywords
    }
    return PredictedCall(".".join(reversed(parts)), arguments)


def _value(node: ast.expr | None, bare: bool) -> Any:
    match node:
        case ast.Constant(value=value):
            return "..." if value is Ellipsis else value
        case ast.UnaryOp(operand=ast.Constant(value=value)):
            return -value  # type: ignore[operator]  # of a string it raises, as published
        case ast.List(elts=elements):
            return [_value(element, bare) for element in elements]
        case ast.Tuple(elts=elements):
            return tuple([_value(element, bare) for element in elements])
        case ast.Dict(keys=keys, values=values):
            return {_value(key, bare): _value(value, bare) for key, value in zip(keys, values, strict=True)}
        case ast.BinOp():
            return _computed(node)
        case ast.Name(id=name):
            return name
        case ast.Call(keywords=[]) if bare:
            return ast.unparse(node)
        case ast.Call():
            call = _call(node, bare)
            return {call.name: call.arguments}
        case ast.Subscript(value=value, slice=part):
            return f"{ast.unparse(value)}[{ast.unparse(part)}]"
    raise Refused(f"the published parser knows no {type(node).__name__} as a value")


def _computed(node: ast.expr) -> Any:
    """Arithmetic on literals, bounded before it is done."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | complex | str):
        return node.value
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_computed(node.operand))
    if isinstance(node, ast.BinOp):
        left, right = _computed(node.left), _computed(node.right)
        _check_size(node.op, left, right)
        return _BINARY[type(node.op)](left, right)
    raise Refused("arithmetic on something else than numbers and strings is not evaluated")


def _check_size(op: ast.operator, left: Any, right: Any) -> None:
    """Refuse an operation whose result could be large."""
    if isinstance(left, str) or isinstance(right, str):
        length = _repeated(left, right) if isinstance(op, ast.Mult) else _added(op, left, right)
        if length > _CHARACTERS:
            raise Refused("a string beyond bounds")
    elif isinstance(left, int) and isinstance(right, int):
        bits = max(left.bit_length(), right.bit_length()) * 2 + 1
        if isinstance(op, ast.Pow):
            bits = left.bit_length() * right if right < _BITS else _BITS + 1
        elif isinstance(op, ast.LShift):
            bits = left.bit_length() + right if right < _BITS else _BITS + 1
        if bits > _BITS:
            raise Refused("a number beyond bounds")


def _repeated(left: Any, right: Any) -> int:
    text, times = (left, right) if isinstance(left, str) else (right, left)
    if not isinstance(times, int):
        raise Refused("a string times something else")
    return len(text) * times


def _added(op: ast.operator, left: Any, right: Any) -> int:
    if not (isinstance(op, ast.Add) and isinstance(left, str) and isinstance(right, str)):
        raise Refused("an operation on strings that is not evaluated")  # '%1000000d' % 1
    return len(left) + len(right)


_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.BitAnd: operator.and_,
    ast.MatMult: operator.matmul,
}
