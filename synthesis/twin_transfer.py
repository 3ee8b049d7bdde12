"""The same request on another platform, call by call and parameter by parameter (Definition 3.1).

Rivals offer equal capabilities under other names. What a query says has to find its place in the other API,
or the request cannot be carried over; what it leaves unsaid is filled as the other API and the other profile
have it. Nothing is guessed: evidence that is missing, ambiguous or contradictory carries nothing over. This
module knows no role and draws nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from ..environments.world import FeatureOf, Tool, World
from ..records import Intent, Phrase, Profile, Query, Task, TaskCall
from ..texts.search import compact
from .tasks import parameter_sources

NO_TWIN_REASONS: dict[str, str] = {
    "twin.nobody": "nobody else of the group prefers another platform for this kind of need",
    "twin.call": "the other platform does not have exactly one API for what is asked",
    "twin.parameter": "what the query says belongs to no parameter there, or to more than one",
    "twin.value": "a value the query states is not valid there",
    "twin.feature": "the other profile does not fill what the query alludes to",
    "twin.required": "a parameter required there stays unfilled",
    "twin.impersonal": "the request would need nothing of the other profile",
    "twin.personal": "the query holds data of the one who asked first",
}
"""Why a request has no counterpart."""


class NotTransferable(Exception):  # noqa: N818 - an outcome that is counted, not a failure
    """A request that cannot be carried over; the argument is its code."""


class TransferredRequest(NamedTuple):
    """A request as it stands on another platform, for another user."""

    platform: str
    calls: tuple[TaskCall, ...]
    query: Query
    """the same words; the intents name the platform's own APIs and parameters"""


