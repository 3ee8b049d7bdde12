"""PTBench as a task of lm-evaluation-harness: `export` writes its folder, `ExportedTask` is what that calls.

The folder holds ptbench.yaml, utils.py and samples.jsonl. The harness asks the model; what an answer is worth
and every share are ptool's own, so ptool has to be installed beside it. A message is one text there and there
are no tools, so `native` cannot be exported. The harness's `datasets` is imported where it wants its samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import orjson

from ...benchmark import Format, Group, Item, Scorer, Tolerance, render
from ...settings import ExportSettings
from ...store import RunFolder, read_jsonl, write_bytes, write_jsonl
from ..prompt import Prompt
from ..scoring import RawAnswer, score_answer
from .harness import (
    Contribution,
    SampleSelection,
    item_from_json,
    item_to_json,
    prompted_samples,
    result_columns,
)

TASK = "ptbench"

MAX_ANSWER_TOKENS = 1_024
"""Tokens of an answer; the harness's own 256 cut answers of several calls."""

_YAML = """\
# {title}
# lm_eval --include_path FOLDER --tasks {task} --apply_chat_template --model …
task: {task}
tag: ptool
custom_dataset: !function utils.samples
test_split: test
output_type: generate_until
num_fewshot: 0
description: "{{{{system}}}}\\n\\n"
doc_to_text: query
doc_to_target: target
process_results: !function utils.process_results
generation_kwargs:
  until: []
  do_sample: false
  temperature: 0.0
  max_gen_toks: {max_tokens}
metric_list:
{metrics}
metadata:
  version: 1.0
"""

_METRIC = """\
  - metric: {name}
    aggregation: !function utils.{name}
    higher_is_better: true"""

_UTILS = '''\
"""{title}.

Every mark and every share is ptool's.
"""

from pathlib import Path

from ptool.evaluation.integrations.lm_eval_task import ExportedTask

task = ExportedTask(
    Path(__file__).parent / "samples.jsonl",
    format={format!r},
    scorer={scorer!r},
    tolerance={tolerance!r},
    groups={groups!r},
)
samples = task.samples
process_results = task.process_results
{aggregations}
'''


@dataclass(frozen=True)
class TaskFolder:
    """A written task."""

    folder: Path
    samples: int
    metrics: tuple[str, ...]


def export(settings: ExportSettings) -> TaskFolder:
    """Write the task of a dataset.

    Raises PtoolError: the data cannot be evaluated so, or the folder is of something else.
    """
    chosen = settings.model_dump(include={"data", "kind", "group", "variant", "format", "n", "seed"})
    asked, groups = prompted_samples(SampleSelection(**chosen)), dict[Group | None, None]()
    place = settings.run_folder()
    with RunFolder(place, {"export": settings.digest()}) as folder:
        count = write_jsonl(folder / "samples.jsonl", _records(asked, settings.format, groups))
        names = tuple(result_columns(groups))
        for name, text in (
            ("ptbench.yaml", _task_yaml(settings, names)),
            ("utils.py", _task_module(settings, groups)),
        ):
            write_bytes(folder / name, text.encode())
    return TaskFolder(place, count, names)


def _records(
    asked: Iterable[tuple[Item, Prompt]], format: Format, groups: dict[Group | None, None]
) -> Iterator[bytes]:
    """The samples as the harness gets them; notes their groups on the way."""
    for item, prompt in asked:
        groups[item.group] = None
        record = {"id": item.id, "group": item.group or "", "system": prompt.system, "query": prompt.user}
        yield orjson.dumps({**record, "target": render(item, format), "gold": item_to_json(item)})


def _task_yaml(settings: ExportSettings, names: Iterable[str]) -> str:
    metrics = "\n".join(_METRIC.format(name=name) for name in names)
    return _YAML.format(title=_title(settings), task=TASK, max_tokens=MAX_ANSWER_TOKENS, metrics=metrics)


def _task_module(settings: ExportSettings, groups: Iterable[Group | None]) -> str:
    sorted_groups = sorted(groups, key=str)
    lines = "\n".join(f"{name} = task.aggregation({name!r})" for name in result_columns(sorted_groups))
    chosen = settings.model_dump(include={"format", "scorer", "tolerance"})
    return _UTILS.format(title=_title(settings), groups=sorted_groups, aggregations=lines, **chosen)


def _title(settings: ExportSettings) -> str:
    """What the task is; of the data its name only, so that equal exports have equal bytes."""
    chosen = f"variant {settings.variant}, format {settings.format}, scorer {settings.scorer}"
    return f"PTBench, {chosen}, {settings.tolerance} reading; written by ptool.export"


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
