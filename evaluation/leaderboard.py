"""Several evaluations as one document: who is ahead, whether that could be chance, ablations and scaling.

It is given counts and tests; of files it reads what evaluations say of their samples, and how they were
made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from ..benchmark.metrics import Section as MetricSection
from ..benchmark.statistics import Estimate
from ..rendering.charts import Point, bar_chart, grouped_bar_chart, line_chart
from ..rendering.document import Cell, Document, Mark, Row, Section, Table, foreign
from ..rendering.text import counted, interval, p_value, percent, points
from .leaderboard_entries import GROUPS, LeaderboardEntry, RankedEntry, rank_entries
from .paired_tests import PairwiseTest, SampleOverlap
from .paper_tables import paper_section
from .provenance import Provenance, read_provenance
from .report_texts import COLUMNS, FEWER_TOOLS, KEPT, SECTIONS, VARIANTS, few_users
from .sample_browser import browser_section

ABLATED = ("platform", "profile_params", "tool_value", "overall")
"""Columns of the ablation chart."""


def leaderboard(
    entries: Sequence[LeaderboardEntry], overlap: SampleOverlap, tests: Sequence[PairwiseTest], seed: int
) -> Document:
    """The whole comparison."""
    ranked = rank_entries(entries, seed)
    paper = paper_section(entries)
    browser = browser_section({each.entry.label: each.entry.evaluation for each in ranked})
    sections = [
        _leader_section(ranked),
        *_test_sections(entries, tests),
        *_ablation_sections(ranked),
        *_scaling_section(ranked),
        *_cost_section(ranked),
    ]
    about = entries[0].evaluation.evaluated
    data = dict.fromkeys(str(entry.evaluation.evaluated["data"]) for entry in entries)
    return Document(
        title="PTBench leaderboard",
        about=Cell(counted(len(entries), "evaluation")),
        facts=(
            ("Data", foreign(", ".join(data))),
            ("Samples", Cell(f"{overlap.samples:,}")),
            ("Users", Cell(f"{len(entries[0].breakdown.users('all')):,}")),
            ("Scorer", Cell(str(about["scorer"]))),
            ("Seed", Cell(str(seed))),
        ),
        notes=tuple(_notes(entries, overlap)),
        sections=(*sections, *(part for part in (paper, browser) if part)),
    )  # fmt: skip


def _notes(entries: Sequence[LeaderboardEntry], overlap: SampleOverlap) -> Iterator[str]:
    if not overlap.same or overlap.union > overlap.samples:
        yield (
            f"Everything here is about the {counted(overlap.samples, 'sample')} that all of them scored, of "
            f"{overlap.union:,} that stand in any: an evaluation's own report may say something else."
        )
    if any(entry.by_rules for entry in entries):
        yield "Rows in grey come from rules: no language model took part in them."
    if len({entry.evaluation.evaluated["format"] for entry in entries}) > 1:
        yield "Not all answers were asked for in the same format."
    yield from few_users(entries[0].users())
    bounds = {entry.tools: entry.evaluation.evaluated for entry in entries}
    if set(bounds) != {None}:
        shown = "; ".join(
            f"{entry.label}: {entry.evaluation.evaluated['tools']['shown']}"
            for entry in entries
            if entry.tools is not None
        )
        same = "All" if len(bounds) == 1 else "Not all"
        yield f"{same} were shown the same number of tools, and {FEWER_TOOLS} ({shown})."


def _leader_section(ranked: Sequence[RankedEntry]) -> Section:
    """Everybody's columns, with a chart of overall."""
    chart = bar_chart(
        "leaderboard",
        "Overall accuracy",
        [ranked_entry.bar("overall", ranked_entry.entry.label) for ranked_entry in ranked],
    )
    answered = [ranked_entry for ranked_entry in ranked if not ranked_entry.entry.by_rules]
    best = {
        column: max((ranked_entry.estimates[column].value or 0 for ranked_entry in answered), default=0)
        for column in COLUMNS
    }
    text = (
        "Percent, with intervals of 95 %: by resampling users for Query, Profile and Overall, Wilson's for "
        "the others. Neighbours whose intervals overlap may still differ: the tests below compare them "
        "sample by sample. Bold is the best that rules did not give. Trained and Untrained are Overall of "
        "those users.",
    )
    groups: list[MetricSection] = [group for group in GROUPS if any(group in each.groups for each in ranked)]
    rows = tuple(_leader_row(ranked_entry, best, groups) for ranked_entry in ranked)
    columns = ("Who", *COLUMNS.values(), *(SECTIONS[group].split()[0] for group in groups))
    table = Table(columns, rows, sortable=True, keep=KEPT)
    return Section("Leaderboard", text, (chart, table))


