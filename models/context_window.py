"""The context of an endpoint: how many tokens a conversation may have there, and how many a text comes to.

Endpoints state a context in many places, some the length a model was trained with, some nonsense: of what
can be believed the smallest counts, and where nothing can the context is unknown, which limits nothing.
Tokens are estimated from characters: there is no tokenizer here. It knows no HTTP, prompt or role.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

CHARACTERS_A_TOKEN = 3.0
"""By which a context is filled where no endpoint has counted: few, so that what is said to fit does fit."""
UNKNOWN, NO_LIMIT = "unknown", "no limit"
"""Origins of a context that limits nothing."""
BELIEVABLE = range(256, 100_000_000)
"""Tokens that a context may have; what is stated beyond them is no context."""
LEAST_ANSWER = 512
"""Tokens an answer needs, where it may have as many or more."""

_TOKENS_A_PROMPT = 64
"""What templates add to the texts of a prompt."""
_MARGIN = 0.95
"""A prompt may hold more tokens a character than the text that was counted."""
_SENSIBLE_RATIO = (0.5, 8.0)
_SERVED = ("max_model_len", "loaded_context_length", "context_length", "context_window", "max_context_length")
_OF_META = ("n_ctx", "n_ctx_train")


@dataclass(slots=True)
class ContextWindow:
    """The context of one endpoint, as far as it is known."""

    tokens: int | None = None
    """prompt and answer together; None: unknown, or without a limit"""
    origin: str = UNKNOWN
    """who says so: a key of the configuration or a path; `NO_LIMIT` of a model in this process"""
    characters_a_token: float = CHARACTERS_A_TOKEN
    counted: bool = False
    """whether `characters_a_token` comes from a count of the endpoint's"""

    def become(self, other: ContextWindow) -> None:
        """Take over what is known of another one."""
        self.tokens, self.origin = other.tokens, other.origin
        self.characters_a_token, self.counted = other.characters_a_token, other.counted

    def tokens_of(self, size: int) -> int:
        """Estimated tokens of a prompt of so many characters (`text_size`)."""
        return ceil(size / self.characters_a_token) + _TOKENS_A_PROMPT

    def size_beside(self, answer: int) -> int | None:
        """Characters a prompt may have beside an answer of so many tokens; None: any number."""
        if self.tokens is None:
            return None
        return int((self.tokens - answer - _TOKENS_A_PROMPT) * self.characters_a_token)

    def fits(self, size: int, answer: int) -> bool:
        """Whether a prompt of so many characters fits beside an answer of so many tokens."""
        return self.tokens is None or self.tokens_of(size) + answer <= self.tokens

    def answer_room(self, size: int, wanted: int) -> int:
        """Tokens that are left for an answer, at most those wanted; all of those where none are left at all.

        A prompt that leaves no room is sent as it is: the endpoint counts better than an estimate does.
        """
        if self.tokens is None:
            return wanted
        left = self.tokens - self.tokens_of(size)
        return wanted if left <= 0 else min(wanted, left)

    def calibrate(self, size: int, tokens: int) -> None:
        """Take the endpoint's own count of a text into account; a count that cannot be true is none."""
        least, most = _SENSIBLE_RATIO
        if tokens > 0 and least <= (ratio := size / tokens) <= most:
            self.characters_a_token, self.counted = ratio * _MARGIN, True

    def describe(self) -> str:
        """Tokens and who says so, for people."""
        return self.origin if self.tokens is None else f"{self.tokens:,} tokens ({self.origin})"

    def need(self, what: str, size: int, answer: int) -> str:
        """What a prompt of so many characters and its answer need, for people."""
        return f"{what} has about {self.tokens_of(size):,} tokens and its answer needs {answer:,}"

    def refusal(self, needs: str) -> str:
        """One line that says what does not fit (`need`), and what to do about it."""
        by = "its own count of a text" if self.counted else f"{self.characters_a_token:g} characters each"
        return (
            f"{needs}, but its model's context has {self.describe()}; tokens are estimated by {by}. Serve "
            "the model with a longer context, give model.context where this is wrong, or make prompts shorter"
        )


def text_size(text: str) -> int:
    """The size of a text, by which tokens are estimated: of other scripts the bytes."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def least_answer(max_tokens: Any) -> int:
    """Tokens an answer needs at least, where its request allows so many (None: the endpoint's own limit)."""
    known = isinstance(max_tokens, int) and not isinstance(max_tokens, bool) and max_tokens > 0
    return min(max_tokens, LEAST_ANSWER) if known else LEAST_ANSWER


def served_context(models: Any, name: str) -> int | None:
    """What a reply to `GET /models` says of a model's context; None: nothing that can be believed.

    Args: models: the reply, of any shape; name: the model's, or the only one there is.
    """
    listed = models.get("data") if isinstance(models, Mapping) else None
    entries = [entry for entry in listed if isinstance(entry, Mapping)] if isinstance(listed, list) else []
    own = [entry for entry in entries if entry.get("id") == name] or (entries if len(entries) == 1 else [])
    return min((count for entry in own for count in _stated(entry)), default=None)


def slot_context(props: Any) -> int | None:
    """What a reply to llama.cpp's `GET /props` says of a slot's context; None: nothing to be believed."""
    if not isinstance(props, Mapping):
        return None
    generation = props.get("default_generation_settings")
    stated = generation.get("n_ctx") if isinstance(generation, Mapping) else None
    return stated if _is_count(stated) else None


def counted_tokens(reply: Any) -> int:
    """Tokens that a reply to `POST /tokenize` counts; 0: it does not say."""
    if not isinstance(reply, Mapping):
        return 0
    tokens = reply.get("tokens")
    return len(tokens) if isinstance(tokens, list) else 0


def _stated(entry: Mapping[str, Any]) -> Iterator[int]:
    meta = entry.get("meta")
    provider = entry.get("top_provider")
    places = (
        (entry, _SERVED),
        (meta if isinstance(meta, Mapping) else {}, _OF_META),
        (provider if isinstance(provider, Mapping) else {}, _SERVED),
    )
    yield from (part[key] for part, keys in places for key in keys if _is_count(part.get(key)))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in BELIEVABLE
