"""What an experiment would take: its steps, with calls, tokens, dollars and hours, before anything is done.

Tokens are counted at four characters each in the first samples of data that is there; of data that is still
to be made they are what a benchmark of the paper's size took when it was measured. It asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from rich.console import Console

from ..benchmark import render
from ..benchmark.reading import items
from ..models.gateway.prices import price_of
from ..models.request import CHARACTERS_A_TOKEN
from .experiment_steps import Step, as_mapping, model_name
from .prompt import PromptWriter, visible_sample

_LOOKED_AT = 40
_PAPER = (19_800, 40)
"""Tokens of a prompt and of an answer, as measured on a dataset of the paper's size of ptool's own."""
_SECONDS = 2.0
"""Of an answer, for want of a measurement."""
_CONCURRENCY = 64
_TRAINING = "ptool.train says its hours before it begins"


@dataclass(frozen=True, slots=True)
class StepCost:
    """What an evaluation would take."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float | None
    """None: the price is not known"""
    hours: float

    def line(self) -> str:
        """In one line."""
        dollars = "price unknown" if self.usd is None else f"${self.usd:,.2f}"
        tokens = f"{self.prompt_tokens:,} tokens sent, {self.completion_tokens:,} received"
        return f"{self.calls:,} calls, {tokens}, {dollars}, {self.hours:,.2f} h"


def step_cost(step: Step) -> StepCost | None:
    """What a step asks models for; None: it asks none, or what it takes is said by another command."""
    if step.command != "evaluate" or step.data is None:
        return None
    given = as_mapping(step.words)
    samples, sent, received = _sizes(step, given)
    if "n" in given and given["n"].isdigit():
        samples = min(samples, int(given["n"]))
    if given.get("model", "scripted") == "scripted" or "baseline" in given:
        return StepCost(0, 0, 0, 0.0, 0.0)
    price = price_of(model_name(step.about))
    sent, received = samples * sent, samples * received
    usd = None if price is None else price.usd(sent, received)
    return StepCost(samples, sent, received, usd, samples * _SECONDS / _CONCURRENCY / 3_600)


def _sizes(step: Step, given: dict[str, str]) -> tuple[int, int, int]:
    """Samples, and tokens of a prompt and of an answer."""
    if step.data is None or not step.data.exists():
        return step.samples, *_PAPER
    form = given.get("format", "python")
    writer = PromptWriter(form)  # type: ignore[arg-type]
    read = items(step.data, given.get("kind"))
    first = list(islice(read, _LOOKED_AT))
    samples = len(first) + sum(1 for _ in read)
    if not first:
        return 0, 0, 0
    variant = given.get("variant", "all")
    prompts = [writer.prompt(visible_sample(item, variant)).size for item in first]  # type: ignore[arg-type]
    answers = [len(render(item)) for item in first]
    sent, received = (sum(sizes) // len(first) // CHARACTERS_A_TOKEN for sizes in (prompts, answers))
    return samples, sent, received


def print_plan(title: str, steps: Sequence[Step], leaves: str) -> None:
    """Print the plan to stdout."""
    console = Console(width=10_000, highlight=False, markup=False, soft_wrap=True)
    console.print(title)
    total = StepCost(0, 0, 0, 0.0, 0.0)
    for number, step in enumerate(steps, 1):
        console.print(f"{number:>3}. {step.line()}")
        cost = step_cost(step)
        for note in _notes(step, cost):
            console.print(f"     {note}")
        if cost is not None:
            usd = None if total.usd is None or cost.usd is None else total.usd + cost.usd
            total = StepCost(
                total.calls + cost.calls, total.prompt_tokens + cost.prompt_tokens,
                total.completion_tokens + cost.completion_tokens, usd, total.hours + cost.hours,
            )  # fmt: skip
    console.print(f"evaluations together: {total.line()}")
    console.print(
        f"hours are at {_SECONDS:g} s an answer and {_CONCURRENCY} at once; models that think take more"
    )
    console.print(f"leaves: {leaves}")


def _notes(step: Step, cost: StepCost | None) -> Iterator[str]:
    if step.command == "run":
        words = [word for word in step.words if not word.startswith("run.dir=")]
        if any(word.startswith("model=") and word != "model=scripted" for word in words):
            yield f"ptool.check {' '.join(words)} estimates it"
        else:
            yield "0 calls, $0.00: the scripted model writes it, in minutes"
    if step.command == "train":
        yield _TRAINING
    if cost is not None:
        there = "" if step.data is not None and step.data.exists() else " (of the paper's size)"
        yield "no model is asked" if not cost.calls else f"{cost.line()}{there}"
