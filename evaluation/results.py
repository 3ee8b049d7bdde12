"""The results of an evaluation: counted sample by sample, written as scores.json and scores.csv, read again.

Memory grows with users, platforms and capabilities, never with samples. No file holds a time, so equal
answers give equal bytes. A finished folder is opened by `load_evaluation`; its per_sample.jsonl is read line
by line.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from ..benchmark import CodedError, Item, SampleScore, Scorer, obstacles
from ..benchmark.errors_taxonomy import CODES, ErrorCounts
from ..benchmark.metrics import DIMENSIONS, SCORES, SECTIONS, Breakdown, Section, metric_row, ratio
from ..benchmark.protocols.toolspectrum import PartsF1
from ..benchmark.statistics import estimates
from ..errors import StoreError
from ..store import read_jsonl
from .scoring import FLAGS, HITS, SCORERS, TOLERANCES, AnswerScores, NoAnswer, RawAnswer, ScoringMode

SAMPLES, SCORE_FILE = "per_sample.jsonl", "scores.json"
FORMAT = 1
"""Version of the layout of scores.json."""


Row = dict[str, Any]
"""Column -> value."""


class Results:
    """Counts the scores of an evaluation.

    Args: scorer: the chosen one, which breakdowns, errors and intervals are of; baselines: names of those
    that are evaluated beside it.
    """

    def __init__(self, scorer: Scorer, baselines: Iterable[str]) -> None:
        self.scorer: Scorer = scorer
        self.scored = 0
        self._breakdowns: dict[ScoringMode, Breakdown] = {
            (each, tolerance): Breakdown() for each in SCORERS for tolerance in TOLERANCES
        }
        self._errors = ErrorCounts()
        self._unanswered = Counter[str]()
        self._said: dict[str, str] = {}
        self._unreadable, self._empty, self._thoughts = 0, 0, [0, 0]
        self._finishes = Counter[str]()
        self._upstream: list[int] = [0, 0]
        self._parts = PartsF1()
        self._obstacles = Counter[str]()
        self._hindrances = Counter[str]()
        self._tolerant_only: list[int] = [0, 0]
        self._ambiguous = self._stripped = 0
        self._baselines = {name: Breakdown() for name in baselines}

    @property
    def unanswered(self) -> int:
        """Samples without an answer."""
        return self._unanswered.total()

    @property
    def reasons(self) -> dict[str, int]:
        """Why there was no answer -> samples."""
        return dict(sorted(self._unanswered.items()))

    @property
    def said(self) -> dict[str, str]:
        """Why there was no answer -> what was said the first time."""
        return dict(sorted(self._said.items()))

    @property
    def reading(self) -> dict[str, Any]:
        """How the answers could be read: what `scores.json` has under that name."""
        readable, right = self._tolerant_only
        return {
            "tolerant_only": readable,
            "right": right,
            "why": dict(sorted(self._hindrances.items())),
            "ambiguous": self._ambiguous,
            "braces_removed": self._stripped,
        }

    def tolerant_row(self) -> dict[str, float | None]:
        """The columns of all samples after tolerant reading, of the chosen scorer."""
        return metric_row(self._breakdowns[self.scorer, "tolerant"].counts("all"))

    def add(self, item: Item, result: AnswerScores, answer: RawAnswer, stripped: bool = False) -> None:
        """Count an answer that was marked.

        Args: stripped: whether `official` got it without the outer braces it has.
        """
        self.scored += 1
        strict, tolerant = (result.scores[self.scorer, way] for way in TOLERANCES)
        if tolerant.format_ok and not strict.format_ok:
            self._tolerant_only[0] += 1
            self._tolerant_only[1] += tolerant.overall
        if result.hindrance:
            self._hindrances[result.hindrance] += 1
        self._ambiguous += tolerant.ambiguous
        self._stripped += stripped
        for tolerance, breakdown in self._breakdowns.items():
            breakdown.add(result.scores[tolerance])
        self._errors.add(result.scores[self.scorer, "strict"])
        self._finishes[answer.finish] += 1
        self._unreadable += not result.scores[self.scorer, "strict"].format_ok
        self._empty += answer.empty
        self._thoughts[0] += bool(answer.thought)
        self._thoughts[1] += answer.thought
        if result.upstream is not None:
            self._upstream[0] += not result.upstream
            self._upstream[1] += 1
        self._obstacles.update(obstacles(item))
        if item.source == "toolspectrum":
            self._parts.add(item, result.parsed)

    def add_unanswered(self, missing: NoAnswer) -> None:
        """Count a sample without an answer."""
        self._unanswered[missing.code] += 1
        self._said.setdefault(missing.code, missing.reason)

    def add_baseline(self, name: str, score: SampleScore) -> None:
        """Count a baseline's score."""
        self._baselines[name].add(score)

    def metric_row(self) -> dict[str, float | None]:
        """The columns of all samples, of the chosen scorer."""
        return metric_row(self._breakdowns[self.scorer, "strict"].counts("all"))

    def users(self) -> dict[Section, int]:
        """How many users each section has."""
        return self._breakdowns[self.scorer, "strict"].user_counts()

    def baseline_rows(self) -> dict[str, dict[str, float | None]]:
        """Baseline -> the columns of all samples."""
        return {name: metric_row(breakdown.counts("all")) for name, breakdown in self._baselines.items()}

    def scores(self, evaluated: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """The content of scores.json.

        Args: evaluated: what was evaluated and how; seed: of the intervals.
        """
        right, asked = self._upstream
        return {
            "format": 1,
            "evaluated": dict(evaluated),
            "samples": self.samples(),
            "scores": self._estimates(seed),
            "scorers": {
                scorer: {
                    tolerance: self._sections(self._breakdowns[scorer, tolerance], scorer)
                    for tolerance in TOLERANCES
                }
                for scorer in SCORERS
            },
            "by": {
                dimension: {
                    value: {"samples": counts.samples, **metric_row(counts)}
                    for value, counts in self._breakdowns[self.scorer, "strict"].by(dimension).items()
                }
                for dimension in DIMENSIONS
            },
            "errors": self._error_counts(),
            "baselines": {
                name: self._sections(breakdown, self.scorer) for name, breakdown in self._baselines.items()
            },
            "upstream": {"right": right, "samples": asked, "value": ratio(right, asked)} if asked else None,
            "f1": self._parts.shares() if self._parts.samples else None,
            "obstacles": dict(sorted(self._obstacles.items())),
            "reading": self.reading,
        }

    def samples(self) -> dict[str, Any]:
        """How many samples were scored, or why not, and how many answers could not be read."""
        in_reasoning = {"answers": self._thoughts[0], "characters": self._thoughts[1]}
        return {
            "scored": self.scored,
            "not_scored": self.unanswered,
            "reasons": self.reasons,
            "finishes": dict(sorted(self._finishes.items())),
            **({"said": self.said} if self._said else {}),
            **({"unreadable": self._unreadable, "empty": self._empty} if self._unreadable else {}),
            **({"in_reasoning": in_reasoning} if self._thoughts[0] else {}),
        }

    def _sections(self, breakdown: Breakdown, scorer: Scorer) -> dict[str, Row]:
        rows = breakdown.rows(published=scorer == "official")
        return {
            section: {"samples": breakdown.counts(section).samples, **columns}
            for section, columns in rows.items()
        }

    def _estimates(self, seed: int) -> dict[str, dict[str, Row]]:
        """Section -> column -> value and interval."""
        breakdown, estimated = self._breakdowns[self.scorer, "strict"], {}
        published = breakdown.rows(published=self.scorer == "official")
        for section in SECTIONS:
            users = breakdown.users(section)
            if not users:
                continue
            estimated[section] = {
                "samples": {"value": breakdown.counts(section).samples, "users": len(users)}
            }
            for column, estimate in estimates(users, seed, section).items():
                low, high = (
                    (estimate.interval.low, estimate.interval.high) if estimate.interval else (None, None)
                )
                estimated[section][column] = {
                    "value": estimate.value,
                    "low": low,
                    "high": high,
                    "method": estimate.method,
                }
                if (
                    published[section][column] != estimate.value
                ):  # the published weights are fixed: no interval
                    value = published[section][column]
                    estimated[section][column] = {"value": value, "low": None, "high": None, "method": None}
        return estimated

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


def scores_csv(scores: Mapping[str, Any]) -> str:
    """The content of scores.csv: every row of scores.json, one a line; nothing where not applicable."""
    lines = [["who", "scorer", "parsing", "of", "value", "samples", *SCORES]]
    for head, columns in _rows(scores):
        values = ("" if columns[name] is None else repr(columns[name]) for name in SCORES)
        lines.append([*head, str(columns["samples"]), *values])
    return csv_text(lines)


def _rows(scores: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Row]]:
    chosen = scores["evaluated"]["scorer"]
    for scorer, by_tolerance in scores["scorers"].items():
        for tolerance, sections in by_tolerance.items():
            for section, columns in sections.items():
                yield ("answers", scorer, tolerance, "section", section), columns
    for dimension, values in scores["by"].items():
        for value, columns in values.items():
            yield ("answers", chosen, "strict", dimension, value), columns
    for name, sections in scores["baselines"].items():
        for section, columns in sections.items():
            yield (f"baseline {name}", chosen, "strict", "section", section), columns


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV; a text that a spreadsheet would take for a formula is quoted, a number is not."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerows([_escape_formula(cell) for cell in row] for row in rows)
    return text.getvalue()


