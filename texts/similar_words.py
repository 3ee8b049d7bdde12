"""Words of a text that are like those of a value, in another number, order or spelling.

What proves an argument to the letter is `search`; this finds what a sentence made of a value. It knows
nothing of queries.
"""

from __future__ import annotations

import re

from rapidfuzz import fuzz

from .search import Span

LITTLE_WORDS = frozenset(
    ["a", "an", "and", "or", "the", "of", "for", "with", "vs", "in", "on", "to", "my", "some", "any"]
)
_PLURALS = {
    "children": "child", "criteria": "criterion", "feet": "foot", "men": "man", "people": "person",
    "teeth": "tooth", "women": "woman",
}  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_SEPARATOR, _PAUSE = re.compile(r"[,;]|\b(?:and|or|vs)\b"), re.compile(r"[,;:.!?](?:\s|\Z)")
"""Between the things of a list; where one thing ends in any case."""


def words_of(text: str) -> list[str]:
    """The words of a text, as they stand in it."""
    return _WORD.findall(text)


def telling_words(text: str) -> set[str]:
    """The stems of a text's words without those that tell nothing."""
    return {stem(word) for word in words_of(text)} - LITTLE_WORDS


def near(value: str, text: str, least: float) -> str | None:
    """The words of a text that are most like a value, whole ones; None: nothing is alike enough."""
    if not value.strip():
        return None
    hit = fuzz.partial_ratio_alignment(value.casefold(), text.casefold(), score_cutoff=least)
    if hit is None or hit.dest_start == hit.dest_end or len(text.casefold()) != len(text):
        return None
    start, end = _whole_words((hit.dest_start, hit.dest_end), text)
    words = text[start:end].strip(" ,.;:!?'\"")
    return words if fuzz.ratio(value.casefold(), words.casefold()) >= least else None


def stretch(value: str, text: str, least: float = 0.75) -> str | None:
    """The shortest stretch of a text with the words of a value, in any number, with little between them.

    'jeans, shirt' is in 'compare the jeans and the shirts'. None: there is no such stretch.

    Args: least: share of the value's words that it must have, 0 to 1.
    """
    wanted = telling_words(value)
    is_list = _SEPARATOR.search(value) is not None
    places = [
        (match.span(), stem(match[0])) for match in _WORD.finditer(text) if stem(match[0]) not in LITTLE_WORDS
    ]
    best: tuple[int, int, Span] | None = None
    for start, (first, root) in enumerate(places):
        if root not in wanted:
            continue
        for end in range(start, min(len(places), start + len(wanted) + 2)):
            if not is_list and _PAUSE.search(text, first[0], places[end][0][1]):
                break
            found = len(wanted & {root for _, root in places[start : end + 1]})
            candidate = (-found, end - start, (first[0], places[end][0][1]))
            if places[end][1] in wanted and (best is None or candidate < best):
                best = candidate
    if best is None or -best[0] < least * len(wanted):
        return None
    start, end = best[2]
    for (first, last), root in reversed(places):  # 'baking soda and baking powder' begins with 'baking'
        if last < start and not words_of(text[last:start]) and root in wanted:
            start = first
    for (first, last), root in places:  # 'whole foods and natural foods' ends with 'foods'
        if end < first and text[end:first].isspace() and root in wanted:
            end = last
    return text[start:end]


def stem(word: str) -> str:
    """A word in one case, and in one number where its ending tells."""
    word = word.casefold()
    if word in _PLURALS:
        return _PLURALS[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _whole_words(span: Span, text: str) -> Span:
    start, end = span
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while 0 < end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    return start, end


def root(word: str) -> str:
    """The word in one case without the ending of a plural or of a form of a verb, as far as letters tell."""
    word = stem(word.casefold().replace("’", "'").removesuffix("'s"))
    for ending in ("ies", "ie", "ing", "es", "ed", "s", "y", "e"):
        if len(word) - len(ending) >= 3 and word.endswith(ending):
            return word[: -len(ending)]
    return word
