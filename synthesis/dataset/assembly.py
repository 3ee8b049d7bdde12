"""From the episodes of a run to the files of its dataset: curated, split, written part by part (Fig. 7)."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import orjson

from ...cli.progress import Stage
from ...executors import in_order
from ...records import Sample
from ...records.sample import Group, SampleEncoder
from ...records.shared_parts import SHARED, SHARED_FILES, SharedFile
from ...records.table_rows import columns, to_row
from ...settings import Settings
from ...store import RunFolder, read_jsonl, write_jsonl
from ...store.files import jsonl_writer
from ..context import RunContext
from ..extensions import choose_extensions
from ..items import ItemState
from ..population import UNSEEN, PreparedPopulation
from ..roles import SOLVER, STRANGER
from ..second_solvers import second_solutions
from ..stages import EPISODES, load_episode
from ..twins import STAGE as TWINS
from ..twins import PlayedTwins, original_of
from .curation import Curation, Curator, EpisodeJudge, JudgedEpisode
from .dataset_lines import DatasetLine, DatasetLines
from .gates.near_duplicates import NearDuplicateGate
from .near_duplicates import near_duplicate_samples
from .samples import CompactSample, SampleBuilder, SampleList, Split, in_order_of_ids
from .splits import Placement, Placements, draw_user_groups, split_samples
from .statistics.people import worlds_by_key

FILES: dict[Split, str] = {
    "all": "samples.jsonl",
    "train": "train.jsonl",
    "test": "test.jsonl",
    "unseen": "unseen.jsonl",
    "twins": "twins.jsonl",
    "reserve": "reserve.jsonl",
}
"""Part of the dataset -> its file below dataset/."""
TABLES = "dataset/tables"
"""Where the same files stand with text in every column."""


WINDOW = 1_024
"""Episodes that may be judged before the first of them is decided on."""


@dataclass(frozen=True)
class Dataset:
    """The samples of a run, where each of them is, and what became of the other episodes."""

    curation: Curation
    placements: Placements
    """id -> part of the dataset and group"""
    groups: Mapping[str, Group]
    """user -> group"""
    near_duplicates: Sequence[tuple[str, str]]
    """ids, pair by pair"""

    @property
    def samples(self) -> SampleList:
        """The samples in the order they were judged, twins after all originals."""
        return self.curation.samples

    def files(self) -> dict[str, str]:
        """Part -> file, of the parts that hold samples."""
        parts = self.placements.parts() or {"all"}
        return {split: name for split, name in FILES.items() if split in parts}


def user_groups(context: RunContext, populations: Sequence[PreparedPopulation]) -> dict[str, Group]:
    """User -> trained, untrained or unseen; everybody is trained where nothing is split."""
    groups: dict[str, Group] = {}
    for population in populations:
        users = population.people.users
        if population.name == UNSEEN:
            groups |= dict.fromkeys(users, "unseen")
        else:
            groups |= draw_user_groups(users, context.settings.splits, context.settings.seed)
    return groups


async def assemble_dataset(
    context: RunContext,
    populations: Sequence[PreparedPopulation],
    groups: Mapping[str, Group],
    curation: Curation,
) -> Dataset:
    """Split what was kept of the episodes and write it, in a thread: the event loop has other things to do.

    Args:
        context: of the whole run.
        populations: whose episodes they are.
        groups: user -> group (`user_groups`).
        curation: what became of them (`curate`).

    Raises:
        StoreError: a file cannot be written.
    """
    with context.stage("dataset", len(curation.samples)) as bar:
        return await asyncio.to_thread(_assemble, context, populations, groups, curation, bar)


def _assemble(
    context: RunContext,
    populations: Sequence[PreparedPopulation],
    groups: Mapping[str, Group],
    curation: Curation,
    bar: Stage,
) -> Dataset:
    settings, folder = context.settings, context.folder
    gates = choose_extensions(settings).gates
    # Twins are in the dataset without having been compared.
    compared = not settings.twins and any(isinstance(gate, NearDuplicateGate) for gate in gates.values())
    duplicates = [] if compared else near_duplicate_samples(curation.samples)
    placements = split_samples(curation.samples, groups, settings.splits, settings.seed, duplicates)
    dataset = Dataset(curation, placements, groups, duplicates)
    worlds = worlds_by_key(populations)
    lines = DatasetLines(worlds, settings)

    def line(sample: CompactSample) -> DatasetLine:
        bar.advance()
        if settings.shares_tools and not sample.twin_of:
            return pickle.loads(curation.lines.get(sample.id))  # noqa: S301 (of this process)
        return lines.line(sample, placements[sample.id].group)

    shared, builder = settings.shares_tools, SampleBuilder(worlds, settings.assistant)
    write_dataset(folder, dataset, line)
    write_shared_parts(folder, dataset, lambda sample: builder.build(sample, None), shared=shared)
    write_tables(folder, shared=shared)
    write_jsonl(folder / "dataset/rejected.jsonl", curation.rejected.values())
    return dataset


async def curate(
    context: RunContext,
    populations: Sequence[PreparedPopulation],
    groups: Mapping[str, Group],
    twins: Sequence[PlayedTwins] = (),
) -> Curation:
    """Judge the episodes population by population, twins after all originals; each is read once.

    Args:
        context: of the whole run.
        populations: their episodes were played.
        groups: user -> group (`user_groups`).
        twins: the twins that were played, if any.

    Raises:
        StoreError: an episode cannot be read.
    """
    settings = context.settings
    curator = Curator(choose_extensions(settings).gates, _voters(settings))
    split_groups = groups if settings.splits.enabled else {}
    worlds = {population.name: population.worlds for population in populations}
    parts: list[tuple[RunContext, str, Iterator[str]]] = [
        (population.context, EPISODES, (task.id for task in population.tasks)) for population in populations
    ]
    parts += [(played.context, TWINS, iter(played.ids)) for played in twins]
    count = sum(len(population.tasks) for population in populations) + sum(len(each.ids) for each in twins)
    with context.stage("gates", count) as bar:

        def add(_: str, judged: JudgedEpisode) -> None:
            curator.add(judged, there)
            bar.advance()

        for own, stage, ids in parts:
            there = worlds[own.population]
            items, done = in_order(ids, add, WINDOW)
            await own.each(episode_judge, items, done, stage, split_groups)
    return curator.finish()


def episode_judge(
    populations: ItemState, name: str, stage: str, groups: Mapping[str, Group]
) -> Callable[[tuple[int, str]], Awaitable[JudgedEpisode]]:
    """Judges one played episode of a ledger stage alone, as a job of an executor. Args: groups: by user."""
    context, worlds = populations[name]
    settings = context.settings
    judge = EpisodeJudge(choose_extensions(settings).gates, _voters(settings))
    originals = stage == EPISODES
    keyed = {(name, scenario): world for scenario, world in worlds.items()}
    # A twin has the group of its original's user; a line with all its tools is too long to be sent.
    lines = DatasetLines(keyed, settings) if originals and settings.shares_tools else None

    async def judged(numbered: tuple[int, str]) -> JudgedEpisode:
        _, id = numbered
        episode = load_episode(context, id, stage)
        verdict = judge.judge(
            episode,
            name,
            worlds[episode.task.scenario],
            strangers=second_solutions(context, STRANGER, id) if originals and settings.strangers else (),
            others=second_solutions(context, SOLVER, id) if originals and settings.consistency else (),
            twin_of=original_of(id),
        )
        sample = verdict.sample
        if lines is None or sample is None:
            return verdict
        return replace(verdict, line=lines.line(sample, groups.get(sample.user)))

    return judged


def _voters(settings: Settings) -> tuple[str, ...]:
    return (*settings.judges, *settings.query_judges)


def write_dataset(
    folder: RunFolder, dataset: Dataset, line_of: Callable[[CompactSample], DatasetLine]
) -> None:
    """Write every part of the dataset, and index.jsonl, which says where each sample is.

    Args:
        folder: the run's.
        dataset: its samples are written in the order of their ids.
        line_of: the line of a sample.

    Raises:
        StoreError: a file cannot be written.
    """
    files = dataset.files()
    with ExitStack() as open_files:

        def opened(file: str) -> Callable[[bytes], None]:
            return open_files.enter_context(jsonl_writer(folder / f"dataset/{file}"))

        write_entry = opened("index.jsonl")
        write_line = {split: opened(file) for split, file in files.items()}
        offsets = dict.fromkeys(files, 0)
        for sample in in_order_of_ids(dataset.samples):
            (line, digest), placement = line_of(sample), dataset.placements[sample.id]
            split = placement.split
            write_line[split](line)
            write_entry(_index_entry(sample, placement, files[split], offsets[split], len(line), digest))
            offsets[split] += len(line) + 1
    for split, file in FILES.items():
        if split not in files:
            (folder / f"dataset/{file}").unlink(missing_ok=True)  # what another version of the run has left


def write_shared_parts(
    folder: RunFolder, dataset: Dataset, build: Callable[[CompactSample], Sample], *, shared: bool
) -> None:
    """Write what samples share, a line for every scenario and user; without `shared`, remove it.

    Args:
        folder, dataset: as of `write_dataset`.
        build: makes the record of a sample.
        shared: whether lines of samples leave out what is written here.

    Raises StoreError where a file cannot be written.
    """
    for file in SHARED_FILES:
        path = folder / f"dataset/{file.name}"
        if shared:
            write_jsonl(path, _shared_lines(file, dataset, build))
        else:
            path.unlink(missing_ok=True)  # what another form of the dataset has left


def write_tables(folder: RunFolder, *, shared: bool) -> None:
    """Write every file of samples and of what they share once more, as a table below dataset/tables/.

    Args: as of `write_dataset`, whose files are there. Raises StoreError where a file cannot be written.
    """
    left_out = dict.fromkeys(FILES.values(), SHARED if shared else ()) | {
        file.name: file.absent for file in SHARED_FILES
    }
    for file, without in left_out.items():
        samples, table = folder / f"dataset/{file}", folder / f"{TABLES}/{file}"
        if samples.is_file():
            names = columns(without)
            write_jsonl(table, (orjson.dumps(to_row(sample, names)) for sample in read_jsonl(samples)))
        else:
            table.unlink(missing_ok=True)


def _shared_lines(
    file: SharedFile, dataset: Dataset, build: Callable[[CompactSample], Sample]
) -> Iterator[bytes]:
    first: dict[str, int] = {}
    for place, sample in enumerate(dataset.samples):
        first.setdefault(sample.scenario if file.key == "scenario" else sample.user, place)
    encoder = SampleEncoder()
    for _, place in sorted(first.items()):
        yield encoder.encode(build(dataset.samples[place]), file.absent)


def _index_entry(
    sample: CompactSample, placement: Placement, file: str, offset: int, size: int, digest: str
) -> bytes:
    return orjson.dumps(
        {
            "id": sample.id,
            "split": placement.split,
            "group": placement.group,
            "scenario": sample.scenario,
            "user_id": sample.user,
            "platform": sample.platform,
            "twin_of": sample.twin_of or None,
            "file": file,
            "offset": offset,
            "bytes": size,
            "digest": digest,
        }
    )
