"""What is left behind at the end of a run: statistics, the dataset card, the manifest, the summary."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from math import sqrt
from pathlib import Path

from ...cli.program import command_line
from ...cli.progress import Stage
from ...records import Episode, Sample, Solution
from ...records.dataset_statistics import Audit, GateRow, SampleQuality, Statistics
from ...records.sample import Group
from ...settings import Settings
from ...store import (
    Ledger,
    Manifest,
    read_jsonl,
    read_samples,
    versions,
    write_bytes,
    write_json,
    write_manifest,
)
from ...store.dataset_index import INDEX
from ...store.files import jsonl_writer
from ..context import RunContext, left_without_model, repairs_of
from ..extensions import choose_extensions
from ..population import PreparedPopulation
from ..roles import STRANGER, second_solvers
from ..second_solvers import second_solutions
from ..stages import EPISODES, load_episode
from ..twins import STAGE as TWINS
from .assembly import Dataset
from .audit import choose_samples, run_audit
from .card import card
from .console_summary import Summary
from .curation import Curation
from .samples import CompactSample, Split
from .splits import Parts
from .statistics import Table5, sample_statistics
from .statistics.general_reader import load_reader

MOST_OFF_CHANCE = 0.03
"""How far above chance a platform may be guessed without the user (Table 3)."""
PartCounts = Counter[tuple[Split, Group | None, str]]
"""(part, group, scenario) -> samples that are no twins."""
LOW_DECIDABILITY = "min_decidability"
"""What a summary calls a dataset whose platforms are not to be told from the history."""


def audited_episodes(context: RunContext, own: PreparedPopulation, curation: Curation) -> list[Episode]:
    """Episodes of the run's own people that became samples, as many as the judges are to be audited with."""
    samples = context.settings.audit.samples
    if not samples:
        return []
    # What a choice looks at; queries and arguments are most of a sample.
    originals = (sample._replace(query="", arguments=()) for sample in curation.originals_of(own.name))
    chosen = choose_samples(originals, samples, context.settings.seed)
    return [load_episode(own.context, id) for id in chosen]


async def audit_judges(
    context: RunContext, own: PreparedPopulation, episodes: Sequence[Episode]
) -> Audit | None:
    """Audit the judges with some episodes (`audited_episodes`); None where nobody asked for it."""
    if not context.settings.audit.samples:
        return None
    extensions = choose_extensions(context.settings)
    audit = await run_audit(own.context, episodes, extensions.corruptions, extensions.injections)
    write_json(context.folder / "audit.json", audit.model_dump(mode="json"))
    return audit


async def count_statistics(
    context: RunContext, populations: Sequence[PreparedPopulation], dataset: Dataset
) -> Statistics:
    """What is known of the dataset as a whole without the audit, counted in a thread, as `assemble_dataset`.

    Each sample's is left in quality.jsonl.
    """
    with context.stage("statistics", len(dataset.samples)) as bar:
        return await asyncio.to_thread(_count, context, populations, dataset, bar)


def _count(
    context: RunContext, populations: Sequence[PreparedPopulation], dataset: Dataset, bar: Stage
) -> Statistics:
    settings, curation, samples = context.settings, dataset.curation, dataset.samples
    with jsonl_writer(context.folder / "dataset/quality.jsonl") as write_quality:
        table, in_parts = Table5(dataset.groups, populations), PartCounts()

        def note(sample: CompactSample, quality: SampleQuality) -> None:
            placement = dataset.placements[sample.id]
            table.add(sample, placement.split)
            if not sample.twin_of:
                in_parts[placement.split, placement.group, sample.scenario] += 1
            write_quality(quality.model_dump_json().encode())
            bar.advance()

        strangers = _stranger_solutions(populations) if settings.strangers else {}
        whole = sample_statistics(
            samples,
            Parts(dataset.placements),
            populations,
            strangers,
            curation.solved,
            near_duplicates=dataset.near_duplicates,
            reader=load_reader() if settings.general_reader else None,
            loyalty=settings.history.preferred_share,
            actions_per_context=settings.history.actions_per_context,
            seed=settings.seed,
            note=note,
        )
        statistics = Statistics(
            **whole,
            model=context.participants.describe_model(),
            scripted=context.participants.scripted,
            splits=table.rows(),
            funnel=curation.funnel.as_dict(),
            reasons=dict(curation.reasons.most_common()),
            gates=tuple(
                GateRow(gate=name, judged=curation.judged[name], rejected=curation.stopped[name])
                for name in choose_extensions(settings).gates
            ),
            audit=None,
            assistant=settings.assistant,
            samples_per_turn=settings.samples_per_turn,
            judges_without_vote=dict(context.silent_judges),
        )
    return statistics.model_copy(update={"short_of": tuple(_short_of(settings, in_parts, statistics))})


