"""An endpoint that goes away and returns, never answers, or is slow: what a person is told meanwhile."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from slow_endpoint import slow_endpoint
from test_check import checked, shown
from test_serve import server

TINY = (
    "scenario=tiny",
    "users=2",
    "queries_per_user=2",
    "model=openai_compatible",
    "model.model=m",
    "roles=paper",
    "qualification=0",
)


def run(url: str, folder: Path, *words: str) -> "subprocess.Popen[str]":
    """A run over an endpoint, without a terminal; Ctrl-C reaches it."""
    return subprocess.Popen(
        [sys.executable, "-m", "ptool.run", *TINY, f"model.base_url={url}", "run.dir=run", *words],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


@pytest.mark.slow
def test_while_an_endpoint_is_gone_lines_and_log_say_so_and_the_run_goes_on(tmp_path: Path) -> None:
    spell = ("server.spell.after=16", "server.spell.seconds=5", "server.spell.fault=unavailable")
    with server(*spell, folder=tmp_path) as (_, url):
        process = run(url, tmp_path)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    log = (tmp_path / "run/run.log").read_text()
    for text in (said, log):
        told = [line for line in text.splitlines() if "has not answered for" in line]
        assert told, text
        assert "(server: HTTP 503" in told[0]
        assert ", attempt " in told[0]
        assert "answered again" in text


def test_ctrl_c_while_nobody_answers_ends_at_once_with_what_is_kept(tmp_path: Path) -> None:
    spell = ("server.spell.after=16", "server.spell.seconds=600", "server.spell.fault=unavailable")
    with server(*spell, folder=tmp_path) as (_, url):
        process = run(url, tmp_path)
        assert process.stderr is not None
        said = ""
        while "has not answered for" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - began < 5
    assert "finished items are safe in" in rest


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize(("sent", "received", "slots"), [(2_500.0, 400.0, 2)])
def test_the_estimate_of_a_slow_endpoint_is_what_the_run_takes(
    sent: float, received: float, slots: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two slots and 64 calls at a time: what is sent beyond two at once gains nothing."""
    with slow_endpoint(sent, received, slots) as url:
        result = checked(*TINY[1:], f"model.base_url={url}")
        process = run(url, tmp_path)
        process.communicate(timeout=120)
    seconds = sum(json.loads((tmp_path / "run/manifest.json").read_text())["timings"].values())
    assert result.seconds is not None
    assert seconds / 1.5 < result.seconds < 1.5 * seconds
    assert "tokens a second in" in shown(result)
    assert "question of verifier to m at " in capsys.readouterr().err
