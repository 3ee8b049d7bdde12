"""What the documents say works, and nothing in the tree belongs to one machine."""

import os
import re
import shlex
from functools import cache
from pathlib import Path

import ptool
import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from ptool import settings
from ptool.__main__ import COMMANDS
from ptool.cli.args import parse_arguments
from ptool.experiment import with_models
from ptool.review import with_action

ROOT = Path(ptool.__file__).parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md")), ROOT / "runs" / "README.md"]
TEXT = {".py", ".md", ".yaml", ".toml", ".jinja", ".txt", ".json", ".csv", ".sh", ""}
OUTSIDE = {"build", "dist", "__pycache__", "ptool.egg-info", "node_modules"}
MACHINE_PATH = re.compile(r"(?<![\w.:/~-])/(?:home|Users|root|work|mnt|scratch)/\w")
KINDS = {
    "run": ("config", settings.Settings),
    "merge": ("merge", settings.MergeSettings),
    "check": ("check", settings.Settings),
    "serve": ("serve", settings.ServeSettings),
    "status": ("status", settings.StatusSettings),
    "explain": ("explain", settings.ExplainSettings),
    "diff": ("diff", settings.DiffSettings),
    "report": ("report", settings.ReportSettings),
    "evaluate": ("evaluate", settings.EvaluateSettings),
    "compare": ("compare", settings.CompareSettings),
    "experiment": ("experiment", settings.ExperimentSettings),
    "export": ("export", settings.ExportSettings),
    "train": ("train", settings.TrainSettings),
    "review": ("review", settings.ReviewSettings),
}
"""Command -> its primary config, and what that must become."""
LISTED = {"compare": "evaluations", "diff": "runs"}
"""Commands that take folders as plain words -> the key those become."""
UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")))

pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").is_file(), reason="needs the source tree")


def commands(text: str) -> list[str]:
    """The shell lines of a document's code blocks, comments and prompts removed."""
    blocks = re.findall(r"^```(?:sh|bash|console|shell)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = (
        line.removeprefix("$ ").partition("  #")[0].strip() for block in blocks for line in block.splitlines()
    )
    return [line for line in lines if line and not line.startswith("#")]


@cache
def problem(command: str) -> str | None:
    """Why a documented command would not start; None where it would, or where it is not ours."""
    words = shlex.split(command)
    if words[0] == "make":
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        wanted = [word for word in words[1:] if "=" not in word]
        return next((f"no target {word}" for word in wanted if word not in targets), None)
    module = re.match(r"(?:python3? -m ptool\.|ptool )(\w+)", command)
    if module is None:
        return None
    name = module.group(1)
    if name not in COMMANDS:
        return f"no command {name}"
    if "--config-dir" in words or "--help" in words:
        return None
    after = words[3:] if words[1] == "-m" else words[2:]
    if name == "experiment":
        return refused(name, list(parse_arguments(with_models(after), None, ("name",)).overrides))
    if name == "review":
        return refused(name, list(parse_arguments(with_action(after), None, ("run",)).overrides))
    return refused(name, list(parse_arguments(after, LISTED.get(name)).overrides))


def refused(name: str, overrides: list[str]) -> str | None:
    """What Hydra or the settings say against overrides; None: nothing. Of a sweep, the first value counts."""
    single = [re.sub(r"^([\w.]+=[^\[{'\",]+),.*", r"\1", one) for one in overrides]
    config, kind = KINDS[name]
    try:
        with initialize_config_module("ptool.conf", version_base="1.3"):
            composed = compose(config, single)
        found = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
        assert isinstance(found, dict)
        settings.validated({str(key): value for key, value in found.items()}, kind)
    except Exception as error:
        return str(error)
    return None


def test_every_command_has_a_configuration_to_compose() -> None:
    assert KINDS.keys() == COMMANDS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documented_commands_start(document: Path) -> None:
    found = [(line, problem(line)) for line in commands(document.read_text())]
    assert [pair for pair in found if pair[1]] == []


@pytest.mark.parametrize(
    "command",
    [
        "make everything",
        "python -m ptool.rum",
        "python -m ptool.run sead=3",
        "ptool run scale=huge",
        "python -m ptool.run seed=abc",
        "python -m ptool.run model=openai_compatible model.model=a",
        "python -m ptool.check budget.euro=1",
        "python -m ptool.serve server.faults.rate=0.1",
        "python -m ptool.status",
        "python -m ptool.report out=a.html",
        "python -m ptool.evaluate data=a baseline=golden",
        "python -m ptool.compare a a",
        "python -m ptool.explain run=a",
        "python -m ptool.diff a",
    ],
)
def test_a_wrong_command_is_found(command: str) -> None:
    assert commands(f"```sh\n$ {command}  # so\n```\n") == [command]
    assert problem(command)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text())
    local = [link for link in links if not re.match(r"\w+:", link)]
    assert [link for link in local if not (document.parent / link).exists()] == []


def texts() -> list[Path]:
    """Every text file of the tree, outputs of runs left out."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        at_root = Path(folder) == ROOT
        folders[:] = [one for one in folders if one not in OUTSIDE and (one[0] != "." or one == ".ci")]
        if at_root and "runs" in folders:
            folders.remove("runs")
        found += [Path(folder) / one for one in files if Path(one).suffix in TEXT]
    return found


@pytest.mark.parametrize("pattern", [MACHINE_PATH, UNFINISHED], ids=["machine paths", "unfinished"])
def test_nothing_belongs_to_one_machine_or_is_unfinished(pattern: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in texts()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []
