"""The matcher of tools that are brought along: do two functions of rival platforms do the same job?

A closed question, asked in both orders of the two, because a weak model leans to one answer or to what stands
first. Where the orders cancel each other, or it says as much of functions that are known to differ, its
answer is worth nothing (`decision`).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..models.request import NO_USAGE, Reply
from ..records import Choice
from .closed_questions import YES_NO, ClosedRole
from .role import Ask, Observation, Views

_TIE = 1e-9
_RELIABLE = 0.85
"""Share of known answers that a yes has to exceed: of a dozen, one pair may do the same after all."""


class ToolMatcher(ClosedRole):
    """Says yes or no of the two functions in the view `functions`."""

    async def respond(self, observation: Observation, ask: Ask) -> Reply:
        """The chances of yes and no, averaged over the orders; the letter is the likelier of them."""
        pair = Views(observation.views)["functions"]
        usage, chance = NO_USAGE, 0.0
        orders = (pair, pair[::-1])[: self.orders]
        for turn, functions in enumerate(orders):
            reply = await ask(self.choice(observation, YES_NO, (), str(turn), functions=functions))
            usage += reply.usage
            weights = reply.record.weights or {reply.record.letter: 1.0}
            chance += weights.get("yes", 0.0) / sum(weights.values()) / len(orders)
        letter = "yes" if chance > 1 / 2 else "no"
        return Reply(Choice(letter=letter, weights={"yes": chance, "no": 1 - chance}), usage)


def chance_of_yes(choice: Choice) -> float:
    """How likely a matcher takes it that two functions do the same, 0 to 1."""
    return choice.weights.get("yes", float(choice.letter == "yes"))


def decision(chance: float, controls: Sequence[float] = ()) -> bool | None:
    """Whether a matcher says that two functions do the same; None: its answer does not tell.

    A model that says yes to everything (qwen2.5-coder-1.5b does, with 0.54 to 0.66) tells something only
    where it is surer than of functions that are known to differ.

    Args: chance: as of `chance_of_yes`; controls: the chances it gives those functions.
    """
    bar = max(1 / 2, sorted(controls)[int(_RELIABLE * len(controls))] if controls else 0.0)
    if abs(chance - 1 / 2) < _TIE or 1 / 2 < chance <= bar + _TIE:
        return None
    return chance > bar
