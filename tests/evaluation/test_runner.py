"""An evaluation from settings to folder: resume, what is not scored, other scorers, files of predictions."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from evaluation_doubles import dataset, gold, lines, record, settings
from ptool.benchmark.metrics import SCORES
from ptool.errors import ConfigError, PtoolError, StoreError
from ptool.evaluation.commands import print_evaluation
from ptool.evaluation.report_texts import unreadable
from ptool.evaluation.runner import evaluate

DERIVED = ("per_sample.jsonl", "scores.json", "scores.csv", "report.md", "report.html")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return dataset(tmp_path)


@pytest.fixture
def golden(tmp_path: Path) -> dict[str, str]:
    return {"_target_": "evaluation_doubles.Golden", "counter": str(tmp_path / "asked")}


@pytest.fixture
def moody(tmp_path: Path) -> dict[str, str]:
    names = {"counter": str(tmp_path / "asked"), "down": str(tmp_path / "down")}
    return {"_target_": "evaluation_doubles.Moody", **names}


def asked(model) -> int:
    file = Path(model["counter"])
    return len(file.read_text().splitlines()) if file.exists() else 0


def derived(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in DERIVED}


def test_every_sample_is_asked_once_and_scored(data, golden, tmp_path):
    outcome = evaluate(settings(data, tmp_path / "run", model=golden))
    assert asked(golden) == 12
    assert outcome.exit_status == 0
    assert [one["id"] for one in lines(outcome.folder)] == [f"s{number:02}" for number in range(12)]
    assert {one["overall"] for one in lines(outcome.folder)} == {True}
    scores = json.loads((outcome.folder / "scores.json").read_text())
    assert scores["scores"]["overall"]["overall"]["value"] == 1.0
    assert scores["samples"] == {"scored": 12, "not_scored": 0, "reasons": {}, "finishes": {"stop": 12}}


def test_the_same_command_asks_nobody_again_nor_does_another_scorer(data, golden, tmp_path):
    first = evaluate(settings(data, tmp_path / "run", model=golden))
    before = derived(first.folder)
    evaluate(settings(data, tmp_path / "run", model=golden, concurrency=1))
    assert derived(first.folder) == before
    official = evaluate(settings(data, tmp_path / "run", model=golden, scorer="official"))
    assert asked(golden) == 12
    assert json.loads((official.folder / "scores.json").read_text())["evaluated"]["scorer"] == "official"


def test_unanswered_samples_are_not_scored_and_asked_on_the_next_start(data, moody, tmp_path):
    down = Path(moody["down"])
    down.write_text("3 7")
    first = evaluate(settings(data, tmp_path / "run", model=moody))
    assert (first.exit_status, asked(moody)) == (1, 10)
    unscored = [one for one in lines(first.folder) if one["status"] == "not_scored"]
    assert [(one["id"], one["overall"]) for one in unscored] == [("s03", None), ("s07", None)]
    assert "refused_request" in unscored[0]["reason"]
    scores = json.loads((first.folder / "scores.json").read_text())
    assert scores["samples"]["reasons"] == {"refused_request": 2}
    assert scores["scores"]["overall"]["samples"]["value"] == 10

    down.write_text("")
    again = evaluate(settings(data, tmp_path / "run", model=moody))
    assert (again.exit_status, asked(moody)) == (0, 12)
    whole = evaluate(settings(data, tmp_path / "whole", model=moody))
    assert derived(again.folder) == derived(whole.folder)


def test_what_a_filter_held_back_is_scored_as_a_format_failure(data, golden, tmp_path):
    model = {**golden, "_target_": "evaluation_doubles.Withholding"}
    outcome = evaluate(settings(data, tmp_path / "run", model=model))
    assert outcome.exit_status == 0
    assert {(one["status"], one["format_ok"], one["finish"]) for one in lines(outcome.folder)} == {
        ("scored", False, "content_filter")
    }


def test_a_budget_ends_it_and_a_larger_one_goes_on(data, golden, tmp_path):
    short = {"usd": None, "tokens": None, "calls": 5}
    with pytest.raises(PtoolError, match="budget"):
        evaluate(settings(data, tmp_path / "run", model=golden, budget=short, concurrency=1))
    assert asked(golden) == 5
    assert not (tmp_path / "run" / "scores.json").exists()
    outcome = evaluate(settings(data, tmp_path / "run", model=golden))
    assert (asked(golden), outcome.results.scored) == (12, 12)


@pytest.mark.parametrize("format", ["python", "json", "native"])
def test_concurrency_changes_no_byte(data, tmp_path, format):
    made = [
        derived(evaluate(settings(data, tmp_path / f"run{width}", format=format, concurrency=width)).folder)
        for width in (1, 64)
    ]
    assert made[0] == made[1]


def test_the_draw_is_a_part_of_the_whole(data, golden, tmp_path):
    whole = {one["id"]: one for one in lines(evaluate(settings(data, tmp_path / "a", model=golden)).folder)}
    drawn = lines(evaluate(settings(data, tmp_path / "b", model=golden, n=5)).folder)
    assert len(drawn) == 5
    assert all(whole[one["id"]] == one for one in drawn)


def test_moved_data_is_the_same_evaluation_and_changed_data_another(data, tmp_path):
    moved = tmp_path / "elsewhere.jsonl"
    moved.write_bytes(data.read_bytes())
    here, there = settings(data, tmp_path), settings(moved, tmp_path)
    assert here.digest() == there.digest()
    moved.write_bytes(data.read_bytes() + json.dumps(record(99)).encode())
    assert settings(moved, tmp_path).digest() != here.digest()
    assert settings(data, tmp_path, variant="none").digest() != here.digest()
    assert settings(data, tmp_path, scorer="official", concurrency=2).digest() == here.digest()


def test_another_evaluation_does_not_take_the_folder(data, golden, tmp_path):
    evaluate(settings(data, tmp_path / "run", model=golden))
    with pytest.raises(StoreError, match="holds a run begun with other evaluation"):
        evaluate(settings(data, tmp_path / "run", model=golden, variant="none"))


def predictions(folder: Path, rows: list[dict]) -> str:
    file = folder / "predictions.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


def right(number: int) -> str:
    return f"East: [findItem(keyword='tea {number}', homeCity='Lyon')]"


def test_predictions_are_paired_by_id_in_any_order(data, tmp_path):
    rows = [{"id": f"s{n:02}", "predict": right(n) if n else "no idea"} for n in reversed(range(12))]
    outcome = evaluate(settings(data, tmp_path / "run", predictions=predictions(tmp_path, rows)))
    assert [one["overall"] for one in lines(outcome.folder)] == [False] + [True] * 11
    assert not (outcome.folder / "ledger.sqlite").exists()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"id": f"s{n:02}", "predict": ""} for n in range(11)], "no answer for item 's11'"),
        ([{"id": f"s{n % 12:02}", "predict": ""} for n in range(13)], "id 's00' again"),
        ([{"id": f"s{n:02}", "predict": ""} for n in range(13)], "'s12' is of no item"),
        ([{"id": f"s{n:02}"} for n in range(12)], "no answer; expected one of the keys 'predict'"),
        ([{"predict": ""}] * 13, "13 answers for 12 items"),
        ([{"predict": ""}] * 3, "3 answers, expected one for every item"),
        ([{"query": "?", "predict": ""}] * 12, "another dataset or order"),
        ([], "0 answers, expected one for every item"),
    ],
)
def test_predictions_that_do_not_fit_are_refused_before_anything_is_made(data, tmp_path, rows, message):
    with pytest.raises(StoreError, match=message):
        evaluate(settings(data, tmp_path / "run", predictions=predictions(tmp_path, rows)))
    assert not (tmp_path / "run").exists()


def test_one_hostile_prediction_does_not_touch_the_others(data, tmp_path):
    canary = tmp_path / "canary"
    hostile = [
        f"{{East: [findItem(keyword=open({str(canary)!r}, 'w').write('x'))]}}",
        "East: [f(a=10**10**10)]",
        "(" * 100_000,
        "-" * 100_000,
        "East: [f(a=" + "9" * 5_000 + ")]",
        "\x00\x1b[31m</script>",
    ]
    rows = [{"id": f"s{n:02}", "predict": right(n) if n % 2 else hostile[n // 2]} for n in range(12)]
    outcome = evaluate(settings(data, tmp_path / "run", predictions=predictions(tmp_path, rows)))
    assert [one["overall"] for one in lines(outcome.folder)] == [False, True] * 6
    assert not canary.exists()


def test_a_published_file_is_scored_by_position_with_the_official_rules(tmp_path):
    data = tmp_path / "trained_set" / "data.json"
    data.parent.mkdir()
    shown = ("user_profile", "platforms", "tools", "query", "answer", "query_params", "profile_params")
    data.write_text(json.dumps([{key: record(n)[key] for key in shown} for n in range(4)]))
    rows = [{"query": record(n)["query"], "label": "", "predict": right(n)} for n in range(4)]
    outcome = evaluate(
        settings(data, tmp_path / "run", scorer="official", predictions=predictions(tmp_path, rows))
    )
    assert [(one["group"], one["overall"]) for one in lines(outcome.folder)] == [("trained", True)] * 4


def test_what_cannot_be_evaluated_is_refused_before_anything_is_made(data, tmp_path):
    no_apis = tmp_path / "no_apis.jsonl"
    places = [{"name": "East", "profile": {}, "apis": []}]
    no_apis.write_text(json.dumps(record(0, platforms=places)))
    bare = tmp_path / "bare.jsonl"
    bare.write_text(json.dumps(record(0, user_profile={"x": 1})))
    twice = tmp_path / "twice.jsonl"
    twice.write_bytes(data.read_bytes() * 2)
    for file, changes, message in (
        (no_apis, {"format": "native"}, "format: got 'native'"),
        (bare, {"variant": "no_basic"}, "variant: got 'no_basic'"),
        (twice, {}, "two samples have the id 's00'"),
        (tmp_path / "none.jsonl", {}, "no such file"),
        (data, {"kind": "bfcl2"}, "data kind 'bfcl2'"),
    ):
        with pytest.raises(PtoolError, match=message):
            evaluate(settings(file, tmp_path / "run", **changes))
        assert not (tmp_path / "run").exists()


def test_predictions_and_a_baseline_exclude_each_other(data, tmp_path):
    with pytest.raises(ConfigError, match="predictions: got a file and a baseline too"):
        settings(data, tmp_path, predictions="x", baseline="gold")


def test_baselines_stand_beside_on_the_same_samples(data, golden, tmp_path):
    names = ["random", "majority_platform", "copy_profile", "scripted", "gold"]
    outcome = evaluate(settings(data, tmp_path / "run", model=golden, beside=names))
    scores = json.loads((outcome.folder / "scores.json").read_text())["baselines"]
    assert list(scores) == sorted(names)
    assert scores["gold"]["all"]["overall"] == 1.0
    assert scores["majority_platform"]["all"]["platform"] == 1.0
    assert {one["all"]["samples"] for one in scores.values()} == {12}
    alone = evaluate(settings(data, tmp_path / "alone", baseline="scripted"))
    assert alone.results.metric_row()["overall"] == scores["scripted"]["all"]["overall"]


def test_the_table_holds_every_row(data, tmp_path):
    outcome = evaluate(settings(data, tmp_path / "run", baseline="gold", beside=["random"]))
    rows = list(csv.DictReader((outcome.folder / "scores.csv").open()))
    assert set(rows[0]) == {"who", "scorer", "parsing", "of", "value", "samples", *SCORES}
    wanted = {"who": "answers", "scorer": "official", "parsing": "tolerant", "of": "section", "value": "all"}
    (found,) = [one for one in rows if wanted.items() <= one.items()]
    assert (found["samples"], found["overall"]) == ("12", "1.0")
    assert [one["value"] for one in rows if one["of"] == "user"] == ["u0", "u1", "u2"]
    assert [one["who"] for one in rows if one["of"] == "section" and one["who"] != "answers"] == [
        "baseline random", "baseline random",
    ]  # fmt: skip


def test_no_result_file_names_a_place_or_a_time(data, golden, tmp_path):
    outcome = evaluate(settings(data, tmp_path / "run", model=golden))
    for content in derived(outcome.folder).values():
        assert str(tmp_path).encode() not in content
        assert b"seconds" not in content


def test_what_an_endpoint_says_is_in_the_log_the_lines_the_report_and_the_summary(
    data, moody, tmp_path, capsys
):
    Path(moody["down"]).write_text("3")
    outcome = evaluate(settings(data, tmp_path / "run", model=moody))
    print_evaluation(outcome)
    said = "HTTP 400: this context is too long"
    assert said in " ".join(capsys.readouterr().out.split())
    for name in ("run.log", "per_sample.jsonl", "scores.json", "report.md"):
        assert said in (outcome.folder / name).read_text(), name


def test_answers_among_the_thoughts_are_empty_and_hinted_at_everywhere(data, golden, tmp_path, capsys):
    model = {**golden, "_target_": "evaluation_doubles.Thinking"}
    outcome = evaluate(settings(data, tmp_path / "run", model=model))
    print_evaluation(outcome)
    out = " ".join(capsys.readouterr().out.split())
    length = len(gold(["", 'x "tea 1"']))
    assert (
        f"; the answer is empty, {length} characters stand in reasoning_content"
        in lines(outcome.folder)[1]["reason"]
    )
    samples = json.loads((outcome.folder / "scores.json").read_text())["samples"]
    assert (samples["unreadable"], samples["empty"], samples["in_reasoning"]["answers"]) == (12, 12, 12)
    for text in (out, " ".join((outcome.folder / "report.md").read_text().split())):
        assert "12 of 12 answers cannot be read, 12 of them are empty" in text
        assert "12 answers empty in content" in text
    again = evaluate(settings(data, tmp_path / "run", model=model))  # from the ledger
    assert derived(again.folder) == derived(outcome.folder)


@pytest.mark.parametrize(("unreadable_count", "said"), [(6, False), (7, True)])
def test_more_than_half_that_cannot_be_read_are_a_caveat(unreadable_count, said):
    samples = {"scored": 12, "unreadable": unreadable_count, "empty": 0}
    assert bool(list(unreadable(samples))) == said
