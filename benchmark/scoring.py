"""One answer becomes one score: parse, match, explain. Nothing is kept from one answer to the next."""

from __future__ import annotations

from typing import Literal

from .items import CodedError, Item, ParseError, Prediction, SampleScore
from .matching.marks import Marks, gold_total, missed
from .matching.official import match_official, official_missed, official_parse
from .matching.strict import match_strict
from .parsing import Bounds, Format, Tolerance
from .parsing.answers import attempt, parse
from .parsing.bounds import BOUNDS

Scorer = Literal["strict", "official"]


def score(
    item: Item,
    text: str,
    format: Format = "python",
    scorer: Scorer = "strict",
    tolerance: Tolerance = "strict",
    bounds: Bounds = BOUNDS,
) -> SampleScore:
    """Score the text of an answer (equations 2-11 for one sample).

    Args:
        item: the sample with its gold answer.
        text: what the model wrote.
        format: the answer format it was asked for.
        scorer: strict = the paper's formulas; official = what the published code computes. That code reads
            `python` only, with its own parser; other formats, and items without platforms, are read by ours.
        tolerance: strict = the answer and nothing else; tolerant = also in reasoning, fences and prose.
        bounds: how large an answer may be.
    """
    if scorer == "official" and format == "python" and item.platform is not None:
        found = attempt(lambda one: official_parse(one, bounds), text, tolerance, bounds)
    else:
        found = parse(text, format, tolerance, item.platforms if _listed(item) else None, bounds)
    return score_prediction(item, found, scorer)


def score_prediction(
    item: Item, prediction: Prediction | ParseError, scorer: Scorer = "strict"
) -> SampleScore:
    """Score an answer that was read already, or the reason why it could not be read."""
    if scorer == "official":
        found = official_missed if isinstance(prediction, ParseError) else match_official
        return _score(item, found(item, prediction))  # type: ignore[arg-type]
    if isinstance(prediction, ParseError):
        platform = None if item.platform is None else False
        totals = gold_total(item, "query"), gold_total(item, "profile")
        return _score(item, missed(prediction, platform, *totals))
    return _score(item, match_strict(item, prediction))


def _listed(item: Item) -> bool:
    """Whether the item says what platforms there are, were it that there are none."""
    return bool(item.platforms) or item.platform is None


def _score(item: Item, marks: Marks) -> SampleScore:
    overall = marks.tool_value and marks.platform is not False
    reason = _reason(marks.errors) if marks.errors else ""
    return SampleScore(
        item.id, marks.format_ok, marks.platform, marks.tool_name, marks.tool_param, marks.tool_value,
        overall, marks.query_hits, marks.query_total, marks.profile_hits, marks.profile_total,
        tuple(marks.errors), reason,
        item.user, item.scenario, item.group, item.platform, _capabilities(item), len(item.calls),
    )  # fmt: skip


def _capabilities(item: Item) -> tuple[str, ...]:
    known = item.capabilities
    return tuple([known[call.name] for call in item.calls if call.name in known]) if known else ()


def _reason(errors: list[CodedError]) -> str:
    """The first mistake in words, and how many more there are."""
    first = errors[0]
    if first.code == "parse":
        return f"parse at {first.path}: {first.got}"
    at = f" at {first.path}" if first.path else ""
    expected = f": expected {first.expected}" if first.expected else ""
    got = f"{',' if expected else ':'} got {first.got}" if first.got else ""
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{first.code}{at}{expected}{got}{more}"
