"""Runs a protocol between the agents of its roles until it is over, through either of the two drivers.

It knows protocols only as pure state machines and roles only as agents; records go in, records come out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, Self, TypeVar

from ..agents import Observation
from ..agents.autogen import DRIVERS, RoleAgent
from ..errors import ConfigError, ModelError, UnknownPartError, names
from ..models.request import NO_USAGE, Reply
from ..models.seeds import derive
from ..records import Episode, History, InnerMessage, Task, Usage, Verdict
from .behaviour import Behaviour
from .dialogue import Dialogue

NoteRepair = Callable[[str, str, Mapping[str, int]], None]
"""Told a role, 'mended' or 'degraded', and kind -> how often."""

_State = TypeVar("_State", bound="EnvironmentState")


class EnvironmentState(Protocol):
    """What every protocol's state tells a driver."""

    @property
    def id(self) -> str:
        """Deterministic id of the item."""
        ...

    @property
    def round(self) -> int:
        """Rounds of feedback so far."""
        ...

    def with_inner(self, inner: Sequence[InnerMessage]) -> Self:
        """The state with the messages on the way to the last answer."""
        ...


class Environment(Protocol[_State]):
    """A pure state machine: who speaks, what they see, what follows from what they say."""

    stage: str
    """Name of the stage, for seeds."""

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role that may speak."""
        ...

    def next(self, state: _State) -> tuple[str, ...]:
        """Who speaks next; empty: over."""
        ...

    def observe(self, state: _State, role: str) -> dict[str, Any]:
        """What a role is shown."""
        ...

    def apply(self, state: _State, role: str, output: Any) -> _State:
        """The state after a role's answer."""
        ...

    def fail(self, state: _State, role: str, error: ModelError) -> _State:
        """The state after a role's model did not answer."""
        ...


async def run_dialogue(
    dialogue: Dialogue,
    task: Task,
    agents: Mapping[str, RoleAgent],
    *,
    seed: int,
    driver: str = "loop",
    samples: int = 1,
) -> Episode:
    """Play one query-and-solution episode (§4.3)."""
    state, usage = await run_environment(
        dialogue, dialogue.reset(task), agents, seed=seed, driver=driver, samples=samples
    )
    return dialogue.episode(state, usage)


async def run_behaviour(
    behaviour: Behaviour,
    user: str,
    agents: Mapping[str, RoleAgent],
    *,
    seed: int,
    driver: str = "loop",
    note: NoteRepair = lambda *_: None,
) -> History:
    """Play one user's behaviour history in one scenario (§4.2).

    Args: note: is told what code mended in answers, or filled in for want of them.

    Raises:
        ModelError: no acceptable history came about.
    """
    state, _ = await run_environment(behaviour, behaviour.reset(user), agents, seed=seed, driver=driver)
    history = behaviour.history(state)
    counts = Counter(state.repairs)
    for role, outcome in dict.fromkeys(repair[:2] for repair in counts):
        kinds = {kind: count for (*of, kind), count in counts.items() if (role, outcome) == tuple(of)}
        note(role, outcome, kinds)
    return history


async def run_environment(
    environment: Environment[_State],
    state: _State,
    agents: Mapping[str, RoleAgent],
    *,
    seed: int,
    driver: str = "loop",
    samples: int = 1,
) -> tuple[_State, Usage]:
    """Drive an environment from a state to its end.

    Args:
        environment: the protocol.
        state: where to begin.
        agents: role -> agent (`ptool.agents.autogen.make_agents`); may be shared by all conversations.
        seed: the run's seed.
        driver: 'loop' or 'round_robin'.
        samples: answers that are drawn in a turn, until one is not objected to, >= 1.

    Returns:
        The last state, and what the conversation cost.

    Raises:
        ConfigError: no such driver, or a role without an agent.
        UnknownPartError: the scripted model cannot play a role.
    """
    if driver not in DRIVERS:
        raise ConfigError(f"conversation: no driver {driver!r}; there are {names(DRIVERS, driver)}")
    if missing := [role for role in environment.roles if role not in agents]:
        raise ConfigError(f"agent.{missing[0]}: missing; there are {names(agents, missing[0])}")
    run = _EnvironmentRun(environment, state, seed, samples)
    speakers = {role: agents[role].for_conversation() for role in environment.roles}
    try:
        await DRIVERS[driver](run, speakers)
    finally:
        for agent in speakers.values():
            await agent.close()
    return run.state, run.usage


class _EnvironmentRun(Generic[_State]):
    """A `ptool.agents.autogen.Conversation` over an environment: the only thing that changes during it.

    An answer that is objected to is drawn anew, without a word about it, until `samples` were drawn in that
    turn; the last one counts whatever it is, and so does every vote.
    """

    def __init__(self, environment: Environment[_State], state: _State, seed: int, samples: int) -> None:
        self._environment = environment
        self._seed = seed
        self._samples = samples
        self._drawn = 0
        self.state = state
        self.usage = NO_USAGE

    def speakers(self) -> tuple[str, ...]:
        return self._environment.next(self.state)

    def observation(self, speaker: str) -> Observation:
        state = self.state
        again = (self._drawn,) if self._drawn else ()
        seed = derive(self._seed, self._environment.stage, state.id, speaker, state.round, *again)
        turn = "/".join(map(str, (self._environment.stage, state.id, speaker, state.round, *again)))
        views = self._environment.observe(state, speaker)
        return Observation(role=speaker, turn=turn, seed=seed, views=views)

    def receive(self, speaker: str, answer: Reply | Exception) -> None:
        if isinstance(answer, Reply):
            self.usage += answer.usage
            after = self._environment.apply(self.state, speaker, answer.record)
            if answer.inner:
                after = after.with_inner(answer.inner)
            voted = isinstance(answer.record, Verdict)  # an objection drawn away would be none
            if not voted and self._objected(after) and self._drawn + 1 < self._samples:
                self._drawn += 1
                return
            self._drawn, self.state = 0, after
        elif isinstance(answer, ModelError) and not isinstance(answer, UnknownPartError):
            self.state = self._environment.fail(self.state, speaker, answer)
        else:
            raise answer

    def _objected(self, after: _State) -> bool:
        """Whether an answer was sent back, or ended the item, instead of going on."""
        return after.round > self.state.round or getattr(after, "phase", "") == "rejected"
