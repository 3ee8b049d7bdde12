"""The verifier on trial (§4.3): good samples spoilt on purpose, and instructions hidden in what it reads."""

from __future__ import annotations

from .specimen import choose
from .trial import trial

__all__ = ["choose", "trial"]
