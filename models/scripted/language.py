"""The language of a kit: realise planned calls as a request (NLG), parse a request into calls (NLU).

Both directions use the same templates, so the scripted model understands requests made from its own kit and
is lost outside of it. Nothing here knows a prompt, a role or a profile.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any

from .kit import Kit
from .people import draw_until, sentence_frames
from .templates import (
    CapabilityTemplates,
    Template,
    TemplateMatch,
    capability_templates,
    context_templates,
    purpose_template,
    without_overlaps,
)

_JOINABLE = ("{core}.", "{Core}.")
"""Frames that end so may have a further clause joined to their core."""
_SMALL_TALK = 0.15
"""Share of requests with a remark that asks for nothing."""


@dataclass(frozen=True)
class CallPlan:
    """One call that a request shall ask for, in canonical names."""

    capability: str
    stated: tuple[str, ...]
    mentioned: tuple[str, ...] = ()  # optional profile parameters to ask for without giving their value


@dataclass(frozen=True)
class RealisedCall:
    """What a request says about one planned call."""

    core: str = ""  # the fragment that asks for it: 'find noise-cancelling headphones'
    clauses: tuple[str, ...] = ()  # further fragments, one for each parameter that the core does not state
    values: dict[str, Any] = field(default_factory=dict)  # canonical parameter -> value
    wordings: dict[str, str] = field(default_factory=dict)  # canonical parameter -> the words that state it
    need: str = ""  # its words that tell the kind of need; "" where none does


@dataclass(frozen=True)
class RealisedQuery:
    """A request, what it says about every call, and its words that tell the kind of need."""

    text: str
    calls: tuple[RealisedCall, ...]
    need: str


@dataclass(frozen=True)
class ParsedCall:
    """One call found in a text."""

    capability: str
    values: dict[str, Any]
    mentioned: frozenset[str]


@dataclass(frozen=True)
class ParsedQuery:
    """The calls a text asks for, in its order."""

    calls: tuple[ParsedCall, ...]
    context: str  # the kind of need it is about; "" where nothing tells it


class KitLanguage:
    """Generator and parser for one kit.

    Raises:
        ValueError: a template has a placeholder that is neither a parameter nor a slot.
    """

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.templates = capability_templates(kit)
        self._purpose = purpose_template(kit)
        self._actions = context_templates(kit, kit.lexicon.actions, "action")
        self.parse = lru_cache(maxsize=256)(self._parse)
        """The calls a text asks for and its context; assistant and verifier read the same texts."""

    def realise(
        self, plans: Sequence[CallPlan], context: str, rng: random.Random, forbidden: Callable[[str], bool]
    ) -> RealisedQuery:
        """A request for the calls.

        Args:
            plans: what to ask for; two calls of one capability get different values where possible.
            context: the kind of need; the request tells it, by what is asked for or by a purpose.
            rng: decides every draw.
            forbidden: whether some words must not stand in it.

        Raises:
            ValueError: the templates cannot state just these parameters.
        """
        calls: list[RealisedCall] = []
        for plan in plans:
            earlier = [
                call.values
                for call, other in zip(calls, plans, strict=False)
                if other.capability == plan.capability
            ]
            draw = partial(self._realise_call, plan, context, rng, forbidden)
            calls.append(draw_until(draw, partial(self._is_plausible, plan, earlier)))
        need = next((call.need for call in calls if call.need), "")
        if not need:
            (need,) = draw_until(
                lambda: self._purpose.sample_wordings(rng, context), lambda words: not forbidden(words[0])
            )
            frame = rng.choice(sentence_frames()["purposes"])
            calls[0] = replace(calls[0], core=frame.format(core=calls[0].core, purpose=need))
        sentences = [sentence for call in calls for sentence in _sentences(call, rng, first=call is calls[0])]
        if rng.random() < _SMALL_TALK:
            sentences.insert(rng.choice((0, len(sentences))), rng.choice(self.kit.lexicon.remarks))
        return RealisedQuery(" ".join(sentences), tuple(calls), need)

    def _is_plausible(self, plan: CallPlan, earlier: list[dict[str, Any]], call: RealisedCall) -> bool:
        """Whether it says something new, and what comes in order is in order."""
        ordered = self.kit.capabilities[plan.capability].ordered
        values = call.values
        apart = self.kit.capabilities[plan.capability].repeats
        if apart and any(values[apart] == other[apart] for other in earlier):
            return False
        return values not in earlier and all(
            values[first] < values[second]
            for first, second in ordered
            if first in values and second in values
        )

    def _realise_call(
        self, plan: CallPlan, context: str, rng: random.Random, forbidden: Callable[[str], bool]
    ) -> RealisedCall:
        templates, call = self.templates[plan.capability], RealisedCall()
        core = rng.choice(_eligible_cores(templates, plan))
        call = _with_template(call, core, context, rng, forbidden)
        for name in plan.stated:
            if name not in core.stated:
                call = _with_template(call, rng.choice(templates.clauses[name]), context, rng, forbidden)
        clauses = [*call.clauses, *(rng.choice(templates.mentions[name]).text for name in plan.mentioned)]
        rng.shuffle(clauses)
        return replace(call, clauses=tuple(clauses))

    def realise_action(self, context: str, rng: random.Random) -> str:
        """Something a user did in this context: 'Bought trail running shoes'."""
        return _random_text(self._actions, context, rng)

    def _parse(self, text: str) -> ParsedQuery:
        """No calls where nothing is understood."""
        folded = text.casefold()
        matches = [
            (name, match)
            for name, templates in self.templates.items()
            for core in templates.cores
            if core.anchor in folded
            for match in core.matches(text, folded)
        ]
        cores = sorted(without_overlaps(matches), key=lambda pair: pair[1].start)
        ends = [*(match.start for _, match in cores[1:]), len(text)]
        votes: Counter[str] = Counter()
        calls = [
            self._parse_call(name, match, text[match.end : end], votes)
            for (name, match), end in zip(cores, ends, strict=False)
        ]
        if not votes:
            for match in self._purpose.matches(text, folded):
                votes.update(match.contexts)
        return ParsedQuery(tuple(calls), _most_voted(votes))

    def _parse_call(self, name: str, core: TemplateMatch, rest: str, votes: Counter[str]) -> ParsedCall:
        """The call of a core and of the text up to the next core; its words vote for a context."""
        votes.update(core.contexts)
        values = core.template.values(core.wordings)
        folded = rest.casefold()
        matches = [
            (name, match)
            for template in self.templates[name].trailing
            if template.anchor in folded
            for match in template.matches(rest, folded)
        ]
        mentioned: set[str] = set()
        for _, match in without_overlaps(matches):
            votes.update(match.contexts)
            if match.template.kind == "mention":
                mentioned.add(match.template.parameter or "")
            else:
                values = {**match.template.values(match.wordings), **values}
        return ParsedCall(name, values, frozenset(mentioned))

    def context_of(self, text: str) -> str:
        """The context of an action, or of any text with contextual words in it; "" where none is found."""
        folded = text.casefold()
        votes: Counter[str] = Counter()
        for template in (*self._actions, self._purpose):
            for match in template.matches(text, folded):
                votes.update(match.contexts)
        return _most_voted(votes)


@lru_cache(maxsize=64)
def language_of(kit: Kit) -> KitLanguage:
    """The language of a kit, built once."""
    return KitLanguage(kit)


def _eligible_cores(templates: CapabilityTemplates, plan: CallPlan) -> list[Template]:
    """Phrasings that state nothing unwanted and leave nothing that no clause could state."""
    stated = set(plan.stated)
    eligible = [
        core
        for core in templates.cores
        if core.stated <= stated and all(templates.clauses[name] for name in stated - core.stated)
    ]
    if not eligible:
        raise ValueError(f"{plan.capability}: no phrasing and clauses together state just {sorted(stated)}")
    return eligible


def _with_template(
    call: RealisedCall, template: Template, context: str, rng: random.Random, forbidden: Callable[[str], bool]
) -> RealisedCall:
    """The call with one more fragment, and with what that states."""
    wordings = draw_until(
        lambda: template.sample_wordings(rng, context), lambda wordings: not any(map(forbidden, wordings))
    )
    text = template.realise(wordings)
    stated = {
        place.parameter: text if place.property else wording
        for place, wording in zip(template.placeholders, wordings, strict=True)
        if place.parameter
    }
    if template.constant is not None and template.parameter:
        stated[template.parameter] = text
    told = [word for place, word in zip(template.placeholders, wordings, strict=True) if place.contextual]
    return RealisedCall(
        core=call.core or text,
        clauses=(*call.clauses, text) if call.core else (),
        values={**call.values, **template.values(wordings)},
        wordings={**call.wordings, **stated},
        need=call.need or next(iter(told), ""),
    )


def _sentences(call: RealisedCall, rng: random.Random, *, first: bool) -> list[str]:
    """The call's fragments as sentences."""
    frames = sentence_frames()
    frame = rng.choice(frames["openers" if first else "follow_ups"])
    core, clauses = call.core, list(call.clauses)
    if clauses and frame.endswith(_JOINABLE) and rng.random() < 0.5:
        core += rng.choice(frames["joints"]).format(clause=clauses.pop(0))
    tails = [rng.choice(frames["tails"]).format(clause=c, Clause=_capitalised(c)) for c in clauses]
    return [frame.format(core=core, Core=_capitalised(core)), *tails]


def _random_text(templates: Sequence[Template], context: str, rng: random.Random) -> str:
    template = rng.choice(templates)
    return template.realise(template.sample_wordings(rng, context))


def _most_voted(votes: Counter[str]) -> str:
    return max(votes, key=lambda context: (votes[context], context)) if votes else ""


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
