"""The page of the architecture is true: its picture is the table of layers, and what it names is there."""

import re
import sys
from pathlib import Path

import networkx
import ptool
import pytest

ROOT = Path(ptool.__file__).parent
PAGE = ROOT / "docs" / "architecture.md"
sys.path.append(str(ROOT / "tests" / "conventions"))
from test_layers import ALLOWED  # noqa: E402

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="needs the source tree")

COMMANDS = {"run", "check", "serve", "status", "report", "explain", "diff", "evaluate", "compare", "export"}
COMMANDS |= {"experiment", "merge", "train", "review"}
EVERYWHERE = {"errors", "log", "version", "__init__", "__main__", "conf"}


def drawn() -> networkx.DiGraph:
    """The arrows of the picture."""
    picture = re.search(r"```mermaid\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert picture is not None
    graph = networkx.DiGraph()
    for line in picture[1].splitlines():
        if "-->" in line:
            left, right = line.split("-->")
            graph.add_edges_from((left.strip(), target.strip()) for target in right.split("&"))
    return graph


def allowed() -> networkx.DiGraph:
    """The table of layers, the commands as one."""
    graph = networkx.DiGraph()
    for unit, others in ALLOWED.items():
        if unit not in EVERYWHERE:
            name = "commands" if unit in COMMANDS else unit
            graph.add_edges_from((name, other) for other in others - EVERYWHERE)
    return graph


def test_the_picture_is_the_table() -> None:
    picture, table = drawn(), allowed()
    assert [edge for edge in picture.edges if not table.has_edge(*edge)] == []
    below = networkx.transitive_closure(picture)
    assert [edge for edge in table.edges if not below.has_edge(*edge)] == []


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:\w+/)+(?:[\w.]+)?)`", PAGE.read_text()))))
def test_what_it_names_is_there(name: str) -> None:
    places = [ROOT, ROOT / "models", ROOT / "environments", ROOT / "synthesis", ROOT / "evaluation"]
    assert any((place / name).exists() for place in places)


def test_every_folder_has_a_row() -> None:
    folders = {name for name in ALLOWED if (ROOT / name).is_dir()}
    assert folders <= set(re.findall(r"^\| `(\w+)/`", PAGE.read_text(), re.MULTILINE))
