"""One answer, scored by both scorers after strict and tolerant parsing, and written as one line of JSON.

The scores are the core's; here are the ways of scoring, answers that were withheld, and per_sample.jsonl.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from ..benchmark import (
    CodedError,
    Format,
    Item,
    ParseError,
    Prediction,
    SampleScore,
    Scorer,
    Tolerance,
    parse,
    score,
    score_prediction,
)
from ..benchmark.matching.official import official_parse
from ..benchmark.matching.one_form import with_types
from ..benchmark.parsing.answers import read_answer, surroundings
from ..benchmark.parsing.bounds import BOUNDS
from ..benchmark.protocols import read_upstream, verdict
from ..benchmark.statistics import FLAGS

HITS = ("query_param_hits", "query_param_total", "profile_param_hits", "profile_param_total")
SCORERS: tuple[Scorer, ...] = ("strict", "official")
TOLERANCES: tuple[Tolerance, ...] = ("strict", "tolerant")

ScoringMode = tuple[Scorer, Tolerance]
"""A scorer, and how an answer is parsed for it."""

FORMATS: tuple[Format, ...] = ("python", "json", "native")

_MAX_TEXT = 2_000
_WITHHELD = {
    "refusal": "the model declined to answer",
    "content_filter": "a content filter held the answer back",
}
_MAX_INTEGER = 1 << 63


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it was given."""

    text: str
    finish: str = "stop"
    """why it ended: stop | length | content_filter | refusal | unknown"""
    native: bool = False
    """whether it is tool calls of an endpoint, whatever format was asked for"""
    thought: int = 0
    """characters of the model's thoughts, where the answer itself is empty"""

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it."""
        return not self.text.strip()


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why there is no answer; a sample without one is not scored."""

    code: str
    """such as 'unreachable' (`ptool.errors.ModelError.code`)"""
    reason: str
    """in one line"""


@dataclass(frozen=True, slots=True)
class AnswerScores:
    """The scores of an answer."""

    parsed: Prediction | None
    """as strict parsing reads it; None: it does not"""
    scores: Mapping[ScoringMode, SampleScore]
    upstream: str | None
    """what the dataset's own metric has against it; '' nothing; None: it has none of its own"""
    hindrance: str = ""
    """why it could not be read as it stands, in some words; empty: it could, or was held back"""


def score_answer(item: Item, answer: RawAnswer, format: Format, own_prompt: bool = True) -> AnswerScores:
    """Score an answer in every mode; one that was refused or held back is a format failure with that reason.

    Args: own_prompt: the answer follows ptool's own prompt (see `score_in_mode`).
    """
    format = "native" if answer.native else format
    if answer.finish in _WITHHELD:
        reading: Prediction | ParseError = ParseError(0, _WITHHELD[answer.finish])
        scores = _withheld_scores(item, reading)
    else:
        platforms = item.platforms if item.platforms or item.platform is None else None
        reading = parse(answer.text, format, "strict", platforms, may_decline=item.may_decline)
        scores = _scores_in_all_modes(item, answer.text, reading, format, own_prompt)
    parsed = reading if isinstance(reading, Prediction) else None
    text = answer.text if format == "python" and answer.finish not in _WITHHELD else None
    failed = parsed is None and answer.finish not in _WITHHELD
    why = _hindrance(item, answer.text, format, scores["strict", "tolerant"]) if failed else ""
    return AnswerScores(parsed, scores, _upstream(item, parsed, text), why)


def score_in_mode(
    item: Item,
    text: str,
    format: Format,
    scorer: Scorer,
    tolerance: Tolerance = "strict",
    own_prompt: bool = True,
) -> SampleScore:
    """Score an answer in one mode.

    Args: own_prompt: the answer follows ptool's own prompt. That has the outer braces of Fig. 7; the
    published runner's has none, and its parser puts them on, so `official` gets such an answer without.
    """
    as_published = format == "python" and item.platform is not None and not item.may_decline
    if own_prompt and scorer == "official" and as_published:
        reading = read_answer(lambda source: official_parse(_without_braces(source), BOUNDS), text, tolerance)
        return score_prediction(item, reading, scorer)
    return score(item, text, format, scorer, tolerance)


def has_braces(text: str) -> bool:
    """Whether an answer has the outer braces of Fig. 7."""
    bare = text.strip()
    return bare.startswith("{") and bare.endswith("}")


def _without_braces(text: str) -> str:
    return text.strip()[1:-1] if has_braces(text) else text


def _withheld_scores(item: Item, why: ParseError) -> dict[ScoringMode, SampleScore]:
    scores: dict[ScoringMode, SampleScore] = {}
    for scorer in SCORERS:
        scores[scorer, "strict"] = scores[scorer, "tolerant"] = score_prediction(item, why, scorer)
    return scores


