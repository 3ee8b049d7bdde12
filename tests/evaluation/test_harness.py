"""A dataset exported as a task of lm-evaluation-harness has the numbers of `ptool.evaluate`."""

import importlib.util
import json
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from evaluation_doubles import FIND, item
from harness_golden import answers, dataset, expected
from ptool.benchmark import GoldCall, Rules, score
from ptool.benchmark.reading import items
from ptool.errors import ConfigError, StoreError
from ptool.evaluation.integrations.harness import item_from_json, item_to_json
from ptool.evaluation.prompt import PromptWriter, visible_sample
from ptool.exports.commands import FinishedExport, write_export
from ptool.settings import ExportSettings, validated

CONF = Path(__file__).parents[2] / "conf"
WAYS = [("python", "strict", "strict"), ("python", "strict", "tolerant"), ("json", "strict", "strict"),
        ("python", "official", "strict")]  # fmt: skip


def settings(data: Path, out: Path, **changes: Any) -> ExportSettings:
    """The shipped settings with changes."""
    plain = yaml.safe_load((CONF / "export.yaml").read_text())
    shipped = {key: one for key, one in plain.items() if key not in ("defaults", "hydra")}
    return validated({**shipped, "data": str(data), "out": str(out), **changes}, ExportSettings)


def export(chosen: ExportSettings) -> FinishedExport:
    """A written task of lm-evaluation-harness."""
    assert chosen.format == "lm_eval"
    return write_export(chosen)


def loaded(folder: Path) -> ModuleType:
    """The utils.py of a task, as the harness loads it: from its path."""
    spec = importlib.util.spec_from_file_location("utils", folder / "utils.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Loader(yaml.SafeLoader):
    """Reads `!function utils.x` as that text."""


Loader.add_constructor("!function", lambda loader, node: loader.construct_scalar(node))


@pytest.mark.parametrize(("format", "scorer", "tolerance"), WAYS)
def test_the_written_functions_have_the_core_s_numbers(
    tmp_path: Path, format: Any, scorer: str, tolerance: str
) -> None:
    data = dataset(tmp_path)
    task = export(settings(data, tmp_path / "task", answer=format, scorer=scorer, tolerance=tolerance))
    given, utils = answers(data, format), loaded(task.folder)
    docs = [json.loads(one) for one in (task.folder / "samples.jsonl").read_text().splitlines()]
    kept = [utils.process_results(doc, [given[doc["query"]]]) for doc in docs]
    listed = yaml.load((task.folder / "ptbench.yaml").read_text(), Loader)["metric_list"]
    found = {}
    for one in listed:
        module, _, name = one["aggregation"].partition(".")
        assert (module, name) == ("utils", one["metric"])
        found[name] = getattr(utils, name)([sample[name] for sample in kept])
    assert found == expected(tmp_path, data, format, scorer, tolerance)
    assert 0 < found["overall"] < 1 and found["overall_trained"] != found["overall_untrained"]


def test_a_task_is_asked_what_an_evaluation_asks(tmp_path: Path) -> None:
    data = dataset(tmp_path)
    task = export(settings(data, tmp_path / "task", variant="no_history", n=5, seed=3))
    docs = [json.loads(one) for one in (task.folder / "samples.jsonl").read_text().splitlines()]
    by_id, prompter = {one.id: one for one in items(data)}, PromptWriter("python")
    assert len(docs) == task.records == 5
    for doc in docs:
        prompt = prompter.prompt(visible_sample(by_id[doc["id"]], "no_history"))
        assert (doc["system"], doc["query"]) == (prompt.system, prompt.user)
        assert "user_history" not in doc["system"] + doc["gold"]
        assert score(item_from_json(doc["gold"]), doc["target"]).overall


def test_equal_exports_have_equal_bytes_wherever_they_lie(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        export(settings(dataset(tmp_path / name), tmp_path / name / "task"))
    files = ("ptbench.yaml", "utils.py", "samples.jsonl")
    first, second = ([(tmp_path / name / "task" / one).read_bytes() for one in files] for name in ("a", "b"))
    assert first == second and str(tmp_path).encode() not in b"".join(first)


def test_a_folder_of_another_task_is_refused(tmp_path: Path) -> None:
    data = dataset(tmp_path)
    export(settings(data, tmp_path / "task"))
    with pytest.raises(StoreError, match="task"):
        export(settings(data, tmp_path / "task", answer="json"))


def test_what_cannot_be_shown_is_refused_before_a_folder_is_made(tmp_path: Path) -> None:
    data = dataset(tmp_path, user_profile={"city": "Lyon"})
    with pytest.raises(ConfigError, match="variant: got 'no_basic'"):
        export(settings(data, tmp_path / "task", variant="no_basic"))
    assert not (tmp_path / "task").exists()
    with pytest.raises(ConfigError, match="answer: got 'native'"):
        settings(data, tmp_path / "task", answer="native")


def test_where_nothing_is_profile_related_the_column_is_not_a_number(tmp_path: Path) -> None:
    task = export(settings(dataset(tmp_path, profile_params=[], origins=[]), tmp_path / "task"))
    utils = loaded(task.folder)
    doc = json.loads((task.folder / "samples.jsonl").read_text().splitlines()[0])
    kept = utils.process_results(doc, [doc["target"]])
    assert math.isnan(utils.profile_params([kept["profile_params"]]))
    assert utils.overall([kept["overall"]]) == 1


def test_a_packed_sample_is_scored_like_the_sample() -> None:
    """Everything that matters to a scorer survives, tuples and sets too."""
    call = GoldCall(
        "findItem",
        {"keyword": ("tea", ["a", 1], None), "homeCity": ("Lyon", 2.0)},
        {"keyword": "query"},
        {"keyword": "tea"},
        frozenset({"homeCity"}),
    )
    rules = Rules(frozenset({"date", "phone"}), "folded", "ignored")
    whole = item(calls=(call,), rules=rules, group="unseen", capabilities={"findItem": "find"}, source="bfcl")
    again = item_from_json(item_to_json(whole))
    assert again == item(
        calls=(call,), rules=rules, group="unseen", capabilities={"findItem": "find"}, source="bfcl",
        user_profile={}, characteristics={},
    )  # fmt: skip
    assert item_to_json(again) == item_to_json(whole) and again.tools["findItem"] == FIND


def test_the_harness_itself_has_the_core_s_numbers(tmp_path: Path) -> None:
    """Runs where lm-eval is installed; ptool does not bring it."""
    pytest.importorskip("lm_eval")
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.tasks import TaskManager

    data = dataset(tmp_path)
    task = export(settings(data, tmp_path / "task"))
    given, seen = answers(data, "python"), []

    class Answering(LM):
        def generate_until(self, requests: Any) -> list[str]:
            texts = [one.args[0] for one in requests]
            seen.extend(texts)
            return [given[text.rpartition("\n\n")[2]] for text in texts]

        def loglikelihood(self, requests: Any) -> Any:
            raise AssertionError

        loglikelihood_rolling = loglikelihood

    manager = TaskManager(include_path=str(task.folder), include_defaults=False)
    results = simple_evaluate(Answering(), tasks=["ptbench"], task_manager=manager, bootstrap_iters=0)
    assert results is not None
    found = {name.partition(",")[0]: value for name, value in results["results"]["ptbench"].items()}
    numbers = expected(tmp_path, data, "python", "strict", "strict")
    assert {name: found[name] for name in numbers} == numbers
    prompter = PromptWriter("python")
    prompts = (prompter.prompt(visible_sample(one)) for one in items(data))
    assert seen == [f"{one.system}\n\n{one.user}" for one in prompts]
