"""What is held out stays held out: nobody and nothing of the other parts is in the data to train on."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acceptance_bench import derived, lines
from in_process import command
from ptool.settings import SplitSettings
from ptool.synthesis.dataset.near_duplicates import near_duplicate_pairs
from ptool.synthesis.dataset.samples import CompactSample
from ptool.synthesis.dataset.splits import Placement, draw_user_groups, split_samples

WORDS = (
    "experiment=paper", "scenario=shopping", "scale=demo", "apis=14", "users=8", "queries_per_user=15",
    "twins=true", "strangers=0", "audit.samples=0", "min_decidability=0", "splits.untrained_users=2",
    "splits.test_share=0.25", "splits.most.untrained=20", "splits.most.trained=100", "splits.unseen.users=3",
    "splits.unseen.queries={finance: 4, lifestyle: 5, knowledge: 6}",
)  # fmt: skip
IDENTIFYING = ("full_name", "username", "email", "work_email", "phone", "home_address", "passport_number")
UNTRAINED, UNSEEN, SHARE = 2, 3, 0.25


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same small dataset made one by one and all at once."""
    folder = tmp_path_factory.mktemp("splits")
    for way, width in {"one": 1, "many": 64}.items():
        done = command("run", *WORDS, f"run.dir={way}", f"concurrency={width}", folder=folder)
        assert done.returncode == 0, done
    return {way: folder / way for way in ("one", "many")}


@pytest.fixture(scope="module")
def index(runs: dict[str, Path]) -> list[dict[str, Any]]:
    """Where every sample of the dataset is."""
    return lines(runs["one"] / "dataset/index.jsonl")


def texts(value: Any) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(one)


def test_no_trace_of_anybody_held_out_is_in_the_data_to_train_on(
    runs: dict[str, Path], index: list[dict[str, Any]]
) -> None:
    run = runs["one"]
    held_out = {one["user_id"] for one in index if one["group"] != "trained"}
    assert len(held_out) == UNTRAINED + UNSEEN
    people = [one["profile"] for file in ("", "unseen/") for one in lines(run / f"{file}profiles.jsonl")]
    train = (run / "dataset/train.jsonl").read_text()
    assert train.count("\n") > 50
    for person in people:
        marks = [person["id"], *(text for name in IDENTIFYING for text in texts(person["basic"].get(name)))]
        assert len(marks) > 5
        found = [mark for mark in marks if mark in train]
        assert found == [] if person["id"] in held_out else person["id"] in found


def test_held_out_scenarios_are_in_no_other_part(runs: dict[str, Path], index: list[dict[str, Any]]) -> None:
    places = {(one["scenario"], one["split"]) for one in index if one["group"] == "unseen"}
    assert {scenario for scenario, _ in places} == {"finance", "lifestyle", "knowledge"}
    assert {part for _, part in places} <= {"unseen", "twins", "reserve"}
    train = (runs["one"] / "dataset/train.jsonl").read_text()
    for platform in {one["platform"] for one in index if one["group"] == "unseen"}:
        assert platform not in train


def test_no_query_is_alike_across_parts(runs: dict[str, Path], index: list[dict[str, Any]]) -> None:
    part = {one["id"]: one["split"] for one in index}
    files = {one["file"] for one in index}
    samples = [one for file in files for one in lines(runs["one"] / "dataset" / file)]
    pairs = list(near_duplicate_pairs([(one["id"], one["scenario"], one["query"]) for one in samples]))
    twins = [one for one in samples if one.get("twin_of")]
    assert len(pairs) >= len(twins) > 20  # a twin is alike by intent, so the comparison did see something
    joined = {frozenset((part[one], part[other])) for one, other in pairs}
    assert not joined & {frozenset(("train", "test")), frozenset(("train", "unseen"))}
    words = {name: {" ".join(one["query"].casefold().split()) for one in samples if part[one["id"]] == name}
             for name in set(part.values())}  # fmt: skip
    assert not words["train"] & (words["test"] | words["unseen"])


