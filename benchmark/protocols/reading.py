"""How BFCL and ACEBench themselves read the text of an answer: a bounded walk, nothing is evaluated.

Both read calls as Python writes them, with bare words as texts, tuples, arithmetic and a minus for every
sign (`official_parsing`). BFCL strips back ticks and line breaks around the answer and puts a bracket that is
missing; ACEBench removes all white space, in texts too, and wants a list. Neither looks into reasoning or
prose.
"""

from __future__ import annotations

import ast

from ..items import Item, ParseError, PredictedCall, Prediction
from ..matching.official_parsing import read_calls
from ..parsing.bounds import BOUNDS, Bounds, Refused, expression


def read_upstream(item: Item, text: str, bounds: Bounds = BOUNDS) -> Prediction | ParseError | None:
    """The answer as the benchmark an item comes from reads it; None: it has no reader here."""
    reader = _READERS.get(item.source)
    if reader is None:
        return None
    try:
        return Prediction(None, reader(text, bounds))
    except Refused as refused:
        return ParseError(refused.position, refused.reason)
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
        return ParseError(0, f"{type(error).__name__}: {error}"[:200])


def _bfcl(text: str, bounds: Bounds) -> tuple[PredictedCall, ...]:
    if len(text) > bounds.text:
        raise Refused(f"longer than {bounds.text:,} characters", bounds.text)
    source = text.strip("`\n ")
    source = source if source.startswith("[") else f"[{source}"
    source = source if source.endswith("]") else f"{source}]"
    return read_calls(expression(source.strip().strip("'"), bounds))


def _acebench(text: str, bounds: Bounds) -> tuple[PredictedCall, ...]:
    if len(text) > bounds.text:
        raise Refused(f"longer than {bounds.text:,} characters", bounds.text)
    tree = expression("".join(text.split()), bounds)
    if isinstance(tree, ast.Call):
        raise Refused("ACEBench wants a list of calls")
    return read_calls(tree, bare_as_text=False)


_READERS = {"bfcl": _bfcl, "acebench": _acebench}
