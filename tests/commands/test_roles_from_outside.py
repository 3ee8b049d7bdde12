"""A role that is only named is found in the user's own folder, whichever way the folder is given."""

import sys
from pathlib import Path

import pytest
from ptool.cli.compose import Sources
from ptool.cli.main import run_command
from ptool.settings import Settings
from ptool.settings.instantiate import build

YAML = """
_target_: outside_judge.OutsideJudge
name: outside
sees: [query]
strictness: 2
sampling: {temperature: 0.1, top_p: 0.9}
"""
CODE = """
class OutsideJudge:
    def __init__(self, name, sees, strictness, **rest):
        self.name, self.strictness = name, strictness
"""
EXPERIMENT = """
# @package _global_
judges: [verifier, outside]
agent: {outside: {strictness: 3}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine" / "agent").mkdir(parents=True)
    (tmp_path / "mine" / "experiment").mkdir()
    (tmp_path / "mine" / "scenario").mkdir()
    (tmp_path / "mine" / "agent" / "outside.yaml").write_text(YAML)
    (tmp_path / "mine" / "experiment" / "two_judges.yaml").write_text(EXPERIMENT)
    (tmp_path / "mine" / "scenario" / "garden.yaml").write_text(
        "name: garden\ndescription: Plants, tools and advice.\nkit: null\n"
    )
    (tmp_path / "mine" / "outside_judge.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path / "mine"


def composed(*words: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[tuple[Settings, Sources]]]:
    """Exit status, and what a job of these arguments is given."""
    given: list[tuple[Settings, Sources]] = []
    return run_command(lambda: lambda *both: given.append(both) or 0, words), given


WAYS = {
    "config-dir": ["--config-dir", "mine"],
    "searchpath": ["hydra.searchpath=[file://mine]"],
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize(
    ("words", "strictness"),
    [
        (["judges=[verifier,outside]"], 2),
        (["query_gate=[outside]"], 2),
        (["experiment=two_judges"], 3),
        (["judges=[outside]", "+agent.outside.strictness=4"], 4),
        (["judges=[outside]", "+agent@agent.outside=outside", "agent.outside.strictness=5"], 5),
    ],
    ids=["judges", "query_gate", "experiment", "partly set", "composed by hand"],
)
def test_it_is_found_and_can_be_built(
    folder: Path, way: list[str], words: list[str], strictness: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, [(settings, sources)] = composed(*way, *words, monkeypatch=monkeypatch)
    with sources.importable():
        judge = build(settings.agent["outside"], "agent.outside")
    assert (status, judge.name, judge.strictness) == (0, "outside", strictness)
    assert settings.agent["outside"].sampling == {"temperature": 0.1, "top_p": 0.9}
    assert sources.folders == (folder,)
    assert sources.prompts() == (folder, folder / "prompts", folder / "agent")


def test_a_scenario_is_one_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, [(settings, _)] = composed("--config-dir", "mine", "scenario=garden", monkeypatch=monkeypatch)
    assert [one.name for one in settings.scenarios()] == ["garden"]


def test_an_unknown_role_names_those_of_the_folder_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, given = composed("--config-dir", "mine", "judges=[outsid]", monkeypatch=monkeypatch)
    assert (status, given) == (2, [])
    assert "judges: got 'outsid', there are roles 'actor', " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [1", "agent/outside.yaml: not YAML: "),
        (
            "defaults: [nobody]\nname: outside",
            "config error: In 'agent/outside': Could not load 'agent/nobody'.",
        ),
        ("name: outside", "config error: agent.outside._target_: missing, expected a text"),
        (
            "_target_: a.B\nname: outside\nsees: ${nope}",
            "config error: agent.outside.sees: Interpolation key 'nope' not found",
        ),
    ],
)
def test_a_broken_role_file_is_one_line(
    folder: Path, text: str, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "agent" / "outside.yaml").write_text(text)
    status, _ = composed("--config-dir", "mine", "judges=[outside]", monkeypatch=monkeypatch)
    stderr = capsys.readouterr().err
    assert (status, "Traceback" in stderr) == (2, False)
    assert line in stderr


def test_without_own_folders_there_are_no_sources(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, [(_, sources)] = composed(monkeypatch=monkeypatch)
    assert sources == Sources(())
