"""What a report on a dataset is made of: the files of a finished run, read once and checked.

It reads and counts; it knows no page. Large files are read line by line, or where an index says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...errors import StoreError
from ...records import History
from ...records.dataset_statistics import Statistics
from ...store import read_jsonl
from ...store.run_folder import identity_of
from ..run_files import Tree, code_sentences, object_in, tree_in

STATISTICS = "statistics.json"
MANIFEST = "manifest.json"
UNSEEN = "unseen"
"""Folder of the people held out with their scenarios, inside the run folder."""


@dataclass
class Habits:
    """What the people of one scenario prefer and did, counted."""

    preferred: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(context, platform) -> users who prefer it"""
    visits: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(context, platform) -> actions"""
    loyal: int = 0
    """actions on the platform preferred for their context"""

    def add(self, history: History) -> None:
        """Count one more user."""
        favourite = {one.context: one.platform for one in history.preferences}
        self.preferred.update(favourite.items())
        self.visits.update((one.context, one.platform) for one in history.actions)
        self.loyal += sum(favourite.get(one.context) == one.platform for one in history.actions)


@dataclass(frozen=True)
class People:
    """The files of one population: the run's own, or those held out with their scenarios."""

    folder: Path
    name: str
    """'' for the run's own"""
    apis: Tree
    features: Tree
    habits: dict[str, Habits]
    """scenario -> what its people prefer and did"""

    def scenarios(self) -> list[tuple[str, dict[str, Any]]]:
        """Node and attributes of every scenario, in the tree's order."""
        return [(node, about) for node, about in self.apis.nodes.items() if about.get("kind") == "scenario"]

    def contexts(self, scenario: str) -> list[str]:
        """Kinds of need of a scenario, in its order; those that only histories know come last."""
        about = self.apis.nodes.get(scenario, {})
        told = [
            str(one["name"]) for one in about.get("contexts") or () if isinstance(one, dict) and "name" in one
        ]
        return list(dict.fromkeys([*told, *(context for context, _ in self._seen(scenario))]))

    def platforms(self, scenario: str) -> list[str]:
        """Platforms of a scenario, in its order; those that only histories know come last."""
        told = [name for name, _ in self.apis.platforms(scenario)]
        return list(dict.fromkeys([*told, *(platform for _, platform in self._seen(scenario))]))

    def _seen(self, scenario: str) -> Iterator[tuple[str, str]]:
        found = self.habits.get(scenario, Habits())
        return iter(sorted(found.preferred.keys() | found.visits.keys()))


@dataclass(frozen=True)
class Material:
    """A finished run, as far as a report tells of it."""

    folder: Path
    statistics: Statistics
    manifest: dict[str, Any]
    people: tuple[People, ...]
    codes: dict[str, str] = field(default_factory=dict)
    """code of a reason -> the sentence that explains it"""

    def noted(self, *keys: str) -> dict[str, Any]:
        """An object inside the manifest; empty where there is none."""
        found: Any = self.manifest
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}


def material(folder: Path) -> Material:
    """Read what a finished run has left.

    Raises:
        StoreError: no run folder, a run that is not finished, or damaged files; one line that says which.
    """
    identity_of(folder)
    statistics = _statistics(folder)
    own = _people(folder, "")
    unseen = [_people(folder / UNSEEN, UNSEEN)] if (folder / UNSEEN / "api_tree.json").is_file() else []
    return Material(folder, statistics, object_in(folder / MANIFEST), (own, *unseen), code_sentences(folder))


def _statistics(folder: Path) -> Statistics:
    file = folder / STATISTICS
    try:
        return Statistics.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise StoreError(_absent(folder)) from None
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror or error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        message = " ".join(first["msg"].split())[:120]
        raise StoreError(
            f"{file}: damaged at {where[:120]}: {message}; the run's command writes it again"
        ) from None


def _absent(folder: Path) -> str:
    if (folder / MANIFEST).is_file():
        return f"{folder}: holds no {STATISTICS}: made by an older ptool; its command writes one"
    return f"{folder}: not finished: there is no {STATISTICS} yet; the run's command goes on with it"


def _people(folder: Path, name: str) -> People:
    habits: dict[str, Habits] = {}
    for history in _histories(folder / "histories.jsonl"):
        habits.setdefault(history.scenario, Habits()).add(history)
    return People(
        folder, name, tree_in(folder / "api_tree.json"), tree_in(folder / "feature_tree.json"), habits
    )


def _histories(file: Path) -> Iterator[History]:
    if not file.is_file():
        return
    for number, found in enumerate(read_jsonl(file), 1):
        try:
            yield History.model_validate(found)
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"]))[:120]
            raise StoreError(f"{file}:{number}: damaged at {where or 'the whole'}; no history") from None
