"""PTBench as a task of lm-evaluation-harness: ptbench.yaml, utils.py and samples.jsonl.

utils.py calls `ptool.evaluation.integrations.lm_eval_task`, so ptool has to be installed beside the harness.
A message is one text there and there are no tools, so native answers cannot be asked for.
"""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from ..benchmark import Group, render
from ..evaluation.integrations.harness import item_to_json, result_columns
from ..settings import ExportSettings
from .conversation import Conversations
from .folder import ExportFolder
from .source import ExportSource

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


def write_lm_eval(source: ExportSource, folder: ExportFolder) -> None:
    """The task's three files; samples of all chosen parts in one, those `ptool.evaluate` would ask."""
    settings, groups = source.settings, dict[Group | None, None]()
    chats = Conversations(settings.answer_format, settings.variant)
    file = folder.create("samples.jsonl")
    for part in source.parts:
        for item in source.items(part):
            groups[item.group] = None
            prompt = chats.prompt(item)
            record = {"id": item.id, "group": item.group or "", "system": prompt.system, "query": prompt.user}
            target = render(item, settings.answer_format)
            file.line(orjson.dumps({**record, "target": target, "gold": item_to_json(item)}))
    folder.write("ptbench.yaml", _task_yaml(settings, result_columns(groups)))
    folder.write("utils.py", _task_module(settings, groups))


def _task_yaml(settings: ExportSettings, names: Iterable[str]) -> str:
    metrics = "\n".join(_METRIC.format(name=name) for name in names)
    return _YAML.format(title=_title(settings), task=TASK, max_tokens=MAX_ANSWER_TOKENS, metrics=metrics)


def _task_module(settings: ExportSettings, groups: Iterable[Group | None]) -> str:
    sorted_groups = sorted(groups, key=str)
    lines = "\n".join(f"{name} = task.aggregation({name!r})" for name in result_columns(sorted_groups))
    chosen = settings.model_dump(include={"scorer", "tolerance"}) | {"format": settings.answer_format}
    return _UTILS.format(title=_title(settings), groups=sorted_groups, aggregations=lines, **chosen)


def _title(settings: ExportSettings) -> str:
    """What the task is; of the data its name only, so that equal exports have equal bytes."""
    chosen = f"variant {settings.variant}, format {settings.answer_format}, scorer {settings.scorer}"
    return f"PTBench, {chosen}, {settings.tolerance} reading; written by ptool.export"
