"""A client and how it may be used: what it is called, what it costs, how hard it may be pressed.

It knows neither requests nor how limits are kept; `CallLog` is what the gateway expects of a ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from autogen_core.models import ChatCompletionClient

from ..records.model_calls import Answer, Failure, Spent


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard an endpoint may be pressed; None: no limit of its own."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None
    """most calls in flight; fewer are used while the endpoint is slow or refuses"""
    seconds: float = 600.0
    """a call that takes longer has failed"""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens."""

    input: float
    output: float
    cached_input: float | None = None
    """of prompt tokens found in the endpoint's prefix cache; None: as the others"""

    def usd(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int | None = None) -> float:
        """What one call costs, in US dollars."""
        cached = min(cached_tokens or 0, prompt_tokens) if self.cached_input is not None else 0
        dear = (prompt_tokens - cached) * self.input + cached * (self.cached_input or 0.0)
        return (dear + completion_tokens * self.output) / 1_000_000


@dataclass(frozen=True, eq=False)
class Endpoint:
    """A client, shared by all roles that are configured alike."""

    client: ChatCompletionClient
    name: str = "model"
    """who it is, for people: 'gpt-4o-mini at https://api.openai.com/v1'"""
    identity: str = ""
    """stands for everything beside the request that an answer depends on: model, address, parameters"""
    limits: Limits = field(default_factory=Limits)
    price: Price | None = None
    """None: not known"""


class CallLog(Protocol):
    """What the gateway expects of a ledger; `ptool.store.Ledger` is one."""

    def find_answer(self, key: bytes) -> Answer | None:
        """The answer kept under a key."""
        ...

    async def save_answer(self, answer: Answer) -> None:
        """Keep an answer; it is on disk when this returns."""
        ...

    def set_answer_status(self, key: bytes, status: str) -> None:
        """Write down what a kept answer was good for (`gateway.parse.Status`); may be lost by a kill."""
        ...

    def save_failure(self, failure: Failure) -> None:
        """Write down an attempt without an answer; may be lost by a kill."""
        ...

    def spent(self) -> Spent:
        """What all calls of the run have cost so far, earlier processes' included."""
        ...
