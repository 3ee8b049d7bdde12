"""What can be wrong with a sample: seeded ways to corrupt a good one.

Most corruptions change the answer that is right; many leave it valid by every schema, so that only who reads
query and profile can tell. Some change query and answer alike: they agree, and no such person would ask so.
They know no judge and no check. One of one's own is a subclass of `Corruption`,
named by a YAML file (`corruption/NAME.yaml`).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from random import Random
from typing import Any

from ....environments.world import Tool
from ....records import ArgumentOrigin, Call, Origin, Query, Solution
from ....texts.values import same, within
from .implausible_queries import Asked, contradicting, in_wrong_order
from .samples import PROFILE, AuditSample
from .wrong_values import any_value, former_addresses, is_address, misspelt, shown, similar_values

_MOST_TRIES = 60

Candidates = Callable[[ArgumentOrigin, Tool], Iterable[Any]]
"""(an argument, its tool) -> values it could be given instead."""


@dataclass(frozen=True, slots=True)
class Corrupted:
    """A corrupted sample."""

    solution: Solution
    change: str
    """what was done, in a few words"""
    query: Query | None = None
    """the corrupted one; None: the query is as it was"""


class Corruption(ABC):
    """One way to corrupt a sample."""

    @abstractmethod
    def corrupt(self, sample: AuditSample, rng: Random) -> Corrupted | None:
        """The solution of a good sample, perhaps with its query, made wrong.

        Args:
            sample: the good one.
            rng: for every draw; seeded for this sample and corruption.

        Returns:
            None where it does not apply.
        """


class WrongValue(Corruption):
    """An argument has another value: one of other samples, a similar one, or another text.

    Args: origin: of the argument.
    """

    def __init__(self, origin: Origin) -> None:
        self._origin: Origin = origin

    def corrupt(self, sample: AuditSample, rng: Random) -> Corrupted | None:
        """Give one argument of the origin another value."""

        def candidates(argument: ArgumentOrigin, tool: Tool) -> Iterable[Any]:
            seen = list(sample.values_of(tool, argument.parameter))
            seen = rng.sample(seen, min(len(seen), 6))
            similar = similar_values(tool.properties.get(argument.parameter), argument.value, rng)
            other = [f"other {argument.value}"] if isinstance(argument.value, str) else []
            # What others have there is somebody's own where the profile fills it: see `OtherUser`.
            return chain(seen, similar, other) if self._origin == "query" else chain(similar, seen, other)

        return _changed(sample, rng, self._origin, candidates)


class OtherUser(Corruption):
    """An argument has another user's value of the same feature."""

    def corrupt(self, sample: AuditSample, rng: Random) -> Corrupted | None:
        """Give one argument from the profile what somebody else has there."""
        users = [user for user in sample.world.users if user != sample.case.profile.id]
        users = rng.sample(users, min(len(users), _MOST_TRIES))

        def candidates(argument: ArgumentOrigin, _: Tool) -> Iterator[Any]:
            feature = _feature(argument)
            theirs = (sample.world.profile(user).basic for user in users)
            return (basic[feature] for basic in theirs if feature in basic)

        return _changed(sample, rng, "profile", candidates)


class StaleAddress(Corruption):
    """An address, number or e-mail at which the user is not, or no longer.

    Args: variants: of a value, the wrong ones.
    """

    def __init__(self, variants: Callable[[Any, Random], Iterator[Any]]) -> None:
        self._variants = variants

    def corrupt(self, sample: AuditSample, rng: Random) -> Corrupted | None:
        """Give one address from the profile another form."""

        def candidates(argument: ArgumentOrigin, _: Tool) -> Iterator[Any]:
            if is_address(_feature(argument), argument.value):
                return self._variants(argument.value, rng)
            return iter(())

        return _changed(sample, rng, "profile", candidates)


def _changed(sample: AuditSample, rng: Random, origin: Origin, candidates: Candidates) -> Corrupted | None:
    """Give one argument of an origin the first candidate that is valid and wrong."""
    arguments = [argument for argument in sample.origins if argument.origin == origin]
    for argument in rng.sample(arguments, len(arguments)):
        call = sample.solution.calls[argument.call]
        tool = sample.tool(call)
        for tried, value in enumerate(candidates(argument, tool)):
            if tried >= _MOST_TRIES:
                break
            if _also_right(sample, argument, value):
                continue
            wrong = Call(api=call.api, arguments={**call.arguments, argument.parameter: value})
            if tool.arguments.is_valid(wrong.arguments):
                change = f"{call.api}.{argument.parameter}: {shown(argument.value)} became {shown(value)}"
                return _with_call(sample, argument.call, wrong, change)
    return None


def _also_right(sample: AuditSample, argument: ArgumentOrigin, value: Any) -> bool:
    """Whether a value would do as well: the same, or another choice out of what the profile holds."""
    held = sample.case.profile.basic.get(_feature(argument))
    return same(value, argument.value) or (argument.origin == "profile" and within(value, held))


