"""Overrides as people type them, in the grammar of Hydra.

Hydra's lexer knows few letters, and the signs in paths and names mean something to it. Here, and only here, a
value that it would not read as it was typed is quoted: a text (`run.dir=ck/jürgen/step=12`, `card.name=2026`)
by what the settings say of its key, and whatever its grammar does not take. It does not look into the
configuration.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, QuotedString
from hydra.errors import HydraException, OverrideParseException
from pydantic import BaseModel

from ..errors import ConfigError, printable
from ..settings import bare_key, is_text
from ..settings.texts import parse_yaml
from .args import quoted

_KEY = re.compile(r"[+~]*[\w./@:$-]+", re.ASCII)
_OF_A_MODEL = re.compile(r"(.*\.)?model\.(model|base_url|api_key_env|file)")
"""Texts that a model's class takes, of which the settings know nothing."""


def as_typed(word: str, schema: type[BaseModel], *, sweeps: bool = False) -> str:
    """An override that Hydra reads as the value that was typed.

    Args:
        word: `key=value`, `+key=value` or `~key`.
        schema: what the configuration becomes, which says what is a text.
        sweeps: whether `key=a,b` stands for several jobs.

    Raises:
        ConfigError: the word is no override, in whatever quotes.
    """
    key, equals, value = word.partition("=")
    if equals and value[:1] != "{" and (bare := bare_key(schema, key.lstrip("+~"))):
        return as_typed(f"{key}.{bare}={value}", schema, sweeps=sweeps)
    read = _parsed(word)
    if not equals or not _KEY.fullmatch(key):
        if read is not None and key.strip("+~"):
            return word
        shown = printable(key if key.strip("+~") else word, 80)
        hint = f", such as run.dir={shown}" if "/" in word and not equals else ""
        raise ConfigError(f"{shown}: not an override, expected key=value{hint}")
    if _is_text(key.lstrip("+~").partition("@")[0], schema):
        return word if _is_read_as(value, read, sweeps) else f"{key}={_quoted(value, sweeps)}"
    if read is not None:
        return word
    return f"{key}={_structure(value) if value[:1] in ('[', '{') else _quoted(value, sweeps)}"


def _parsed(word: str) -> Override | None:
    try:
        return OverridesParser.create().parse_override(word)
    except (HydraException, OverrideParseException):
        return None


def _is_text(key: str, schema: type[BaseModel]) -> bool:
    return _OF_A_MODEL.fullmatch(key) is not None or is_text(schema, key)


def _is_read_as(typed: str, read: Override | None, sweeps: bool) -> bool:
    """Whether Hydra reads the text that was typed, as it stands or quoted; null and mappings are none."""
    if read is None:
        return False
    if read.is_sweep_override():
        return sweeps
    value = read.value()
    if value is None:
        return typed in ("null", "")  # Hydra reads NULL as null, too; that is a text
    return value == typed or isinstance(value, dict) or isinstance(read._value, QuotedString)


def _quoted(value: str, sweeps: bool) -> str:
    return ",".join(map(quoted, value.split(","))) if sweeps else quoted(value)


def _structure(value: str) -> str:
    """A list or mapping in Hydra's grammar, read as YAML; as it was typed where it is none."""
    try:
        return _in_hydras_grammar(parse_yaml(value, "an override"))
    except ConfigError:
        return value


def _in_hydras_grammar(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_in_hydras_grammar(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{','.join(map(_in_hydras_grammar, value))}]"
    return quoted(str(value)) if not isinstance(value, bool | int | float | None) else json.dumps(value)
