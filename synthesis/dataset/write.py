"""The dataset's files: samples with the proof of every argument, part by part (Fig. 7, Appendix B.2).

What all samples of a scenario or of a user share is written once. Latent things (implicit features, contexts,
preferences, intents) stay behind here: nothing of them is copied into a sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any

import orjson

from ...environments.checks import trace
from ...environments.world import World
from ...records import Solution
from ...store import RunFolder, write_jsonl
from .curate import Played
from .kept_sample import Kept, Split
from .splits import Placed

FILES: dict[Split, str] = {
    "all": "samples.jsonl",
    "train": "train.jsonl",
    "test": "test.jsonl",
    "unseen": "unseen.jsonl",
    "twins": "twins.jsonl",
    "reserve": "reserve.jsonl",
}
"""Part of the dataset -> its file below dataset/."""


def write_dataset(
    folder: RunFolder,
    kept: Sequence[Kept],
    placed: Mapping[str, Placed],
    find: Callable[[Kept], Played],
    advance: Callable[[], None],
) -> None:
    """Write every part of the dataset, and index.jsonl, which says where each sample is.

    Args:
        folder: the run's.
        kept: the samples in the order they are written in.
        placed: id -> where it belongs.
        find: the episode of a sample.
        advance: called for every sample written.

    Raises:
        StoreError: a file cannot be written.
    """
    lines = _Lines()
    index: dict[str, bytes] = {}
    wanted = {placed[one.id].split for one in kept} or {"all"}
    for split, name in FILES.items():
        file = folder / f"dataset/{name}"
        if split not in wanted:
            file.unlink(missing_ok=True)  # what another version of the run has left
            continue

        def written(split: Split = split, name: str = name) -> Iterator[bytes]:
            offset = 0
            for one in kept:
                if placed[one.id].split == split:
                    line = lines.line(find(one), placed[one.id])
                    index[one.id] = _entry(one, placed[one.id], name, offset, line)
                    offset += len(line) + 1
                    advance()
                    yield line

        write_jsonl(file, written())
    write_jsonl(folder / "dataset/index.jsonl", (index[one.id] for one in kept))


def _entry(one: Kept, place: Placed, file: str, offset: int, line: bytes) -> bytes:
    entry = {"id": one.id, "split": place.split, "group": place.group, "scenario": one.scenario}
    entry |= {"user_id": one.user, "platform": one.platform, "twin_of": one.twin_of or None, "file": file}
    digest = blake2b(line, digest_size=8).hexdigest()
    return orjson.dumps(entry | {"offset": offset, "bytes": len(line), "digest": digest})


class _Lines:
    """Turns kept episodes into lines of JSON."""

    def __init__(self) -> None:
        self._shelves: dict[tuple[str, str], _Shelf] = {}

    def line(self, one: Played, place: Placed) -> bytes:
        """A sample as its file holds it."""
        episode, task = one.episode, one.episode.task
        assert episode.query is not None
        assert episode.solution is not None
        shelf = self._shelves.setdefault((one.population, task.scenario), _Shelf(one.world))
        origins = trace(one.case).origins
        sample = {
            "id": episode.id,
            "scenario": task.scenario,
            "user_id": task.user_id,
            "user_profile": shelf.visible_profile(task.user_id),
            "platforms": shelf.platforms,
            "tools": shelf.tools,
            "query": episode.query.text,
            "answer": answer(episode.solution),
            "query_params": [one.parameter for one in origins if one.origin == "query"],
            "profile_params": [one.parameter for one in origins if one.origin == "profile"],
            "origins": [one.model_dump(mode="json") for one in origins],
            "capabilities": {
                call.api: one.world.tools[episode.solution.platform, call.api].api.capability
                for call in episode.solution.calls
            },
        }
        optional = {"group": place.group, "twin_of": one.twin_of or None}
        return orjson.dumps(sample | {name: value for name, value in optional.items() if value is not None})


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
