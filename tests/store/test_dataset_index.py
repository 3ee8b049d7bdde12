"""A dataset that is not what its index was made of is refused, whatever was done to it."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.errors import StoreError
from ptool.store.dataset_index import check_dataset, line_digest, read_index

LINES = [orjson.dumps({"id": f"s{number}", "query": f"item {number}"}) for number in range(4)]


def dataset(run: Path) -> Path:
    """A run folder with two parts of a dataset and their index; returns the first part."""
    (run / "dataset").mkdir(parents=True)
    entries = []
    for part, lines in (("train", LINES[:3]), ("test", LINES[3:])):
        (run / f"dataset/{part}.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
        for number, line in enumerate(lines):
            offset = sum(len(before) + 1 for before in lines[:number])
            place = {"file": f"{part}.jsonl", "offset": offset, "bytes": len(line)}
            id, digest = orjson.loads(line)["id"], line_digest(line)
            entries.append(orjson.dumps({"id": id, "split": part, "digest": digest} | place))
    (run / "dataset/index.jsonl").write_bytes(b"".join(entry + b"\n" for entry in entries))
    return run / "dataset/train.jsonl"


PLACES = [lambda run: run, lambda run: run / "dataset", lambda run: run / "dataset/train.jsonl"]


@pytest.mark.parametrize("place", PLACES, ids=["run", "dataset", "file"])
@pytest.mark.parametrize(
    "edit",
    [
        lambda lines: lines[1:], lambda lines: lines[:-1], lambda lines: [], lambda lines: lines[::-1],
        lambda lines: [*lines, b"{}"], lambda lines: [lines[0], *lines], lambda lines: [*lines, b""],
        lambda lines: [lines[0].replace(b"item", b"itme"), *lines[1:]],
    ],
)  # fmt: skip
def test_an_edited_file_is_refused(
    place: Callable[[Path], Path], edit: Callable[[list[bytes]], list[bytes]], tmp_path: Path
) -> None:
    file = dataset(tmp_path / "run")
    check_dataset(place(tmp_path / "run"))
    file.write_bytes(b"".join(line + b"\n" for line in edit(LINES[:3])))
    with pytest.raises(StoreError, match=r"train\.jsonl: .* is not what index\.jsonl was made of") as caught:
        check_dataset(place(tmp_path / "run"))
    assert "\n" not in str(caught.value)
    (tmp_path / "run/dataset/index.jsonl").unlink()
    check_dataset(place(tmp_path / "run"))  # taken as it stands


@given(st.data())
def test_no_altered_byte_goes_unnoticed(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = dataset(Path(folder) / "run")
        content = bytearray(file.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        file.write_bytes(content)
        with pytest.raises(StoreError):
            check_dataset(Path(folder) / "run")


def test_a_line_deleted_from_the_index_is_noticed(tmp_path: Path) -> None:
    dataset(tmp_path / "run")
    index = tmp_path / "run/dataset/index.jsonl"
    for gone in range(4):
        whole = index.read_bytes()
        lines = whole.splitlines(keepends=True)
        index.write_bytes(b"".join(line for number, line in enumerate(lines) if number != gone))
        with pytest.raises(StoreError, match="not what index"):
            check_dataset(tmp_path / "run")
        index.write_bytes(whole)


def test_a_part_that_is_missing_is_named(tmp_path: Path) -> None:
    dataset(tmp_path / "run").unlink()
    with pytest.raises(StoreError, match=r"train\.jsonl: does not exist, and index\.jsonl says that 's0'"):
        check_dataset(tmp_path / "run")


def test_who_reads_one_file_hears_nothing_of_the_others(tmp_path: Path) -> None:
    dataset(tmp_path / "run").write_bytes(b"")
    check_dataset(tmp_path / "run/dataset/test.jsonl")
    (tmp_path / "run/dataset/mine.jsonl").write_bytes(b"{}\n")
    check_dataset(tmp_path / "run/dataset/mine.jsonl")


def test_one_sample_is_read_only_as_it_was_written(tmp_path: Path) -> None:
    file = dataset(tmp_path / "run")
    places = dict(read_index(tmp_path / "run/dataset"))
    assert places["s1"].read_line() == LINES[1]
    file.write_bytes(file.read_bytes().replace(b"item 1", b"item 7"))
    assert places["s0"].read_line() == LINES[0]
    with pytest.raises(StoreError, match=f"byte {len(LINES[0]) + 1} is not what index"):
        places["s1"].read_line()
