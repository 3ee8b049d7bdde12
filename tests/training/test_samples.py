"""What of a run may be trained on, and what is wrong for a user. Needs nothing of the extra."""

import json
from pathlib import Path

import pytest
from ptool.benchmark import Prediction, parse, score_prediction
from ptool.errors import StoreError
from ptool.training.samples import data_digest, gold_answers, is_split, preferences, train_file


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


def episode(id: str, *answers: dict) -> dict:
    """An accepted episode in which an assistant mended its answers."""
    turns = [{"role": "assistant", "round": at, "output": answer} for at, answer in enumerate(answers)]
    objections = [{"code": "arguments.missing", "blames": "solution"}] * (len(answers) - 1)
    return {"id": id, "status": "accepted", "turns": turns, "objections": objections}


def test_mended_answers_are_wrong_ones(run: Path, tmp_path: Path) -> None:
    (tmp_path / "dataset").mkdir()
    line = (run / "dataset" / "train.jsonl").read_text("utf-8").splitlines()[0]
    (tmp_path / "dataset" / "samples.jsonl").write_text(f"{line}\n", "utf-8")
    sample = json.loads(line)
    platform, calls = sample["answer"]
    right = {
        "platform": platform,
        "calls": [
            {"api": name, "arguments": {key: values[0] for key, values in given.items()}}
            for call in calls
            for name, given in call.items()
        ],
    }
    wrong = {"platform": "Elsewhere", "calls": right["calls"]}
    story = episode(sample["id"], wrong, wrong, right, right)  # said twice, and a right one judged wrong
    (tmp_path / "episodes.jsonl").write_text(json.dumps(story) + "\n", "utf-8")
    (pair,) = preferences(tmp_path, "python")
    assert pair.why == "episodes: arguments.missing"
    assert (pair.rejected or "").startswith("{Elsewhere: [")
    assert not is_split(tmp_path)


def test_other_data_is_another_training(run: Path, tmp_path: Path) -> None:
    (tmp_path / "dataset").mkdir()
    file = tmp_path / "dataset" / "train.jsonl"
    file.write_bytes((run / "dataset" / "train.jsonl").read_bytes())
    assert data_digest(tmp_path, preferences=False) == data_digest(run, preferences=False)
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    assert data_digest(tmp_path, preferences=False) != data_digest(run, preferences=False)


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
