"""One answer becomes one score: parse, match, explain. Nothing is kept from one answer to the next."""

from __future__ import annotations

from typing import Literal

from .items import CodedError, Item, MatchResult, ParseError, Prediction, SampleScore
from .matching.official import match_official, official_parse, official_unreadable
from .matching.one_form import in_one_form, with_types
from .matching.strict import match_strict
from .parsing import Bounds, Format, Tolerance
from .parsing.answers import parse, read_answer
from .parsing.bounds import BOUNDS
from .parsing.native_format import Platforms

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
            `python` only, with its own parser; other formats, and items without platforms or that may be
            declined, are read by ours.
        tolerance: strict = the answer and nothing else; tolerant = also in reasoning, fences and prose.
        bounds: how large an answer may be.
    """
    if scorer == "official" and format == "python" and item.platform is not None and not item.may_decline:
        parsed = read_answer(lambda source: official_parse(source, bounds), text, tolerance, bounds)
    else:
        parsed = parse(text, format, tolerance, _known_platforms(item), bounds, item.may_decline)
    return score_prediction(item, parsed, scorer)


def score_prediction(
    item: Item, prediction: Prediction | ParseError, scorer: Scorer = "strict"
) -> SampleScore:
    """Score an answer that was read already, or the reason why it could not be read."""
    if isinstance(prediction, Prediction):
        prediction = with_types(item, prediction)
    if scorer == "official":
        matcher = official_unreadable if isinstance(prediction, ParseError) else match_official
        ambiguous = isinstance(prediction, Prediction) and prediction.ambiguous
        return _score(item, matcher(item, prediction), ambiguous)  # type: ignore[arg-type]
    if isinstance(prediction, ParseError):
        totals = item.count_arguments("query"), item.count_arguments("profile")
        return _score(item, MatchResult.unreadable(item, prediction, *totals))
    return _score(item, match_strict(*in_one_form(item, prediction)), prediction.ambiguous)


def _known_platforms(item: Item) -> Platforms | None:
    """What platforms there are, were it that there are none; None: the item does not say."""
    return item.platforms if item.platforms or item.platform is None else None


def _score(item: Item, result: MatchResult, ambiguous: bool = False) -> SampleScore:
    overall = result.tool_value and result.platform is not False
    reason = _reason(result.errors) if result.errors else ""
    return SampleScore(
        item.id, result.format_ok, result.platform, result.tool_name, result.tool_param, result.tool_value,
        overall, result.query_hits, result.query_total, result.profile_hits, result.profile_total,
        tuple(result.errors), reason,
        item.user, item.scenario, item.group, item.platform, _capabilities(item), len(item.calls), ambiguous,
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