class MissingParameter(Corruption):
    """An argument is not there.

    Args: origins: of the argument, any of them.
    """

    def __init__(self, *origins: Origin) -> None:
        self._origins = origins

    def corrupt(self, sample: AuditSample, rng: Random) -> Corrupted | None:
        """Leave out one argument."""
        arguments = [argument for argument in sample.origins if argument.origin in self._origins]
        if not arguments:
            return None
        argument = rng.choice(arguments)
        call = sample.solution.calls[argument.call]
        left = {name: value for name, value in call.arguments.items() if name != argument.parameter}
        change = f"{call.api}.{argument.parameter} is missing"
        return _with_call(sample, argument.call, Call(api=call.api, arguments=left), change)


class OptionalParameter(Corruption):
    """A parameter that exists, with a value that could be, and nobody asked for it."""

    def corrupt(self, sample: AuditSample, rng: Random) -> Corrupted | None:
        """Add one to a call."""
        free = [
            (place, name)
            for place, call in enumerate(sample.solution.calls)
            for name in sample.tool(call).properties
            if name not in call.arguments
        ]
        for place, name in rng.sample(free, len(free)):
            call = sample.solution.calls[place]
            tool = sample.tool(call)
            for value in _fitting(sample, tool, name, rng):
                wrong = Call(api=call.api, arguments={**call.arguments, name: value})
                if tool.arguments.is_valid(wrong.arguments):
                    change = f"{call.api}.{name} = {shown(value)} was added"
                    return _with_call(sample, place, wrong, change)
        return None


_UNKNOWN_NAMES = ("note", "priority", "confirm", "channel", "reference", "urgency")


class UnknownParameter(Corruption):
    """A parameter the function does not have."""

    def corrupt(self, sample: AuditSample, rng: Random) -> Corrupted | None:
        """Add one to a call."""
        place = rng.randrange(len(sample.solution.calls))
        call = sample.solution.calls[place]
        free = [name for name in _UNKNOWN_NAMES if name not in sample.tool(call).properties]
        if not free:
            return None
        name = rng.choice(free)
        wrong = Call(api=call.api, arguments={**call.arguments, name: "as discussed"})
        return _with_call(sample, place, wrong, f"{call.api}.{name}, which does not exist, was added")


class MissingCall(Corruption):
    """One of several calls is not made.

    Args: place: 0 for the first, -1 for the last.
    """

    def __init__(self, place: int) -> None:
        self._place = place

    def corrupt(self, sample: AuditSample, rng: Random) -> Corrupted | None:
        """Leave out the call, where there are several."""
        del rng
        calls = sample.solution.calls
        if len(calls) < 2:
            return None
        left = calls[1:] if self._place == 0 else calls[:-1]
        return _with_calls(sample, left, f"{calls[self._place].api} is not called")


class OtherCall(Corruption):
    """Another function of the platform is called as well, with arguments that could be."""

    def corrupt(self, sample: AuditSample, rng: Random) -> Corrupted | None:
        """Add a call somewhere."""
        calls, platform = sample.solution.calls, sample.solution.platform
        called = {call.api for call in calls}
        tools = [
            tool
            for (owner, api), tool in sample.world.tools.items()
            if owner == platform and api not in called
        ]
        for tool in rng.sample(tools, min(len(tools), _MOST_TRIES)):
            arguments = {
                name: value
                for name in sorted(tool.required)
                if (value := _first_fitting(sample, tool, name, rng)) is not None
            }
            if tool.arguments.is_valid(arguments):
                place = rng.randint(0, len(calls))
                extra = Call(api=tool.api.name, arguments=arguments)
                change = f"{extra.api} is called as well"
                return _with_calls(sample, (*calls[:place], extra, *calls[place:]), change)
        return None


class SameCall(Corruption):
    """A call is made twice."""

    def corrupt(self, sample: AuditSample, rng: Random) -> Corrupted | None:
        """Repeat one call at the end."""
        calls = sample.solution.calls
        again = rng.choice(calls)
        return _with_calls(sample, (*calls, again), f"{again.api} is called twice")


class HallucinatedTool(Corruption):
    """A function no platform has, its name put together from those there are."""

    def corrupt(self, sample: AuditSample, rng: Random) -> Corrupted | None:
        """Rename the function of one call."""
        place = rng.randrange(len(sample.solution.calls))
        call = sample.solution.calls[place]
        for name in _invented_names(sample, call.api, rng):
            if name not in sample.world.owners:
                wrong = Call(api=name, arguments=call.arguments)
                return _with_call(sample, place, wrong, f"{call.api} became {name}, which nobody has")
        return None


def _invented_names(sample: AuditSample, api: str, rng: Random) -> Iterator[str]:
    verb = re.match(r"[a-z]+|[A-Z][a-z]+", api)
    platform = sample.solution.platform
    others = [name for owner, name in sample.world.tools if owner == platform and name != api]
    for name in rng.sample(others, min(len(others), 12)):
        rest = re.match(r"(?:[a-z]+|[A-Z][a-z]+)(?=[A-Z_])", name)
        if verb and rest:
            yield verb[0] + name[rest.end() :]
    yield f"{api}_now"
    yield from (f"{api}{number}" for number in range(2, 100))


