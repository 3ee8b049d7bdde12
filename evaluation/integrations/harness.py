"""What another harness needs: samples with their prompts, gold answers as JSON, the columns of a result.

A harness keeps a few plain numbers of a sample and wants one number of many back; the arithmetic is the
core's. Nothing here knows one harness from another, asks a model or scores an answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...benchmark import Format, GoldCall, Group, Item, Rules, SampleScore, Scorer
from ...benchmark.metrics import SCORES, Section, break_down
from ...benchmark.reading import items
from ...benchmark.statistics import FLAGS
from ...settings.evaluation import verified_data
from ...store.dataset_index import check_dataset
from ..prompt import Prompt, PromptWriter, Variant, check_native, check_variant, visible_sample
from ..sampling import draw_samples

_ONLY_FOR_PROMPTS = ("user_profile", "characteristics")


@dataclass(frozen=True, slots=True)
class SampleSelection:
    """Which samples, and how they are asked."""

    data: str
    """a run folder, a dataset folder or a file"""
    kind: str | None = None
    """which kind of dataset; None: found out"""
    group: Group | None = None
    """of samples that do not say their own"""
    variant: Variant = "all"
    format: Format = "python"
    n: int | None = None
    """samples to draw; None: all"""
    seed: int = 0
    """of the draw"""


def prompted_samples(selection: SampleSelection) -> Iterator[tuple[Item, Prompt]]:
    """The chosen samples with their prompts (Fig. 7), those that `ptool.evaluate` would ask.

    Raises PtoolError for data that cannot be evaluated so, before the first sample.
    """

    def check(item: Item) -> None:
        check_variant(item, selection.variant)
        if selection.format == "native":
            check_native(item)

    data = verified_data(selection.data)

    def read() -> Iterator[Item]:
        return items(Path(data), selection.kind, selection.group)

    check_dataset(Path(data))
    draw = draw_samples(read(), data, selection.n, selection.seed, check)
    writer = PromptWriter(selection.format)
    return (
        (item, writer.prompt(visible_sample(item, selection.variant))) for item in read() if draw.chosen(item)
    )


def item_to_json(item: Item) -> str:
    """Everything of a sample that scoring needs, as JSON; what only prompts show is left out."""
    plain = {key: value for key, value in asdict(item).items() if key not in _ONLY_FOR_PROMPTS}
    return json.dumps(plain, default=sorted)  # sets, whose order must not change the bytes


def item_from_json(text: str) -> Item:
    """The sample of a text that `item_to_json` made."""
    plain: dict[str, Any] = json.loads(text)
    for name in ("query_params", "profile_params"):
        plain[name] = tuple(plain[name])
    plain["platforms"] = {name: tuple(functions) for name, functions in plain["platforms"].items()}
    plain["calls"] = tuple(_gold_call(**call) for call in plain["calls"])
    rules = plain["rules"]
    plain["rules"] = Rules(**{**rules, "normalise": frozenset(rules["normalise"])})
    return Item(**plain)


def _gold_call(name: str, accepted: dict[str, list[Any]], optional: list[str], **rest: Any) -> GoldCall:
    values = {parameter: tuple(some) for parameter, some in accepted.items()}
    return GoldCall(name, values, optional=frozenset(optional), **rest)


_PARAMETERS = {"query_params": "query_param", "profile_params": "profile_param"}
_BY_SAMPLE = "_by_sample"


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one sample adds to one column."""

    hits: float
    """a fraction where a sample was asked several times"""
    total: int
    """0: the column is not applicable to the sample"""
    group: Group | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One number of a result: a column of Table 1, for one section of the samples."""

    score: str
    """one of `ptool.benchmark.metrics.SCORES`"""
    section: Section

    def contribution(self, score: SampleScore) -> Contribution:
        """What a sample's score adds to it."""
        prefix = _PARAMETERS.get(self.score.removesuffix(_BY_SAMPLE))
        if prefix is not None:
            hits, total = getattr(score, f"{prefix}_hits"), getattr(score, f"{prefix}_total")
            return Contribution(hits, total, score.group)
        flag = getattr(score, self.score)
        return Contribution(0 if flag is None else +flag, int(flag is not None), score.group)

    def counts(self, contribution: Contribution) -> bool:
        """Whether a sample counts for it at all."""
        inside = {"all": True, "overall": contribution.group != "unseen"}.get(
            self.section, contribution.group == self.section
        )
        return inside and contribution.total > 0

    def weighed(self, contribution: Contribution) -> Contribution:
        """A contribution such that the column is the sum of all hits by the sum of all totals."""
        by_sample = self.score.endswith(_BY_SAMPLE) and contribution.total > 0
        return (
            Contribution(contribution.hits / contribution.total, 1, contribution.group)
            if by_sample
            else contribution
        )

    def value(self, contributions: Iterable[Contribution], scorer: Scorer) -> float | None:
        """The number, as `ptool.evaluate` has it; None: not applicable.

        Args: scorer: whose weights are used where there are trained and untrained users.
        """
        rows = break_down(map(self._score, contributions)).rows(published=scorer == "official")
        return rows[self.section][self.score] if self.section in rows else None

    def _score(self, contribution: Contribution) -> SampleScore:
        """A score in which only this column counts."""
        flags: dict[str, Any] = dict.fromkeys(FLAGS, contribution.hits) | {
            "platform": contribution.hits if contribution.total else None,
            **{f"{parameter}_{what}": 0 for parameter in _PARAMETERS.values() for what in ("hits", "total")},
        }
        prefix = _PARAMETERS.get(self.score.removesuffix(_BY_SAMPLE))
        if prefix is not None:
            flags |= {f"{prefix}_hits": contribution.hits, f"{prefix}_total": contribution.total}
        return SampleScore(id="", **flags, group=contribution.group)


def result_columns(groups: Iterable[Group | None]) -> dict[str, Column]:
    """The numbers that samples of these groups have, by name: every column of Table 1, then overall by group.

    The columns are of every sample but those of unseen scenarios, as in Table 1; of all where all are unseen.
    """
    present = set(groups)
    main: Section = "all" if present == {"unseen"} else "overall"
    columns = {score: Column(score, main) for score in SCORES}
    for group in ("trained", "untrained", "unseen"):  # equations 9 and 10, Table 4
        if group in present:
            columns[f"overall_{group}"] = Column("overall", group)
    return columns
