"""Secrets do not belong into a configuration, which is saved with the run: only their variables' names may.

It goes by the names of keys, by addresses with an account in them, and by what the environment holds under
names such as OPENAI_API_KEY. What it refuses it does not repeat; what the values are for it does not know.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigError

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET = re.compile(
    r"(api)?keys?|token|secrets?|pass(word|wd|phrase)?|credentials?|authorization|auth|bearer|cookies?"
)
"""The last word of a key; not `tokens`, which are counted."""
_ACCOUNT = re.compile(r"://[^/?#\s@]*(:(?!\d+/)[^\s@]*)?@")
_SHORTEST = 8
_INSTEAD = "which would be saved with the run; name its variable instead: api_key_env"
_PARAMETERS = "scenario"
"""Its keys are parameters of tools, whatever they are called."""


def refuse_secrets(config: Mapping[str, Any]) -> None:
    """Refuse a composed configuration that holds a secret.

    Raises ConfigError that names the key and does not show its value.
    """
    held = _held(config)
    for where, text in _texts(config, ""):
        if not where.startswith(f"{_PARAMETERS}."):
            if _secret(where.rpartition(".")[2].partition("[")[0]):
                raise ConfigError(
                    f"{where}: secrets do not belong into a configuration, which is saved with the run; "
                    "put it into an environment variable and give its name: api_key_env"
                )
            if _ACCOUNT.search(text):
                raise ConfigError(f"{where}: got an address with an account in it, {_INSTEAD}")
        for name, secret in held.items():
            if secret in text:
                raise ConfigError(f"{where}: got what the variable {name} holds, {_INSTEAD}")


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every text that is not empty, with its key: `model.extra.stop[0]`."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(one, f"{where}.{key}".removeprefix("."))
    elif isinstance(value, list | tuple):
        for place, one in enumerate(value):
            yield from _texts(one, f"{where}[{place}]")
    elif isinstance(value, str) and value:
        yield where, value


def _secret(name: str) -> bool:
    """Whether a key or a variable is called as secrets are: api_key, apiKey, X-API-Key, HF_TOKEN."""
    words = _WORD.findall(name)
    return bool(words) and _SECRET.fullmatch(words[-1].lower()) is not None


def _held(config: Mapping[str, Any]) -> dict[str, str]:
    """The secrets in the environment, by variable; a file's place is none."""
    named = {text for where, text in _texts(config, "") if where.endswith("_env")}
    found = {name: value for name, value in os.environ.items() if name in named or _secret(name)}
    return {name: one for name, one in found.items() if len(one) >= _SHORTEST and not _is_a_place(one)}


def _is_a_place(value: str) -> bool:
    try:
        return Path(value).exists()
    except (OSError, ValueError):
        return False
