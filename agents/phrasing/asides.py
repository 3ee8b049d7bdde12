"""A request says its job and nothing else: what small models add is cut off at its end, or refused.

A word is licensed by the values that are to be said, by how the function is described, or because it names
nothing. One rule for reasons, wishes, shops, times, features and other things, whatever they are about. It
knows no scenario; wording that is merely clumsy is mended in `small_faults`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial

from ...texts.sentences import sentences_of
from ...texts.similar_words import root, words_of
from ...texts.word_lists import NUMBER_WORDS, SMALL_WORDS

_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?:['’][^\W\d_]+)*(?!\w)")
"""A word; what has a digit is a value, which others look for."""
_SMALL_NUMBERS = frozenset(map(str, range(len(NUMBER_WORDS))))
"""Numbers that may be said by a word."""
_ASKING = frozenset(
    words_of("find search show list check provide love urgently currently available minimum maximum percent")
)
"""Words of any request."""
_JOINING = frozenset(words_of("cost costs offer offers sort sorted sale"))
"""Words that only say that a thing has a price, or an order, or is there, unless a function is about it."""
_FINDS = re.compile(r"\b(?:search|browse|look|find(?! out))(?:s|es)?\b", re.IGNORECASE)
"""How a function is described that finds things."""
_TO_FIND = re.compile(r"\b(?:search|browse|look|find(?! out)|list|show)(?:ing)?\b", re.IGNORECASE)
"""How that is asked for."""
_LOOKS_FOR = (
    r"\b(?:find|list|show|look(?:ing)? for|search(?:ing)? for) (?:(?:me|us|an?|the|some|any|my|good|new) )*"
)
"""Before a thing: that it is to be found."""
_UNSAID = frozenset(words_of("today tonight best when where why who how"))
"""Words that name nothing, but say or ask when, which or how."""
_STANDS_FOR_A_THING = frozenset(
    map(
        root, words_of("product item something thing article keyword word term kind range type customer name")
    )
)
"""Words of a function's description in whose place a request has the thing itself."""
_LINKS = frozenset(
    words_of(
        "about and as at because before but for from i if in of on or plus since so that to when where which "
        "while who with you"
    )
)
"""Words with which something begins that a sentence can do without."""
_OF_OTHERS = re.compile(
    r"\b(\w+) of (?:(?:all|both|two|the|my|your|their) )*(?!(?:an?|all|both|two|the)\b)(\w+)", re.IGNORECASE
)
"""What a function's description says something is of: 'the history of all orders', not 'of an order'."""
_UNFINISHED = re.compile(
    r"\b(?:an?|the|my|your|of|for|to|with|from|in|on|at|and|or|but|that|which|is|are)\W*\Z", re.IGNORECASE
)
"""The end of a sentence that has none: 'Could you please give a.'"""
_ASKED = re.compile(r"\b(?:how|what|which|whether|if)\b", re.IGNORECASE)
"""Before a thing of which something has to be said still: 'how many coats I can get'."""
_PRAISE = re.compile(
    r"\b(?:very )?(?:best|latest|newest|cheapest|finest|greatest|nicest|top) (?=(\w+))",
    re.IGNORECASE,
)
"""Before a thing: that it is to be a good one."""
_ASPECT = re.compile(
    r"\b(\w+) (?:the )?(?P<aspect>\w+) of (?=(?:(?:an?|the|my|these) )?(?P<thing>\w+))", re.IGNORECASE
)
"""'compare the styles of jeans' is to compare them."""
_COUNTS = re.compile(r"\bhow (?:many|much)\b", re.IGNORECASE)
_ACQUIRED = re.compile(
    r"\bhow (?:many|much)\b[^.!?]*?"
    r"\b(?:(?:can|could) (?:I|we)|(?:I|we) (?:can|could)) (order|buy|purchase)\b",
    re.IGNORECASE,
)
"""Who asks how many there are says what for."""
_ALIKE = 5
"""Letters of a word's beginning from which another one that begins with it is a form of it."""


def only_the_job(text: str, values: Iterable[str], job: Iterable[str], more: Iterable[str] = ()) -> str:
    """The text without what says more than the values and the function's own words.

    'Compare bread and jam to decide what to buy. I love the flavours.' -> 'Compare bread and jam.'

    Args: values: what is to be said, as words; job: how the function, and what a thing is to it, are
        described; more: what else may be said, such as the names of options.

    Raises ValueError: a sentence says more, and not at its end alone.
    """
    told, job = {root(word) for words in values for word in words_of(words)}, tuple(job)
    told |= {root(NUMBER_WORDS[int(word)]) for word in told if word in _SMALL_NUMBERS}
    licensed = {root(word) for words in job for word in words_of(words)} - _STANDS_FOR_A_THING
    has_aspect = any(
        root(what) not in _STANDS_FOR_A_THING for words in job for what, _ in _OF_OTHERS.findall(words)
    )
    licensed |= told | {root(word) for words in more for word in words_of(words)}
    plainer = partial(_plainer, told=told, licensed=licensed, has_aspect=has_aspect)
    sentences = list(map(plainer, sentences_of(text)))
    has_values = any(_says(sentence, told) for sentence in sentences)
    left: list[str] = []
    for sentence in sentences:
        says = _says(sentence, told)
        if has_values and not says and (_foreign(sentence, licensed) or _UNFINISHED.search(sentence)):
            continue
        try:
            left.append(_without_end(sentence, told, licensed))
        except ValueError:
            if not left or _says(sentence, told - _roots(" ".join(left))):
                raise
    return " ".join(left)


