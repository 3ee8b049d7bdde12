"""What ptool.train and model=transformers refuse: one line, status 2, and no folder left behind."""

import json
import shutil
from pathlib import Path

import pytest
from ptool import train
from ptool.errors import ConfigError
from ptool.evaluate import main as evaluate
from ptool.models import transformers_folder
from tiny_model import SHORT, make_run, needs_extra


def refused(words: list[str], capsys: pytest.CaptureFixture[str], out: Path) -> str:
    """The one line of a refusal."""
    assert train.main([*words, f"out={out}"]) == 2
    assert not out.exists()
    lines = [line for line in capsys.readouterr().err.splitlines() if "error: " in line]
    assert len(lines) == 1
    return lines[0]


def test_without_the_extra(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.setattr(transformers_folder.importlib.util, "find_spec", lambda name: None)
    line = refused(["run=a", "model_path=b"], capsys, tmp_path / "out")
    assert line == (
        "config error: ptool.train: needs the packages torch, transformers, peft, trl, accelerate, datasets; "
        "pip install 'ptool[train]'"
    )


@needs_extra
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["model_path=nowhere"], "model_path: no folder 'nowhere'; nothing is downloaded"),
        (["run=nowhere"], "no dataset folder; expected run= the folder of a finished ptool run"),
        (["train=qlora"], "train.quantise: got true, but 4 bits need a GPU; expected train=lora"),
        (["device=cuda"], "device: got 'cuda', but there is no GPU that torch can use; expected auto or cpu"),
        (["max_length=100"], "max_length: got 100, but none of the"),
        (["n=100000"], "n: got 100,000, but there are"),
        (["tools=1"], "tools: got 1, but sample"),
        (["most_hours=1e-9"], "more than most_hours=1e-09; take a smaller model, fewer samples (n)"),
        (["train=dpo", "train.packing=true"], "train.packing: got true, but preferences cannot be packed"),
        (["train.targets=[q_prj]"], "train.targets: no module 'q_prj'; there are all-linear, 'down_proj'"),
        (
            ["report_to=carrier_pigeon"],
            "report_to: no tracker 'carrier_pigeon' is installed; there are 'none'",
        ),
        (["train.rank=0"], "train.rank: got 0, expected an integer >= 1"),
        (["train.rnak=4"], "did you mean 'train.rank'?"),
    ],
)
def test_what_cannot_be_trained(
    words: list[str],
    expected: str,
    run: Path,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import torch

    if torch.cuda.is_available() and words[0] in ("train=qlora", "device=cuda"):
        pytest.skip("there is a GPU")
    device = [] if words[0] == "device=cuda" else ["device=cpu"]
    assert expected in refused(
        [f"run={run}", f"model_path={model}", *device, *words], capsys, tmp_path / "out"
    )


@needs_extra
def test_seven_billion_parameters_without_a_gpu(
    run: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The architecture of Qwen2.5-7B; its weights are never looked at."""
    large = tmp_path / "large"
    shutil.copytree(model, large)
    config = json.loads((large / "config.json").read_text())
    config |= {"hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28}
    config |= {"num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152064}
    config.pop("layer_types", None)
    (large / "config.json").write_text(json.dumps(config))
    words = [f"run={run}", f"model_path={large}", "device=cpu", "train.epochs=100"]
    line = refused(words, capsys, tmp_path / "out")
    assert "model_path: 7.62 billion parameters and 20.2 million of the adapters: about " in line
    assert "without a GPU" in line
    assert "or a machine with a GPU" in line


@needs_extra
def test_dpo_needs_answers_to_reject(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(tmp_path / "run", "users=2", "queries_per_user=2", "model.slips=0")
    line = refused([f"run={run}", f"model_path={model}", "train=dpo"], capsys, tmp_path / "out")
    assert "has no wrong answers to compare with; expected a run with twins=true" in line


@needs_extra
def test_another_training_in_the_folder(
    run: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("notes")
    words = [f"run={run}", f"model_path={model}", *SHORT, "n=2", f"out={tmp_path}"]
    assert train.main(words) == 2
    assert "holds files but no ptool run; choose an empty folder" in capsys.readouterr().err


@needs_extra
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["model.path=nowhere"], "model.path: no folder 'nowhere'"),
        (["model.adapter=nowhere"], "model.adapter: no folder 'nowhere'"),
        (
            ["model.batch=0", "model.limits.concurrency=1"],
            "model.batch: got 0, expected an integer of at least 1",
        ),
        (["model.dtype=float8"], "model.dtype: got 'float8', there are 'auto', 'bfloat16'"),
        (["format=native"], "model=transformers writes texts and no tool calls; expected python or json"),
        (["+sampling.topp=1"], "sampling.topp: model=transformers takes"),
    ],
)
def test_models_that_cannot_be_evaluated(
    words: list[str],
    expected: str,
    run: Path,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shared = [f"data={run}", "n=1", "tools=platforms", "model=transformers", f"model.path={model}"]
    assert evaluate([*shared, *words, f"run.dir={tmp_path / 'e'}"]) == 2
    assert expected in capsys.readouterr().err


@needs_extra
def test_weights_that_may_hold_code_are_not_read(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "pickled")
    (tmp_path / "pickled" / "model.safetensors").rename(tmp_path / "pickled" / "pytorch_model.bin")
    with pytest.raises(
        ConfigError, match=r"holds no \*\.safetensors; other formats of weights can hold code"
    ):
        transformers_folder.checked_folder(str(tmp_path / "pickled"), "model_path")
