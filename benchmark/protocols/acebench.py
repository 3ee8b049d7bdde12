"""ACEBench's metric for normal single-turn questions such as `normal_preference` (Chen et al. 2025).

An answer is right if its functions are those of the gold, as often, and some call of every gold function has
all required parameters, none the gold lacks, and fitting values. The value rule is lax, and kept so: a text
fits where the folded gold text occurs *within* it; a number or Boolean fits by its type alone; so does any
value of the gold's type where that is not the declared one. Lists must be equal, texts in them folded.
Objects must have the gold's keys and contain its values. Elements of a list whose schema has no `items` are
taken as objects: the gold of `normal_preference_40`, a list of texts, is wrong by this rule, upstream as
here.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..items import GoldCall, Item, PredictedCall, Prediction
from ..matching.values import fold_text
from .bfcl import declared_type, folded_elements, folded_value

_TYPES: dict[str, type] = {
    "string": str,
    "any": str,
    "integer": int,
    "int": int,
    "number": int,
    "float": float,
    "boolean": bool,
    "array": list,
    "list": list,
    "tuple": list,
    "dict": dict,
    "object": dict,
}
_BOOLEANS = {"true": True, "false": False}


def find_fault(item: Item, prediction: Prediction) -> str:
    """Why ACEBench counts the answer as wrong; '' where it is right."""
    wanted, given = Counter(call.name for call in item.calls), Counter(call.name for call in prediction.calls)
    if wanted != given:
        return f"calls of {_names(given)}, expected {_names(wanted)}"
    for gold in item.calls:
        reasons = [_against(item, gold, call) for call in prediction.calls if call.name == gold.name]
        if "" not in reasons:
            return f"{gold.name}: {reasons[0]}"
    return ""


def _names(counts: Counter[str]) -> str:
    return ", ".join(f"{name!r:.80}" for name in sorted(counts.elements())[:5]) or "nothing"


def _against(item: Item, gold: GoldCall, call: PredictedCall) -> str:
    schema = item.tools[gold.name].get("parameters", {})
    if not call.arguments and not schema:
        return ""
    if not call.arguments or not gold.accepted:
        return "a call without arguments, or a gold call without"
    declared = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in call.arguments:
            return f"required parameter {name!r} is missing"
    for name, value in call.arguments.items():
        if name not in declared or name not in gold.accepted:
            return f"parameter {name!r:.80} is not expected"
        if not _fits(value, gold.accepted[name][0], declared[name]):
            return f"value of {name!r} is not accepted"
    return ""


def _fits(value: Any, gold: Any, schema: dict[str, Any]) -> bool:
    expected = declared_type(schema, _TYPES)
    value = list(value) if isinstance(value, tuple) else value
    if schema.get("type") == "float" and type(value) is int:
        value = float(value)
    read = _BOOLEANS.get(value, value) if isinstance(value, str) else value
    if type(read) is not expected:
        return gold != "" and (type(read) is type(gold) or read == gold)
    if expected is list and not gold:
        return False
    if gold != "" and type(gold) is not expected:
        return True
    return _equal(value, gold, expected, "items" in schema)


def _equal(value: Any, gold: Any, expected: type, typed: bool) -> bool:
    """The value rule for the three types that have one."""
    if expected is str:
        return fold_text(gold) in fold_text(value)
    if expected is dict:
        return _contains(value, gold)
    if expected is list and typed:
        return folded_elements(value) == folded_elements(gold)
    if expected is list:
        return len(value) == len(gold) and all(map(_contains, value, gold))
    return True


def _contains(value: Any, gold: Any) -> bool:
    """An object with the gold's keys whose values, as text, contain the gold's."""
    if not isinstance(value, dict) or not isinstance(gold, dict) or value.keys() != gold.keys():
        return False
    for key, wanted in gold.items():
        mine = _BOOLEANS.get(value[key], value[key]) if isinstance(value[key], str) else value[key]
        if isinstance(wanted, dict):
            if not _contains(mine, wanted):
                return False
        elif str(folded_value(wanted)) not in str(folded_value(mine)):
            return False
    return True
