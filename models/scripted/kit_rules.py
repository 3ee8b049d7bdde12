"""What a kit keeps to before anything is made of it: its three files fit together, and can be said.

Each rule is a function of the files that yields what breaks it, a line each. `load_kit` refuses a kit by
them; `kit_lint` adds what only shows when requests are written and read again.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator

from .kit_schema import CapabilitySpec, LexiconFile, ParameterSpec, PlatformsFile, SlotSpec, ToolsFile
from .people import feature_types

_BLANK = re.compile(r"\{(\w+)\}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_SLOT_TYPES = {"integer": "integer", "number": "number", "several": "array"}
"""Kind of slot -> JSON type of its values; of every other kind it is text."""


_KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}
"""type of a parameter -> how its values are written"""


def kit_problems(platforms: PlatformsFile, tools: ToolsFile, lexicon: LexiconFile) -> Iterator[str]:
    """What is wrong with a kit, a line each; nothing where it can be used."""
    yield from _name_problems(platforms, tools)
    yield from _lexicon_problems(platforms, lexicon)
    for name, capability in _capabilities(tools):
        yield from _capability_problems(name, capability, platforms)
        for key, parameter in capability.parameters.items():
            yield from (
                f"{name}.{key}: {problem}"
                for problem in _parameter_problems(key, capability, parameter, platforms, lexicon)
            )


def _capabilities(tools: ToolsFile) -> Iterator[tuple[str, CapabilitySpec]]:
    for group in tools.groups.values():
        for category in group.categories.values():
            yield from category.capabilities.items()


def _name_problems(platforms: PlatformsFile, tools: ToolsFile) -> Iterator[str]:
    """Names that stand twice where one is needed, and keywords of Python: answers are written in it."""
    capabilities = list(_capabilities(tools))
    yield from (f"capability {name!r} stands twice" for name in _repeated(name for name, _ in capabilities))
    for index, platform in enumerate(platforms.platforms):
        if keyword.iskeyword(platform):
            yield f"platform {platform!r} is a keyword of Python, expected another name"
        apis = [
            name
            for _, capability in capabilities
            if index < len(capability.apis) and (name := capability.apis[index]) is not None
        ]
        if repeated := _repeated(apis):
            yield f"platform {platform!r}: apis named twice: {repeated}"
        for name, capability in capabilities:
            own = [
                name
                for p in capability.parameters.values()
                if index < len(names := _names(p, index)) and (name := names[index]) is not None
            ]
            if _repeated(own):
                yield f"{name} on {platform!r}: parameters named twice in {own}"
    for name, capability in capabilities:
        for api in dict.fromkeys(filter(keyword.iskeyword, filter(None, capability.apis))):
            yield f"{name}: api {api!r} is a keyword of Python, expected another name"


def _names(parameter: ParameterSpec, index: int) -> tuple[str | None, ...]:
    """A parameter's names on the platforms, at least as far as one of them."""
    return (parameter.names,) * (index + 1) if isinstance(parameter.names, str) else parameter.names


def _repeated(names: Iterable[str]) -> list[str]:
    names = list(names)
    return sorted({name for name in names if names.count(name) > 1})


def _capability_problems(name: str, capability: CapabilitySpec, platforms: PlatformsFile) -> Iterator[str]:
    parameters, count = capability.parameters, len(platforms.platforms)
    if len(capability.apis) != count:
        yield f"capability {name!r}: {len(capability.apis)} apis for {count} platforms"
    yield from (f"{name}: {problem}" for problem in _need_problems(capability.contexts, platforms))
    for parameter in (one for pair in capability.ordered for one in pair):
        if parameter not in parameters or parameters[parameter].feature:
            yield f"{name}.ordered: {parameter!r} is no query parameter of it"
    if capability.repeats is not None:
        apart = parameters.get(capability.repeats)
        if apart is None or apart.feature or not apart.required or apart.default is not None:
            yield f"{name}.repeats: {capability.repeats!r} is no required query parameter without a default"
    stated = {key for key, parameter in parameters.items() if not parameter.feature}
    for text in capability.phrasings:
        yield from (
            f"{name}: phrase {text!r}: no query parameter {blank!r}: what a request names is an argument"
            for blank in dict.fromkeys(_BLANK.findall(text))
            if blank not in stated
        )
    required = {key for key in stated if parameters[key].required}
    with_clause = {key for key in required if parameters[key].clause or parameters[key].type == "boolean"}
    blanks = [set(_BLANK.findall(text)) for text in capability.phrasings]
    if not any(named <= required <= named | with_clause for named in blanks):
        yield f"{name}: no phrasing states only its required parameters {sorted(required)}"
    if capability.personal and not any(parameter.feature for parameter in parameters.values()):
        yield f"{name}: no parameter comes from the profile"


def _need_problems(contexts: Iterable[str], platforms: PlatformsFile) -> Iterator[str]:
    for context in contexts:
        if context not in platforms.contexts:
            yield f"unknown kind of need {context!r}; there are {list(platforms.contexts)}"


