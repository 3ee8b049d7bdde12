"""Small faults in the wording of a request that are mended where it is clear what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from typing import Any

from ...texts.similar_words import root, stem, words_of
from ...texts.word_lists import SMALL_WORDS
from .spoken_words import name_words, value_words

_ASSENT = re.compile(r"\A\W*(?:sure|of course|certainly|okay|ok)\b[\s,.!:]*", re.IGNORECASE)
"""What a model begins with that was asked to do something; no part of what a customer says."""
_GREETING = re.compile(r"\A\W*(?:hey|hi|hello)(?: there)?\b[\s,.!:]*(?=\w)", re.IGNORECASE)
"""What nobody says a second time."""
_OFFER = re.compile(r"\A\W*would you like (me )?to (?=\w)([^.!?]*)\?", re.IGNORECASE)
_A_RANGE = re.compile(
    r" (?:from|in|on|of|for) (?:the|an?) (?:range|category|department|section|selection|assortment)"
    r"(?: of (?:products|items|goods|things))?\b(?! of\b| \d)",
    re.IGNORECASE,
)
"""A range that is none: 'discounts on a range of products for the home'."""
_ARE_ABOUT = re.compile(r" (?:that|which) (?:(?:is|are) (?:about|on|for)|deals? with) (?=\w)", re.IGNORECASE)
"""'discounts that are about fruit' are on it."""
_KINDS = re.compile(
    r"\b(?:(?:two|three|both|several|some|different|various) )+(?:kinds?|types?|sorts?|varieties) of (?=\w)",
    re.IGNORECASE,
)
"""'two kinds of lamps and rugs' are lamps and rugs."""
_SELECTION = re.compile(r"\ban? (?:wide )?(?:range|selection|variety|choice) of (?=\w)", re.IGNORECASE)
"""'A range of lamps and rugs', too."""
_SUCH_AS = re.compile(
    r"\b(?:some |any |two |these )?(?:products?|items?|goods|things)\b(?P<how> side by side)?,? "
    r"(?:such as|like|namely) (?P<things>[^.!?,;]+)(?=\W*(?:[.!?]|\Z))",
    re.IGNORECASE,
)
"""'Compare products, such as lamps and rugs.'"""
_YOURS = re.compile(
    r"\b(y)our (?=(?:shopping |wish )?(?:cart|basket|bag|wishlist|list|orders?|calendar|house|garden)\b)",
    re.IGNORECASE,
)
"""What is the customer's own, said from the side of the assistant: 'add shoes to your cart'."""
_MY_HOME = re.compile(
    r"\b(to|in|at|for|near) your "
    r"(?=(?:\w+ ){0,2}(?:address|code|postcode|city|country|area|neighbou?rhood)\b)",
    re.IGNORECASE,
)
"""Where the customer lives, said from the side of the assistant: 'how many can be sent to your postcode'."""
_MINE = re.compile(
    r"\bthe (?=(?:(?:post(?:al)?|zip) ?code|(?:home|postal|delivery|shipping) address)\b"
    r"(?! of\b| is\b| \w*\d))",
    re.IGNORECASE,
)
"""Where the customer lives: 'sent to the postal code' means my postal code."""
_BY_ANOTHER = re.compile(
    r"\b(orders?|purchases?|bookings?|reservations?|requests?) "
    r"(?:(?:that|which) (?:were|was|are|have been) )?(placed|made) by (?:the|this|an?|my) [\w-]+",
    re.IGNORECASE,
)
"""What the customer did, as if somebody else had: 'orders placed by the child'."""
_THE_CUSTOMER = re.compile(
    r"\b(by|for|from|of|to|with) the (?:customer|client|user)(?=[.,!?]|\Z)"
    r"|\bthe (?:customer|client|user)['’]s(?= \w)",
    re.IGNORECASE,
)
"""The customer, in their own words."""
_LET_ME = re.compile(
    r"\b(?:(?:let me know|show me|teach me|tell me) how to|let me|tell me to) (?=(\w+))", re.IGNORECASE
)
"""Before what the assistant is to do: 'please let me compare the two'."""
_PLEASE_AGAIN = re.compile(r"(\bplease\b[^.!?]*?),? please(?=[.!?]|\Z)", re.IGNORECASE)
"""A second please in one sentence."""
_MONEY = re.compile(
    r"[$€£¥]\s?(?=\d)|(?<=\d)\s?(?:[$€£¥]|(?:US )?dollars?\b|euros?\b|yen\b|(?:USD|EUR|GBP|JPY|CHF)\b)",
    re.IGNORECASE,
)
"""A currency at a number; which one the customer pays in, a profile knows. Pounds may be a weight."""
_BETWEEN = re.compile(r"\bbetween (\d[\d.,]*) and (\d[\d.,]*)(?=\W|\Z)", re.IGNORECASE)
"""A range, where one number is to be said."""
_SAME = r",? (?:(?:that|which) )?(?:have|has|having|with|at|of) (?:the |an? )?(?:same|similar|equal) "
"""Before an option that things are to be told apart by."""
_LEAST_PART = 3
"""Letters of each part of a word that was written in two."""
_LIMITS = frozenset(("by", "before", "until", "till", "deadline", "latest", "due"))
"""Words of parameters whose day or time is the last one."""