def write_statistics(context: RunContext, statistics: Statistics) -> None:
    """Leave statistics.json."""
    written = statistics.model_dump_json(indent=2)  # in this order: the most used first
    write_bytes(context.folder / "statistics.json", f"{written}\n".encode())


def _stranger_solutions(populations: Sequence[PreparedPopulation]) -> dict[str, tuple[Solution | None, ...]]:
    """Episode -> the solutions of strangers."""
    return {
        task.id: answers
        for population in populations
        for task in population.tasks
        if (answers := second_solutions(population.context, STRANGER, task.id))
    }


def _short_of(settings: Settings, in_parts: PartCounts, statistics: Statistics) -> Iterator[str]:
    """What was asked for and is not there, a sentence each."""
    splits = settings.splits
    decidability = statistics.decidability
    if decidability.transparent < settings.min_decidability:
        yield (
            f"{LOW_DECIDABILITY}: the visible history tells {decidability.transparent:.1%} of the platforms, "
            f"asked for were {settings.min_decidability:.1%}; more visits, or more faithful ones, tell more "
            "(history.actions_per_context, history.loyalty)"
        )
    noise = 2 * sqrt(decidability.chance * (1 - decidability.chance) / max(decidability.samples, 1))
    if (excess := decidability.without_profile - decidability.chance) > MOST_OFF_CHANCE + noise:
        yield (
            f"the query alone tells {decidability.without_profile:.1%} of the platforms, {excess:.1%} above "
            "chance; the users are too much alike in what they prefer"
        )
    for group, wanted in (("untrained", splits.most.untrained), ("trained", splits.most.trained)):
        got = sum(count for (split, kind, _), count in in_parts.items() if (split, kind) == ("test", group))
        if wanted is not None and got < wanted:
            yield f"splits.most.{group}: {wanted:,} samples were asked for, {got:,} are there"
    for scenario, wanted in splits.unseen.queries.items() if splits.unseen else ():
        if (got := in_parts["unseen", "unseen", scenario]) < wanted:
            yield f"splits.unseen.queries.{scenario}: {wanted:,} samples were asked for, {got:,} are there"


def write_card(context: RunContext, dataset: Dataset, statistics: Statistics, words: str) -> None:
    """Leave the dataset card, dataset/README.md.

    Args: words: of the command line that makes the data again.
    """
    settings = context.settings
    written = card(
        statistics,
        title=settings.card.name or f"Personalised tool invocation: {settings.scenario.name}",
        scenarios={scenario.name: scenario.description for scenario in settings.all_scenarios()},
        license=settings.card.license,
        seed=settings.seed,
        digest=settings.digest(),
        command=f"python -m ptool.run {words}".rstrip(),
        versions=versions(),
        files=dataset.files(),
        content=_digest(context.folder / "dataset" / INDEX),
        shared=settings.shares_tools,
    )
    write_bytes(context.folder / "dataset/README.md", written)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def build_summary(
    context: RunContext, populations: Sequence[PreparedPopulation], dataset: Dataset, statistics: Statistics
) -> Summary:
    """What the run came to, for the person who started it."""
    settings, curation = context.settings, dataset.curation
    kinds = Counter(
        feature.kind for population in populations for feature in population.feature_tree.features()
    )
    worlds = [world for population in populations for world in population.worlds.values()]
    mended = calls = 0
    for sample in dataset.samples:
        mended, calls = mended + sample.mended, calls + len(sample.calls)
    counts = {
        "scenarios": len(worlds),
        "platforms": sum(len(world.platforms) for world in worlds),
        "APIs": sum(len(world.tools) for world in worlds),
        "APIs used": statistics.apis.used,
        "features, basic": kinds["basic"],
        "features, implicit": kinds["implicit"],
        "users": sum(len(population.people.users) for population in populations),
        "actions": sum(
            len(history.actions)
            for population in populations
            for user in population.people.users
            for history in population.people.histories(user)
        ),
        "samples": len(dataset.samples),
        "mended by feedback": mended,
        "calls": calls,
        **{f"arguments from the {origin}": count for origin, count in statistics.origins.items()},
    }
    if settings.twins:
        counts["counterfactual twins"] = statistics.interchangeability.twins
    parts = {row.name: row.queries for row in statistics.splits if row.name != "all"}
    return Summary(
        folder=context.folder.path,
        counts=counts,
        splits=parts,
        funnel=curation.funnel,
        reasons=tuple(sorted(curation.reasons.items(), key=lambda item: (-item[1], item[0]))),
        samples=tuple(_some_samples(context, dataset)),
        min_yield=settings.min_yield,
        model=statistics.model,
        tools=tuple(tools.describe() for population in populations for tools in population.tools),
        short_of=statistics.short_of,
        missing=tuple(_missing(settings, populations)),
        undecidable=statistics.decidability.transparent < settings.min_decidability,
        next_steps=_next_steps(context, dataset),
    )


