"""Which functions of rival platforms do the same: found by likeness, shown as YAML, corrected by people.

Two functions are alike in what they are called, in what is said of them, and in what they take; a
capability has at most one function of a platform. Likeness is a guess: somebody may be asked about pairs in
doubt (`doubtful_pairs`), the guess is written down (`capabilities_yaml`), and what a person makes of it is
read again (`read_capabilities`). Who is asked, and how, is not known here.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

from ...errors import ConfigError, names, printable
from ..naming import name_words, snake_case, take_unique
from ..schemas import IDENTIFIER
from .functions import GivenFunction
from .reading import read_document
from .toolset import PairDecision, Toolset

KEY = "tools.capabilities"
LIKE = 0.42
"""Likeness from which two functions are taken to do the same, 0 to 1."""
DOUBTFUL = (0.05, 0.7)
"""Likeness between which a pair is in doubt, where neither function has a counterpart beyond it."""
MOST_DOUBTFUL = 200
"""Pairs in doubt that are asked about, those nearest to `LIKE`."""
_FEW = 200
"""Functions up to which any two may be in doubt; of more, only those with a word in common."""
_CANDIDATES = 2
"""Functions of another platform that one of them is compared with in such pairs."""
_NAME, _TEXT, _TAKES = 0.55, 0.2, 0.25
"""What each of the three counts."""
_VERBS: Mapping[str, str] = {
    word: kind
    for kind, words in {
        "find": "find search query lookup browse discover",
        "get": "get fetch retrieve show read view describe check details detail info lookup",
        "list": "list all index enumerate",
        "make": "create add new post make insert register place submit open start "
        "book order reserve schedule",
        "change": "update edit modify change patch put set replace rename amend reschedule",
        "remove": "delete remove cancel destroy drop revoke withdraw close",
        "send": "send notify message mail email",
    }.items()
    for word in words.split()
}
"""Words for what is done -> one word for all of them: `search` and `find` are one."""
_TELLING = frozenset(
    (
        *("book", "order", "reserve", "schedule", "register", "rename", "reschedule", "amend"),
        *("message", "mail", "email"),
    )
)
"""Words for what is done that say what it is done to, as well: a booking is what is booked."""
_RARE = 20
"""Functions that a word of their descriptions may stand in to make them candidates."""
_OPPOSED = frozenset(("make", "change", "remove"))
_IDLE = frozenset(
    (
        *("a", "an", "and", "api", "by", "for", "from", "in", "is", "it", "of", "on", "or", "that", "the"),
        *("this", "to", "via", "with", "your", "you", "v1", "v2", "v3"),
    )
)


@dataclass(frozen=True)
class _Profile:
    """What a function's likeness depends on."""

    platform: str
    name: frozenset[str]
    verb: str
    text: frozenset[str]
    takes: frozenset[str]


def with_capabilities(toolset: Toolset, decided: Sequence[PairDecision] = ()) -> Toolset:
    """The toolset with a capability on every function, called as its first platform calls the function.

    Args: decided: what somebody said of pairs in doubt; it goes before likeness.
    """
    places = [(platform, at) for platform, own in toolset.platforms.items() for at in range(len(own))]
    functions = [toolset.platforms[platform][at] for platform, at in places]
    at_of = {(function.platform, function.api.name): at for at, function in enumerate(functions)}
    said = {(at_of[one.first], at_of[one.second]): one.same for one in decided if one.same is not None}
    clusters = _clusters(_Likeness([_profile(function) for function in functions], said))
    taken: set[str] = set()
    capability: dict[int, str] = {}
    for cluster in sorted(clusters, key=min):
        name = take_unique(snake_case(functions[min(cluster)].api.name, "function"), "more", taken)
        capability |= dict.fromkeys(cluster, name)
    named = _named(toolset, {place: capability[at] for at, place in enumerate(places)})
    return replace(named, decisions=tuple(decided))


