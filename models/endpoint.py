"""A client and how it may be used: what it is called, what it costs, how hard it may be pressed.

It knows neither requests nor how limits are kept; `CallLog` is what the gateway expects of a ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from autogen_core.models import ChatCompletionClient

from ..records.model_calls import Answer, Failure, Spent
from ..settings import Limits, Price
from .clients.base import ModelClient
from .context_window import ContextWindow, text_size


@dataclass(frozen=True, eq=False)
class Endpoint:
    """A client, shared by all roles that are configured alike."""

    client: ChatCompletionClient
    name: str = "model"
    """who it is, for people: 'gpt-4o-mini at https://api.openai.com/v1'"""
    identity: str = ""
    """stands for everything beside the request that an answer depends on: model, name, parameters"""
    limits: Limits = field(default_factory=Limits)
    price: Price | None = None
    """None: not known"""
    context: int | None = None
    """tokens of a conversation as configured; None: to be asked"""
    window: ContextWindow = field(default_factory=ContextWindow)
    """what is known of its context; nothing before `measure_window`"""
    lasting_name: str = ""
    """who it is, wherever it is (`model.name`): 'gpt-4o-mini at api.openai.com'; '': it has no address"""

    async def measure_window(self, text: str) -> None:
        """Find out how long a conversation may be: some seconds at most, and nothing that fails is said.

        Args: text: like the prompts to come; the endpoint is asked to count its tokens where it can.
        """
        window, client = self.window, self.client
        if self.context is not None:
            window.tokens, window.origin = self.context, "model.context"
        elif isinstance(client, ModelClient):
            window.tokens, window.origin = await client.stated_context()
        if window.tokens is not None and isinstance(client, ModelClient):
            window.calibrate(text_size(text), await client.counted_tokens(text))


def describe_kept(kept: Mapping[str, int], endpoints: Iterable[Endpoint]) -> str | None:
    """What a log holds of endpoints that were found elsewhere; None: nothing.

    Args: kept: who answered -> how often; endpoints: who is asked now.
    """
    now = sorted({endpoint.name for endpoint in endpoints})
    elsewhere = {name: count for name, count in kept.items() if name not in now}
    if not elsewhere:
        return None
    answers = ", ".join(f"{count:,} answers of {name}" for name, count in sorted(elsewhere.items()))
    return f"used where the same is asked: {answers}; what is left is asked of {', '.join(now)}"


class CallLog(Protocol):
    """What the gateway expects of a ledger; `ptool.store.Ledger` is one."""

    def find_answer(self, key: bytes) -> Answer | None:
        """The answer kept under a key."""
        ...

    async def save_answer(self, answer: Answer, messages: Sequence[tuple[str, str]] = ()) -> None:
        """Keep an answer and what was asked, (kind, text) each; it is on disk when this returns."""
        ...

    def set_answer_status(self, key: bytes, status: str) -> None:
        """Write down what a kept answer was good for (`gateway.parse.Status`); may be lost by a kill."""
        ...

    def save_failure(self, failure: Failure, messages: Sequence[tuple[str, str]] = ()) -> None:
        """Write down an attempt without an answer and what was asked; may be lost by a kill."""
        ...

    def spent(self) -> Spent:
        """What all calls of the run have cost so far, earlier processes' included."""
        ...
