"""PTBench as a task of lm-evaluation-harness: `ExportedTask` is what the files of an exported task call.

The harness asks the model; what an answer is worth and every share are ptool's own, so ptool has to be
installed beside it. The harness's `datasets` is imported where it wants its samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from ...benchmark import Format, Group, Scorer, Tolerance
from ...store import read_jsonl
from ..scoring import RawAnswer, score_answer
from .harness import Contribution, item_from_json, result_columns

StoredContribution = tuple[float, int, Group | None]
"""What is stored of a sample for one column: hits, how many there could be, group of the user."""


class ExportedTask:
    """One exported task.

    Args: file: its samples, as `ptool.export` writes them; format: how answers are asked for; scorer: whose
    rules are followed; tolerance: of reading answers; groups: those of its samples.
    """

    def __init__(
        self,
        file: Path,
        format: Format,
        scorer: Scorer,
        tolerance: Tolerance,
        groups: Iterable[Group | None],
    ) -> None:
        self._file = file
        self._format: Format = format
        self._scorer: Scorer = scorer
        self._tolerance: Tolerance = tolerance
        self._columns = result_columns(groups)

    def samples(self, **_: Any) -> dict[str, Any]:
        """The harness's dataset: {'test': …}. What it hands over of the task's metadata is not needed."""
        from datasets import Dataset  # pyright: ignore[reportMissingImports]

        return {"test": Dataset.from_list(list(read_jsonl(self._file)))}

    def process_results(
        self, doc: Mapping[str, Any], results: Sequence[str]
    ) -> dict[str, StoredContribution]:
        """The contributions of one answer to every column (equations 2-8 for one sample).

        Args: doc: a sample; results: the answer, alone in its list.
        """
        scores = score_answer(item_from_json(doc["gold"]), RawAnswer(results[0]), self._format)
        score = scores.scores[self._scorer, self._tolerance]
        return {name: astuple(column.contribution(score)) for name, column in self._columns.items()}

    def aggregation(self, name: str) -> Callable[[Iterable[StoredContribution]], float]:
        """How one column comes of what was stored of its samples; nan: not applicable."""
        column = self._columns[name]

        def aggregate(stored: Iterable[StoredContribution]) -> float:
            value = column.value((Contribution(*numbers) for numbers in stored), self._scorer)
            return float("nan") if value is None else value

        return aggregate
