"""Words of a text, whatever it is written in; knows no meaning of any."""

from __future__ import annotations

import re

# Han, kana and hangul are written without blanks: there every character counts as a word.
_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]|[^\W_\u2e80-\u9fff\uac00-\ud7af]+")


def words(text: str) -> list[str]:
    """The words of a text in order, in one case; numbers are words too, punctuation is not."""
    return _WORD.findall(text.casefold())
