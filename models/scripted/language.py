"""The language of a kit: realise planned calls as a request (NLG), parse a request into calls (NLU).

Both directions use the same templates, so the scripted model understands requests made from its own kit and
is lost outside of it. Nothing here knows a prompt, a role or a profile.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    without_overlaps,
)

_JOINABLE = ("{core}.", "{Core}.")
"""Frames that end so may have a further clause joined to their core."""


@dataclass(frozen=True)
class CallPlan:
    """One call that a request shall ask for, in canonical names."""

    capability: str
    stated: tuple[str, ...]
    mentioned: tuple[str, ...] = ()  # optional profile parameters to ask for without giving their value


@dataclass(frozen=True)
class RealisedCall:
    """What a request says about one planned call."""

    values: dict[str, Any]  # canonical parameter -> value
    wordings: dict[str, str]  # canonical parameter -> the words that state it


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
        self._asides = context_templates(kit, kit.lexicon.asides, "aside")
        self._actions = context_templates(kit, kit.lexicon.actions, "action")

    def realise(
        self, plans: Sequence[CallPlan], context: str, rng: random.Random, forbidden: Callable[[str], bool]
    ) -> tuple[str, tuple[RealisedCall, ...]]:
        """A request for the calls.

        Args:
            plans: what to ask for; two calls of one capability get different values where possible.
            context: the kind of need it is about, which the request tells.
            rng: decides every draw.
            forbidden: whether some words must not stand in it.

        Raises:
            ValueError: the templates cannot state just these parameters.
        """
        sentences: list[str] = []
        calls: list[RealisedCall] = []
        context_told = False
        for plan in plans:
            earlier = [
                call.values
                for call, other in zip(calls, plans, strict=False)
                if other.capability == plan.capability
            ]
            draw = partial(self._realise_call, plan, context, rng, forbidden, first=not calls)
            call, call_sentences, tells_context = draw_until(
                draw, lambda realised, earlier=earlier: realised[0].values not in earlier
            )
            calls.append(call)
            sentences += call_sentences
            context_told = context_told or tells_context
        if not context_told:
            sentences.insert(rng.choice((0, len(sentences))), _random_text(self._asides, context, rng))
        if rng.random() < 0.75:
            sentences.insert(rng.choice((0, len(sentences))), rng.choice(self.kit.lexicon.remarks))
        return " ".join(sentences), tuple(calls)

    def _realise_call(
        self,
        plan: CallPlan,
        context: str,
        rng: random.Random,
        forbidden: Callable[[str], bool],
        *,
        first: bool,
    ) -> tuple[RealisedCall, list[str], bool]:
        """The call, its sentences, and whether they tell the context."""
        templates, call = self.templates[plan.capability], RealisedCall({}, {})
        core = rng.choice(_eligible_cores(templates, plan))
        core_text = _realise_into(call, core, context, rng, forbidden)
        clauses = [
            _realise_into(call, rng.choice(templates.clauses[name]), context, rng, forbidden)
            for name in plan.stated
            if name not in core.stated
        ]
        clauses += [rng.choice(templates.mentions[name]).text for name in plan.mentioned]
        rng.shuffle(clauses)
        frames = sentence_frames()
        frame = rng.choice(frames["openers" if first else "follow_ups"])
        if clauses and frame.endswith(_JOINABLE) and rng.random() < 0.5:
            core_text += rng.choice(frames["joints"]).format(clause=clauses.pop(0))
        sentences = [frame.format(core=core_text, Core=_capitalised(core_text))]
        sentences += [rng.choice(frames["tails"]).format(clause=c, Clause=_capitalised(c)) for c in clauses]
        return call, sentences, core.tells_context

    def realise_action(self, context: str, rng: random.Random) -> str:
        """Something a user did in this context: 'Bought trail running shoes'."""
        return _random_text(self._actions, context, rng)

    def parse(self, text: str) -> ParsedQuery:
        """The calls a text asks for and the context it is about; no calls where nothing is understood."""
        folded = text.casefold()
        matches = [
            (name, match)
            for name, templates in self.templates.items()
            for core in templates.cores
            for match in core.matches(text, folded)
        ]
        cores = sorted(without_overlaps(matches), key=lambda pair: pair[1].start)
        ends = [*(match.start for _, match in cores[1:]), len(text)]
        votes: Counter[str] = Counter()
        calls = [
            self._parse_call(name, match, text[match.end : end], votes)
            for (name, match), end in zip(cores, ends, strict=False)
        ]
        for aside in self._asides:
            for match in aside.matches(text, folded):
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
        for template in (*self._actions, *self._asides):
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


def _realise_into(
    call: RealisedCall, template: Template, context: str, rng: random.Random, forbidden: Callable[[str], bool]
) -> str:
    """A template's text; what it states goes into the call."""
    wordings = draw_until(
        lambda: template.sample_wordings(rng, context), lambda wordings: not any(map(forbidden, wordings))
    )
    text = template.realise(wordings)
    call.values.update(template.values(wordings))
    for placeholder, wording in zip(template.placeholders, wordings, strict=True):
        if placeholder.parameter:
            call.wordings[placeholder.parameter] = text if placeholder.property else wording
    if template.constant is not None and template.parameter:
        call.wordings[template.parameter] = text
    return text


def _random_text(templates: Sequence[Template], context: str, rng: random.Random) -> str:
    template = rng.choice(templates)
    return template.realise(template.sample_wordings(rng, context))


def _most_voted(votes: Counter[str]) -> str:
    return max(votes, key=lambda context: (votes[context], context)) if votes else ""


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
