"""Equal settings give the data they gave before: a change that alters them says so here and in CHANGELOG."""

from hashlib import sha256
from pathlib import Path

import pytest
from acceptance_bench import Bench

DIGESTS = {
    ("scenario=tiny",): {
        "samples": "69e89724ae9d18f7e4c444688f3026e72fbe66e4b93255ac10078fc746319462"
    },  # also over HTTP: tests/commands/test_serve.py
    ("scenario=shopping",): {"samples": "dabf6bb0973a5f31b56af34a5d754bd30655c12b72e166dce690f346e710c671"},
    ("scenario=travel", "seed=3"): {
        "samples": "91961eead28070f2c1c3dfb2775227f554256ac950d89e24166daecdb7d0fc0f"
    },
    ("experiment=paper",): {
        "reserve": "08355197003865d8c88e7c0a882903d9089d21193f7b272ecf1487c75ab06cfb",
        "test": "525199ab514d371e839a544e7a44204709e3886573ef7d1cb09d6c551222af88",
        "train": "fc0b83d6c81a125761f0cc36dff77bcedf897eae620d0b36b345cfb9cc4f35ac",
        "unseen": "c93f9657f28e5f59167e94fca9bc98c7acf57f2498367b4e60ba284295277d2a",
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
