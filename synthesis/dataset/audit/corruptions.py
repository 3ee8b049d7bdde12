"""What can be wrong with a solution: seeded ways to spoil a good one, each a small function.

Every corruption changes the gold; those marked valid keep to every schema, so only who reads query and
profile can tell. They know no judge and no check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from random import Random
from typing import Any

from ....environments.values import same, within
from ....environments.world import Tool
from ....records import ArgumentOrigin, Call, Origin, Solution
from .specimen import PROFILE, Specimen
from .values import addressed, made, moved, others, slipped

_MOST_TRIES = 60


@dataclass(frozen=True, slots=True)
class Corrupted:
    """A spoilt solution."""

    solution: Solution
    what: str
    """what was done, in a few words"""


Spoil = Callable[[Specimen, Random], Corrupted | None]


@dataclass(frozen=True, slots=True)
class Corruption:
    """One way to spoil a solution."""

    kind: str
    """a row of the audit; several ways may be of one kind"""
    name: str
    """unique"""
    valid: bool
    """whether what comes out satisfies every schema of the platform"""
    spoil: Spoil
    """(good sample, draws) -> the spoilt solution, None where it does not apply"""


def _wrong(origin: Origin) -> Spoil:
    def spoil(one: Specimen, rng: Random) -> Corrupted | None:
        def candidates(found: ArgumentOrigin, tool: Tool) -> Iterable[Any]:
            heard = list(one.heard_of(tool, found.parameter))
            heard = rng.sample(heard, min(len(heard), 6))
            close = others(tool.properties.get(found.parameter), found.value, rng)
            other = [f"other {found.value}"] if isinstance(found.value, str) else []
            # What others have there is somebody's own where the profile fills it: see `_other_user`.
            return chain(heard, close, other) if origin == "query" else chain(close, heard, other)

        return _changed(one, rng, origin, candidates)

    return spoil


def _other_user(one: Specimen, rng: Random) -> Corrupted | None:
    """Another user's value of the same feature."""
    strangers = [user for user in one.world.users if user != one.case.profile.id]
    strangers = rng.sample(strangers, min(len(strangers), _MOST_TRIES))

    def candidates(found: ArgumentOrigin, _: Tool) -> Iterator[Any]:
        feature = _feature(found)
        theirs = (one.world.profile(user).basic for user in strangers)
        return (basic[feature] for basic in theirs if feature in basic)

    return _changed(one, rng, "profile", candidates)


def _stale(older: Callable[[Any, Random], Iterator[Any]]) -> Spoil:
    def spoil(one: Specimen, rng: Random) -> Corrupted | None:
        """An address, number or e-mail at which the user is not, or no longer."""

        def candidates(found: ArgumentOrigin, _: Tool) -> Iterator[Any]:
            return older(found.value, rng) if addressed(_feature(found), found.value) else iter(())

        return _changed(one, rng, "profile", candidates)

    return spoil


def _changed(
    one: Specimen,
    rng: Random,
    origin: Origin,
    candidates: Callable[[ArgumentOrigin, Tool], Iterable[Any]],
) -> Corrupted | None:
    """Give one argument of an origin the first candidate that is valid and wrong."""
    there = [found for found in one.origins if found.origin == origin]
    for found in rng.sample(there, len(there)):
        call = one.solution.calls[found.call]
        tool = one.tool(call)
        for tried, value in enumerate(candidates(found, tool)):
            if tried >= _MOST_TRIES:
                break
            if _right(one, found, value):
                continue
            spoilt = Call(api=call.api, arguments={**call.arguments, found.parameter: value})
            if tool.arguments.is_valid(spoilt.arguments):
                what = f"{call.api}.{found.parameter}: {_short(found.value)} became {_short(value)}"
                return _with_call(one, found.call, spoilt, what)
    return None


def _right(one: Specimen, found: ArgumentOrigin, value: Any) -> bool:
    """Whether a value would do as well: the same, or another choice out of what the profile holds."""
    held = one.case.profile.basic.get(_feature(found))
    return same(value, found.value) or (found.origin == "profile" and within(value, held))


def _missing(*origins: Origin) -> Spoil:
    def spoil(one: Specimen, rng: Random) -> Corrupted | None:
        """One argument is not there."""
        there = [found for found in one.origins if found.origin in origins]
        if not there:
            return None
        found = rng.choice(there)
        call = one.solution.calls[found.call]
        left = {name: value for name, value in call.arguments.items() if name != found.parameter}
        spoilt = Call(api=call.api, arguments=left)
        return _with_call(one, found.call, spoilt, f"{call.api}.{found.parameter} is missing")

    return spoil


