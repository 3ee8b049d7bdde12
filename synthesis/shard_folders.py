"""Where the shards of a run are; it is looked at before anything is made, so it needs nothing of that."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..errors import ConfigError
from ..settings import Shard

SHARDS = "shards"
"""The folder they are in, below the run folder."""


def folder_name(shard: Shard) -> str:
    """Of a shard, below the run folder."""
    return f"{SHARDS}/{shard.number}-of-{shard.of}"


def shard_folders(run: Path) -> dict[Shard, Path]:
    """The shards that are there, in their order."""
    found: dict[Shard, Path] = {}
    for place in (run / SHARDS).glob("*-of-*") if (run / SHARDS).is_dir() else ():
        with suppress(ValueError, ConfigError):
            shard = Shard.model_validate(place.name.replace("-of-", "/"))
            if place.is_dir() and place == run / folder_name(shard):
                found[shard] = place
    return dict(sorted(found.items(), key=lambda item: (item[0].of, item[0].number)))
