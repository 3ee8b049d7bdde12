"""Experiments of the paper as steps: what is done, in which order, in which words, and at what cost."""

import csv
from pathlib import Path
from typing import Any

import pytest
from evaluation_folders import somebody
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from ptool import experiment
from ptool.benchmark.paper_results import paper_table
from ptool.cli.args import parse_arguments, quoted
from ptool.cli.compose import Sources
from ptool.errors import ConfigError
from ptool.evaluation.experiment_plan import step_cost
from ptool.evaluation.experiment_steps import Step, build_steps, load_sequence
from ptool.evaluation.other_benchmarks import write_table_10
from ptool.settings import CompareSettings, EvaluateSettings, ExperimentSettings, Settings, validated

CONF = Path(experiment.__file__).parent / "conf" / "sequence"
NAMES = sorted(path.stem for path in CONF.glob("*.yaml"))


def settings(name: str, **changes: Any) -> ExperimentSettings:
    given = {"name": name, "data": None, "others": {}, "models": ["model=scripted"], "model_path": None,
             "make": [], "train": [], "ask": [], "plan": False, "run": {"dir": None}}  # fmt: skip
    return validated(given | changes, ExperimentSettings)


def steps(name: str, **changes: Any) -> list[Step]:
    return build_steps(load_sequence(name, Sources()), settings(name, **changes))


def test_the_papers_experiments_are_there() -> None:
    assert NAMES == [
        "fig3a", "fig3b", "fig5_scaling", "fig6_general", "table1", "table10_other_benchmarks", "table2",
        "table3", "table4_unseen",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("table1", ["run", "evaluate", "compare"]),
        ("table2", ["run", *["evaluate"] * 4, "compare"]),
        ("fig3a", ["run", *["evaluate"] * 4, "compare"]),
        ("table3", ["run", "evaluate", "compare"]),
        ("table4_unseen", ["run", "evaluate", "compare"]),
        ("fig6_general", []),
    ],
)
def test_steps_in_their_order(name: str, commands: list[str]) -> None:
    assert [step.command for step in steps(name)] == commands


@pytest.mark.parametrize("name", [name for name in NAMES if name != "fig6_general"])
def test_every_step_is_a_command_that_composes(name: str) -> None:
    others = {"acebench": "a", "toolspectrum": "t"} if name.startswith("table10") else {}
    models = ["model=openai_compatible model.base_url=http://127.0.0.1:9/v1 model.model=m-{trained}"]
    kinds = {"run": ("config", Settings), "evaluate": ("evaluate", EvaluateSettings)}
    kinds["compare"] = ("compare", CompareSettings)
    for step in steps(name, models=models, others=others):
        config, kind = kinds[step.command]
        words = parse_arguments(step.words, "evaluations" if step.command == "compare" else None).overrides
        with initialize_config_module("ptool.conf", version_base="1.3"):
            found = OmegaConf.to_container(compose(config, list(words)), resolve=True)
        assert isinstance(found, dict)
        assert validated({str(key): value for key, value in found.items()}, kind)


def test_the_steps_of_two_models_on_data_that_is_there() -> None:
    models = ["model=openai model.model=a", "model=ollama 'model.model=b c'"]
    found = steps("table1", data="runs/x", models=models, ask=["n=5"], run={"dir": "here"})
    assert [step.words for step in found] == [
        ("data=runs/x", "model=openai", "model.model=a", "tools=scenario", "variant=all", "n=5",
         "run.dir=here/eval-1-all-all"),
        ("data=runs/x", "model=ollama", "model.model=b c", "tools=scenario", "variant=all", "n=5",
         "run.dir=here/eval-2-all-all"),
        ("here/eval-1-all-all", "here/eval-2-all-all", "labels=['a','b c']", "run.dir=here/compare"),
    ]  # fmt: skip


def test_a_model_is_trained_on_each_variant_and_shown_it() -> None:
    found = steps("table2", data="runs/x", model_path="models/Q-7B", run={"dir": "here"})
    assert [step.command for step in found] == [*["train"] * 4, *["evaluate"] * 4, "compare"]
    assert found[1].words == (
        "run=runs/x", "model_path=models/Q-7B", "variant=no_basic", "out=here/trained-no_basic"
    )  # fmt: skip
    assert {"model=transformers", "model.adapter=here/trained-no_basic/adapter", "variant=no_basic"} <= set(
        found[5].words
    )


