"""PTBench's pure core: parse an answer, match it with the gold, score it; no AutoGen, no Hydra, no model.

>>> from ptool.benchmark import parse
>>> parse("{MegaMart: [getPrice(product='tea')]}").platform
'MegaMart'
"""

from .items import (
    CodedError,
    ErrorCode,
    GoldCall,
    Group,
    Item,
    Origin,
    ParseError,
    PredictedCall,
    Prediction,
    Rules,
    SampleScore,
    Source,
)
from .matching import obstacles
from .parsing import Bounds, Format, Tolerance, parse
from .rendering import render, renderings
from .scoring import Scorer, score, score_prediction

__all__ = [
    "Bounds",
    "CodedError",
    "ErrorCode",
    "Format",
    "GoldCall",
    "Group",
    "Item",
    "Origin",
    "ParseError",
    "PredictedCall",
    "Prediction",
    "Rules",
    "SampleScore",
    "Scorer",
    "Source",
    "Tolerance",
    "obstacles",
    "parse",
    "render",
    "renderings",
    "score",
    "score_prediction",
]
