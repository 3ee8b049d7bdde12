"""What the `utils.py` of an exported task calls: its samples, the marks of one answer, the columns of many.

lm-evaluation-harness asks the model; what an answer is worth and every share are ptool's own. The harness's
`datasets` is imported where it wants its samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from ...benchmark import Format, Group, Scorer, Tolerance
from ...store import read_jsonl
from ..marking import Given, marked
from .columns import Part, columns
from .questions import unpacked

Kept = tuple[float, int, Group | None]
"""What is kept of a sample for one column: hits, how many there could be, group of the user."""


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
        self._columns = columns(groups)

    def samples(self, **_: Any) -> dict[str, Any]:
        """The harness's dataset: {'test': …}. What it hands over of the task's metadata is not needed."""
        from datasets import Dataset  # pyright: ignore[reportMissingImports]

        return {"test": Dataset.from_list(list(read_jsonl(self._file)))}

    def process_results(self, doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, Kept]:
        """The marks of one answer, for every column (equations 2-8 for one sample).

        Args: doc: a sample; results: the answer, alone in its list.
        """
        marks = marked(unpacked(doc["gold"]), Given(results[0]), self._format)
        score = marks.scores[self._scorer, self._tolerance]
        return {name: astuple(column.part(score)) for name, column in self._columns.items()}

    def aggregation(self, name: str) -> Callable[[Iterable[Kept]], float]:
        """How one column comes of what was kept of its samples; nan: not applicable."""
        column = self._columns[name]

        def aggregate(kept: Iterable[Kept]) -> float:
            value = column.value((Part(*one) for one in kept), self._scorer)
            return float("nan") if value is None else value

        return aggregate