def _optional_parameter(one: Specimen, rng: Random) -> Corrupted | None:
    """A parameter that exists, with a value that could be, and nobody asked for it."""
    free = [
        (place, name)
        for place, call in enumerate(one.solution.calls)
        for name in one.tool(call).properties
        if name not in call.arguments
    ]
    for place, name in rng.sample(free, len(free)):
        call = one.solution.calls[place]
        tool = one.tool(call)
        for value in _fitting(one, tool, name, rng):
            spoilt = Call(api=call.api, arguments={**call.arguments, name: value})
            if tool.arguments.is_valid(spoilt.arguments):
                return _with_call(one, place, spoilt, f"{call.api}.{name} = {_short(value)} was added")
    return None


_NAMES = ("note", "priority", "confirm", "channel", "reference", "urgency")


def _unknown_parameter(one: Specimen, rng: Random) -> Corrupted | None:
    """A parameter the function does not have."""
    place = rng.randrange(len(one.solution.calls))
    call = one.solution.calls[place]
    free = [name for name in _NAMES if name not in one.tool(call).properties]
    if not free:
        return None
    name = rng.choice(free)
    spoilt = Call(api=call.api, arguments={**call.arguments, name: "as discussed"})
    return _with_call(one, place, spoilt, f"{call.api}.{name}, which does not exist, was added")


def _missing_call(place: int) -> Spoil:
    def spoil(one: Specimen, _: Random) -> Corrupted | None:
        """One of several calls is not made."""
        calls = one.solution.calls
        if len(calls) < 2:
            return None
        left = calls[1:] if place == 0 else calls[:-1]
        return _with_calls(one, left, f"{calls[place].api} is not called")

    return spoil


def _other_call(one: Specimen, rng: Random) -> Corrupted | None:
    """Another function of the platform is called as well, with arguments that could be."""
    calls, platform = one.solution.calls, one.solution.platform
    made_already = {call.api for call in calls}
    tools = [
        tool
        for (owner, api), tool in one.world.tools.items()
        if owner == platform and api not in made_already
    ]
    for tool in rng.sample(tools, min(len(tools), _MOST_TRIES)):
        arguments = {
            name: value
            for name in sorted(tool.required)
            if (value := _first(one, tool, name, rng)) is not None
        }
        if tool.arguments.is_valid(arguments):
            place = rng.randint(0, len(calls))
            extra = Call(api=tool.api.name, arguments=arguments)
            return _with_calls(one, (*calls[:place], extra, *calls[place:]), f"{extra.api} is called as well")
    return None


def _same_call(one: Specimen, rng: Random) -> Corrupted | None:
    """A call is made twice."""
    calls = one.solution.calls
    again = rng.choice(calls)
    return _with_calls(one, (*calls, again), f"{again.api} is called twice")


def _hallucinated(one: Specimen, rng: Random) -> Corrupted | None:
    """A function no platform has, its name put together from those there are."""
    place = rng.randrange(len(one.solution.calls))
    call = one.solution.calls[place]
    for name in _inventions(one, call.api, rng):
        if name not in one.world.owners:
            spoilt = Call(api=name, arguments=call.arguments)
            return _with_call(one, place, spoilt, f"{call.api} became {name}, which nobody has")
    return None


def _inventions(one: Specimen, api: str, rng: Random) -> Iterator[str]:
    verb = re.match(r"[a-z]+|[A-Z][a-z]+", api)
    others_there = [name for owner, name in one.world.tools if owner == one.solution.platform and name != api]
    for name in rng.sample(others_there, min(len(others_there), 12)):
        rest = re.match(r"(?:[a-z]+|[A-Z][a-z]+)(?=[A-Z_])", name)
        if verb and rest:
            yield verb[0] + name[rest.end() :]
    yield f"{api}_now"
    yield from (f"{api}{number}" for number in range(2, 100))


def _other_platform(one: Specimen, rng: Random) -> Corrupted | None:
    """The same, done on another platform."""
    platforms = [name for name in one.world.platforms if name != one.solution.platform]
    for platform in rng.sample(platforms, len(platforms)):
        calls = [_transferred(one, call, platform) for call in one.solution.calls]
        if None not in calls:
            what = f"{one.solution.platform} became {platform}"
            return Corrupted(Solution(platform=platform, calls=tuple(filter(None, calls))), what)
    return None


