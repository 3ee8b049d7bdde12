"""What is written down of every call of a model: its answer before anybody read it, or why there was none.

Plain dataclasses: there is one for every call of a run, and validating what code itself wrote costs time.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, as the model gave it."""

    key: bytes
    """16 bytes that stand for everything the answer depends on (see `ptool.models.gateway.cache_key`)"""
    stage: str
    """stage of the run, such as 'episodes'"""
    role: str
    """who was asked"""
    turn: str
    """the turn it was asked in first, such as 'episodes/shopping-u0001-0003/user/0'"""
    endpoint: str
    """who answered, such as 'gpt-4o-mini at https://api.openai.com/v1'"""
    content: str
    """the answer's text, unread"""
    finish: str
    """why it ended: stop | length | content_filter | refusal | unknown"""
    prompt_tokens: int
    """tokens sent, as the endpoint counted them"""
    completion_tokens: int
    """tokens received"""
    cached_tokens: int | None
    """tokens of the prompt that the endpoint had in its prefix cache; None: it does not say"""
    usd: float | None
    """what it cost; None: the price is not known"""
    seconds: float
    """from sending to the whole answer"""
    estimated: bool = False
    """whether its tokens are estimated, because the endpoint's counts are missing or can be none"""
    thought: int = 0
    """characters of what the model thought, where the answer itself is empty"""


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt that brought no answer."""

    stage: str
    role: str
    turn: str
    endpoint: str
    kind: str
    """what went wrong, one of `ptool.models.faults.KINDS`"""
    message: str
    """in one bounded line, without secrets"""
    seconds: float


@dataclass(frozen=True, slots=True)
class Spent:
    """What calls cost together."""

    calls: int = 0
    """attempts, those without an answer included"""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """of the prompt tokens, as far as endpoints say"""
    usd: float = 0.0
    """of the calls whose price is known"""
    unpriced: int = 0
    """answers whose price is not known"""

    @property
    def tokens(self) -> int:
        """Sent and received together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
            self.usd + other.usd,
            self.unpriced + other.unpriced,
        )
