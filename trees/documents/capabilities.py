"""Which functions of rival platforms do the same: found by likeness, shown as YAML, corrected by people.

A capability has at most one function of a platform. Likeness is a guess: somebody may be asked about pairs in
doubt (`doubtful_pairs`), the guess is written down (`capabilities_yaml`), and what a person makes of it is
read again (`read_capabilities`). Who is asked, and how, is not known here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ...errors import ConfigError, names, printable
from ..naming import snake_case, take_unique
from ..schemas import IDENTIFIER
from .functions import GivenFunction
from .likeness import DIFFERENT, LIKE, Likeness
from .reading import read_document
from .toolset import PairDecision, Toolset

KEY = "tools.capabilities"
SETTLED = 0.7
"""Likeness from which a function has its counterpart, and is in no doubt."""
MOST_DOUBTFUL = 200
"""Pairs in doubt that are asked about, those that are likest to each other first."""
_CANDIDATES = 2
"""Functions of another platform that one of them is compared with in such pairs."""
_MOST_CONTROLS = 12
"""Pairs of which the answer is known, as somebody is asked about them who is asked about pairs in doubt."""


def with_capabilities(toolset: Toolset, decided: Sequence[PairDecision] = ()) -> Toolset:
    """The toolset with a capability on every function, called as its first platform calls the function.

    Args: decided: what somebody said of pairs in doubt; it goes before likeness.
    """
    places = [(platform, at) for platform, own in toolset.platforms.items() for at in range(len(own))]
    functions = [toolset.platforms[platform][at] for platform, at in places]
    at_of = {(function.platform, function.api.name): at for at, function in enumerate(functions)}
    said = {(at_of[one.first], at_of[one.second]): one.same for one in decided if one.same is not None}
    clusters = _clusters(Likeness(functions, said))
    taken: set[str] = set()
    capability: dict[int, str] = {}
    for cluster in sorted(clusters, key=min):
        name = take_unique(snake_case(functions[min(cluster)].api.name, "function"), "more", taken)
        capability |= dict.fromkeys(cluster, name)
    named = _named(toolset, {place: capability[at] for at, place in enumerate(places)})
    return replace(named, decisions=tuple(decided))


def doubtful_pairs(toolset: Toolset) -> list[PairDecision]:
    """Pairs about which likeness says too little, each other's likest first; nobody was asked yet."""
    functions = [function for own in toolset.platforms.values() for function in own]
    alike = Likeness(functions)
    near = alike.closest()
    settled = {at for (at, _), others in near.items() if others[0][0] >= SETTLED}
    ranks: Counter[tuple[int, int]] = Counter()  # 0: each is the likest to the other
    for (at, _), others in near.items():
        for rank, (_, other) in enumerate(others):
            ranks[min(at, other), max(at, other)] += rank
    found = {
        (min(at, other), max(at, other)): likeness
        for (at, _), others in near.items()
        for likeness, other in others[:_CANDIDATES]
        if at not in settled and other not in settled
    }
    joined = {at: group for group in map(frozenset, _clusters(alike)) for at in group}
    doubtful = sorted(found, key=lambda pair: (ranks[pair], -found[pair], pair))[:MOST_DOUBTFUL]
    return [
        PairDecision(
            _key(functions[first]), _key(functions[second]), found[first, second], second in joined[first]
        )
        for first, second in doubtful
    ]


