"""A run as an object: its files, what became of it, what it cost, its samples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import orjson

from ..errors import StoreError
from ..records.model_calls import Spent
from ..rendering.text import counted, in_order, inert
from ..store.dataset_index import DATASET_PARTS
from ..store.read_only import read_ledger
from ..store.run_folder import LOCK, MARKER
from . import html
from .samples import Samples

RunStatus = Literal["done", "low_yield", "incomplete", "budget_spent", "unfinished"]
EXIT_STATUSES: dict[RunStatus, int | None] = {
    "done": 0,
    "incomplete": 1,
    "low_yield": 3,
    "budget_spent": 4,
    "unfinished": None,
}
"""Status -> the exit status of the command for it; None: no command ends so."""

_FUNNEL = ("made", "rule_rejected", "judge_rejected", "failed", "gate_rejected", "kept")


class Run(Samples):
    """A run: what `synthesise` returns, and `load` for a run folder.

    It is what the folder `path` holds, read when it is asked for; a run that went on since shows its new
    state. `for sample in run` gives its samples, `run["test"]` those of a part.

    Args: path: the run folder; stopped: why it ended before its end, where that is known.
    """

    def __init__(self, path: Path, stopped: str = "") -> None:
        self._stopped = stopped
        super().__init__(path, {})

    @property
    def _files(self) -> dict[str, Path]:
        return part_files(self.path / "dataset")

    @property
    def status(self) -> RunStatus:
        """What became of it.

        `done`; `low_yield`: less was kept than `min_yield`, or can be told than `min_decidability`;
        `incomplete`: a model could not be asked for some items; `budget_spent`: the budget allows no further
        call. The same call goes on with the last two. `unfinished`: a loaded run that has no dataset yet.
        """
        if self._stopped:
            return "budget_spent"
        if not self._manifest:
            return "unfinished"
        ended: dict[int | None, RunStatus] = {status: name for name, status in EXIT_STATUSES.items()}
        return ended.get(self._outcome.get("exit_status", 0), "done")

    @property
    def exit_status(self) -> int | None:
        """The exit status of `ptool.run` for it; None: it is not at its end."""
        return EXIT_STATUSES[self.status]

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with it, a sentence each; empty: nothing."""
        return (self._stopped,) if self._stopped else tuple(self._outcome.get("problems", ()))

    @property
    def counts(self) -> dict[str, int]:
        """What was made -> how many: users, APIs, samples, …; empty before its end."""
        return dict(self._manifest.get("counts", {}))

    @property
    def funnel(self) -> dict[str, int]:
        """What became of the episodes, as the command prints it; empty before its end."""
        return in_order(self._manifest.get("funnel", {}), _FUNNEL)

    @property
    def cost(self) -> Spent:
        """What its calls of models came to, earlier starts included (`ptool.records.model_calls`).

        Raises StoreError where its ledger is on another machine.
        """
        ledger = self.path / "ledger.sqlite"
        if self._manifest and not ledger.is_file():
            raise StoreError(
                f"{self.path}: has no ledger, which says what it cost; it is where the run was made"
            )
        return spent(ledger)

    @property
    def files(self) -> dict[str, Path]:
        """Name inside the run folder -> path, of every file there is, such as `dataset/train.jsonl`."""
        return files_in(self.path)

    @property
    def _manifest(self) -> Mapping[str, Any]:
        return {} if self._stopped else read_object(self.path / "manifest.json")

    @property
    def _outcome(self) -> Mapping[str, Any]:
        return self._manifest.get("notes", {}).get("outcome", {})

    def __repr__(self) -> str:
        return f"Run({inert(str(self.path))!r}, {self.status}, {counted(len(self), 'sample')})"

    def _repr_html_(self) -> str:
        """What a notebook shows: status, problems, funnel, parts and the first three samples."""
        lines = [f"Run {self.path}: {self.status}", *self.problems]
        parts = {name: len(part) for name, part in self.parts.items()}
        tables = (html.pairs(self.funnel), html.pairs(parts), self._first_as_html())
        return "".join([*map(html.paragraph, lines), *tables])


def part_files(folder: Path) -> dict[str, Path]:
    """Name -> file of every part of a dataset that a folder holds, in the dataset's order."""
    files = {name: folder / f"{name}.jsonl" for name in DATASET_PARTS}
    return {name: file for name, file in files.items() if file.is_file()}


def files_in(folder: Path) -> dict[str, Path]:
    """Name -> path of the files of a run or an evaluation, its lock and marker left out."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in (LOCK, MARKER))
    return {path.relative_to(folder).as_posix(): path for path in found if not path.name.endswith(".tmp")}


def read_object(file: Path) -> dict[str, Any]:
    """The object in a file that a job leaves at its end; empty where there is none. Raises StoreError."""
    try:
        value = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror or error}") from error
    except orjson.JSONDecodeError as error:
        raise StoreError(f"{file}: damaged ({error}); the command of the run writes it again") from None
    if not isinstance(value, dict):
        raise StoreError(f"{file}: damaged (no object); the command of the run writes it again")
    return value


def spent(ledger: Path) -> Spent:
    """What the calls in a ledger came to; nothing where there is none. Raises StoreError."""
    if not ledger.is_file():
        return Spent()
    with read_ledger(ledger) as reader:
        answered = (
            Spent(
                totals.answers,
                totals.prompt_tokens,
                totals.completion_tokens,
                totals.cached_tokens,
                totals.usd,
                totals.unpriced,
            )
            for totals in reader.calls()
        )
        failed = sum(count for *_, count in reader.failures())
        return sum(answered, Spent(calls=failed))
