"""Phrases with blanks: rendered into words, and found again in a text.

A phrase knows its template, its blanks and the slots that fill them; it knows nothing of roles or queries.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from .kit import Kit
from .kit_schema import CapabilityScript, ParameterScript
from .slots import Says, Slot

_BLANK = re.compile(r"\{(\w+)\}")
Kind = Literal["core", "clause", "mention", "aside", "action"]


@dataclass(frozen=True)
class Blank:
    """A gap in a template."""

    name: str
    slot: Slot
    parameter: str | None  # canonical parameter it states; None: it only sets the scene
    part: str | None = None  # property of an object parameter
    contextual: bool = False


@dataclass(frozen=True)
class Found:
    """A phrase found in a text."""

    phrase: Phrase
    start: int
    end: int
    words: tuple[str, ...]  # one for each blank

    @property
    def length(self) -> int:
        """Characters it covers."""
        return self.end - self.start


@dataclass(frozen=True, eq=False)
class Phrase:
    """One way to say something."""

    template: str
    kind: Kind
    blanks: tuple[Blank, ...] = ()
    parameter: str | None = None  # clauses and mentions: what they are about
    constant: Any = None  # boolean clauses: the value they stand for

    @cached_property
    def literals(self) -> tuple[str, ...]:
        """The stretches between its blanks."""
        return tuple(_BLANK.split(self.template)[::2])

    @cached_property
    def anchor(self) -> str:
        """Its longest literal stretch: a text without it cannot hold the phrase."""
        return max(self.literals, key=len).strip().casefold()

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """What finds it in a text, one group a blank."""
        parts = [re.escape(self.literals[0])]
        for blank, literal in zip(self.blanks, self.literals[1:], strict=True):
            parts += [f"({blank.slot.pattern})", re.escape(literal)]
        return re.compile(r"(?<!\w)" + "".join(parts) + r"(?!\w)", re.IGNORECASE)

    def find(self, text: str, folded: str) -> Iterator[Found]:
        """Every place in `text`; `folded` is its case-folded form."""
        if self.anchor in folded:
            for match in self.regex.finditer(text):
                yield Found(self, match.start(), match.end(), match.groups())

    def render(self, words: Mapping[str, str]) -> str:
        """The phrase with its blanks filled; `words` maps blank names."""
        return _BLANK.sub(lambda match: words[match[1]], self.template)

    @property
    def states(self) -> frozenset[str]:
        """Canonical parameters whose values it carries."""
        own = {blank.parameter for blank in self.blanks if blank.parameter}
        return frozenset(own | ({self.parameter} if self.kind == "clause" and self.parameter else set()))

    @property
    def sets_scene(self) -> bool:
        """Whether its words tell the context."""
        return any(blank.contextual for blank in self.blanks)

    def values(self, words: tuple[str, ...]) -> dict[str, Any]:
        """What the words in the blanks mean: canonical parameter -> value."""
        if self.constant is not None and self.parameter:
            return {self.parameter: self.constant}
        read: dict[str, Any] = {}
        for blank, said in zip(self.blanks, words, strict=True):
            if blank.parameter and blank.part:
                read.setdefault(blank.parameter, {})[blank.part] = blank.slot.read(said)
            elif blank.parameter:
                read[blank.parameter] = blank.slot.read(said)
        return read


@dataclass(frozen=True)
class Script:
    """Everything that can be said about one capability."""

    name: str
    cores: tuple[Phrase, ...]
    clauses: Mapping[str, tuple[Phrase, ...]]  # canonical query parameter -> ways to state it
    mentions: Mapping[str, tuple[Phrase, ...]]  # canonical optional profile parameter -> ways to ask for it

    @cached_property
    def trailing(self) -> tuple[Phrase, ...]:
        """Everything that may follow a core."""
        return tuple(
            p for group in (self.clauses, self.mentions) for phrases in group.values() for p in phrases
        )


def scripts(kit: Kit, mentions: Mapping[str, tuple[str, ...]]) -> dict[str, Script]:
    """A script for every capability; `mentions` has the common ways to ask for a feature."""
    return {name: _script(kit, name, capability, mentions) for name, capability in kit.capabilities.items()}


def free_phrases(kit: Kit, templates: tuple[str, ...], kind: Kind) -> tuple[Phrase, ...]:
    """Phrases that belong to no capability: asides and actions."""
    return tuple(_phrase(kit, None, template, kind) for template in templates)


def _script(
    kit: Kit, name: str, capability: CapabilityScript, mentions: Mapping[str, tuple[str, ...]]
) -> Script:
    cores = tuple(_phrase(kit, capability, template, "core") for template in capability.phrasings)
    clauses = {key: _clauses(kit, key, p) for key, p in capability.parameters.items() if not p.feature}
    asked = {
        key: tuple(Phrase(text, "mention", parameter=key) for text in p.mention or mentions[p.feature])
        for key, p in capability.parameters.items()
        if p.feature and not p.required
    }
    return Script(name, cores, clauses, asked)


def _clauses(kit: Kit, key: str, parameter: ParameterScript) -> tuple[Phrase, ...]:
    if parameter.type == "boolean" and parameter.says:
        return tuple(
            Phrase(words, "clause", parameter=key, constant=value)
            for value, ways in parameter.says.items()
            for words in ways
        )
    return tuple(_clause(kit, key, parameter, template) for template in parameter.clause)


def _clause(kit: Kit, key: str, parameter: ParameterScript, template: str) -> Phrase:
    blanks = tuple(_blank(kit, key, parameter, name) for name in _BLANK.findall(template))
    return Phrase(template, "clause", blanks, parameter=key)


def _blank(kit: Kit, key: str, parameter: ParameterScript, name: str) -> Blank:
    if parameter.parts:
        return Blank(name, kit.slots[parameter.parts[name]], key, part=name)
    if parameter.says:
        return Blank(name, Says({str(v): w for v, w in parameter.says.items()}), key)
    return Blank(name, kit.slots[parameter.slot or ""], key, contextual=parameter.slot in kit.contextual)


def _phrase(kit: Kit, capability: CapabilityScript | None, template: str, kind: Kind) -> Phrase:
    blanks: list[Blank] = []
    for name in _BLANK.findall(template):
        parameter = capability.parameters.get(name) if capability else None
        if parameter and not parameter.feature:
            blanks.append(_blank(kit, name, parameter, name))
        elif name in kit.slots:
            blanks.append(Blank(name, kit.slots[name], None, contextual=name in kit.contextual))
        else:
            raise ValueError(f"phrase {template!r}: no parameter or slot {name!r}")
    return Phrase(template, kind, tuple(blanks))


def draw(phrase: Phrase, rng: random.Random, context: str) -> dict[str, tuple[Any, str]]:
    """Fill a phrase's blanks: blank -> (value, words)."""
    return {blank.name: blank.slot.draw(rng, context) for blank in phrase.blanks}
