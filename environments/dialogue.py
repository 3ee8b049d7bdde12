"""The query-and-solution protocol (§4.3) as a pure state machine: no I/O, no model, no clock.

    user -> query checks -> query judges -> assistant -> solution checks -> sandbox -> judges -> accepted
      ^                          |              ^                                       |
      +-- query is blamed -------+--------------+-- solution is blamed -----------------+

Objections go back to whoever is blamed, the query before the solution, for at most `max_rounds` rounds;
what is still objected to then rejects the episode. Where code writes the solution (`assistant` is not
'propose'), no assistant speaks, and only the query can be blamed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from ..errors import ConfigError, ModelError
from ..records import Episode, Finding, InnerMessage, Query, Reason, Solution, Task, Turn, Usage, Verdict
from ..records.dialogue import with_inner
from .checks import Checks, choose_checks
from .checks.case import Case
from .gold_solution import gold_solution
from .sandbox import SandboxState, execute_call
from .views import DIALOGUE_VIEWS, HIDDEN_FROM_ASSISTANT, check_sees
from .world import World

USER, ASSISTANT = "user", "assistant"

AssistantMode = Literal["propose", "confirm", "none"]
"""propose: the assistant solves the query and has to agree with the task (§4.3); otherwise code writes the
solution, and with confirm query judges had to recognise the need and the calls in the query."""

Phase = Literal["query", "query_judges", "solution", "judges", "accepted", "rejected"]
"""Whose turn it is, or how the episode ended."""

_UNTOLD_AGREEMENT = Reason(
    code="agreement",
    blames="solution",
    path="",
    message="the proposal is not what this user means; read the request, the profile and the platforms again",
    source="agreement",
)
"""What the assistant is told where its solution differs from the task, which it must not learn."""


class DialogueState(NamedTuple):
    """Where one episode stands."""

    task: Task
    phase: Phase = "query"
    round: int = 0
    query: Query | None = None
    solution: Solution | None = None
    responses: tuple[dict[str, Any], ...] = ()
    feedback: tuple[Reason, ...] = ()
    """For whoever has to mend; empty once they have spoken."""
    voters: tuple[str, ...] = ()
    """Query judges or judges who have voted in this phase."""
    vote_reasons: tuple[Reason, ...] = ()
    """What they object to."""
    reasons: tuple[Reason, ...] = ()
    """Why the episode was rejected."""
    objections: tuple[Reason, ...] = ()
    """Everything that was objected to in any round."""
    turns: tuple[Turn, ...] = ()

    @property
    def id(self) -> str:
        """The task's id."""
        return self.task.id

    @property
    def user(self) -> str:
        """Who asks."""
        return self.task.user_id

    def with_inner(self, inner: Sequence[InnerMessage]) -> DialogueState:
        """The state with the messages on the way to the last answer."""
        return self._replace(turns=with_inner(self.turns, inner))


