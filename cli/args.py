"""The words on the command line: options first, overrides last, unknown options refused in one line.

Hydra's parser takes the overrides in one piece, so `scenario=tiny --config-dir mine judges=[a]` would be
refused; people write it all the same. It knows the options that take a value and nothing else.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path

from ..errors import ConfigError

WITH_VALUE = frozenset(
    ("--config-dir", "-cd", "--config-path", "-cp", "--config-name", "-cn", "--package", "-p", "--cfg", "-c",
     "--experimental-rerun")
)  # fmt: skip
INFO = frozenset(("--info", "-i"))
INFO_VALUES = frozenset(("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"))


def in_order(words: Sequence[str]) -> list[str]:
    """The same words with every option, and the value it takes, before the overrides."""
    options: list[str] = []
    overrides: list[str] = []
    before = ""
    for word in words:
        belongs = before in WITH_VALUE or (before in INFO and word in INFO_VALUES)
        (options if belongs or word.startswith("-") else overrides).append(word)
        before = "" if belongs else word
    return options + overrides


def check_options(words: Sequence[str]) -> None:
    """Refuse what Hydra's parser would refuse, in one line instead of its eight.

    Raises:
        ConfigError: an unknown option, or a value an option does not take.
    """
    from hydra._internal.utils import get_args_parser

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            get_args_parser().parse_args(words)
    except SystemExit as end:
        if end.code:
            reason = said.getvalue().strip().rpartition("error: ")[2]
            raise ConfigError(f"{' '.join(reason.split())}; --help says what there is") from None


def listed(words: Sequence[str], key: str) -> list[str]:
    """The words, with the plain ones (folders) as one list: `A B seed=1` is `seed=1 key=['A','B']`."""
    folders: list[str] = []
    others: list[str] = []
    before = ""
    for word in words:
        plain = before not in WITH_VALUE and word[:1] not in ("-", "~", "+")
        (folders if plain and ("=" not in word or Path(word).is_dir()) else others).append(word)
        before = word
    quoted = ",".join(f"'{_quoted(one)}'" for one in folders)
    return [*others, *([f"{key}=[{quoted}]"] if folders else [])]


def _quoted(word: str) -> str:
    """As Hydra's grammar wants it between single quotes."""
    return word.replace("\\", "\\\\").replace("'", "\\'")
