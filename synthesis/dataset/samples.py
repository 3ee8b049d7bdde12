"""Samples on their way from the gates to the files of the dataset.

`CompactSample` is a sample without what it shares with others: a hundredth of its size. A `SampleList` has
those of a whole dataset on disk while it is split and counted. `SampleBuilder` makes one the record that is
written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from heapq import merge
from itertools import pairwise
from operator import attrgetter
from typing import Any, Literal, NamedTuple

import orjson

from ...environments.checks import Traced
from ...environments.dialogue import AssistantMode
from ...environments.world import World
from ...records import (
    ArgumentOrigin,
    Call,
    Episode,
    Evidence,
    Origin,
    PlatformEvidence,
    Sample,
    Solution,
    UserProfile,
    VisiblePlatform,
)
from ...records.sample import Group
from ...store.disk_map import DiskList
from ...texts.search import find_quote

Split = Literal["train", "test", "unseen", "twins", "reserve", "all"]
"""Part of the dataset; twins: of what is held out; reserve: kept, and in no part; all: nothing is split."""

WorldKey = tuple[str, str]
"""(population, scenario)."""

_PROFILE = "basic_features."
"""How the path of an argument from the profile begins."""


class Argument(NamedTuple):
    """One argument of the answer, and where it comes from."""

    call: int
    """position of the call, from 0"""
    parameter: str
    origin: Origin | None
    """None: it was not found, and neither a check nor a gate asked for it"""
    feature: str
    """basic feature it is from; empty unless the origin is the profile"""
    value: str
    """as JSON"""
    words: str | None = None
    """words of the query that state it; None unless the origin is the query"""
    span: tuple[int, int] | None = None
    """start and end of these words, in characters"""


class CompactSample(NamedTuple):
    """One sample of the dataset, without profile, platforms and tools."""

    id: str
    population: str
    """'' for the run's own people, 'unseen' for those held out with their scenarios"""
    scenario: str
    user: str
    context: str
    """the kind of need; latent"""
    platform: str
    """the gold one"""
    query: str
    calls: tuple[tuple[str, str], ...]
    """(API, capability) of every call"""
    arguments: tuple[Argument, ...]
    """call by call, in the order of the answer"""
    twin_of: str = ""
    """id of the sample it is the counterfactual twin of"""
    mended: bool = False
    """objected to first, and kept after feedback"""
    need: tuple[int, int] | None = None
    """start and end of the words of the query that tell the kind of need"""

    @property
    def world_key(self) -> WorldKey:
        """Population and scenario, which have one world."""
        return self.population, self.scenario

    def solution(self) -> Solution:
        """The accepted solution."""
        arguments: list[dict[str, Any]] = [{} for _ in self.calls]
        for argument in self.arguments:
            arguments[argument.call][argument.parameter] = orjson.loads(argument.value)
        calls = zip(self.calls, arguments, strict=True)
        return Solution.model_construct(
            platform=self.platform,
            calls=tuple(Call.model_construct(api=api, arguments=given) for (api, _), given in calls),
        )


SampleList = DiskList[CompactSample]
"""The samples of a dataset in their order."""


def in_order_of_ids(samples: Sequence[CompactSample]) -> Iterator[CompactSample]:
    """Samples by their ids: a merge of the stretches that have this order already, of which there are few."""
    starts, before = [0], ""
    for place, sample in enumerate(samples):
        if sample.id < before:
            starts.append(place)
        before = sample.id
    stretches = [
        (samples[place] for place in range(start, end)) for start, end in pairwise([*starts, len(samples)])
    ]
    return merge(*stretches, key=attrgetter("id"))


def compact_sample(
    episode: Episode, population: str, world: World, traced: Traced, twin_of: str = ""
) -> CompactSample:
    """Make a sample of an accepted episode.

    Args:
        episode: with query and solution.
        population: name of the people its user is of.
        world: its scenario.
        traced: the origins of its arguments.
        twin_of: id of its original, if it is a twin.
    """
    task, query, solution = episode.task, episode.query, episode.solution
    assert query is not None
    assert solution is not None
    origins = {(proof.call, proof.parameter): proof for proof in traced.origins}
    tools = world.tools
    return CompactSample(
        id=episode.id,
        population=population,
        scenario=task.scenario,
        user=task.user_id,
        context=task.context,
        platform=solution.platform,
        query=query.text,
        calls=tuple((call.api, tools[solution.platform, call.api].api.capability) for call in solution.calls),
        arguments=tuple(
            _argument(number, name, value, origins.get((number, name)))
            for number, call in enumerate(solution.calls)
            for name, value in call.arguments.items()
        ),
        need=find_quote(query.need, query.text),
        twin_of=twin_of,
        mended=bool(episode.objections),
    )


