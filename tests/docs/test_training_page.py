"""docs/training.md is true: its table is the configuration, and its numbers are the paper's."""

import re
from pathlib import Path

import ptool
import pytest
import yaml
from hydra import compose, initialize_config_module
from ptool.settings import TrainSettings

ROOT = Path(ptool.__file__).parent
PAGE = ROOT / "docs" / "training.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="needs the source tree")


def test_the_table_is_the_configuration() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \| ", PAGE.read_text("utf-8"), re.MULTILINE)
    documented = {key: default.strip("`") for key, default in rows}
    config = yaml.safe_load((ROOT / "conf" / "train.yaml").read_text("utf-8"))
    actual = {key: config.get(key) for key in TrainSettings.model_fields} | {"train": "lora"}
    assert documented.keys() == actual.keys()
    for key, value in actual.items():
        assert documented[key] == "required" if value == "???" else yaml.safe_load(documented[key]) == value


@pytest.mark.parametrize("choice", sorted(path.stem for path in (ROOT / "conf" / "train").glob("*.yaml")))
def test_every_choice_is_told_of_and_composes(choice: str) -> None:
    words = [f"train={choice}", "run=a", "model_path=b"]
    with initialize_config_module("ptool.conf", version_base="1.3"):
        tuned = compose("train", words).train
    assert f"`{choice}`" in PAGE.read_text("utf-8")
    assert (tuned.rank, tuned.alpha, tuned.targets) == (8, 16, "all-linear")
    assert (tuned.schedule, tuned.warmup, tuned.epochs, tuned.packing) == ("cosine", 0.1, 1, False)
    assert tuned.learning_rate == (5e-6 if choice == "dpo" else 1e-4)
    assert tuned.quantise == (choice == "qlora")
