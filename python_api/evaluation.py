"""An evaluation as an object: scores, every sample with its answer, what went wrong, what it cost."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, overload

from ..errors import StoreError
from ..evaluation.results import SAMPLES, FinishedEvaluation, SampleLine, load_evaluation
from ..records.model_calls import Spent
from ..rendering.text import inert, percent
from ..store import read_jsonl
from . import html
from .extras import extra_library
from .indexing import picked
from .run import files_in, spent

EvaluationStatus = Literal["done", "incomplete", "budget_spent"]


class Evaluation:
    """An evaluation, in the folder `path`: what `evaluate` returns, and `load` for the folder of one.

    `for line in evaluation` gives every sample with its answer and its score
    (`ptool.evaluation.results.SampleLine`), one at a time.

    Args: path: its folder; stopped: why it ended before its end, where that is known.

    Raises:
        StoreError: the folder holds no evaluation that has ended.
    """

    def __init__(self, path: Path, stopped: str = "") -> None:
        self.path = path
        """its folder"""
        self._stopped = stopped
        self._kept = None if stopped else load_evaluation(path)

    @property
    def status(self) -> EvaluationStatus:
        """`done`; `incomplete`: some samples found no answer; `budget_spent`: no further call is allowed.

        The same call goes on with the last two; after the last there are no scores.
        """
        if self._stopped:
            return "budget_spent"
        return "incomplete" if self._finished.scores["samples"]["not_scored"] else "done"

    @property
    def exit_status(self) -> int:
        """The exit status of `ptool.evaluate` for it."""
        return {"done": 0, "incomplete": 1, "budget_spent": 4}[self.status]

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with it, a sentence each; empty: nothing."""
        if self._stopped:
            return (self._stopped,)
        reasons = self._finished.scores["samples"]["reasons"]
        return tuple(f"{count:,} samples not scored: {code}" for code, count in reasons.items())

    @property
    def answers(self) -> str:
        """Who answered, in its own words."""
        return self._finished.evaluated["answers"]

    @cached_property
    def scores(self) -> dict[str, float | None]:
        """Column -> value between 0 and 1 on all samples, of the chosen scorer; None: not applicable."""
        return {name: column["value"] for name, column in self._columns.items()}

    @cached_property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """Column -> its 95 % confidence interval, where there is one."""
        limits = {name: (column["low"], column["high"]) for name, column in self._columns.items()}
        return {name: (low, high) for name, (low, high) in limits.items() if low is not None}

    @property
    def details(self) -> dict[str, Any]:
        """All of `scores.json`: both scorers, groups of users, platforms, mistakes, baselines."""
        return self._finished.scores

    @property
    def cost(self) -> Spent:
        """What its calls of models came to, earlier starts included (`ptool.records.model_calls`)."""
        return spent(self.path / "ledger.sqlite")

    @property
    def files(self) -> dict[str, Path]:
        """Name inside its folder -> path, of every file there is, such as `report.html`."""
        return files_in(self.path)

    def __iter__(self) -> Iterator[SampleLine]:
        """Every sample with its answer, in order. Raises StoreError: there is none, or a line is damaged."""
        return self._finished.lines()

    def __len__(self) -> int:
        """How many samples there are, those without an answer included; none where it was stopped."""
        counts = {} if self._stopped else self._finished.scores["samples"]
        return counts.get("scored", 0) + counts.get("not_scored", 0)

    @overload
    def __getitem__(self, key: int | str) -> SampleLine: ...
    @overload
    def __getitem__(self, key: slice) -> list[SampleLine]: ...
    def __getitem__(self, key: int | slice | str) -> SampleLine | list[SampleLine]:
        """The sample of an id or at a position, or those of a slice.

        Raises:
            KeyError: there is no such sample; says where scores are.
            IndexError: there is no such position; says how many there are.
            StoreError: as of iterating.
        """
        return picked(self, len(self), key, f"no sample {key!r:.80}; columns are in `scores` and `details`")

    def failures(self) -> Iterator[SampleLine]:
        """The samples that were not solved, or found no answer; `reason` says why. Raises StoreError."""
        return (line for line in self if line.score is None or not line.score.overall)

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame`: a row a sample, with the fields of `per_sample.jsonl` as columns.

        Raises:
            ConfigError: pandas is not installed.
            StoreError: as of iterating.
        """
        pandas = extra_library("pandas", "to_pandas()")
        return pandas.DataFrame(list(read_jsonl(self._finished.folder / SAMPLES)))

    @property
    def _finished(self) -> FinishedEvaluation:
        if self._kept is None:
            raise StoreError(
                f"{self.path}: holds no scores, because the evaluation had to end: {self._stopped}"
            )
        return self._kept

    @property
    def _columns(self) -> dict[str, dict[str, Any]]:
        columns = self._finished.scores["scores"].get("all", {})
        return {name: column for name, column in columns.items() if name != "samples"}

    def __repr__(self) -> str:
        scored = "" if self._stopped else f", overall {percent(self.scores.get('overall'))} %"
        return f"Evaluation({inert(str(self.path))!r}, {self.status}{scored})"

    def _repr_html_(self) -> str:
        """What a notebook shows: who answered, status, problems, the scores in percent."""
        lines = [f"Evaluation {self.path}: {self.status}", *self.problems]
        if self._stopped:
            return "".join(map(html.paragraph, lines))
        rows = [
            (name, percent(value), _limits(self.intervals.get(name))) for name, value in self.scores.items()
        ]
        table = html.table(rows, ("percent", "", "95 % interval"))
        return "".join([*map(html.paragraph, (self.answers, *lines)), table])


def _limits(limits: tuple[float, float] | None) -> str:
    return "" if limits is None else f"{100 * limits[0]:.1f}–{100 * limits[1]:.1f}"
