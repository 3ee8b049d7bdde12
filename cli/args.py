"""The command line: ptool's options, in any order with overrides (`key=value`) between them.

It knows the options every command takes, and nothing of Hydra, which composes what the overrides say.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from ..errors import ConfigError, printable

OPTIONS = """\
Options: -m (every combination of key=a,b), --cfg job (show the configuration, run nothing),
--config-dir FOLDER (look for choices there too), --config-name NAME (another primary config), --version."""
"""What `--help` says of them."""


@dataclass(frozen=True)
class Arguments:
    """The words of a command line, told apart."""

    overrides: tuple[str, ...] = ()
    """`key=value`, `+key=value`, `~key`, in their order"""
    config_dirs: tuple[Path, ...] = ()
    """folders in which choices of config groups are looked for, beside ptool's own"""
    config_name: str | None = None
    """a primary config other than the command's"""
    multirun: bool = False
    """whether every combination of `key=a,b` is a job"""
    cfg: Literal["job", "hydra", "all"] | None = None
    """the part of the configuration to show instead of running anything"""
    resolve: bool = False
    """whether interpolations are resolved in what `--cfg` shows"""
    complete: str | None = None
    """the word that is being typed, for which a shell asks what it may become"""
    help: bool = False
    version: bool = False


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; --help says what there is")


def _parser() -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--help", "-h", action="store_true")
    parser.add_argument("--version", action="store_true")
    parser.add_argument("--complete")
    parser.add_argument("--multirun", "-m", action="store_true")
    parser.add_argument("--cfg", "-c", choices=("job", "hydra", "all"))
    parser.add_argument("--resolve", action="store_true")
    parser.add_argument("--config-name", "-cn")
    parser.add_argument("--config-dir", "-cd", dest="config_dirs", action="append", type=Path, default=[])
    return parser


def parse_arguments(
    words: Sequence[str], list_key: str | None = None, plain_keys: Sequence[str] = ()
) -> Arguments:
    """Tell options from overrides.

    Args:
        words: the command line behind the command's name.
        list_key: the key of which plain words are a list: `A B seed=1` is `seed=1 list_key=['A','B']`.
        plain_keys: the keys that plain words stand for, in their order: `A seed=1` is `seed=1 key=A`.

    Raises:
        ConfigError: a word that is not UTF-8, an unknown option, a value that an option does not take, a
            plain word too many, or a folder that is not there.
    """
    for word in words:
        if any("\ud800" <= character <= "\udfff" for character in word):
            shown = word.encode("utf-8", "replace").decode()
            raise ConfigError(f"{shown}: not UTF-8, expected a word in UTF-8; rename what it names")
    given: dict[str, Any] = vars(_parser().parse_intermixed_args(words))
    overrides = tuple(given.pop("overrides"))
    folders = tuple(folder.resolve() for folder in given.pop("config_dirs"))
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"--config-dir: '{folder}' not found, expected a folder")
    if list_key is not None:
        overrides = with_list(overrides, list_key)
    if plain_keys:
        overrides = with_keys(overrides, plain_keys)
    return Arguments(overrides=overrides, config_dirs=folders, **given)


def with_list(words: Iterable[str], key: str) -> tuple[str, ...]:
    """The words, with the plain ones (folders) as one list: `A B seed=1` is `seed=1 key=['A','B']`."""
    overrides, plain = _told_apart(words)
    listed = ",".join(quoted(word) for word in plain)
    return (*overrides, *([f"{key}=[{listed}]"] if plain else []))


def with_keys(words: Iterable[str], keys: Sequence[str]) -> tuple[str, ...]:
    """The words, with the plain ones as values of keys: `A B seed=1` is `seed=1 run=A sample=B`.

    Raises ConfigError where there are more plain words than keys.
    """
    overrides, plain = _told_apart(words)
    if len(plain) > len(keys):
        more, known = printable(plain[len(keys)], 80), " and ".join(keys)
        raise ConfigError(f"{more}: not an override, expected key=value; plain words are {known}")
    return (*overrides, *(f"{key}={quoted(word)}" for key, word in zip(keys, plain, strict=False)))


_OVERRIDE = re.compile(r"[+~]*(hydra/)?[A-Za-z_][\w.@:]*=|[+~]+(?!/)")


def _told_apart(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """Overrides and plain words; a file that is there is a plain word, whatever it is called."""
    overrides: list[str] = []
    plain: list[str] = []
    for word in words:
        (overrides if _OVERRIDE.match(word) and not _exists(word) else plain).append(word)
    return overrides, plain


def _exists(word: str) -> bool:
    try:
        return Path(word).exists()
    except (OSError, ValueError):
        return False


def quoted(text: str) -> str:
    """A text as Hydra's grammar of overrides takes it whole, whatever is in it.

    A backslash stands for itself there, but in front of a quote.
    """
    escaped = re.sub(r"\\+(?='|\Z)", lambda found: found.group() * 2, text).replace("'", "\\'")
    return f"'{escaped}'"
