"""Accepted queries solved once more: by strangers, who have to fail, and by solvers, who have to agree.

A stranger sees the query and nothing of the user (Table 3); a solver sees what the assistant saw, and differs
in its draws, its temperature or its model. What they answer is judged by the gates, not here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import orjson

from ..cli.progress import Stage
from ..environments.dialogue import DialogueState
from ..environments.views import DIALOGUE_VIEWS
from ..environments.world import World
from ..errors import NO_ANSWER, ModelError, UnknownPartError
from ..executors import Written
from ..records import Episode, Solution
from .context import ItemContext, RunContext, without_model
from .items import ItemState
from .roles import second_solvers
from .stages import load_episode
from .tasks import Tasks


async def run_second_solvers(context: RunContext, tasks: Tasks) -> None:
    """Ask every stranger and solver of the run for its solution of every accepted query.

    The solutions are in the ledger afterwards, a stage a role.
    """
    for role, times in second_solvers(context.settings).items():
        with context.stage(f"{role}s", len(tasks)) as bar:

            def missing(role: str = role, bar: Stage = bar) -> Iterator[str]:
                for task in tasks:
                    if context.is_finished(role, task.id, _parse_solutions):
                        bar.advance()
                    else:
                        yield task.id

            def done(_: str, __: None, bar: Stage = bar) -> None:
                bar.advance()

            await context.each(second_solver, missing(), done, role, times)


def second_solver(
    populations: ItemState, name: str, role: str, times: int
) -> Callable[[str], Awaitable[Written[None] | None]]:
    """Asks one role so many times for its solution of one query, as a job of an executor."""
    context, worlds = populations[name]

    async def solve(id: str) -> Written[None] | None:
        episode = load_episode(context, id)
        if episode.status != "accepted":
            return None
        return await _solve(context, worlds[episode.task.scenario], episode, role, times)

    return solve


async def _solve(
    context: ItemContext, world: World, episode: Episode, role: str, times: int
) -> Written[None]:
    """Ask one role so many times for its solution of one episode's query."""
    state = DialogueState(episode.task, phase="solution", query=episode.query)
    participants, seed = context.participants, context.settings.seed
    views = {view: DIALOGUE_VIEWS[view](world, state) for view in participants.roles[role].sees}
    solutions: list[Solution | None] = []
    stage = role
    for number in range(1, times + 1):
        try:
            solutions.append(await participants.ask(role, role, f"{episode.id}/{number}", views, seed))
        except UnknownPartError:
            raise
        except ModelError as error:
            solutions.append(None)
            if isinstance(error, NO_ANSWER):
                stage = without_model(role)
    body = orjson.dumps([solution and solution.model_dump(mode="json") for solution in solutions])
    return Written(None, context.ledger.submit(stage, episode.id, body))


def second_solutions(context: ItemContext, role: str, id: str) -> tuple[Solution | None, ...]:
    """What a role answered to the query of an episode; None in the place of no usable answer."""
    body = context.ledger.get(role, id) or context.ledger.get(without_model(role), id) or b"[]"
    return _parse_solutions(body)


def _parse_solutions(body: bytes) -> tuple[Solution | None, ...]:
    """The solutions in an item. Raises ValueError or TypeError."""
    return tuple(answer and Solution.model_validate(answer) for answer in orjson.loads(body))
