"""docs/models.md is true: its tables are the code's, its files build clients."""

import re
from pathlib import Path
from typing import get_args

import ptool
import pytest
import yaml
from ptool.models.clients.request_form import Structured
from ptool.models.factory import build_endpoint
from ptool.models.faults import KINDS
from ptool.models.gateway.circuit_breaker import FAILURES_TO_OPEN
from ptool.models.gateway.parse import MAX_ANSWER, STATUSES
from ptool.models.gateway.prices import price_of
from ptool.settings import ModelSettings, keys

ROOT = Path(ptool.__file__).parent
PAGE = ROOT / "docs" / "models.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="needs the source tree")

TEXT = PAGE.read_text("utf-8") if PAGE.is_file() else ""
FILES = dict(re.findall(r"^`([\w./-]+\.yaml)`\n\n```yaml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE))


def first_cells(title: str) -> list[str]:
    """What the rows of the table under a heading are about."""
    part = TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([\w.]+)` \|", part, re.MULTILINE)


def test_every_choice_of_a_model_has_a_row() -> None:
    choices = sorted(path.stem for path in (ROOT / "conf" / "model").glob("*.yaml"))
    assert sorted(first_cells("Which model")) == choices


def test_every_way_status_and_fault_has_a_row() -> None:
    assert sorted(first_cells("The form of an answer")) == sorted((*get_args(Structured), "auto"))
    assert sorted(first_cells("What becomes of an answer")) == sorted(STATUSES)
    assert sorted(first_cells("What becomes of a call without an answer")) == sorted(KINDS)


def test_numbers_in_words_are_those_of_the_code() -> None:
    assert f"{MAX_ANSWER:,} characters" in TEXT
    assert "five failures in a row" in TEXT
    assert FAILURES_TO_OPEN == 5


@pytest.mark.parametrize(
    ("name", "variable", "who", "price"),
    [
        ("anthropic", "ANTHROPIC_API_KEY", "claude-sonnet-4-5 at AnthropicChatCompletionClient", (3.0, 15.0)),
        ("azure", "AZURE_OPENAI_API_KEY", "gpt-4.1-mini at AzureOpenAIChatCompletionClient", (0.4, 1.6)),
    ],
)
def test_the_components_of_the_page_are_built_and_priced(
    name: str, variable: str, who: str, price: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(f"autogen_ext.models.{name if name == 'anthropic' else 'openai'}")
    monkeypatch.setenv(variable, "a-key-that-nobody-takes")
    spec = ModelSettings.model_validate(yaml.safe_load(FILES[f"mine/model/{name}.yaml"]))
    made = build_endpoint(spec, "model", {})
    assert made.name == who
    assert made.price is not None
    assert (made.price.input, made.price.output) == price


def test_the_price_list_of_the_page_is_read(tmp_path: Path) -> None:
    file = tmp_path / "my_prices.yaml"
    file.write_text(FILES["my_prices.yaml"], "utf-8")
    price = price_of("in-house-70b", file)
    assert price is not None
    assert (price.input, price.cached_input, price.output) == (0.20, 0.05, 0.80)


def test_every_setting_named_exists() -> None:
    known = set(keys()) | {f"model.{key}" for key in _model_keys()}
    named = re.findall(r"`((?:model|budget|retries)\.[a-z_.]+)`", TEXT)
    assert len(named) > 10
    assert sorted({one for one in named if one not in known and not one.startswith("model.refused")}) == []


def _model_keys() -> set[str]:
    """Every key that some shipped model has, with the keys below it."""
    found: set[str] = set()
    for path in (ROOT / "conf" / "model").glob("*.yaml"):
        for key, value in yaml.safe_load(path.read_text("utf-8")).items():
            found |= {key} | {f"{key}.{below}" for below in (value if isinstance(value, dict) else ())}
    return found
