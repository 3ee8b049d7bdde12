"""Rehearse a kit: write requests from it, read them back, and say where the two disagree.

`python -m ptool.models.scripted.kit_lint environments/scenarios/shopping` is what the author of a kit runs.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator

from ...errors import PtoolError
from .kit import Kit, load
from .people import mentions, people
from .speech import Speech, Wanted


def rehearse(kit: Kit, rounds: int, seed: int = 0) -> Iterator[str]:
    """Complaints about a kit, each one line; none where everything written is read back as meant.

    Args:
        kit: the library to try.
        rounds: requests per capability.
        seed: what to draw from.
    """
    yield from _faults(kit)
    speech = Speech(kit, mentions())
    rng = random.Random(seed)
    for name, script in speech.scripts.items():
        parameters = kit.capabilities[name].parameters
        needed = {k for k, p in parameters.items() if p.required and not p.feature}
        bare = [p for p in script.cores if p.states <= needed]
        if not bare:
            yield f"{name}: no phrasing states only its required parameters {sorted(needed)}"
            continue
        for _ in range(rounds):
            stated, asked = needed.copy(), set()
            for key, p in parameters.items():
                if not p.required and rng.random() < 0.5:
                    (asked if p.feature else stated).add(key)
            yield from _try(speech, name, tuple(sorted(stated)), tuple(sorted(asked)), rng)


def _try(
    speech: Speech, name: str, stated: tuple[str, ...], asked: tuple[str, ...], rng: random.Random
) -> Iterator[str]:
    context = rng.choice(list(speech.kit.world.contexts))
    wanted = [Wanted(name, stated, asked)]
    if rng.random() < 0.3:
        other = rng.choice(list(speech.scripts))
        needed = tuple(
            k for k, p in speech.kit.capabilities[other].parameters.items() if p.required and not p.feature
        )
        wanted.append(Wanted(other, needed))
    try:
        text, said = speech.write(wanted, context, rng, lambda _: False)
    except (ValueError, KeyError) as error:
        yield f"{name}: cannot write: {error}"
        return
    heard = speech.read(text)
    meant = [(w.capability, s.values, frozenset(w.asked)) for w, s in zip(wanted, said, strict=True)]
    got = [(h.capability, h.values, h.asked) for h in heard.calls]
    if meant != got:
        yield f"{name}: {text!r}\n   meant {meant}\n   heard {got}"
    elif heard.context != context:
        yield f"{name}: {text!r}\n   context {context!r}, heard {heard.context!r}"
    for one in said:
        for parameter, words in one.words.items():
            if words.casefold() not in text.casefold():
                yield f"{name}.{parameter}: {words!r} is not in {text!r}"


def _faults(kit: Kit) -> Iterator[str]:
    known = people()["basic"]
    owner: dict[str, str] = {}
    for slot, script in kit.lexicon.slots.items():
        for context, words in (script.by_context or {}).items():
            if context not in kit.world.contexts:
                yield f"slot {slot}: unknown context {context!r}"
            for word in words:
                first = owner.setdefault(word.casefold(), context)
                if first != context:
                    yield f"slot {slot}: {word!r} stands in contexts {first!r} and {context!r}"
        if script.by_context and set(script.by_context) != set(kit.world.contexts):
            yield f"slot {slot}: by_context must have every context {list(kit.world.contexts)}"
    for name, capability in kit.capabilities.items():
        for key, p in capability.parameters.items():
            if p.feature and p.feature not in known:
                yield f"{name}.{key}: unknown feature {p.feature!r}; known: {', '.join(known)}"
            if not p.feature and p.type != "boolean" and not p.required and not p.clause:
                yield f"{name}.{key}: an optional query parameter needs a clause"
        if not any(p.feature for p in capability.parameters.values()):
            yield f"{name}: no parameter comes from the profile"
    for template in (*kit.lexicon.asides, *kit.lexicon.actions):
        if not any("{" + slot + "}" in template for slot in kit.contextual):
            yield f"{template!r}: needs a blank of a by_context slot ({', '.join(sorted(kit.contextual))})"


def report(kit: Kit) -> str:
    """Size and shape of a kit, a line each."""
    capabilities, lexicon = kit.capabilities.values(), kit.lexicon
    parameters = [p for capability in capabilities for p in capability.parameters.values()]
    sources = Counter(
        f"{'required' if p.required else 'optional'} {'profile' if p.feature else 'query'}"
        for p in parameters
    )
    each = ", ".join(f"{name} {count / len(capabilities):.2f}" for name, count in sorted(sources.items()))
    categories = Counter(category for _, category in kit.category_of.values())
    words = {
        name: [len(words) for words in slot.by_context.values()]
        for name, slot in lexicon.slots.items()
        if slot.by_context
    }
    return "\n".join(
        (
            f"{kit.name}: {len(kit.world.platforms)} platforms, {len(capabilities)} capabilities",
            f"capabilities a category: {dict(categories)}",
            f"phrasings: {sum(len(c.phrasings) for c in capabilities)}; remarks {len(lexicon.remarks)}, "
            f"asides {len(lexicon.asides)}, actions {len(lexicon.actions)}, "
            f"interests {len(lexicon.interests)}",
            f"parameters a capability: {each}",
            f"types: {dict(Counter(p.type for p in parameters))}; words a context: {words}",
        )
    )


def main() -> int:
    """Rehearse the kit in the folder given on the command line."""
    if len(sys.argv) != 2:
        print("usage: python -m ptool.models.scripted.kit_lint KIT_FOLDER", file=sys.stderr)
        return 2
    try:
        kit = load(sys.argv[1])
    except PtoolError as error:
        print(f"config error: {error}", file=sys.stderr)
        return 2
    print(report(kit))
    complaints = list(dict.fromkeys(rehearse(kit, rounds=200)))
    for line in complaints[:40]:
        print("-", line)
    print(f"{len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    raise SystemExit(main())
