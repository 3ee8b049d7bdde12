"""The shards of a run joined into its ledger, and what of them is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import yaml

from ..errors import FolderInUseError, StoreError
from ..settings import Settings, Shard, validated
from ..store import Ledger, RunFolder, read_jsonl
from ..store.merging import join_ledger
from .context import PROVISIONAL, without_model
from .pipeline import RunParts, run_identity
from .population import UNSEEN
from .shard_folders import SHARDS, folder_name, shard_folders
from .shards import LEDGER, STAGE, ShardOrigin, is_in
from .stages import EPISODES


@dataclass(frozen=True)
class JoinedShards:
    """What became of the shards of a run."""

    shards: int
    """how many there are to be"""
    rows: int
    """items and answers that are new in the run's ledger"""
    missing: Sequence[str]
    """what is not there yet, a sentence a shard"""
    words: str
    """of the command line that makes the data again"""


def settings_of(run: Path) -> Settings:
    """The settings that the shards of a run were played with. Raises StoreError, ConfigError."""
    file = next(
        (place / "config.yaml" for place in (run, *_folders(run)) if (place / "config.yaml").is_file()), None
    )
    if file is None:
        raise StoreError(
            f"{run}: holds neither a run nor shards of one, expected what ptool.run shard=i/n left"
        )
    try:
        config = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise StoreError(f"{file}: cannot be read: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(config, dict):
        raise StoreError(f"{file}: damaged, expected the settings of a run; any shard has them as well")
    settings = validated({**config, "shard": None})
    return settings.model_copy(update={"run": settings.run.at(run)})


def join_shards(run: Path, parts: RunParts) -> JoinedShards:
    """Join every shard that nobody plays right now.

    Args: run: the run folder; parts: what its settings name, built.

    Raises:
        StoreError: there is none, one is of another run or damaged, or two have done the same, apart.
    """
    folders = shard_folders(run)
    if not folders:
        raise StoreError(f"{run / SHARDS}: holds no shard; python -m ptool.run … shard=1/4 plays one of four")
    counts = sorted({shard.of for shard in folders})
    if len(counts) > 1:
        raise StoreError(
            f"{run / SHARDS}: holds shards of {' and of '.join(map(str, counts))}, expected one number; "
            "their ids are divided in another way: leave those of one number out"
        )
    identity, rows, missing = run_identity(parts), 0, list[str]()
    words = ""
    with RunFolder(run, identity, "run") as folder:
        for number in range(1, counts[0] + 1):
            shard = Shard(number=number, of=counts[0])
            place = folders.get(shard)
            if place is None:
                missing.append(_missing(run, shard, None, "is not there"))
                continue
            origin = ShardOrigin.read(place)
            words = words or origin.words
            try:
                with RunFolder(place, {**identity, "shard": str(shard)}, "run"):
                    with Ledger(place / LEDGER) as ledger:
                        done, played = ledger.has(STAGE, str(shard)), _played(ledger)
                    rows += join_ledger(
                        folder / LEDGER, place / LEDGER, folder_name(shard), origin.failures, _may_differ
                    )
                if not done or any(id not in played for id in _task_ids(run) if is_in(shard, id)):
                    missing.append(_missing(run, shard, played, "is not finished"))
            except FolderInUseError:
                missing.append(_missing(run, shard, None, "is under way"))
    return JoinedShards(counts[0], rows, missing, words)


def _may_differ(stage: str) -> bool:
    """Whether the items of a stage do not last: what no model could be asked for is asked for again."""
    return stage.endswith(PROVISIONAL)


def _played(ledger: Ledger) -> set[str]:
    """Ids of the episodes that are played, or for which there was no model."""
    stages = (f"{population}{EPISODES}" for population in ("", f"{UNSEEN}/"))
    return {id for stage in stages for name in (stage, without_model(stage)) for id in ledger.ids(name)}


def _missing(run: Path, shard: Shard, played: set[str] | None, what: str) -> str:
    """What a shard lacks, and what to do."""
    ids = [id for id in _task_ids(run) if is_in(shard, id)]
    left = len([id for id in ids if id not in (played or ())])
    count = f" ({left:,} of its {len(ids):,} episodes)" if ids else ""
    return f"shard {shard} {what}{count}: the run's command with shard={shard} plays what is left"


def _task_ids(run: Path) -> Iterator[str]:
    """Ids of the tasks that are to be played, where it is known already."""
    for file in (run / "tasks.jsonl", run / UNSEEN / "tasks.jsonl"):
        if file.is_file():
            with suppress(KeyError, TypeError):
                yield from (task["id"] for task in read_jsonl(file))


def _folders(run: Path) -> list[Path]:
    return list(shard_folders(run).values())
