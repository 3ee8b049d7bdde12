"""Check a kit: by the rules that every run refuses kits by, then by requests that are written and read again.

`python -m ptool.models.scripted.kit_lint environments/scenarios/shopping` is what the author of a kit runs.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator

from ...errors import PtoolError
from .kit import Kit, load_kit
from .language import CallPlan, KitLanguage, language_of


def lint_kit(kit: Kit, rounds: int, seed: int = 0) -> Iterator[str]:
    """Complaints about a kit, each one line; none where every generated request is parsed as meant.

    Args:
        kit: what to check.
        rounds: requests per capability.
        seed: what to draw from.
    """
    language = language_of(kit)
    rng = random.Random(seed)
    for name in language.templates:
        parameters = kit.capabilities[name].parameters
        required = set(_required_query_parameters(kit, name))
        for _ in range(rounds):
            stated, mentioned = required.copy(), set[str]()
            for key, parameter in parameters.items():
                if not parameter.required and rng.random() < 0.5:
                    (mentioned if parameter.feature else stated).add(key)
            plan = CallPlan(name, tuple(sorted(stated)), tuple(sorted(mentioned)))
            yield from _round_trip_problems(language, plan, rng)


def _required_query_parameters(kit: Kit, capability: str) -> tuple[str, ...]:
    parameters = kit.capabilities[capability].parameters
    return tuple(key for key, p in parameters.items() if p.required and not p.feature)


def _round_trip_problems(language: KitLanguage, plan: CallPlan, rng: random.Random) -> Iterator[str]:
    """What is lost between a planned call, sometimes with a second one beside it, and its parsed request."""
    name = plan.capability
    context = rng.choice(list(language.kit.contexts))
    plans = [plan]
    if rng.random() < 0.3:
        second = rng.choice(list(language.templates))
        plans.append(CallPlan(second, _required_query_parameters(language.kit, second)))
    try:
        realised = language.realise(plans, context, rng, lambda _: False)
    except (ValueError, KeyError) as error:
        yield f"{name}: cannot write: {error}"
        return
    text, calls = realised.text, realised.calls
    parsed = language.parse(text)
    meant = [(p.capability, c.values, frozenset(p.mentioned)) for p, c in zip(plans, calls, strict=True)]
    read = [(call.capability, call.values, call.mentioned) for call in parsed.calls]
    if meant != read:
        yield f"{name}: {text!r}\n   meant {meant}\n   read {read}"
    elif parsed.context != context:
        yield f"{name}: {text!r}\n   context {context!r}, read {parsed.context!r}"
    if realised.need not in text:
        yield f"{name}: {realised.need!r} tells the need and is not in {text!r}"
    for call in calls:
        for parameter, wording in call.wordings.items():
            if wording.casefold() not in text.casefold():
                yield f"{name}.{parameter}: {wording!r} is not in {text!r}"


def describe_kit(kit: Kit) -> str:
    """Size and shape of a kit, a line each."""
    capabilities, lexicon = kit.capabilities.values(), kit.lexicon
    parameters = [p for capability in capabilities for p in capability.parameters.values()]
    sources = Counter(
        f"{'required' if p.required else 'optional'} {'profile' if p.feature else 'query'}"
        for p in parameters
    )
    average = ", ".join(f"{name} {count / len(capabilities):.2f}" for name, count in sorted(sources.items()))
    categories = Counter(category for _, category in kit.category_of.values())
    words = {
        name: [len(words) for words in slot.by_context.values()]
        for name, slot in lexicon.slots.items()
        if slot.by_context
    }
    return "\n".join(
        (
            f"{kit.name}: {len(kit.platforms)} platforms, {len(capabilities)} capabilities",
            f"capabilities a category: {dict(categories)}",
            f"phrasings: {sum(len(c.phrasings) for c in capabilities)}; remarks {len(lexicon.remarks)}, "
            f"purposes {[len(words) for words in lexicon.purposes.values()]}, "
            f"actions {len(lexicon.actions)}, "
            f"interests {len(lexicon.interests)}",
            f"parameters a capability: {average}",
            f"types: {dict(Counter(p.type for p in parameters))}; words a context: {words}",
        )
    )


def main() -> int:
    """Check the kit in the folder given on the command line; exit status 1 where there are complaints."""
    if len(sys.argv) != 2:
        print("usage: python -m ptool.models.scripted.kit_lint KIT_FOLDER", file=sys.stderr)
        return 2
    try:
        kit = load_kit(sys.argv[1])
    except PtoolError as error:
        print(f"config error: {error}", file=sys.stderr)
        return 2
    print(describe_kit(kit))
    complaints = list(dict.fromkeys(lint_kit(kit, rounds=200)))
    for line in complaints[:40]:
        print("-", line)
    print(f"{len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    raise SystemExit(main())
