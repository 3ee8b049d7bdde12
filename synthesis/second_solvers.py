"""Accepted queries solved once more: by strangers, who have to fail, and by solvers, who have to agree.

A stranger sees the query and nothing of the user (Table 3); a solver sees what the assistant saw, and differs
in its draws, its temperature or its model. What they answer is judged by the gates, not here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from ..environments.dialogue import DialogueState
from ..environments.views import DIALOGUE_VIEWS
from ..environments.world import World
from ..errors import ModelError, UnknownPartError, UnreachableModelError
from ..records import Episode, Solution, Task
from .context import Studio, sliding
from .roles import solvers
from .stages import episode_of


async def solve_again(studio: Studio, worlds: Mapping[str, World], drawn: Sequence[Task]) -> None:
    """Ask every stranger and solver of the run for its solution of every accepted query.

    The solutions are in the ledger afterwards, a stage a role.
    """
    for role, times in solvers(studio.settings).items():
        await _solve_with(studio, worlds, drawn, role, times)


async def _solve_with(
    studio: Studio, worlds: Mapping[str, World], drawn: Sequence[Task], role: str, times: int
) -> None:
    finished = frozenset(studio.ledger.ids(role))

    async def ask(task: Task) -> None:
        if task.id not in finished:
            episode = episode_of(studio, task)
            if episode.status == "accepted":
                await _ask(studio, worlds[task.scenario], episode, role, times)
        bar.advance()

    with studio.stage(f"{role}s", len(drawn)) as bar:
        await sliding(drawn, ask, studio.settings.concurrency)


def solved_again(studio: Studio, role: str, id: str) -> tuple[Solution | None, ...]:
    """What a role answered to the query of an episode; None in the place of no usable answer."""
    body = studio.ledger.get(role, id) or studio.ledger.get(_unreachable(role), id) or b"[]"
    return tuple(None if one is None else Solution.model_validate(one) for one in orjson.loads(body))


async def _ask(studio: Studio, world: World, episode: Episode, role: str, times: int) -> None:
    state = DialogueState(episode.task, phase="solution", query=episode.query)
    views = {view: DIALOGUE_VIEWS[view](world, state) for view in studio.crew.roles[role].sees}
    answers: list[Solution | None] = []
    stage = role
    for number in range(1, times + 1):
        try:
            item = f"{episode.id}/{number}"
            answers.append(await studio.crew.ask(role, role, item, views, studio.settings.seed))
        except UnknownPartError:
            raise
        except ModelError as error:
            answers.append(None)
            if isinstance(error, UnreachableModelError):
                stage = _unreachable(role)
    body = orjson.dumps([one and one.model_dump(mode="json") for one in answers])
    await studio.ledger.put(stage, episode.id, body)


def _unreachable(role: str) -> str:
    """Stage of the answers for which a model could not be asked: the next start asks again."""
    return f"{role} without a model"