def _argument(call: int, parameter: str, value: Any, proof: ArgumentOrigin | None) -> Argument:
    text = orjson.dumps(value).decode()
    if proof is None:
        return Argument(call, parameter, None, "", text)
    evidence = proof.evidence
    feature = (evidence.path or "").removeprefix(_PROFILE)
    return Argument(call, parameter, proof.origin, feature, text, evidence.words, evidence.span)


class SampleBuilder:
    """Builds the records; those of one scenario share platforms and tools, those of one user the profile.

    Args:
        worlds: (population, scenario) -> its world, with profiles and histories.
        assistant: who wrote the solutions.
    """

    def __init__(self, worlds: Mapping[WorldKey, World], assistant: AssistantMode) -> None:
        self._worlds = worlds
        self._assistant: AssistantMode = assistant
        # Samples come by scenario and user, each before its twin: what the last few show is kept.
        self._scenario = lru_cache(maxsize=2)(self._visible_scenario)
        self._profile = lru_cache(maxsize=8)(self._visible_profile)

    def build(self, sample: CompactSample, group: Group | None) -> Sample:
        """The record of a sample; it is not validated again.

        Latent things (implicit features, contexts, preferences, intents) stay behind.
        """
        platforms, tools = self._scenario(sample.world_key)
        origins = tuple(_origin(argument) for argument in sample.arguments if argument.origin is not None)
        return Sample.model_construct(
            id=sample.id,
            scenario=sample.scenario,
            user_id=sample.user,
            user_profile=self._profile(sample.world_key, sample.user),
            platforms=platforms,
            tools=tools,
            query=sample.query,
            answer=published_answer(sample.solution()),
            query_params=tuple(proof.parameter for proof in origins if proof.origin == "query"),
            profile_params=tuple(proof.parameter for proof in origins if proof.origin == "profile"),
            origins=origins,
            platform_evidence=self._platform_evidence(sample),
            capabilities=dict(sample.calls),
            assistant=self._assistant,
            group=group,
            twin_of=sample.twin_of or None,
        )

    def _visible_scenario(
        self, key: WorldKey
    ) -> tuple[tuple[VisiblePlatform, ...], tuple[dict[str, Any], ...]]:
        world = self._worlds[key]
        platforms = tuple(
            VisiblePlatform(
                name=platform.name,
                profile=platform.profile(),
                apis=tuple(api.name for api in world.scenario.apis[platform.name]),
            )
            for platform in world.scenario.platforms
        )
        return platforms, tuple(tool.schema for tool in world.tools.values())

    def _platform_evidence(self, sample: CompactSample) -> PlatformEvidence:
        """The words that tell the kind of need, and the visits of the platform for such needs."""
        actions = [
            action
            for history in self._worlds[sample.world_key].histories(sample.user)
            if history.scenario == sample.scenario
            for action in history.actions
        ]
        return PlatformEvidence.model_construct(
            words=sample.query[slice(*sample.need)] if sample.need else None,
            span=sample.need,
            visits=tuple(
                number
                for number, action in enumerate(actions)
                if action.context == sample.context and action.platform == sample.platform
            ),
        )

    def _visible_profile(self, key: WorldKey, user: str) -> UserProfile:
        world = self._worlds[key]
        return UserProfile.model_construct(
            basic_features=world.profile(user).basic,
            user_history={history.scenario: history.visible() for history in world.histories(user)},
        )


def published_answer(solution: Solution) -> tuple[str, list[dict[str, Any]]]:
    """The gold in the published format: [platform, [{function: {parameter: [accepted, …]}}, …]]."""
    calls = [{call.api: {name: [value] for name, value in call.arguments.items()}} for call in solution.calls]
    return solution.platform, calls


def _origin(argument: Argument) -> ArgumentOrigin:
    path = f"{_PROFILE}{argument.feature}" if argument.origin == "profile" else None
    return ArgumentOrigin.model_construct(
        call=argument.call,
        parameter=argument.parameter,
        value=orjson.loads(argument.value),
        origin=argument.origin,
        evidence=Evidence.model_construct(words=argument.words, span=argument.span, path=path),
    )
