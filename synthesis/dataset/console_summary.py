"""What a run came to, for the person who started it: counts, the funnel, three samples, what to do next.

Texts of models are shown as plain text, bounded and without control characters. It reads no file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ...records import Sample
from ...rendering.text import terminal_text

INCOMPLETE = 1
"""Exit status of a run in which a model could not be asked for everything; the same command goes on."""
YIELD_TOO_LOW = 3
"""Exit status of a run that kept less than `min_yield`, or whose platforms cannot be told."""

_WIDTH = 100
_SHOWN_SAMPLES, _SHOWN_REASONS = 3, 5


@dataclass(frozen=True)
class Funnel:
    """What became of the episodes; the parts add up to `made`."""

    made: int
    """episodes that ended"""
    rule_rejected: int
    """a rule check objected to the end"""
    judge_rejected: int
    """every rule was content, a judge or query gate objected to the end"""
    kept: int
    """in the dataset"""
    failed: int = 0
    """a model gave no usable answer"""
    gate_rejected: int = 0
    """accepted, and a quality gate objected"""

    @property
    def kept_share(self) -> float:
        """Kept of made, 0 to 1; 0 where nothing was made."""
        return self.kept / self.made if self.made else 0.0

    def as_dict(self) -> dict[str, int]:
        """For the manifest, in the order of the funnel."""
        first = {name: count for name, count in vars(self).items() if name != "kept"}
        return first | {"kept": self.kept}


@dataclass(frozen=True)
class Summary:
    """A finished run, in short."""

    folder: Path
    """where everything is"""
    counts: Mapping[str, int]
    """what was made -> how many, in the order to be shown"""
    funnel: Funnel
    """what became of the episodes"""
    reasons: tuple[tuple[str, int], ...] = ()
    """reason code -> rejected episodes, the most frequent first"""
    samples: tuple[Sample, ...] = ()
    """some to look at"""
    min_yield: float = 0.0
    """share of episodes that had to be kept"""
    model: str = ""
    """what answered, in its own words"""
    tools: tuple[str, ...] = ()
    """how many tools solvers were shown, a sentence a scenario"""
    next_steps: tuple[str, ...] = field(default=())
    """commands worth trying now"""
    splits: Mapping[str, int] = field(default_factory=dict)
    """part of the dataset -> samples; empty where nothing is split"""
    short_of: tuple[str, ...] = ()
    """what was asked for and is not there, a sentence each"""
    missing: tuple[str, ...] = ()
    """what could not be asked for, a sentence each; the same command asks for it again"""
    undecidable: bool = False
    """whether fewer platforms than `min_decidability` can be told from the history"""

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with what was made, a sentence each."""
        kept, wanted = self.funnel.kept_share, self.min_yield
        too_low = f"yield too low: kept {kept:.1%}, min_yield is {wanted:.1%}; see dataset/rejected.jsonl"
        return (*self.short_of, *self.missing, *([too_low] if kept < wanted else []))

    @property
    def exit_status(self) -> int:
        """0; 1: something is missing; 3: less was kept than `min_yield`, or told than `min_decidability`."""
        if self.missing:
            return INCOMPLETE
        return YIELD_TOO_LOW if self.undecidable or self.funnel.kept_share < self.min_yield else 0


def report(summary: Summary, console: Console | None = None) -> None:
    """Print a summary to stdout, or to the console given."""
    console = console or Console(width=None if Console().is_terminal else _WIDTH, highlight=False)
    console.print(render(summary), crop=False)
    for line in summary.problems:
        console.print(Text(terminal_text(line, 300), style="bold red"))


def render(summary: Summary) -> RenderableType:
    """The summary as rich draws it."""
    parts: list[RenderableType] = [_pairs("made", summary.counts), _funnel(summary.funnel)]
    if summary.splits:
        parts.append(_pairs("\nsplit", summary.splits))
    if summary.reasons:
        parts.append(_pairs("\nrejected because", dict(summary.reasons[:_SHOWN_REASONS])))
    parts += [_sample(sample) for sample in summary.samples[:_SHOWN_SAMPLES]]
    if summary.model:
        parts.append(Text(f"\nmodel: {terminal_text(summary.model, 300)}"))
    parts += [Text(terminal_text(line, 300)) for line in summary.tools]
    if summary.next_steps:
        steps = "\n".join(["next:", *(f"  {step}" for step in summary.next_steps)])
        parts.append(Text(steps, no_wrap=True, overflow="ignore"))  # a command or path stays whole
    return Group(*parts)


def _pairs(title: str, values: Mapping[str, int]) -> Table:
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(min_width=24)
    table.add_column(justify="right")
    for name, value in values.items():
        table.add_row(Text(terminal_text(name, 60)), f"{value:,}")
    return table


def _funnel(funnel: Funnel) -> Table:
    table = Table(title="\nfunnel", title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(min_width=24)
    for _ in range(2):
        table.add_column(justify="right")
    for name, value in funnel.as_dict().items():
        if value or name not in ("failed", "gate_rejected"):
            share = value / funnel.made if funnel.made else 0.0
            table.add_row(name.replace("_", "-"), f"{value:,}", f"{share:.1%}")
    return table


def _sample(sample: Sample) -> Table:
    table = Table(
        title=f"\n{terminal_text(sample.id, 80)}", title_justify="left", show_header=False, box=None
    )
    table.add_column(min_width=9, style="dim")
    table.add_column(overflow="fold")
    table.add_row("query", Text(terminal_text(sample.query, 400)))
    known = _known(sample)
    if known:
        table.add_row("profile", Text(terminal_text(_json(known), 300)))
    table.add_row("answer", Text(terminal_text(_json(sample.answer), 500)))
    return table


def _known(sample: Sample) -> dict[str, Any]:
    """The features of the profile that the answer uses."""
    paths = [proof.evidence.path or "" for proof in sample.origins if proof.origin == "profile"]
    used = {path.removeprefix("basic_features.").partition(".")[0].partition("[")[0] for path in paths}
    features = sample.user_profile.basic_features
    return {name: value for name, value in features.items() if name in used}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
