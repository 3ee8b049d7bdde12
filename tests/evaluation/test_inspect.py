"""PTBench as a task of Inspect: the numbers of `ptool.evaluate`, and errors clustered by user."""

import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from evaluation_doubles import FIND
from harness_golden import answers, dataset, expected
from ptool.benchmark.reading import items
from ptool.errors import ConfigError
from ptool.evaluation.prompt import PromptWriter, visible_sample

inspect_ai = pytest.importorskip("inspect_ai")

from inspect_ai import Epochs  # noqa: E402
from inspect_ai.model import ModelOutput, ModelUsage, get_model  # noqa: E402
from inspect_ai.tool import ToolCall  # noqa: E402
from ptool.evaluation.integrations.inspect_task import ptbench  # noqa: E402

WAYS = [("python", "strict", "strict"), ("python", "strict", "tolerant"), ("json", "strict", "strict"),
        ("native", "strict", "strict"), ("python", "official", "strict")]  # fmt: skip


def output(text: str, stop: Any = "stop") -> ModelOutput:
    """An answer; tool calls where the text is some. Its usage is given, or Inspect would count tokens."""
    output = ModelOutput.from_content("mockllm", text, stop_reason=stop)
    output.usage = ModelUsage()
    if text.startswith('{"tool_calls"'):
        functions = [one["function"] for one in json.loads(text)["tool_calls"]]
        output.message.content = ""
        output.message.tool_calls = [
            ToolCall(id=f"c{number}", function=one["name"], arguments=json.loads(one["arguments"]))
            for number, one in enumerate(functions)
        ]
    return output


def evaluated(folder: Path, task: Any, answer: Any, **options: Any) -> Any:
    """The log of Inspect's evaluation of a task, whose model answers as `answer(messages, tools)` says."""
    model = get_model("mockllm/model", custom_outputs=lambda asked, tools, *_: answer(asked, tools))
    (log,) = inspect_ai.eval(
        task, model=model, display="none", log_dir=str(folder / "logs"), log_format="json", **options
    )
    assert log.status == "success", log.error
    return log


def numbers(log: Any) -> tuple[dict[str, float], dict[str, float]]:
    """The columns of a log, and their standard errors."""
    (score,) = log.results.scores
    found = {name: one.value for name, one in score.metrics.items()}
    errors = {name: value for name, value in found.items() if name.endswith("_stderr")}
    return {name: value for name, value in found.items() if name not in errors}, errors


@pytest.mark.parametrize(("format", "scorer", "tolerance"), WAYS)
def test_inspect_has_the_core_s_numbers(tmp_path: Path, format: Any, scorer: Any, tolerance: Any) -> None:
    data = dataset(tmp_path)
    given = answers(data, format)
    task = ptbench(str(data), format=format, scorer=scorer, tolerance=tolerance)
    log = evaluated(tmp_path, task, lambda asked, _: output(given[asked[-1].text]))
    found, errors = numbers(log)
    assert found == expected(tmp_path, data, format, scorer, tolerance)
    assert 0 < found["overall"] < 1 and found["overall_trained"] != found["overall_untrained"]
    assert ("overall_stderr" in errors) == (scorer == "strict")  # the published weights have no error
    assert errors["overall_trained_stderr"] > 0


def test_errors_are_clustered_by_user(tmp_path: Path) -> None:
    data = dataset(tmp_path)
    given = answers(data, "python")
    log = evaluated(tmp_path, ptbench(str(data)), lambda asked, _: output(given[asked[-1].text]))
    found, errors = numbers(log)
    for column, hit, all_of_them in (
        ("overall", "overall", None),
        ("query_params", "query_param_hits", "query_param_total"),
    ):
        users, total = defaultdict(float), 0
        for sample in log.samples:
            value = sample.scores["ptbench_score"].value
            if sample.metadata["group"] != "unseen":
                asked = value[all_of_them] if all_of_them else 1
                users[sample.metadata["user"]] += value[hit] - found[column] * asked
                total += asked
        count = len(users)
        by_hand = math.sqrt(sum(one**2 for one in users.values()) * count / (count - 1)) / total
        assert errors[f"{column}_stderr"] == pytest.approx(by_hand, rel=1e-12) != 0


