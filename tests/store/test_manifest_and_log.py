"""The manifest tells how a run was made; the log keeps what happened, on lines of its own."""

import logging
from pathlib import Path

import orjson
import pytest
from ptool.cli.streams import warnings_shown
from ptool.errors import StoreError
from ptool.log import logger
from ptool.store import Manifest, run_log, versions, write_manifest


def test_the_manifest_holds_what_is_needed_to_make_the_run_again(tmp_path: Path) -> None:
    manifest = Manifest(
        settings={"seed": 1}, digest="abc", seeds={"run": 1}, model="scripted: …", prompts={"user": "f00"},
        counts={"users": 4}, funnel={"made": 2, "kept": 1}, timings={"episodes": 1.23456},
    )  # fmt: skip
    write_manifest(tmp_path / "manifest.json", manifest)
    kept = orjson.loads((tmp_path / "manifest.json").read_bytes())
    assert kept["timings"] == {"episodes": 1.235}
    assert (kept["seeds"], kept["model"], kept["format"]) == ({"run": 1}, "scripted: …", 1)
    assert kept["versions"]["ptool"] == "0.1.0"


def test_versions_name_the_dependencies_but_no_extras() -> None:
    found = versions()
    assert {"python", "ptool", "autogen-agentchat", "networkx", "pydantic"} <= found.keys()
    assert "pytest" not in found
    assert "not installed" not in found.values()


def test_warnings_reach_the_terminal_and_the_rest_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with warnings_shown(), run_log(tmp_path / "run.log"):
        logger.info("quiet {}", 1)
        logger.warning("loud")
        logging.getLogger("autogen_core.events").info("a whole prompt")
        logging.getLogger("faker").warning("from the standard library")
    lines = (tmp_path / "run.log").read_text().splitlines()
    assert [line.split(": ", 1)[1] for line in lines] == ["quiet 1", "loud", "from the standard library"]
    assert "faker: " in lines[2]
    assert capsys.readouterr().err == "WARNING: loud\nWARNING: from the standard library\n"


def test_a_text_cannot_forge_a_line(tmp_path: Path) -> None:
    with run_log(tmp_path / "run.log"):
        logging.getLogger("x").warning("one\n2026-01-01 CRITICAL two {braces}")
    (line,) = (tmp_path / "run.log").read_text().splitlines()
    assert r"one\n2026-01-01 CRITICAL two {braces}" in line


def test_a_log_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"), run_log(tmp_path / "file" / "run.log"):
        pass
