"""Equal settings give the data they gave before: a change that alters them says so here and in CHANGELOG."""

from hashlib import sha256
from pathlib import Path

import pytest
from acceptance_bench import Bench

DIGESTS = {
    ("scenario=tiny",): {
        "samples": "42500785595f3ea0dccca3590e11629fc0cb675fccc8a89fd687eb494f8d21ed"
    },  # also over HTTP: tests/commands/test_serve.py
    ("scenario=shopping",): {"samples": "2a126e960d158acab0fb11e23310e38bd1f39ed76360fd61898036f93e7a92c9"},
    ("scenario=travel", "seed=3"): {
        "samples": "2f43b56a65cd2452fbcd939c9be54c2a4aa03d1edf4cd5e8fcc49dc02e7a84a0"
    },
    ("experiment=paper",): {
        "reserve": "90ef855fc6c7c1ed8df5f0ea9926d5afbe37a4fb17f9b6a6272414c63b9d0992",
        "test": "2229385a2e540b99db521a512aa23bfa3e5afd72a88767594ea054da23e25b9a",
        "train": "f2a1cb7c58d6d3aecfcb3398b57d1738c635c2ec53a3e2551f8e2661f2dd6946",
        "unseen": "f05ce7e87cb5454e1513b141132f9e102f349bff837216766361bc030da14775",
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