def test_one_user_has_no_error(tmp_path: Path) -> None:
    data = dataset(tmp_path, 1)
    log = evaluated(tmp_path, ptbench(str(data)), lambda *_: output("no"))
    assert numbers(log)[1] == {} and numbers(log)[0]["overall"] == 0


def test_inspect_asks_what_an_evaluation_asks(tmp_path: Path) -> None:
    data, seen = dataset(tmp_path), []

    def answer(asked: Any, tools: Any) -> ModelOutput:
        seen.append(([one.role for one in asked], asked[0].text, asked[1].text, tools))
        return output("no")

    evaluated(tmp_path, ptbench(str(data), variant="none", n=4, seed=9), answer)
    prompter, chosen = PromptWriter("python"), {one[2] for one in seen}
    prompts = [prompter.prompt(visible_sample(one, "none")) for one in items(data) if one.query in chosen]
    told = [(["system", "user"], one.system, one.user, []) for one in prompts]
    assert sorted(seen) == sorted(told) and len(seen) == 4


def test_native_offers_the_sample_s_functions_and_runs_none(tmp_path: Path) -> None:
    data, seen = dataset(tmp_path, 2), []

    def answer(asked: Any, tools: Any) -> ModelOutput:
        seen.append((len(asked), [one.name for one in tools]))
        assert tools[0].parameters.model_dump(exclude_none=True)["required"] == FIND["parameters"]["required"]
        return output('{"tool_calls": [{"function": {"name": "findItem", "arguments": "{}"}}]}')

    evaluated(tmp_path, ptbench(str(data), format="native"), answer)
    assert seen == [(2, ["findItem", "callTaxi"])] * 2


def test_arguments_that_inspect_cannot_read_are_a_format_failure(tmp_path: Path) -> None:
    broken = output('{"tool_calls": [{"function": {"name": "findItem", "arguments": "{}"}}]}')
    assert broken.message.tool_calls
    broken.message.tool_calls[0].parse_error = "Error parsing the arguments: {keyword"
    log = evaluated(tmp_path, ptbench(str(dataset(tmp_path, 1)), format="native"), lambda *_: broken)
    assert log.samples[0].scores["ptbench_score"].value["format_ok"] == 0


def test_an_answer_held_back_is_a_format_failure_with_its_reason(tmp_path: Path) -> None:
    data = dataset(tmp_path, 1)
    (right,) = answers(data, "python").values()
    log = evaluated(tmp_path, ptbench(str(data)), lambda *_: output(right, "content_filter"))
    score = log.samples[0].scores["ptbench_score"]
    assert (score.value["format_ok"], score.answer) == (0, right)
    assert "content filter" in score.explanation


@pytest.mark.parametrize("scorer", ["strict", "official"])
def test_epochs_are_averaged(tmp_path: Path, scorer: Any) -> None:
    """Every sample is answered once and once not: half of everything."""
    data, turns = dataset(tmp_path, 6), defaultdict(int)

    def answer(asked: Any, _: Any) -> ModelOutput:
        query = asked[-1].text
        turns[query] += 1
        tea = query.split('"')[1]
        return output(f"East: [findItem(keyword={tea!r}, homeCity='Lyon')]" if turns[query] == 1 else "no")

    task = ptbench(str(data), scorer=scorer)
    found, _ = numbers(evaluated(tmp_path, task, answer, epochs=Epochs(2), max_samples=1))
    assert (found["format_ok"], found["platform"], found["query_params"]) == (0.5, 0.5, 0.5)


def test_the_log_alone_can_be_scored_again(tmp_path: Path) -> None:
    from inspect_ai import score
    from ptool.evaluation.integrations.inspect_task import ptbench_score

    data = dataset(tmp_path)
    given = answers(data, "python")
    log = evaluated(tmp_path, ptbench(str(data)), lambda asked, _: output(given[asked[-1].text]))
    data.unlink()
    again = score(log, ptbench_score("python", "strict", "tolerant"), action="overwrite", display="none")
    found = {one.id: one.scores["ptbench_score"].value["format_ok"] for one in again.samples}
    assert sum(found.values()) > sum(one.scores["ptbench_score"].value["format_ok"] for one in log.samples)


def test_data_that_cannot_be_asked_so_is_refused(tmp_path: Path) -> None:
    data = dataset(tmp_path, user_profile={"city": "Lyon"})
    with pytest.raises(ConfigError, match="variant: got 'no_history'"):
        ptbench(str(data), variant="no_history")
