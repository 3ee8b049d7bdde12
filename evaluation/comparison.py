"""Several finished evaluations side by side: leaderboard.md, .html, .tex and .csv in a folder of their own.

It reads the evaluations' files only. Whatever they do not share is left out, and said so; evaluations of
different samples are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import orjson

from ..benchmark.statistics import Estimate
from ..errors import ConfigError, names
from ..rendering.document import Document
from ..settings import CompareSettings
from ..store import RunFolder, write_bytes
from .figures import check_matplotlib, write_figures
from .leaderboard import leaderboard
from .leaderboard_entries import GROUPS, LeaderboardEntry, build_entries, rank_entries
from .paired_tests import AlignedSamples, PairwiseTest, SampleOverlap, choose_pairs, run_tests
from .paper_tables import paper_tables
from .report import write_document
from .report_texts import COLUMNS
from .results import SAMPLES, SCORE_FILE, FinishedEvaluation, csv_text, load_evaluation

FILE = "leaderboard"


@dataclass(frozen=True)
class FinishedComparison:
    """A finished comparison."""

    folder: Path
    document: Document
    entries: Sequence[LeaderboardEntry]
    overlap: SampleOverlap
    tests: Sequence[PairwiseTest]


def compare(settings: CompareSettings) -> FinishedComparison:
    """Compare evaluations, and leave the leaderboard in a folder.

    Raises PtoolError: a folder is none of an evaluation, they are of different samples or scorers, or figures
    are asked for and cannot be drawn.
    """
    if settings.figures:
        check_matplotlib()
    evaluations = [load_evaluation(Path(folder)) for folder in settings.evaluations]
    entries = build_entries(evaluations, settings)
    against = _place_of(entries, settings.against)
    with AlignedSamples(evaluations) as paired:
        for scores in paired:
            for entry, score in zip(entries, scores, strict=True):
                entry.breakdown.add(score)
        tests = run_tests(paired, choose_pairs(_rank_places(entries, settings.seed), against), settings.seed)
        overlap = paired.overlap
    document = leaderboard(entries, overlap, tests, settings.seed)
    digest = _digest(evaluations, settings)
    place = settings.run.folder(f"runs/compare-{digest}")
    with RunFolder(place, {"comparison": digest}, url=settings.run.url) as folder:
        write_document(document, folder.path, FILE)
        write_bytes(folder / f"{FILE}.csv", leaderboard_csv(entries, overlap, settings.seed).encode())
        write_bytes(folder / "tests.csv", tests_csv(entries, tests).encode())
        if settings.figures:
            write_figures(entries, folder.path)
    return FinishedComparison(place, document, entries, overlap, tests)


def _rank_places(entries: Sequence[LeaderboardEntry], seed: int) -> list[int]:
    """Places of the entries, the best first, but what rules gave behind the rest."""
    ranked = sorted(
        (ranked_entry.entry for ranked_entry in rank_entries(entries, seed)), key=lambda entry: entry.by_rules
    )
    return [entries.index(entry) for entry in ranked]


def leaderboard_csv(entries: Sequence[LeaderboardEntry], overlap: SampleOverlap, seed: int) -> str:
    """All entries' shares, the best first, then the tables of the paper: who, from where, columns 0 to 1."""
    rows = [
        [
            "table",
            "who",
            "source",
            "variant",
            "format",
            "samples",
            *COLUMNS,
            *_LIMITS,
            "trained",
            "untrained",
            *_GROUP_LIMITS,
        ]
    ]
    for ranked_entry in rank_entries(entries, seed):
        about, values = ranked_entry.entry.evaluation.evaluated, ranked_entry.estimates
        limits = [_limit(values[column], end) for column in COLUMNS for end in ("low", "high")]
        groups = [
            ranked_entry.entry.rows().get(group, {}).get("overall") for group in ("trained", "untrained")
        ]
        rows.append(
            [
                "leaderboard",
                ranked_entry.entry.label,
                "measured",
                about["variant"],
                about["format"],
                str(overlap.samples),
            ]
            + [_number(values[column].value) for column in COLUMNS]
            + [*limits, *map(_number, groups)]
            + [_limit(ranked_entry.groups.get(group), end) for group in GROUPS for end in ("low", "high")]
        )
    return csv_text([*rows, *_paper_rows(entries)])


_LIMITS = tuple(f"{column}_{end}" for column in COLUMNS for end in ("low", "high"))
_GROUP_LIMITS = tuple(f"{group}_{end}" for group in GROUPS for end in ("low", "high"))


def _paper_rows(entries: Sequence[LeaderboardEntry]) -> Iterator[list[str]]:
    for number, own, quoted in paper_tables(entries):
        shares = [(quoted_row.name, "quoted", quoted_row.shares) for quoted_row in quoted] + [
            (own_row.name, "measured", own_row.shares) for own_row in own
        ]
        for name, source, row in shares:
            columns = [_number(row.get(column)) for column in COLUMNS]
            groups = [_number(row.get(group)) for group in ("trained", "untrained")]
            none, no_limits = ("" for _ in _LIMITS), ("" for _ in _GROUP_LIMITS)
            yield [f"Table {number}", name, source, "", "", "", *columns, *none, *groups, *no_limits]


def tests_csv(entries: Sequence[LeaderboardEntry], tests: Sequence[PairwiseTest]) -> str:
    """Every test, one a line."""
    rows = [[
        "first", "second", "column", "first_value", "second_value", "difference", "low", "high",
        "p", "p_holm", "only_first", "only_second", "mcnemar_p", "mcnemar_p_holm",
    ]]  # fmt: skip
    for test in tests:
        pair, by_users, by_samples = test.compared, test.compared.difference, test.compared.mcnemar
        limits = by_users.interval if by_users else None
        numbers = [
            pair.first, pair.second, *((limits.estimate, limits.low, limits.high) if limits else (None,) * 3),
            by_users and by_users.p_value, test.users_holm,
            *((by_samples.only_first, by_samples.only_second) if by_samples else (None,) * 2),
            by_samples and by_samples.p_value, test.mcnemar_holm,
        ]  # fmt: skip
        rows.append(
            [entries[test.first].label, entries[test.second].label, test.column, *map(_number, numbers)]
        )
    return csv_text(rows)


def _limit(estimate: Estimate | None, end: str) -> str:
    return _number(getattr(estimate.interval, end)) if estimate and estimate.interval else ""


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _place_of(entries: Sequence[LeaderboardEntry], label: str | None) -> int | None:
    labels = [entry.label for entry in entries]
    if label is not None and label not in labels:
        raise ConfigError(f"against: got {label!r}, there are {names(labels, label)}")
    return None if label is None else labels.index(label)


def _digest(evaluations: Sequence[FinishedEvaluation], settings: CompareSettings) -> str:
    """Of everything the comparison depends on; where folders lie does not count."""
    whole = blake2b(digest_size=5)
    chosen = settings.model_dump(mode="json", exclude={"evaluations", "run", "figures"})
    whole.update(orjson.dumps(chosen, option=orjson.OPT_SORT_KEYS))
    for evaluation in evaluations:
        for name in (SCORE_FILE, SAMPLES):
            with (evaluation.folder / name).open("rb") as file:
                while piece := file.read(1 << 20):
                    whole.update(piece)
    return whole.hexdigest()
