"""Equal settings give the data they gave before: a change that alters them says so here and in CHANGELOG."""

from hashlib import sha256
from pathlib import Path

import pytest
from acceptance_bench import Bench

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
