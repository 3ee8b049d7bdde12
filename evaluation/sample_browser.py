"""The samples of one or several evaluations, to search and filter in their report.

A page has to open on a phone and be sent by mail: what does not fit into `MOST_BYTES` is left out, prompts
first and then the last samples, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson

from ..rendering.document import SampleBrowser, Section
from ..rendering.text import counted
from .report_texts import MISTAKES
from .results import FinishedEvaluation, SampleLine
from .shown_samples import ShownSamples, read_shown

MOST_SAMPLES = 5_000
MOST_BYTES = 4_500_000
"""Of the compressed samples in a page."""
_TEXT = 2_000
"""Characters of a query and of an answer."""


def browser_section(named: Mapping[str, FinishedEvaluation]) -> Section | None:
    """The section in which samples are browsed; None where there is none that all evaluations have.

    Args: named: name -> evaluation, in the order they are shown.
    """
    evaluations = list(named.values())
    first = [line.id for line in islice(evaluations[0].lines(), MOST_SAMPLES)]
    wanted = set(first)
    lines = [_by_id(evaluation, wanted) for evaluation in evaluations]
    ids = [id for id in first if all(id in each for each in lines)]
    if not ids:
        return None
    shown = [read_shown(evaluation.folder, MOST_SAMPLES) for evaluation in evaluations]
    total = sum(1 for _ in evaluations[0].lines())
    browser, left = _fitting(list(named), ids, lines, shown)
    return Section("Browse the samples", tuple(_texts(total, shown, left)), (browser,))


def _by_id(evaluation: FinishedEvaluation, wanted: set[str]) -> dict[str, SampleLine]:
    return {line.id: line for line in evaluation.lines() if line.id in wanted}


def _texts(total: int, shown: Sequence[ShownSamples], left: tuple[int, bool]) -> Iterator[str]:
    samples, prompts = left
    yield (
        "Every sample with its answers beside the accepted ones, argument by argument; the filters count "
        "samples. Prompts are as ptool asks."
    )
    if samples < total:
        yield f"The first {counted(samples, 'sample')} of {total:,}; per_sample.jsonl has all."
    if not prompts and any(each.prompts for each in shown):
        yield "Prompts are left out, for they would make the page too large; shown.jsonl has them."
    if not all(each.gold for each in shown):
        yield "Some were evaluated by an earlier ptool, which kept no prompts; evaluate again to have them."


def _fitting(
    names: Sequence[str],
    ids: Sequence[str],
    lines: Sequence[Mapping[str, SampleLine]],
    shown: Sequence[ShownSamples],
) -> tuple[SampleBrowser, tuple[int, bool]]:
    """As much as fits a page, how many samples that are, and whether prompts are with them."""
    count, prompts = len(ids), True
    while True:
        data = _data(
            names, ids[:count], lines, shown if prompts else [_without_prompts(each) for each in shown]
        )
        browser = SampleBrowser(orjson.dumps(data))
        if len(browser.packed()) <= MOST_BYTES or count <= 1:
            return browser, (count, prompts)
        count, prompts = (count, False) if prompts else (count // 2, False)


def _without_prompts(shown: ShownSamples) -> ShownSamples:
    return ShownSamples(gold=shown.gold)


def _data(
    names: Sequence[str],
    ids: Sequence[str],
    lines: Sequence[Mapping[str, SampleLine]],
    shown: Sequence[ShownSamples],
) -> dict[str, Any]:
    """What `browser.js` reads; pieces of prompts that several evaluations share stand there once."""
    pieces: dict[str, int] = {}
    samples = []
    for id in ids:
        of_all = [each[id] for each in lines]
        gold = next((each.gold[id] for each in shown if id in each.gold), None)
        answers = [_answer(line, each, pieces) for line, each in zip(of_all, shown, strict=True)]
        samples.append(_sample(of_all[0], gold) | {"answers": answers})
    return {"models": list(names), "names": MISTAKES, "samples": samples, "pieces": list(pieces)}


def _sample(line: SampleLine, gold: list[Any] | None) -> dict[str, Any]:
    user, scenario, platform, _ = line.about
    return {
        "id": line.id,
        "user": str(user),
        "scenario": str(scenario),
        "platform": platform,
        "query": line.query[:_TEXT],
        "gold": gold,
    }


def _answer(line: SampleLine, shown: ShownSamples, pieces: dict[str, int]) -> dict[str, Any]:
    errors = line.score.errors if line.score else ()
    numbers = shown.prompts.get(line.id)
    return {
        "right": line.score.overall if line.score else None,
        "text": line.answer[:_TEXT],
        "parsed": line.parsed,
        "errors": [[error.code, error.path] for error in errors],
        "reason": line.reason,
        "prompt": numbers and [pieces.setdefault(shown.pieces[number], len(pieces)) for number in numbers],
    }
