"""Whether an answer says what an example in its prompt says: small models copy what they are shown.

Examples stand in a prompt between `<example>` and `</example>`. It knows no example and no list of words: it
compares, so a prompt of one's own is guarded as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

_EXAMPLE = re.compile(r"<example>(.*?)</example>", re.DOTALL)
_VALUE = re.compile(r"""["“]([^"“”]{3,200})["”](?!\s*:)""")
_WORDS_IN_A_ROW = 4
_SHORTEST = 8
"""Letters of a name from which the same name is no accident."""


def examples_of(prompt: str) -> tuple[str, ...]:
    """The texts between the marks, in order."""
    return tuple(_EXAMPLE.findall(prompt))


def copied_text(texts: Iterable[str], examples: tuple[str, ...], shown: Callable[[], str]) -> str | None:
    """The first text that repeats a value, or some words in a row, of an example; None: there is none.

    Args: texts: of the answer; shown: gives the data of the prompt, whose words anybody may use.
    """
    values, rows = _parts(examples)
    for text in texts:
        words = _words(text)
        joined = "".join(words)
        if len(joined) >= _SHORTEST and joined in values and not _is_shown(words, shown()):
            return text
        for row in _rows(words):
            if row in rows and not _is_shown(row, shown()):
                return text
    return None


def _is_shown(words: Sequence[str], shown: str) -> bool:
    return " ".join(words) in " ".join(_words(shown))


@lru_cache(maxsize=64)
def _parts(examples: tuple[str, ...]) -> tuple[frozenset[str], frozenset[tuple[str, ...]]]:
    """The quoted values of examples, spelt without spaces, and all their words in a row."""
    values = {"".join(_words(value)) for example in examples for value in _VALUE.findall(example)}
    quoted = (_words(value) for example in examples for value in _VALUE.findall(example))
    return frozenset(values), frozenset(row for words in quoted for row in _rows(words))


def _rows(words: list[str]) -> Iterable[tuple[str, ...]]:
    return (
        tuple(words[start : start + _WORDS_IN_A_ROW]) for start in range(len(words) - _WORDS_IN_A_ROW + 1)
    )


def _words(text: str) -> list[str]:
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return re.findall(r"\w+", apart.replace("_", " ").lower())
