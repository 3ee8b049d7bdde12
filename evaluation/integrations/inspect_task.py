"""PTBench as a task of Inspect: `inspect eval ptool/ptbench -T data=RUN --model …` (needs `ptool[inspect]`).

Inspect asks the model and keeps the log. What is asked, what an answer is worth and every share are ptool's
own; standard errors are Inspect's, clustered by user. Imported by Inspect alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from inspect_ai import (  # pyright: ignore[reportMissingImports]
    Task,
    dataset,
    model,
    solver,
    task,
)
from inspect_ai import scorer as scoring  # pyright: ignore[reportMissingImports]
from inspect_ai.tool import ToolInfo  # pyright: ignore[reportMissingImports]

from ...benchmark import Format, Group, Item, SampleScore, Scorer, Tolerance, render
from ..prompt import Prompt, ToolNames, Variant
from ..scoring import FLAGS, HITS, RawAnswer, score_answer
from .harness import (
    Column,
    Contribution,
    SampleSelection,
    item_from_json,
    item_to_json,
    prompted_samples,
    result_columns,
)

CLUSTER = "user"
"""What standard errors are clustered by, a key of every sample's metadata."""


@task
def ptbench(
    data: str,
    variant: Variant = "all",
    format: Format = "python",
    scorer: Scorer = "strict",
    tolerance: Tolerance = "strict",
    kind: str | None = None,
    group: Group | None = None,
    n: int | None = None,
    seed: int = 0,
) -> Task:
    """PTBench on a dataset (section 5).

    Args: the keys of `ptool.evaluate`, and tolerance: of reading answers.
    Raises PtoolError for data that cannot be evaluated so.
    """
    selection = SampleSelection(data, kind, group, variant, format, n, seed)
    samples = [_sample(item, prompt, format) for item, prompt in prompted_samples(selection)]
    return Task(
        dataset=dataset.MemoryDataset(samples, name="ptbench"),
        solver=tool_calls() if format == "native" else solver.generate(),
        scorer=ptbench_score(format, scorer, tolerance),
        config=model.GenerateConfig(temperature=0),
    )


def _sample(item: Item, prompt: Prompt, format: Format) -> dataset.Sample:
    metadata: dict[str, Any] = {
        CLUSTER: item.user,
        "group": item.group,
        "scenario": item.scenario,
        "platform": item.platform,
        "item": item_to_json(item),
    }
    if prompt.tool_names is not None:
        metadata |= {"tools": list(prompt.tools), "names": dict(prompt.tool_names.wire_to_own)}
    messages = [model.ChatMessageSystem(content=prompt.system), model.ChatMessageUser(content=prompt.user)]
    return dataset.Sample(id=item.id, input=messages, target=render(item, format), metadata=metadata)


@solver.solver
def tool_calls() -> solver.Solver:
    """Asks once, with the sample's own functions as tools; none of them is executed."""

    async def solve(state: solver.TaskState, generate: solver.Generate) -> solver.TaskState:
        del generate  # it would look for tools that can be run
        tools = [ToolInfo.model_validate(tool) for tool in state.metadata["tools"]]
        state.output = await model.get_model().generate(state.messages, tools=tools)
        state.messages.append(state.output.message)
        return state

    return solve


@scoring.metric
def ptbench_columns() -> scoring.Metric:
    """The columns of Table 1 and overall by group, as ptool counts them, with errors clustered by user.

    What is not applicable is left out, and so is the error of a single user.
    """

    def compute(scores: list[scoring.SampleScore]) -> scoring.Value:
        if not scores:
            return {}
        columns: dict[str, float | None] = {}
        restored = [_restore_score(score.score.value, score.sample_metadata or {}) for score in scores]
        by_name = result_columns(score.group for score in restored)
        scorer = (scores[0].score.metadata or {})["scorer"]  # whose weights overall is counted with
        for name in sorted(by_name, key=lambda name: not name.startswith("overall")):
            column, contributions = by_name[name], [by_name[name].contribution(score) for score in restored]
            columns[name] = column.value(contributions, scorer)
            error = _stderr(column, zip(contributions, scores, strict=True), columns[name])
            columns[f"{name}_stderr"] = error
        return {name: value for name, value in columns.items() if value is not None}

    return compute


@scoring.scorer(metrics=[ptbench_columns()])
def ptbench_score(format: Format, scorer: Scorer, tolerance: Tolerance) -> scoring.Scorer:
    """The flags and hits of one answer, by ptool's core.

    Args: format: how it was asked for; scorer: whose rules are followed; tolerance: of reading it.
    """

    async def score(state: solver.TaskState, target: scoring.Target) -> scoring.Score:
        del target  # the gold answer as text; what else is accepted stands in the metadata
        answer = _read_output(state.output, state.metadata, format)
        scored = score_answer(item_from_json(state.metadata["item"]), answer, format).scores[
            scorer, tolerance
        ]
        value = {name: _number(getattr(scored, name)) for name in (*FLAGS, *HITS)}
        return scoring.Score(
            value=value, answer=answer.text, explanation=scored.reason or "right", metadata={"scorer": scorer}
        )

    return score


def _read_output(output: model.ModelOutput, metadata: Mapping[str, Any], format: Format) -> RawAnswer:
    """What the model answered, in the words the core reads."""
    finish = "content_filter" if output.stop_reason == "content_filter" else "stop"
    calls = output.message.tool_calls if format == "native" and output.choices else None
    if not calls:
        return RawAnswer(output.completion, finish)
    written = [
        {
            "id": call.id,
            "type": "function",
            # Inspect could not read the arguments: nor may the core
            "function": {"name": call.function, "arguments": call.parse_error or json.dumps(call.arguments)},
        }
        for call in calls
    ]
    naming = ToolNames((), metadata["names"], {})
    return RawAnswer(naming.restore(json.dumps({"tool_calls": written})), finish)


def _number(value: bool | int | None) -> float:
    """A flag or count as Inspect keeps it; nan: not applicable."""
    return math.nan if value is None else float(value)


def _restore_score(value: Any, metadata: Mapping[str, Any]) -> SampleScore:
    """A score again, of which only the numbers are left; of several epochs, their means."""
    fields: dict[str, Any] = {name: value[name] for name in (*FLAGS, *HITS)}
    if math.isnan(fields["platform"]):
        fields["platform"] = None
    for name in ("query_param_total", "profile_param_total"):
        fields[name] = round(fields[name])
    return SampleScore(id="", **fields, user=metadata[CLUSTER], group=metadata["group"])


def _stderr(
    column: Column, contributions: Iterable[tuple[Contribution, scoring.SampleScore]], value: float | None
) -> float | None:
    """Inspect's standard error of a share, clustered by user; of a micro average, of its linearisation.

    None with fewer than two users, and where the value is weighted by more than samples.
    """
    counted = [
        (column.weighed(contribution), score)
        for contribution, score in contributions
        if column.counts(contribution)
    ]
    total = sum(contribution.total for contribution, _ in counted)
    if value is None or len({(score.sample_metadata or {})[CLUSTER] for _, score in counted}) < 2:
        return None
    share = sum(contribution.hits for contribution, _ in counted) / total
    if not math.isclose(share, value, abs_tol=1e-12):
        return None
    residuals = [
        scoring.SampleScore(
            score=scoring.Score(
                value=(contribution.hits - share * contribution.total) * len(counted) / total
            ),
            sample_id=score.sample_id,
            sample_metadata=score.sample_metadata,
        )
        for contribution, score in counted
    ]
    clustered: Any = scoring.stderr(cluster=CLUSTER)
    return float(clustered(residuals))
