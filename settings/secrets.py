"""Secrets: refused in a configuration, taken from the environment, taken out of messages.

A configuration is saved with the run, so it names variables and never holds their values. What may be a
secret is told by the names of keys and variables, and by addresses with an account in them; what is refused
is not repeated. It knows no protocol and no client.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigError

HIDDEN = "[key]"
"""What stands where a key stood."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET = re.compile(
    r"(api)?keys?|token|secrets?|pass(word|wd|phrase)?|credentials?|authorization|auth|bearer|cookies?"
)
"""The last word of a key; not `tokens`, which are counted."""
_ACCOUNT = re.compile(r"://[^/?#\s@]*(:(?!\d+/)[^\s@]*)?@")
_SHORTEST = 8
"""Characters; what is shorter is no secret, and is in too many texts."""
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
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
            if names_secret(where.rpartition(".")[2].partition("[")[0]):
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
        for key, inner in value.items():
            yield from _texts(inner, f"{where}.{key}".removeprefix("."))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from _texts(inner, f"{where}[{place}]")
    elif isinstance(value, str) and value:
        yield where, value


def names_secret(name: str) -> bool:
    """Whether a key or a variable is called as secrets are: api_key, apiKey, X-API-Key, HF_TOKEN."""
    words = _WORD.findall(name)
    return bool(words) and _SECRET.fullmatch(words[-1].lower()) is not None


def may_hold_secret(name: str) -> bool:
    """Whether a secret is near: any word of a name is one of theirs (api_key_env, HF_TOKENS)."""
    return any(_SECRET.fullmatch(word.lower().removesuffix("s")) for word in _WORD.findall(name))


def _held(config: Mapping[str, Any]) -> dict[str, str]:
    """The secrets in the environment, by variable; a file's place is none."""
    named = {text for where, text in _texts(config, "") if where.endswith("_env")}
    variables = {name: value for name, value in os.environ.items() if name in named or names_secret(name)}
    return {
        name: value for name, value in variables.items() if len(value) >= _SHORTEST and not _is_a_place(value)
    }


def _is_a_place(value: str) -> bool:
    try:
        return Path(value).exists()
    except (OSError, ValueError):
        return False


def key_from(variable: str | None, where: str = "model.api_key_env") -> str | None:
    """The key that an environment variable holds; None where no variable is named.

    Raises ConfigError where the name is none, or the variable is unset, empty or no header value.
    """
    if variable is None:
        return None
    if not isinstance(variable, str) or not _VARIABLE.fullmatch(variable):
        raise ConfigError(
            f"{where}: got a value not shown here, expected the name of an environment variable in capital "
            "letters, such as OPENAI_API_KEY; the key itself stays out of the configuration"
        )
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ConfigError(f"{where}: the environment variable {variable} is not set; put the key into it")
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(f"{where}: the environment variable {variable} holds something that is no key")
    return key


def redacted(text: str, key: str | None) -> str:
    """The text without the key: endpoints repeat the keys they refuse."""
    return _without(text, key, HIDDEN) if key else text


def without_secrets(text: str) -> str:
    """The text without the keys this process was given: endpoints and SDKs repeat what they refuse."""
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST and may_hold_secret(name):
            text = _without(text, value, f"[{name}]")
    return text


def _without(text: str, secret: str, instead: str) -> str:
    """The text without a secret, nor its beginning where the text ends: messages are cut at a bound."""
    text = text.replace(secret, instead)
    for cut in range(len(secret), _SHORTEST - 1, -1):
        if text.endswith(secret[:cut]):
            return text[:-cut] + instead
    return text
