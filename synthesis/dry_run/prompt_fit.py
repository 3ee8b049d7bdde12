"""Whether every prompt of a run fits into the context of the model that is to answer it, before one is asked.

The prompts are those of a small run, so what a language model will write later is only guessed at. It asks no
model anything that is paid for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from ...errors import ContextTooShortError, PtoolError
from ...log import logger
from ...models import event_loop
from ...models.context_window import ContextWindow
from ...settings import Settings
from ..pipeline import RunParts
from ..roles import Participants
from .counters import RolePrompts
from .small_run import SmallRun, play_small

if TYPE_CHECKING:
    from ...cli.compose import Sources

_SHORT_ANSWER = 64
_SHORTER = {
    "designer": "tree.depth=2, or fewer apis",
    "clusterer": "a smaller features.batch",
    "profile_writer": "fewer users",
    "assistant": "fewer tools",
    "solver": "fewer tools",
    "stranger": "fewer tools",
}
"""Role -> what makes its prompts shorter."""


@dataclass(frozen=True)
class PromptFit:
    """The longest prompt of one role, and what its answer needs."""

    role: str
    window: ContextWindow
    size: int
    """characters, the schema included where the endpoint needs it in the prompt"""
    answer: int
    """tokens of the longest answer in the small run; there may be room for more"""

    @property
    def tokens(self) -> int:
        """Estimated tokens of the prompt."""
        return self.window.tokens_of(self.size)

    @property
    def fits(self) -> bool:
        """Whether prompt and answer fit."""
        return self.window.fits(self.size, self.answer)


def ensure_prompts_fit(
    settings: Settings, sources: Sources, parts: RunParts, say: Callable[[str], None]
) -> None:
    """Ask every endpoint for its context, and refuse a run whose prompts do not fit.

    Where no context is known nothing is played: nothing could be said.

    Args:
        settings, sources, parts: the run's.
        say: is told how many tools fit.

    Raises:
        ContextTooShortError: says every role whose prompts are too long.
    """
    event_loop.run(parts.participants.measure_windows())
    if all(parts.participants.window(role).tokens is None for role in parts.participants.roles):
        return
    try:
        small_run = play_small(settings, sources, parts)
    except ContextTooShortError:
        raise
    except PtoolError as error:
        logger.warning("the prompts of this run could not be measured before it began: {}", error)
        return
    refuse_too_long(measured_fits(parts.participants, small_run))
    for tools in small_run.tools:
        say(f"rehearsal: {tools.describe()}")


def measured_fits(participants: Participants, small_run: SmallRun) -> dict[str, PromptFit]:
    """Role -> its longest prompt, of those that were asked in a small run."""
    return {role: _fit(participants, role, prompts) for role, prompts in small_run.prompts.items()}


def _fit(participants: Participants, role: str, prompts: RolePrompts) -> PromptFit:
    window, client = participants.window(role), participants.endpoint(role).client
    in_prompt = getattr(client, "structured", "json_schema") != "json_schema"
    size = prompts.size + (prompts.schema if in_prompt else 0)
    answer = max(_SHORT_ANSWER, ceil(prompts.answer / window.characters_a_token))
    most = participants.roles[role].sampling.get("max_tokens")
    return PromptFit(role, window, size, min(answer, most) if isinstance(most, int) else answer)


def refuse_too_long(fits: Mapping[str, PromptFit]) -> None:
    """Raises ContextTooShortError, a line for every context that is too short for a role or more."""
    too_long: dict[int, list[PromptFit]] = {}
    for fit in fits.values():
        if not fit.fits:
            too_long.setdefault(id(fit.window), []).append(fit)
    if too_long:
        raise ContextTooShortError("\n".join(map(_refusal, too_long.values())))


def _refusal(fits: Sequence[PromptFit]) -> str:
    window = fits[0].window
    needs = (window.need(f"the longest prompt of {fit.role!r}", fit.size, fit.answer) for fit in fits)
    advice = dict.fromkeys(_SHORTER.get(fit.role, "fewer platforms or features") for fit in fits)
    return f"{window.refusal(', '.join(needs))}: {', '.join(advice)}"
