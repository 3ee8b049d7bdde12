"""Commands with results in S3, on a server of moto on loopback: a run goes there, readers get it back."""

import importlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import ptool
import pytest
from ptool.errors import StoreError
from ptool.object_storage import local_copy
from ptool.store import RunFolder

fsspec = pytest.importorskip("fsspec", reason="needs ptool[objects]")
pytest.importorskip("s3fs", reason="needs ptool[objects]")
server = pytest.importorskip("moto.server", reason="needs moto[server]")

URL = "s3://results/runs/tiny"
SMALL = ("scenario=tiny", "users=1", "queries_per_user=2")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 server with one bucket."""
    s3 = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    s3.start()
    host, port = s3.get_host_and_port()
    yield f"http://{host}:{port}"
    s3.stop()


@pytest.fixture(autouse=True)
def bucket(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket, and a machine that knows where it is."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "FSSPEC_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a word of somebody")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    files = storage()
    if not files.exists("results"):
        files.mkdir("results")
    yield "results"
    for key in files.find("results"):
        files.rm(key)


def storage() -> object:
    """The storage, without anything remembered."""
    return fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False)


def command(name: str, *words: str) -> int:
    """The exit status of a command of ptool."""
    return importlib.import_module(f"ptool.{name}").main(list(words))


def listed() -> dict:
    """What the run's objects.json says."""
    return json.loads(storage().cat(f"{URL}/objects.json"))


def sent() -> list[str]:
    """How many objects each start of the run has sent, as its log says."""
    (log,) = Path("runs").glob("tiny-*/run.log")
    lines = log.read_text().splitlines()
    return [
        line.partition(" objects sent")[0].rpartition("| ")[2].split()[-3] for line in lines if "sent" in line
    ]


def test_a_run_goes_there_and_is_read_from_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("run", *SMALL, f"run.dir={URL}") == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"run folder: {URL}"
    (local,) = (tmp_path / "runs").iterdir()
    kept_here = {"ledger.sqlite", "run.log", ".lock"}
    files = {path.relative_to(local).as_posix() for path in local.rglob("*") if path.is_file()}
    assert set(listed()["objects"]) == files - kept_here

    shutil.rmtree(local)  # readers are on other machines
    assert command("evaluate", f"data={URL}", "baseline=gold") == 0
    assert command("export", f"run={URL}", "format=jsonl", "out=exported") == 0
    assert command("report", URL, "out=page.html") == 0
    assert command("export", f"run={URL}", "format=jsonl", "out=s3://results/exported") == 0
    assert Path(local_copy("s3://results/exported"), "samples.jsonl").read_bytes() == (
        Path("exported/samples.jsonl").read_bytes()
    )
    capsys.readouterr()
    assert command("diff", URL, URL) == 0
    assert "the same: 2 samples" in capsys.readouterr().out
    loaded = ptool.load(URL)
    assert [sample.id for sample in loaded] == [
        json.loads(line)["id"] for line in Path("exported/samples.jsonl").read_text().splitlines()
    ]
    with pytest.raises(StoreError, match=r"has no ledger, .* it is where the run was made"):
        _ = loaded.cost

    for words in (("status", URL), ("explain", URL, "x"), ("report", URL)):
        assert command(*words) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.startswith("config error: ") for line in said] == [True] * 3
    assert "its ledger stays there" in said[0]
    assert "out=report.html" in said[2]


@pytest.mark.slow
def test_a_second_start_sends_what_is_missing(tmp_path: Path) -> None:
    assert command("run", *SMALL, f"run.dir={URL}", f"run.local={tmp_path / 'here'}") == 0
    first = listed()
    storage().rm(f"{URL}/dataset/samples.jsonl")
    incomplete = {**first, "complete": False}
    storage().pipe(f"{URL}/objects.json", json.dumps(incomplete).encode())
    with pytest.raises(StoreError, match="not whole"):
        ptool.load(URL)

    assert command("run", *SMALL, f"run.dir={URL}", f"run.local={tmp_path / 'here'}") == 0
    second = listed()
    assert len(ptool.load(URL)) == 2  # pyright: ignore[reportArgumentType]
    log = (tmp_path / "here" / "run.log").read_text()
    assert f"{len(first['objects'])} of {len(first['objects'])} objects sent" in log
    assert (
        f"2 of {len(first['objects'])} objects sent" in log
    )  # the samples, and the manifest with its timings
    changed = {name for name in second["objects"] if second["objects"][name] != first["objects"][name]}
    assert changed == {"manifest.json"}


@pytest.mark.slow
def test_from_python(tmp_path: Path) -> None:
    made = ptool.synthesise("tiny", users=1, queries_per_user=2, run={"dir": URL})
    assert made.path.parent == tmp_path / "runs"
    assert [sample.id for sample in made] == [sample.id for sample in ptool.load(URL)]
    assert ptool.evaluate(URL, baseline="gold").status == "done"


@pytest.mark.parametrize(
    ("url", "status", "message"),
    [
        ("s3://nowhere/run", 2, "no such bucket or folder"),
        ("s3://results/../run", 2, "no '.' or '..'"),
        ("s3://somebody:word@results/run", 2, "got an address with an account in it"),
        ("s3://", 2, "expected a URL with a path"),
        ("s3://N!/run", 2, "refused (Parameter validation failed"),
        ("nothing://results/run", 2, "got protocol 'nothing', there are"),
    ],
)
def test_a_bad_url_is_refused_before_anything_is_made(
    url: str, status: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("run", *SMALL, f"run.dir={url}") == status
    said = capsys.readouterr().err.splitlines()
    assert [message in line for line in said] == [True]
    assert "word@" not in said[0]
    assert list(tmp_path.iterdir()) == []


def test_the_storage_is_asked_before_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert command("run", *SMALL, f"run.dir={URL}") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {URL}: the storage does not answer as it should (Could not connect")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert command("run", *SMALL, f"run.dir={URL}") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {URL}: no credentials (Unable to locate credentials)")
    assert list(tmp_path.iterdir()) == []


def test_what_was_made_is_safe_when_the_storage_goes_away(tmp_path: Path) -> None:
    said = r"no such bucket .* everything is safe in .*here, and the same command uploads what is missing"
    with (
        pytest.raises(StoreError, match=said),
        RunFolder(tmp_path / "here", {"settings": "a"}, url=URL) as folder,
    ):
        (folder / "statistics.json").write_text("{}")
        storage().rm("results", recursive=True)
    storage().mkdir("results")
    with RunFolder(tmp_path / "here", {"settings": "a"}, url=URL):
        pass
    assert list(listed()["objects"]) == [".ptool-run.json", "statistics.json"]


def test_a_folder_here_belongs_to_a_url(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("run", *SMALL, "run.local=here") == 2
    assert "run.local: got a folder, but run.dir is no URL" in capsys.readouterr().err
