"""BFCL's AST metric for simple, multiple, parallel and parallel_multiple (Patil et al. 2025).

Everything of an answer must be right: the number of calls, and for every gold call, in any order where calls
are parallel, its name, required parameters, types and values. Types are those of the function's schema,
exactly: a whole number does where a float is declared, 5.0 does not where an integer is. Texts are folded.
Where a gold value is not of the declared type it stands for a variable of the user's, and is compared as it
is. Kept too: parallel calls are assigned in order, the first that fits, so a better assignment may be missed;
and a tuple in an answer does only where a tuple is declared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..items import GoldCall, Item, PredictedCall, Prediction
from ..matching.values import fold_text

_TYPES: dict[str, type] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "array": list,
    "object": dict,
}


def find_fault(item: Item, prediction: Prediction) -> str:
    """Why BFCL counts the answer as wrong; '' where it is right."""
    calls = list(prediction.calls)
    if len(calls) != len(item.calls):
        return f"{len(calls)} calls, expected {len(item.calls)}"
    for position, gold in enumerate(item.calls):
        reasons = [_against(item, gold, call) for call in calls]
        if "" not in reasons:
            return f"no call fits gold call {position}: {reasons[0]}"
        del calls[reasons.index("")]
    return ""


def _against(item: Item, gold: GoldCall, call: PredictedCall) -> str:
    """What is wrong with a call as an answer to a gold call."""
    if call.name != gold.name:
        return f"function {call.name!r:.80}, expected {gold.name!r}"
    schema = item.tools[gold.name].get("parameters", {})
    declared = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in call.arguments:
            return f"required parameter {name!r} is missing"
    for name, value in call.arguments.items():
        if name not in declared or name not in gold.accepted:
            return f"parameter {name!r:.80} is not expected"
        if isinstance(value, tuple) and declared[name].get("x-tuple"):
            value = list(value)
        if not _fits(value, gold.accepted[name], declared[name]):
            return f"value of {name!r} is not accepted"
    left_out = (name for name in gold.accepted if name not in call.arguments and name not in gold.optional)
    return next((f"parameter {name!r} is missing" for name in left_out), "")


def _fits(value: Any, accepted: tuple[Any, ...], schema: dict[str, Any]) -> bool:
    expected = declared_type(schema, _TYPES)
    nested = declared_type(schema.get("items"), _TYPES) if expected is list else None
    if expected is float and type(value) is int:
        value = float(value)
    example = next((type(candidate) for candidate in accepted if candidate != ""), None)
    if type(value) is not expected:
        return type(value) is example and value in accepted
    if nested and not any(_of_type(value, candidate, nested) for candidate in accepted):
        return False
    if example not in (None, expected):  # the gold is a variable's name, say
        return value in accepted
    return _among(value, accepted, expected, nested)


def _of_type(elements: list[Any], accepted: Any, nested: type) -> bool:
    """Every element is of the declared type, or of that of the first accepted element."""
    if not isinstance(accepted, list):
        return True
    example = next((type(element) for element in accepted if element != ""), None)
    return all(type(element) is nested or type(element) is example for element in elements)


def _among(value: Any, accepted: Sequence[Any], expected: type, nested: type | None) -> bool:
    """Whether a value of the declared type is an accepted one."""
    if expected is str:
        return fold_text(value) in [fold_text(text) for text in accepted if isinstance(text, str)]
    if expected is dict:
        return any(_same_object(value, candidate) for candidate in accepted)
    if nested is dict:
        return any(
            isinstance(candidate, list)
            and len(candidate) == len(value)
            and all(_same_object(mine, gold) for mine, gold in zip(value, candidate, strict=True))
            for candidate in accepted
        )
    if expected is list:
        return folded_elements(value) in [
            folded_elements(candidate) for candidate in accepted if isinstance(candidate, list | str)
        ]
    return value in accepted


def _same_object(value: Any, accepted: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(accepted, dict) or value.keys() != accepted.keys():
        return False
    return all(folded_value(value[key]) == folded_value(expected) for key, expected in accepted.items())


def folded_value(value: Any) -> Any:
    """A text folded_value, any other value as it is."""
    return fold_text(value) if isinstance(value, str) else value


def folded_elements(values: Any) -> list[Any]:
    """The elements of a list (or the letters of a text, as upstream takes them), texts folded_value."""
    return [folded_value(element) for element in values]


def declared_type(schema: Any, types: dict[str, type]) -> type:
    """The type of the values a schema declares; text where it declares none that upstream knows."""
    declared = schema.get("type") if isinstance(schema, dict) else None
    return types.get(declared, str) if isinstance(declared, str) else str
