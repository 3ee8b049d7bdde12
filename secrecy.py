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

from .errors import ConfigError

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET = re.compile(
    r"(api)?keys?|token|secrets?|pass(word|wd|phrase)?|credentials?|authorization|auth|bearer|cookies?"
)
"""The last word of a key; not `tokens`, which are counted."""
_ACCOUNT = re.compile(r"://[^/?#\s]*@")
_SHORTEST = 8
_INSTEAD = "which would be saved with the run; put a secret into an environment variable and give its name: api_key_env"
_PARAMETERS = "scenario"
"""Its keys are parameters of tools, whatever they are called."""


def refuse_secrets(config: Mapping[str, Any]) -> None:
    """Refuse a composed configuration that holds a secret.

    Raises ConfigError that names the key and does not show its value.
    """
    held = _held(config)
    for where, value in _values(config, ""):
        key = where.rpartition(".")[2].partition("[")[0]
        if not where.startswith(f"{_PARAMETERS}."):
            if _secret(key) and value not in (None, "") and not isinstance(value, bool):
                raise ConfigError(
                    f"{where}: secrets do not belong into a configuration, which is saved with the run; "
                    "put it into an environment variable and give its name: api_key_env"
                )
            if isinstance(value, str) and _ACCOUNT.search(value):
                raise ConfigError(f"{where}: got an address with an account in it, {_INSTEAD}")
        for name, secret in held.items() if isinstance(value, str) else ():
            if secret in value:
                raise ConfigError(f"{where}: got what the variable {name} holds, {_INSTEAD}")


def _values(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Everything that holds nothing else, with its key: `model.extra.stop[0]`."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _values(one, f"{where}.{key}".removeprefix("."))
    elif isinstance(value, list | tuple):
        for place, one in enumerate(value):
            yield from _values(one, f"{where}[{place}]")
    else:
        yield where, value


def _secret(name: str) -> bool:
    """Whether a key or a variable is called as secrets are: api_key, apiKey, X-API-Key, HF_TOKEN."""
    words = _WORD.findall(name)
    return bool(words) and _SECRET.fullmatch(words[-1].lower()) is not None


def _held(config: Mapping[str, Any]) -> dict[str, str]:
    """The secrets in the environment, by variable; a file's place is none."""
    named = {
        value for where, value in _values(config, "") if where.endswith("_env") and isinstance(value, str)
    }
    found = {name: value for name, value in os.environ.items() if name in named or _secret(name)}
    return {name: one for name, one in found.items() if len(one) >= _SHORTEST and not _is_a_place(one)}


def _is_a_place(value: str) -> bool:
    try:
        return Path(value).exists()
    except (OSError, ValueError):
        return False
