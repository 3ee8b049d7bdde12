"""What of a run may be trained on, and what is wrong for a user. Needs nothing of the extra."""

import json
import shutil
from pathlib import Path

import pytest
from ptool import export
from ptool.benchmark import Prediction, parse, score_prediction
from ptool.errors import StoreError
from ptool.settings import TrainSettings
from ptool.training.card import prompt_words
from ptool.training.samples import data_digest, gold_answers, is_split, preferences, train_file
from tiny_model import make_run


def ids(file: Path) -> set[str]:
    """Ids of the samples in a file."""
    return {json.loads(line)["id"] for line in file.read_text("utf-8").splitlines()}


def test_what_is_held_out_is_not_trained_on(run: Path) -> None:
    trained = {one.item.id for one in gold_answers(run, "python")}
    assert is_split(run)
    assert trained == ids(run / "dataset" / "train.jsonl")
    assert trained & (ids(run / "dataset" / "test.jsonl") | ids(run / "dataset" / "twins.jsonl")) == set()


def test_gold_answers_are_right_and_rejected_ones_are_wrong(run: Path) -> None:
    pairs = list(preferences(run, "python"))
    assert "twins" in {one.why.partition(":")[0] for one in pairs} <= {"twins", "episodes"}
    for pair in pairs:
        right, wrong = parse(pair.chosen), parse(pair.rejected or "")
        assert isinstance(right, Prediction)
        assert isinstance(wrong, Prediction)
        assert score_prediction(pair.item, right, "strict").overall
        assert not score_prediction(pair.item, wrong, "strict").overall


def test_mended_answers_are_wrong_ones(run: Path, tmp_path: Path) -> None:
    """An answer is given twice, then a right one is judged wrong and given again."""
    shutil.copytree(run / "dataset", tmp_path / "dataset")
    kept = ids(run / "dataset" / "train.jsonl")
    episodes = map(json.loads, (run / "episodes.jsonl").read_text("utf-8").splitlines())
    episode = next(one for one in episodes if one["id"] in kept)
    right = next(turn for turn in episode["turns"] if turn["role"] == "assistant")
    wrong = {**right, "output": {**right["output"], "platform": "Elsewhere"}}
    place = episode["turns"].index(right)
    episode["turns"][place:place] = [wrong, wrong, right]
    said = {"code": "arguments.missing", "blames": "solution", "path": "", "message": "", "source": "rules"}
    (tmp_path / "episodes.jsonl").write_text(json.dumps({**episode, "objections": [said]}) + "\n", "utf-8")
    (pair,) = (one for one in preferences(tmp_path, "python") if one.why.startswith("episodes"))
    assert (pair.item.id, pair.why) == (episode["id"], "episodes: arguments.missing")
    assert (pair.rejected or "").startswith("{Elsewhere: [")


def test_preferences_are_those_of_an_export(tmp_path: Path) -> None:
    """Mended answers, twins, and rejected episodes of people who are trained on; no other command's list."""
    made = make_run(tmp_path / "run", "users=8", "twins=true", "model.slips=0.4", "min_yield=0")
    words = ["format=dpo", "negatives=[episodes,twins]", "parts=[train]", "style=text"]
    assert export.main([f"run={made}", *words, f"out={tmp_path / 'dpo'}"]) == 0
    lines = (tmp_path / "dpo" / "train.jsonl").read_text("utf-8").splitlines()
    exported = [tuple(json.loads(line)[key] for key in ("id", "why", "chosen", "rejected")) for line in lines]
    pairs = list(preferences(made, "python"))
    assert exported == [(one.item.id, one.why, one.chosen, one.rejected) for one in pairs]
    rejected = [one for one in pairs if one.item.id not in ids(made / "dataset" / "train.jsonl")]
    assert rejected
    assert {one.why.partition(":")[0] for one in pairs} == {"twins", "episodes"}
    held_out = [
        json.loads(line) for line in (made / "dataset" / "test.jsonl").read_text("utf-8").splitlines()
    ]
    strangers = {one["user_id"] for one in held_out if one["group"] == "untrained"}
    assert strangers and not any(user in one.item.id for user in strangers for one in pairs)


def test_other_data_is_another_training(run: Path, tmp_path: Path) -> None:
    """Also where other tools stand beside the very same lines (`dataset.tools=shared`)."""
    shutil.copytree(run / "dataset", tmp_path / "dataset")
    assert data_digest(tmp_path, preferences=False) == data_digest(run, preferences=False)
    digests = {data_digest(tmp_path, preferences=False)}
    for name in ("tools.jsonl", "users.jsonl"):
        (tmp_path / "dataset" / name).write_text("{}\n")
    digests.add(data_digest(tmp_path, preferences=False))
    file = tmp_path / "dataset" / "train.jsonl"
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    digests.add(data_digest(tmp_path, preferences=False))
    assert len(digests) == 3


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (None, "no dataset folder; expected run= the folder of a finished ptool run"),
        ((), "nothing to train on, there is nothing; expected train.jsonl or samples.jsonl"),
        (("test.jsonl",), "nothing to train on, there is test.jsonl"),
    ],
)
def test_runs_without_anything_to_train_on(
    tmp_path: Path, files: tuple[str, ...] | None, expected: str
) -> None:
    if files is not None:
        (tmp_path / "dataset").mkdir()
        for name in files:
            (tmp_path / "dataset" / name).write_text("{}\n")
    with pytest.raises(StoreError, match=expected):
        train_file(tmp_path)


def test_an_evaluation_is_told_what_the_training_showed() -> None:
    settings = TrainSettings.model_construct(format="json", variant="all", tools="platforms")
    assert prompt_words(settings) == " format=json tools=platforms"
    assert prompt_words(TrainSettings.model_construct(format="python", variant="all", tools=None)) == ""
