"""A command that is suggested is one that works where it is pasted."""

import os
import sys
from pathlib import Path

import pytest
from ptool.cli.program import command_line

PYTHON = Path(sys.executable).absolute()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an environment of its own, none of which is on the search path."""
    tools = tmp_path / "env" / "bin"
    tools.mkdir(parents=True)
    for name in ("python", "python3", "ptool"):
        (tools / name).symlink_to(PYTHON)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "executable", str(tools / "python3"))
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "ptool" / "run.py")])
    return tmp_path


def test_a_python_that_is_not_on_the_path_is_named_by_its_path(here: Path) -> None:
    assert command_line("report", "run=a b") == "env/bin/python3 -m ptool.report 'run=a b'"


def test_a_python_on_the_path_is_named_shortly(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(here / "env" / "bin"))
    assert command_line("run", "seed=3") == "python -m ptool.run seed=3"


@pytest.mark.parametrize(("path", "program"), [("env/bin", "ptool"), ("", "env/bin/ptool")])
def test_ptool_is_named_where_it_was_started(
    path: str, program: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(here / path) if path else os.devnull)
    monkeypatch.setattr(sys, "argv", [str(here / "env" / "bin" / "ptool")])
    assert command_line("run", "seed=3") == f"{program} run seed=3"
