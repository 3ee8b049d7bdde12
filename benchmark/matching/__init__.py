"""Predictions meet the gold answer: `official` as the published code does it, `strict` as the paper does."""

from .official import match_official, obstacles, official_parse
from .strict import match_strict

__all__ = ["match_official", "match_strict", "obstacles", "official_parse"]