def _scores_in_all_modes(
    item: Item, text: str, reading: Prediction | ParseError, format: Format, own_prompt: bool
) -> dict[ScoringMode, SampleScore]:
    scores: dict[ScoringMode, SampleScore] = {("strict", "strict"): score_prediction(item, reading, "strict")}
    scores["official", "strict"] = score_in_mode(item, text, format, "official", "strict", own_prompt)
    for scorer in SCORERS:
        first = scores[scorer, "strict"]
        # What can be read as it stands, tolerant parsing reads as the same thing.
        again = (
            first if first.format_ok else score_in_mode(item, text, format, scorer, "tolerant", own_prompt)
        )
        scores[scorer, "tolerant"] = again
    return scores


def _hindrance(item: Item, text: str, format: Format, tolerant: SampleScore) -> str:
    """Why strict reading refused an answer: what is around it, or which other format it is of."""
    if tolerant.format_ok:
        return surroundings(text)
    platforms = item.platforms if item.platforms or item.platform is None else None
    others: tuple[Format, ...] = tuple(other for other in FORMATS if other != format)
    for other in others:
        if isinstance(parse(text, other, "tolerant", platforms), Prediction):
            return f"format {other}"
    return "no answer"


def _upstream(item: Item, parsed: Prediction | None, text: str | None) -> str | None:
    """The verdict of the dataset's own metric, over what its own reader makes of a text."""
    own = read_upstream(item, text) if text is not None else parsed
    if isinstance(own, ParseError):
        return f"the answer cannot be read: {own.reason}"
    fault = verdict(item, with_types(item, own or Prediction(None, ())))
    return "the answer cannot be read" if own is None and fault is not None else fault


def scored_line(item: Item, answer: RawAnswer, result: AnswerScores, scorer: Scorer) -> bytes:
    """A scored sample as a line of per_sample.jsonl: flags after strict parsing, and beside it tolerant."""
    strict, tolerant = result.scores[scorer, "strict"], result.scores[scorer, "tolerant"]
    return to_json(
        {
            **_sample_fields(item),
            "status": "scored",
            "finish": answer.finish,
            "answer": answer.text[:_MAX_TEXT],
            "parsed": _parsed(result.parsed),
            **{name: getattr(strict, name) for name in (*FLAGS, *HITS)},
            "errors": [_error(error) for error in strict.errors],
            "reason": strict.reason + _elsewhere(answer),
            "tolerant": {name: getattr(tolerant, name) for name in (*FLAGS, *HITS)},
            "ambiguous": tolerant.ambiguous,
            "upstream": result.upstream,
        }
    )


def _elsewhere(answer: RawAnswer) -> str:
    """Where an answer may be that is empty."""
    if not answer.thought:
        return ""
    return f"; the answer is empty, {answer.thought:,} characters stand in reasoning_content"


def unanswered_line(item: Item, missing: NoAnswer) -> bytes:
    """A sample without an answer as a line of per_sample.jsonl: every flag is null."""
    return to_json(
        {
            **_sample_fields(item),
            "status": "not_scored",
            "finish": None,
            "answer": None,
            "parsed": None,
            **dict.fromkeys((*FLAGS, *HITS)),
            "errors": [],
            "reason": f"not scored: {missing.code}: {missing.reason}",
            "tolerant": None,
            "ambiguous": None,
            "upstream": None,
        }
    )


def _parsed(prediction: Prediction | None) -> dict[str, Any] | None:
    if prediction is None:
        return None
    return {"platform": prediction.platform, "calls": [asdict(call) for call in prediction.calls]}


def _sample_fields(item: Item) -> dict[str, Any]:
    known = item.capabilities
    return {
        "id": item.id,
        "user": item.user,
        "scenario": item.scenario,
        "group": item.group,
        "gold_platform": item.platform,
        "capabilities": [known[call.name] for call in item.calls if call.name in known],
        "n_calls": len(item.calls),
        "query": item.query[:_MAX_TEXT],
    }


def _error(error: CodedError) -> dict[str, str]:
    return {"code": error.code, "path": error.path, "expected": error.expected, "got": error.got}


def to_json(value: dict[str, Any]) -> bytes:
    """A line of a file; what JSON cannot hold is written out as text."""
    try:
        return orjson.dumps(value)
    except TypeError:  # model text: halves of characters, numbers without end, odd keys
        return orjson.dumps(_json_safe(value))


def _json_safe(value: Any) -> Any:
    """The value with whatever JSON cannot hold written out as text."""
    if isinstance(value, dict):
        return {_json_safe(str(key)): _json_safe(element) for key, element in value.items()}
    if isinstance(value, list | tuple):
        return [_json_safe(element) for element in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int) and not isinstance(value, bool) and not -_MAX_INTEGER <= value < _MAX_INTEGER:
        return hex(value)  # decimal digits take quadratic time, and may be refused
    return value if isinstance(value, bool | int | float | None) else str(value)
