"""What a run knows beside its samples: twins, answers that were objected to, episodes that were rejected.

They are looked up by `dataset/index.jsonl` and read from `episodes.jsonl`; a dataset without them has none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from ..benchmark import GoldCall, Item
from ..benchmark.reading.ptool import SampleReader
from ..errors import StoreError
from ..records import Episode, Query, Solution
from ..store import read_jsonl
from .conversation import AnswerCalls

INDEX = "index.jsonl"


class SamplePlace(NamedTuple):
    """Where a sample stands in a dataset."""

    file: str
    offset: int
    size: int


class Objection(NamedTuple):
    """An answer that was given and objected to."""

    answer: AnswerCalls
    codes: tuple[str, ...]
    """of the objections"""


class RunHistory:
    """Reads a run's twins and episodes.

    Args: folder: of the dataset, where index.jsonl lies; its parent is the run.
    Raises StoreError where the index or an episode is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._reader = SampleReader(folder)
        self._episodes = episode_files(folder.parent) if folder.name == "dataset" else []
        self._twins: dict[str, list[SamplePlace]] = defaultdict(list)
        self._users: dict[tuple[str, str, str], SamplePlace] = {}
        self._mended: dict[str, list[Objection]] = {}
        self._read_index(folder / INDEX)
        for episode in self._objected("accepted"):
            self._mended[episode.id] = list(_objections(episode))

    def twin_answers(self, id: str) -> Iterator[tuple[str, Item]]:
        """(id, sample) of every twin of a sample, and of the original of a twin."""
        for place in self._twins.get(id, ()):
            twin = self._reader.item(*place)
            yield twin.id, twin

    def mended_answers(self, id: str) -> list[Objection]:
        """The answers to a sample's own query that were objected to before the one that was kept."""
        return self._mended.get(id, [])

    def rejected(self, file: str) -> Iterator[tuple[Item, list[Objection]]]:
        """Rejected episodes of users of a file of samples: the drawn answer as gold, and those given.

        Only those whose query nobody objected to, so that what was drawn is what was asked for.
        """
        for episode in self._objected("rejected"):
            place = self._users.get((episode.task.scenario, episode.task.user_id, file))
            given = [*_objections(episode)]
            blamed = {reason.blames for reason in episode.reasons}
            if place is None or not given or blamed != {"solution"} or episode.query is None:
                continue
            item = _as_item(episode, episode.query, self._reader.item(*place))
            if item is not None:
                yield item, given

    def _read_index(self, index: Path) -> None:
        """Find users and twins; of other samples nothing is kept."""
        pairs = {entry["id"]: entry["twin_of"] for entry, _ in _entries(index) if entry.get("twin_of")}
        wanted, places = pairs.keys() | set(pairs.values()), {}
        for entry, place in _entries(index):
            self._users.setdefault((entry["scenario"], entry["user_id"], place.file), place)
            if entry["id"] in wanted:
                places[entry["id"]] = place
        for twin, original in pairs.items():
            if original in places:
                self._twins[original].append(places[twin])
                self._twins[twin].append(places[original])

    def _objected(self, status: str) -> Iterator[Episode]:
        """The episodes with a status in which a solution was objected to."""
        for file in self._episodes:
            for number, value in enumerate(read_jsonl(file), 1):
                try:
                    if value["status"] == status and value["objections"]:
                        yield Episode.model_validate(value)
                except (ValidationError, KeyError, TypeError):
                    raise StoreError(
                        f"{file}:{number}: no episode; the run's command writes it again"
                    ) from None


def episode_files(run: Path) -> list[Path]:
    """The conversations of a run, those in scenarios held out included."""
    return [file for part in (run, run / "unseen") if (file := part / "episodes.jsonl").is_file()]


def _entries(index: Path) -> Iterator[tuple[dict[str, Any], SamplePlace]]:
    """The lines of an index, each with the place it names; none where there is no index."""
    for number, entry in enumerate(read_jsonl(index) if index.is_file() else (), 1):
        try:
            place = SamplePlace(str(entry["file"]), int(entry["offset"]), int(entry["bytes"]))
            texts = [entry["id"], entry["scenario"], entry["user_id"], entry.get("twin_of") or ""]
        except (KeyError, TypeError, ValueError):
            texts, place = [None], SamplePlace("", 0, 0)
        if Path(place.file).name != place.file or not all(isinstance(text, str) for text in texts):
            raise StoreError(f"{index}:{number}: damaged; the run's command writes it again")
        yield entry, place


def _objections(episode: Episode) -> Iterator[Objection]:
    """The answers to the last query, but for the accepted one, each with what was said against solutions."""
    last = episode.query.text if episode.query else None
    codes = [reason.code for reason in episode.objections if reason.blames == "solution"]
    codes = codes or [reason.code for reason in episode.reasons if reason.blames == "solution"]
    kept = episode.solution if episode.status == "accepted" else None
    text: str | None = None
    seen: list[Solution] = [] if kept is None else [kept]
    for turn in episode.turns if codes else ():
        if "text" in turn.output:
            text = turn.output["text"]
        elif {"platform", "calls"} <= turn.output.keys() and text == last:
            try:
                solution = Solution.model_validate(turn.output)
            except ValidationError:
                continue
            if solution not in seen:
                seen.append(solution)
                calls = tuple((call.api, dict(call.arguments)) for call in solution.calls)
                yield Objection(AnswerCalls(solution.platform, calls), tuple(dict.fromkeys(codes)))


def _as_item(episode: Episode, query: Query, other: Item) -> Item | None:
    """A rejected episode as a sample of its user; None where what was drawn does not fit what was said.

    Args: other: a sample of the same user and scenario.
    """
    drawn, calls = list(episode.task.calls), []
    basic: dict[str, Any] = other.user_profile.get("basic_features") or {}
    for intent in query.intents:
        fitting = (
            call for call in drawn if call.api == intent.api and set(call.stated) == set(intent.stated)
        )
        call = next(fitting, None)
        properties = other.tools.get(intent.api, {}).get("parameters", {}).get("properties", {})
        if call is None or not basic.keys() >= set(call.known.values()):
            return None
        drawn.remove(call)
        values = dict(intent.stated) | {name: basic[feature] for name, feature in call.known.items()}
        values |= {name: properties.get(name, {}).get("default") for name in call.defaults}
        origins: dict[str, Any] = dict.fromkeys(intent.stated, "query") | dict.fromkeys(call.known, "profile")
        origins |= dict.fromkeys(call.defaults, "default")
        accepted = {name: (values[name],) for name in properties if name in values}
        calls.append(GoldCall(intent.api, accepted, {name: origins[name] for name in accepted}))
    if drawn or not calls:
        return None
    changed = {
        "id": episode.id,
        "query": query.text,
        "platform": episode.task.platform,
        "calls": tuple(calls),
    }
    return replace(other, **changed, query_params=(), profile_params=())
