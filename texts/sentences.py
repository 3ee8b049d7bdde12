"""The sentences of a text."""

from __future__ import annotations

import re

_BETWEEN = re.compile(r"(?<=[a-z0-9]{3}[.!?])\s+(?=[A-Z])")
"""A full stop behind a short word ends no sentence: 'St. Ives', 'No. 5'."""


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, in order, without what is between them."""
    return _BETWEEN.split(text)
