"""Sentences that leave something to the profile, 'Use my home address, as usual.': written, and read again.

They say which user features a call takes, in plain words, and none of their values.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence

_ALLUSIONS = (
    "Use {0}, as usual.",
    "Go by {0}.",
    "Take {0} from what you know of me.",
    "You know {0}, so go ahead.",
    "Please fill in {0}.",
    "Keep to {0} there.",
    "Make sure {0} is used.",
    "Work from {0}.",
    "Look up {0} for it.",
    "Enter {0} where they ask.",
    "You have {0} on file.",
    "You will need {0} as well.",
    "Add {0} from my profile.",
    "As for {0}, you know.",
    "Include {0}.",
    "They will want {0}, so pass that on.",
    "Do it with {0}.",
    "Please go with {0}.",
    "Please take {0} into account.",
    "Tell them {0} as well.",
    "Note {0} as well.",
)
"""How a request leaves something to the profile. There are many, so that none is a mark of the data."""

_ORDINALS = ("first", "second", "third", "fourth")
_SENTENCES = tuple(
    (
        f"{before}my ".casefold(),
        re.compile(
            rf"(?:\A|(?<=[.!?] ))(?:For the (?P<which>{'|'.join(_ORDINALS)}) one: )?"
            + rf"{re.escape(before)}(?P<named>my [^.!?,]{{1,200}}?){re.escape(after)}(?=\s|\Z)",
            re.IGNORECASE,
        ),
    )
    for before, _, after in (sentence.partition("{0}") for sentence in _ALLUSIONS)
)

"""How each begins, in one case, and what matches it; most texts hold the beginnings of two or three."""


def with_allusions(text: str, mentions: Sequence[Sequence[str]]) -> str:
    """The text, and a sentence for what each call takes from the profile though nobody would know it does.

    Args: mentions: for every call, features in plain words, 'home address'.
    """
    sentences = []
    for number, features in enumerate(mentions):
        missing = [feature for feature in dict.fromkeys(features) if not _is_mentioned(feature, text)]
        if missing:
            sentence = _allusion(missing, f"{text}{number}")
            sentences.append(sentence if len(mentions) == 1 else _of_one(sentence, number))
    if not sentences:
        return text
    return " ".join((ended(text), *sentences))


def ended(text: str) -> str:
    """A text that ends as a sentence does."""
    return text if text.rstrip()[-1:] in ".!?" else f"{text.rstrip()}."


def _is_mentioned(feature: str, text: str) -> bool:
    return (
        re.search(rf"\b(?:my|our)\b[^.!?]{{0,30}}\b{re.escape(feature)}\b", text, re.IGNORECASE) is not None
    )


def _allusion(features: Sequence[str], text: str) -> str:
    named = " and ".join(f"my {feature}" for feature in features)
    sentence = _ALLUSIONS[zlib.crc32(text.encode()) % len(_ALLUSIONS)].format(named)
    return sentence[0].upper() + sentence[1:]


def _of_one(sentence: str, number: int) -> str:
    """Say which of two calls a sentence is about."""
    return f"For the {_ORDINALS[min(number, 3)]} one: {sentence[0].lower()}{sentence[1:]}"


def read_allusions(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """What a text leaves to the profile in the sentences of `with_allusions`.

    Yields: number of the call, from 0, and the features in plain words.
    """
    folded = text.casefold()
    for beginning, sentence in _SENTENCES:
        for match in sentence.finditer(text) if beginning in folded else ():
            which = _ORDINALS.index((match["which"] or _ORDINALS[0]).casefold())
            yield which, tuple(match["named"][len("my ") :].split(" and my "))
