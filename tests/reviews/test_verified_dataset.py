"""The verified dataset: what was accepted is the run's own line, what was corrected says what was changed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ptool.benchmark.reading import items
from ptool.errors import ConfigError, StoreError
from ptool.evaluation.verified_data import verified_remark
from ptool.records import Sample
from ptool.records.shared_parts import SharedParts
from ptool.reviews import Correction, ReviewStore
from ptool.reviews.verified import VerifiedDataset, write_verified
from ptool.run import main
from ptool.settings.evaluation import data_name, data_title, verified_data
from ptool.store.dataset_index import check_dataset, read_index
from review_bench import WHOLE, copied, first_call, labelled, marked, opened


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def correctable(store: ReviewStore) -> tuple[str, Correction]:
    """A sample from which an argument may be taken out, and the correction that does so."""
    for id in store.assignment.order:
        sample = store.sample(id)
        for name in sample.answer[1][0][next(iter(sample.answer[1][0]))]:
            correction = Correction(calls=first_call(sample, without=name))
            try:
                marked(store, id, "Probe", "ok ok fix", correction)
            except Exception:
                continue
            store.undo("Probe")
            return id, correction
    raise AssertionError("every argument is required")


@pytest.fixture
def run(whole_run: Path, tmp_path: Path) -> Path:
    return copied(whole_run, tmp_path)


def reviewed(
    run: Path, more: Callable[[ReviewStore], Any] = lambda _: None
) -> tuple[VerifiedDataset, str, list[str]]:
    """Three accepted, one corrected, one rejected, one in conflict; the others are not reviewed."""
    with opened(run) as store:
        id, correction = correctable(store)
        others = [other for other in store.assignment.order if other != id]
        for accepted in others[:3]:
            marked(store, accepted, "Ada")
        labelled(store, others[0], "Bob")
        marked(store, id, "Ada", "ok ok fix", correction)
        marked(store, others[3], "Ada", "reject ok ok", comment="It says nothing.")
        marked(store, others[4], "Ada")
        marked(store, others[4], "Bob", "ok reject ok")
        more(store)
        return write_verified(store), id, others


def test_only_what_was_accepted_or_corrected_is_in_it(run: Path) -> None:
    before = (run / "dataset/samples.jsonl").read_bytes()
    written, id, others = reviewed(run)
    assert (run / "dataset/samples.jsonl").read_bytes() == before
    original = {line["id"]: line for line in lines(run / "dataset/samples.jsonl")}
    found = {line["id"]: line for line in lines(written.folder / "samples.jsonl")}
    assert sorted(found) == sorted([*others[:3], id])
    assert all(found[other] == original[other] for other in others[:3])
    assert found[id]["answer"] != original[id]["answer"]
    assert len(found[id]["origins"]) == len(original[id]["origins"]) - 1
    assert (written.kept, dict(written.summary.states)["conflict"]) == ({"samples": 4}, 1)
    for line in found.values():
        Sample.model_validate(line)


def test_it_is_a_dataset_like_the_runs_own(run: Path) -> None:
    written, _, _ = reviewed(run)
    check_dataset(written.folder)
    for id, location in read_index(written.folder):
        assert json.loads(location.read_line())["id"] == id
    own = {item.id: item for item in items(run / "dataset")}
    verified = {item.id: item for item in items(written.folder)}
    assert all(verified[id].capabilities == own[id].capabilities for id in verified)
    rows = lines(written.folder / "tables/samples.jsonl")
    assert all(isinstance(value, str) for row in rows for value in row.values())
    assert [row["id"] for row in rows] == [line["id"] for line in lines(written.folder / "samples.jsonl")]


def test_provenance_says_who_said_what_and_what_was_changed(run: Path) -> None:
    written, id, others = reviewed(run)
    told = {line["id"]: line for line in lines(written.folder / "provenance.jsonl")}
    assert sorted(told) == sorted([id, *others[:5]])
    (change,) = told[id]["changes"]
    assert (
        change["field"] == "calls"
        and len(change["before"][0]["arguments"]) == len(change["after"][0]["arguments"]) + 1
    )
    assert (told[id]["state"], told[id]["codes"]) == ("corrected", ["arguments.excess"])
    assert (
        told[others[3]]["verified"] is None and told[others[3]]["reviews"][0]["comment"] == "It says nothing."
    )
    assert told[others[0]]["digest"] == told[others[0]]["verified"]
    assert {review["annotator"] for review in told[others[0]]["reviews"]} == {"Ada", "Bob"}


def test_the_card_shows_agreement_and_no_names(run: Path) -> None:
    written, _, _ = reviewed(run)
    card = (written.folder / "README.md").read_text()
    front = yaml.safe_load(card.split("---")[1])
    assert front["license"] == "cc-by-4.0" and "human-verified" in front["tags"]
    assert front["configs"][0]["data_files"] == [{"split": "train", "path": "tables/samples.jsonl"}]
    assert "| platform | 1 | 2 | 0.0 % |" in card and "| accepted | 3 |" in card
    assert "Ada" not in card and "Bob" not in card
    table = json.loads((written.folder / "agreement.json").read_text())
    assert [row["measure"] for row in table["rows"]][:4] == ["query", "platform", "calls", "origins"]


def test_the_same_reviews_give_the_same_bytes(run: Path) -> None:
    written, _, _ = reviewed(run)
    before = {file.name: file.read_bytes() for file in written.folder.rglob("*.jsonl")}
    with opened(run) as store:
        again = write_verified(store)
    assert {file.name: file.read_bytes() for file in again.folder.rglob("*.jsonl")} == before


def test_later_reviews_replace_an_earlier_export(run: Path) -> None:
    written, _, others = reviewed(run)
    with opened(run) as store:
        marked(store, others[0], "Ada", "ok ok reject")
        assert write_verified(store).kept == {"samples": 3}
    (written.folder / "samples.jsonl").write_text("mine\n")
    with opened(run) as store, pytest.raises(StoreError, match="was changed since it was exported"):
        write_verified(store)


def test_nothing_verified_is_nothing_written(run: Path) -> None:
    with opened(run) as store, pytest.raises(ConfigError, match="is accepted or corrected yet"):
        write_verified(store)
    assert not (run / "verified").exists()


def test_a_label_of_a_person_goes_into_the_dataset(run: Path) -> None:
    def relabel(store: ReviewStore) -> None:
        id = next(id for id in store.assignment.order if store.verdict(id).state == "accepted")
        argument = next(o for o in store.sample(id).origins if o.origin == "profile")
        if store.review(id, "origins", "Bob"):
            store.undo("Bob")
            store.undo("Bob")
        labelled(store, id, "Cleo", **{argument.parameter: "query"})

    written, _, _ = reviewed(run, relabel)
    told = lines(written.folder / "provenance.jsonl")
    (line,) = (line for line in told if line["codes"] == ["origins.label"])
    assert line["state"] == "accepted" and line["changes"][0]["before"] == "profile"
    found = {each["id"]: each for each in lines(written.folder / "samples.jsonl")}[line["id"]]
    name = line["changes"][0]["field"].rpartition(".")[2]
    assert name in found["query_params"] and name not in found["profile_params"]


def test_shared_tools_and_unseen_scenarios_stay_so(split_run: Path, tmp_path: Path) -> None:
    run = copied(split_run, tmp_path)
    with opened(run) as store:
        verified = store.assignment.order[1:]
        for id in verified:
            marked(store, id, "Ada")
        written = write_verified(store)
    assert set(written.kept) == {"test", "unseen"} and sum(written.kept.values()) == len(verified)
    check_dataset(written.folder)
    parts = SharedParts(written.folder)
    own = SharedParts(run / "dataset")
    for part in written.kept:
        original = {line["id"]: line for line in lines(run / f"dataset/{part}.jsonl")}
        for line in lines(written.folder / f"{part}.jsonl"):
            assert "tools" not in line and line == original[line["id"]]
            assert parts.join(line) == own.join(original[line["id"]])
    users = {line["user_id"] for part in written.kept for line in lines(written.folder / f"{part}.jsonl")}
    assert {line["user_id"] for line in lines(written.folder / "users.jsonl")} == users


def test_an_evaluation_takes_the_verified_set_and_says_so(run: Path) -> None:
    assert verified_data(str(run)) == str(run) and verified_remark(run) is None
    written, _, _ = reviewed(run)
    assert verified_data(str(run)) == str(written.folder)
    assert verified_data(str(run / "dataset")) == str(run / "dataset")
    remark = verified_remark(written.folder)
    assert remark is not None and "3 accepted, 1 corrected by people" in remark
    assert f"data={run / 'dataset'} takes the original" in remark
    assert (data_name(str(written.folder)), data_title(str(written.folder))) == (
        "run-verified",
        "run/verified",
    )


def test_the_run_goes_on_beside_its_reviews(run: Path) -> None:
    written, _, _ = reviewed(run)
    before = {file: file.read_bytes() for file in written.folder.rglob("*.jsonl")}
    assert main([*WHOLE, f"run.dir={run}"]) == 0
    assert {file: file.read_bytes() for file in written.folder.rglob("*.jsonl")} == before
    assert verified_remark(written.folder) is not None
    with opened(run) as store:
        assert store.progress("Ada", "criteria").states["accepted"] == 3


def test_a_verified_set_of_an_earlier_dataset_is_refused(run: Path) -> None:
    written, _, _ = reviewed(run)
    with (run / "dataset/index.jsonl").open("a") as index:
        index.write("\n")
    with pytest.raises(ConfigError, match="before the run made its dataset anew; export it again"):
        verified_remark(written.folder)


def test_only_samples_that_were_drawn_are_in_it_and_counted(run: Path) -> None:
    with opened(run, samples=6) as store:
        drawn = store.assignment.order
        others = [id for id in store.catalogue.entries if id not in drawn]
        for id in (drawn[0], drawn[1], others[0]):  # one by somebody who had the address
            marked(store, id, "Ada")
            marked(store, id, "Bob")
        verified = write_verified(store)
    assert sum(verified.kept.values()) == 2
    assert verified.summary.states == {"accepted": 2, "unreviewed": 4}
    assert verified.summary.agreement.reviewed == 2
    with opened(run, samples=20) as store:  # who draws more later loses nothing
        assert sum(write_verified(store).kept.values()) == 3
