"""Several evaluations as one document: who is ahead, whether that could be chance, ablations and scaling.

It is given counts and tests, and reads no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..benchmark.statistics import Estimate
from ..rendering.charts import Bar, Point, bars, groups, lines
from ..rendering.document import Cell, Document, Row, Section, Table, foreign
from ..rendering.text import interval, many, p_value, percent, points
from .contestants import VARIANTS, Contestant, Test
from .headings import COLUMNS
from .pairing import Shared
from .paper_tables import paper_section

ABLATED = ("platform", "profile_params", "tool_value", "overall")
"""Columns of the ablation chart."""


@dataclass(frozen=True)
class Standing:
    """One contestant with its intervals."""

    contestant: Contestant
    estimates: Mapping[str, Estimate]

    def bar(self, column: str, label: str) -> Bar:
        """One column as a bar."""
        one = self.estimates[column]
        limits = (one.interval.low, one.interval.high) if one.interval else (None, None)
        kind = "floor" if self.contestant.by_rules else "answers"
        return Bar(label, one.value, *limits, kind)


def standings(contestants: Sequence[Contestant], seed: int) -> list[Standing]:
    """Everybody, the best overall first."""
    found = [Standing(one, one.estimates(seed)) for one in contestants]
    return sorted(found, key=lambda one: (-(one.estimates["overall"].value or 0), one.contestant.label))


def leaderboard(
    contestants: Sequence[Contestant], shared: Shared, tests: Sequence[Test], seed: int
) -> Document:
    """The whole comparison."""
    ranked = standings(contestants, seed)
    paper = paper_section(contestants)
    sections = [_leaders(ranked), *_tests(contestants, tests), *_ablations(ranked), *_scaling(ranked)]
    about = contestants[0].evaluation.evaluated
    data = dict.fromkeys(str(one.evaluation.evaluated["data"]) for one in contestants)
    return Document(
        title="PTBench leaderboard",
        about=Cell(many(len(contestants), "evaluation")),
        facts=(
            ("Data", foreign(", ".join(data))),
            ("Samples", Cell(f"{shared.samples:,}")),
            ("Users", Cell(f"{len(contestants[0].breakdown.users('all')):,}")),
            ("Scorer", Cell(str(about["scorer"]))),
            ("Seed", Cell(str(seed))),
        ),
        notes=tuple(_notes(contestants, shared)),
        sections=(*sections, *([paper] if paper else [])),
    )  # fmt: skip


def _notes(contestants: Sequence[Contestant], shared: Shared) -> Iterator[str]:
    if not shared.same or shared.union > shared.samples:
        yield (
            f"Everything here is about the {many(shared.samples, 'sample')} that all of them scored, of "
            f"{shared.union:,} that stand in any: an evaluation's own report may say something else."
        )
    if any(one.by_rules for one in contestants):
        yield "Rows in grey come from rules: no language model took part in them."
    if len({one.evaluation.evaluated["format"] for one in contestants}) > 1:
        yield "Not all answers were asked for in the same format."


def _leaders(ranked: Sequence[Standing]) -> Section:
    """Everybody's columns, with a chart of overall."""
    chart = bars(
        "leaderboard", "Overall accuracy", [one.bar("overall", one.contestant.label) for one in ranked]
    )
    answered = [one for one in ranked if not one.contestant.by_rules]
    best = {
        column: max((one.estimates[column].value or 0 for one in answered), default=0) for column in COLUMNS
    }
    rows = tuple(_leader(one, best) for one in ranked)
    text = (
        "Percent, with intervals of 95 %: by resampling users for Query, Profile and Overall, Wilson's for "
        "the others. Neighbours whose intervals overlap may still differ: the tests below compare them "
        "sample by sample. Bold is the best that rules did not give.",
    )
    table = Table(("Who", *COLUMNS.values()), rows)
    return Section("Leaderboard", text, (chart, table))


def _leader(one: Standing, best: Mapping[str, float]) -> Row:
    rules = one.contestant.by_rules
    cells = []
    for column in COLUMNS:
        found = one.estimates[column]
        note = interval(found.interval.low, found.interval.high) if found.interval else ""
        leads = not rules and bool(found.value) and found.value == best[column]
        cells.append(Cell(percent(found.value), note=note, mark="best" if leads else ""))
    who = one.contestant
    variant = VARIANTS[who.variant] if who.variant != "all" and who.label == who.name else ""
    name = replace(foreign(who.label, 90), note=variant)
    return Row((name, *cells), "floor" if rules else "")


