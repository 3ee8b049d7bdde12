"""The page as a whole: title, what to know first, the few numbers to see first, the sections in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...records.dataset_statistics import Statistics
from ...rendering.document import Cell, Document, Section, as_html, foreign
from ...rendering.text import inert
from ...store import write_bytes
from .examples import example_section
from .material import Material, material
from .paper_tables import beside_the_paper
from .preferences import preferences
from .quality import costs, examination, quality
from .text import part, share
from .trees import trees


def write_report(folder: Path, page: Path) -> None:
    """Write the report on a finished run as one HTML file; the old one stays whole until the new one is.

    Raises:
        StoreError: no run folder, not finished, damaged, or the page cannot be written.
    """
    write_bytes(page, as_html(report(material(folder))))


def report(found: Material) -> Document:
    """The report as a document. Raises StoreError where samples it shows are damaged."""
    name = found.folder.resolve().name
    return Document(
        title="Dataset report",
        about=foreign(f"{_scenario(found)}: {name}" if _scenario(found) else name, 160),
        tiles=tuple(_tiles(found.statistics)),
        facts=tuple(_facts(found)),
        notes=tuple(_notes(found.statistics)),
        sections=tuple(_sections(found)),
        contents=True,
    )


def _sections(found: Material) -> Iterator[Section]:
    yield beside_the_paper(found.statistics, sum(
        habits.visits.total() for people in found.people for habits in people.habits.values()
    ))  # fmt: skip
    yield example_section(found)
    yield from quality(found.statistics, found.codes)
    yield from preferences(found)
    yield examination(found.statistics.audit)
    yield from trees(found)
    yield costs(found)


def _scenario(found: Material) -> str:
    return str(found.noted("settings", "scenario").get("name") or "")


def _notes(statistics: Statistics) -> Iterator[str]:
    if statistics.scripted:
        yield (
            "No language model took part. Every text here comes from the kits of ptool's scripted model "
            "and a known preference model: the data is consistent and its preferences can be learned, but "
            "its language is far narrower than what people write."
        )
    for one in statistics.short_of:
        yield f"Falls short: {inert(one, 300)}"
    made = statistics.funnel.get("made", 0)
    if made != sum(count for name, count in statistics.funnel.items() if name != "made"):
        yield "The funnel does not add up: these statistics are damaged."


def _tiles(statistics: Statistics) -> Iterator[Cell]:
    made, kept = statistics.funnel.get("made", 0), statistics.funnel.get("kept", 0)
    one, need = statistics.decidability, statistics.necessity
    yield Cell(f"{kept:,}", note="samples")
    yield Cell(part(kept, made, 2), note=f"kept, of {made:,} episodes")
    gates = {gate.gate for gate in statistics.gates}
    traced = sum(statistics.origins.values())
    if "grounding" in gates:
        yield Cell(share(1.0 if traced else None, 0), note=f"grounded: all {traced:,} arguments are traced")
    if "leak" in gates:
        yield Cell("0", note="samples that reveal what they should not")
    yield Cell(
        share(one.transparent),
        note=f"of platforms follow from the history; Bayes posterior {share(one.bayes)}",
    )
    yield Cell(share(one.without_profile), note=f"without the user; chance {share(one.chance)}")
    yield Cell(share(need.unsolvable), note="cannot be solved without the profile")
    if statistics.audit is not None:
        rows = statistics.audit.corruptions
        caught = part(sum(row.caught for row in rows), sum(row.cases for row in rows))
        yield Cell(caught, note="of corruptions caught by rules and judges")


def _facts(found: Material) -> Iterator[tuple[str, Cell]]:
    yield "Answered by", foreign(found.statistics.model, 200)
    yield "Run", foreign(found.folder.resolve().name, 120)
    digest = found.manifest.get("digest")
    if digest:
        yield "Settings", foreign(digest, 60)
    seed = found.noted("seeds").get("run", found.noted("settings").get("seed"))
    if seed is not None:
        yield "Seed", foreign(seed, 40)
    version = found.noted("versions").get("ptool")
    if version:
        yield "Made with", foreign(f"ptool {version}", 60)
