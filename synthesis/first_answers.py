"""How many first answers of the roles that write are accepted, and a warning where they are too few.

A first answer is accepted when the dialogue goes on from it: to the other role that writes, or to a good end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..environments.dialogue import ASSISTANT, USER
from ..errors import NO_ANSWER_CODES
from ..log import logger
from ..records import Episode

FLOOR = 0.5
"""Share of the first answers that has to be accepted for a role to be of use."""
ENOUGH = 20
"""First answers that tell enough to warn while episodes are still under way."""
_REMEDY = {
    USER: "roles=lean asks the least of it, agent.user.model gives it another model",
    ASSISTANT: "assistant=confirm or assistant=none let code write the solutions",
}


AcceptedByRole = tuple[tuple[str, bool], ...]
"""(role that writes, whether its first answer in an episode was accepted)."""


class FirstAnswers:
    """Counts them, episode by episode."""

    def __init__(self) -> None:
        self._accepted: Counter[str] = Counter()
        self._of: Counter[str] = Counter()
        self._warned: set[str] = set()

    def add(self, of_episode: AcceptedByRole) -> None:
        """Count those of one episode (`first_answers_of`)."""
        for role, accepted in of_episode:
            self._accepted[role] += accepted
            self._of[role] += 1

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Role -> accepted, of how many."""
        return {role: {"accepted": self._accepted[role], "of": of} for role, of in sorted(self._of.items())}

    def warn(self, least: int = 1) -> None:
        """Warn once of every role below the floor.

        Args: least: first answers without which nothing is said.
        """
        for role, of in self._of.items():
            accepted = self._accepted[role]
            if of >= least and accepted < FLOOR * of and role not in self._warned:
                self._warned.add(role)
                logger.warning(
                    "of the first answers of the {} {} of {} were accepted, less than half: the model is not "
                    "up to the role; {}; ptool.check with the same settings measures every role",
                    role, accepted, of, _REMEDY[role],
                )  # fmt: skip


def first_answers_of(episode: Episode) -> AcceptedByRole:
    """The first answers in an episode that is over."""
    return tuple(_first_answers(episode))


def _first_answers(episode: Episode) -> Iterator[tuple[str, bool]]:
    writers = [turn.role for turn in episode.turns if turn.role in _REMEDY]
    for role in _REMEDY:
        if role in writers:
            after = writers[writers.index(role) + 1 :]
            yield role, after[0] != role if after else episode.status == "accepted"
        elif any(
            reason.source == role and reason.code.startswith("model.") and reason.code not in NO_ANSWER_CODES
            for reason in episode.reasons
        ):
            yield role, False  # it never gave the record
