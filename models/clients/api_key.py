"""An API key on its way from the environment to a client, and nowhere else.

It knows no protocol. What it refuses it does not repeat: somebody may have put the key itself where its
variable's name belongs, or a password into an address.
"""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import urlsplit

from ...errors import ConfigError

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
HIDDEN = "[key]"
"""What stands where a key stood."""


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


def checked_url(url: str, where: str = "model.base_url") -> str:
    """An endpoint's address without a slash at its end.

    Raises ConfigError where it is no http(s) address, or holds more than one: a password, a query.
    """
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        parts, usable = None, False
    if parts is not None and ("@" in parts.netloc or parts.query or parts.fragment):
        raise ConfigError(
            f"{where}: got more than an address, which is not shown here, expected no user, password, query "
            "or fragment; a key goes into an environment variable, named by api_key_env"
        )
    if not usable or parts is None or re.search(r"[\s\x00-\x1f\\]", url):
        raise ConfigError(f"{where}: got {_shown(url)}, expected an address such as http://127.0.0.1:8000/v1")
    address = url.rstrip("/")
    if address.endswith("/chat/completions"):
        raise ConfigError(f"{where}: got {_shown(url)}, expected it without '/chat/completions'")
    return address


def _shown(url: Any) -> str:
    return repr(url)[:80] if "@" not in str(url) else "a value not shown here"


def redacted(text: str, key: str | None) -> str:
    """The text without the key: endpoints repeat the keys they refuse."""
    return text.replace(key, HIDDEN) if key else text
