"""One question and its reply, as records of their own: asking needs no AutoGen, answering does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from ..records import InnerMessage, Usage

Message = tuple[str, str]
"""(what it is: system | user | assistant | name | calls | results; the text).

`name` is who says the next one; `calls` are those of functions in an assistant's message, `results` what they
brought, both as JSON (`gateway.conversation`)."""

CHARACTERS_A_TOKEN = 4
"""By which tokens are estimated where nobody counts them."""

NO_USAGE = Usage(calls=0, prompt_tokens=0, completion_tokens=0)
"""What a role without a model costs."""


@dataclass(frozen=True, slots=True)
class Request:
    """One question of one role."""

    role: str
    turn: str
    """Deterministic id that begins with the stage: 'episodes/shopping-u0001-0003/user/0'."""
    system: str
    user: str
    output: type[BaseModel] | Literal[True] | None
    """The record the answer must be; True: any JSON; None: text as it comes, or calls of `tools`."""
    seed: int
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of the model: temperature, top_p, max_tokens."""
    tools: Sequence[Mapping[str, Any]] = ()
    """Functions the model may call, {name, description, parameters}."""
    tool_choice: Any = "auto"
    """Whether it calls one: auto | required | none, or the AutoGen tool it has to call."""
    messages: Sequence[Message] = ()
    """The whole conversation, in the place of `system` and `user`."""
    endpoint: str = ""
    """Whose endpoint answers, where it is not the role's."""

    @property
    def conversation(self) -> tuple[Message, ...]:
        """What is said before the answer."""
        return tuple(self.messages) or (("system", self.system), ("user", self.user))

    @property
    def record(self) -> type[BaseModel] | None:
        """The record the answer must be; None: it need be none."""
        return None if self.output is True else self.output

    @property
    def stage(self) -> str:
        """The stage of the run it is asked in."""
        return self.turn.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, and what it cost."""

    record: Any
    usage: Usage
    inner: Sequence[InnerMessage] = ()
    """Messages on the way to it, where an agent of the user's gave it."""


LIMITS = ("max_tokens", "max_completion_tokens")
"""What endpoints call the most tokens of an answer."""


def with_limit(sampling: Mapping[str, Any], tokens: int) -> dict[str, Any]:
    """Sampling with a limit on the answer's tokens, named as it is there; one that is null stays left out."""
    there = [name for name in LIMITS if name in sampling]
    limits = [name for name in there if sampling[name] is not None] if there else [LIMITS[0]]
    return {**sampling, **dict.fromkeys(limits[:1], tokens)}


_HOTTER, _HOTTEST = 0.3, 1.2


def hotter(temperature: float, repeated: int) -> float:
    """The temperature after the same wrong answer came `repeated` times more."""
    return max(temperature, min(_HOTTEST, round(temperature + _HOTTER * repeated, 3)))
