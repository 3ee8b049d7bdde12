"""The metrics of other benchmarks as their own code computes them, beside ptool's scores for the same
answers.

`read_upstream(item, text)` reads an answer as they do, and `verdict(item, prediction)` says why it is wrong
there, or "" where it is right; both None where an item's dataset has no metric of its own here (ptool and the
published PTBench have `strict` and `official`; ToolSpectrum has F1 of parts: `toolspectrum.PartsF1`).
"""

from __future__ import annotations

from ..items import Item, Prediction
from . import acebench, bfcl
from .reading import read_upstream

__all__ = ["read_upstream", "verdict"]

_PROTOCOLS = {"bfcl": bfcl.find_fault, "acebench": acebench.find_fault}


def verdict(item: Item, prediction: Prediction) -> str | None:
    """What the benchmark an item comes from has against an answer: '' nothing, None: it has no say."""
    protocol = _PROTOCOLS.get(item.source)
    return protocol(item, prediction) if protocol else None
