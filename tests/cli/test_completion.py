"""The shell completes commands, keys and choices of ptool."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ptool.cli.completion import completions
from ptool.settings import EvaluateSettings, Settings, StatusSettings


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("splits.most", ["splits.most.all=", "splits.most.trained=", "splits.most.untrained="]),
        ("scenario=t", ["scenario=takeout", "scenario=tiny", "scenario=training", "scenario=travel"]),
        ("run", ["run.dir="]),
        ("assistant=", ["assistant=confirm", "assistant=none", "assistant=propose"]),
        ("twins=", ["twins=false", "twins=true"]),
        ("--conf", ["--config-dir", "--config-name"]),
        ("run.dir=", []),
        ("nothing", []),
        ("nothing=", []),
    ],
)
def test_a_word_becomes_what_there_is(word: str, found: list[str]) -> None:
    assert completions(word, "config", Settings) == found
    assert completions(word, "check", Settings) == found


def test_every_command_has_its_own_keys(tmp_path: Path) -> None:
    assert completions("", "status", StatusSettings) == ["format=", "run="]
    assert "model=" in completions("m", "evaluate", EvaluateSettings)
    assert completions("scenario", "evaluate", EvaluateSettings) == []
    (tmp_path / "scenario").mkdir()
    (tmp_path / "scenario" / "garden.yaml").touch()
    assert completions("scenario=g", "config", Settings, [tmp_path]) == ["scenario=garden"]


SIMULATED = """
source <(ptool --completion=bash)
COMP_LINE="$1"; COMP_POINT=${#1}
compopt() { :; }
_ptool ptool
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ("ptool ev", ["evaluate"]),
        ("ptool run assi", ["assignment=", "assistant="]),
        ("ptool run seed=3 scenario=ti", ["tiny"]),  # bash replaces what is behind the last '='
        ("ptool run --config-dir mine scenario=g", ["garden"]),
        ("ptool status run=fo", ["folder of mine"]),
        ("ptool explain fo", ["format=", "folder of mine"]),
    ],
)
def test_bash_is_given_what_it_replaces(line: str, replies: list[str], tmp_path: Path) -> None:
    (tmp_path / "folder of mine").mkdir()
    (tmp_path / "mine" / "scenario").mkdir(parents=True)
    (tmp_path / "mine" / "scenario" / "garden.yaml").touch()
    program = tmp_path / "ptool"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m ptool \"$@\"\n")
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", SIMULATED, "bash", line], cwd=tmp_path, capture_output=True, text=True, timeout=60,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert (done.stdout.splitlines(), done.stderr) == (replies, "")