def doubtful_pairs(toolset: Toolset) -> list[PairDecision]:
    """Pairs about which likeness says too little, the most doubtful first; nobody has been asked yet."""
    functions = [function for own in toolset.platforms.values() for function in own]
    alike = _Likeness([_profile(function) for function in functions])
    low, high = DOUBTFUL
    near: dict[tuple[int, str], list[tuple[float, int]]] = defaultdict(list)
    pairs = sorted(
        alike.pairs(low, everywhere=len(functions) <= _FEW), key=lambda pair: (-pair[0], pair[1], pair[2])
    )
    for likeness, first, second in pairs:
        near[first, functions[second].platform].append((likeness, second))
        near[second, functions[first].platform].append((likeness, first))
    settled = {at for (at, _), others in near.items() if others[0][0] >= high}
    found = {
        (min(at, other), max(at, other)): likeness
        for (at, _), others in near.items()
        for likeness, other in others[:_CANDIDATES]
        if at not in settled and other not in settled
    }
    joined = {at: group for group in map(frozenset, _clusters(alike)) for at in group}
    doubtful = sorted(found, key=lambda pair: (abs(found[pair] - LIKE), pair))[:MOST_DOUBTFUL]
    return [
        PairDecision(
            _key(functions[first]), _key(functions[second]), found[first, second], second in joined[first]
        )
        for first, second in doubtful
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


def _profile(function: GivenFunction) -> _Profile:
    api = function.api
    words = _words(api.name)
    verb = next((word for word in words if word in _VERBS), "")
    said = [word for word in words if word != verb or word in _TELLING]
    others = said or [_VERBS.get(verb, verb)]
    takes = {word for name in api.properties() for word in _words(name)}
    return _Profile(
        platform=function.platform,
        name=frozenset(map(_stem, others)),
        verb=_VERBS.get(verb, ""),
        text=frozenset(_stem(_VERBS.get(word, word)) for word in _words(api.description)),
        takes=frozenset(map(_stem, takes)),
    )


def _words(text: str) -> list[str]:
    return [word for word in name_words(text) if word not in _IDLE]


def _stem(word: str) -> str:
    if word.endswith("ing") and len(word) > 6:
        word = word[:-3]
    for end, instead in (("ies", "y"), ("ses", "s"), ("s", "")):
        if word.endswith(end) and len(word) > len(end) + 2 and not word.endswith("ss"):
            return word[: -len(end)] + instead
    return word


def _clusters(alike: _Likeness) -> list[set[int]]:
    """The functions in groups, at most one of a platform in each; the most alike are put together first."""
    profiles = alike.profiles
    groups = {at: {at} for at in range(len(profiles))}
    for _, first, second in sorted(alike.pairs(), key=lambda pair: (-pair[0], pair[1], pair[2])):
        one, other = groups[first], groups[second]
        if one is other or {profiles[at].platform for at in one} & {profiles[at].platform for at in other}:
            continue
        across = [alike.of(a, b) for a in one for b in other]
        if _DIFFERENT not in across and sum(across) / len(across) >= LIKE:
            one |= other
            groups |= dict.fromkeys(other, one)
    return list({id(group): group for group in groups.values()}.values())


_DIFFERENT = -1.0
"""Likeness of functions of which somebody said that they do not do the same."""


class _Likeness:
    """How alike functions are; words that many functions have tell little.

    Args: profiles: of the functions; said: pairs of their places -> whether somebody says they do the same.
    """

    def __init__(
        self, profiles: Sequence[_Profile], said: Mapping[tuple[int, int], bool] | None = None
    ) -> None:
        self.profiles = profiles
        self.said = said or {}
        counts = Counter(
            word for profile in profiles for word in {*profile.name, *profile.text, *profile.takes}
        )
        self.weight = {word: math.log(1 + len(profiles) / count) for word, count in counts.items()}

    def pairs(self, least: float = LIKE, *, everywhere: bool = False) -> Iterator[tuple[float, int, int]]:
        """(likeness, first, second) of functions of two platforms that are so alike at least.

        Args: everywhere: look at pairs without a telling word in common as well.
        """
        having: dict[str, list[int]] = defaultdict(list)
        for at, profile in enumerate(self.profiles):
            for word in profile.name | profile.text:
                having[word].append(at)
        telling = {word for profile in self.profiles for word in profile.name}
        having = {word: places for word, places in having.items() if word in telling or len(places) <= _RARE}
        near = {pair for places in having.values() for pair in combinations(places, 2)} | {*self.said}
        for first, second in combinations(range(len(self.profiles)), 2) if everywhere else near:
            if self.profiles[first].platform != self.profiles[second].platform:
                likeness = self.of(first, second)
                if likeness >= least:
                    yield likeness, first, second

    def of(self, first: int, second: int) -> float:
        """0: nothing in common, 1: the same; -1: somebody says that they differ."""
        said = self.said.get((min(first, second), max(first, second)))
        if said is not None:
            return (1 + self.by_words(first, second)) / 2 if said else _DIFFERENT
        return self.by_words(first, second)

    def by_words(self, first: int, second: int) -> float:
        """0: nothing in common, 1: the same."""
        one, other = self.profiles[first], self.profiles[second]
        verbs = {one.verb, other.verb} - {""}
        if len(verbs) == 2:
            if verbs & _OPPOSED:
                return 0.0
            factor = 0.8
        else:
            factor = 1.0 if one.verb == other.verb else 0.85
        return factor * (
            _NAME * self.overlap(one.name, other.name)
            + _TEXT * self.overlap(one.text, other.text)
            + _TAKES * (self.overlap(one.takes, other.takes) if one.takes or other.takes else 1.0)
        )

    def overlap(self, one: frozenset[str], other: frozenset[str]) -> float:
        both = sum(self.weight[word] for word in one & other)
        return both / total if (total := sum(self.weight[word] for word in one | other)) else 0.0


_HEAD = """\
# What was understood of tools.file. Correct it, and hand it in with tools.capabilities=THIS_FILE.
# capabilities: what is interchangeable -> the function of each platform that does it. People ask only for
# what two platforms can do. Move a function to where it belongs, split or join lines, rename a capability;
# a function that stands nowhere is left out of the run. Of the other sections nothing is read again.
# decided_by: who put it together or kept it apart: code (by likeness), model, or person (your file).
# asked: the pairs a model was asked about, what code had thought, and what the model said.
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


_SAID = {True: "same", False: "different", None: "no usable answer"}


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
        yield f"  a model was asked about {asked} pairs in doubt; it decided otherwise than code in {changed}"
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
