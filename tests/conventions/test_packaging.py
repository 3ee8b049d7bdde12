"""The wheel holds everything: every folder with code, every data file, and it runs somewhere else."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import ptool
import pytest
from packaging.requirements import Requirement

ROOT = Path(ptool.__file__).parent
PROJECT = ROOT / "pyproject.toml"
OUTSIDE = {"tests", "build", "dist", "docs", "runs", "ptool.egg-info", "__pycache__"}

pytestmark = pytest.mark.skipif(not PROJECT.is_file(), reason="needs the source tree")


def inside() -> list[PurePosixPath]:
    """Every file of the package's folders, relative to the root."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [one for one in folders if one not in OUTSIDE and not one.startswith(".")]
        found += [PurePosixPath(os.path.relpath(Path(folder) / one, ROOT)) for one in files]
    return found


def setuptools_table() -> dict:
    """[tool.setuptools] of pyproject.toml."""
    return tomllib.loads(PROJECT.read_text())["tool"]["setuptools"]


def test_every_folder_with_code_is_a_package() -> None:
    found = {".".join(("ptool", *path.parts[:-1])) for path in inside() if path.suffix == ".py"}
    assert sorted(found) == setuptools_table()["packages"]


def test_every_data_file_is_in_the_wheel() -> None:
    folders = [path for path in inside() if path.suffix not in {".py", ".pyc"} and len(path.parts) > 1]
    assert [str(path) for path in folders if not shipped(path)] == []


def shipped(path: PurePosixPath) -> bool:
    """Whether a pattern of package-data matches, read as setuptools does (`**` is any depth, also none)."""
    for package, patterns in setuptools_table()["package-data"].items():
        parent = PurePosixPath(*package.split(".")[1:])
        if path.is_relative_to(parent):
            for pattern in patterns:
                if (ROOT / path) in set((ROOT / parent).glob(pattern)):
                    return True
    return False


@pytest.mark.parametrize(
    ("extra", "module"), [("openai", "openai"), ("azure", "openai"), ("anthropic", "anthropic")]
)
def test_an_extra_brings_what_autogens_client_imports(extra: str, module: str) -> None:
    """A client that imports what neither its extra nor AutoGen requires does not load on a clean machine."""
    pytest.importorskip(f"autogen_ext.models.{module}")
    project = tomllib.loads(PROJECT.read_text())["project"]
    required = closure([*project["dependencies"], *project["optional-dependencies"][extra]])
    folder = find_spec(f"autogen_ext.models.{module}").submodule_search_locations[0]
    imported = {
        name.partition(".")[0]
        for file in Path(folder).glob("*.py")
        for node in ast.parse(file.read_text()).body
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
        )
    }  # fmt: skip
    distributions = owners_of_modules()
    outside = {name: set(distributions.get(name, ())) for name in imported - sys.stdlib_module_names}
    assert outside and [name for name, owners in outside.items() if not owners & required] == []


@cache
def owners_of_modules() -> Mapping[str, list[str]]:
    """Module -> distributions; looked up once, as that takes a second."""
    return metadata.packages_distributions()


def closure(lines: list[str]) -> set[str]:
    """The distributions that requirements bring along, by the names under which modules are found."""
    found, waiting = set(), [Requirement(line) for line in lines]
    while waiting:
        requirement = waiting.pop()
        try:
            distribution = metadata.distribution(requirement.name)
        except metadata.PackageNotFoundError:
            continue
        own = (distribution.metadata["Name"], *sorted(requirement.extras))
        if own in found:
            continue
        found.add(own)
        environments = [{"extra": extra} for extra in ("", *requirement.extras)]
        for line in distribution.requires or ():
            inner = Requirement(line)
            if inner.marker is None or any(map(inner.marker.evaluate, environments)):
                waiting.append(inner)
    return {name for name, *_ in found}


@pytest.mark.slow
def test_the_wheel_runs_elsewhere(tmp_path: Path) -> None:
    """Built, installed in a clean environment, run from another folder."""
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns(".venv", ".git", "build", "dist", "runs", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, ignore=ignored)
    environment, elsewhere = tmp_path / "venv", tmp_path / "elsewhere"
    elsewhere.mkdir()
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    run([sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path / "dist"), str(source)], tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    run([str(python), "-m", "pip", "install", "--quiet", str(wheel)], tmp_path)
    shutil.rmtree(source)
    output = run([str(python), "-m", "ptool.run", "scenario=tiny"], elsewhere)
    folder = elsewhere / output.splitlines()[-1].removeprefix("run folder: ")
    assert (folder / "dataset" / "samples.jsonl").stat().st_size > 0


def run(command: list[str], folder: Path) -> str:
    """Run a command in a folder and return its stdout; a failure shows its stderr."""
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
