"""README.md is true: its tree is the repository, its table the configuration, its sample well-formed."""

import json
import re
from pathlib import Path

import ptool
import pytest
import yaml
from hydra import compose, initialize_config_module
from in_process import command
from omegaconf import OmegaConf
from ptool.settings import Limits, ModelSettings, keys

ROOT = Path(ptool.__file__).parent
README = ROOT / "README.md"

pytestmark = pytest.mark.skipif(not README.is_file(), reason="needs the source tree")

TEXT = README.read_text("utf-8") if README.is_file() else ""
OUTSIDE = {"build", "dist", "__pycache__"}
PARTS = {
    *("agent", "run", "ray", "tree", "features", "history", "task", "budget", "retries"),
    *("splits", "splits.most", "splits.unseen", "audit", "card", "dataset", "tools"),
    *("check", "gate", "corruption", "injection"),
}
"""Keys that hold further keys, or a whole group that the README describes in words."""


def section(title: str) -> str:
    """The text between a heading and the next one."""
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def tree() -> set[str]:
    """What the README's tree names."""
    block = section("The tree").split("```")[1]
    return {line.split()[0] for line in block.splitlines() if line.strip()}


def table(title: str) -> list[list[str]]:
    """The rows of the tables in a section, header and rule left out."""
    rows = [line.strip("|").split(" | ") for line in section(title).splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


def test_everything_in_the_tree_exists() -> None:
    assert [name for name in sorted(tree()) if not (ROOT / name).exists()] == []


def test_every_folder_and_module_is_in_the_tree() -> None:
    here = [path for path in ROOT.iterdir() if path.name[0] != "." and path.name not in OUTSIDE]
    folders = {f"{path.name}/" for path in here if path.is_dir() and path.suffix != ".egg-info"}
    modules = {path.name for path in here if path.suffix == ".py" and path.name != "__init__.py"}
    assert sorted((folders | modules) - tree()) == []


def defaults() -> dict[str, object]:
    """Every key of the composed configuration, and the choice made in every group."""
    with initialize_config_module("ptool.conf", version_base="1.3"):
        config = compose("config", return_hydra_config=True)
    choices = dict(config.hydra.runtime.choices)
    found = {
        key: OmegaConf.select(config, key) for key in keys() if not key.startswith(("scenario.", "model"))
    }
    found |= {group: choices[group] for group in ("scenario", "scale", "model", "roles", "experiment")}
    found |= {f"model.limits.{name}": one.default for name, one in Limits.model_fields.items()}
    found |= {f"splits.unseen.{name}": value for name, value in config.splits.unseen.items()}
    found |= {f"model.{name}": ModelSettings.model_fields[name].default for name in ("price", "context")}
    return {
        key: OmegaConf.to_object(value) if OmegaConf.is_config(value) else value
        for key, value in found.items()
    }


def test_the_table_of_settings_is_the_configuration() -> None:
    documented = {
        key.strip("`"): yaml.safe_load(value.strip("`")) for key, value, _ in table("What can be set")
    }
    actual = {key: value for key, value in defaults().items() if key not in PARTS}
    assert documented == actual


@pytest.mark.parametrize("key", ["scenario", "experiment", "scale", "model", "roles"])
def test_the_table_names_the_choices_of_a_group(key: str) -> None:
    (words,) = (meaning for name, _, meaning in table("What can be set") if name == f"`{key}`")
    choices = {path.stem for path in (ROOT / "conf" / key).glob("*.yaml")}
    assert set(re.findall(r"`(\w+)`", words)) == choices


def test_every_model_has_a_row() -> None:
    """The table of real models, beside the one of settings."""
    named = {row[0].strip("`") for row in table("Real models")}
    assert named == {path.stem for path in (ROOT / "conf" / "model").glob("*.yaml")}


def test_exit_statuses_are_those_of_the_errors() -> None:
    from ptool import errors
    from ptool.cli import main as commands

    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)]
    raised = {one.exit_status for one in kinds if issubclass(one, errors.PtoolError)}
    ended = {commands.INTERRUPTED, commands.UNREAD, commands.TERMINATED}
    rows = re.findall(r"^\| (\d+) \|", section("What a run prints and leaves"), re.MULTILINE)
    assert {int(one) for one in rows} == {0, 3} | raised | ended


def test_every_command_is_told_of() -> None:
    from ptool.__main__ import COMMANDS

    assert [name for name in COMMANDS if f"ptool.{name}" not in TEXT] == []


def test_the_sample_proves_its_arguments() -> None:
    text = section("One sample")
    query = " ".join(re.findall(r"^> (.*)$", text, re.MULTILINE))
    profile, answer = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL))
    (arguments,) = answer[1][0].values()
    rows = {name.strip("`"): (origin, proof) for name, origin, proof in table("One sample")}
    assert rows.keys() == arguments.keys()
    for name, (origin, proof) in rows.items():
        value = arguments[name][0]
        if origin == "query":
            words, start, end = re.findall(r'"(.*)", characters (\d+) to (\d+)', proof)[0]
            assert query[int(start) : int(end)] == words
        else:
            assert value == profile["basic_features"][re.findall(r"basic_features\.(\w+)", proof)[0]]


def test_the_sample_is_what_the_default_run_makes(tmp_path: Path) -> None:
    text = section("One sample")
    query = " ".join(re.findall(r"^> (.*)$", text, re.MULTILINE))
    profile, answer = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL))
    name = re.findall(r"Sample `([\w-]+)`", text)[0]

    command("run", "run.dir=run", folder=tmp_path).check_returncode()
    lines = (tmp_path / "run/dataset/samples.jsonl").read_text("utf-8").splitlines()
    made = next(sample for sample in map(json.loads, lines) if sample["id"] == name)

    assert (made["query"], made["answer"]) == (query, answer)
    assert profile["basic_features"].items() <= made["user_profile"]["basic_features"].items()
    history = iter(made["user_profile"]["user_history"]["shopping"])
    assert all(action in history for action in profile["user_history"]["shopping"])  # in this order


def test_the_run_files_are_those_of_the_runs_page() -> None:
    """The README's list of files and the one of runs/README.md name the same."""
    page = (ROOT / "runs" / "README.md").read_text("utf-8")
    listed = {
        name for row in table("What a run prints and leaves") for name in re.findall(r"`([\w./]+)`", row[0])
    }
    explained = {
        name
        for line in page.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([\w./-]+)`", line.split(" | ")[0])
    }
    assert listed == explained - {".ptool-run.json", ".lock"}