_OF_A_DAY = frozenset(
    ("morning", "afternoon", "evening", "night", "day", "date", "start", "end", "week", "as", "outside")
)
"""Words that may stand before 'of' and a day or time."""
_NO_DAY = frozenset(
    ("code", "postcode", "zip", "number", "address", "city", "country", "name", "id", "keyword", "price")
)
"""Words right before a day or time that it cannot be."""


def customers_words(text: str) -> str:
    """The text without assent; what offers something wishes for it.

    'Sure, bring me tea.' -> 'Bring me tea.', 'Would you like to have tea?' -> 'I would like to have tea.',
    'to your postcode' -> 'to my postcode'
    """
    if match := _ASSENT.match(text):
        text = text[match.end() :][:1].upper() + text[match.end() + 1 :]
    text = _MY_HOME.sub(r"\1 my ", text)
    return _OFFER.sub(lambda offer: f"I would like {'you ' if offer[1] else ''}to {offer[2]}.", text)


def asked_directly(text: str, job: Iterable[str]) -> str:
    """The text with the job asked for, instead of leave to do it: 'let me compare tea' -> 'compare tea'.

    Args: job: name and description of the function.
    """
    does = {"find", "search", *(root(word) for words in job for word in words_of(words))} - SMALL_WORDS
    text = _LET_ME.sub(lambda leave: "" if root(leave[1]) in does else leave[0], text)
    return text[:1].upper() + text[1:]


def without_greeting(text: str) -> str:
    """A text that goes on with what somebody says who has said hello."""
    text = _GREETING.sub("", text)
    return text[:1].upper() + text[1:]


def mended_wording(text: str, values: Mapping[str, Any]) -> str:
    """The text without a count of kinds or a nameless range, and with the word that belongs before a day.

    'Which coats can be sent to 3 May 2027' means by then; 'move it to 3 May 2027' is left alone. What is the
    customer's own is theirs: 'add shoes to your cart' means my cart, 'to the postcode' to mine, and 'orders
    placed by the customer' are orders I placed. 'Tea that matches the keyword' is tea,
    'apple products' are apples where those are meant, and 'find products coats' is to find coats.
    'Coats that have the same price' are coats by price, where a price is what to go by.
    'Between 0 and 50' is up to 50, and 'between 50 and 50' is 50, where that is the only number.

    Args: values: parameter -> what is to be said.

    Raises ValueError: something is said to have a day, 'the postcode of 3 May 2027'.
    """
    said = [value_words(value) for value in values.values() if isinstance(value, str)]
    text = _YOURS.sub(lambda match: "My " if match[1] == "Y" else "my ", text)
    text = _PLEASE_AGAIN.sub(r"\1", _MINE.sub("my ", text))
    text = _ARE_ABOUT.sub(" on ", text)
    text = _BY_ANOTHER.sub(r"\1 I \2", text)
    text = _THE_CUSTOMER.sub(lambda match: f"{match[1]} me" if match[1] else "my", text)
    if not any(_KINDS.search(words) for words in said):
        text = _KINDS.sub("", text)
    text = _SUCH_AS.sub(lambda match: f"{match['things']}{match['how'] or ''}", text)
    names = "|".join((*(re.escape(name_words(name)) for name in values), "keywords?", "query", "criteria"))
    matching = r" (?:that|which) (?:match|fit)(?:es|s)? (?:the|a|this|my) "
    for words in said:
        again = rf"\b({re.escape(words)}){matching}(?:words?|terms?|name|{names}) ['\"]?\1\b['\"]?"
        text = re.sub(again, r"\1", text, flags=re.IGNORECASE)
    text = re.sub(rf"{matching}(?:{names})\b", "", text)
    for option in (value for value in values.values() if isinstance(value, str) and "_" in value):
        text = re.sub(rf"{_SAME}(?={re.escape(value_words(option))}\b)", " by ", text, flags=re.IGNORECASE)
    for words in said:
        text = _with_whole_words(words, text)
        text = re.sub(
            rf"(?i)\b(?:products|items|goods|something) (?=['\"“‘]?{re.escape(words)}(?!\w))", "", text
        )
        text = re.sub(
            r"(?i)\b(?:all )?(?:products|items|goods) (?:that|which) (?:match|contain|fit)(?:es|s)? "
            rf"(?:the )?(?:(?:keywords?|words?|terms?) )?['\"“‘]?({re.escape(words)})\b['\"”’]?", r"\1", text,
        )  # fmt: skip
        if (single := stem(words)) != words.casefold():
            things = rf"(?i)\b{re.escape(single)} (?:products|items|goods)\b"
            text = words.join(re.split(things, text))
        if words.islower():  # those of a maker, Apple's, are of one
            things = rf"\b({re.escape(words)}) (?:products|items|goods)\b(?! (?:that|which)\b)"
            text = re.sub(things, r"\1", text)
            text = re.sub(rf"['\"“‘]({re.escape(words)})['\"”’]", r"\1", text)
    if not any(_MONEY.search(f"1 {word}") for words in said for word in words.split()):
        text = _MONEY.sub("", text)
    numbers = {
        str(value)
        for value in values.values()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    text = _BETWEEN.sub(lambda span: _one_number(span, numbers), text)
    if not any(_A_RANGE.search(f" in the {words}") for words in said):
        text = _A_RANGE.sub("", text)
    if not any(_SELECTION.search(f"a {words}") for words in said):
        text = _SELECTION.sub("", text)
    moments = {name: value for name, value in values.items() if _is_moment(value)}
    if len(moments) != 1:
        return text
    [(name, value)] = moments.items()
    moment = re.escape(value_words(value))
    text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", value_words(value), text)
    if (match := re.search(rf"\b(\w+) (?:of )?(?={moment}(?!\w))", text, re.IGNORECASE)) and (
        match[1].casefold() in _NO_DAY or (" of " in match[0] and match[1].casefold() not in _OF_A_DAY)
    ):
        raise ValueError(f"{match[1]!r} has no {value_words(value)!r}; say when the customer wants it")
    if _LIMITS & set(name_words(name).split()):
        wrong, right = "to|at|in", "by"
    else:
        wrong, right = ("in|at", "on") if len(value) > len("18:30") else ("in|on", "at")
    text = re.sub(rf",(?= {moment} ?[.!?])", f" {right}", text)
    return re.sub(rf"\b(?:{wrong}) (?={moment}(?!\w))", f"{right} ", text)


def _with_whole_words(words: str, text: str) -> str:
    """The text with the words of a value that it writes in two: 'smart phone' of 'smartphone'."""
    for word in words_of(words):
        parts = ((word[:cut], word[cut:]) for cut in range(_LEAST_PART, len(word) - _LEAST_PART + 1))
        halves = "|".join(rf"{first}[ -]{second}" for first, second in parts)
        if halves and word.casefold() not in text.casefold():
            text = re.sub(rf"(?i)\b(?:{halves})(?=s?\b)", word, text)
    return text


def _one_number(span: re.Match[str], numbers: Set[str]) -> str:
    """A range as the only number that is to be said."""
    least, most = (number.rstrip(".,").replace(",", "") for number in span.groups())
    if len(numbers) != 1 or most not in numbers:
        return span[0]
    end = span[2].rstrip(".,")
    rest = span[2][len(end) :]
    return f"{end}{rest}" if least == most else f"up to {end}{rest}" if not least.strip("0.") else span[0]


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}|\d{2}:\d{2}", value) is not None
