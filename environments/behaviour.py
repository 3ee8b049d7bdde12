"""The behaviour protocol (§4.2): what a user prefers, which visits follow from it, what was done on them.

    chooser -> preferences -> visits drawn by seeded code -> actor -> actions -> history

The platform preferred for a kind of need gets the strict majority of the visits that serve it, so a
preference can be learned from the history without ever being stated there.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..errors import ConfigError, ModelError, UnreachableModelError, UnusableHistoryError
from ..models.seeds import derive
from ..records import Action, Actions, History, Preference, Preferences, Reason, Turn
from ..texts.search import compact, searchable_text
from ..texts.values import scalars
from .checks.plausibility import contradictions
from .views import BEHAVIOUR_VIEWS, check_sees
from .world import World

CHOOSER, ACTOR = "chooser", "actor"

LONGEST = 300
"""Characters of an action."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_TASTE_WORDS = re.compile(r"\b(?:prefer\w*|my favou?rites?|because|my taste|loyal\w*)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit to a platform that code drew and the actor puts into words."""

    platform: str
    context: str


@dataclass(frozen=True, slots=True)
class BehaviourState:
    """Where one user's history in one scenario stands."""

    user: str
    scenario: str
    phase: Literal["preferences", "actions", "accepted", "rejected"] = "preferences"
    round: int = 0
    preferences: tuple[Preference, ...] = ()
    visits: tuple[PlannedVisit, ...] = ()
    actions: tuple[str, ...] = ()
    feedback: tuple[Reason, ...] = ()
    reasons: tuple[Reason, ...] = ()
    turns: tuple[Turn, ...] = ()

    @property
    def id(self) -> str:
        """'<scenario>-<user>'."""
        return f"{self.scenario}-{self.user}"


class Behaviour:
    """The protocol in one world.

    Args:
        world: the scenario and its people.
        sees: role -> the views it is shown.
        seed: the run's seed; the visits are drawn from it.
        actions_per_context: visits for every kind of need, >= 1.
        loyalty: share of them on the preferred platform; always more than half.
        max_rounds: rounds of feedback, >= 0.
    """

    stage = "histories"
    roles = (CHOOSER, ACTOR)

    def __init__(
        self,
        world: World,
        *,
        sees: Mapping[str, Iterable[str]],
        seed: int,
        actions_per_context: int,
        loyalty: float,
        max_rounds: int = 2,
    ) -> None:
        for role in self.roles:
            if role not in sees:
                raise ConfigError(f"agent.{role}: missing; a behaviour history needs this role")
        self.world = world
        self._sees = {role: check_sees(role, sees[role], BEHAVIOUR_VIEWS) for role in self.roles}
        self._seed = seed
        self._visits_each = actions_per_context
        self._loyalty = loyalty
        self._max_rounds = max_rounds

    def reset(self, user: str) -> BehaviourState:
        """The state a user's history begins in."""
        return BehaviourState(user, self.world.name)

    def next(self, state: BehaviourState) -> tuple[str, ...]:
        """Who speaks next; empty: the history is over."""
        return {"preferences": (CHOOSER,), "actions": (ACTOR,)}.get(state.phase, ())

    def observe(self, state: BehaviourState, role: str) -> dict[str, Any]:
        """What a role is shown: the views it lists, and no other."""
        return {view: BEHAVIOUR_VIEWS[view](self.world, state) for view in self._sees[role]}

    def apply(self, state: BehaviourState, role: str, output: Any) -> BehaviourState:
        """The state after a role's answer."""
        turn = Turn(role=role, round=state.round, output=output.model_dump(mode="json"))
        state = replace(state, turns=(*state.turns, turn), feedback=())
        if role == CHOOSER:
            return self._apply_preferences(state, output)
        return self._apply_actions(state, output)

    def fail(self, state: BehaviourState, role: str, error: ModelError) -> BehaviourState:
        """End the history, because a role's model did not answer."""
        code = f"model.{error.code}"
        return replace(state, phase="rejected", reasons=(_reason(code, "", str(error)[:600], role),))

    def history(self, state: BehaviourState) -> History:
        """Write down a history that was accepted.

        Raises:
            UnreachableModelError: its model could not be asked.
            UnusableHistoryError: it was not accepted; says the first reason.
        """
        if state.phase != "accepted":
            why = state.reasons[0].message if state.reasons else "it is not over"
            if any(reason.code == f"model.{UnreachableModelError.code}" for reason in state.reasons):
                raise UnreachableModelError(why)
            raise UnusableHistoryError(
                f"{state.id}: no behaviour history after {state.round} rounds of feedback: {why}"
            )
        done = zip(state.visits, state.actions, strict=True)
        return History(
            user_id=state.user,
            scenario=state.scenario,
            preferences=state.preferences,
            actions=tuple(
                Action(platform=visit.platform, action=action, context=visit.context)
                for visit, action in done
            ),
        )

    def _apply_preferences(self, state: BehaviourState, output: Preferences) -> BehaviourState:
        if reasons := tuple(self._check_preferences(output)):
            return self._send_back(state, reasons)
        visits = self._draw_visits(state, output.preferences)
        return replace(state, phase="actions", preferences=output.preferences, visits=visits)

    def _check_preferences(self, output: Preferences) -> Iterable[Reason]:
        wanted = [context.name for context in self.world.scenario.contexts]
        got = [preference.context for preference in output.preferences]
        if sorted(got) != sorted(wanted):
            message = f"got preferences for {got[:20]!r}, expected one for each of {wanted!r}"
            yield _reason("history.preferences", "preferences", message, "preferences")
        for index, preference in enumerate(output.preferences[:50]):
            if preference.platform not in self.world.platforms:
                got_platform = preference.platform[:100]
                message = f"no platform {got_platform!r}; there are {sorted(self.world.platforms)!r}"
                yield _reason("history.unknown_platform", f"preferences[{index}]", message, "preferences")

    def _draw_visits(
        self, state: BehaviourState, preferences: Iterable[Preference]
    ) -> tuple[PlannedVisit, ...]:
        """Draw the visits: a strict majority of every context's on its preferred platform, then shuffled."""
        draw = random.Random(derive(self._seed, self.stage, state.id, "visits"))
        preferred = preferred_visits(self._visits_each, self._loyalty)
        visits: list[PlannedVisit] = []
        for preference in preferences:
            platform, context = preference.platform, preference.context
            rivals = [name for name in self.world.platforms if name != platform] or [platform]
            visits += [PlannedVisit(platform, context)] * preferred
            visits += [
                PlannedVisit(draw.choice(rivals), context) for _ in range(self._visits_each - preferred)
            ]
        draw.shuffle(visits)
        return tuple(visits)

    def _apply_actions(self, state: BehaviourState, output: Actions) -> BehaviourState:
        if reasons := tuple(self._check_actions(state, output.actions)):
            return self._send_back(state, reasons)
        return replace(state, phase="accepted", actions=output.actions)

    def _check_actions(self, state: BehaviourState, actions: tuple[str, ...]) -> Iterable[Reason]:
        if len(actions) != len(state.visits):
            message = f"got {len(actions)} actions, expected {len(state.visits)}, one for every visit"
            yield _reason("history.count", "actions", message, "actions")
            return
        implicit = self.world.profile(state.user).implicit
        latent = [leaf for leaf in scalars(implicit) if isinstance(leaf, str) and len(leaf.strip()) >= 4]
        for index, action in enumerate(actions):
            path = f"actions[{index}]"
            yield from _check_action(action, path, latent)
            for message in contradictions(action[:LONGEST], self.world, state.user):
                yield _reason("history.contradicts", path, message, "actions")
        yield from _check_repetition(actions)

    def _send_back(self, state: BehaviourState, reasons: tuple[Reason, ...]) -> BehaviourState:
        if state.round >= self._max_rounds:
            return replace(state, phase="rejected", reasons=reasons)
        return replace(state, round=state.round + 1, feedback=reasons, reasons=reasons)


