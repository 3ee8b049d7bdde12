"""The matcher of tools that are brought along: do two functions of rival platforms do the same job?

A closed question, asked in both orders of the two, because a weak model leans to one answer or to what stands
first. Where the orders cancel each other, its answer is worth nothing, and it says so (`decision`).
"""

from __future__ import annotations

from ..models.request import NO_USAGE, Reply
from ..records import Choice
from .closed_questions import YES_NO, ClosedRole
from .role import Ask, Observation, Views

_TIE = 1e-9


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


def decision(choice: Choice) -> bool | None:
    """Whether a matcher says that two functions do the same; None: it says yes as much as no."""
    chance = choice.weights.get("yes", float(choice.letter == "yes"))
    return None if abs(chance - 1 / 2) < _TIE else chance > 1 / 2