def _leader_row(ranked_entry: RankedEntry, best: Mapping[str, float], groups: Sequence[MetricSection]) -> Row:
    rules = ranked_entry.entry.by_rules
    cells = []
    for column in COLUMNS:
        estimate = ranked_entry.estimates[column]
        leads = not rules and bool(estimate.value) and estimate.value == best[column]
        cells.append(_estimate_cell(estimate, "best" if leads else ""))
    cells += [_estimate_cell(ranked_entry.groups.get(group, Estimate(None))) for group in groups]
    entry = ranked_entry.entry
    variant = VARIANTS[entry.variant] if entry.variant != "all" and entry.label == entry.name else ""
    name = replace(foreign(entry.label, 90), note=variant)
    return Row((name, *cells), "floor" if rules else "")


def _estimate_cell(estimate: Estimate, mark: Mark = "") -> Cell:
    limits = estimate.interval
    return Cell(percent(estimate.value), note=interval(limits.low, limits.high) if limits else "", mark=mark)


def _cost_section(ranked: Sequence[RankedEntry]) -> Iterator[Section]:
    """What each evaluation took, of those that say it."""
    made = [(each.entry, read_provenance(each.entry.evaluation.folder)) for each in ranked]
    rows = tuple(_cost_row(entry, provenance) for entry, provenance in made if provenance is not None)
    if rows:
        columns = ("Who", "Date, version", "Prompt", "Sampling", *_COSTS)
        text = (
            "Tokens and US dollars are of all samples of an evaluation, latency is the time from a question "
            "to its whole answer. The same prompt digest means the same words around the samples.",
        )
        yield Section("What it took", text, (Table(columns, rows, words=4, sortable=True),))


_COSTS = ("Tokens sent", "received", "US dollars", "Median s", "95 % s")


def _cost_row(entry: LeaderboardEntry, provenance: Provenance) -> Row:
    words = (
        foreign(entry.label, 90),
        foreign(f"{provenance.date}, ptool {provenance.version}".removeprefix(", "), 60),
        foreign(provenance.prompt, 80),
        foreign(provenance.sampling if provenance.asked else "", 160),
    )
    if not provenance.asked:
        return Row((*words, *(Cell("") for _ in _COSTS)), "floor" if entry.by_rules else "")
    seconds = (provenance.median, provenance.p95)
    numbers = (
        Cell(f"{provenance.sent:,}"),
        Cell(f"{provenance.received:,}"),
        Cell("" if provenance.unpriced else f"{provenance.usd:,.4f}"),
        *(Cell("" if each is None else f"{each:.2f}") for each in seconds),
    )
    return Row((*words, *numbers), "floor" if entry.by_rules else "")


def _ablation_sections(ranked: Sequence[RankedEntry]) -> Iterator[Section]:
    """Figure 3: one who answered under several variants."""
    place = 0
    for name, each in _group_by(ranked, lambda entry: entry.name).items():
        shown = {
            VARIANTS[variant]: ranked_entry
            for variant in VARIANTS
            for ranked_entry in each
            if ranked_entry.entry.variant == variant
        }
        if len(shown) < 2:
            continue
        place += 1
        members = {
            variant: [ranked_entry.bar(column, COLUMNS[column]) for column in ABLATED]
            for variant, ranked_entry in shown.items()
        }
        chart = grouped_bar_chart(f"ablation_{place}", "What is shown of the user", members)
        rows = (_variant_row(name, variant, ranked_entry) for variant, ranked_entry in shown.items())
        text = (
            "As Figure 3a: the same answerer is shown less and less of the user. In the paper it was trained "
            "on the variant that shows everything.",
        )
        yield Section(f"Ablation {place}" if place > 1 else "Ablation", text, (
            chart, Table(("Who", "Shown", *COLUMNS.values()), tuple(rows), words=2, keep=KEPT)
        ))  # fmt: skip


