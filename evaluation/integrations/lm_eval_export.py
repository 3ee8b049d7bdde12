"""Writes a dataset as a task of lm-evaluation-harness: a folder with ptbench.yaml, utils.py, samples.jsonl.

The harness has one text a message and no tools, so `native` cannot be exported. Whoever runs the task needs
ptool installed beside the harness.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from ...benchmark import Format, Group, Item, render
from ...settings import ExportSettings
from ...store import RunFolder, write_bytes, write_jsonl
from ..prompting import Prompt
from .columns import columns
from .questions import Choice, packed, questions

TASK = "ptbench"

LONGEST = 1_024
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
  max_gen_toks: {longest}
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
class Exported:
    """A written task."""

    folder: Path
    samples: int
    metrics: tuple[str, ...]


def export(settings: ExportSettings) -> Exported:
    """Write the task of a dataset.

    Raises PtoolError: the data cannot be evaluated so, or the folder is of something else.
    """
    chosen = settings.model_dump(include={"data", "kind", "group", "variant", "format", "n", "seed"})
    asked, groups = questions(Choice(**chosen)), dict[Group | None, None]()
    place = settings.run_folder()
    with RunFolder(place, {"export": settings.digest()}) as folder:
        count = write_jsonl(folder / "samples.jsonl", _records(asked, settings.format, groups))
        names = tuple(columns(groups))
        for name, text in (("ptbench.yaml", _yaml(settings, names)), ("utils.py", _utils(settings, groups))):
            write_bytes(folder / name, text.encode())
    return Exported(place, count, names)


def _records(
    asked: Iterable[tuple[Item, Prompt]], format: Format, groups: dict[Group | None, None]
) -> Iterator[bytes]:
    """The samples as the harness gets them; notes their groups on the way."""
    for item, prompt in asked:
        groups[item.group] = None
        record = {"id": item.id, "group": item.group or "", "system": prompt.system, "query": prompt.user}
        yield orjson.dumps({**record, "target": render(item, format), "gold": packed(item)})


def _yaml(settings: ExportSettings, names: Iterable[str]) -> str:
    metrics = "\n".join(_METRIC.format(name=one) for one in names)
    return _YAML.format(title=_title(settings), task=TASK, longest=LONGEST, metrics=metrics)


def _utils(settings: ExportSettings, groups: Iterable[Group | None]) -> str:
    told = sorted(groups, key=str)
    lines = "\n".join(f"{name} = task.aggregation({name!r})" for name in columns(told))
    chosen = settings.model_dump(include={"format", "scorer", "tolerance"})
    return _UTILS.format(title=_title(settings), groups=told, aggregations=lines, **chosen)


def _title(settings: ExportSettings) -> str:
    """What the task is; of the data its name only, so that equal exports have equal bytes."""
    chosen = f"variant {settings.variant}, format {settings.format}, scorer {settings.scorer}"
    return f"PTBench, {chosen}, {settings.tolerance} reading; written by ptool.export"
