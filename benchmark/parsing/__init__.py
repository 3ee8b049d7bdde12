"""Answers of models become predictions: text in, `Prediction` or `ParseError` out, never an exception.

It knows formats and bounds, not gold answers. Nothing is ever evaluated.
"""

from .answers import Format, Tolerance, parse
from .bounds import Bounds

__all__ = ["Bounds", "Format", "Tolerance", "parse"]
