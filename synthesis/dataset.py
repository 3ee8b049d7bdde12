"""From episodes to the dataset: benchmark samples with the proof of every argument (Fig. 7, Appendix B.2).

What all samples of a scenario or of a user share is written once. Latent things (implicit features, contexts,
preferences, intents) stay behind here: nothing of them is copied into a sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any

import orjson

from ..environments.case import Case
from ..environments.checks.grounding import trace
from ..environments.world import World
from ..records import ArgumentOrigin, Episode, Reason, Solution

REPEATED = "dataset.repeated_query"
"""Code of the reason for an episode whose query another one has already, word for word."""


@dataclass
class Tally:
    """What the dataset holds, counted while it is written."""

    kept: int = 0
    mended: int = 0  # of them, those that were objected to first
    rule_rejected: int = 0
    judge_rejected: int = 0
    failed: int = 0
    origins: dict[str, int] = field(default_factory=lambda: {"query": 0, "profile": 0, "default": 0})
    calls: int = 0
    apis: set[tuple[str, str, str]] = field(default_factory=set)  # (scenario, platform, API)
    platforms: dict[str, int] = field(default_factory=dict)  # 'scenario/platform' -> samples
    reasons: dict[str, int] = field(default_factory=dict)


class Writer:
    """Turns episodes into lines of JSON.

    Args:
        worlds: scenario -> its world, with profiles and histories.
        voters: names of the judges and query gates, to tell their objections from those of the rules.
    """

    def __init__(self, worlds: Mapping[str, World], voters: Iterable[str]) -> None:
        self._voters = frozenset(voters)
        self._shelves = {name: _Shelf(world) for name, world in worlds.items()}
        self._seen: set[bytes] = set()
        self.tally = Tally()

    def lines(self, episodes: Iterable[Episode]) -> Iterator[tuple[bool, bytes]]:
        """Every episode in order: (kept, line of samples.jsonl or of rejected.jsonl)."""
        for episode in episodes:
            reasons = self._objections(episode)
            if reasons or episode.query is None or episode.solution is None:
                self._count_rejected(reasons)
                yield False, _rejected(episode, reasons)
            else:
                yield True, self._sample(episode)

    def _objections(self, episode: Episode) -> tuple[Reason, ...]:
        if episode.status == "rejected" or episode.query is None:
            return episode.reasons
        words = " ".join(episode.query.text.casefold().split())
        key = blake2b(f"{episode.task.scenario}\0{words}".encode(), digest_size=12).digest()
        if key in self._seen:
            message = "another episode asks this, word for word"
            return (
                Reason(code=REPEATED, blames="query", path="query.text", message=message, source="dataset"),
            )
        self._seen.add(key)
        return ()

    def _count_rejected(self, reasons: tuple[Reason, ...]) -> None:
        self.tally.failed += any(one.code.startswith("model.") for one in reasons)
        if not any(one.code.startswith("model.") for one in reasons):
            voted = any(one.source in self._voters for one in reasons)
            self.tally.judge_rejected += voted
            self.tally.rule_rejected += not voted
        for code in dict.fromkeys(reason.code for reason in reasons):
            self.tally.reasons[code] = self.tally.reasons.get(code, 0) + 1

    def _sample(self, episode: Episode) -> bytes:
        task, query, solution = episode.task, episode.query, episode.solution
        assert query is not None
        assert solution is not None
        shelf = self._shelves[task.scenario]
        profile, histories = shelf.world.profile(task.user_id), shelf.world.histories(task.user_id)
        case = Case(shelf.world, profile, histories, task, query, solution)
        origins = trace(case).origins
        self._count_kept(task.scenario, solution, origins)
        self.tally.mended += bool(episode.objections)
        return orjson.dumps(
            {
                "id": episode.id,
                "scenario": task.scenario,
                "user_id": task.user_id,
                "user_profile": shelf.visible_profile(task.user_id),
                "platforms": shelf.platforms,
                "tools": shelf.tools,
                "query": query.text,
                "answer": answer(solution),
                "query_params": [one.parameter for one in origins if one.origin == "query"],
                "profile_params": [one.parameter for one in origins if one.origin == "profile"],
                "origins": [one.model_dump(mode="json") for one in origins],
                "capabilities": {
                    call.api: shelf.world.tools[solution.platform, call.api].api.capability
                    for call in solution.calls
                },
            }
        )

    def _count_kept(self, scenario: str, solution: Solution, origins: tuple[ArgumentOrigin, ...]) -> None:
        self.tally.kept += 1
        self.tally.calls += len(solution.calls)
        place = f"{scenario}/{solution.platform}"
        self.tally.platforms[place] = self.tally.platforms.get(place, 0) + 1
        self.tally.apis |= {(scenario, solution.platform, call.api) for call in solution.calls}
        for one in origins:
            self.tally.origins[one.origin] += 1


def answer(solution: Solution) -> list[Any]:
    """The gold in the published format: [platform, [{function: {parameter: [accepted, …]}}, …]]."""
    calls = [{call.api: {name: [value] for name, value in call.arguments.items()}} for call in solution.calls]
    return [solution.platform, calls]


class _Shelf:
    """The parts that samples of one scenario share, written once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._profiles: dict[str, orjson.Fragment] = {}

    @cached_property
    def platforms(self) -> orjson.Fragment:
        shown = [
            {
                "name": platform.name,
                "profile": platform.profile(),
                "apis": [api.name for api in self.world.scenario.apis[platform.name]],
            }
            for platform in self.world.scenario.platforms
        ]
        return orjson.Fragment(orjson.dumps(shown))

    @cached_property
    def tools(self) -> orjson.Fragment:
        return orjson.Fragment(orjson.dumps([tool.schema for tool in self.world.tools.values()]))

    def visible_profile(self, user: str) -> orjson.Fragment:
        if user not in self._profiles:
            visible = {
                "basic_features": self.world.profile(user).basic,
                "user_history": {one.scenario: one.visible() for one in self.world.histories(user)},
            }
            self._profiles[user] = orjson.Fragment(orjson.dumps(visible))
        return self._profiles[user]


def _rejected(episode: Episode, reasons: tuple[Reason, ...]) -> bytes:
    return orjson.dumps(
        {
            "id": episode.id,
            "scenario": episode.task.scenario,
            "user_id": episode.task.user_id,
            "query": episode.query.text if episode.query else None,
            "answer": episode.solution.model_dump(mode="json") if episode.solution else None,
            "reasons": [reason.model_dump(mode="json") for reason in reasons],
        }
    )
