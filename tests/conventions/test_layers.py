"""Imports flow one way; this is the table of who may import whom."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx
import ptool
import pytest

ROOT = Path(ptool.__file__).parent
ALLOWED = {
    "errors": set(),
    "log": set(),
    "version": set(),
    "texts": {"errors"},
    "records": set(),
    "rendering": set(),
    "object_storage": {"errors", "log"},
    "settings": {"errors", "object_storage", "texts"},
    "store": {"errors", "log", "object_storage", "records"},
    "models": {"errors", "log", "texts", "records", "settings"},
    "trees": {"errors", "log", "texts", "records", "models", "store", "rendering", "settings"},
    "agents": {"errors", "log", "texts", "records", "models"},
    "environments": {"errors", "texts", "records", "models", "trees", "agents"},
    "cli": {"errors", "log", "settings", "version"},
    "executors": {"errors", "log", "models", "records", "settings", "store", "version"},
    "synthesis": {
        "errors",
        "texts",
        "records",
        "models",
        "store",
        "trees",
        "agents",
        "environments",
        "settings",
    }
    | {"cli", "executors", "log", "rendering"},
    "benchmark": {"errors", "texts", "records"},
    "evaluation": {
        "errors",
        "log",
        "settings",
        "records",
        "models",
        "store",
        "benchmark",
        "executors",
        "rendering",
        "cli",
    },
    "reports": {"errors", "settings", "records", "models", "store", "trees", "rendering", "cli", "reviews"},
    "exports": {"errors", "settings", "records", "models", "store", "benchmark", "evaluation", "cli"},
    "training": {"errors", "log", "settings", "models", "store", "benchmark", "evaluation", "exports", "cli"},
    "python_api": {
        "errors",
        "object_storage",
        "settings",
        "records",
        "models",
        "store",
        "benchmark",
        "rendering",
        "cli",
    }
    | {"synthesis", "evaluation"},
    "reviews": {"errors", "texts", "records", "settings", "store", "benchmark", "trees", "environments"}
    | {"exports", "rendering", "cli"},
    "run": {"cli", "synthesis"},
    "merge": {"cli", "synthesis"},
    "check": {"cli", "synthesis"},
    "serve": {"cli", "synthesis"},
    "status": {"cli", "reports"},
    "report": {"cli", "reports"},
    "explain": {"cli", "reports"},
    "diff": {"cli", "reports"},
    "evaluate": {"cli", "evaluation"},
    "compare": {"cli", "evaluation"},
    "experiment": {"cli", "evaluation"},
    "export": {"cli", "exports"},
    "train": {"cli", "training"},
    "review": {"cli", "reviews"},
    "conf": set(),
    "__init__": {"python_api", "version"},
    "__main__": {"cli", "errors", "version"},
}
AUTOGEN = ("models/", "agents/autogen.py", "agents/own_agent.py")
LOG = "log.py"


@cache
def sources() -> list[Path]:
    """The package's own modules, relative to its root."""
    skipped = {"tests", "build", "dist", "docs", "runs"}
    folders = (path for path in ROOT.iterdir() if path.is_dir() and path.name not in skipped)
    found = [
        *ROOT.glob("*.py"),
        *(file for folder in folders if folder.name[0] != "." for file in folder.rglob("*.py")),
    ]
    return sorted(path.relative_to(ROOT) for path in found)


def imports(source: str, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of every import in a module of `package`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*parent, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def unit_of(dotted: str) -> str | None:
    """'records' of 'ptool.records.Sample'; None of what is not ours."""
    first, *rest = dotted.split(".")
    if first != "ptool":
        return None
    known = bool(rest) and ((ROOT / rest[0]).is_dir() or (ROOT / f"{rest[0]}.py").is_file())
    return rest[0] if known else "__init__"


def offences(path: Path, source: str) -> list[str]:
    """What is wrong with a module's imports, one line each."""
    own = path.parts[0].removesuffix(".py")
    allowed = ALLOWED.get(own, set()) | {own}
    found = []
    for line, name in imports(source, ("ptool", *path.parts[:-1])):
        unit = unit_of(name)
        if unit is not None and unit not in allowed:
            found.append(f"{path}:{line}: {own} must not import {unit} ({name})")
        if name.startswith("autogen") and not path.as_posix().startswith(AUTOGEN):
            found.append(f"{path}:{line}: only {' and '.join(AUTOGEN)} import AutoGen ({name})")
        if name.startswith("loguru") and path.as_posix() != LOG:
            found.append(f"{path}:{line}: only {LOG} imports loguru; log with its logger")
    return found


@pytest.mark.parametrize("path", sources(), ids=str)
def test_imports_flow_one_way(path: Path) -> None:
    assert offences(path, (ROOT / path).read_text()) == []


def imported_files(path: Path) -> set[str]:
    """Dotted names of the package's own modules that a module imports, wherever in it."""
    dotted = {".".join(("ptool", *one.with_suffix("").parts)).removesuffix(".__init__") for one in sources()}
    found = set()
    for _, name in imports((ROOT / path).read_text(), ("ptool", *path.parts[:-1])):
        found.add(name if name in dotted else name.rpartition(".")[0])
    return found & dotted


def test_no_two_files_import_each_other() -> None:
    graph = networkx.DiGraph()
    for path in sources():
        own = ".".join(("ptool", *path.with_suffix("").parts)).removesuffix(".__init__")
        graph.add_edges_from((own, other) for other in imported_files(path) - {own})
    assert [sorted(ring) for ring in networkx.strongly_connected_components(graph) if len(ring) > 1] == []


def test_every_folder_has_a_layer() -> None:
    assert {path.parts[0].removesuffix(".py") for path in sources()} - ALLOWED.keys() == set()


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("trees/growth.py", "from ..agents import Role", "trees must not import agents"),
        ("records/base.py", "def f():\n    from .. import errors", "records must not import errors"),
        ("models/scripted/a.py", "from ...store.ledger import Ledger", "models must not import store"),
        ("agents/role.py", "import autogen_core", "import AutoGen"),
        ("store/a.py", "import ptool.trees", "store must not import trees"),
        ("store/a.py", "from loguru import logger", "only log.py imports loguru"),
    ],
)
def test_offences_are_found(path: str, source: str, expected: str) -> None:
    assert expected in "\n".join(offences(Path(path), source))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("agents/autogen.py", "from autogen_agentchat.base import Response"),
        ("environments/world.py", "from ..trees import ApiTree\nfrom .views import observe"),
        ("store/a.py", "import autograd_something\nfrom . import files"),
    ],
)
def test_what_is_allowed_is_no_offence(path: str, source: str) -> None:
    assert offences(Path(path), source) == []


def test_a_class_name_stands_once() -> None:
    classes: dict[str, list[str]] = {}
    for path in sources():
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.ClassDef):
                classes.setdefault(node.name, []).append(path.as_posix())
    assert {name: paths for name, paths in classes.items() if len(paths) > 1} == {}