def _scaling_section(ranked: Sequence[RankedEntry]) -> Iterator[Section]:
    """Figure 5: models of one family in several sizes."""
    sized = [
        ranked_entry
        for ranked_entry in ranked
        if ranked_entry.entry.size is not None and ranked_entry.entry.variant == "all"
    ]
    series = {
        family: [_point(ranked_entry) for ranked_entry in each]
        for family, each in _group_by(sized, lambda entry: entry.family).items()
        if len({ranked_entry.entry.size for ranked_entry in each}) > 1
    }
    if series:
        chart = line_chart("scaling", "Overall accuracy over parameters", series)
        text = ("As Figure 5: the sizes of one family of models, on a logarithmic scale.",)
        yield Section("Scaling", text, (chart,))


def _point(ranked_entry: RankedEntry) -> Point:
    size = ranked_entry.entry.size or 1.0
    return Point(
        size,
        f"{size:g}B" if size >= 0.5 else f"{1_000 * size:g}M",
        ranked_entry.bar("overall", ranked_entry.entry.label),
    )


def _group_by(
    ranked: Sequence[RankedEntry], key: Callable[[LeaderboardEntry], str]
) -> dict[str, list[RankedEntry]]:
    by_key: dict[str, list[RankedEntry]] = {}
    for ranked_entry in ranked:
        by_key.setdefault(key(ranked_entry.entry), []).append(ranked_entry)
    return by_key


def _variant_row(name: str, variant: str, ranked_entry: RankedEntry) -> Row:
    return Row(
        (
            foreign(name, 60),
            Cell(variant),
            *(Cell(percent(ranked_entry.estimates[column].value)) for column in COLUMNS),
        )
    )


def _test_sections(entries: Sequence[LeaderboardEntry], tests: Sequence[PairwiseTest]) -> Iterator[Section]:
    if not tests:
        return
    text = (
        "Each pair on the same samples. The difference is first minus second, in points, with its interval "
        "over users; its p-value says how often it would be as large if both were exchanged at random, user "
        "by user, which few users cannot bring down. McNemar's test counts the samples only one of both has "
        "right, as if samples of a user were independent. Holm's correction, in small print, is over the "
        "pairs of one column.",
    )
    overall = [test for test in tests if test.column == "overall"]
    leading = [test for test in overall if test.first == overall[0].first]
    yield Section("Could it be chance?", text, (_test_table(entries, leading),))
    others = [test for test in overall if test.first != overall[0].first]
    rest = [test for test in tests if test.column != "overall"]
    for title, each in (("Tests of the other pairs", others), ("Tests of the other columns", rest)):
        if each:
            yield Section(title, (), (_test_table(entries, each),), folded=True)


def _test_table(entries: Sequence[LeaderboardEntry], tests: Sequence[PairwiseTest]) -> Table:
    several = len({test.column for test in tests}) > 1
    columns = ("Difference", "p", "Only first", "Only second", "McNemar's p")
    head = ("First", "Second", *(["Column"] if several else []))
    rows = (_test_row(entries, test, several) for test in tests)
    return Table((*head, *columns), tuple(rows), words=len(head), keep=KEPT)


def _test_row(entries: Sequence[LeaderboardEntry], test: PairwiseTest, several: bool) -> Row:
    by_users, by_samples = test.compared.difference, test.compared.mcnemar
    difference, limits = _difference(test)
    return Row(
        (
            foreign(entries[test.first].label, 60),
            foreign(entries[test.second].label, 60),
            *([Cell(COLUMNS[test.column])] if several else []),
            Cell(difference, note=limits),
            _p_value(by_users and by_users.p_value, test.users_holm),
            Cell(f"{by_samples.only_first:,}" if by_samples else ""),
            Cell(f"{by_samples.only_second:,}" if by_samples else ""),
            _p_value(by_samples and by_samples.p_value, test.mcnemar_holm),
        )
    )


def _p_value(value: float | None, holm: float | None) -> Cell:
    return Cell(p_value(value), note=f"Holm {p_value(holm)}" if holm is not None else "")


def _difference(test: PairwiseTest) -> tuple[str, str]:
    """The difference in points, and its limits where users can be resampled."""
    difference = test.compared.difference
    if difference is not None:
        return points(
            difference.interval.estimate
        ), f"{points(difference.interval.low)} to {points(difference.interval.high)}"
    if test.compared.first is None or test.compared.second is None:
        return "n/a", ""
    return points(test.compared.first - test.compared.second), ""