class RequestTransfer:
    """Carries requests from platform to platform in one world.

    Args: world: the scenario, with the features that fill its parameters.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._basic = frozenset(feature for user in world.users for feature in world.profile(user).basic)
        self._offers: dict[tuple[str, str], list[Tool]] = {}
        for (platform, _), tool in world.tools.items():
            self._offers.setdefault((platform, tool.api.capability), []).append(tool)
        self._pairs: dict[tuple[str, str, str, str], dict[str, str]] = {}

    def transfer(self, task: Task, query: Query, profile: Profile, platform: str) -> TransferredRequest:
        """The same request of another user on another platform.

        Args:
            task, query: as they were asked first.
            profile: the other user's; it fills what the query leaves unsaid.
            platform: where that user goes.

        Raises:
            NotTransferable: with one of `NO_TWIN_REASONS`.
        """
        intents = tuple(self._intent(intent, task.platform, platform) for intent in query.intents)
        calls = tuple(self._call(call, task.platform, platform, profile) for call in task.calls)
        if calls and not any(call.known for call in calls):
            raise NotTransferable("twin.impersonal")
        return TransferredRequest(platform, calls, query.model_copy(update={"intents": intents}))

    def _rival(self, api: str, here: str, platform: str) -> tuple[Tool, Tool, Mapping[str, str]]:
        """The API here, its counterpart there, and which parameter is which."""
        tool = self._world.tools.get((here, api))
        rivals = self._offers.get((platform, tool.api.capability), []) if tool else []
        if tool is None or len(rivals) != 1:
            raise NotTransferable("twin.call")
        key = (here, api, platform, rivals[0].api.name)
        if key not in self._pairs:
            self._pairs[key] = match_parameters(tool, rivals[0], self._world.feature_of, self._basic)
        return tool, rivals[0], self._pairs[key]

    def _intent(self, intent: Intent, here: str, platform: str) -> Intent:
        _, rival, pairs = self._rival(intent.api, here, platform)
        stated = {_renamed(name, pairs): value for name, value in intent.stated.items()}
        if not rival.some_arguments.is_valid(stated):
            raise NotTransferable("twin.value")
        phrases = tuple(
            Phrase(parameter=_renamed(phrase.parameter, pairs), words=phrase.words)
            for phrase in intent.phrases
            if phrase.parameter in intent.stated
        )
        return Intent(api=rival.api.name, stated=stated, phrases=phrases)

    def _call(self, call: TaskCall, here: str, platform: str, profile: Profile) -> TaskCall:
        """What is said keeps its place; the rest is what the rival requires, from profile or default."""
        tool, rival, pairs = self._rival(call.api, here, platform)
        sources = parameter_sources(profile, self._world, rival)
        stated = {_renamed(name, pairs) for name in call.stated}
        known: dict[str, str] = {}
        # A required parameter is filled without a word about it; only an optional one is alluded to.
        for name, feature in call.known.items():
            if name not in tool.required:
                there = _renamed(name, pairs)
                if {**sources.known, **sources.may_ask}.get(there) != feature:
                    raise NotTransferable("twin.feature")
                known[there] = feature
        known |= {name: feature for name, feature in sources.known.items() if name not in stated}
        if not stated.issuperset(sources.stated):
            raise NotTransferable("twin.required")
        return TaskCall(
            api=rival.api.name,
            capability=rival.api.capability,
            stated=tuple(name for name in rival.properties if name in stated),
            known={name: known[name] for name in rival.properties if name in known},
            defaults=tuple(name for name in sources.defaulted if name not in stated),
        )


def match_parameters(
    tool: Tool, rival: Tool, feature_of: FeatureOf, basic: Collection[str] = ()
) -> dict[str, str]:
    """Which parameter of an API is which of its rival's; where nothing is certain, there is none.

    Three things speak for a pair, each where it holds of one parameter on either side only: the same name,
    the same feature that fills it, the same form of value with the same description. They must not
    contradict each other, none may be claimed twice, and what one profile feature fills is never what another
    fills.

    Args:
        tool, rival: two APIs of equal capability.
        feature_of: the feature tree's links.
        basic: features that fill arguments; all others are habits.
    """
    here, there = _ApiParameters(tool, feature_of, basic), _ApiParameters(rival, feature_of, basic)
    traits = (_ApiParameters.name, _ApiParameters.filling, _ApiParameters.schema)
    claims = {claim for trait in traits for claim in _matched(here, there, trait)}
    claimed_here, claimed_there = Counter(mine for mine, _ in claims), Counter(theirs for _, theirs in claims)
    pairs = {
        mine: theirs
        for mine, theirs in claims
        if claimed_here[mine] == claimed_there[theirs] == 1
        and not _contradict(here.feature(mine), there.feature(theirs), basic)
    }
    return {name: pairs[name] for name in tool.properties if name in pairs}


def _contradict(feature: str, rival_feature: str, basic: Collection[str]) -> bool:
    return feature != rival_feature and (feature in basic or rival_feature in basic)


class _ApiParameters:
    """One API of the two, and what its parameters can be told by."""

    def __init__(self, tool: Tool, feature_of: FeatureOf, basic: Collection[str]) -> None:
        self.tool = tool
        self._feature_of = feature_of
        self._basic = basic

    def feature(self, parameter: str) -> str:
        """The feature that fills it; empty where none is known."""
        return self._feature_of.get((self.tool.platform, self.tool.api.name, parameter), "")

    def name(self, parameter: str) -> Hashable:
        """The name, however its words are joined."""
        return compact(parameter) or None

    def filling(self, parameter: str) -> Hashable:
        """The feature that fills it; habits fill many, so there the form of the value belongs to it."""
        feature = self.feature(parameter)
        return (feature, b"" if feature in self._basic else self._form(parameter)) if feature else None

    def schema(self, parameter: str) -> Hashable:
        """The description and the form of the value; without a description it tells nothing."""
        described = self.tool.properties[parameter].get("description")
        return (" ".join(str(described).casefold().split()), self._form(parameter)) if described else None

    def _form(self, parameter: str) -> bytes:
        return orjson.dumps(_form(self.tool.properties[parameter]), option=orjson.OPT_SORT_KEYS)


def _matched(
    mine: _ApiParameters, theirs: _ApiParameters, trait: Callable[[_ApiParameters, str], Hashable]
) -> Iterator[tuple[str, str]]:
    """Parameters that share a trait nobody else on either side has."""
    here, there = _by_unique_trait(mine, trait), _by_unique_trait(theirs, trait)
    return ((name, there[value]) for value, name in here.items() if value in there)


def _by_unique_trait(
    parameters: _ApiParameters, trait: Callable[[_ApiParameters, str], Hashable]
) -> dict[Hashable, str]:
    traits = {name: trait(parameters, name) for name in parameters.tool.properties}
    counts = Counter(traits.values())
    return {value: name for name, value in traits.items() if value is not None and counts[value] == 1}


def _form(schema: Any) -> Any:
    """What kind of value a schema is of; bounds are looked at where a value is, and texts only explain."""
    if not isinstance(schema, dict):
        return None
    form = {key: schema[key] for key in ("type", "format", "enum") if key in schema}
    inner = schema.get("properties")
    properties = {name: _form(value) for name, value in inner.items()} if isinstance(inner, dict) else None
    return {**form, "items": _form(schema.get("items")), "properties": properties}


def _renamed(name: str, pairs: Mapping[str, str]) -> str:
    if name not in pairs:
        raise NotTransferable("twin.parameter")
    return pairs[name]
