"""A folder in object storage is whole or says that it is not, whenever an upload breaks off."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import orjson
import pytest

fsspec = pytest.importorskip("fsspec", reason="needs ptool[objects]")
from fsspec.implementations.memory import MemoryFileSystem  # noqa: E402
from ptool.errors import StorageDownError, StoreError  # noqa: E402
from ptool.object_storage import ObjectFolder, local_copy  # noqa: E402
from ptool.object_storage.listing import LIST, parse_list  # noqa: E402

RUN = {"settings": "abc"}
URL = "breaking://bucket/run"


class BreakingFileSystem(MemoryFileSystem):
    """A storage in memory that answers so many writes, and no more."""

    protocol = "breaking"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    writes: ClassVar[list[str]] = []
    answers: ClassVar[int] = 1_000_000

    @classmethod
    def _strip_protocol(cls, path: Any) -> str:
        return MemoryFileSystem._strip_protocol(str(path).removeprefix("breaking://"))

    def _write(self, what: str) -> None:
        if len(self.writes) >= self.answers:
            raise ConnectionResetError("broken off")
        self.writes.append(what)

    def pipe_file(self, path: str, value: bytes, **options: Any) -> None:
        self._write(f"put {path.rpartition('/')[2]}")
        super().pipe_file(path, value, **options)

    def put_file(self, lpath: str, rpath: str, **options: Any) -> None:
        self._write(f"put {rpath.rpartition('/')[2]}")
        super().put_file(lpath, rpath, **options)

    def rm_file(self, path: str) -> None:
        self._write(f"delete {path.rpartition('/')[2]}")
        super().rm_file(path)

    def rm(self, path: Any, **options: Any) -> None:
        for one in [path] if isinstance(path, str) else path:
            self.rm_file(one)


fsspec.register_implementation("breaking", BreakingFileSystem, clobber=True)


@pytest.fixture(autouse=True)
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[BreakingFileSystem]]:
    """An empty storage, and an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    BreakingFileSystem.store.clear()
    BreakingFileSystem.pseudo_dirs[:] = [""]
    BreakingFileSystem.writes.clear()
    BreakingFileSystem.answers = 1_000_000
    yield BreakingFileSystem
    BreakingFileSystem.store.clear()


def run_folder(path: Path, **files: str) -> Path:
    """A local folder with files, `__` for a slash and `_` for a dot."""
    for name, text in files.items():
        file = path / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return path