def _escape_formula(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class SampleLine:
    """One line of per_sample.jsonl."""

    id: str
    about: tuple[Any, ...]
    """what tells one sample from another besides its query: user, scenario, platform, calls"""
    score: SampleScore | None
    """None: not scored"""
    query: str
    answer: str
    """as the model gave it, bounded; empty: none"""
    parsed: dict[str, Any] | None = None
    """platform and calls, as they were read; None: they cannot be"""
    reason: str = ""
    """what is wrong, or why there is no score; empty: nothing"""


@dataclass(frozen=True)
class FinishedEvaluation:
    """A finished evaluation."""

    folder: Path
    scores: dict[str, Any]
    """scores.json, as `ptool.evaluation.results` writes it"""

    @property
    def evaluated(self) -> dict[str, Any]:
        """What was evaluated and how."""
        return self.scores["evaluated"]

    def lines(self) -> Iterator[SampleLine]:
        """Its samples, in order, one at a time. Raises StoreError for a line that is none of them."""
        file = self.folder / SAMPLES
        for number, raw in enumerate(read_jsonl(file), 1):
            try:
                yield _parse_line(raw)
            except (KeyError, TypeError, ValueError) as error:
                raise StoreError(f"{file}:{number}: no sample of an evaluation: {_describe(error)}") from None


def load_evaluation(folder: Path) -> FinishedEvaluation:
    """Open the folder of a finished evaluation.

    Raises StoreError: no folder, no evaluation, one that has not ended, damaged, or of another format.
    """
    if not folder.is_dir():
        raise StoreError(f"{folder}: no such folder, expected one that ptool.evaluate made")
    file = folder / SCORE_FILE
    if not file.is_file() or not (folder / SAMPLES).is_file():
        raise StoreError(
            f"{folder}: holds no {SCORE_FILE} with {SAMPLES}, "
            "expected the folder of an evaluation that has ended"
        )
    try:
        scores = orjson.loads(file.read_bytes())
        version = scores["format"]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise StoreError(f"{file}: damaged ({_describe(error)}); evaluate again") from None
    if version != FORMAT:
        raise StoreError(f"{file}: of format {version!r:.40}, expected {FORMAT}; evaluate again")
    for part, kind in _PARTS.items():
        if not isinstance(scores.get(part), kind):
            raise StoreError(f"{file}: damaged (no {part}); evaluate again")
    for name in ("answers", "by", "data", "variant", "format", "scorer", "digest"):
        if not isinstance(scores["evaluated"].get(name), str):
            raise StoreError(f"{file}: damaged (no evaluated.{name}); evaluate again")
    return FinishedEvaluation(folder, scores)


_PARTS = {
    "evaluated": dict,
    "samples": dict,
    "scores": dict,
    "scorers": dict,
    "by": dict,
    "errors": dict,
    "baselines": dict,
    "obstacles": dict,
}


def _parse_line(raw: dict[str, Any]) -> SampleLine:
    id, query = _text(raw["id"]), _text(raw["query"])
    about = tuple(raw[name] for name in ("user", "scenario", "gold_platform", "n_calls"))
    if raw["status"] != "scored":
        return SampleLine(id, about, None, query, "", reason=_text(raw["reason"]))
    score = SampleScore(
        **_flags_and_hits(raw),
        id=id,
        user=_text(raw["user"]),
        scenario=_text(raw["scenario"]),
        group=raw["group"],
        gold_platform=raw["gold_platform"],
        capabilities=tuple(map(_text, raw["capabilities"])),
        n_calls=_number(raw["n_calls"]),
        platform=None if raw["platform"] is None else _flag(raw["platform"]),
        errors=tuple(CodedError(**error) for error in raw["errors"]),
        reason=_text(raw["reason"]),
    )
    return SampleLine(id, about, score, query, _text(raw["answer"]), _parsed(raw.get("parsed")), score.reason)


def _flags_and_hits(raw: dict[str, Any]) -> dict[str, Any]:
    return {name: _flag(raw[name]) for name in FLAGS if name != "platform"} | {
        name: _number(raw[name]) for name in HITS
    }


def _parsed(value: Any) -> dict[str, Any] | None:
    """An answer as it was read, platform and calls. Raises TypeError, KeyError."""
    if value is None:
        return None
    calls = [{"name": _text(call["name"]), "arguments": dict(call["arguments"])} for call in value["calls"]]
    return {"platform": None if value["platform"] is None else _text(value["platform"]), "calls": calls}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"got {value!r:.40}, expected a text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"got {value!r:.40}, expected true or false")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"got {value!r:.40}, expected a count")
    return value


def _describe(error: Exception) -> str:
    """An error in a few words; of a missing key, its name."""
    if isinstance(error, KeyError):
        return f"no {error.args[0]!r:.40}"
    return " ".join(str(error).split())[:120]
