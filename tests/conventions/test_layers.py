"""Imports flow one way; this is the table of who may import whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import ptool
import pytest

ROOT = Path(ptool.__file__).parent
FRAME = {"errors", "settings"}
ALLOWED = {
    "errors": set(),
    "records": set(),
    "expectations": {"errors"},
    "secrecy": {"errors"},
    "settings": {"errors", "expectations", "secrecy"},
    "building": FRAME,
    "composition": FRAME,
    "endpoints": FRAME | {"building", "models"},
    "command_line": {"errors"},
    "commands": FRAME | {"command_line", "composition"},
    "models": {"errors", "records"},
    "store": {"errors", "records"},
    "trees": {"errors", "records", "models", "store"},
    "agents": {"errors", "records", "models"},
    "environments": {"errors", "records", "models", "trees", "agents"},
    "synthesis": {"errors", "records", "models", "store", "trees", "agents", "environments", "settings"}
    | {"building", "composition", "endpoints", "terminal"},
    "benchmark": {"errors", "records"},
    "run": FRAME | {"commands", "composition", "synthesis"},
    "check": FRAME | {"commands", "composition", "synthesis"},
    "serve": FRAME | {"commands", "composition", "endpoints", "models", "synthesis"},
    "status": FRAME | {"commands", "composition", "reports"},
    "report": FRAME | {"commands", "composition", "reports"},
    "explain": FRAME | {"commands", "composition", "reports"},
    "diff": FRAME | {"command_line", "commands", "composition", "reports"},
    "reports": FRAME | {"documents", "models", "records", "store", "terminal", "trees"},
    "terminal": set(),
    "documents": set(),
    "evaluation": FRAME | {"documents", "records", "models", "store", "benchmark", "endpoints", "terminal"},
    "ecosystem": FRAME | {"store", "benchmark", "evaluation"},
    "evaluate": FRAME | {"commands", "composition", "evaluation"},
    "compare": FRAME | {"command_line", "commands", "composition", "evaluation"},
    "export": FRAME | {"commands", "composition", "ecosystem"},
    "conf": set(),
    "__init__": set(),
    "__main__": {"errors", "__init__"},
}
AUTOGEN = ("models/", "agents/chat.py")


def sources() -> list[Path]:
    """The package's own modules, relative to its root."""
    skipped = {"tests", "benchmarks", "build", "dist", "docs", "runs"}
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
    return sorted(path for path in found if path.parts[0] not in skipped and path.parts[0][0] != ".")


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
    return found


@pytest.mark.parametrize("path", sources(), ids=str)
def test_imports_flow_one_way(path: Path) -> None:
    assert offences(path, (ROOT / path).read_text()) == []


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
    ],
)
def test_offences_are_found(path: str, source: str, expected: str) -> None:
    assert expected in "\n".join(offences(Path(path), source))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("agents/chat.py", "from autogen_agentchat.base import Response"),
        ("environments/world.py", "from ..trees import ApiTree\nfrom .views import observe"),
        ("store/a.py", "import autograd_something\nfrom . import files"),
    ],
)
def test_what_is_allowed_is_no_offence(path: str, source: str) -> None:
    assert offences(Path(path), source) == []
