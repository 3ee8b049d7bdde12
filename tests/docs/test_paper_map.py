"""docs/paper_map.md leaves nothing of the paper out and names only files that exist."""

import re
from pathlib import Path

import ptool
import pytest

ROOT = Path(ptool.__file__).parent
PAGE = ROOT / "docs" / "paper_map.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="needs the source tree")

TEXT = PAGE.read_text("utf-8") if PAGE.is_file() else ""
FIRST_CELLS = "\n".join(re.findall(r"^\| (.*?) \|", TEXT, re.MULTILINE))
SECTIONS = [
    "3",
    "4",
    "4.1",
    "4.2",
    "4.3",
    "5.1",
    "5.2",
    "5.3",
    "5.4",
    "5.5",
    "A.1",
    "A.2",
    "A.3",
    "B.1",
    "B.2",
    "C",
]


def rows(title: str) -> list[str]:
    """First cells of the table under a heading."""
    part = TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| (.*?) \|", part, re.MULTILINE)[2:]


def numbers(cells: list[str], kind: str = "") -> set[int]:
    """The numbers that cells name: '6, 7, 8', or 'equation 5' for a kind."""
    return {int(one) for cell in cells for one in re.findall(rf"{kind}\b(\d+)\b", cell)}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_has_a_row(section: str) -> None:
    named = {
        one
        for cell in rows("Sections")
        for one in re.findall(r"\b(?:[ABC](?:\.\d)?|\d(?:\.\d)?)(?![\w.])", cell)
    }
    assert section in named


def test_every_definition_equation_table_and_figure_has_a_row() -> None:
    formal = rows("Definitions and equations")
    assert numbers(formal, "equation ") == set(range(1, 12))
    assert {one for cell in formal for one in re.findall(r"Definition (3\.\d)", cell)} == {"3.1", "3.2"}
    assert numbers(rows("Tables")) == set(range(1, 13))
    assert numbers(rows("Figures")) == set(range(1, 8))


def test_every_file_named_exists() -> None:
    named = [one for one in re.findall(r"`([\w./]+)`", TEXT) if "/" in one]
    assert [one for one in named if not (ROOT / one).exists()] == []


def test_every_setting_named_exists() -> None:
    from ptool.settings import keys

    known = set(keys())
    parts = ("task", "features", "history", "tree")
    named = [one for one in re.findall(r"`([a-z_]+\.[a-z_]+)`", TEXT) if one.partition(".")[0] in parts]
    assert named
    assert [one for one in named if one not in known] == []
