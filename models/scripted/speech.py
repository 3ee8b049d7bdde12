"""How the scripted model writes a request and how it reads one.

`Speech.write` puts wanted calls into words; `Speech.read` finds the calls in words again. Both speak from one
kit, which is what makes the scripted model honest about its own talk and lost outside of it. Neither knows a
prompt, a role or a profile.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .kit import Kit
from .people import frames
from .phrases import Found, Phrase, Script, draw, free_phrases, scripts

ENDINGS = ("{core}.", "{Core}.")
"""Only after these may a further clause be joined to the core."""


@dataclass(frozen=True)
class Wanted:
    """One call to put into words, in canonical names."""

    capability: str
    stated: tuple[str, ...]
    asked: tuple[str, ...] = ()  # optional profile parameters to ask for without giving their value


@dataclass(frozen=True)
class Said:
    """What became of one wanted call."""

    values: dict[str, Any]  # canonical parameter -> value
    words: dict[str, str]  # canonical parameter -> the words that state it


@dataclass(frozen=True)
class Heard:
    """One call found in a text."""

    capability: str
    start: int
    values: dict[str, Any] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Understanding:
    """A text as the reader understands it."""

    calls: tuple[Heard, ...]
    context: str  # "" where nothing tells it


class Speech:
    """Writer and reader of one kit."""

    def __init__(self, kit: Kit, mentions: Mapping[str, tuple[str, ...]]) -> None:
        self.kit = kit
        self.scripts: dict[str, Script] = scripts(kit, mentions)
        self.asides = free_phrases(kit, kit.lexicon.asides, "aside")
        self.actions = free_phrases(kit, kit.lexicon.actions, "action")

    def write(
        self, wanted: Iterable[Wanted], context: str, rng: random.Random, taken: Callable[[str], bool]
    ) -> tuple[str, tuple[Said, ...]]:
        """Words for the calls in this context; `taken(words)` refuses words the request must not hold."""
        sentences: list[str] = []
        said: list[Said] = []
        scene = False
        for number, call in enumerate(calls := list(wanted)):
            earlier = [
                one.values
                for one, other in zip(said, calls, strict=False)
                if other.capability == call.capability
            ]
            spoken, one, sets_scene = self._one_call(call, context, rng, taken, first=number == 0)
            for _ in range(20):
                if one.values not in earlier:
                    break
                spoken, one, sets_scene = self._one_call(call, context, rng, taken, first=number == 0)
            sentences += spoken
            said.append(one)
            scene = scene or sets_scene
        if not scene:
            sentences.insert(rng.choice((0, len(sentences))), self._aside(context, rng))
        if rng.random() < 0.75:
            sentences.insert(rng.choice((0, len(sentences))), rng.choice(self.kit.lexicon.remarks))
        return " ".join(sentences), tuple(said)

    def _one_call(
        self, call: Wanted, context: str, rng: random.Random, taken: Callable[[str], bool], *, first: bool
    ) -> tuple[list[str], Said, bool]:
        script = self.scripts[call.capability]
        core = rng.choice(_eligible(script, call))
        said = Said({}, {})
        spoken = self._fill(core, context, rng, taken, said)
        missing = [name for name in call.stated if name not in core.states]
        tails = [self._fill(rng.choice(script.clauses[name]), context, rng, taken, said) for name in missing]
        tails += [rng.choice(script.mentions[name]).template for name in call.asked]
        rng.shuffle(tails)
        frame = rng.choice(frames()["openers" if first else "follow_ups"])
        if tails and frame.endswith(ENDINGS) and rng.random() < 0.5:
            spoken += rng.choice(frames()["joints"]).format(clause=tails.pop(0))
        sentences = [frame.format(core=spoken, Core=_capital(spoken))]
        sentences += [rng.choice(frames()["tails"]).format(clause=t, Clause=_capital(t)) for t in tails]
        return sentences, said, core.sets_scene

    def _fill(
        self, phrase: Phrase, context: str, rng: random.Random, taken: Callable[[str], bool], said: Said
    ) -> str:
        drawn = draw(phrase, rng, context)
        for _ in range(20):
            if not any(taken(words) for _, words in drawn.values()):
                break
            drawn = draw(phrase, rng, context)
        text = phrase.render({name: words for name, (_, words) in drawn.items()})
        said.values.update(phrase.values(tuple(drawn[blank.name][1] for blank in phrase.blanks)))
        for blank in phrase.blanks:
            if blank.parameter:
                said.words[blank.parameter] = text if blank.part else drawn[blank.name][1]
        if phrase.constant is not None and phrase.parameter:
            said.words[phrase.parameter] = text
        return text

    def _aside(self, context: str, rng: random.Random) -> str:
        aside = rng.choice(self.asides)
        return aside.render({name: words for name, (_, words) in draw(aside, rng, context).items()})

    def act(self, context: str, rng: random.Random) -> str:
        """One deed in this context."""
        action = rng.choice(self.actions)
        return action.render({name: words for name, (_, words) in draw(action, rng, context).items()})

    def read(self, text: str) -> Understanding:
        """The calls a text asks for, in its order, and the context it is about."""
        folded = text.casefold()
        found = [
            (name, hit) for name, s in self.scripts.items() for p in s.cores for hit in p.find(text, folded)
        ]
        cores = sorted(_apart(found), key=lambda one: one[1].start)
        ends = [*(hit.start for _, hit in cores[1:]), len(text)][: len(cores)]
        scene: Counter[str] = Counter()
        calls = [
            self._heard(name, hit, text, end, scene) for (name, hit), end in zip(cores, ends, strict=True)
        ]
        for aside in self.asides:
            for hit in aside.find(text, folded):
                self._vote(hit, scene)
        context = max(scene, key=lambda c: (scene[c], c)) if scene else ""
        return Understanding(tuple(calls), context)

    def _heard(self, name: str, core: Found, text: str, end: int, scene: Counter[str]) -> Heard:
        self._vote(core, scene)
        values = core.phrase.values(core.words)
        zone = text[core.end : end]
        folded = zone.casefold()
        hits = [(name, hit) for p in self.scripts[name].trailing for hit in p.find(zone, folded)]
        asked: set[str] = set()
        for _, hit in _apart(hits):
            self._vote(hit, scene)
            if hit.phrase.kind == "mention":
                asked.add(hit.phrase.parameter or "")
            else:
                values = {**hit.phrase.values(hit.words), **values}
        return Heard(name, core.start, values, frozenset(asked))

    def scene(self, text: str) -> str:
        """The context of a deed, or of any text with contextual words in it; "" where none is found."""
        folded = text.casefold()
        votes: Counter[str] = Counter()
        for phrase in (*self.actions, *self.asides):
            for hit in phrase.find(text, folded):
                self._vote(hit, votes)
        return max(votes, key=lambda c: (votes[c], c)) if votes else ""

    def _vote(self, hit: Found, votes: Counter[str]) -> None:
        for blank, words in zip(hit.phrase.blanks, hit.words, strict=True):
            context = getattr(blank.slot, "context_of", lambda _: "")(words) if blank.contextual else ""
            if context:
                votes[context] += 1


def _eligible(script: Script, call: Wanted) -> list[Phrase]:
    """Phrasings that state nothing unwanted and leave nothing that no clause could state."""
    stated = set(call.stated)
    fitting = [
        p for p in script.cores if p.states <= stated and all(script.clauses[n] for n in stated - p.states)
    ]
    if not fitting:
        raise ValueError(f"{call.capability}: no phrasing and clauses together state just {sorted(stated)}")
    return fitting


def _apart(found: list[tuple[str, Found]]) -> list[tuple[str, Found]]:
    """Of overlapping finds keep the longest."""
    kept: list[tuple[str, Found]] = []
    for name, hit in sorted(found, key=lambda one: (-one[1].length, one[1].start, one[0])):
        if all(hit.end <= other.start or hit.start >= other.end for _, other in kept):
            kept.append((name, hit))
    return kept


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
