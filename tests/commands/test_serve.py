"""`python -m ptool.serve` from outside: a run over it, how it ends, and what it refuses."""

import contextlib
import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ptool import run, serve
from ptool.models.prompt_blocks import render

DERIVED = ("api_tree.json", "profiles.jsonl", "histories.jsonl", "tasks.jsonl", "episodes.jsonl")
YAML = """
_target_: ptool.agents.Role
name: gardener
prompt: gardener
sees: [scenario, query]
player: outside_gardener.play
"""
PROMPT = """
{% block system %}Garden. {{ data("scenario") }}{% endblock %}
{% block user %}{{ data("query") }}{% endblock %}
"""
CODE = """
def play(request):
    return {"apis": len(request.kit.capabilities), "query": request.view("query")}
"""
GARDEN = """
# @package _global_
scenario: {name: garden, description: Plants., kit: tiny}
"""

Here = Callable[..., int]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    """`here(main, *words)`: a command in this process, in an empty folder; returns its exit status."""
    monkeypatch.chdir(tmp_path)

    def command(main: Callable[[list[str]], int], *words: str) -> int:
        return main(list(words))

    return command


@contextlib.contextmanager
def server(*words: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server process and its base URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ptool.serve", "server.port=0", *words],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().removeprefix("serving ").rstrip()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def data(folder: Path) -> dict[str, bytes]:
    """What a run derives from its ledger."""
    return {name: (folder / name).read_bytes() for name in (*DERIVED, "dataset/samples.jsonl")}


@pytest.mark.slow
def test_a_run_over_it_gives_the_same_bytes_and_its_recording_too(here: Here, tmp_path: Path) -> None:
    over_http = (
        "scenario=tiny",
        "model=openai_compatible",
        "model.model=any",
        "roles=paper",
        "qualification=0",
    )
    assert here(run.main, "scenario=tiny", "run.dir=own") == 0
    own = data(tmp_path / "own")

    with server("server.record=answers.jsonl", folder=tmp_path) as (process, url):
        assert here(run.main, *over_http, f"model.base_url={url}", "run.dir=served") == 0
        with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as reply:
            stats = json.load(reply)
        process.terminate()
        assert process.wait(timeout=20) == 143
    assert data(tmp_path / "served") == own
    recorded = len((tmp_path / "answers.jsonl").read_bytes().splitlines())
    assert stats["answers"] == stats["distinct"] == stats["requests"] == recorded > 50

    with server("server.replay=answers.jsonl", folder=tmp_path) as (_, url):
        assert here(run.main, *over_http, f"model.base_url={url}", "run.dir=replayed") == 0
    assert data(tmp_path / "replayed") == own


def test_ctrl_c_ends_it_with_what_it_did(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").touch()
    with server("server.replay=answers.jsonl", folder=tmp_path) as (process, url):
        assert url.startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
    assert (process.returncode, stderr) == (130, "stopped: 0 requests, 0 answers\n")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["server.host=0.0.0.0", "server.replay=empty"], "server.host: got '0.0.0.0', expected a loopback"),
        (["server.replay=nowhere"], "server.replay: nowhere: No such file or directory"),
        (["server.replay=empty", "server.record=b"], "server.record: got one beside server.replay"),
        (["server.replay=empty", "server.key_env=PTOOL_NO_SUCH_KEY"], "PTOOL_NO_SUCH_KEY is not set"),
        (["model=openai_compatible", "model.model=m", "model.base_url=http://127.0.0.1:1/v1"], "scripted"),
        (["server.faults.rate_limited=1.5"], "server.faults.rate_limited: got 1.5, expected a number"),
        (["+server.faults.emty=0.5", "server.replay=empty"], "did you mean 'empty'"),
        (["server.prot=1"], "server.prot: no such key; there are 'server.concurrency', "),
    ],
)
def test_a_fault_is_one_line(
    here: Here, words: list[str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").touch()
    status = here(serve.main, "server.port=0", *words)
    output = capsys.readouterr()
    assert line in output.err
    assert (status, output.out, len(output.err.splitlines())) == (2, "", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_ones_own_role_and_scenario_are_served_beside_ptools_own(tmp_path: Path) -> None:
    for name, text in (
        ("agent/gardener.yaml", YAML),
        ("prompts/gardener.jinja", PROMPT),
        ("outside_gardener.py", CODE),
        ("scenario/garden.yaml", GARDEN),
    ):
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_text(text)
    words = ("--config-dir", "mine", "scenario=garden", "judges=[verifier,gardener]")
    with server(*words, folder=tmp_path) as (_, url):
        answers = {name: json.loads(gardener(url, name)) for name in ("garden", "tiny", "finance")}
    assert answers["garden"] == answers["tiny"] == {"apis": 6, "query": "hi"}
    assert answers["finance"]["apis"] > 20


def gardener(url: str, scenario: str) -> str:
    """What the gardener says in a scenario."""
    text = "\n".join(("Role: gardener", render("scenario", {"name": scenario}), render("query", "hi")))
    body = json.dumps({"messages": [{"role": "system", "content": text}]}).encode()
    with urllib.request.urlopen(f"{url}/chat/completions", body) as reply:
        return json.load(reply)["choices"][0]["message"]["content"]
