"""One answer, marked by every scorer and after both ways of parsing, and written down as one line of JSON."""

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
from ..benchmark.parsing.answers import attempt
from ..benchmark.parsing.bounds import BOUNDS
from ..benchmark.protocols import verdict

FLAGS = ("format_ok", "platform", "tool_name", "tool_param", "tool_value", "overall")
HITS = ("query_param_hits", "query_param_total", "profile_param_hits", "profile_param_total")
SCORERS: tuple[Scorer, ...] = ("strict", "official")
TOLERANCES: tuple[Tolerance, ...] = ("strict", "tolerant")

Way = tuple[Scorer, Tolerance]
"""A scorer, and how an answer is parsed for it."""

_SHOWN = 2_000
_WITHHELD = {
    "refusal": "the model declined to answer",
    "content_filter": "a content filter held the answer back",
}
_LARGEST = 1 << 63


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it was given."""

    text: str
    finish: str = "stop"
    """why it ended: stop | length | content_filter | refusal | unknown"""


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is no answer; a sample without one is not scored."""

    code: str
    """such as 'unreachable' (`ptool.errors.ModelError.code`)"""
    reason: str
    """in one line"""


@dataclass(frozen=True, slots=True)
class Marked:
    """What an answer was worth."""

    parsed: Prediction | None
    """as strict parsing reads it; None: it does not"""
    scores: Mapping[Way, SampleScore]
    upstream: str | None
    """what the dataset's own metric has against it; '' nothing; None: it has none of its own"""


def marked(item: Item, given: Given, format: Format, asked: bool = True) -> Marked:
    """Mark an answer in every way; one that was refused or held back is a format failure with that reason.

    Args: asked: the answer follows ptool's own prompt (see `mark`).
    """
    if given.finish in _WITHHELD:
        found: Prediction | ParseError = ParseError(0, _WITHHELD[given.finish])
        scores = _withheld(item, found)
    else:
        platforms = item.platforms if item.platforms or item.platform is None else None
        found = parse(given.text, format, "strict", platforms)
        scores = _scores(item, given.text, found, format, asked)
    parsed = found if isinstance(found, Prediction) else None
    return Marked(parsed, scores, _upstream(item, parsed))


def mark(
    item: Item, text: str, format: Format, scorer: Scorer, tolerance: Tolerance = "strict", asked: bool = True
) -> SampleScore:
    """Mark an answer in one way.

    Args: asked: the answer follows ptool's own prompt. That has the outer braces of Fig. 7; the published
    runner's has none, and its parser puts them on, so `official` is given such an answer without them.
    """
    if asked and scorer == "official" and format == "python" and item.platform is not None:
        found = attempt(lambda one: official_parse(_without_braces(one), BOUNDS), text, tolerance)
        return score_prediction(item, found, scorer)
    return score(item, text, format, scorer, tolerance)


def _without_braces(text: str) -> str:
    bare = text.strip()
    return bare[1:-1] if bare.startswith("{") and bare.endswith("}") else text


def _withheld(item: Item, why: ParseError) -> dict[Way, SampleScore]:
    scores: dict[Way, SampleScore] = {}
    for scorer in SCORERS:
        scores[scorer, "strict"] = scores[scorer, "tolerant"] = score_prediction(item, why, scorer)
    return scores


def _scores(
    item: Item, text: str, found: Prediction | ParseError, format: Format, asked: bool
) -> dict[Way, SampleScore]:
    scores: dict[Way, SampleScore] = {("strict", "strict"): score_prediction(item, found, "strict")}
    scores["official", "strict"] = mark(item, text, format, "official", "strict", asked)
    for scorer in SCORERS:
        first = scores[scorer, "strict"]
        # What can be read as it stands, tolerant parsing reads as the same thing.
        again = first if first.format_ok else mark(item, text, format, scorer, "tolerant", asked)
        scores[scorer, "tolerant"] = again
    return scores


def _upstream(item: Item, parsed: Prediction | None) -> str | None:
    objection = verdict(item, parsed or Prediction(None, ()))
    return "the answer cannot be read" if parsed is None and objection is not None else objection


def line(item: Item, given: Given, result: Marked, scorer: Scorer) -> bytes:
    """A scored sample as a line of per_sample.jsonl: flags after strict parsing, and beside it tolerant."""
    one, tolerant = result.scores[scorer, "strict"], result.scores[scorer, "tolerant"]
    return _dumped(
        {
            **_facts(item),
            "status": "scored",
            "finish": given.finish,
            "answer": given.text[:_SHOWN],
            "parsed": asdict(result.parsed) if result.parsed else None,
            **{name: getattr(one, name) for name in (*FLAGS, *HITS)},
            "errors": [_error(error) for error in one.errors],
            "reason": one.reason,
            "tolerant": {name: getattr(tolerant, name) for name in (*FLAGS, *HITS)},
            "upstream": result.upstream,
        }
    )


def unscored_line(item: Item, missing: Missing) -> bytes:
    """A sample without an answer as a line of per_sample.jsonl: every flag is null."""
    return _dumped(
        {
            **_facts(item),
            "status": "not_scored",
            "finish": None,
            "answer": None,
            "parsed": None,
            **dict.fromkeys((*FLAGS, *HITS)),
            "errors": [],
            "reason": f"not scored: {missing.code}: {missing.reason}",
            "tolerant": None,
            "upstream": None,
        }
    )


def _facts(item: Item) -> dict[str, Any]:
    known = item.capabilities
    return {
        "id": item.id,
        "user": item.user,
        "scenario": item.scenario,
        "group": item.group,
        "gold_platform": item.platform,
        "capabilities": [known[call.name] for call in item.calls if call.name in known],
        "n_calls": len(item.calls),
        "query": item.query[:_SHOWN],
    }


def _error(error: CodedError) -> dict[str, str]:
    return {"code": error.code, "path": error.path, "expected": error.expected, "got": error.got}


def _dumped(value: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # model text: halves of characters, numbers without end, odd keys
        return orjson.dumps(_plain(value))


def _plain(value: Any) -> Any:
    """The value with whatever JSON cannot hold written out as text."""
    if isinstance(value, dict):
        return {_plain(str(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int) and not isinstance(value, bool) and not -_LARGEST <= value < _LARGEST:
        return hex(value)  # decimal digits take quadratic time, and may be refused
    return value if isinstance(value, bool | int | float | None) else str(value)