class Dialogue:
    """The protocol in one world.

    Args:
        world: the scenario and its people.
        sees: role -> the views it is shown; every role of the protocol must be there.
        judges: roles that vote on a solution; all must agree.
        query_judges: roles that vote on a query before it is solved.
        checks: names of the rule checks, or chosen ones; None: all.
        max_rounds: rounds of feedback in one episode, >= 0.
        assistant: whether the assistant or code writes the solution.

    Raises:
        ConfigError: a role is missing, a view is not shown here, a check does not exist.
    """

    stage = "episodes"

    def __init__(
        self,
        world: World,
        *,
        sees: Mapping[str, Iterable[str]],
        judges: Iterable[str] = ("verifier",),
        query_judges: Iterable[str] = (),
        checks: Checks | Iterable[str] | None = None,
        max_rounds: int = 2,
        assistant: AssistantMode = "propose",
    ) -> None:
        self.world = world
        self.judges, self.query_judges = tuple(judges), tuple(query_judges)
        self.solved_by_code = assistant != "propose"
        solvers = () if self.solved_by_code else (ASSISTANT,)
        self.roles = tuple(dict.fromkeys((USER, *self.query_judges, *solvers, *self.judges)))
        self._sees = {role: self._views_of(role, sees) for role in self.roles}
        self._checks = checks if isinstance(checks, Checks) else choose_checks(checks)
        self._max_rounds = max_rounds

    @staticmethod
    def _views_of(role: str, sees: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
        if role not in sees:
            raise ConfigError(f"agent.{role}: missing; the dialogue needs this role")
        hidden = HIDDEN_FROM_ASSISTANT if role == ASSISTANT else ()
        return check_sees(role, sees[role], DIALOGUE_VIEWS, hidden)

    def reset(self, task: Task) -> DialogueState:
        """The state an episode begins in."""
        return DialogueState(task)

    def next(self, state: DialogueState) -> tuple[str, ...]:
        """Who speaks next; several may speak at once; empty: the episode is over."""
        match state.phase:
            case "query":
                return (USER,)
            case "query_judges":
                return tuple(role for role in self.query_judges if role not in state.voters)
            case "solution":
                return (ASSISTANT,)
            case "judges":
                return tuple(role for role in self.judges if role not in state.voters)
        return ()

    def observe(self, state: DialogueState, role: str) -> dict[str, Any]:
        """What a role is shown: the views it lists, and no other."""
        if role not in (USER, ASSISTANT):
            state = state._replace(feedback=())
        return {view: DIALOGUE_VIEWS[view](self.world, state) for view in self._sees[role]}

    def apply(self, state: DialogueState, role: str, output: Any) -> DialogueState:
        """The state after a role's answer."""
        turn = Turn(role=role, round=state.round, output=output.model_dump(mode="json"))
        state = state._replace(turns=(*state.turns, turn))
        match state.phase:
            case "query":
                return self._apply_query(state._replace(query=output, feedback=()))
            case "solution":
                return self._apply_solution(state._replace(solution=output, feedback=()))
        return self._apply_vote(state, role, output)

    def fail(self, state: DialogueState, role: str, error: ModelError) -> DialogueState:
        """End the episode, because a role's model did not answer."""
        blames = "query" if self.solved_by_code or state.phase in ("query", "query_judges") else "solution"
        code = f"model.{error.code}"
        reason = Reason(code=code, blames=blames, path="", message=str(error)[:600], source=role)
        return self._rejected(state, (reason,))

    def case(self, state: DialogueState) -> Case:
        """What the checks judge: the query, and the solution if there is one."""
        if state.query is None:
            raise ValueError(f"{state.id}: there is no query yet")
        user = state.user
        return Case(
            self.world,
            self.world.profile(user),
            self.world.histories(user),
            state.task,
            state.query,
            state.solution,
        )

    def episode(self, state: DialogueState, usage: Usage) -> Episode:
        """Write down an episode that is over."""
        return Episode(
            id=state.id,
            task=state.task,
            status="accepted" if state.phase == "accepted" else "rejected",
            query=state.query,
            solution=state.solution,
            responses=state.responses,
            rounds=state.round,
            reasons=state.reasons,
            objections=state.objections,
            turns=state.turns,
            usage=usage,
        )

    def _apply_query(self, state: DialogueState) -> DialogueState:
        # A new query makes an older solution meaningless.
        state = state._replace(solution=None, responses=())
        if reasons := self._checks.of_query(self.case(state)):
            return self._send_back(state, reasons)
        if self.query_judges:
            return state._replace(phase="query_judges", voters=(), vote_reasons=())
        return self._begin_solution(state)

    def _begin_solution(self, state: DialogueState) -> DialogueState:
        """The assistant's turn, or the solution that code writes."""
        state = state._replace(phase="solution", voters=(), vote_reasons=())
        if not self.solved_by_code:
            return state
        return self._apply_solution(state._replace(solution=gold_solution(self.case(state))))

    def _apply_solution(self, state: DialogueState) -> DialogueState:
        state = state._replace(responses=())
        if reasons := self._checks.of_solution(self.case(state)):
            return self._send_back(state, reasons)
        responses, reasons = self._execute(state)
        state = state._replace(responses=responses)
        if reasons:
            return self._send_back(state, reasons)
        return state._replace(phase="judges" if self.judges else "accepted", voters=(), vote_reasons=())

    def _execute(self, state: DialogueState) -> tuple[tuple[dict[str, Any], ...], tuple[Reason, ...]]:
        """Carry out the calls in order; the first that is refused ends it."""
        sandbox, responses = SandboxState(), []
        solution = state.solution
        for index, call in enumerate(solution.calls if solution else ()):
            sandbox, outcome = execute_call(sandbox, self.world, solution.platform, call)  # type: ignore[union-attr]
            responses.append(outcome.value)
            if not outcome.ok:
                message = outcome.value["error"]
                return tuple(responses), (
                    Reason(
                        code="sandbox.refused",
                        blames="solution",
                        path=f"calls[{index}]",
                        message=message,
                        source="sandbox",
                    ),
                )
        return tuple(responses), ()

    def _apply_vote(self, state: DialogueState, role: str, verdict: Verdict) -> DialogueState:
        of_query = state.phase == "query_judges"
        blamed = _reasons_of(role, verdict, of_query=of_query or self.solved_by_code)
        reasons = (*state.vote_reasons, *blamed)
        state = state._replace(voters=(*state.voters, role), vote_reasons=reasons)
        if self.next(state):
            return state
        if reasons:
            return self._send_back(state, reasons)
        return self._begin_solution(state) if of_query else state._replace(phase="accepted")

    def _send_back(self, state: DialogueState, reasons: tuple[Reason, ...]) -> DialogueState:
        """Send objections to whoever is blamed, or end the episode where no round is left."""
        if state.round >= self._max_rounds:
            return self._rejected(state, reasons)
        of_query = tuple(reason for reason in reasons if reason.blames == "query" or self.solved_by_code)
        return state._replace(
            phase="query" if of_query else "solution",
            round=state.round + 1,
            feedback=of_query or _for_assistant(reasons),
            objections=(*state.objections, *reasons),
            voters=(),
            vote_reasons=(),
        )

    @staticmethod
    def _rejected(state: DialogueState, reasons: tuple[Reason, ...]) -> DialogueState:
        objections = (*state.objections, *reasons)
        return state._replace(phase="rejected", reasons=reasons, objections=objections, feedback=())


def _for_assistant(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Keep the task from the assistant: an objection of the round trip is shown without what was expected."""
    shown = tuple(reason for reason in reasons if reason.source != "agreement")
    return shown if len(shown) == len(reasons) else (*shown, _UNTOLD_AGREEMENT)


def _reasons_of(judge: str, verdict: Verdict, *, of_query: bool) -> tuple[Reason, ...]:
    """Turn a judge's findings into reasons: bounded; where only the query can be mended, it is blamed."""
    if verdict.ok:
        return ()
    unexplained = Finding(
        code="unexplained", blames="solution", path="", message="objects without saying to what"
    )
    return tuple(
        Reason(
            code=f"judge.{_code_word(finding.code)}",
            blames="query" if of_query else finding.blames,
            path=finding.path[:200],
            message=finding.message[:600],
            source=judge,
        )
        for finding in (verdict.reasons[:16] or (unexplained,))
    )


def _code_word(code: str) -> str:
    """A judge's own code in the alphabet of codes."""
    return re.sub(r"[^a-z0-9]+", "_", code.lower())[:40].strip("_") or "other"
