"""Sentences of a request that ask for nothing a function does; small models add reasons and wishes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...texts.sentences import sentences_of
from ...texts.similar_words import stem, telling_words, words_of
from ...texts.word_lists import SMALL_WORDS

_CLAUSE = re.compile(
    r",? (?:and|so(?: that)?) (?:please )?(?:let me know|tell me|notify me|inform me|I can|we can)\b[^.!?]*",
    re.IGNORECASE,
)
"""A wish or a reason behind a request: 'search for a lamp and let me know when it is available'."""
_FOREIGN = 2
"""Words in a sentence without a value, from which it asks for something else than the function does."""


def without_asides(text: str, values: Iterable[str], described: Iterable[str]) -> str:
    """The text without the sentences that say no value and name what the function does not.

    'Compare bread and jam. I want to know about the ingredients and the flavours.' -> its first sentence. A
    text keeps its sentences where none says a value. A wish or a reason at the end of one goes as well.

    Args: values: what is to be said, as words; described: how need and function are described.
    """
    told = telling_words(" ".join(values))
    known = told | telling_words(" ".join(described))
    text = _CLAUSE.sub(
        lambda clause: clause[0] if told & telling_words(clause[0]) or _telling(clause[0]) <= known else "",
        text,
    )
    sentences = sentences_of(text)
    saying = [sentence for sentence in sentences if told & telling_words(sentence)]
    if not saying or len(sentences) == len(saying):
        return text
    return " ".join(
        sentence for sentence in sentences if sentence in saying or len(_telling(sentence) - known) < _FOREIGN
    )


def _telling(sentence: str) -> set[str]:
    """The stems of its words that name something, no function words and no small talk."""
    return {stem(word) for word in words_of(sentence) if word.casefold() not in SMALL_WORDS}