def _missing(settings: Settings, populations: Sequence[PreparedPopulation]) -> Iterator[str]:
    """What no model could be asked for, a sentence a stage."""
    for stage in (EPISODES, TWINS, *second_solvers(settings)):
        count = sum(left_without_model(population.context, stage) for population in populations)
        if count:
            why = "a model could not be asked, or its endpoint refused the request"
            again = "the same command asks for them again (run.log and ptool.status say what was said)"
            yield f"missing: {count:,} of the {stage.removesuffix('s')}s: {why}; {again}"


def _some_samples(context: RunContext, dataset: Dataset) -> Iterator[Sample]:
    """Three samples from different places of the first file."""
    file = context.folder / f"dataset/{_first_file(dataset)}"
    count = sum(1 for _ in islice(read_jsonl(file), 200))
    places = range(0, count, max(1, count // 3))[:3]
    yield from (sample for place, sample in enumerate(islice(read_samples(file), count)) if place in places)


def _first_file(dataset: Dataset) -> str:
    return next(iter(dataset.files().values()))


def _next_steps(context: RunContext, dataset: Dataset) -> tuple[str, ...]:
    folder, here = context.folder.path, context.settings.scenario.name
    other, file = "travel" if here != "travel" else "shopping", _first_file(dataset)
    return (
        f"look at {folder}/dataset/{file}, {folder}/api_tree.svg and {folder}/feature_tree.svg",
        f"{command_line('report', f'run={folder}')}  # the dataset on one page",
        f"{command_line('run', f'scenario={other}', 'seed=3')}  # another scenario, another seed",
        f"{command_line('run', 'experiment=paper')}  # the paper's dataset, split as in Table 5",
    )


def write_run_manifest(
    context: RunContext, populations: Sequence[PreparedPopulation], summary: Summary, dataset: Dataset
) -> None:
    """Leave manifest.json: what the run was made with and what became of it."""
    settings, participants = context.settings, context.participants
    write_manifest(
        context.folder / "manifest.json",
        Manifest(
            settings=settings.model_dump(mode="json", by_alias=True),
            digest=settings.digest(),
            seeds={"run": settings.seed},
            model=participants.describe_model(),
            prompts=participants.prompts(),
            counts=summary.counts,
            funnel=summary.funnel.as_dict(),
            timings=context.progress.timings,
            notes={
                "outcome": {"exit_status": summary.exit_status, "problems": summary.problems},
                "libraries": participants.library.fingerprints(),
                "reasons": dict(dataset.curation.reasons),
                "usage": _usage(context),
                **({"estimated_answers": estimates} if (estimates := _ledger(context).estimates()) else {}),
                "tools": summary.tools,
                "judges_without_vote": dict(context.silent_judges),
                "first_answers": dataset.curation.first_answers.as_dict(),
                **repairs_of(population.context.ledger for population in populations),
            },
        ),
    )


def _usage(context: RunContext) -> dict[str, dict[str, dict[str, float]]]:
    """What the run's calls cost: stage -> role -> counts, failed and repaired attempts included."""
    spent: dict[str, dict[str, dict[str, float]]] = {}
    for (stage, role), cost in _ledger(context).usage().items():
        spent.setdefault(stage, {})[role] = asdict(cost)
    return spent


def _ledger(context: RunContext) -> Ledger:
    """The whole run's, of the context of its own people."""
    assert isinstance(context.ledger, Ledger)
    return context.ledger
