"""The data of a dataset's report: the files of a finished run, read once and checked.

It reads and counts; it knows no page. Large files are read line by line, or where an index says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from ...errors import StoreError
from ...records import History
from ...records.dataset_statistics import FORMAT, Statistics
from ...store import read_jsonl
from ...store.dataset_index import check_dataset
from ...store.run_folder import advice_on, identity_of, maker_of
from ..run_files import UNSEEN, Tree, read_code_sentences, read_object, read_tree

STATISTICS = "statistics.json"
MANIFEST = "manifest.json"


@dataclass
class PlatformUse:
    """What the users of one scenario prefer and did, counted."""

    preferred: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(context, platform) -> users who prefer it"""
    visits: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(context, platform) -> actions"""
    loyal: int = 0
    """actions on the platform preferred for their context"""

    def add(self, history: History) -> None:
        """Count one more user."""
        favourites = {choice.context: choice.platform for choice in history.preferences}
        self.preferred.update(favourites.items())
        self.visits.update((action.context, action.platform) for action in history.actions)
        self.loyal += sum(favourites.get(action.context) == action.platform for action in history.actions)


@dataclass(frozen=True)
class PopulationData:
    """The files of one population: the run's own, or those held out with their scenarios."""

    folder: Path
    name: str
    """'' for the run's own"""
    api_tree: Tree
    feature_tree: Tree
    platform_use: dict[str, PlatformUse]
    """scenario -> what its users prefer and did"""

    def scenarios(self) -> list[str]:
        """Node of every scenario, in the tree's order."""
        nodes = self.api_tree.nodes.items()
        return [node for node, attributes in nodes if attributes.get("kind") == "scenario"]

    def contexts(self, scenario: str) -> list[str]:
        """Kinds of need of a scenario, in its order; those that only histories know come last."""
        contexts = self.api_tree.nodes.get(scenario, {}).get("contexts") or ()
        names = [str(each["name"]) for each in contexts if isinstance(each, dict) and "name" in each]
        return list(dict.fromkeys([*names, *(context for context, _ in self._used(scenario))]))

    def platforms(self, scenario: str) -> list[str]:
        """Platforms of a scenario, in its order; those that only histories know come last."""
        names = [name for name, _ in self.api_tree.platforms(scenario)]
        return list(dict.fromkeys([*names, *(platform for _, platform in self._used(scenario))]))

    def _used(self, scenario: str) -> list[tuple[str, str]]:
        """(context, platform) of what users prefer or did."""
        use = self.platform_use.get(scenario, PlatformUse())
        return sorted(use.preferred.keys() | use.visits.keys())


@dataclass(frozen=True)
class ReportData:
    """A finished run, as far as a report tells of it."""

    folder: Path
    statistics: Statistics
    manifest: dict[str, Any]
    populations: tuple[PopulationData, ...]
    codes: dict[str, str] = field(default_factory=dict)
    """code of a reason -> the sentence that explains it"""

    def manifest_object(self, *keys: str) -> dict[str, Any]:
        """An object inside the manifest; empty where there is none."""
        value: Any = self.manifest
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else {}


def read_report_data(folder: Path) -> ReportData:
    """Read what a finished run has left.

    Raises:
        StoreError: no run folder, a run that is not finished, or damaged files; one line that says which.
    """
    identity_of(folder)
    statistics = _read_statistics(folder)
    check_dataset(folder)
    populations = [_read_population(folder, "")]
    if (folder / UNSEEN / "api_tree.json").is_file():
        populations.append(_read_population(folder / UNSEEN, UNSEEN))
    manifest, codes = read_object(folder / MANIFEST), read_code_sentences(folder)
    return ReportData(folder, statistics, manifest, tuple(populations), codes)


def _read_statistics(folder: Path) -> Statistics:
    file = folder / STATISTICS
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise StoreError(_why_no_statistics(folder)) from None
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror or error}") from error
    _refuse_other_format(file, content)
    try:
        return Statistics.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        message = " ".join(first["msg"].split())[:120]
        raise StoreError(
            f"{file}: damaged at {where[:120]}: {message}; the run's command writes it again"
        ) from None


def _refuse_other_format(file: Path, content: bytes) -> None:
    """Raise StoreError where statistics say that they are of another format than this ptool's."""
    try:
        format = orjson.loads(content).get("format", FORMAT)
    except (orjson.JSONDecodeError, AttributeError):
        return
    if format != FORMAT:
        advice = advice_on(maker_of(file.parent))
        raise StoreError(f"{file}: of format {format!r:.40}, expected {FORMAT}; {advice}")


def _why_no_statistics(folder: Path) -> str:
    if (folder / MANIFEST).is_file():
        return f"{folder}: holds no {STATISTICS}: made by an older ptool; its command writes one"
    return f"{folder}: not finished: there is no {STATISTICS} yet; the run's command goes on with it"


def _read_population(folder: Path, name: str) -> PopulationData:
    platform_use: dict[str, PlatformUse] = {}
    for history in _read_histories(folder / "histories.jsonl"):
        platform_use.setdefault(history.scenario, PlatformUse()).add(history)
    api_tree, feature_tree = (read_tree(folder / f"{tree}.json") for tree in ("api_tree", "feature_tree"))
    return PopulationData(folder, name, api_tree, feature_tree, platform_use)


def _read_histories(file: Path) -> Iterator[History]:
    if not file.is_file():
        return
    for number, line in enumerate(read_jsonl(file), 1):
        try:
            yield History.model_validate(line)
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"]))[:120]
            raise StoreError(f"{file}:{number}: damaged at {where or 'the whole'}; no history") from None
