"""Predictions meet the gold answer: `official` as the published code does it, `strict` as the paper does."""

from .marks import Marks, missed
from .official import match_official, obstacles, official_parse
from .strict import match_strict

__all__ = ["Marks", "match_official", "match_strict", "missed", "obstacles", "official_parse"]
