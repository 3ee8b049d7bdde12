"""What people prefer and did, as pictures: platforms, preferences by kind of need, visits of histories."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...rendering.charts import heat, stacks
from ...rendering.document import Cell, Part, Picture, Row, Section, Table, foreign
from ...rendering.text import inert
from .material import Habits, Material, People
from .text import number, part

SCENARIOS = 30
"""Scenarios that get pictures of their own."""

_Draw = Callable[[People, str, Habits, int], Picture]


def preferences(material: Material) -> Iterator[Section]:
    """The sections on platforms, preferences and histories."""
    yield _platforms(material)
    yield Section(
        "Preferences",
        (
            "Share of users who prefer a platform, for every kind of need; a row adds up to 100 %. "
            "Preferences are latent: no sample shows them, only what they led to.",
        ),
        tuple(_pictures(material, _preferred)),
    )
    yield Section(
        "Histories",
        (
            "Where the visits of all visible histories went, by kind of need. The kind of need is latent "
            "too. What makes preferences learnable is that most visits are to the preferred platform:",
        ),
        (*_pictures(material, _visited), _loyalty(material)),
    )


def _platforms(material: Material) -> Section:
    found = material.statistics.platforms
    shares = [
        count / sum(counts.values())
        for counts in found.values()
        if sum(counts.values())
        for count in counts.values()
    ]
    told = f" They lie between {100 * min(shares):.1f} % and {100 * max(shares):.1f} %." if shares else ""
    rows = tuple(
        Row(
            (
                foreign(scenario, 40),
                foreign(platform, 60),
                number(count),
                Cell(part(count, sum(counts.values()))),
            )
        )
        for scenario, counts in found.items()
        for platform, count in counts.items()
    )
    table = Table(("Scenario", "Platform", "Samples", "Of its scenario"), rows, words=2)
    picture = stacks("platforms", "Platform to choose, by scenario", found)
    text = (f"How often each platform is the right one.{told}",)
    return Section("Platforms", text, (picture, table))


def _pictures(material: Material, draw: _Draw) -> Iterator[Part]:
    number = 0
    for people in material.people:
        for scenario, habits in people.habits.items():
            number += 1
            if number <= SCENARIOS:
                yield draw(people, scenario, habits, number)


def _preferred(people: People, scenario: str, habits: Habits, number: int) -> Picture:
    title = f"Preferred platform: {inert(scenario, 60)}{_held_out(people)}"
    contexts, platforms = people.contexts(scenario), people.platforms(scenario)
    return heat(f"preferences_{number}", title, contexts, platforms, habits.preferred)


def _visited(people: People, scenario: str, habits: Habits, number: int) -> Picture:
    title = f"Visits: {inert(scenario, 60)}{_held_out(people)}"
    platforms = people.platforms(scenario)
    rows = {
        context: {platform: habits.visits[context, platform] for platform in platforms}
        for context in people.contexts(scenario)
    }
    return stacks(f"visits_{number}", title, rows)


def _loyalty(material: Material) -> Table:
    rows = tuple(
        Row((foreign(f"{scenario}{_held_out(people)}", 60), number(visits), number(habits.loyal),
             Cell(part(habits.loyal, visits))))
        for people in material.people
        for scenario, habits in people.habits.items()
        for visits in [habits.visits.total()]
    )  # fmt: skip
    return Table(("Scenario", "Visits", "To the preferred platform", "Share"), rows)


def _held_out(people: People) -> str:
    return " (held out)" if people.name else ""