def test_one_name_stands_for_the_models_of_all_variants() -> None:
    models = ["model=openai model.model=mine-{trained}"]
    table2 = steps("table2", data="x", models=models)
    assert "model.model=mine-no_history" in table2[2].words
    assert "labels=['mine','mine','mine','mine']" in table2[-1].words
    fig3b = steps("fig3b", data="x", models=models)
    assert "model.model=mine-none" in fig3b[3].words and "variant=all" in fig3b[3].words
    assert "'mine trained w/o Basic'" in fig3b[-1].words[-2]


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("tabel1", {}, "name: got 'tabel1', there are 'fig3a', "),
        ("fig3b", {}, "'model=scripted' would answer as all 4 models of fig3b, expected {trained}"),
        (
            "table10_other_benchmarks",
            {},
            "others: acebench or toolspectrum missing, expected others={acebench: FOLDER}",
        ),
        ("table1", {"others": {"bfcl": "x"}}, "others: got 'bfcl', table1 takes none"),
        ("table1", {"models": ["model='x"]}, "No closing quotation, expected words as a shell takes them"),
    ],
)
def test_what_cannot_be_done_is_refused_first(name: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        steps(name, **changes)
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_a_folder_of_ones_own_has_more_experiments(tmp_path: Path) -> None:
    (tmp_path / "sequence").mkdir()
    (tmp_path / "sequence" / "mine.yaml").write_text("title: Mine\nevaluations: [{shown: none}]\nleaves: x\n")
    sources = Sources((tmp_path,))
    found = build_steps(load_sequence("mine", sources), settings("mine", data="d"))
    assert "variant=none" in found[0].words
    (tmp_path / "sequence" / "mine.yaml").write_text("title: Mine\nevaluation: []\nleaves: x\n")
    with pytest.raises(ConfigError, match="evaluation"):
        load_sequence("mine", sources)


def test_what_an_evaluation_takes() -> None:
    priced, unpriced, scripted = (
        step_cost(steps("table1", models=[words])[1])
        for words in ("model=openai model.model=gpt-4o-mini", "model=ollama model.model=zz", "model=scripted")
    )
    assert priced and unpriced and scripted
    assert (priced.calls, unpriced.calls, scripted.calls) == (1_083, 1_083, 0)
    assert priced.usd == pytest.approx((priced.prompt_tokens * 0.15 + priced.completion_tokens * 0.6) / 1e6)
    assert unpriced.usd is None and scripted.usd == 0.0
    few = step_cost(steps("table1", models=["model=openai model.model=gpt-4o-mini"], ask=["n=10"])[1])
    assert few is not None and few.calls == 10


def test_unseen_scenarios_are_in_a_file_of_their_own(tmp_path: Path) -> None:
    step = steps("table4_unseen")[1]
    assert "data=runs/table4_unseen/data/dataset/unseen.jsonl" in step.words
    cost = step_cost(steps("table4_unseen", models=["model=openai model.model=gpt-4o-mini"])[1])
    assert cost is not None and cost.calls == 218
    (tmp_path / "dataset").mkdir()
    assert f"data={tmp_path}" in steps("table4_unseen", data=str(tmp_path))[0].words
    (tmp_path / "dataset" / "unseen.jsonl").touch()
    assert f"data={tmp_path}/dataset/unseen.jsonl" in steps("table4_unseen", data=str(tmp_path))[0].words


def test_a_plan_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["table1", "model=openai", "model.model=gpt-4o-mini", "plan=true"]
    assert experiment.main(words) == 0
    printed = capsys.readouterr().out
    assert "1. python -m ptool.run experiment=paper run.dir=runs/table1/data" in printed
    assert "model=openai model.model=gpt-4o-mini tools=scenario" in printed
    assert "evaluations together: 1,083 calls" in printed and "$" in printed
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("model", "harness", "bfcl"),
    [
        (
            "model=openai_compatible 'model.model=q;rm x' model.base_url=http://h/v1 bfcl=Qwen/Qwen3-8B",
            "--model local-completions --model_args 'model=q;rm x,base_url=http://h/v1/completions'",
            "REMOTE_OPENAI_BASE_URL=http://h/v1 bfcl generate --model Qwen/Qwen3-8B --test-category non_live "
            "--skip-server-setup",
        ),
        (
            "model=transformers model.path=m/base bfcl=Qwen/Qwen3-8B",
            "--model hf --model_args pretrained=m/base --tasks mmlu,gsm8k,humaneval,commonsense_qa,",
            "bfcl generate --model Qwen/Qwen3-8B --test-category non_live --local-model-path m/base",
        ),
        (
            "model=transformers model.path=m/base model.adapter=t/adapter bfcl=Qwen/Qwen3-8B",
            "pretrained=m/base,peft=t/adapter",
            "--local-model-path t/merged",
        ),
        (
            "model=openai model.model=gpt-4.1-mini-2025-04-14",
            "--model_args model=gpt-4.1-mini-2025-04-14 --tasks mmlu_generative,gsm8k,humaneval_instruct,",
            "bfcl generate --model gpt-4.1-mini-2025-04-14 --test-category non_live\n",
        ),
        (
            "model=ollama model.model=qwen3:8b bfcl=Qwen/Qwen3-8B",
            "model=qwen3:8b,base_url=http://127.0.0.1:11434/v1/chat/completions --tasks mmlu_gen",
            "REMOTE_OPENAI_BASE_URL=http://127.0.0.1:11434/v1 bfcl generate",
        ),
    ],
)
def test_general_abilities_are_handed_over(
    model: str, harness: str, bfcl: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t" / "merged").mkdir(parents=True)
    assert experiment.main(["fig6_general", f"models=[{quoted(model)}]"]) == 0
    script = (tmp_path / "runs" / "fig6_general" / "general.sh").read_text()
    assert harness in script and "pip install" in script
    assert bfcl in script


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "got 'model=scripted', whose general abilities nobody measures"),
        (["models=['baseline=gold']"], "got 'baseline=gold', whose"),
        (["model=transformers"], "model.path missing"),
        (["model=openai_compatible", "model.model=q"], "model.base_url missing"),
        (["model=openai", "model_path=m"], "model_path: fig6_general trains nothing"),
    ],
)
def test_what_nobody_can_measure_is_refused(
    words: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert experiment.main(["fig6_general", *words]) == 2
    assert says in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_a_hand_over_leaves_out_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    models = (
        "models=['model=ollama model.model=q','model=transformers model.path=m model.adapter=t/a bfcl=X']"
    )
    assert experiment.main(["fig6_general", models]) == 0
    script, told = (tmp_path / "runs/fig6_general/general.sh").read_text(), capsys.readouterr().out
    for line in (
        "q: commonsense_qa",
        "q: BFCL, which has names",
        "m trained: BFCL, which takes no",
    ):
        assert f"left out: {line}" in told and f"# left out: {line}" in script
    assert "bfcl generate" not in script


def test_table_10_of_one_other_benchmark(tmp_path: Path) -> None:
    made = steps("table10_other_benchmarks", data="runs/x", others={"acebench": "there"})
    asked = [step.words[:2] for step in made if step.command == "evaluate"]
    assert asked == [("data=runs/x", "model=scripted"), ("data=there", "kind=acebench")]
    folders = [somebody(tmp_path / kind, 1.0, sources={kind: 48}) for kind in ("ptool", "acebench")]
    write_table_10([Step("evaluate", (), folder, "model=scripted") for folder in folders], tmp_path)
    assert "| `scripted` | 100.00 | n/a | 100.00 |" in (tmp_path / "table10.md").read_text()


def test_table_10_stands_beside_the_printed_one(tmp_path: Path) -> None:
    made = [
        Step(
            "evaluate", (), somebody(tmp_path / kind, skill, sources={kind: 48}), "model=openai model.model=m"
        )
        for kind, skill in (("ptool", 1.0), ("toolspectrum", 0.0), ("acebench", 0.5))
    ]
    write_table_10(made, tmp_path)
    with (tmp_path / "table10.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["who"] for row in rows] == [*(row.name for row in paper_table(10).rows), "m"]
    assert (rows[-1]["source"], rows[-1]["PTBench"], rows[-1]["ToolSpectrum"]) == ("measured", "1.0", "0.0")
    assert rows[0]["source"] == "quoted" and float(rows[0]["ACEBench"]) == 0.58
    assert "`m` |" in (tmp_path / "table10.md").read_text()
