"""Preferences: the chosen answer is right, the rejected one is not, and each says why."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from export_bench import export, file_of, lines, sample
from ptool.benchmark import score
from ptool.benchmark.reading import items
from ptool.errors import ConfigError, StoreError
from ptool.evaluation.prompt import name_tools, visible_sample

SOURCES = ("episodes", "twins", "corruptions")


def sources(rows: list[dict[str, Any]]) -> Counter[str]:
    return Counter(row["why"].partition(":")[0] for row in rows)


@pytest.mark.parametrize("answer", ["python", "json", "native"])
def test_pairs_are_right_and_wrong(made: Path, tmp_path: Path, answer: Any) -> None:
    finished = export(run=made, format="dpo", answer=answer, out=tmp_path / "out")
    found = Counter[str]()
    for part in ("train", "test", "unseen"):
        own = {item.id: item for item in items(made / "dataset" / f"{part}.jsonl")}
        rows = lines(tmp_path / "out" / f"{part}.jsonl")
        found.update(sources(rows))
        for row in rows:
            chosen, rejected = (text_of(row[key][0], own.get(row["id"])) for key in ("chosen", "rejected"))
            assert chosen != rejected and [message["role"] for message in row["prompt"]] == ["system", "user"]
            if row["id"] in own:
                assert score(own[row["id"]], chosen, answer).overall
                assert not score(own[row["id"]], rejected, answer).overall
            else:  # a rejected episode of somebody who is trained on
                assert row["why"].startswith("episodes:") and part == "train"
        if part != "train":
            assert {row["id"] for row in rows} <= own.keys()
    assert found == finished.counts and set(found) == set(SOURCES)


def text_of(message: dict[str, Any], item: Any) -> str:
    """An answer as a model would have given it."""
    if "tool_calls" not in message:
        return message["content"]
    calls = [{**call, "function": {**call["function"]}} for call in message["tool_calls"]]
    for call in calls:
        assert isinstance(call["function"]["arguments"], dict)  # as chat templates take them
        call["function"]["arguments"] = json.dumps(call["function"]["arguments"])
    text = json.dumps({"tool_calls": calls})
    return name_tools(visible_sample(item)).restore(text) if item else text


def test_a_rejected_episode_is_paired_with_what_was_drawn(made: Path, tmp_path: Path) -> None:
    export(run=made, format="dpo", negatives=["episodes"], answer="json", parts=["train"], out=tmp_path)
    episodes = {row["id"]: row for row in lines(made / "episodes.jsonl")}
    kept = {item.id for item in items(made / "dataset" / "train.jsonl")}
    rows = lines(tmp_path / "train.jsonl")
    rejected = [row for row in rows if row["id"] not in kept]
    assert rejected and any(row["id"] in kept for row in rows)
    for row in rejected:
        episode = episodes[row["id"]]
        assert episode["status"] == "rejected" and row["prompt"][1]["content"] == episode["query"]["text"]
        chosen, wrong = (json.loads(row[key][0]["content"]) for key in ("chosen", "rejected"))
        assert chosen["platform"] == episode["task"]["platform"]
        drawn = [call["api"] for call in episode["task"]["calls"]]
        assert sorted(call["name"] for call in chosen["functions"]) == sorted(drawn)
        for call, asked in zip(chosen["functions"], episode["query"]["intents"], strict=True):
            assert call["parameters"].items() >= asked["stated"].items()
        given = [turn["output"] for turn in episode["turns"] if "calls" in turn["output"]]
        assert [call["name"] for call in wrong["functions"]] in [
            [call["api"] for call in output["calls"]] for output in given
        ]


def test_what_is_right_for_a_twin_is_wrong_for_the_other(made: Path, tmp_path: Path) -> None:
    export(run=made, format="dpo", negatives=["twins"], answer="json", parts=["train"], out=tmp_path)
    rows = {row["id"]: row for row in lines(tmp_path / "train.jsonl")}
    answers = {
        name: {key: row[key][0]["content"] for key in ("chosen", "rejected")} for name, row in rows.items()
    }
    twins = [name for name in rows if name.endswith("-twin")]
    assert twins
    for twin in twins:
        original = twin.removesuffix("-twin")
        assert answers[twin]["chosen"] == answers[original]["rejected"]
        assert answers[twin]["rejected"] == answers[original]["chosen"]


def test_kto_has_every_answer_once_and_every_wrong_one(made: Path, tmp_path: Path) -> None:
    counts = export(run=made, format="kto", style="text", out=tmp_path).counts
    for part in ("train", "test", "unseen"):
        rows = lines(tmp_path / f"{part}.jsonl")
        right = [row["id"] for row in rows if row["label"]]
        assert right == [item.id for item in items(made / "dataset" / f"{part}.jsonl")]
        assert {type(row["completion"]) for row in rows} == {str}
        assert {row["why"] == "accepted" for row in rows if row["label"]} == {True}
        counts = Counter(counts) - sources([row for row in rows if not row["label"]])
    assert not counts


def test_corruptions_need_no_run_and_depend_on_the_seed(tmp_path: Path) -> None:
    data = file_of(tmp_path, *(sample(number, query=f"Tea {number}") for number in range(12)))
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        finished = export(data=data, format="dpo", seed=seed, out=tmp_path / name)
        assert finished.counts == {"corruptions": 12}
    first, again, other = ((tmp_path / name / "samples.jsonl").read_bytes() for name in "abc")
    assert first == again != other
    whys = {row["why"].split(":")[1].strip() for row in lines(tmp_path / "a" / "samples.jsonl")}
    assert len(whys) > 2 and "other_platform" in whys  # lookUp has the capability of findItem


@pytest.mark.parametrize(
    "entry",
    ["{}", "[]", '{"id": 1, "file": "a", "offset": 0, "bytes": 1, "scenario": "s", "user_id": "u"}',
     '{"id": "i", "file": "../a", "offset": 0, "bytes": 1, "scenario": "s", "user_id": "u"}'],
)  # fmt: skip
def test_a_damaged_index_is_refused(tmp_path: Path, entry: str) -> None:
    (tmp_path / "index.jsonl").write_text(entry + "\n")
    with pytest.raises(StoreError, match=r"index\.jsonl(:1: damaged|: got file '\.\./a')"):
        export(data=file_of(tmp_path, sample()), format="dpo", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_any_there_is_nothing_to_write(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"negatives: got twins, but .* has none; twins need a run made with"
    ):
        export(data=file_of(tmp_path, sample()), format="dpo", negatives=["twins"], out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
