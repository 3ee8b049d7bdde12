"""conf/evaluate.yaml and the experiments: everything composes, everything is read."""

from __future__ import annotations

import ast
from pathlib import Path

import ptool
import pytest
import yaml
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from ptool.settings import EvaluateSettings, keys, validated

ROOT = Path(ptool.__file__).parent
OF_RUN = {"free_queries", "paper", "paper_section_5_1", "single_pass_profiles"}
EXPERIMENTS = sorted({path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml")} - OF_RUN)
MODELS = sorted(path.stem for path in (ROOT / "conf" / "model").glob("*.yaml"))
FILLED = {
    "local": ["model.file=m.gguf"],
    "openai_compatible": ["model.model=m", "model.base_url=http://127.0.0.1:9/v1"],
}


def composed(*overrides: str) -> EvaluateSettings:
    """Settings of the shipped configuration with overrides."""
    with initialize_config_module("ptool.conf", version_base="1.3"):
        container = OmegaConf.to_container(compose("evaluate", ["data=x", *overrides]), resolve=True)
    assert isinstance(container, dict)
    return validated({str(key): value for key, value in container.items()}, EvaluateSettings)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_composes(name: str) -> None:
    assert composed(f"experiment={name}").data == "x"


@pytest.mark.parametrize("name", MODELS)
def test_every_model_composes(name: str) -> None:
    assert composed(f"model={name}", *FILLED.get(name, [])).asks_model


@pytest.mark.parametrize("name", ["fig3a", "table2"])
def test_sweeps_are_over_the_papers_four_variants(name: str) -> None:
    swept = yaml.safe_load((ROOT / "conf" / "experiment" / f"{name}.yaml").read_text())
    variants = swept["hydra"]["sweeper"]["params"]["variant"].split(",")
    assert [composed(f"variant={one}").variant for one in variants] == [
        "all",
        "no_basic",
        "no_history",
        "none",
    ]


def test_a_model_may_be_named_after_the_variant_it_was_trained_on() -> None:
    one = composed(
        "variant=no_basic", "model=openai", "model.model=mine-${variant}", "experiment=table2"
    ).model.arguments()
    assert one["model"] == "mine-no_basic"


def test_every_key_is_written_down_and_read() -> None:
    plain = yaml.safe_load((ROOT / "conf" / "evaluate.yaml").read_text())
    files = [
        *(ROOT / "evaluation").glob("*.py"),
        ROOT / "models/factory.py",
        ROOT / "settings" / "base.py",
        ROOT / "settings" / "evaluation.py",
    ]
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}
    read |= {"usd", "tokens", "calls", "attempts", "longest_wait", "patience"}  # handed over as a whole
    for key in keys(EvaluateSettings):
        place = plain
        for part in key.split(".")[:-1]:
            place = place[part]
        last = key.rpartition(".")[2]
        assert last == "model" or last in place, f"{key} is not in conf/evaluate.yaml"
        assert last in read, f"nobody reads {key}"


def test_an_evaluation_is_named_after_its_data_and_what_answers_depend_on(tmp_path: Path) -> None:
    data = tmp_path / "shop ../x.jsonl"
    data.parent.mkdir()
    data.write_text("{}")
    one = composed(f"data='{data}'")
    assert str(one.run_folder()) == f"runs/eval-x-{one.digest()}"
    changed = [
        composed(f"data='{data}'", other).digest()
        for other in ("seed=1", "variant=none", "format=json", "n=3", "baseline=gold", "group=unseen")
    ]
    same = [
        composed(f"data='{data}'", other).digest()
        for other in ("scorer=official", "concurrency=2", "budget.usd=1", "run.dir=here", "beside=[]")
    ]
    assert len({one.digest(), *changed}) == 7
    assert {*same} == {one.digest()}