def _ablations(ranked: Sequence[Standing]) -> Iterator[Section]:
    """Figure 3: one who answered under several variants."""
    place = 0
    for name, each in _grouped(ranked, lambda one: one.name).items():
        shown = {
            VARIANTS[variant]: one
            for variant in VARIANTS
            for one in each
            if one.contestant.variant == variant
        }
        if len(shown) < 2:
            continue
        place += 1
        members = {
            variant: [one.bar(column, COLUMNS[column]) for column in ABLATED]
            for variant, one in shown.items()
        }
        chart = groups(f"ablation_{place}", "What is shown of the user", members)
        rows = (_plain_row(name, variant, one) for variant, one in shown.items())
        text = (
            "As Figure 3a: the same answerer is shown less and less of the user. In the paper it was trained "
            "on the variant that shows everything.",
        )
        yield Section(f"Ablation {place}" if place > 1 else "Ablation", text, (
            chart, Table(("Who", "Shown", *COLUMNS.values()), tuple(rows), words=2)
        ))  # fmt: skip


def _scaling(ranked: Sequence[Standing]) -> Iterator[Section]:
    """Figure 5: models of one family in several sizes."""
    there = [one for one in ranked if one.contestant.size is not None and one.contestant.variant == "all"]
    series = {
        family: [_point(one) for one in each]
        for family, each in _grouped(there, lambda one: one.family).items()
        if len({one.contestant.size for one in each}) > 1
    }
    if series:
        chart = lines("scaling", "Overall accuracy over parameters", series)
        text = ("As Figure 5: the sizes of one family of models, on a logarithmic scale.",)
        yield Section("Scaling", text, (chart,))


def _point(one: Standing) -> Point:
    size = one.contestant.size or 1.0
    return Point(
        size, f"{size:g}B" if size >= 0.5 else f"{1_000 * size:g}M", one.bar("overall", one.contestant.label)
    )


def _grouped(ranked: Sequence[Standing], key: Callable[[Contestant], str]) -> dict[str, list[Standing]]:
    found: dict[str, list[Standing]] = {}
    for one in ranked:
        found.setdefault(key(one.contestant), []).append(one)
    return found


def _plain_row(name: str, variant: str, one: Standing) -> Row:
    return Row(
        (
            foreign(name, 60),
            Cell(variant),
            *(Cell(percent(one.estimates[column].value)) for column in COLUMNS),
        )
    )


def _tests(contestants: Sequence[Contestant], tests: Sequence[Test]) -> Iterator[Section]:
    if not tests:
        return
    text = (
        "Each pair on the same samples. The difference is first minus second, in points, with its interval "
        "from resampling users; its p-value says how often no difference would look like that. McNemar's "
        "test counts the samples only one of both has right, as if samples of a user were independent. "
        "Holm's correction, in small print, is over the pairs of one column.",
    )
    overall = [one for one in tests if one.column == "overall"]
    leading = [one for one in overall if one.first == overall[0].first]
    yield Section("Could it be chance?", text, (_test_table(contestants, leading),))
    others = [one for one in overall if one.first != overall[0].first]
    rest = [one for one in tests if one.column != "overall"]
    for title, each in (("Tests of the other pairs", others), ("Tests of the other columns", rest)):
        if each:
            yield Section(title, (), (_test_table(contestants, each),), folded=True)


def _test_table(contestants: Sequence[Contestant], tests: Sequence[Test]) -> Table:
    several = len({one.column for one in tests}) > 1
    columns = ("Difference", "p", "Only first", "Only second", "McNemar's p")
    head = ("First", "Second", *(["Column"] if several else []))
    rows = (_test_row(contestants, one, several) for one in tests)
    return Table((*head, *columns), tuple(rows), words=len(head))


def _test_row(contestants: Sequence[Contestant], test: Test, several: bool) -> Row:
    by_users, by_samples = test.compared.difference, test.compared.mcnemar
    difference, limits = _difference(test)
    return Row(
        (
            foreign(contestants[test.first].label, 60),
            foreign(contestants[test.second].label, 60),
            *([Cell(COLUMNS[test.column])] if several else []),
            Cell(difference, note=limits),
            _p_value(by_users and by_users.p_value, test.bootstrap_holm),
            Cell(f"{by_samples.only_first:,}" if by_samples else ""),
            Cell(f"{by_samples.only_second:,}" if by_samples else ""),
            _p_value(by_samples and by_samples.p_value, test.mcnemar_holm),
        )
    )


def _p_value(value: float | None, holm: float | None) -> Cell:
    return Cell(p_value(value), note=f"Holm {p_value(holm)}" if holm is not None else "")


def _difference(test: Test) -> tuple[str, str]:
    """The difference in points, and its limits where users can be resampled."""
    found = test.compared.difference
    if found is not None:
        return points(
            found.interval.estimate
        ), f"{points(found.interval.low)} to {points(found.interval.high)}"
    if test.compared.first is None or test.compared.second is None:
        return "n/a", ""
    return points(test.compared.first - test.compared.second), ""
