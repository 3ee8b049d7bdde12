"""What the word that is being typed may become: an option, a key, a choice, a value out of a list.

The shells' side is in completion.bash and completion.zsh. It reads conf/ and the settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel

from ..settings import choices, keys
from ..settings.texts import read_yaml

_CONF = Path(__file__).parents[1] / "conf"
_OPTIONS = ("--help", "--version", "--multirun", "--cfg", "--resolve", "--config-dir", "--config-name")


def completions(word: str, config: str, schema: type[BaseModel], folders: Sequence[Path] = ()) -> list[str]:
    """Whole words that begin with what was typed, sorted; none where a file may follow.

    Args:
        word: what was typed of it.
        config: the command's primary config in conf/.
        schema: what its configuration becomes.
        folders: the user's own folders of choices.
    """
    if word.startswith("-"):
        return [option for option in _OPTIONS if option.startswith(word)]
    groups = set(_groups(config))
    key, equals, _ = word.partition("=")
    if not equals:
        found = {
            f"{name}=" for name in (*keys(schema), *groups) if name in groups or not _has_parts(name, schema)
        }
    elif key in groups:
        places = (folder / key for folder in (_CONF, *folders))
        found = {f"{key}={file.stem}" for place in places for file in place.glob("*.yaml")}
    else:
        found = {f"{key}={value}" for value in choices(schema, key)}
    return sorted(whole for whole in found if whole.startswith(word))


def _has_parts(key: str, schema: type[BaseModel]) -> bool:
    return any(name.startswith(f"{key}.") for name in keys(schema))


def _groups(config: str) -> Iterator[str]:
    """The config groups of which a primary config takes a choice."""
    for entry in read_yaml(_CONF / f"{config}.yaml").get("defaults", ()):
        if isinstance(entry, dict):
            yield from (group for group in entry if "@" not in group and " " not in group)
        elif entry != "_self_":
            yield from _groups(entry)
