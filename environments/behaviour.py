"""The behaviour protocol (§4.2): what a user prefers, which visits follow from it, what was done on them.

    chooser -> preferences -> visits drawn by seeded code -> actor -> actions -> history

The platform preferred for a kind of need gets the strict majority of the visits that serve it, so a
preference can be learned from the history without ever being stated there.

What is unambiguous in an answer is mended at once, and of several answers the good actions are kept. Unless
the protocol is strict, what no answer says in the end is filled in out of the scenario's own words.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..errors import (
    NO_ANSWER_CODES,
    ConfigError,
    ModelError,
    UnreachableModelError,
    UnusableAnswerError,
    UnusableHistoryError,
)
from ..models.seeds import derive
from ..records import (
    Action,
    Actions,
    History,
    HistoryFormat,
    InnerMessage,
    Preference,
    Preferences,
    Reason,
    Turn,
)
from ..records.dialogue import with_inner
from ..texts.search import compact, searchable_text
from ..texts.values import scalars
from ..trees.naming import near_name
from .checks.plausibility import contradictions
from .views import BEHAVIOUR_VIEWS, check_sees
from .visit_plan import visit_plan
from .world import World

CHOOSER, ACTOR = "chooser", "actor"

LONGEST = 300
"""Characters of an action."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_LIST_MARK = re.compile(r"(?:[-*•]|\d{1,2}[.)])\s+(?=\w)")
_MOST_PREFERENCES = 100
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
    repairs: tuple[tuple[str, str, str], ...] = ()
    """(role, 'mended' or 'degraded', kind) of everything that code did for the roles"""

    @property
    def id(self) -> str:
        """'<scenario>-<user>'."""
        return f"{self.scenario}-{self.user}"

    def with_inner(self, inner: Sequence[InnerMessage]) -> BehaviourState:
        """The state with the messages on the way to the last answer."""
        return replace(self, turns=with_inner(self.turns, inner))