def test_a_twin_is_with_its_original_and_of_its_group(index: list[dict[str, Any]]) -> None:
    by_id = {one["id"]: one for one in index}
    twins = [one for one in index if one["twin_of"]]
    assert len(twins) > 20
    for twin in twins:
        original = by_id[twin["twin_of"]]
        held_out = original["split"] in ("test", "unseen")
        assert twin["split"] == ("twins" if held_out else original["split"])
        assert twin["group"] == original["group"]
        assert twin["user_id"] != original["user_id"]
        assert twin["platform"] != original["platform"]


def test_parts_are_as_large_as_asked_for(runs: dict[str, Path], index: list[dict[str, Any]]) -> None:
    originals = [one for one in index if not one["twin_of"]]
    sizes = Counter((one["split"], one["group"]) for one in originals)
    assert sizes["test", "untrained"] == 20
    assert sizes["test", "trained"] == round(SHARE * (sizes["test", "trained"] + sizes["train", "trained"]))
    assert Counter(one["scenario"] for one in originals if one["split"] == "unseen") == {
        "finance": 4, "lifestyle": 5, "knowledge": 6,
    }  # fmt: skip
    assert {part for part, group in sizes if group == "trained"} == {"train", "test"}
    for file, count in Counter(one["file"] for one in index).items():
        assert len(lines(runs["one"] / "dataset" / file)) == count


def test_scheduling_moves_no_sample(runs: dict[str, Path]) -> None:
    one, many = derived(runs["one"]), derived(runs["many"])
    assert [name for name in one if one[name] != many[name]] == []
    assert "twins.jsonl" in one
    assert "unseen/twins.jsonl" in one


# The draw itself, at the paper's size

PAPER = SplitSettings.model_validate(
    {
        "untrained_users": 6,
        "test_share": 0.06,
        "most": {"all": None, "untrained": 609, "trained": 474},
        "unseen": None,
    }
)
SCENARIOS = ("entertainment", "shopping", "takeout", "travel", "work")
USERS = [f"u{number:04}" for number in range(1, 81)]
KEPT = [
    CompactSample(f"{scenario}-{user}-{number:04}", "", scenario, user, "need", "platform", "query", (), ())
    for place, user in enumerate(USERS)
    for number in range(1, 109)
    for scenario in [SCENARIOS[(number + place) % 5]]
]


def placed(kept: list[CompactSample], seed: int = 0) -> dict[str, Placement]:
    return split_samples(kept, draw_user_groups(USERS, PAPER, seed), PAPER, seed)


def test_the_sizes_of_table_5() -> None:
    sizes = Counter(placed(KEPT).values())
    assert sizes[Placement("test", "untrained")] == 609
    assert sizes[Placement("test", "trained")] == 474
    assert sizes[Placement("train", "trained")] == 74 * 108 - 474 >= 7096


def test_what_is_held_out_is_spread_evenly_over_users_and_scenarios() -> None:
    part = placed(KEPT)
    held_out = [one for one in KEPT if part[one.id] == Placement("test", "trained")]
    by_user = Counter(one.user for one in held_out)
    assert (len(by_user), min(by_user.values()), max(by_user.values())) == (74, 6, 7)
    assert max(Counter((one.user, one.scenario) for one in held_out).values()) <= 2
    assert all(80 <= count <= 110 for count in Counter(one.scenario for one in held_out).values())


def test_the_order_the_samples_come_in_does_not_matter() -> None:
    shuffled = random.Random(1).sample(KEPT, len(KEPT))
    assert placed(shuffled) == placed(KEPT)
    assert placed(KEPT, seed=1) != placed(KEPT)


def test_a_gate_that_takes_a_few_samples_out_moves_hardly_any_other() -> None:
    before = placed(KEPT)
    gone = {one.id for one in random.Random(1).sample(KEPT, 40)}
    after = placed([one for one in KEPT if one.id not in gone])
    replaced = sum(before[one].split == "test" for one in gone)
    moved = sum(before[one] != place for one, place in after.items())
    # What is gone from the test is replaced; beyond that, the shares of a few users may shift by one.
    assert moved <= replaced + len(gone) / 2
