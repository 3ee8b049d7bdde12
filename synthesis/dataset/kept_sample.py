"""A kept sample in few words: what splits, statistics and twins need to know of all samples at once.

A hundred times smaller than the sample itself, so a whole dataset of them fits into memory.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from ...records import Origin

Group = Literal["trained", "untrained", "unseen"]
"""Whether a model has seen the user's samples in training; unseen: nor the scenario (§5.1, §5.5)."""

Split = Literal["train", "test", "unseen", "twins", "reserve", "all"]
"""Part of the dataset; twins: of what is held out; reserve: kept, and in no part; all: nothing is split."""


class Argument(NamedTuple):
    """One argument of the answer."""

    call: int
    """position of the call, from 0"""
    parameter: str
    origin: Origin
    feature: str
    """basic feature it is from; empty unless the origin is the profile"""
    value: str
    """as canonical JSON"""


class Kept(NamedTuple):
    """One sample of the dataset."""

    id: str
    population: str
    """'' for the run's own people, 'unseen' for those held out with their scenarios"""
    scenario: str
    user: str
    context: str
    """the kind of need; latent"""
    platform: str
    """the gold one"""
    query: str
    calls: tuple[tuple[str, str], ...]
    """(API, capability) of every call"""
    arguments: tuple[Argument, ...]
    twin_of: str = ""
    """id of the sample it is the counterfactual twin of"""
    mended: bool = False
    """objected to first, and kept after feedback"""
