"""The `json` answer format: `{"platform": …, "functions": [{"name": …, "parameters": {…}}, …]}`.

Exactly these keys, each once. Where a dataset has no platforms, the key `platform` is absent.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from ..items import PredictedCall, Prediction
from .bounds import BOUNDS, Bounds, Refused, check_brackets, short

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def read(text: str, has_platform: bool, bounds: Bounds) -> Prediction:
    """Read one answer. Raises `Refused`."""
    answer = load(text, bounds)
    wanted = {"platform", "functions"} if has_platform else {"functions"}
    _check_keys(answer, wanted, "the answer")
    platform = answer.get("platform")
    if has_platform and not isinstance(platform, str):
        raise Refused(f"platform: expected a name, got {short(platform)}")
    functions = answer["functions"]
    if not isinstance(functions, list):
        raise Refused(f"functions: expected a list, got {short(functions)}")
    if len(functions) > bounds.calls:
        raise Refused(f"more than {bounds.calls} calls")
    return Prediction(platform, tuple([_call(function, number) for number, function in enumerate(functions)]))


def load(text: str, bounds: Bounds = BOUNDS) -> Any:
    """Bounded JSON: no duplicate keys, no NaN, no lone surrogates. Raises `Refused`."""
    if len(text) > bounds.answer:
        raise Refused(f"longer than {bounds.answer:,} characters", bounds.answer)
    check_brackets(_STRING.sub("", text), bounds)
    try:
        text.encode()
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Refused(f"not JSON: {error.msg}", error.pos) from None
    except UnicodeEncodeError as error:
        raise Refused("a lone surrogate", error.start) from None
    except (RecursionError, ValueError) as error:
        raise Refused(f"not JSON: {type(error).__name__}") from None
    if "\\u" in text:
        _check_surrogates(value)
    return value


def _call(call: Any, number: int) -> PredictedCall:
    _check_keys(call, {"name", "parameters"}, f"functions[{number}]")
    name, parameters = call["name"], call["parameters"]
    if not isinstance(name, str):
        raise Refused(f"functions[{number}].name: expected a name, got {short(name)}")
    if not isinstance(parameters, dict):
        raise Refused(f"functions[{number}].parameters: expected an object, got {short(parameters)}")
    return PredictedCall(name, parameters)


def _check_keys(value: Any, wanted: set[str], where: str) -> None:
    if not isinstance(value, dict):
        raise Refused(f"{where}: expected an object, got {short(value)}")
    if value.keys() != wanted:
        expected = " and ".join(sorted(wanted))
        raise Refused(f"{where}: expected exactly {expected}, got {short(sorted(value))}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        raise Refused(f"{short(next(n for n in fields if names.count(n) > 1))} is given twice")
    return fields


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise Refused(f"a number out of range: {digits[:40]}")
    return value


def _constant(name: str) -> Any:
    raise Refused(f"{name} is not JSON")


def _check_surrogates(value: Any) -> None:
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise Refused("a lone surrogate")
    elif isinstance(value, list):
        for element in value:
            _check_surrogates(element)
    elif isinstance(value, dict):
        for key, element in value.items():
            _check_surrogates(key)
            _check_surrogates(element)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)