def preferred_visits(visits: int, loyalty: float) -> int:
    """How many of the visits for one kind of need are on the preferred platform: always more than half.

    So 4 visits with a loyalty of 0.75 give 3, and with one of 0.5 also 3.
    """
    return min(visits, max(round(loyalty * visits), visits // 2 + 1))


def _check_action(action: str, path: str, latent: Iterable[str]) -> Iterable[Reason]:
    if not 1 <= len(action.strip()) <= LONGEST:
        message = f"got {len(action.strip())} characters, expected 1 to {LONGEST}"
        yield _reason("history.length", path, message, "actions")
        return
    if _CONTROL.search(action):
        yield _reason("history.unprintable", path, "expected one line of plain text", "actions")
    if taste := _TASTE_WORDS.search(action):
        message = f"{taste[0]!r} announces a taste; say only what was done"
        yield _reason("history.reveals", path, message, "actions")
    words = searchable_text(action)
    for value in latent:
        if words.find(value):
            message = f"repeats {value[:100]!r} of the latent features; let it show in what is done"
            yield _reason("history.reveals", path, message, "actions")


def _check_repetition(actions: tuple[str, ...]) -> Iterable[Reason]:
    """Object to an action that is there before, word for word: copies teach nothing."""
    first: dict[str, int] = {}
    for index, action in enumerate(actions):
        earlier = first.setdefault(compact(action) or action, index)
        if earlier != index:
            message = f"the same as actions[{earlier}]; write what was done on this visit, something else"
            yield _reason("history.repeated", f"actions[{index}]", message, "actions")


def _reason(code: str, path: str, message: str, source: str) -> Reason:
    # A history has no query: whoever wrote it has to mend it, as with a solution.
    return Reason(code=code, blames="solution", path=path, message=message, source=source)
