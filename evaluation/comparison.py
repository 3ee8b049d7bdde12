"""Several finished evaluations side by side: leaderboard.md, .html and .csv in a folder of their own.

It reads the evaluations' files only. Whatever they do not share is left out, and said so; evaluations of
different samples are refused.
"""

from __future__ import annotations

import csv
import io
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
from .contestants import Contestant, Test, contestants, pairs, tested
from .headings import COLUMNS
from .leaderboard import leaderboard, standings
from .pairing import Pairing, Shared
from .paper_tables import paper_tables
from .report import write_document
from .results import SAMPLES, Kept, kept
from .results import SCORE_FILE as SCORES

FILE = "leaderboard"


@dataclass(frozen=True)
class Compared:
    """A finished comparison."""

    folder: Path
    document: Document
    contestants: Sequence[Contestant]
    shared: Shared
    tests: Sequence[Test]


def compare(settings: CompareSettings) -> Compared:
    """Compare evaluations, and leave the leaderboard in a folder.

    Raises PtoolError: a folder is none of an evaluation, or they are of different samples or scorers.
    """
    evaluations = [kept(Path(one)) for one in settings.evaluations]
    found = contestants(evaluations, settings)
    against = _against(found, settings.against)
    with Pairing(evaluations) as paired:
        for scores in paired:
            for one, score in zip(found, scores, strict=True):
                one.breakdown.add(score)
        tests = tested(paired, pairs(_ranked(found, settings.seed), against), settings.seed)
        shared = paired.shared
    document = leaderboard(found, shared, tests, settings.seed)
    digest = _digest(evaluations, settings)
    place = Path(settings.run.dir or f"runs/compare-{digest}")
    with RunFolder(place, {"comparison": digest}) as folder:
        write_document(document, folder.path, FILE)
        write_bytes(folder / f"{FILE}.csv", as_csv(found, shared, settings.seed).encode())
        write_bytes(folder / "tests.csv", tests_as_csv(found, tests).encode())
    return Compared(place, document, found, shared, tests)


def _ranked(found: Sequence[Contestant], seed: int) -> list[int]:
    """Places of everybody, the best first, but what rules gave behind the rest."""
    ranked = sorted((one.contestant for one in standings(found, seed)), key=lambda one: one.by_rules)
    return [found.index(one) for one in ranked]


def as_csv(found: Sequence[Contestant], shared: Shared, seed: int) -> str:
    """Everybody's shares, the best first, then the tables of the paper: who, from where, columns 0 to 1."""
    rows = [
        ["table", "who", "source", "variant", "format", "samples", *COLUMNS, *_LIMITS, "trained", "untrained"]
    ]
    for one in standings(found, seed):
        about, values = one.contestant.evaluation.evaluated, one.estimates
        limits = [_limit(values[column], end) for column in COLUMNS for end in ("low", "high")]
        groups = [one.contestant.rows().get(group, {}).get("overall") for group in ("trained", "untrained")]
        rows.append(
            [
                "leaderboard",
                one.contestant.label,
                "measured",
                about["variant"],
                about["format"],
                str(shared.samples),
            ]
            + [_number(values[column].value) for column in COLUMNS]
            + [*limits, *map(_number, groups)]
        )
    return _written([*rows, *_paper_rows(found)])


_LIMITS = tuple(f"{column}_{end}" for column in COLUMNS for end in ("low", "high"))


def _paper_rows(found: Sequence[Contestant]) -> Iterator[list[str]]:
    for number, own, quoted in paper_tables(found):
        shares = [(one.name, "quoted", one.shares) for one in quoted] + [
            (o.name, "measured", o.shares) for o in own
        ]
        for name, source, row in shares:
            columns = [_number(row.get(column)) for column in COLUMNS]
            groups = [_number(row.get(group)) for group in ("trained", "untrained")]
            yield [f"Table {number}", name, source, "", "", "", *columns, *("" for _ in _LIMITS), *groups]


def tests_as_csv(found: Sequence[Contestant], tests: Sequence[Test]) -> str:
    """Every test, one a line."""
    rows = [[
        "first", "second", "column", "first_value", "second_value", "difference", "low", "high",
        "p", "p_holm", "only_first", "only_second", "mcnemar_p", "mcnemar_p_holm",
    ]]  # fmt: skip
    for one in tests:
        pair, by_users, by_samples = one.compared, one.compared.difference, one.compared.mcnemar
        limits = by_users.interval if by_users else None
        numbers = [
            pair.first, pair.second, *((limits.estimate, limits.low, limits.high) if limits else (None,) * 3),
            by_users and by_users.p_value, one.bootstrap_holm,
            *((by_samples.only_first, by_samples.only_second) if by_samples else (None,) * 2),
            by_samples and by_samples.p_value, one.mcnemar_holm,
        ]  # fmt: skip
        rows.append([found[one.first].label, found[one.second].label, one.column, *map(_number, numbers)])
    return _written(rows)


def _limit(one: Estimate, end: str) -> str:
    return _number(getattr(one.interval, end)) if one.interval else ""


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _written(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerows([_cell(one) for one in row] for row in rows)
    return text.getvalue()


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula; a number stays one."""
    return f"'{text}" if text[:1] in _FORMULAS and not _is_number(text) else text


_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _against(found: Sequence[Contestant], label: str | None) -> int | None:
    labels = [one.label for one in found]
    if label is not None and label not in labels:
        raise ConfigError(f"against: got {label!r}, there are {names(labels, label)}")
    return None if label is None else labels.index(label)


def _digest(evaluations: Sequence[Kept], settings: CompareSettings) -> str:
    """Of everything the comparison depends on; where folders lie does not count."""
    whole = blake2b(digest_size=5)
    chosen = settings.model_dump(mode="json", exclude={"evaluations", "run"})
    whole.update(orjson.dumps(chosen, option=orjson.OPT_SORT_KEYS))
    for one in evaluations:
        for name in (SCORES, SAMPLES):
            with (one.folder / name).open("rb") as file:
                while piece := file.read(1 << 20):
                    whole.update(piece)
    return whole.hexdigest()