def _parameter_problems(
    key: str,
    capability: CapabilitySpec,
    parameter: ParameterSpec,
    platforms: PlatformsFile,
    lexicon: LexiconFile,
) -> Iterator[str]:
    count = len(platforms.platforms)
    own = (parameter.names,) if isinstance(parameter.names, str) else parameter.names
    if not isinstance(parameter.names, str) and len(own) != count:
        yield f"{len(own)} names for {count} platforms"
    if not isinstance(parameter.required, bool) and len(parameter.required) != count:
        yield f"{len(parameter.required)} values of required for {count} platforms"
    for name in dict.fromkeys(filter(keyword.iskeyword, filter(None, own))):
        yield f"{name!r} is a keyword of Python, expected another name"
    if not capability.contexts:
        yield from _need_problems(parameter.contexts, platforms)
    else:
        yield from _need_problems([c for c in parameter.contexts if c not in capability.contexts], platforms)
    unknown = [
        slot
        for slot in (parameter.slot, *(parameter.parts or {}).values())
        if slot is not None and slot not in lexicon.slots
    ]
    yield from (f"no slot {slot!r} in the lexicon" for slot in unknown)
    if not unknown:
        yield from _type_problems(parameter, lexicon)
    yield from _wording_problems(key, parameter)


def _type_problems(parameter: ParameterSpec, lexicon: LexiconFile) -> Iterator[str]:
    """A value of another type than the parameter's would make every call of the API wrong."""
    types = feature_types()
    if parameter.feature is not None and parameter.feature not in types:
        yield f"unknown feature {parameter.feature!r}; known: {', '.join(types)}"
        return
    if parameter.feature is not None:
        source, given = f"the feature {parameter.feature!r}", types[parameter.feature]
    elif parameter.parts is not None:
        source, given = "what has parts", "object"
    elif parameter.says is not None:
        source, given = "what it says", "boolean" if set(parameter.says) == {True, False} else "string"
    else:
        source, given = f"the slot {parameter.slot!r}", _slot_type(lexicon.slots[parameter.slot or ""])
    if given != parameter.type and (given, parameter.type) != ("integer", "number"):
        yield f"{source} is of type {given}, and the parameter of type {parameter.type}; expected the same"
    default = parameter.default
    if default is not None and not (
        isinstance(default, _KINDS[parameter.type])
        and isinstance(default, bool) == (parameter.type == "boolean")
    ):
        yield f"the default {default!r:.80} is not of type {parameter.type}"


def _slot_type(slot: SlotSpec) -> str:
    return next((kind for name, kind in _SLOT_TYPES.items() if getattr(slot, name) is not None), "string")


def _wording_problems(key: str, parameter: ParameterSpec) -> Iterator[str]:
    """Blanks that nothing fills, and values that nothing says."""
    blanks = set(parameter.parts) if parameter.parts is not None else {"value", key}
    for text in parameter.clause:
        found = _BLANK.findall(text)
        for blank in dict.fromkeys(found):
            if blank not in blanks:
                yield f"clause {text!r}: nothing fills {blank!r}; there are {sorted(blanks)}"
        if not found and parameter.type != "boolean":
            yield f"clause {text!r}: says no value; expected a blank of {sorted(blanks)}"
    for text in parameter.mention:
        if found := _BLANK.findall(text):
            yield f"mention {text!r}: nothing fills {found[0]!r}; a mention gives no value"
    if (
        not parameter.feature
        and parameter.type != "boolean"
        and not parameter.always_required
        and not parameter.clause
    ):
        yield "an optional query parameter needs a clause"


def _lexicon_problems(platforms: PlatformsFile, lexicon: LexiconFile) -> Iterator[str]:
    contexts = list(platforms.contexts)
    if set(lexicon.purposes) != set(contexts):
        yield f"lexicon.purposes: expected every kind of need, {contexts}"
    context_of_word: dict[str, str] = {}
    for name, slot in lexicon.slots.items():
        yield from (f"slot {name}: {problem}" for problem in _slot_problems(slot, contexts, lexicon))
        for context, words in (slot.by_context or {}).items():
            for word in words:
                first = context_of_word.setdefault(word.casefold(), context)
                if first != context:
                    yield f"slot {name}: {word!r} stands in contexts {first!r} and {context!r}"
    telling = {name for name, slot in lexicon.slots.items() if slot.by_context}
    telling |= {name for name, slot in lexicon.slots.items() if slot.several in telling}
    for text in lexicon.actions:
        found = set(_BLANK.findall(text))
        if unknown := sorted(found - lexicon.slots.keys()):
            yield f"action {text!r}: no slot {unknown[0]!r} in the lexicon"
        if not found & telling:
            yield f"{text!r}: needs a blank of a by_context slot ({', '.join(sorted(telling))})"


def _slot_problems(slot: SlotSpec, contexts: list[str], lexicon: LexiconFile) -> Iterator[str]:
    if slot.by_context is not None and set(slot.by_context) != set(contexts):
        yield f"by_context must have every context {contexts}, got {list(slot.by_context)}"
    item = lexicon.slots.get(slot.several or "")
    if slot.several is not None and (item is None or not (item.choices or item.by_context)):
        yield f"several: {slot.several!r} is no slot with choices"
    grids = slot.integer or slot.number
    if isinstance(grids, dict) and set(grids) != set(contexts):
        yield f"expected numbers for every kind of need {contexts}, got {list(grids)}"
    for low, high, step in grids.values() if isinstance(grids, dict) else [grids] if grids else ():
        if not (low <= high and step > 0):
            yield f"got [{low}, {high}, {step}], expected [low, high, step] with low <= high and step > 0"
    if slot.date is not None and slot.date[0] > slot.date[1]:
        yield f"date: the first day {slot.date[0]} is behind the last one {slot.date[1]}"
    if slot.time is not None:
        first, last, step = slot.time
        if not (_CLOCK.fullmatch(first) and _CLOCK.fullmatch(last) and first <= last and step > 0):
            yield f"time: got [{first!r}, {last!r}, {step}], expected ['07:00', '22:00', minutes > 0]"
    if slot.code is not None and not set(slot.code) & set("#@"):
        yield f"code: got {slot.code!r}, expected a mask with # for a digit or @ for a letter"