class Behaviour:
    """The protocol in one world.

    Args:
        world: the scenario and its people.
        sees: role -> the views it is shown.
        seed: the run's seed; the visits are drawn from it.
        actions_per_context: visits for every kind of need, >= 1.
        loyalty: share of them on the preferred platform; always more than half.
        format: what a history shows; where that is dates, a user went to another platform at first.
        max_rounds: rounds of feedback, >= 0.
        strict: whether a history that no role completes is rejected; else code completes it.
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
        format: HistoryFormat = "plain",
        max_rounds: int = 2,
        strict: bool = True,
    ) -> None:
        for role in self.roles:
            if role not in sees:
                raise ConfigError(f"agent.{role}: missing; a behaviour history needs this role")
        self.world = world
        self._sees = {role: check_sees(role, sees[role], BEHAVIOUR_VIEWS) for role in self.roles}
        self._seed = seed
        self._visits_each = actions_per_context
        self._loyalty = loyalty
        self._format: HistoryFormat = format
        self._max_rounds = max_rounds
        self._strict = strict

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
        """The state after a role's model gave no usable answer, or could not be asked at all."""
        reasons = (_reason(f"model.{error.code}", "", str(error)[:600], role),)
        if self._strict or not isinstance(error, UnusableAnswerError):
            return replace(state, phase="rejected", reasons=reasons)
        return self._fill_in(replace(state, feedback=()), reasons)

    def history(self, state: BehaviourState) -> History:
        """Write down a history that was accepted.

        Raises:
            UnreachableModelError: its model could not be asked.
            UnusableHistoryError: it was not accepted; says the first reason.
        """
        if state.phase != "accepted":
            why = state.reasons[0].message if state.reasons else "it is not over"
            if any(reason.code in NO_ANSWER_CODES for reason in state.reasons):
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
            format=self._format,
        )

    def _apply_preferences(self, state: BehaviourState, output: Preferences) -> BehaviourState:
        mended, kinds = self._mend_preferences(output)
        state = _with_repairs(state, CHOOSER, "mended", kinds)
        if reasons := tuple(self._check_preferences(mended)):
            return self._send_back(replace(state, preferences=mended.preferences), reasons)
        return self._with_preferences(state, mended.preferences)

    def _mend_preferences(self, output: Preferences) -> tuple[Preferences, list[str]]:
        """One preference for a context, names that are nearly right as meant; and what was mended."""
        contexts = [context.name for context in self.world.scenario.contexts]
        chosen: dict[str, Preference] = {}
        kinds: list[str] = []
        for preference in output.preferences[:_MOST_PREFERENCES]:
            context = _known(preference.context, contexts)
            platform = _known(preference.platform, self.world.platforms)
            kinds += ["near_name"] * ((context, platform) != (preference.context, preference.platform))
            if context not in contexts or context in chosen:
                kinds.append("surplus")
            else:
                chosen[context] = Preference(context=context, platform=platform)
        if not kinds:
            return output, kinds
        return Preferences(preferences=tuple(chosen[name] for name in contexts if name in chosen)), kinds

    def _with_preferences(self, state: BehaviourState, preferences: tuple[Preference, ...]) -> BehaviourState:
        visits = self._draw_visits(state, preferences)
        return replace(state, phase="actions", preferences=preferences, visits=visits)

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
        self, state: BehaviourState, preferences: Sequence[Preference]
    ) -> tuple[PlannedVisit, ...]:
        """Draw the visits: a strict majority of every context's on its preferred platform, then shuffled."""
        draw = random.Random(derive(self._seed, self.stage, state.id, "visits"))
        preferred = preferred_visits(self._visits_each, self._loyalty)
        visits: list[PlannedVisit] = []
        for preference in preferences:
            platform, context = preference.platform, preference.context
            rivals = [name for name in self.world.platforms if name != platform] or [platform]
            if self._format == "chronological":
                rivals = [draw.choice(rivals)]  # the one preferred before
            visits += [PlannedVisit(platform, context)] * preferred
            visits += [
                PlannedVisit(draw.choice(rivals), context) for _ in range(self._visits_each - preferred)
            ]
        draw.shuffle(visits)
        return tuple(_former_first(visits, preferences) if self._format == "chronological" else visits)

    def _apply_actions(self, state: BehaviourState, output: Actions) -> BehaviourState:
        given, kinds = _mend_actions(output.actions, len(state.visits))
        kinds += ["plain_sentence"] * self._plain_sentences(state, given)
        actions, earlier = self._best_of(state, given)
        state = _with_repairs(state, ACTOR, "mended", [*kinds, *["from_another_answer"] * earlier])
        if reasons := tuple(self._check_actions(state, actions)):
            return self._send_back(replace(state, actions=actions), reasons)
        return replace(state, phase="accepted", actions=actions)

    def _plain_sentences(self, state: BehaviourState, actions: Iterable[str]) -> int:
        """How many actions are the plan's own sentences, where the actor was shown a plan."""
        if "visits.plan" not in self._sees[ACTOR]:
            return 0
        plans = visit_plan(self.world, state.user, state.visits)
        return sum(action == plan["plain"] for action, plan in zip(actions, plans, strict=False))

    def _best_of(self, state: BehaviourState, given: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
        """The actions, those with a fault replaced by what an earlier answer had; and how many these are."""
        if not state.actions:
            return given, 0
        faulty = self._faulty(state, given)
        earlier = self._faulty(state, state.actions)
        best, replaced = list(given), 0
        for place in range(len(state.visits)):
            if place in faulty and place not in earlier:
                best = [*best, *[""] * (place + 1 - len(best))]
                best[place] = state.actions[place]
                replaced += 1
        return tuple(best), replaced

    def _faulty(self, state: BehaviourState, actions: tuple[str, ...]) -> set[int]:
        """The visits without an acceptable action."""
        filled = (*actions, *[""] * len(state.visits))[: len(state.visits)]
        paths = [reason.path for reason in self._check_actions(state, filled)]
        return {int(path.removeprefix("actions[").rstrip("]")) for path in paths}

    def _fill_in(self, state: BehaviourState, reasons: tuple[Reason, ...]) -> BehaviourState:
        """The state with what no answer said drawn, or put together out of the scenario's own words."""
        if state.phase == "preferences":
            draw = random.Random(derive(self._seed, self.stage, state.id, "preferences"))
            chosen = {preference.context: preference.platform for preference in state.preferences}
            names, missing = list(self.world.platforms), 0
            for context in self.world.scenario.contexts:
                if chosen.get(context.name) not in names:
                    chosen[context.name] = draw.choice(names)
                    missing += 1
            preferences = tuple(
                Preference(context=context.name, platform=chosen[context.name])
                for context in self.world.scenario.contexts
            )
            state = _with_repairs(state, CHOOSER, "degraded", ["preferences"] * missing)
            return self._with_preferences(replace(state, round=0), preferences)
        faulty = self._faulty(state, state.actions)
        plain = iter(self._plain_actions(state))
        actions = tuple(
            next(plain) if place in faulty else state.actions[place] for place in range(len(state.visits))
        )
        left = tuple(self._check_actions(state, actions))
        if left:
            return replace(state, phase="rejected", reasons=reasons)
        state = _with_repairs(state, ACTOR, "degraded", ["actions"] * len(faulty))
        return replace(state, phase="accepted", actions=actions)

    def _plain_actions(self, state: BehaviourState) -> Iterator[str]:
        """What may have been done on each visit without an action, as its platform's functions are called."""
        faulty = self._faulty(state, state.actions)
        draw = random.Random(derive(self._seed, self.stage, state.id, "actions"))
        taken = {compact(action) for place, action in enumerate(state.actions) if place not in faulty}
        for place in sorted(faulty):
            visit = state.visits[place]
            apis = self.world.scenario.apis.get(visit.platform, ())
            does = draw.choice([api.capability for api in apis] or ["look_around"]).replace("_", " ")
            base = f"Went there to {does} for {visit.context.replace('_', ' ')}"
            number = 1
            while compact(text := base if number == 1 else f"{base}, visit {number}") in taken:
                number += 1
            taken.add(compact(text))
            yield text

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
            if not self._strict:
                return self._fill_in(state, reasons)
            return replace(state, phase="rejected", reasons=reasons)
        return replace(state, round=state.round + 1, feedback=reasons, reasons=reasons)


def _former_first(visits: Sequence[PlannedVisit], preferences: Iterable[Preference]) -> list[PlannedVisit]:
    """The visits with kinds of need in the same places; of each, those on the preferred platform last."""
    preferred = {preference.context: preference.platform for preference in preferences}
    ordered = sorted(visits, key=lambda visit: visit.platform == preferred[visit.context])
    of_context = {name: iter([visit for visit in ordered if visit.context == name]) for name in preferred}
    return [next(of_context[visit.context]) for visit in visits]


def preferred_visits(visits: int, loyalty: float) -> int:
    """How many of the visits for one kind of need are on the preferred platform: always more than half.

    So 4 visits with a loyalty of 0.75 give 3, and with one of 0.5 also 3.
    """
    return min(visits, max(round(loyalty * visits), visits // 2 + 1))


def _known(name: str, known: Iterable[str]) -> str:
    known = list(known)
    return name if name in known else near_name(name, known) or name


def _mend_actions(actions: tuple[str, ...], wanted: int) -> tuple[tuple[str, ...], list[str]]:
    """Actions as one line each, without list marks, as many as were wanted; and what was mended."""
    kinds = ["surplus"] * max(0, len(actions) - wanted)
    mended: list[str] = []
    for action in actions[:wanted]:
        plain = " ".join(_CONTROL.sub(" ", action).split())
        if mark := _LIST_MARK.match(plain):
            plain = plain[mark.end() :]
            kinds.append("list_mark")
        kinds += ["unprintable"] if _CONTROL.search(action) else []
        mended.append(plain if kinds and plain != action else action)
    return tuple(mended), kinds


def _with_repairs(state: BehaviourState, role: str, outcome: str, kinds: Sequence[str]) -> BehaviourState:
    more = tuple((role, outcome, kind) for kind in kinds)
    return replace(state, repairs=(*state.repairs, *more)) if more else state


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
