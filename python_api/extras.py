"""Libraries that results are handed over to, imported when somebody asks for that."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import ConfigError


def extra_library(name: str, wanted_by: str) -> Any:
    """A library that need not be there. Raises ConfigError, one line with what to do, where it is not."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigError(f"{wanted_by} needs the package {name} ({error}); pip install {name}") from None
