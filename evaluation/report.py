"""The report on one evaluation: report.md, .html, .tex and their pictures, from the files in its folder.

It may be written again at any time: it asks nobody, scores nothing, and equal files give equal bytes. Every
text of a model or a dataset is shown as text, bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from ..benchmark.errors_taxonomy import CODES, FIGURE_4
from ..benchmark.statistics import wilson
from ..errors import StoreError
from ..rendering.benchmark_table import benchmark_table
from ..rendering.charts import Bar, bar_chart, pie_chart
from ..rendering.document import (
    Cell,
    Document,
    Kind,
    Picture,
    Row,
    Section,
    Table,
    as_html,
    as_markdown,
    as_svg,
    foreign,
)
from ..rendering.latex import as_latex
from ..rendering.text import counted, counts_text, interval, percent
from ..store import write_bytes
from .provenance import Provenance, read_provenance
from .report_texts import COLUMNS, KEPT, MISTAKES, SECTIONS, SHOWN_OF_USER, caveats, short_name
from .results import SCORE_FILE, FinishedEvaluation, load_evaluation
from .sample_browser import browser_section

MAX_ROWS = {"scenario": 20, "platform": 30, "capability": 40, "calls": 20, "user": 40}
"""Dimension -> rows of its table; the rest stands in scores.csv."""
MAX_ANSWERS = 8
MAX_BARS = 12

_BREAKDOWN = ("format_ok", "platform", "tool_name", "tool_param", "tool_value", "overall")
_DIMENSIONS = {
    "scenario": "scenario",
    "platform": "platform to choose",
    "capability": "capability",
    "calls": "number of calls",
    "user": "user",
}


def write_report(folder: Path) -> None:
    """Write report.md, report.html, report.tex and pictures/*.svg into the folder of a finished evaluation.

    Raises StoreError: no such evaluation, damaged files, or the folder cannot be written.
    """
    write_document(report(load_evaluation(folder)), folder, "report")


def write_document(document: Document, folder: Path, name: str) -> None:
    """Write a document as NAME.md, NAME.html, NAME.tex and pictures. Raises StoreError."""
    place = folder / "pictures"
    try:
        place.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreError(f"{place}: cannot be made: {error.strerror}") from None
    for picture in document.pictures():
        write_bytes(place / f"{picture.name}.svg", as_svg(picture))
    write_bytes(folder / f"{name}.md", as_markdown(document))
    write_bytes(folder / f"{name}.html", as_html(document))
    write_bytes(folder / f"{name}.tex", as_latex(document))


def report(evaluation: FinishedEvaluation) -> Document:
    """The report on an evaluation. Raises StoreError where its scores are damaged."""
    scores = evaluation.scores
    try:
        return Document(
            title="PTBench report",
            about=foreign(scores["evaluated"]["answers"]),
            tiles=tuple(_tiles(scores)),
            facts=(*_facts(scores), *provenance_facts(read_provenance(evaluation.folder))),
            notes=tuple(caveats(scores)),
            sections=tuple(_sections(evaluation)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        where = evaluation.folder / SCORE_FILE
        reason = " ".join(f"{type(error).__name__} {error}".split())[:120]
        raise StoreError(f"{where}: damaged ({reason}); evaluate again") from error


def main_section(scores: Mapping[str, Any]) -> str | None:
    """The section that a result is first told for: overall, or all where every sample is unseen."""
    sections = scores["scores"]
    return "overall" if "overall" in sections else next(iter(sections), None)


def _tiles(scores: Mapping[str, Any]) -> Iterator[Cell]:
    section = scores["scores"].get(main_section(scores), {})
    for column in ("overall", "platform", "tool_value", "format_ok"):
        estimate = section.get(column)
        if estimate is not None and estimate["value"] is not None:
            limits = interval(estimate["low"], estimate["high"])
            yield Cell(
                f"{percent(estimate['value'])} %", note=COLUMNS[column] + (f", {limits}" if limits else "")
            )


def _facts(scores: Mapping[str, Any]) -> Iterator[tuple[str, Cell]]:
    about, samples = scores["evaluated"], scores["samples"]
    kinds = counts_text(about["sources"])
    yield "Data", foreign(f"{about['data']} ({kinds})")
    drawn = f"{counted(about['n'], 'sample')} of {about['total']:,}"
    yield "Evaluated", Cell(drawn if about["n"] != about["total"] else counted(about["n"], "sample"))
    yield "Scored", Cell(counted(samples["scored"], "sample"))
    if samples["not_scored"]:
        yield "Not scored", foreign(f"{samples['not_scored']:,} ({counts_text(samples['reasons'])})")
        for code, said in samples.get("said", {}).items():
            yield "Because", foreign(f"{code}: {said}")
    yield "Shown of the user", Cell(SHOWN_OF_USER[about["variant"]])
    if "tools" in about:
        yield "Tools", foreign(about["tools"]["shown"])
    yield "Answer format", Cell(about["format"])
    if "prompt" in about and about["by"] == "predictions" and about["format"] == "python":
        yield "Prompt answered", Cell(about["prompt"])
    yield "Scorer", Cell(about["scorer"])
    if set(samples["finishes"]) - {"stop"}:
        yield "Answers ended", foreign(counts_text(samples["finishes"]))
    yield "Seed", Cell(str(about["seed"]))
    yield "Digest", Cell(about["digest"])


def provenance_facts(provenance: Provenance | None) -> Iterator[tuple[str, Cell]]:
    """With what, when and at what cost it was evaluated; nothing where no manifest says it."""
    if provenance is None:
        return
    yield "ptool", foreign(provenance.version, 60)
    if provenance.date:
        yield "Date", foreign(provenance.date, 20)
    if provenance.prompt:
        yield "Prompt", foreign(provenance.prompt, 80)
    if provenance.asked:
        yield "Sampling", foreign(provenance.sampling, 160)
        yield "Tokens", Cell(f"{provenance.sent:,} sent, {provenance.received:,} received")
        yield "Cost", Cell(provenance.cost())


def _sections(evaluation: FinishedEvaluation) -> Iterator[Section]:
    scores = evaluation.scores
    if not scores["samples"]["scored"]:
        yield Section("Scores", ("No sample could be scored. The same command asks again for all of them.",))
        return
    yield _score_section(scores)
    if scores["baselines"]:
        yield _baselines(scores)
    yield _mistakes(scores)
    yield _examples(scores)
    yield from _breakdowns(scores)
    yield _scoring_modes(scores)
    yield _answers(evaluation)
    browser = browser_section({short_name(scores["evaluated"]["answers"]): evaluation})
    if browser is not None:
        yield browser
    yield from _dataset_section(scores)
    yield _column_legend()


def _dataset_section(scores: Mapping[str, Any]) -> Iterator[Section]:
    """Table 9; nothing where an earlier ptool counted no dataset."""
    figures = scores["evaluated"].get("dataset")
    if figures:
        text = (
            "All samples that could be asked, also where some were drawn. Rows in italics are quoted from "
            "the paper; n/a: the dataset does not say where arguments come from.",
        )
        counts = (figures["tools"], figures["users"], figures["samples"])
        yield Section("The dataset", text, (benchmark_table("", *counts, tuple(figures["personal"])),))


def _score_section(scores: Mapping[str, Any]) -> Section:
    sections = scores["scores"]
    shown = [
        section
        for section in SECTIONS
        if section in sections and not (section == "all" and _all_repeats(sections))
    ]
    rows = (Row((Cell(SECTIONS[section]), *_estimates(sections[section]))) for section in shown)
    table = Table(("Percent", "Samples", "Users", *COLUMNS.values()), tuple(rows), keep=KEPT)
    chart = [
        Bar(name, estimate["value"], estimate["low"], estimate["high"])
        for column, name in COLUMNS.items()
        for estimate in [sections[shown[0]][column]]
        if estimate["value"] is not None
    ]
    title = f"Accuracy with 95 % intervals: {SECTIONS[shown[0]].lower()}"
    text = (
        "Equations 2 to 11 of the paper. Intervals of 95 %: for Query, Profile and Overall by resampling "
        "users, because what one user's samples have in common is no evidence about other users; for all "
        "others, and where there is one user only, Wilson's.",
    )
    return Section("Scores", text, (bar_chart("accuracy", title, chart), table))


def _all_repeats(sections: Mapping[str, Any]) -> bool:
    """Whether 'all' says what another section says already."""
    return any(
        sections[section]["samples"] == sections["all"]["samples"] for section in sections if section != "all"
    )


def _estimates(section: Mapping[str, Any]) -> Iterator[Cell]:
    yield Cell(f"{section['samples']['value']:,}")
    yield Cell(f"{section['samples']['users']:,}")
    for column in COLUMNS:
        estimate = section[column]
        yield Cell(percent(estimate["value"]), note=interval(estimate["low"], estimate["high"]))


def _baselines(scores: Mapping[str, Any]) -> Section:
    section = main_section(scores) or "all"
    own = scores["scorers"][scores["evaluated"]["scorer"]]["strict"][section]
    limits = scores["scores"][section]["overall"]
    answers = short_name(scores["evaluated"]["answers"])
    rows = [_row(foreign(answers, 60), own, "own")]
    chart = [Bar(answers, own["overall"], limits["low"], limits["high"])]
    for name, sections in _by_accuracy(scores["baselines"], section):
        if name == scores["evaluated"]["baseline"]:
            continue
        rows.append(_row(Cell(name), sections[section], "floor"))
        kind = "ceiling" if name == "gold" else "floor"
        chart.append(Bar(name, sections[section]["overall"], *_wilson(sections[section], "overall"), kind))
    text = (
        "What the same samples give without any model: random answers, the platform a user went to most, "
        "copying the profile, a heuristic that reads what is shown (scripted), and the accepted answers "
        "themselves (gold).",
    )
    table = Table(("Percent", *COLUMNS.values()), tuple(rows), keep=KEPT)
    return Section(
        "Floors and ceilings", text, (bar_chart("baselines", "Overall, beside baselines", chart), table)
    )


def _by_accuracy(baselines: Mapping[str, Any], section: str) -> list[tuple[str, Any]]:
    applicable = ((name, by_section) for name, by_section in baselines.items() if section in by_section)
    return sorted(applicable, key=lambda baseline: (baseline[1][section]["overall"] or 0, baseline[0]))


def _row(name: Cell, columns: Mapping[str, Any], kind: Kind = "") -> Row:
    return Row((name, *(Cell(percent(columns[column])) for column in COLUMNS)), kind)


def _wilson(columns: Mapping[str, Any], column: str) -> tuple[float | None, float | None]:
    """Limits of a share of samples."""
    value, samples = columns[column], columns["samples"]
    limits = None if value is None else wilson(round(value * samples), samples)
    return (limits.low, limits.high) if limits else (None, None)


def _mistakes(scores: Mapping[str, Any]) -> Section:
    errors = scores["errors"]
    rows = (
        Row(
            (
                Cell(MISTAKES[code]),
                Cell(FIGURE_4.get(code, "")),
                Cell(f"{errors['answers'][code]:,}"),
                Cell(f"{errors['mistakes'][code]:,}"),
                Cell(percent(errors["figure_4"][code]) if errors["figure_4"] and code in FIGURE_4 else ""),
            )
        )
        for code in CODES
    )
    columns = ("Mistake", "In Figure 4", "Answers", "Times", "% of six")
    parts: list[Table | Picture] = [Table(columns, tuple(rows), words=2)]
    if errors["figure_4"]:
        shares = [(name, errors["figure_4"][code]) for code, name in FIGURE_4.items()]
        parts.insert(0, pie_chart("errors", "The six types of Figure 4", shares))
    text = (
        f"{counted(errors['parsed'], 'answer')} could be read and {errors['unparsed']:,} could not. The six "
        "types of section 5.4 are counted once an answer, of those that could be read; the others are ours.",
    )
    return Section("Mistakes", text, tuple(parts))


def _examples(scores: Mapping[str, Any]) -> Section:
    rows = (
        Row(
            (
                Cell(MISTAKES[code]),
                foreign(example["id"], 60),
                foreign(example["path"], 80),
                foreign(example["expected"]),
                foreign(example["got"]),
            )
        )
        for code in CODES
        for example in scores["errors"]["examples"][code]
    )
    table = Table(("Mistake", "Sample", "Where", "Expected", "Got"), tuple(rows), words=5)
    text = "" if table.rows else "There is no mistake to show."
    return Section("Examples of mistakes", (text,) if text else (), (table,) if table.rows else (), True)


def _breakdowns(scores: Mapping[str, Any]) -> Iterator[Section]:
    for dimension, title in _DIMENSIONS.items():
        values = scores["by"][dimension]
        if len(values) < 2:
            continue
        rows = (_breakdown_row(name, shares) for name, shares in islice(values.items(), MAX_ROWS[dimension]))
        columns = (title.capitalize(), "Samples", *(COLUMNS[column] for column in _BREAKDOWN))
        parts: list[Table | Picture] = [Table(columns, tuple(rows), keep=KEPT)]
        if len(values) <= MAX_BARS:
            only = f"{next(iter(scores['by']['scenario']))}/" if len(scores["by"]["scenario"]) == 1 else ""
            parts.insert(0, bar_chart(f"by_{dimension}", f"Overall, by {title}", list(_bars(values, only))))
        left = len(values) - MAX_ROWS[dimension]
        text = (f"{left:,} more stand in scores.csv.",) if left > 0 else ()
        yield Section(f"By {title}", text, tuple(parts), folded=dimension in ("capability", "user"))


def _bars(values: Mapping[str, Any], scenario: str) -> Iterator[Bar]:
    """Bars of a dimension; the only scenario need not stand in every label."""
    for name, shares in values.items():
        yield Bar(name.removeprefix(scenario), shares["overall"], *_wilson(shares, "overall"))


def _breakdown_row(name: str, columns: Mapping[str, Any]) -> Row:
    limits = interval(*_wilson(columns, "overall"))
    cells = [
        Cell(percent(columns[column]), note=limits if column == "overall" else "") for column in _BREAKDOWN
    ]
    return Row((foreign(name, 80), Cell(f"{columns['samples']:,}"), *cells))


def _scoring_modes(scores: Mapping[str, Any]) -> Section:
    section = main_section(scores) or "all"
    rows = []
    for scorer, ways in scores["scorers"].items():
        for way, sections in ways.items():
            chosen = scorer == scores["evaluated"]["scorer"] and way == "strict"
            rows.append(
                _row(Cell(f"{scorer} scorer, {way} parsing"), sections[section], "own" if chosen else "")
            )
    text = (
        "Strict parsing takes an answer in the format that was asked for and nothing else; tolerant parsing "
        "looks for one in thoughts, code fences and prose. The strict scorer follows the paper's equations, "
        "the official one computes what the published code computes.",
    )
    return Section(
        "Other ways of reading and scoring",
        text,
        (Table(("Percent", *COLUMNS.values()), tuple(rows), keep=KEPT),),
    )


def _answers(evaluation: FinishedEvaluation) -> Section:
    rows = (
        Row((foreign(id, 60), foreign(query, 400), foreign(answer, 600), foreign(reason)))
        for id, query, answer, reason in _pick_answers(evaluation)
    )
    table = Table(("Sample", "Query", "Answer", "What is wrong"), tuple(rows), words=4)
    return Section(
        "Some answers", ("The first of those that are not fully right, then others.",), (table,), True
    )


def _pick_answers(evaluation: FinishedEvaluation) -> Iterable[tuple[str, str, str, str]]:
    """The first answers with a mistake, filled up with the first without."""
    wrong: list[tuple[str, str, str, str]] = []
    right: list[tuple[str, str, str, str]] = []
    for line in evaluation.lines():
        if line.score is not None:
            examples = right if line.score.overall else wrong
            if len(examples) < MAX_ANSWERS:
                examples.append((line.score.id, line.query, line.answer, line.score.reason or "fully right"))
            elif len(wrong) == MAX_ANSWERS:
                break
    return [*wrong, *right][:MAX_ANSWERS]


def _column_legend() -> Section:
    return Section(
        "What the columns mean",
        (
            "Format: the answer can be read (equation 2). Platform: it names the platform this user would "
            "choose (3). Query, Profile: values given rightly, of all that stand in the query (4) or only in "
            "the profile (5). T-name, T-param, T-value: the right functions (6), with the right parameters "
            "(7), with the right values (8). Overall: platform and values, everything right (9 to 11).",
            "n/a: not applicable, because there is nothing to count.",
        ),
        folded=True,
    )
