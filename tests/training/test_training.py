"""From a run to a tuned model that is evaluated as any other: loss, adapter, merged copy, card, kill -9."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from ptool import train
from ptool.evaluate import main as evaluate
from tiny_model import SHORT, needs_extra

pytestmark = needs_extra

WORDS = (*SHORT, "n=8", "checkpoint_every=2")


@dataclass(frozen=True)
class Tuned:
    """A finished training."""

    folder: Path
    words: list[str]

    def adapter(self) -> bytes:
        """The adapter's weights as they are on disk."""
        return (self.folder / "adapter" / "adapter_model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def tuned(run: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    """The tiny model, tuned without an interruption."""
    folder = tmp_path_factory.mktemp("tuned") / "sft"
    words = [f"run={run}", f"model_path={model}", *WORDS]
    assert train.main([*words, f"out={folder}"]) == 0
    return Tuned(folder, words)


def test_the_loss_falls(tuned: Tuned) -> None:
    losses = [json.loads(line) for line in (tuned.folder / "losses.jsonl").read_text().splitlines()]
    assert [line["step"] for line in losses] == [1, 2, 3, 4]
    assert losses[-1]["loss"] < losses[1]["loss"] < 8  # at step 1 the rate is still 0
    assert max(line["learning_rate"] for line in losses) == 5e-3


def test_the_folder_says_what_was_done(tuned: Tuned) -> None:
    card = (tuned.folder / "README.md").read_text("utf-8")
    assert "| adapter | rank 8, alpha 16, dropout 0, all-linear |" in card
    assert "Users and queries of the run's test split were not part of it." in card
    adapter = json.loads((tuned.folder / "adapter" / "adapter_config.json").read_text())
    assert (adapter["r"], adapter["lora_alpha"]) == (8, 16)
    assert len(adapter["target_modules"]) == 2 * 7  # every linear module of two layers, in order
    assert adapter["target_modules"] == sorted(adapter["target_modules"])
    manifest = json.loads((tuned.folder / "manifest.json").read_text())
    assert manifest["counts"]["samples"] == 8
    assert {"torch", "peft", "trl"} <= manifest["notes"]["libraries"].keys()


def test_a_finished_training_is_not_done_again(tuned: Tuned, capsys: pytest.CaptureFixture[str]) -> None:
    before = (tuned.folder / "adapter" / "adapter_model.safetensors").stat().st_mtime_ns
    assert train.main([*tuned.words, f"out={tuned.folder}"]) == 0
    assert (tuned.folder / "adapter" / "adapter_model.safetensors").stat().st_mtime_ns == before
    assert capsys.readouterr().out.endswith(f"model folder: {tuned.folder}\n")


KILLED_AT_STEP_3 = """
import os, signal, sys
from ptool import train
from ptool.training import commands

def killed(*given, training=commands.run_training):
    *others, done = given
    return training(*others, lambda step: os.kill(os.getpid(), signal.SIGKILL) if step == 3 else done(step))

commands.run_training = killed
sys.exit(train.main(sys.argv[1:]))
"""


def test_kill_9_and_again_gives_the_same_weights(tuned: Tuned, tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED_AT_STEP_3, *tuned.words, f"out={tmp_path / 'sft'}"]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL
    assert (tmp_path / "sft" / "checkpoints" / "checkpoint-2" / "trainer_state.json").is_file()
    assert not (tmp_path / "sft" / "adapter").exists()
    (tmp_path / "sft" / "checkpoints" / "checkpoint-9").mkdir()  # as a kill in the midst of writing leaves it
    assert train.main([*tuned.words, f"out={tmp_path / 'sft'}"]) == 0
    assert Tuned(tmp_path / "sft", []).adapter() == tuned.adapter()
    losses = (tmp_path / "sft" / "losses.jsonl").read_bytes()
    assert losses == (tuned.folder / "losses.jsonl").read_bytes()


def answers(folder: Path) -> list[str]:
    """The raw answers of an evaluation."""
    lines = (folder / "per_sample.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["answer"] for line in lines]


def test_base_tuned_and_merged_are_evaluated_alike(
    tuned: Tuned, run: Path, model: Path, tmp_path: Path
) -> None:
    shared = ["n=2", "tools=platforms", "sampling.max_tokens=12", "beside=[]", "model=transformers"]
    models = {
        "base": [f"model.path={model}"],
        "tuned": [f"model.path={model}", f"model.adapter={tuned.folder / 'adapter'}"],
        "merged": [f"model.path={tuned.folder / 'merged'}"],
    }
    for name, words in models.items():
        assert evaluate([f"data={run}", *shared, *words, f"run.dir={tmp_path / name}"]) == 0
    said = {name: answers(tmp_path / name) for name in models}
    assert said["base"] != said["tuned"] == said["merged"]
    assert all(len(one) == 2 for one in said.values())


def test_answers_do_not_depend_on_how_many_are_asked_at_once(run: Path, model: Path, tmp_path: Path) -> None:
    shared = [f"data={run}", "n=3", "tools=platforms", "sampling.max_tokens=8", "beside=[]"]
    shared += ["model=transformers", f"model.path={model}"]
    for name, words in {"one": ["concurrency=1"], "many": [], "batch": ["model.batch=3"]}.items():
        assert evaluate([*shared, *words, f"run.dir={tmp_path / name}"]) == 0
    assert answers(tmp_path / "one") == answers(tmp_path / "many") == answers(tmp_path / "batch")


def test_preferences_move_a_tuned_model(tuned: Tuned, run: Path, tmp_path: Path) -> None:
    words = [f"run={run}", f"model_path={tuned.folder / 'merged'}", "train=dpo", *SHORT, "n=4"]
    assert train.main([*words, "train.learning_rate=1e-3", "merge=false", f"out={tmp_path / 'dpo'}"]) == 0
    losses = [
        json.loads(line)["loss"] for line in (tmp_path / "dpo" / "losses.jsonl").read_text().splitlines()
    ]
    assert losses[0] == pytest.approx(0.6931, abs=1e-3)  # of two answers that are as likely as before
    assert not (tmp_path / "dpo" / "merged").exists()
