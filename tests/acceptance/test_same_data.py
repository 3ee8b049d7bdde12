"""Equal settings give the data they gave before: a change that alters them says so here and in CHANGELOG."""

from hashlib import sha256
from pathlib import Path

import pytest
from acceptance_bench import Bench

DIGESTS = {
    ("scenario=tiny",): {
        "samples": "22c1fdd56da404c07675a3a972024557b8460879ae4ba1030de41b8ed0d446e2"
    },  # also over HTTP: tests/commands/test_serve.py
    ("scenario=shopping",): {"samples": "1f4560637f732efbc87ff8e5b57e46205174adce776781281642c149ac28f1ad"},
    ("scenario=travel", "seed=3"): {
        "samples": "a626829c562546ee8baaabb77591f2174e76ca7146e275c1b6fce8718f513a7b"
    },
    ("experiment=paper",): {
        "reserve": "80bfcd1d82ad25d2c1a65893f165e16d616b0b8cddc11b36ded7e2995cb8f948",
        "test": "40626ea506912ea69110323f7fab9aae7e31e07aafbe5b520745543b594ddd2c",
        "train": "1bf97e12285763b7c59cbfc70ae8478794ffb5d834dcc2b9c695289596e840d4",
        "unseen": "03cd7da1af5a17569c30e475ba2e64ac0107f08626b0b495a272f98d9b96c55d",
    },
}
"""Overrides -> the dataset's files -> SHA-256 of each."""


def digests(dataset: Path) -> dict[str, str]:
    """SHA-256 of every file of samples in a dataset."""
    files = (file for file in dataset.glob("*.jsonl") if file.stem not in ("index", "quality", "rejected"))
    return {file.stem: sha256(file.read_bytes()).hexdigest() for file in sorted(files)}


@pytest.mark.parametrize(
    "words", [words for words in DIGESTS if words != ("experiment=paper",)], ids=" ".join
)
def test_a_run_makes_the_recorded_data(here: Bench, words: tuple[str, ...]) -> None:
    assert here.run(*words, "run.dir=run").status == 0
    assert digests(here.folder / "run" / "dataset") == DIGESTS[words]


@pytest.mark.slow
def test_the_papers_experiment_makes_the_recorded_data(here: Bench) -> None:
    assert here.run("experiment=paper", "run.dir=run").status == 0
    assert digests(here.folder / "run" / "dataset") == DIGESTS[("experiment=paper",)]
