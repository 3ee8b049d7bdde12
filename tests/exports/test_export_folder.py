"""The folder of an export: complete or not there, equal for equal settings, never over a file of others."""

import errno
import hashlib
import json
from pathlib import Path

import pytest
from export_bench import export, file_of, sample, settings
from ptool.errors import ConfigError, StoreError
from ptool.exports.folder import OutputFile

FORMATS = ("lm_eval", "ptbench", "messages", "tools", "sharegpt", "trl", "dpo", "kto", "bfcl", "jsonl", "csv")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file that is seen."""
    files = (file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(files)}


@pytest.mark.parametrize("format", FORMATS)
def test_equal_exports_have_equal_bytes_and_a_true_manifest(made: Path, tmp_path: Path, format: str) -> None:
    first, second = (export(run=made, format=format, out=tmp_path / name) for name in ("a", "b"))
    found = contents(first.folder)
    assert found == contents(second.folder) and str(tmp_path).encode() not in b"".join(found.values())
    manifest = json.loads(found.pop("manifest.json"))
    assert manifest["files"].keys() == found.keys() and manifest["export"]["format"] == format
    for name, entry in manifest["files"].items():
        assert entry["sha256"] == hashlib.sha256(found[name]).hexdigest()
        assert entry["bytes"] == len(found[name])
    assert sum(entry["records"] for entry in manifest["files"].values()) == first.records > 0


@pytest.mark.parametrize("format", FORMATS)
def test_a_variant_shows_nothing_of_what_it_leaves_out(tmp_path: Path, format: str) -> None:
    profile = {
        "basic_features": {"tags": ["a", "b"], "motto": "BASIC"},
        "user_history": {"shop": [{"platform": "East", "action": "HISTORY"}]},
    }
    data = file_of(tmp_path, sample(user_profile=profile))
    seen = {}
    for variant in ("all", "no_basic", "no_history", "none"):
        export(data=data, format=format, variant=variant, out=tmp_path / variant)
        whole = b"".join(contents(tmp_path / variant).values())
        seen[variant] = (b"BASIC" in whole, b"HISTORY" in whole)
    assert seen == {
        "all": (True, True), "no_basic": (False, True), "no_history": (True, False), "none": (False, False),
    }  # fmt: skip


def test_parquet_has_equal_bytes_too(made: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    first, second = (export(run=made, format="parquet", out=tmp_path / name).folder for name in "ab")
    assert contents(first) == contents(second)


def test_both_forms_of_a_dataset_are_exported_alike(tmp_path: Path) -> None:
    """Tools and profile beside the samples, or in every sample."""
    inline = [sample(number) for number in range(4)]
    shared_of = {"tools": ("scenario", "platforms", "tools"), "users": ("user_id", "user_profile")}
    left_out = {"platforms", "tools", "user_profile"}
    slim = tmp_path / "slim"
    slim.mkdir()
    for name, keys in shared_of.items():
        parts = {one[keys[0]]: {key: one[key] for key in keys} for one in inline}
        (slim / f"{name}.jsonl").write_text("".join(json.dumps(part) + "\n" for part in parts.values()))
    slim_file = file_of(slim, *({key: one[key] for key in one if key not in left_out} for one in inline))
    whole_file = file_of(tmp_path, *inline)
    for format in FORMATS:
        for name, file in (("slim", slim_file), ("whole", whole_file)):
            export(data=file, format=format, out=tmp_path / f"{format}-{name}")
        found = [contents(tmp_path / f"{format}-{name}") for name in ("slim", "whole")]
        assert found[0] == found[1]


def test_a_repeated_export_replaces_what_it_wrote(tmp_path: Path) -> None:
    data = file_of(tmp_path, sample())
    before = contents(export(data=data, format="messages", out=tmp_path / "out").folder)
    (tmp_path / "out" / "samples.jsonl").unlink()  # what is gone is written again
    assert contents(export(data=data, format="messages", out=tmp_path / "out").folder) == before


@pytest.mark.parametrize("name", ["samples.jsonl", "README.md"])
def test_a_changed_file_is_left_alone(tmp_path: Path, name: str) -> None:
    data, out = file_of(tmp_path, sample()), tmp_path / "out"
    export(data=data, format="messages", out=out)
    (out / name).write_text("mine")
    with pytest.raises(StoreError, match=f"{name}: was changed since it was exported; remove it"):
        export(data=data, format="messages", out=out)
    assert (out / name).read_text() == "mine"


def test_a_file_it_did_not_write_is_left_alone(tmp_path: Path) -> None:
    data, out = file_of(tmp_path, sample()), tmp_path / "out"
    export(data=data, format="messages", out=out)
    manifest = json.loads((out / "manifest.json").read_text())
    del manifest["files"]["samples.jsonl"]
    (out / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(StoreError, match=r"samples\.jsonl: is there and not of an export"):
        export(data=data, format="messages", out=out)


def test_a_folder_of_something_else_is_refused(made: Path, tmp_path: Path) -> None:
    data, out = file_of(tmp_path, sample()), tmp_path / "out"
    export(data=data, format="messages", out=out)
    with pytest.raises(StoreError, match="choose another out"):
        export(data=data, format="trl", out=out)
    with pytest.raises(StoreError, match="choose another out"):
        export(data=data, format="trl", out=made)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="choose an empty folder as out"):
        export(data=data, format="trl", out=mine)
    assert contents(mine) == {"notes.txt": b"mine"}


@pytest.mark.parametrize("format", FORMATS)
def test_a_fault_at_the_end_leaves_nothing(tmp_path: Path, format: str) -> None:
    data = file_of(tmp_path, sample(0), sample(1), {**sample(2), "answer": "East"})
    with pytest.raises(StoreError, match=r"samples\.jsonl:3: answer: got 'East'"):
        export(data=data, format=format, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("format", ["messages", "bfcl", "csv"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    data, written = file_of(tmp_path, *map(sample, range(9))), []

    def write(file: OutputFile, content: bytes) -> int:
        written.append(len(content))
        if len(written) > 8:
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(content)

    monkeypatch.setattr(OutputFile, "write", write)
    with pytest.raises(StoreError, match="cannot be written: disk full") as raised:
        export(data=data, format=format, out=tmp_path / "out")
    assert "\n" not in str(raised.value) and not (tmp_path / "out").exists()


def test_two_samples_of_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="two samples have the id 's000'"):
        export(data=file_of(tmp_path, sample(), sample()), format="messages", out=tmp_path / "out")


def test_parts_are_those_chosen(made: Path, tmp_path: Path) -> None:
    assert export(run=made, format="jsonl", out=tmp_path / "a").parts == ("train", "test", "unseen")
    assert export(run=made, format="jsonl", parts=["twins", "train"], out=tmp_path / "b").parts == (
        "train", "twins",
    )  # fmt: skip
    assert export(run=made, format="lm_eval", out=tmp_path / "c").parts == ("test",)
    drawn = export(run=made, format="jsonl", n=5, out=tmp_path / "d")
    assert drawn.records == 5
    with pytest.raises(ConfigError, match=r"parts: got 'samples', .* has .*train"):
        export(run=made, format="jsonl", parts="samples", out=tmp_path / "e")
    with pytest.raises(ConfigError, match=r"parts: got train, but .* is one file"):
        data = made / "dataset" / "test.jsonl"
        export(data=data, format="jsonl", parts="train", out=tmp_path / "e")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"run": "a", "data": "b"}, "run: got a run and data too"),
        ({}, "data: missing, expected data=FILE, or run=FOLDER"),
        ({"data": "a", "format": "tools", "answer": "json"}, "answer: got 'json' with format=tools"),
        ({"data": "a", "format": "parquet", "answer": "json"}, "answer: got 'json' with format=parquet"),
        ({"data": "a", "format": "lm_eval", "answer": "native"}, "answer: got 'native' with format=lm_eval"),
        ({"data": "a", "format": "bfcl", "style": "text"}, "style: got 'text' with format=bfcl"),
        (
            {"data": "a", "format": "dpo", "style": "text", "answer": "native"},
            "style: got 'text' with answer",
        ),
        ({"data": "a", "format": "trl", "negatives": ["twins"]}, "negatives: got a list with format=trl"),
        ({"data": "a", "format": "dpo", "negatives": ["twins", "twins"]}, "negatives: got 'twins' twice"),
        ({"data": "a", "format": "dpo", "parts": ["all"]}, "parts.0: got 'all', expected 'samples' or"),
    ],
)
def test_what_does_not_fit_is_refused(words: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        settings(**words)
