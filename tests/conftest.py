"""What holds for all tests."""

import signal
from copy import deepcopy
from functools import cache
from typing import Any

from hydra._internal.core_plugins.importlib_resources_config_source import ImportlibResourcesConfigSource

_load_config = ImportlibResourcesConfigSource.load_config


def pytest_configure() -> None:
    """A shell lets what it begins in the background ignore Ctrl-C, and tests interrupt what they begin."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    ImportlibResourcesConfigSource.load_config = _parsed_once


def _parsed_once(self: ImportlibResourcesConfigSource, config_path: str) -> Any:
    """Each configuration file that ptool or Hydra ships is parsed once, and copied from then on."""
    if self.path.partition(".")[0] in ("ptool", "hydra"):
        return deepcopy(_parsed(self.provider, self.path, config_path))
    return _load_config(self, config_path)


@cache
def _parsed(provider: str, path: str, config_path: str) -> Any:
    return _load_config(ImportlibResourcesConfigSource(provider, f"pkg://{path}"), config_path)
