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
from .context import RunContext, run_concurrently
from .roles import solvers
from .stages import load_episode


async def run_second_solvers(context: RunContext, worlds: Mapping[str, World], tasks: Sequence[Task]) -> None:
    """Ask every stranger and solver of the run for its solution of every accepted query.

    The solutions are in the ledger afterwards, a stage a role.
    """
    for role, times in solvers(context.settings).items():
        await _solve_with(context, worlds, tasks, role, times)


async def _solve_with(
    context: RunContext, worlds: Mapping[str, World], tasks: Sequence[Task], role: str, times: int
) -> None:
    finished = frozenset(context.ledger.ids(role))

    async def ask(task: Task) -> None:
        if task.id not in finished:
            episode = load_episode(context, task)
            if episode.status == "accepted":
                await _ask(context, worlds[task.scenario], episode, role, times)
        bar.advance()

    with context.stage(f"{role}s", len(tasks)) as bar:
        await run_concurrently(tasks, ask, context.settings.concurrency)


def second_solutions(context: RunContext, role: str, id: str) -> tuple[Solution | None, ...]:
    """What a role answered to the query of an episode; None in the place of no usable answer."""
    body = context.ledger.get(role, id) or context.ledger.get(_unreachable(role), id) or b"[]"
    return tuple(None if one is None else Solution.model_validate(one) for one in orjson.loads(body))


async def _ask(context: RunContext, world: World, episode: Episode, role: str, times: int) -> None:
    state = DialogueState(episode.task, phase="solution", query=episode.query)
    views = {view: DIALOGUE_VIEWS[view](world, state) for view in context.participants.roles[role].sees}
    answers: list[Solution | None] = []
    stage = role
    for number in range(1, times + 1):
        try:
            item = f"{episode.id}/{number}"
            answers.append(await context.participants.ask(role, role, item, views, context.settings.seed))
        except UnknownPartError:
            raise
        except ModelError as error:
            answers.append(None)
            if isinstance(error, UnreachableModelError):
                stage = _unreachable(role)
    body = orjson.dumps([one and one.model_dump(mode="json") for one in answers])
    await context.ledger.put(stage, episode.id, body)


def _unreachable(role: str) -> str:
    """Stage of the answers for which a model could not be asked: the next start asks again."""
    return f"{role} without a model"
