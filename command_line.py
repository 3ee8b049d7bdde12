"""The order of words on the command line: options first, overrides last.

Hydra's parser takes the overrides in one piece, so `scenario=tiny --config-dir mine judges=[a]` would be
refused; people write it all the same. It knows the options that take a value and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

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