def control_pairs(toolset: Toolset, most: int) -> list[PairDecision]:
    """Functions of one platform that are alike and yet two, for whoever says that all do the same.

    Args: most: pairs that are wanted; there are at most a dozen.
    """
    functions = [function for own in toolset.platforms.values() for function in own]
    alike, count = Likeness(functions), min(most, _MOST_CONTROLS, len(functions))
    found: dict[tuple[int, int], float] = {}
    for at in (turn * len(functions) // count for turn in range(count)):
        likeness, other = max(
            (
                (alike.by_words(at, other), -other)
                for other, function in enumerate(functions)
                if other != at and function.platform == functions[at].platform
            ),
            default=(1.0, 0),
        )
        if likeness < SETTLED:
            found[min(at, -other), max(at, -other)] = likeness
    return [
        PairDecision(_key(functions[one]), _key(functions[other]), likeness, alike=False)
        for (one, other), likeness in found.items()
    ]


def _key(function: GivenFunction) -> tuple[str, str]:
    return function.platform, function.api.name


def _named(toolset: Toolset, capabilities: Mapping[tuple[str, int], str]) -> Toolset:
    """The toolset with these capabilities, and without the functions that have none."""
    return replace(
        toolset,
        platforms={
            platform: tuple(
                replace(
                    function, api=function.api.model_copy(update={"capability": capabilities[platform, at]})
                )
                for at, function in enumerate(own)
                if (platform, at) in capabilities
            )
            for platform, own in toolset.platforms.items()
        },
    )


def _clusters(alike: Likeness) -> list[set[int]]:
    """The functions in groups, at most one of a platform in each; the most alike are put together first."""
    profiles = alike.profiles
    groups = {at: {at} for at in range(len(profiles))}
    for _, first, second in sorted(alike.pairs(), key=lambda pair: (-pair[0], pair[1], pair[2])):
        one, other = groups[first], groups[second]
        if one is other or {profiles[at].platform for at in one} & {profiles[at].platform for at in other}:
            continue
        across = [alike.of(a, b) for a in one for b in other]
        if DIFFERENT not in across and sum(across) / len(across) >= LIKE:
            one |= other
            groups |= dict.fromkeys(other, one)
    return list({id(group): group for group in groups.values()}.values())


_HEAD = """\
# What was understood of tools.file. Correct it, and hand it in with tools.capabilities=THIS_FILE.
# capabilities: what is interchangeable -> the function of each platform that does it. People ask only for
# what two platforms can do. Move a function to where it belongs, split or join lines, rename a capability;
# a function that stands nowhere is left out of the run. Of the other sections nothing is read again.
# decided_by: who put it together or kept it apart: code (by likeness), model, or person (your file).
# asked: the pairs a model was asked about, what code had thought, how likely the model takes it that they do
# the same, and what follows. Where it is as sure of functions of one platform, what code thought stands.
"""


def capabilities_yaml(toolset: Toolset) -> str:
    """The capabilities, shared ones first, where every function comes from, and what was left out."""
    shared, single = _sorted_capabilities(toolset)
    content: dict[str, Any] = {"capabilities": {**shared, **single}}
    content["decided_by"] = {
        name: _decided_by(toolset, functions) for name, functions in content["capabilities"].items()
    }
    content["asked"] = [
        {
            "functions": [".".join(one.first), ".".join(one.second)],
            "likeness": round(one.likeness, 2),
            "code": _SAID[one.alike],
            **({} if one.chance is None else {"chance": round(one.chance, 2)}),
            "model": _SAID[one.same],
        }
        for one in toolset.decisions
    ]
    content["functions"] = {
        platform: {function.api.name: _origin(function) for function in own}
        for platform, own in toolset.platforms.items()
    }
    content["left_out"] = [
        {"function": one.name, "source": one.source, "why": one.reason} for one in toolset.left_out
    ]
    return _HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


_SAID = {True: "same", False: "different", None: "cannot tell"}


def _decided_by(toolset: Toolset, functions: Mapping[str, str]) -> str:
    """Who put these functions together, or kept the one apart."""
    if toolset.corrected:
        return "person"
    members = set(functions.items())
    for one in toolset.decisions:
        inside = len({one.first, one.second} & members)
        if (one.same is True and inside == 2) or (one.same is False and inside == len(members) == 1):
            return "model"
    return "code"


def _origin(function: GivenFunction) -> dict[str, Any]:
    renamed = {
        own: f"{part.get('x-in', '')} {part.get('x-name', own)}".strip()
        for own, part in function.api.properties().items()
        if "x-name" in part or "x-in" in part
    }
    cut = [f"{pointer}: {reason}" for pointer, reason in function.cut]
    return {
        "source": function.source,
        **({"parameters": renamed} if renamed else {}),
        **({"left_out": cut} if cut else {}),
    }


def _sorted_capabilities(toolset: Toolset) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """Capability -> platform -> function: those that two platforms have, and the others."""
    found: dict[str, dict[str, str]] = {}
    for platform, own in toolset.platforms.items():
        for function in own:
            found.setdefault(function.api.capability, {})[platform] = function.api.name
    shared = {name: functions for name, functions in found.items() if len(functions) > 1}
    return shared, {name: functions for name, functions in found.items() if name not in shared}


def read_capabilities(path: Path, toolset: Toolset) -> Toolset:
    """The toolset with the capabilities of a file that a person has corrected.

    Raises:
        ConfigError: it is no such file, or names what the documents have not.
    """
    shown = f"{KEY}: {path}"
    content = read_document(path, shown)
    given = content.get("capabilities") if isinstance(content, dict) else None
    if not isinstance(given, dict) or not given:
        raise ConfigError(f"{shown}: expected 'capabilities', a mapping, as a run leaves it in tools.yaml")
    places = {
        (platform, function.api.name): (platform, at)
        for platform, own in toolset.platforms.items()
        for at, function in enumerate(own)
    }
    capabilities: dict[tuple[str, int], str] = {}
    for capability, functions in given.items():
        where = f"{shown}: capabilities.{printable(capability, 80)}"
        if not IDENTIFIER.fullmatch(capability):
            raise ConfigError(f"{where}: expected an identifier of letters, digits and _ as its name")
        if not isinstance(functions, dict):
            raise ConfigError(
                f"{where}: expected platform -> function, such as {{{next(iter(toolset.platforms))}: …}}"
            )
        for platform, name in functions.items():
            own = toolset.platforms.get(platform)
            if own is None:
                there = names(toolset.platforms, platform)
                raise ConfigError(f"{where}: no platform {printable(platform, 60)!r}; there are {there}")
            place = places.get((platform, str(name)))
            if place is None:
                there = names([function.api.name for function in own], str(name))
                raise ConfigError(
                    f"{where}: {platform} has no function {printable(str(name), 60)!r}; there are {there}"
                )
            if place in capabilities:
                raise ConfigError(
                    f"{where}: {platform}.{name} stands in {capabilities[place]!r} already, expected once"
                )
            capabilities[place] = capability
    return replace(_named(toolset, capabilities), corrected=True, decisions=())


def check_shared(toolset: Toolset, key: str) -> None:
    """Refuse functions of which no two do the same. Raises ConfigError that names the key `key`."""
    if any(not own for own in toolset.platforms.values()):
        empty = names(platform for platform, own in toolset.platforms.items() if not own)
        raise ConfigError(f"{key}: no function is left of {empty}, expected some of every platform")
    if not _sorted_capabilities(toolset)[0]:
        listed = "; ".join(
            f"{platform} has {names([function.api.name for function in own][:6])}"
            for platform, own in toolset.platforms.items()
        )
        raise ConfigError(
            f"{key}: no two platforms have a function that does the same, as far as likeness tells "
            f"({listed}): say which do in a file for tools.capabilities, or give documents of rivals"
        )


_LISTED = 40
"""Capabilities that are written out for people."""


def describe(toolset: Toolset) -> Iterator[str]:
    """What was understood, a line each: platforms, what is interchangeable, what was left out."""
    shared, single = _sorted_capabilities(toolset)
    counts = ", ".join(f"{platform} {len(own)}" for platform, own in toolset.platforms.items())
    total = sum(map(len, toolset.platforms.values()))
    yield f"tools: {total} functions of {len(toolset.platforms)} platforms ({counts})"
    yield f"  {len(shared)} capabilities of two platforms or more, which people ask for; {len(single)} of one"
    if toolset.decisions:
        asked = len(toolset.decisions)
        changed = sum(one.same not in (None, one.alike) for one in toolset.decisions)
        silent = sum(one.same is None for one in toolset.decisions)
        yield (
            f"  a model was asked about {asked} pairs in doubt; it decided otherwise than code in {changed}, "
            f"and could not tell in {silent}"
        )
    for name, functions in list(shared.items())[:_LISTED]:
        yield f"    {name}: {', '.join(f'{platform}.{function}' for platform, function in functions.items())}"
    if len(shared) > _LISTED:
        yield f"    and {len(shared) - _LISTED} more"
    cut = sum(len(function.cut) for own in toolset.platforms.values() for function in own)
    if toolset.left_out or cut:
        yield f"  left out: {len(toolset.left_out)} functions and {cut} optional parts of others"
    for one in toolset.left_out[:_LISTED]:
        yield f"    {printable(one.name, 80)}: {printable(one.reason, 300)}"
    if len(toolset.left_out) > _LISTED:
        yield f"    and {len(toolset.left_out) - _LISTED} more"
