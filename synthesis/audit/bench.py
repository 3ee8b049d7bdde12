"""The rule checks and the judges of a run, asked apart about whatever solution.

Judges are asked through the agents, prompts and views of an episode, so what is measured here holds there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from ...agents import Observation
from ...agents.chat import speak
from ...environments.case import Case
from ...environments.dialogue import ASSISTANT, USER, Dialogue, DialogueState
from ...environments.sandbox import SandboxState, execute
from ...environments.world import World
from ...errors import ModelError, UnknownPartError
from ...models.seeds import derive
from ..studio import Studio

Verdicts = dict[str, bool | None]
"""Who was asked -> whether nothing was objected to; None: no usable answer."""

Hide = Callable[[dict[str, Any]], dict[str, Any] | None]
"""The views of a judge -> what it is shown in their place; None: it is not asked."""


class Bench:
    """Who has to tell good from bad.

    Args:
        studio: the run.
        worlds: scenario -> its world, with profiles and histories.
        stage: the stage calls are accounted under.
    """

    def __init__(self, studio: Studio, worlds: Mapping[str, World], stage: str) -> None:
        self._studio, self._stage = studio, stage
        self.seed = studio.settings.seed
        judges = tuple(studio.settings.judges)
        sees = studio.crew.sees(USER, ASSISTANT, *judges)
        self._dialogues = {
            name: Dialogue(world, sees=sees, judges=judges, checks=studio.checks)
            for name, world in worlds.items()
        }

    def rules(self, case: Case) -> bool:
        """Whether the rule checks object to nothing."""
        checks = self._studio.checks
        return not (checks.of_query(case) or checks.of_solution(case))

    async def judges(self, case: Case, label: str, hide: Hide | None = None) -> Verdicts:
        """What every judge says of a case, all asked at once.

        The seed is that of the sample, so two verdicts on it differ by what was shown and by nothing else.

        Args:
            case: with query and solution.
            label: tells the calls on one sample apart.
            hide: changes what a judge is shown.
        """
        dialogue = self._dialogues[case.task.scenario]
        state = DialogueState(
            case.task,
            phase="judges",
            query=case.query,
            solution=case.solution,
            responses=_responses(case),
        )
        shown = {judge: dialogue.observe(state, judge) for judge in dialogue.judges}
        if hide is not None:
            shown = {judge: views for judge, seen in shown.items() if (views := hide(seen)) is not None}
        asked = (self._ask(judge, case.task.id, label, views) for judge, views in shown.items())
        return dict(zip(shown, await asyncio.gather(*asked), strict=True))

    async def _ask(self, judge: str, sample: str, label: str, views: dict[str, Any]) -> bool | None:
        turn = f"{self._stage}/{sample}:{label}/{judge}/0"
        seed = derive(self.seed, "audit", sample, judge)
        observation = Observation(role=judge, turn=turn, seed=seed, views=views)
        try:
            spoken = await speak(self._studio.crew.agents[judge], observation)
        except UnknownPartError:
            raise
        except ModelError:
            return None
        return bool(spoken.record.ok)


def _responses(case: Case) -> tuple[dict[str, Any], ...]:
    """What the platform answers, call by call; a refused call is answered with its error."""
    state, responses = SandboxState(), []
    for call in case.calls:
        state, outcome = execute(state, case.world, case.solution.platform, call)  # type: ignore[union-attr]
        responses.append(outcome.value)
    return tuple(responses)
