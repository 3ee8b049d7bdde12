"""The roles of a run on trial before it begins: who is tried, what came of it as a table, and what to choose.

Every role plays the tasks of `qualification`, through a gateway without a log: nothing is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from rich.console import Group
from rich.table import Table
from rich.text import Text

from ...cli.progress import Progress
from ...environments.dialogue import ASSISTANT, USER
from ...models.endpoint import Endpoint
from ...models.gateway import Gateway
from ...models.request import NO_USAGE
from ...rendering.text import terminal_text
from ...settings import RECOGNISERS, Settings
from ..first_answers import FLOOR
from ..roles import Participants
from .counters import RolePrompts
from .qualification import UPSTREAM, Qualification, RoleTrial

ROLE_SECONDS = 120.0
"""Seconds after which a role is given no further task."""
PROPOSES = 0.8
"""Share of the tasks that an assistant has to solve at the first answer for its proposals to be advised."""


@dataclass(frozen=True)
class RoleTrials:
    """What every role made of its tasks, in the order in which they speak."""

    settings: Settings
    trials: tuple[RoleTrial, ...]

    def advice(self) -> str:
        """Who should write solutions, which judges to leave out, and whether the user can do its part."""
        return "; ".join((self._assistant(), *self._judges(), *self._user()))

    def _of(self, role: str) -> RoleTrial | None:
        return next((trial for trial in self.trials if trial.role == role), None)

    def _assistant(self) -> str:
        solver, readers = self._of(ASSISTANT), [self._of(name) for name in RECOGNISERS]
        if solver and solver.told and solver.share >= PROPOSES:
            return f"assistant=propose (it solves {solver.right} of {solver.of})"
        if all(reader and reader.qualified for reader in readers):
            return "assistant=confirm (both recognisers tell right from spoilt tasks)"
        if not all(readers):
            return "assistant=none (recognisers are tried with roles=lean)"
        return "assistant=none (neither the assistant nor both recognisers are up to it)"

    def _judges(self) -> Iterator[str]:
        tried = {trial.role: trial for trial in self.trials if trial.votes and trial.told}
        for key in ("judges", "query_gate"):
            voters: tuple[str, ...] = getattr(self.settings, key)
            left = [name for name in voters if name not in tried or tried[name].qualified]
            if len(left) < len(voters):
                dropped = ", ".join(name for name in voters if name not in left)
                yield f"{key}=[{','.join(left)}] ({dropped}: no better than chance)"

    def _user(self) -> Iterator[str]:
        if (user := self._of(USER)) and user.told:
            figures = f"{user.right} of {user.of}, the floor is {FLOOR:.0%}"
            lean = _is_lean(self.settings)
            remedy = "another model for it (agent.user.model)" if lean else "roles=lean, or another model"
            verdict = "the user is above the floor" if user.qualified else f"the user needs {remedy}"
            yield f"{verdict} ({figures})"


def _is_lean(settings: Settings) -> bool:
    """Whether the user is the lean one, which any model can play."""
    return settings.agent[USER].target.endswith("PhrasingUser")


async def try_roles(
    qualification: Qualification,
    participants: Participants,
    gateway: Gateway,
    answering: Collection[Endpoint],
    prompts: Mapping[str, RolePrompts],
) -> RoleTrials:
    """Try every role that a language model plays, one after another.

    Args:
        qualification: the tasks.
        participants: the run's.
        gateway: through which roles ask; its endpoints have the time limit of a call.
        answering: the run's endpoints that answer; roles of others are left out.
        prompts: role -> what a rehearsal asked it.
    """
    trials: list[RoleTrial] = []
    upstream = (name for name in UPSTREAM if name in prompts and not participants.is_scripted(name))
    for role in (*upstream, *qualification.roles):
        if participants.endpoint(role) not in answering:
            continue
        if role == ASSISTANT and (why := qualification.too_long(participants, role)):
            trials.append(RoleTrial(role, False, 0, 0, 0, 0, 0, NO_USAGE, 0.0, why))
            continue
        questions = prompts[role].questions if role in prompts else ()
        with Progress(activity=gateway.activity).stage(f"qualification of {role}") as stage:
            trials.append(
                await qualification.try_role(
                    participants, role, gateway, ROLE_SECONDS, questions, stage.advance
                )
            )
    return RoleTrials(participants.settings, tuple(trials))


def render_trials(roles: RoleTrials) -> Group:
    """The table and the line of advice, as rich draws them."""
    table = Table(
        title="\nqualification: tasks with known answers, first answers", title_justify="left",
        box=None, padding=(0, 2),
    )  # fmt: skip
    table.add_column("role")
    for name in ("right", "caught", "false alarms", "tokens sent", "received", "seconds"):
        table.add_column(name, justify="right")
    notes: list[Text] = []
    for trial in roles.trials:
        table.add_row(trial.role, *_cells(trial))
        if trial.note:
            asked = trial.of + trial.spoilt
            told = f"{asked} of {trial.planned} tasks, {trial.note}" if trial.planned else trial.note
            notes.append(Text(f"{trial.role}: {terminal_text(told, 300)}"))
    advice = Text(f"advice: {terminal_text(roles.advice(), 600)}", style="bold")
    return Group(table, *notes, advice)


def _cells(trial: RoleTrial) -> Iterator[str]:
    yield "" if trial.votes or not trial.of else f"{trial.right} of {trial.of}"
    yield f"{trial.caught} of {trial.spoilt}" if trial.votes else ""
    yield f"{trial.of - trial.right} of {trial.of}" if trial.votes else ""
    yield f"{trial.usage.prompt_tokens:,}"
    yield f"{trial.usage.completion_tokens:,}"
    yield f"{trial.seconds:.1f}"
