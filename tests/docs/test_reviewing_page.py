"""docs/reviewing.md is true: its keys are the configuration, and its forms of answers are read."""

import re
from pathlib import Path

import ptool
import pytest
import yaml
from ptool.records import Call, Sample
from ptool.reviews.corrections import parse_answer
from ptool.reviews.findings import CODES
from ptool.settings import ReviewSettings

ROOT = Path(ptool.__file__).parent
PAGE = ROOT / "docs" / "reviewing.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="needs the source tree")

TEXT = PAGE.read_text("utf-8") if PAGE.is_file() else ""
FORMS = re.search(r"\n\n```\n(.*?)```", TEXT, re.DOTALL)


def rows(title: str) -> list[list[str]]:
    """The rows of the table under a heading, its header left out."""
    part = TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [
        line.strip().removeprefix("|").split(" |") for line in part.splitlines() if line.startswith("| `")
    ]
    return [[cell.strip() for cell in row] for row in lines]


def test_every_key_of_the_data_has_a_row() -> None:
    shipped = yaml.safe_load((ROOT / "conf" / "review.yaml").read_text())
    told = {
        row[0].strip("`"): yaml.safe_load(row[1].strip("`") or "'???'") for row in rows("Who reviews what")
    }
    assert told.items() <= shipped.items()
    assert set(told) <= set(ReviewSettings.model_fields) == set(shipped) - {"hydra"}


@pytest.mark.parametrize("text", FORMS[1].strip().splitlines() if FORMS else [])
def test_every_form_of_an_answer_is_read(text: str) -> None:
    sample = Sample.model_construct(answer=("ParcelHeron", []))
    read, errors = parse_answer(text, sample)
    assert errors == () and read is not None and read.platform == "ParcelHeron"
    assert read.calls is not None and isinstance(read.calls[0], Call)
    assert read.calls[0].arguments["withMap"] is False


def test_codes_have_sentences() -> None:
    assert all(sentence and sentence[0].islower() for sentence in CODES.values())
