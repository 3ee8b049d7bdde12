"""`python -m ptool.diff`: what changed between two datasets, and that equal ones are called so."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import blake2b
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.cli.args import with_list
from ptool.errors import ConfigError, StoreError
from ptool.reports.difference import RunDifference, as_json, compare_runs
from ptool.reports.difference_console import print_difference
from ptool.reports.sample_changes import value_changes
from ptool.settings import DiffSettings, validated
from rich.console import Console


def sample(number: int, **changed: Any) -> dict[str, Any]:
    """A sample in which every part says its number."""
    words = f"item {number}"
    return {
        "id": f"s-{number:02}", "scenario": "s", "user_id": "u1",
        "user_profile": {"basic_features": {"city": "Lund"}, "user_history": {"s": []}},
        "platforms": [{"name": "A"}, {"name": "B"}], "tools": [],
        "query": f"Get me {words}.", "answer": ["A", [{"get": {"what": [words]}}]],
        "query_params": ["what"], "profile_params": [],
        "origins": [
            {"call": 0, "parameter": "what", "value": words, "origin": "query",
             "evidence": {"words": words, "span": [7, 7 + len(words)], "path": None}},
        ],
        "capabilities": {"get": "get"},
    } | changed  # fmt: skip


def write(run: Path, parts: dict[str, list[dict[str, Any]]], *, indexed: bool = True, **config: Any) -> Path:
    """A run folder with the files that are compared."""
    (run / "dataset").mkdir(parents=True)
    (run / ".ptool-run.json").write_bytes(orjson.dumps({"format": 1, "identity": {"settings": "x"}}))
    (run / "config.yaml").write_bytes(orjson.dumps({"seed": 0, "run": {"dir": str(run)}} | config))
    manifest = {"versions": {"ptool": "1"}, "prompts": {}, "counts": {"samples": 3}, "funnel": {"kept": 3}}
    (run / "manifest.json").write_bytes(orjson.dumps(manifest))
    (run / "api_tree.json").write_bytes(b"{}")
    index = []
    for split, samples in parts.items():
        file = "samples.jsonl" if split == "all" else f"{split}.jsonl"
        lines = [orjson.dumps(sample) for sample in samples]
        (run / "dataset" / file).write_bytes(b"".join(line + b"\n" for line in lines))
        offset = 0
        for sample, line in zip(samples, lines, strict=True):
            digest = blake2b(line, digest_size=8).hexdigest()
            place = {"file": file, "offset": offset, "bytes": len(line), "digest": digest}
            index.append(orjson.dumps({"id": sample["id"], "split": split} | place))
            offset += len(line) + 1
    if indexed:
        (run / "dataset/index.jsonl").write_bytes(b"".join(line + b"\n" for line in index))
    return run


def page(difference: RunDifference, width: int = 120) -> str:
    output = StringIO()
    print_difference(difference, Console(file=output, width=width, highlight=False))
    return output.getvalue()


def three() -> list[dict[str, Any]]:
    return [sample(number) for number in range(3)]


@pytest.mark.parametrize("indexed", [(True, True), (True, False), (False, False)])
def test_equal_datasets_are_called_equal_wherever_they_lie(
    tmp_path: Path, indexed: tuple[bool, bool]
) -> None:
    a = write(tmp_path / "a", {"all": three()}, indexed=indexed[0])
    b = write(tmp_path / "b", {"all": three()}, indexed=indexed[1])
    difference = compare_runs(a, b)
    assert difference.same
    assert difference.samples is not None
    assert (difference.samples.identical, difference.samples.same) == (True, 3)
    assert "the datasets are the same: 3 samples, byte for byte" in page(difference)
    assert json.loads(as_json(difference))["same"] is True


CHANGED: list[tuple[str, Callable[[dict[str, Any]], Any], set[str]]] = [
    ("query", lambda sample: sample.update(query="Fetch item 1."), {"query"}),
    ("platform", lambda sample: sample.update(answer=["B", sample["answer"][1]]), {"platform"}),
    ("argument", lambda sample: sample["answer"][1][0]["get"].update(what=["item 7"]), {"arguments"}),
    ("type", lambda sample: sample["answer"][1][0]["get"].update(what=[True]), {"arguments"}),
    ("function", lambda sample: sample.update(answer=["A", [{"fetch": {"what": ["item 1"]}}]]), {"calls"}),
    ("span", lambda sample: sample["origins"][0]["evidence"].update(span=[0, 6]), {"evidence"}),
    ("origin", lambda sample: sample["origins"][0].update(origin="default"), {"evidence"}),
    ("profile", lambda sample: sample["user_profile"]["basic_features"].update(city="Umeå"), {"profile"}),
    ("order", lambda sample: sample.update(query=sample.pop("query")), {"order of keys"}),
]


@pytest.mark.parametrize(
    ("change", "fields"), [case[1:] for case in CHANGED], ids=[case[0] for case in CHANGED]
)
@pytest.mark.parametrize("indexed", [True, False])
def test_one_changed_field_is_named_and_no_other(
    tmp_path: Path, change: Callable[[dict[str, Any]], Any], fields: set[str], indexed: bool
) -> None:
    other = three()
    change(other[1])
    difference = compare_runs(
        write(tmp_path / "a", {"all": three()}), write(tmp_path / "b", {"all": other}, indexed=indexed)
    ).samples
    assert difference is not None
    assert (difference.same, difference.changed, difference.by_field) == (2, 1, dict.fromkeys(fields, 1))
    assert [change.id for change in difference.first_changed] == ["s-01"]


def test_what_moves_to_another_split_or_goes_is_counted(tmp_path: Path) -> None:
    a = write(tmp_path / "a", {"train": three()[:2], "test": three()[2:]})
    b = write(tmp_path / "b", {"train": [sample(0), sample(9)], "test": [sample(1)]})
    difference = compare_runs(a, b)
    samples = difference.samples
    assert samples is not None
    assert (samples.same, samples.only_a, samples.only_b, samples.changed) == (1, 1, 1, 1)
    assert (samples.first_only_a, samples.first_only_b) == (("s-02",), ("s-09",))
    assert [(change.name, change.a, change.b) for change in samples.first_changed[0].fields] == [
        ("split", "train", "test")
    ]
    assert difference.splits == ()  # two and one, as before
    assert "only in A: 1" in page(difference)


def test_another_order_is_not_the_same_dataset(tmp_path: Path) -> None:
    difference = compare_runs(
        write(tmp_path / "a", {"all": three()}), write(tmp_path / "b", {"all": three()[::-1]})
    )
    assert not difference.same
    assert difference.samples is not None
    assert (difference.samples.same, difference.samples.identical) == (3, False)
    assert "in another order" in page(difference)


def test_settings_versions_and_figures_are_compared_leaf_by_leaf(tmp_path: Path) -> None:
    a = write(tmp_path / "a", {"all": three()}, task={"plan": "guided"}, gone=None)
    b = write(tmp_path / "b", {"all": three()}, task={"plan": "free"}, seed=3)
    (b / "manifest.json").write_bytes(
        orjson.dumps({"versions": {"ptool": "2"}, "prompts": {"user": "ff"}, "counts": {"samples": 5}})
    )
    for run, share, kept in ((a, 0.1, 7), (b, 0.3, 9)):
        rows = [{"name": "train", "queries": 1}, {"name": "all", "queries": kept}]
        body = {
            "splits": rows,
            "necessity": {"needing": share},
            "gates": [{"gate": "leak", "rejected": kept}],
        }
        (run / "statistics.json").write_bytes(orjson.dumps(body))
    difference = compare_runs(a, b)
    assert [(change.name, change.a, change.b) for change in difference.settings] == [
        ("seed", 0, 3), ("task.plan", "guided", "free"),
    ]  # fmt: skip
    assert {change.name for change in difference.made_with} == {"versions.ptool", "prompts.user"}
    assert [(change.name, change.difference) for change in difference.statistics] == [
        ("necessity.needing", 0.2), ("gates.leak.rejected", 2),
    ]  # fmt: skip
    assert difference.counts[0].difference == 2
    assert "the datasets are the same" in page(difference)
    assert "what they came from differs" in page(difference)


def test_an_unfinished_run_is_said_to_be_one(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a", {"all": three()}), write(tmp_path / "b", {"all": three()})
    shutil.rmtree(b / "dataset")
    (b / "manifest.json").unlink()
    difference = compare_runs(a, b)
    assert difference.samples is None
    assert difference.notes[-1] == "B has no dataset yet: its run is not finished"
    assert "cannot be compared yet" in page(difference)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b'{"id":"s-00"}', "index.jsonl:1: damaged"),
        (b'{"id":"s","split":"all","file":"../x","offset":0,"bytes":1,"digest":"0"}', "expected a name"),
        (b"{", "not JSON"),
    ],
)
def test_a_damaged_index_is_one_line(tmp_path: Path, line: bytes, text: str) -> None:
    a, b = write(tmp_path / "a", {"all": three()}), write(tmp_path / "b", {"all": three()})
    (b / "dataset/index.jsonl").write_bytes(line + b"\n")
    with pytest.raises(StoreError, match=text) as got:
        compare_runs(a, b)
    assert "\n" not in str(got.value)


def test_foreign_texts_are_plain_and_bounded(tmp_path: Path) -> None:
    other = three()
    other[1]["query"] = "\x1b[2J\x9b\u202e[red]" + "z" * 100_000
    difference = compare_runs(write(tmp_path / "a", {"all": three()}), write(tmp_path / "b", {"all": other}))
    for width in (80, 120):
        text = page(difference, width)
        assert max(len(line) for line in text.splitlines()) <= width
        assert not [char for char in text if not char.isprintable() and char != "\n"]
        assert "[red]" in text
    assert len(as_json(difference)) < 5_000


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda leaf: (
        st.lists(leaf, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=4), leaf, max_size=3)
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=50)
@given(TREES)
def test_nothing_differs_from_itself(tree: Any) -> None:
    assert value_changes(tree, json.loads(json.dumps(tree))) == ()


@settings(max_examples=50)
@given(
    st.dictionaries(st.sampled_from("abc"), st.integers()),
    st.dictionaries(st.sampled_from("abc"), st.integers()),
)
def test_both_ways_the_same_leaves_differ(a: dict[str, int], b: dict[str, int]) -> None:
    there, back = value_changes(a, b), value_changes(b, a)
    assert {(change.name, change.a, change.b) for change in there} == {
        (change.name, change.b, change.a) for change in back
    }
    assert bool(there) == (a != b)


def test_plain_words_are_the_two_runs(tmp_path: Path) -> None:
    a, b = write(tmp_path / "it's, a", {"all": three()}), write(tmp_path / "b", {"all": three()[1:]})
    assert with_list(["a", "b", "format=json"], "runs") == ("format=json", "runs=['a','b']")
    done = subprocess.run(
        [sys.executable, "-m", "ptool.diff", str(a), str(b), "format=json"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["samples"]["first_only_a"] == ["s-00"]


@pytest.mark.parametrize("runs", [["a"], ["a", "b", "c"]])
def test_two_runs_are_wanted(runs: list[str]) -> None:
    with pytest.raises(ConfigError, match=rf"runs: got {len(runs)}, expected two run folders"):
        validated({"runs": runs, "format": "text"}, DiffSettings)


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_line_deleted_behind_the_indexs_back_is_no_equal_dataset(tmp_path: Path, side: str) -> None:
    a, b = write(tmp_path / "a", {"all": three()}), write(tmp_path / "b", {"all": three()})
    file = tmp_path / side / "dataset/samples.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(StoreError, match=rf"{side}/dataset/samples\.jsonl: the line of sample 's-02' is not"):
        compare_runs(a, b)
    (tmp_path / side / "dataset/index.jsonl").unlink()
    samples = compare_runs(a, b).samples  # the files as they stand
    assert samples is not None
    assert (samples.same, samples.only_a + samples.only_b, samples.identical) == (2, 1, False)
