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
        "samples": "5d3c3f0ba9675de8d6b14e63f2c2f069b5cfdd7d6166e58ac8404075ae22a90f"
    },  # also over HTTP: tests/commands/test_serve.py
    ("scenario=shopping",): {"samples": "868780bc74efe4195a69388af5b28584073b2a89c97f6d31d6c75571d89d0c23"},
    ("scenario=travel", "seed=3"): {
        "samples": "e38d4d1c609928c3db623052cf0d6d2b7754526ba7a5e3bfc3c248e390111862"
    },
    ("experiment=paper",): {
        "reserve": "0bebef04d940f6294ebba0ffb731d45b293bf97b2256640bdf25c9c2dda8aedb",
        "test": "3926de447f4e2797b7c4602200a97a3d063b9e242dbc80e0d78b607ae30730e6",
        "train": "e8ad4d515f6e748e87ddafb19ea507728fcecaa38d8b81bc158160f4ca1f2f43",
        "unseen": "656bcaa9b963d95f5eba019157630448287080dc1beb29a0fb7167fb85c9a65d",
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