def check_asks(text: str, values: Sequence[str], job: Sequence[str]) -> None:
    """Refuse a text that does not ask for what a function does in any of its own words.

    Whatever finds things is asked for in all words for that, and nothing else is; what is of others, as a
    history of orders is, is said with them.

    Raises ValueError: it does not.
    """
    told = {root(word) for words in values for word in words_of(words)}
    said = {root(word) for word in words_of(text)} - told
    does = {root(word) for words in job for word in words_of(words) if word.casefold() not in SMALL_WORDS}
    does -= _STANDS_FOR_A_THING | {root(word) for word in _ASKING} | told
    finds = _FINDS.search(job[-1])
    counts = _COUNTS.search(job[-1]) and _COUNTS.search(text)
    found = "|".join(map(re.escape, values))
    if found and not finds and re.search(rf"{_LOOKS_FOR}(?:{found})(?!\w)", text, re.IGNORECASE):
        raise ValueError(f"the text asks to find something; say it in words of {job[-1]!r}")
    asks = any(_is_form(word, known) for word in said for known in does)
    if does and not asks and not counts and not (finds and _TO_FIND.search(text)):
        raise ValueError(f"the text does not ask for this job; say it in words of {job[-1]!r}")
    for what, others in _OF_OTHERS.findall(job[-1]):
        named = others.casefold() not in SMALL_WORDS and root(others) not in _STANDS_FOR_A_THING | told
        if named and root(what) in said and root(others) not in said:
            raise ValueError(f"the text says {what!r}, not of what; write the {what} of {others}")


def _says(sentence: str, told: set[str]) -> bool:
    return not told.isdisjoint(_roots(sentence))


def _roots(sentence: str) -> set[str]:
    return {root(word) for word in words_of(sentence) if word.casefold() not in SMALL_WORDS}


def _plainer(sentence: str, told: set[str], licensed: set[str], has_aspect: bool) -> str:
    """A sentence without what it says of things as such: 'the latest lamps', 'the styles of lamps'.

    Args: has_aspect: whether the function is about something of them itself, such as their prices.
    """

    def without_praise(match: re.Match[str]) -> str:
        return "" if _foreign(match[0], licensed) and _is_licensed(match[1], licensed) else match[0]

    def without_aspect(match: re.Match[str]) -> str:
        asks = not has_aspect and not _is_small(match[1]) and _is_licensed(match[1], licensed)
        bare = asks and _foreign(match["aspect"], licensed)
        return f"{match[1]} " if bare and root(match["thing"]) in told else match[0]

    return _ASPECT.sub(without_aspect, _PRAISE.sub(without_praise, sentence))


def _foreign(sentence: str, licensed: set[str]) -> list[re.Match[str]]:
    """The words of a sentence that nothing licenses."""
    acquired = _ACQUIRED.search(sentence)
    return [
        word
        for word in _WORD.finditer(sentence)
        if not _is_small(word[0])
        and not _is_licensed(word[0], licensed)
        and not (acquired and word.start() == acquired.start(1))
    ]


def _is_small(word: str) -> bool:
    word = word.casefold().replace("’", "'")
    return (word in SMALL_WORDS or word in _ASKING or word in _JOINING) and word not in _UNSAID


def _is_licensed(word: str, licensed: set[str]) -> bool:
    parts = words_of(word)
    if len(parts) > 1 and all(root(part) in licensed for part in parts):  # "o'clock"
        return True
    return any(_is_form(root(word), known) for known in licensed)


def _is_form(one: str, other: str) -> bool:
    """Whether two roots are of one word: 'current' and 'currentl'."""
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= _ALIKE and long.startswith(short))


def _without_end(sentence: str, told: set[str], licensed: set[str]) -> str:
    """A sentence without the end that says more; raises ValueError where something else says more."""
    foreign = _foreign(sentence, licensed)
    if not foreign:
        return sentence
    words = list(_WORD.finditer(sentence))
    first = next(place for place, word in enumerate(words) if word.start() == foreign[0].start())
    cut = None
    for place in range(first - 1, -1, -1):
        word = words[place][0]
        if not _is_small(word) or root(word) in told:
            break
        if words_of(word)[0].casefold() in _LINKS:  # the 'I' of "I'm"
            cut = words[place].start()
    before = words_of(sentence[:cut])[-1] if cut else ""
    asked = before.isalpha() and root(before) in told and _ASKED.search(sentence[:cut])
    if not cut or asked or _says(sentence[cut:], told):
        raise ValueError(f"the text says {foreign[0][0]!r} as well; leave out what the job does not have")
    end = re.search(r"[.!?]?\W*\Z", sentence)
    return sentence[:cut].rstrip(" ,;:-–(") + (end[0] if end and cut <= end.start() else ".")
