"""Sentences of a request that ask for nothing a function does; small models add reasons and wishes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ...texts.sentences import sentences_of
from ...texts.similar_words import stem, telling_words, words_of
from ...texts.word_lists import NUMBER_WORDS, SMALL_WORDS, alternation

_CLAUSE = re.compile(
    r",? (?:and|so(?: that)?) (?:please )?(?:let me know|tell me|notify me|inform me|I can|we can)\b[^.!?]*",
    re.IGNORECASE,
)
"""A wish or a reason behind a request: 'search for a lamp and let me know when it is available'."""
_LIST = re.compile(r"\w+(?:, \w+(?: \w+)?)+,? (?:and|or) \w+")
_BETWEEN_THINGS = re.compile(r",? (?:and|or) |, ")
_NAMED = re.compile(r"\b(?:of|for|on|about|an?|some) (\w+)", re.IGNORECASE)
"""A word that names something, by what stands before it."""
_ANOTHER = re.compile(
    r",? (?:and|or|as well as|plus) (an? |the |some |any |my )?([\w'’-]+(?: [\w'’-]+)?)", re.IGNORECASE
)
"""Behind a thing: another one."""
_COUNT = alternation((*NUMBER_WORDS[2:], "couple of", "few", "several"))
_DAYS = "(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_TIME = re.compile(
    rf"\b(?:{_COUNT}) (?:minutes|hours|days|nights|weeks|months|years)\b"
    r"|\ban? (?:hour|week|fortnight|month|year)\b|\btomorrow\b"
    rf"|\b(?:(?:this|next|coming|following) (?:week|weekend|month|year)|{_DAYS})\b",
    re.IGNORECASE,
)
"""A time in words."""
_UNFINISHED = re.compile(
    r"\b(?:an?|the|my|your|of|for|to|with|from|in|on|at|and|or|but|that|which|is|are)\W*\Z", re.IGNORECASE
)
"""The end of a sentence that has none: 'Could you please give a.'"""
_FOREIGN = 2
"""Words in a sentence without a value, or things in a list, from which it asks for something else than the
function does."""


def without_asides(text: str, values: Iterable[str], described: Iterable[str]) -> str:
    """The text without the sentences that say no value and name what the function does not.

    'Compare bread and jam. I want to know about the ingredients and the flavours.' -> its first sentence. A
    text keeps its sentences where none says a value. A wish or a reason at the end of one goes as well, and a
    sentence that says no value and is not finished.

    Args: values: what is to be said, as words; described: how need and function are described.

    Raises ValueError: a sentence that says a value says a time or lists other things besides, or a further
    one names one.
    """
    told = telling_words(" ".join(values))
    known = told | telling_words(" ".join(described))
    text = _CLAUSE.sub(
        lambda clause: clause[0] if told & telling_words(clause[0]) or _telling(clause[0]) <= known else "",
        text,
    )
    sentences = sentences_of(text)
    saying = list(_saying(sentences, told))
    if saying:
        text = " ".join(
            sentence
            for sentence in sentences
            if sentence in saying
            or (len(_telling(sentence) - known) < _FOREIGN and not _UNFINISHED.search(sentence))
        )
    for time in _TIME.finditer(" ".join(saying)):
        if not telling_words(time[0]) <= known:
            raise ValueError(f"the text says {time[0]!r}; leave out what `values` does not have")
    for named in _NAMED.finditer(" ".join(saying[1:])):
        if (thing := _telling(named[1])) and thing.isdisjoint(known):
            raise ValueError(f"the text names {named[1]!r} as well; leave out what `values` does not have")
    for listed in _LIST.finditer(text):
        things = [_telling(thing) for thing in _BETWEEN_THINGS.split(listed[0])]
        if sum(bool(thing) and thing.isdisjoint(known) for thing in things) >= _FOREIGN:
            raise ValueError(
                f"the text asks for {listed[0]!r} as well; leave out what `values` does not have"
            )
    return text


def without_another_thing(
    words: str, text: str, values: Iterable[str], described: Iterable[str], need: str
) -> None:
    """Refuse a text that asks for another thing beside one that is to be said: 'the phone and a camera'.

    What has no article is a thing where the need is about it: 'find a lamp and compare it' names none.

    Args: words: those of the text that say the thing; values, described: as of `without_asides`; need: what
        the kind of need is about.

    Raises ValueError: there is one.
    """
    match = _ANOTHER.match(text.partition(words)[2])
    if match is None:
        return
    known = telling_words(" ".join((*values, *described)))
    other = _telling(match[2]) - known
    if other and (match[1] or other & telling_words(need)):
        raise ValueError(f"the text asks for {match[2]!r} as well; leave out what `values` does not have")


def _saying(sentences: Iterable[str], told: set[str]) -> Iterator[str]:
    """The sentences that say a value, or the rest of one, that none before has said."""
    left = set(told)
    for sentence in sentences:
        said = left & telling_words(sentence)
        if said:
            left -= said
            yield sentence


def _telling(sentence: str) -> set[str]:
    """The stems of its words that name something, no function words and no small talk."""
    return {stem(word) for word in words_of(sentence) if word.casefold() not in SMALL_WORDS}
