"""How many tools an evaluation shows: as many as fit or as were asked for, and what is said about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from evaluation_doubles import item, settings
from in_process import command
from ptool.benchmark import GoldCall, Item
from ptool.benchmark.reading import items
from ptool.errors import ConfigError, ContextTooShortError, StoreError
from ptool.evaluation.comparison import compare
from ptool.evaluation.prompt import PromptWriter, tool_size, visible_sample
from ptool.evaluation.runner import evaluate
from ptool.evaluation.tool_bound import ranked_tools, shown_item, with_tools
from ptool.models.tool_selection import ToolBound
from ptool.settings import CompareSettings

SCRIPTED = {"_target_": "ptool.models.scripted.ScriptedModel"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with 72 tools."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    words = ("scenario=shopping", "users=3", "queries_per_user=8", f"run.dir={folder}")
    done = command("run", *words, folder=folder.parent)
    assert done.returncode == 0, done.stderr
    return folder


def evaluated(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "scores.json").read_text())["evaluated"]


@pytest.mark.parametrize(
    ("tools", "bound"), [(8, 8), (72, None), (100, None), ("scenario", None), (None, None)]
)
def test_samples_are_shown_what_was_asked_for(
    run: Path, tmp_path: Path, tools: Any, bound: int | None
) -> None:
    outcome = evaluate(settings(run, tmp_path / "e", tools=tools))
    assert outcome.exit_status == 0
    assert evaluated(outcome.folder)["tools"]["bound"] == bound
    assert evaluated(outcome.folder)["tools"]["of"] == 72
    report = (outcome.folder / "report.md").read_text()
    assert ("fewer tools are easier" in report) is (bound is not None)
    assert ("8 of 72 tools shown" in report) is (bound == 8)


def test_the_gold_tools_and_their_counterparts_are_in_every_prompt(run: Path) -> None:
    for sample in items(run, None, None):
        shown = shown_item(sample, ToolBound(9, 72), 0)
        assert len(shown.tools) == 9
        assert {call.name for call in sample.calls} <= shown.tools.keys()
        gold = {sample.capabilities[call.name] for call in sample.calls}
        counterparts = {name for name in sample.tools if sample.capabilities[name] in gold}
        assert counterparts <= shown.tools.keys()
        assert {name for functions in shown.platforms.values() for name in functions} == shown.tools.keys()
        assert {len(functions) for functions in shown.platforms.values()} == {3}
        system = PromptWriter("python").prompt(visible_sample(shown)).system
        assert sum(f'"{name}"' in system for name in sample.tools) == 9


@pytest.mark.slow
@pytest.mark.parametrize("tokens", [4608, 8192, 16_384])
@pytest.mark.parametrize("format", ["python", "json", "native"])
def test_by_default_as_many_are_shown_as_fit(run: Path, tmp_path: Path, tokens: int, format: str) -> None:
    model = {**SCRIPTED, "context": tokens}
    outcome = evaluate(settings(run, tmp_path / "e", model=model, format=format))
    bound = outcome.tools.bound
    assert isinstance(bound, int)
    assert 3 <= bound < 72
    sizes = [
        PromptWriter(format).prompt(visible_sample(shown_item(sample, ToolBound(count, 72), 0))).size  # type: ignore[arg-type]
        for count in (bound, bound + 1)
        for sample in items(run, None, None)
    ]
    here, one_more = max(sizes[: len(sizes) // 2]), max(sizes[len(sizes) // 2 :])
    room = (tokens - 512 - 64) * 3
    assert here <= room
    assert one_more + 24 * bound > room  # but for commas, another one would not have fitted
    assert outcome.tools.describe().endswith(f"of 72 tools shown: what fits {tokens:,} tokens of context")


@pytest.mark.parametrize("format", ["python", "json", "native"])
def test_a_tool_takes_no_more_room_than_it_is_said_to(run: Path, format: Any) -> None:
    sample = next(items(run, None, None))
    writer = PromptWriter(format)

    def size(names: list[str]) -> int:
        return writer.prompt(visible_sample(with_tools(sample, frozenset(names)))).size

    names = list(sample.tools)
    said = sum(tool_size(sample.tools[name], name, native=format == "native") for name in names)
    assert 0.97 * said < size(names) - size([]) <= said


def test_too_short_a_context_for_the_gold_tools_is_said_before_anything_is_left(
    run: Path, tmp_path: Path
) -> None:
    with pytest.raises(ContextTooShortError) as caught:
        evaluate(settings(run, tmp_path / "e", model={**SCRIPTED, "context": 1500}))
    assert "tools has about" in str(caught.value)
    assert "1,500 tokens (model.context)" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (caught.value.exit_status, (tmp_path / "e").exists()) == (2, False)


@pytest.mark.parametrize("tools", ["scenario", 60, "platforms"])
def test_what_was_asked_for_and_does_not_fit_is_refused(run: Path, tmp_path: Path, tools: Any) -> None:
    with pytest.raises(ContextTooShortError, match="tools=null shows as many as fit"):
        evaluate(settings(run, tmp_path / "e", tools=tools, model={**SCRIPTED, "context": 3000}))


def test_fewer_tools_than_the_gold_calls_need_are_refused_in_one_line(run: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"^tools: got 2, but sample '[\w-]+' needs 3 .* or platforms$"
    ) as caught:
        evaluate(settings(run, tmp_path / "e", tools=2))
    assert (caught.value.exit_status, (tmp_path / "e").exists()) == (2, False)


def test_an_answer_that_must_be_long_takes_room_from_the_tools(run: Path, tmp_path: Path) -> None:
    model = {**SCRIPTED, "context": 8192}
    short, long = (
        evaluate(settings(run, tmp_path / f"{room}", model=model, sampling={"max_tokens": room})).tools.bound
        for room in (100, 4000)
    )
    assert isinstance(short, int)
    assert isinstance(long, int)
    assert short > long


def test_what_fitted_once_is_shown_again_whatever_the_context_is_now(run: Path, tmp_path: Path) -> None:
    first = evaluate(settings(run, tmp_path / "e", model={**SCRIPTED, "context": 6000}))
    names = ("per_sample.jsonl", "scores.json", "report.md")
    before = [(first.folder / name).read_bytes() for name in names]
    again = evaluate(settings(run, tmp_path / "e", model=SCRIPTED))
    assert again.tools.bound == first.tools.bound
    assert again.tools.reason == "what fitted when it was begun"
    assert [(again.folder / name).read_bytes() for name in names] == before
    with pytest.raises(StoreError, match="begun with other evaluation"):
        evaluate(settings(run, tmp_path / "e", tools=8))


def test_another_bound_is_another_evaluation(run: Path, tmp_path: Path) -> None:
    digests = [
        settings(run, tmp_path, tools=tools).digest() for tools in (None, "scenario", "platforms", 8, 9)
    ]
    assert len(set(digests)) == 5


def test_the_same_seed_gives_the_same_bytes_and_another_other_distractors(run: Path, tmp_path: Path) -> None:
    made = [
        evaluate(settings(run, tmp_path / f"{at}", tools=8, concurrency=width)).folder
        for at, width in enumerate((1, 64))
    ]
    for name in ("per_sample.jsonl", "scores.json", "report.md"):
        assert (made[0] / name).read_bytes() == (made[1] / name).read_bytes()
    sample = next(items(run, None, None))
    assert ranked_tools(sample, 0).shown(8) != ranked_tools(sample, 1).shown(8)


def test_compared_evaluations_of_other_bounds_are_told_apart(run: Path, tmp_path: Path) -> None:
    folders = [
        str(evaluate(settings(run, tmp_path / f"{tools}", tools=tools)).folder)
        for tools in (8, 12, "scenario")
    ]
    given = {"labels": None, "sizes": None, "against": None, "seed": 0, "run": {"dir": str(tmp_path / "c")}}
    finished = compare(CompareSettings.model_validate({"evaluations": tuple(folders), **given}))
    labels = [entry.label for entry in finished.entries]
    assert labels[:2] == ["scripted, 8 tools", "scripted, 12 tools"]
    board = (tmp_path / "c" / "leaderboard.md").read_text()
    assert "Not all were shown the same number of tools, and fewer tools are easier" in board


def test_a_dataset_that_does_not_say_what_is_interchangeable_shows_all_or_is_refused(
    run: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "alone.jsonl"
    alone.write_bytes((run / "dataset" / "samples.jsonl").read_bytes())
    with pytest.raises(ConfigError, match="does not say which tools are interchangeable"):
        evaluate(settings(alone, tmp_path / "e", tools=8))
    with pytest.raises(ContextTooShortError, match="with 72 tools has about"):
        evaluate(settings(alone, tmp_path / "e", model={**SCRIPTED, "context": 8192}))
    assert evaluate(settings(alone, tmp_path / "e")).tools.bound is None


def test_a_file_in_a_run_knows_the_runs_capabilities(run: Path, tmp_path: Path) -> None:
    for data in (run / "dataset", run / "dataset" / "samples.jsonl"):
        assert evaluate(settings(data, tmp_path / data.name, tools=8)).tools.bound == 8


def test_without_platforms_every_tool_stands_for_itself() -> None:
    tools = {f"f{number}": {"name": f"f{number}", "description": "", "parameters": {}} for number in range(9)}
    gold = (GoldCall("f3", {}), GoldCall("f7", {}))
    sample: Item = item(platform=None, platforms={}, tools=tools, calls=gold)
    assert ranked_tools(sample, 0).needed == 2
    shown = shown_item(sample, ToolBound(4, 9), 0)
    assert len(shown.tools) == 4
    assert {"f3", "f7"} <= shown.tools.keys()


def test_baselines_see_what_the_model_sees(run: Path, tmp_path: Path) -> None:
    few, all_tools = (
        evaluate(
            settings(run, tmp_path / f"{tools}", tools=tools, baseline="copy_profile")
        ).results.metric_row()
        for tools in (6, "scenario")
    )
    assert (few["tool_name"] or 0) > (all_tools["tool_name"] or 0)