def contents(folder: Path) -> dict[str, str]:
    """Name -> text of every file below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()}


FIRST = {"manifest_json": "1", "dataset__samples_jsonl": "aaaa", "dataset__old_jsonl": "o"}
SECOND = {"manifest_json": "2", "dataset__samples_jsonl": "bbbb", "dataset__new_jsonl": "n"}
"""Two states of one run: `samples` changes and keeps its size."""


def test_what_was_uploaded_is_read_and_the_manifest_comes_last(tmp_path: Path) -> None:
    working = {
        "ledger_sqlite": "l",
        "run_log": "x",
        "_lock": "1",
        "shards__0__a_json": "s",
        "objects_json": "{}",
    }
    run = run_folder(tmp_path / "run", **FIRST, **working)
    (run / "link.json").symlink_to(run / "run.log")

    ObjectFolder(URL).claim(RUN, "run.dir")
    ObjectFolder(URL).upload(run, RUN, "run.dir")

    assert contents(Path(local_copy(URL))) == {
        "manifest.json": "1",
        "dataset/samples.jsonl": "aaaa",
        "dataset/old.jsonl": "o",
    }
    assert BreakingFileSystem.writes[-2:] == ["put manifest.json", "put objects.json"]


@pytest.mark.parametrize("answers", range(12))
def test_a_reader_sees_one_state_or_is_told_wherever_an_upload_breaks(answers: int, tmp_path: Path) -> None:
    ObjectFolder(URL).claim(RUN, "run.dir")
    ObjectFolder(URL).upload(run_folder(tmp_path / "1", **FIRST), RUN, "run.dir")
    BreakingFileSystem.writes.clear()
    BreakingFileSystem.answers = answers
    second, broken = run_folder(tmp_path / "2", **SECOND), False
    try:
        ObjectFolder(URL).upload(second, RUN, "run.dir")
    except StorageDownError as error:
        broken = True
        assert "the same command uploads what is missing" in str(error)
    assert broken == (answers < 9)

    try:
        seen = contents(Path(local_copy(URL)))
    except StoreError as error:
        assert "not whole" in str(error)
        assert 0 < answers < 9
    else:
        assert seen == (contents(tmp_path / "1") if broken else contents(second))

    BreakingFileSystem.answers = 1_000_000
    ObjectFolder(URL).upload(second, RUN, "run.dir")
    assert contents(Path(local_copy(URL))) == contents(second)
    assert "/bucket/run/dataset/old.jsonl" not in BreakingFileSystem.store


def test_the_next_upload_sends_only_what_is_missing(tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run", a_json="1", b_json="2", c_json="3", manifest_json="m")
    ObjectFolder(URL).claim(RUN, "run.dir")
    BreakingFileSystem.answers = 4  # the claim, a list, a.json and b.json
    with pytest.raises(StorageDownError):
        ObjectFolder(URL).upload(run, RUN, "run.dir")
    BreakingFileSystem.answers = 1_000_000
    BreakingFileSystem.writes.clear()

    ObjectFolder(URL).upload(run, RUN, "run.dir")
    files = [write for write in BreakingFileSystem.writes if write != "put objects.json"]
    assert files == ["put c.json", "put manifest.json"]

    BreakingFileSystem.writes.clear()
    ObjectFolder(URL).upload(run, RUN, "run.dir")
    assert BreakingFileSystem.writes == []


def test_the_folder_of_another_run_is_refused_and_left_alone(tmp_path: Path) -> None:
    ObjectFolder(URL).claim(RUN, "run.dir")
    before = dict(BreakingFileSystem.store)
    for ask in (
        lambda folder: folder.claim({"settings": "abd"}, "run.dir"),
        lambda folder: folder.upload(tmp_path, {"settings": "abd"}, "run.dir"),
    ):
        with pytest.raises(StoreError, match=r"begun with other settings; choose another run\.dir"):
            ask(ObjectFolder(URL))
    assert before == BreakingFileSystem.store


def test_objects_of_something_else_are_refused(tmp_path: Path) -> None:
    BreakingFileSystem().pipe_file("/bucket/run/thesis.tex", b"mine")
    with pytest.raises(StoreError, match="holds objects but no ptool run; choose an empty folder as out"):
        ObjectFolder(URL).claim(RUN, "out")
    assert list(BreakingFileSystem.store) == ["/bucket/run/thesis.tex"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("dataset/samples.jsonl", b"aaab", "got other bytes"),
        ("dataset/samples.jsonl", b"aaa", "got 3 bytes, expected 4 bytes"),
        ("manifest.json", None, "got nothing, expected 1 bytes"),
    ],
)
def test_a_changed_object_is_found_by_its_reader(
    name: str, content: bytes | None, message: str, tmp_path: Path
) -> None:
    ObjectFolder(URL).claim(RUN, "run.dir")
    ObjectFolder(URL).upload(run_folder(tmp_path / "run", **FIRST), RUN, "run.dir")
    files = BreakingFileSystem()
    files.rm_file(f"/bucket/run/{name}")
    if content is not None:
        files.pipe_file(f"/bucket/run/{name}", content)
    with pytest.raises(StoreError, match=message):
        local_copy(URL)
    assert list((tmp_path / "cache/ptool/objects").iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"objects": {"../a": {"bytes": 1, "sha256": "0"}}},
        {"objects": {"/etc/passwd": {"bytes": 1, "sha256": "0"}}},
        {"objects": {"objects.json": {"bytes": 1, "sha256": "0"}}},
        {"objects": {"a": {"bytes": -1, "sha256": "0"}}},
        {"objects": {"a": {"bytes": True, "sha256": "0"}}},
        {"objects": {"a": {"bytes": 1 << 60, "sha256": "0"}}},
        {"objects": {"a": 1}},
        {"objects": []},
        {"identity": 1},
    ],
)
def test_a_list_that_leads_elsewhere_is_damaged(change: dict[str, Any]) -> None:
    sound = {"format": 1, "identity": {}, "complete": True, "objects": {}}
    assert parse_list(orjson.dumps(sound), LIST).complete
    with pytest.raises(StoreError, match=r"objects\.json: damaged, or not written by ptool"):
        parse_list(orjson.dumps({**sound, **change}), LIST)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_no_list_is_damaged_in_one_line(content: bytes) -> None:
    with pytest.raises(StoreError, match="damaged, or not written by ptool"):
        parse_list(content, LIST)


def test_parts_of_a_run_and_single_files_are_read(tmp_path: Path) -> None:
    ObjectFolder(URL).claim(RUN, "run.dir")
    ObjectFolder(URL).upload(run_folder(tmp_path / "run", **FIRST), RUN, "run.dir")
    BreakingFileSystem().pipe_file("/bucket/data.json", b"[]")

    part = Path(local_copy(f"{URL}/dataset/samples.jsonl"))
    assert part.read_text() == "aaaa"
    assert (part.parent / "old.jsonl").is_file()  # what stands beside it is there
    assert Path(local_copy("breaking://bucket/data.json")).read_text() == "[]"
    assert local_copy("runs/a") == "runs/a"
    with pytest.raises(StoreError, match=r"no objects\.json there"):
        local_copy("breaking://bucket")


def test_a_copy_is_fetched_once_and_again_when_the_run_changed(tmp_path: Path) -> None:
    ObjectFolder(URL).claim(RUN, "run.dir")
    ObjectFolder(URL).upload(run_folder(tmp_path / "1", **FIRST), RUN, "run.dir")
    first = local_copy(URL)
    assert local_copy(f"{URL}/") == first
    ObjectFolder(URL).upload(run_folder(tmp_path / "2", **SECOND), RUN, "run.dir")
    second = local_copy(URL)
    assert second != first
    assert (Path(first) / "manifest.json").read_text() == "1"
    assert (Path(second) / "manifest.json").read_text() == "2"


@pytest.mark.parametrize(
    ("url", "message"),
    [("gs://bucket/run", "install gcsfs"), ("nowhere://a", "got protocol 'nowhere', there are .*'s3'")],
)
def test_a_protocol_that_is_not_there_is_one_line(url: str, message: str) -> None:
    if url.startswith("gs"):
        pytest.importorskip("fsspec")
        try:
            import gcsfs  # noqa: F401  # pyright: ignore[reportMissingImports]
        except ImportError:
            pass
        else:
            pytest.skip("gcsfs is installed")
    with pytest.raises(StoreError, match=message):
        ObjectFolder(url)


def test_without_fsspec_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fsspec.registry", None)
    with pytest.raises(StoreError, match=r"pip install 'ptool\[objects\]'"):
        ObjectFolder("s3://bucket/run")


def test_file_urls_are_folders_of_this_machine(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/there/run"
    ObjectFolder(url).claim(RUN, "run.dir")
    ObjectFolder(url).upload(run_folder(tmp_path / "run", **FIRST), RUN, "run.dir")
    assert contents(Path(local_copy(url))) == contents(tmp_path / "run")
    assert sorted(contents(tmp_path / "there/run")) == sorted([*contents(tmp_path / "run"), LIST])
