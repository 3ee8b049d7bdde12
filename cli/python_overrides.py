"""Overrides as Python values, in the words that a command line has for them; nothing needs a shell's quotes.

What comes out is read by the very code that reads a command line. It knows no key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..errors import ConfigError, printable
from .args import Arguments, parse_arguments, quoted

Overrides = Mapping[str, Any] | Sequence[str]
"""A mapping, nested or with dotted keys, or the words of a command line."""

_KEY = re.compile(r"\+{0,2}[A-Za-z_][\w./@:-]*", re.ASCII)
_PLAIN = re.compile(r"(?!(?:true|false|null|inf|nan)\Z)[A-Za-z_][\w./-]*", re.ASCII | re.IGNORECASE)
"""Texts that stand for themselves on a command line."""
_INTERPOLATION = re.compile(r"(\\*)\$\{")
_DEEPEST = 20


def python_arguments(
    settings: Mapping[str, Any], overrides: Overrides | None = None, config_dirs: Iterable[str] = ()
) -> Arguments:
    """The arguments of a command, given from Python.

    Args: settings: key -> value; overrides: more of them, which come after; config_dirs: folders in which
    choices are looked for, beside ptool's own.

    Raises ConfigError: no key, a value that no setting can have, or an option that is none of a single job.
    """
    given = () if overrides is None else words_of(overrides)
    folders = (word for folder in config_dirs for word in ("--config-dir", folder))
    arguments = parse_arguments([*folders, *words_of(settings), *given])
    options = ("multirun", "cfg", "complete", "help", "version")
    if wrong := next((name for name in options if getattr(arguments, name)), None):
        raise ConfigError(f"overrides: got --{wrong}, which is for the command line; expected key=value")
    return arguments


def words_of(overrides: Overrides) -> tuple[str, ...]:
    """The words of a command line that say the same.

    Args: overrides: a mapping of values, or words, which are taken as they are.

    Raises ConfigError: no key, or a value that no setting can have.
    """
    if isinstance(overrides, Mapping):
        return tuple(_words(overrides, ""))
    words = overrides if isinstance(overrides, Iterable) and not isinstance(overrides, str | bytes) else None
    words = words and list(words)
    if words is None or not all(isinstance(word, str) for word in words):
        got = f"{printable(repr(overrides), 80)} ({type(overrides).__name__})"
        raise ConfigError(f"overrides: got {got}, expected a mapping, or a list of words such as 'seed=3'")
    return tuple(words)


def _words(mapping: Mapping[Any, Any], prefix: str, depth: int = 0) -> Iterator[str]:
    for name, value in mapping.items():
        key = f"{prefix}{name}"
        if not isinstance(name, str) or not _KEY.fullmatch(key):
            raise ConfigError(f"{printable(str(key), 80)}: not a key, expected letters, digits, '_' and dots")
        if isinstance(value, Mapping) and value:
            if depth > _DEEPEST:
                raise _no_value(key, "mappings nested too deeply")
            yield from _words(value, f"{key}.", depth + 1)
        else:
            yield f"{key}={_in_grammar(value, key)}"


def _in_grammar(value: Any, key: str, depth: int = 0) -> str:
    """A value in Hydra's grammar of overrides. Args: key: whose value it is, for the message."""
    if depth > _DEEPEST:
        raise _no_value(key, "a value nested too deeply")
    if not isinstance(value, str | int | float | list | tuple) and callable(getattr(value, "item", None)):
        value = value.item()  # a number of numpy
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(int(value) if isinstance(value, int) else float(value))
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str):
        return _text(str.__str__(value))
    if isinstance(value, list | tuple):
        return f"[{','.join(_in_grammar(inner, key, depth + 1) for inner in value)}]"
    if isinstance(value, Mapping):
        pairs = (
            f"{_inner_key(name, key)}:{_in_grammar(inner, key, depth + 1)}" for name, inner in value.items()
        )
        return f"{{{','.join(pairs)}}}"
    raise _no_value(key, f"a value of type {type(value).__name__}")


def _text(text: str) -> str:
    """A text that stays what it is: nothing in it refers to another setting."""
    if _PLAIN.fullmatch(text):
        return text
    return quoted(_INTERPOLATION.sub(lambda found: rf"{found[1] * 2}\${{", text))


def _inner_key(name: Any, key: str) -> str:
    if not isinstance(name, str) or "/" in name or not _PLAIN.fullmatch(name):
        raise ConfigError(
            f"{key}: got the key {printable(repr(name), 80)} in it, expected letters and digits"
        )
    return name


def _no_value(key: str, got: str) -> ConfigError:
    return ConfigError(
        f"{key}: got {got}, expected a text, a number, True, False, None, or a list or mapping of those"
    )
