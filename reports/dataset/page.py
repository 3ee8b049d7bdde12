"""The page as a whole: title, what to know first, the few numbers to see first, the sections in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...records.dataset_statistics import Statistics
from ...rendering.document import Cell, Document, Section, as_html, foreign
from ...rendering.text import inert, share, share_of
from ...store import write_bytes
from .examples import examples_section
from .paper_tables import paper_section
from .population import preference_sections, tree_sections
from .quality import audit_section, cost_section, quality_sections, repairs_section
from .report_data import ReportData, read_report_data


def write_report(folder: Path, page: Path) -> None:
    """Write the report on a finished run as one HTML file; the old one stays whole until the new one is.

    Raises:
        StoreError: no run folder, not finished, damaged, or the page cannot be written.
    """
    write_bytes(page, as_html(dataset_report(read_report_data(folder))))


def dataset_report(data: ReportData) -> Document:
    """The report as a document. Raises StoreError where samples it shows are damaged."""
    name = data.folder.resolve().name
    scenario = str(data.manifest_object("settings", "scenario").get("name") or "")
    return Document(
        title="Dataset report",
        about=foreign(f"{scenario}: {name}" if scenario else name, 160),
        tiles=tuple(_tiles(data.statistics)),
        facts=tuple(_facts(data)),
        notes=tuple(_notes(data.statistics)),
        sections=tuple(_sections(data)),
        contents=True,
    )


def _sections(data: ReportData) -> Iterator[Section]:
    yield paper_section(data.statistics)
    yield examples_section(data)
    yield from quality_sections(data.statistics, data.codes)
    yield from preference_sections(data)
    yield audit_section(data.statistics.audit)
    yield from tree_sections(data)
    yield from repairs_section(data)
    yield cost_section(data)


_SOLUTIONS = {
    "propose": "an assistant that had to agree with what was drawn",
    "confirm": "code; readers had to recognise need and calls",
    "none": "code",
}
"""`assistant` -> who wrote the solutions."""


def _notes(statistics: Statistics) -> Iterator[str]:
    if statistics.scripted:
        yield (
            "No language model took part. Every text here comes from the kits of ptool's scripted model "
            "and a known preference model: the data is consistent and its preferences can be learned, but "
            "its language is far narrower than what people write."
        )
    for judge, figures in statistics.judges_without_vote.items():
        yield (
            f"{inert(judge, 60)} had no vote: on tasks with known answers it was no better than chance "
            f"({inert(figures, 200)})."
        )
    for shortfall in statistics.short_of:
        yield f"Falls short: {inert(shortfall, 300)}"
    episodes = statistics.funnel.get("made", 0)
    if episodes != sum(count for name, count in statistics.funnel.items() if name != "made"):
        yield "The funnel does not add up: these statistics are damaged."


def _tiles(statistics: Statistics) -> Iterator[Cell]:
    episodes, kept = statistics.funnel.get("made", 0), statistics.funnel.get("kept", 0)
    decidability = statistics.decidability
    yield Cell(f"{kept:,}", note="samples")
    yield Cell(share_of(kept, episodes, 2), note=f"kept, of {episodes:,} episodes")
    gates = {gate.gate for gate in statistics.gates}
    traced = sum(statistics.origins.values())
    if "grounding" in gates:
        yield Cell(share(1.0 if traced else None, 0), note=f"grounded: all {traced:,} arguments are traced")
    if "leak" in gates:
        yield Cell("0", note="samples that reveal what they should not")
    yield Cell(
        share(decidability.transparent),
        note=f"of platforms follow from the history; Bayes posterior {share(decidability.bayes)}",
    )
    yield Cell(
        share(decidability.without_profile), note=f"without the user; chance {share(decidability.chance)}"
    )
    yield Cell(share(statistics.necessity.unsolvable), note="cannot be solved without the profile")
    if statistics.audit is not None:
        rows = statistics.audit.corruptions
        caught = share_of(sum(row.caught for row in rows), sum(row.cases for row in rows))
        yield Cell(caught, note="of corruptions caught by rules and judges")


def _facts(data: ReportData) -> Iterator[tuple[str, Cell]]:
    yield "Answered by", foreign(data.statistics.model, 200)
    yield "Solutions by", Cell(_SOLUTIONS[data.statistics.assistant])
    if data.statistics.samples_per_turn > 1:
        yield "Answers drawn in a turn", Cell(f"up to {data.statistics.samples_per_turn:,}")
    yield "Run", foreign(data.folder.resolve().name, 120)
    digest = data.manifest.get("digest")
    if digest:
        yield "Settings", foreign(digest, 60)
    seed = data.manifest_object("seeds").get("run", data.manifest_object("settings").get("seed"))
    if seed is not None:
        yield "Seed", foreign(seed, 40)
    version = data.manifest_object("versions").get("ptool")
    if version:
        yield "Made with", foreign(f"ptool {version}", 60)
