"""The scripted model's own tables, the same in every scenario, and how its YAML is read.

YAML is read safely, and in C where PyYAML was built with it (30 times faster).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_HERE = Path(__file__).parent
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; raises FileNotFoundError or yaml.YAMLError."""
    loader = _Loader(path.read_text("utf-8"))
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


@lru_cache(maxsize=1)
def people() -> dict[str, Any]:
    """What people are described by, and what their lives are made of."""
    return read_yaml(_HERE / "people.yaml")


@lru_cache(maxsize=1)
def countries() -> dict[str, dict[str, Any]]:
    """Country -> its locale, money, time, phone mask and cities."""
    return read_yaml(_HERE / "countries.yaml")


@lru_cache(maxsize=1)
def frames() -> dict[str, list[str]]:
    """How a request is framed around what it asks for."""
    return read_yaml(_HERE / "frames.yaml")


@lru_cache(maxsize=1)
def mentions() -> dict[str, tuple[str, ...]]:
    """Basic feature -> common ways to ask for it without giving its value."""
    return {name: tuple(feature["mention"]) for name, feature in people()["basic"].items()}