class OtherPlatform(Corruption):
    """The same, done on another platform."""

    def corrupt(self, sample: AuditSample, rng: Random) -> Corrupted | None:
        """Move every call to another platform that offers the same."""
        own = sample.solution.platform
        platforms = [name for name in sample.world.platforms if name != own]
        for platform in rng.sample(platforms, len(platforms)):
            calls = [_transferred(sample, call, platform) for call in sample.solution.calls]
            if None not in calls:
                wrong = Solution(platform=platform, calls=tuple(filter(None, calls)))
                return Corrupted(wrong, f"{own} became {platform}")
        return None


def _transferred(sample: AuditSample, call: Call, platform: str) -> Call | None:
    """A call on a platform that offers the same; None where it does not."""
    old = sample.tool(call)
    for (owner, api), tool in sample.world.tools.items():
        if owner == platform and tool.api.capability == old.api.capability:
            arguments = _renamed(sample, call, old, tool)
            if arguments is not None and tool.arguments.is_valid(arguments):
                return Call(api=api, arguments=arguments)
    return None


def _renamed(sample: AuditSample, call: Call, old: Tool, new: Tool) -> dict[str, Any] | None:
    """The arguments under the other platform's names: of the same feature, else of the same form."""
    renamed: dict[str, Any] = {}
    for name, value in call.arguments.items():
        free = [other for other in new.properties if other not in renamed]
        ranked = sorted(free, key=lambda other: -_correspondence(sample, old, name, new, other))
        if not ranked or not _correspondence(sample, old, name, new, ranked[0]):
            return None
        renamed[ranked[0]] = value
    return renamed


def _correspondence(sample: AuditSample, old: Tool, name: str, new: Tool, other: str) -> int:
    """How surely two parameters correspond: same feature, same schema, same name; 0: they do not."""
    links = sample.world.feature_of
    feature = links.get((old.platform, old.api.name, name))
    theirs = links.get((new.platform, new.api.name, other))
    linked = feature is not None and feature == theirs
    return 4 * linked + 2 * (old.properties.get(name) == new.properties[other]) + (name == other)


class ImplausibleQuery(Corruption):
    """Query and solution agree, and no such person would ask so.

    Args: variants: of a sample, what is asked and given instead; None where there is nothing of the kind.
    """

    def __init__(self, variants: Callable[[AuditSample, Random], Asked | None]) -> None:
        self._variants = variants

    def corrupt(self, sample: AuditSample, rng: Random) -> Corrupted | None:
        """Ask for something else, and give it."""
        asked = self._variants(sample, rng)
        return asked and Corrupted(asked.solution, asked.change, asked.query)


CORRUPTIONS: dict[str, Corruption] = {
    "wrong_value.query": WrongValue("query"),
    "wrong_value.profile": WrongValue("profile"),
    "missing_parameter.query": MissingParameter("query", "default"),
    "missing_parameter.profile": MissingParameter("profile"),
    "extra_parameter.optional": OptionalParameter(),
    "extra_parameter.unknown": UnknownParameter(),
    "missing_call.first": MissingCall(0),
    "missing_call.last": MissingCall(-1),
    "extra_call.other": OtherCall(),
    "extra_call.same": SameCall(),
    "hallucinated_tool": HallucinatedTool(),
    "other_user": OtherUser(),
    "other_platform": OtherPlatform(),
    "stale_address.moved": StaleAddress(former_addresses),
    "stale_address.slipped": StaleAddress(misspelt),
    "contradiction": ImplausibleQuery(contradicting),
    "wrong_order": ImplausibleQuery(in_wrong_order),
}
"""Name -> corruption, in the order of the audit's rows; names that are equal before the dot share a row."""


def _fitting(sample: AuditSample, tool: Tool, name: str, rng: Random) -> Iterator[Any]:
    """Values a parameter could have: the user's own, its default, one of another sample, any."""
    schema = tool.properties.get(name)
    feature = sample.world.feature_of.get((tool.platform, tool.api.name, name))
    if feature is not None and feature in sample.case.profile.basic:
        yield sample.case.profile.basic[feature]
    if isinstance(schema, dict) and "default" in schema:
        yield schema["default"]
    seen = sample.values_of(tool, name)
    yield from rng.sample(list(seen), min(len(seen), 3))
    if schema == {} or (isinstance(schema, dict) and schema.get("type") == "string"):
        yield "as usual"
    yield any_value(schema, [sample.id, tool.api.name, name])


def _first_fitting(sample: AuditSample, tool: Tool, name: str, rng: Random) -> Any:
    is_valid = tool.some_arguments.is_valid
    return next((value for value in _fitting(sample, tool, name, rng) if is_valid({name: value})), None)


def _feature(argument: ArgumentOrigin) -> str:
    return (argument.evidence.path or "").removeprefix(PROFILE)


def _with_call(sample: AuditSample, place: int, call: Call, change: str) -> Corrupted:
    calls = sample.solution.calls
    return _with_calls(sample, (*calls[:place], call, *calls[place + 1 :]), change)


def _with_calls(sample: AuditSample, calls: tuple[Call, ...], change: str) -> Corrupted:
    return Corrupted(Solution(platform=sample.solution.platform, calls=calls), change)
