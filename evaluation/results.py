"""Everything an evaluation counts, sample by sample, and the two files it ends in: scores.json, scores.csv.

Memory grows with users, platforms and capabilities, never with samples. Neither file holds a time, so equal
answers give equal bytes.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from ..benchmark import Item, SampleScore, Scorer, obstacles
from ..benchmark.errors_taxonomy import CODES, ErrorCounts
from ..benchmark.groups import DIMENSIONS, SECTIONS, Breakdown
from ..benchmark.intervals import estimates
from ..benchmark.metrics import SCORES, ratio, row
from .marking import SCORERS, TOLERANCES, Marked, Missing, Way

Row = dict[str, Any]


class Results:
    """The counts of one evaluation.

    Args: scorer: the chosen one, which breakdowns, errors and intervals are of; baselines: names of those
    that are evaluated beside it.
    """

    def __init__(self, scorer: Scorer, baselines: Iterable[str]) -> None:
        self.scorer: Scorer = scorer
        self.scored = 0
        self._ways: dict[Way, Breakdown] = {(one, way): Breakdown() for one in SCORERS for way in TOLERANCES}
        self._errors = ErrorCounts()
        self._missing = Counter[str]()
        self._finishes = Counter[str]()
        self._upstream: list[int] = [0, 0]
        self._obstacles = Counter[str]()
        self._baselines = {name: Breakdown() for name in baselines}

    @property
    def missing(self) -> int:
        """Samples without an answer."""
        return self._missing.total()

    @property
    def reasons(self) -> dict[str, int]:
        """Why there was no answer -> samples."""
        return dict(sorted(self._missing.items()))

    def add(self, item: Item, result: Marked, finish: str) -> None:
        """Count an answer that was marked."""
        self.scored += 1
        for way, breakdown in self._ways.items():
            breakdown.add(result.scores[way])
        self._errors.add(result.scores[self.scorer, "strict"])
        self._finishes[finish] += 1
        if result.upstream is not None:
            self._upstream[0] += not result.upstream
            self._upstream[1] += 1
        self._obstacles.update(obstacles(item))

    def miss(self, missing: Missing) -> None:
        """Count a sample without an answer."""
        self._missing[missing.code] += 1

    def beside(self, name: str, score: SampleScore) -> None:
        """Count a baseline's score."""
        self._baselines[name].add(score)

    def row(self) -> dict[str, float | None]:
        """The columns of all samples, of the chosen scorer."""
        return row(self._ways[self.scorer, "strict"].counts("all"))

    def baseline_rows(self) -> dict[str, dict[str, float | None]]:
        """Baseline -> the columns of all samples."""
        return {name: row(one.counts("all")) for name, one in self._baselines.items()}

    def scores(self, evaluated: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """The content of scores.json.

        Args: evaluated: what was evaluated and how; seed: of the intervals.
        """
        right, asked = self._upstream
        return {
            "format": 1,
            "evaluated": dict(evaluated),
            "samples": {
                "scored": self.scored,
                "not_scored": self.missing,
                "reasons": self.reasons,
                "finishes": dict(sorted(self._finishes.items())),
            },
            "scores": self._estimates(seed),
            "scorers": {
                scorer: {way: self._sections(self._ways[scorer, way], scorer) for way in TOLERANCES}
                for scorer in SCORERS
            },
            "by": {
                dimension: {
                    value: {"samples": counts.samples, **row(counts)}
                    for value, counts in self._ways[self.scorer, "strict"].by(dimension).items()
                }
                for dimension in DIMENSIONS
            },
            "errors": self._error_counts(),
            "baselines": {
                name: self._sections(breakdown, self.scorer) for name, breakdown in self._baselines.items()
            },
            "upstream": {"right": right, "samples": asked, "value": ratio(right, asked)} if asked else None,
            "obstacles": dict(sorted(self._obstacles.items())),
        }

    def _sections(self, breakdown: Breakdown, scorer: Scorer) -> dict[str, Row]:
        rows = breakdown.rows(published=scorer == "official")
        return {one: {"samples": breakdown.counts(one).samples, **columns} for one, columns in rows.items()}

    def _estimates(self, seed: int) -> dict[str, dict[str, Row]]:
        """Section -> column -> value and interval."""
        breakdown, found = self._ways[self.scorer, "strict"], {}
        published = breakdown.rows(published=self.scorer == "official")
        for section in SECTIONS:
            users = breakdown.users(section)
            if not users:
                continue
            found[section] = {"samples": {"value": breakdown.counts(section).samples, "users": len(users)}}
            for column, one in estimates(users, seed, section).items():
                low, high = (one.interval.low, one.interval.high) if one.interval else (None, None)
                found[section][column] = {"value": one.value, "low": low, "high": high, "method": one.method}
                if published[section][column] != one.value:  # the published weights are fixed: no interval
                    value = published[section][column]
                    found[section][column] = {"value": value, "low": None, "high": None, "method": None}
        return found

    def _error_counts(self) -> dict[str, Any]:
        counts = self._errors
        return {
            "parsed": counts.parsed,
            "unparsed": counts.unparsed,
            "answers": counts.answers,
            "mistakes": counts.mistakes,
            "figure_4": counts.shares(),
            "examples": {
                code: [{"id": id, **asdict(error)} for id, error in counts.examples(code)] for code in CODES
            },
        }


def as_csv(scores: Mapping[str, Any]) -> str:
    """The content of scores.csv: every row of scores.json, one a line; nothing where not applicable."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("who", "scorer", "parsing", "of", "value", "samples", *SCORES))
    for head, columns in _rows(scores):
        values = ("" if columns[name] is None else repr(columns[name]) for name in SCORES)
        table.writerow((*map(_cell, head), columns["samples"], *values))
    return text.getvalue()


def _rows(scores: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Row]]:
    chosen = scores["evaluated"]["scorer"]
    for scorer, ways in scores["scorers"].items():
        for way, sections in ways.items():
            for section, columns in sections.items():
                yield ("answers", scorer, way, "section", section), columns
    for dimension, values in scores["by"].items():
        for value, columns in values.items():
            yield ("answers", chosen, "strict", dimension, value), columns
    for name, sections in scores["baselines"].items():
        for section, columns in sections.items():
            yield (f"baseline {name}", chosen, "strict", "section", section), columns


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
