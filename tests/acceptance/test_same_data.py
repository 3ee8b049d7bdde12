"""Equal settings give the data they gave before: a change that alters them says so here and in CHANGELOG."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from acceptance_bench import Bench
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from orjson import dumps, loads
from ptool.records.shared_parts import SharedParts
from ptool.settings import validated

DIGESTS = {
    ("scenario=tiny",): {
        "samples": "c325d3d4c0f1225545d0977b23bfd5059f12f707ab71c29f955180625e740243"
    },  # also over HTTP: tests/commands/test_serve.py
    ("scenario=shopping",): {"samples": "0af0c4dc9f687bbfa84bdecd43c26a58c5927bd442adcd34ca2663d180aadd55"},
    ("scenario=travel", "seed=3"): {
        "samples": "617c92e961757c43fe586e0870559579277b5e115eb084bb0e68c5ce9ea3389f"
    },
    ("experiment=paper",): {
        "reserve": "70bcc342bc4779dba620137f6b6cc1f2aff327ff9b0f53e969f961bfe101060a",
        "test": "c3f426a83cd38e394042a85b4758bce45fb772f13324fe2972fcabcdae7b0d69",
        "train": "9086ee362c0a89c5b4044b8631cef23c15e624927a030951287caf1268c36e08",
        "unseen": "d516f628a44e97f97f8be587dd09ad775ce60e27b6f13b644dd952e93ba530c3",
    },
}
"""Overrides -> the dataset's files -> SHA-256 of each."""


def digests(dataset: Path) -> dict[str, str]:
    """SHA-256 of every file of samples in a dataset, as the inline form has it."""
    others = ("index", "quality", "rejected", "tools", "users")
    files = sorted(file for file in dataset.glob("*.jsonl") if file.stem not in others)
    return {file.stem: sha256(b"".join(whole_lines(file))).hexdigest() for file in files}


def whole_lines(file: Path) -> Iterator[bytes]:
    """The lines of a file of samples, joined with what they share where they leave it out."""
    shared = SharedParts(file.parent)
    for line in file.read_bytes().splitlines(keepends=True):
        sample = loads(line)
        whole = shared.join(sample)
        yield line if whole is sample else dumps(whole) + b"\n"


@pytest.mark.parametrize(
    "words", [words for words in DIGESTS if words != ("experiment=paper",)], ids=" ".join
)
def test_a_run_makes_the_recorded_data(here: Bench, words: tuple[str, ...]) -> None:
    assert here.run(*words, "run.dir=run").status == 0
    assert digests(here.folder / "run" / "dataset") == DIGESTS[words]


def test_both_forms_hold_the_same_samples(here: Bench) -> None:
    """The run writes its dataset again in the other form; nothing else changes."""
    dataset, words = here.folder / "run" / "dataset", ("scenario=tiny", "run.dir=run")
    assert here.run(*words, "dataset.tools=shared").status == 0
    assert (dataset / "tools.jsonl").is_file() and (dataset / "users.jsonl").is_file()
    shared = (dataset / "samples.jsonl").read_bytes()
    assert b'"tools"' not in shared and digests(dataset) == DIGESTS[("scenario=tiny",)]
    assert here.run(*words, "dataset.tools=inline").status == 0
    assert not (dataset / "tools.jsonl").exists() and not (dataset / "users.jsonl").exists()
    assert sha256((dataset / "samples.jsonl").read_bytes()).hexdigest() == DIGESTS[words[:1]]["samples"]


@pytest.mark.parametrize(
    ("words", "shared"),
    [
        (("users=20", "queries_per_user=50"), False),  # 1,000 samples
        (("users=20", "queries_per_user=51"), True),
        (("users=20", "queries_per_user=51", "dataset.tools=inline"), False),
        (("dataset.tools=shared",), True),
        (("users=20", "queries_per_user=50", "scenario@splits.unseen.scenario=finance"), True),
    ],
)
def test_the_form_is_chosen_by_what_is_planned(words: tuple[str, ...], shared: bool) -> None:
    with initialize_config_module("ptool.conf", version_base="1.3"):
        container = OmegaConf.to_container(compose("config", list(words)), resolve=True)
    assert validated(container).shares_tools is shared  # pyright: ignore[reportArgumentType]


@pytest.mark.slow
def test_the_papers_experiment_makes_the_recorded_data(here: Bench) -> None:
    assert here.run("experiment=paper", "run.dir=run").status == 0
    assert digests(here.folder / "run" / "dataset") == DIGESTS[("experiment=paper",)]