def _transferred(one: Specimen, call: Call, platform: str) -> Call | None:
    """A call on a platform that offers the same; None where it does not."""
    old = one.tool(call)
    for (owner, api), tool in one.world.tools.items():
        if owner == platform and tool.api.capability == old.api.capability:
            arguments = _renamed(one, call, old, tool)
            if arguments is not None and tool.arguments.is_valid(arguments):
                return Call(api=api, arguments=arguments)
    return None


def _renamed(one: Specimen, call: Call, old: Tool, new: Tool) -> dict[str, Any] | None:
    """The arguments under the other platform's names: of the same feature, else of the same form."""
    renamed: dict[str, Any] = {}
    for name, value in call.arguments.items():
        free = [other for other in new.properties if other not in renamed]
        alike = sorted(free, key=lambda other: -_likeness(one, old, name, new, other))
        if not alike or not _likeness(one, old, name, new, alike[0]):
            return None
        renamed[alike[0]] = value
    return renamed


def _likeness(one: Specimen, old: Tool, name: str, new: Tool, other: str) -> int:
    """How surely two parameters are one: same feature, same schema, same name; 0: they are not."""
    links = one.world.feature_of
    feature = links.get((old.platform, old.api.name, name))
    theirs = links.get((new.platform, new.api.name, other))
    linked = feature is not None and feature == theirs
    return 4 * linked + 2 * (old.properties.get(name) == new.properties[other]) + (name == other)


CORRUPTIONS: tuple[Corruption, ...] = (
    Corruption("wrong_value", "wrong_value.query", True, _wrong("query")),
    Corruption("wrong_value", "wrong_value.profile", True, _wrong("profile")),
    Corruption("missing_parameter", "missing_parameter.query", False, _missing("query", "default")),
    Corruption("missing_parameter", "missing_parameter.profile", False, _missing("profile")),
    Corruption("extra_parameter", "extra_parameter.optional", True, _optional_parameter),
    Corruption("extra_parameter", "extra_parameter.unknown", False, _unknown_parameter),
    Corruption("missing_call", "missing_call.first", True, _missing_call(0)),
    Corruption("missing_call", "missing_call.last", True, _missing_call(-1)),
    Corruption("extra_call", "extra_call.other", True, _other_call),
    Corruption("extra_call", "extra_call.same", True, _same_call),
    Corruption("hallucinated_tool", "hallucinated_tool", False, _hallucinated),
    Corruption("other_user", "other_user", True, _other_user),
    Corruption("other_platform", "other_platform", True, _other_platform),
    Corruption("stale_address", "stale_address.moved", True, _stale(moved)),
    Corruption("stale_address", "stale_address.slipped", True, _stale(slipped)),
)
"""All of them; the order is that of the audit's rows."""


def _fitting(one: Specimen, tool: Tool, name: str, rng: Random) -> Iterator[Any]:
    """Values a parameter could have: the user's own, its default, one of another sample, any."""
    schema = tool.properties.get(name)
    feature = one.world.feature_of.get((tool.platform, tool.api.name, name))
    if feature is not None and feature in one.case.profile.basic:
        yield one.case.profile.basic[feature]
    if isinstance(schema, dict) and "default" in schema:
        yield schema["default"]
    heard = one.heard_of(tool, name)
    yield from rng.sample(list(heard), min(len(heard), 3))
    if schema == {} or (isinstance(schema, dict) and schema.get("type") == "string"):
        yield "as usual"
    yield made(schema, [one.case.task.id, tool.api.name, name])


def _first(one: Specimen, tool: Tool, name: str, rng: Random) -> Any:
    validator = tool.some_arguments
    return next(
        (value for value in _fitting(one, tool, name, rng) if validator.is_valid({name: value})), None
    )


def _feature(found: ArgumentOrigin) -> str:
    return (found.evidence.path or "").removeprefix(PROFILE)


def _with_call(one: Specimen, place: int, call: Call, what: str) -> Corrupted:
    calls = one.solution.calls
    return _with_calls(one, (*calls[:place], call, *calls[place + 1 :]), what)


def _with_calls(one: Specimen, calls: tuple[Call, ...], what: str) -> Corrupted:
    return Corrupted(Solution(platform=one.solution.platform, calls=calls), what)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
