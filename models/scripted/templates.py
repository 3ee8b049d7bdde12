"""Templates: ways to say something with placeholders, realised into text and matched in a text again.

A kit's phrasings, clauses, mentions, purposes and actions all become templates. A template knows its
placeholders and the slots that fill them; it knows nothing of roles or whole requests.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from .kit import Kit
from .kit_schema import CapabilitySpec, ParameterSpec
from .people import mentions
from .slot_types import ChoiceSlot, EnumSlot, Slot

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_IN_WORD = re.compile(r"\w")

TemplateKind = Literal["core", "clause", "mention", "purpose", "action"]
"""core: asks for a capability. clause: states one more parameter. mention: asks for a profile parameter
without giving its value. purpose: what a request is for. action: what a user did."""


@dataclass(frozen=True)
class Placeholder:
    """A `{name}` in a template, and the slot that fills it."""

    name: str
    slot: Slot
    parameter: str | None  # canonical parameter it states; None: it only tells the context
    property: str | None = None  # property of an object parameter
    contextual: bool = False  # whether its value tells the context


@dataclass(frozen=True, eq=False)
class Template:
    """One way to say something, such as 'find {item} below {price} euros'."""

    text: str
    kind: TemplateKind
    placeholders: tuple[Placeholder, ...] = ()
    parameter: str | None = None  # clauses and mentions: the canonical parameter they are about
    constant: Any = None  # boolean clauses: the value they stand for

    @cached_property
    def literals(self) -> tuple[str, ...]:
        """The stretches between its placeholders."""
        return tuple(_PLACEHOLDER.split(self.text)[::2])

    @cached_property
    def anchor(self) -> str:
        """Its longest literal, case-folded: a text without it cannot hold the template."""
        return max(self.literals, key=len).strip().casefold()

    @cached_property
    def _begin(self) -> re.Pattern[str]:
        """What its first literal matches in a text."""
        return re.compile(r"(?<!\w)" + re.escape(self.literals[0]), re.IGNORECASE)

    @property
    def stated(self) -> frozenset[str]:
        """Canonical parameters whose values it states."""
        own = {placeholder.parameter for placeholder in self.placeholders if placeholder.parameter}
        return frozenset(own | ({self.parameter} if self.kind == "clause" and self.parameter else set()))

    @property
    def tells_context(self) -> bool:
        """Whether its words tell the context."""
        return any(placeholder.contextual for placeholder in self.placeholders)

    def sample_wordings(self, rng: random.Random, context: str) -> tuple[str, ...]:
        """Words for every placeholder; those of one name say the same."""
        by_name = {place.name: place.slot.sample(rng, context)[1] for place in self.placeholders}
        return tuple(by_name[place.name] for place in self.placeholders)

    def realise(self, wordings: tuple[str, ...]) -> str:
        """The text with its placeholders filled, one wording for each."""
        by_name = {place.name: wording for place, wording in zip(self.placeholders, wordings, strict=True)}
        return _PLACEHOLDER.sub(lambda match: by_name[match[1]], self.text)

    def matches(self, text: str, folded: str) -> Iterator[TemplateMatch]:
        """Every place in `text` where it stands; `folded` is the text case-folded."""
        at = 0
        while self.anchor in folded and (begin := self._begin.search(text, at)):
            at = begin.start() + 1
            if filled := self._filled(text, begin.end(), 0):
                at, wordings = filled
                yield TemplateMatch(self, begin.start(), at, wordings)

    def _filled(self, text: str, start: int, place: int) -> tuple[int, tuple[str, ...]] | None:
        """Where it ends and the words in its placeholders, from one of them on that stands at `start`."""
        if place == len(self.placeholders):
            return None if _IN_WORD.match(text, start) else (start, ())
        literal = self.literals[place + 1].casefold()
        for end in self.placeholders[place].slot.ends(text, start):
            after = end + len(literal)
            if text[end:after].casefold() == literal and (rest := self._filled(text, after, place + 1)):
                return rest[0], (text[start:end], *rest[1])
        return None

    def values(self, wordings: tuple[str, ...]) -> dict[str, Any]:
        """What the words in the placeholders state: canonical parameter -> value."""
        if self.constant is not None and self.parameter:
            return {self.parameter: self.constant}
        values: dict[str, Any] = {}
        for placeholder, wording in zip(self.placeholders, wordings, strict=True):
            if placeholder.parameter and placeholder.property:
                whole = values.setdefault(placeholder.parameter, {})
                whole[placeholder.property] = placeholder.slot.parse(wording)
            elif placeholder.parameter:
                values[placeholder.parameter] = placeholder.slot.parse(wording)
        return values


@dataclass(frozen=True)
class TemplateMatch:
    """A template found in a text."""

    template: Template
    start: int
    end: int
    wordings: tuple[str, ...]  # one for each placeholder

    @property
    def contexts(self) -> list[str]:
        """The contexts that its words tell, one for each contextual placeholder."""
        pairs = zip(self.template.placeholders, self.wordings, strict=True)
        contexts = (place.slot.context_of(wording) for place, wording in pairs if place.contextual)
        return [context for context in contexts if context]


def without_overlaps(matches: list[tuple[str, TemplateMatch]]) -> list[tuple[str, TemplateMatch]]:
    """Of (capability, match) pairs that overlap keep the longest."""
    kept: list[tuple[str, TemplateMatch]] = []
    for name, match in sorted(
        matches, key=lambda pair: (pair[1].start - pair[1].end, pair[1].start, pair[0])
    ):
        if all(match.end <= other.start or match.start >= other.end for _, other in kept):
            kept.append((name, match))
    return kept


@dataclass(frozen=True)
class CapabilityTemplates:
    """Everything that can be said about one capability."""

    cores: tuple[Template, ...]
    clauses: Mapping[str, tuple[Template, ...]]  # canonical query parameter -> ways to state it
    mentions: Mapping[str, tuple[Template, ...]]  # canonical optional profile parameter -> ways to ask for it

    @cached_property
    def trailing(self) -> tuple[Template, ...]:
        """Everything that may follow a core."""
        return tuple(
            template
            for by_parameter in (self.clauses, self.mentions)
            for templates in by_parameter.values()
            for template in templates
        )


def capability_templates(kit: Kit) -> dict[str, CapabilityTemplates]:
    """Capability -> its templates."""
    return {
        name: CapabilityTemplates(
            cores=tuple(_template(kit, capability, text, "core") for text in capability.phrasings),
            clauses={key: _clauses(kit, key, p) for key, p in capability.parameters.items() if not p.feature},
            mentions={
                key: tuple(
                    Template(text, "mention", parameter=key) for text in p.mention or mentions()[p.feature]
                )
                for key, p in capability.parameters.items()
                if p.feature and not p.always_required
            },
        )
        for name, capability in kit.capabilities.items()
    }


def context_templates(kit: Kit, texts: tuple[str, ...], kind: TemplateKind) -> tuple[Template, ...]:
    """Templates that belong to no capability: actions."""
    return tuple(_template(kit, None, text, kind) for text in texts)


def purpose_template(kit: Kit) -> Template:
    """What a request is for, and thereby the kind of need: 'for the client dinner'."""
    slot = ChoiceSlot(kit.lexicon.purposes)
    return Template("for {purpose}", "purpose", (Placeholder("purpose", slot, None, contextual=True),))


def _template(kit: Kit, capability: CapabilitySpec | None, text: str, kind: TemplateKind) -> Template:
    placeholders: list[Placeholder] = []
    for name in _PLACEHOLDER.findall(text):
        parameter = capability.parameters.get(name) if capability else None
        if parameter and not parameter.feature:
            placeholders.append(_placeholder(kit, name, parameter, name))
        elif capability is None and name in kit.slots:
            contextual = name in kit.contextual_slots
            placeholders.append(Placeholder(name, kit.slots[name], None, contextual=contextual))
        else:
            wanted = "no query parameter" if capability else "no slot"
            raise ValueError(f"phrase {text!r}: {wanted} {name!r}: what a request names is an argument")
    return Template(text, kind, tuple(placeholders))


def _clauses(kit: Kit, key: str, parameter: ParameterSpec) -> tuple[Template, ...]:
    if parameter.type == "boolean" and parameter.says:
        return tuple(
            Template(text, "clause", parameter=key, constant=value)
            for value, texts in parameter.says.items()
            for text in texts
        )
    return tuple(_clause(kit, key, parameter, text) for text in parameter.clause)


def _clause(kit: Kit, key: str, parameter: ParameterSpec, text: str) -> Template:
    placeholders = tuple(_placeholder(kit, key, parameter, name) for name in _PLACEHOLDER.findall(text))
    return Template(text, "clause", placeholders, parameter=key)


def _placeholder(kit: Kit, key: str, parameter: ParameterSpec, name: str) -> Placeholder:
    if parameter.parts:
        return Placeholder(name, kit.slots[parameter.parts[name]], key, property=name)
    if parameter.says:
        return Placeholder(name, EnumSlot({str(v): words for v, words in parameter.says.items()}), key)
    contextual = parameter.slot in kit.contextual_slots
    return Placeholder(name, kit.slots[parameter.slot or ""], key, contextual=contextual)
