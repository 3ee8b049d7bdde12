"""The populations of a dataset: platforms, preferences, histories, API tree and feature tree (§4.1, §4.2).

Preferences and histories are pictures of who prefers and visits what; each tree is a radial overview, and all
of it to unfold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...rendering.charts import heat_map, stacked_bar_chart
from ...rendering.document import (
    Branch,
    Cell,
    Outline,
    Part,
    Picture,
    Row,
    Section,
    Table,
    count_cell,
    foreign,
)
from ...rendering.radial import Sector, radial_tree
from ...rendering.text import counted, inert, share_of
from ..run_files import Tree
from .report_data import PlatformUse, PopulationData, ReportData

SCENARIOS = 30
"""Scenarios that get pictures of their own."""
ENTRIES = 6_000
"""Entries of one outline; what is left out is counted at its end."""
DEPTH = 12
"""Levels of an outline."""
_MOST_NAMED_APIS = 250
"""APIs beyond which their ring holds no names."""
_TEXT = 140
"""Characters of a description; twice as many where there is room."""

_Draw = Callable[[PopulationData, str, PlatformUse, int], Picture]


def preference_sections(data: ReportData) -> Iterator[Section]:
    """The sections on platforms, preferences and histories."""
    yield _platforms_section(data)
    yield Section(
        "Preferences",
        (
            "Share of users who prefer a platform, for every kind of need; a row adds up to 100 %. "
            "Preferences are latent: no sample shows them, only what they led to.",
        ),
        tuple(_pictures(data, _preferences_picture)),
    )
    yield Section(
        "Histories",
        (
            "Where the visits of all visible histories went, by kind of need. The kind of need is latent "
            "too. What makes preferences learnable is that most visits are to the preferred platform:",
        ),
        (*_pictures(data, _visits_picture), _loyalty_table(data)),
    )


def _platforms_section(data: ReportData) -> Section:
    by_scenario = data.statistics.platforms
    shares = [
        count / sum(counts.values())
        for counts in by_scenario.values()
        if sum(counts.values())
        for count in counts.values()
    ]
    limits = f" They lie between {100 * min(shares):.1f} % and {100 * max(shares):.1f} %." if shares else ""
    rows = tuple(
        Row(
            (
                foreign(scenario, 40),
                foreign(platform, 60),
                count_cell(count),
                Cell(share_of(count, sum(counts.values()))),
            )
        )
        for scenario, counts in by_scenario.items()
        for platform, count in counts.items()
    )
    table = Table(("Scenario", "Platform", "Samples", "Of its scenario"), rows, words=2)
    picture = stacked_bar_chart("platforms", "Platform to choose, by scenario", by_scenario)
    text = (f"How often each platform is the right one.{limits}",)
    return Section("Platforms", text, (picture, table))


def _pictures(data: ReportData, draw: _Draw) -> Iterator[Part]:
    number = 0
    for population in data.populations:
        for scenario, use in population.platform_use.items():
            number += 1
            if number <= SCENARIOS:
                yield draw(population, scenario, use, number)


def _preferences_picture(population: PopulationData, scenario: str, use: PlatformUse, number: int) -> Picture:
    title = f"Preferred platform: {inert(scenario, 60)}{_held_out_mark(population)}"
    contexts, platforms = population.contexts(scenario), population.platforms(scenario)
    return heat_map(f"preferences_{number}", title, contexts, platforms, use.preferred)


def _visits_picture(population: PopulationData, scenario: str, use: PlatformUse, number: int) -> Picture:
    title = f"Visits: {inert(scenario, 60)}{_held_out_mark(population)}"
    platforms = population.platforms(scenario)
    rows = {
        context: {platform: use.visits[context, platform] for platform in platforms}
        for context in population.contexts(scenario)
    }
    return stacked_bar_chart(f"visits_{number}", title, rows)


def _loyalty_table(data: ReportData) -> Table:
    rows = tuple(
        Row(
            (
                foreign(f"{scenario}{_held_out_mark(population)}", 60),
                count_cell(visits),
                count_cell(use.loyal),
                Cell(share_of(use.loyal, visits)),
            )
        )
        for population in data.populations
        for scenario, use in population.platform_use.items()
        for visits in [use.visits.total()]
    )
    return Table(("Scenario", "Visits", "To the preferred platform", "Share"), rows)


def _held_out_mark(population: PopulationData) -> str:
    return " (held out)" if population.name else ""


def tree_sections(data: ReportData) -> Iterator[Section]:
    """A section on each tree of each population."""
    for population in data.populations:
        if population.api_tree.nodes:
            yield _api_tree_section(population)
        if population.feature_tree.nodes:
            yield _feature_tree_section(population)


def _api_tree_section(population: PopulationData) -> Section:
    tree, scenarios = population.api_tree, population.scenarios()
    platforms, apis = (_count_kind(tree, kind) for kind in ("platform", "api"))
    text = (
        f"{counted(len(scenarios), 'scenario')}, {counted(platforms, 'platform')} and "
        f"{counted(apis, 'API')}; from the middle out: scenario, platform, functional categories, "
        "APIs. Pointing at a sector names it.",
    )
    sectors = [_api_sector(tree, node) for node in scenarios]
    thickness = [1.0] * (_height(tree, scenarios) - 1) + [1.5 if apis <= _MOST_NAMED_APIS else 0.4]
    picture = radial_tree(_picture_name("api_tree", population), "The API tree", sectors, thickness)
    entries = _EntryLimit()
    branches = entries.take(scenarios, lambda node: _api_branch(tree, node, entries))
    outline = entries.outline("All of it", branches)
    return Section(f"API tree{_of_held_out(population)}", text, (picture, outline))


def _count_kind(tree: Tree, kind: str) -> int:
    return sum(attributes.get("kind") == kind for attributes in tree.nodes.values())


def _api_sector(tree: Tree, node: str, depth: int = 0) -> Sector:
    attributes = tree.nodes[node]
    children = tree.children.get(node, ()) if depth < DEPTH else ()
    below = tuple(_api_sector(tree, child, depth + 1) for child in children)
    return Sector(_name(attributes), _tooltip(attributes, str(attributes.get("kind", ""))), below)


def _api_branch(tree: Tree, node: str, entries: _EntryLimit, depth: int = 0) -> Branch:
    attributes = tree.nodes[node]
    below: Iterable[Branch] = ()
    if attributes.get("kind") == "api":
        below = entries.take(_parameters(attributes), lambda branch: branch)
    elif depth < DEPTH:
        children = tree.children.get(node, ())
        below = entries.take(children, lambda child: _api_branch(tree, child, entries, depth + 1))
    name, description = foreign(_name(attributes), 80), foreign(_api_description(attributes), 2 * _TEXT)
    return Branch(name, description, tuple(below))


def _api_description(attributes: Mapping[str, Any]) -> str:
    kind, text = attributes.get("kind"), str(attributes.get("description") or "")
    if kind == "api":
        return f"{text} ({attributes.get('capability', '')})"
    if kind == "platform":
        characteristics = attributes.get("characteristics") or ()
        text = " ".join(str(trait.get("text", "")) for trait in characteristics if isinstance(trait, dict))
    return text


def _parameters(attributes: Mapping[str, Any]) -> Iterator[Branch]:
    schema = attributes.get("parameters")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    required = schema.get("required") if isinstance(schema, dict) else None
    for name, parameter in properties.items() if isinstance(properties, dict) else ():
        own = parameter if isinstance(parameter, dict) else {}
        optional = "" if isinstance(required, list) and name in required else ", optional"
        text = f"{own.get('type', 'any')}{optional}: {own.get('description') or ''}"
        yield Branch(foreign(name, 60), foreign(text, _TEXT))


def _feature_tree_section(population: PopulationData) -> Section:
    tree = population.feature_tree
    roots = [node for node in tree.nodes if node not in tree.parents]
    themes = [theme for root in roots for theme in tree.children.get(root, ())]
    basic, implicit = (_count_features(tree, kind) for kind in ("basic", "implicit"))
    text = (
        f"{counted(basic, 'basic feature')} and {counted(implicit, 'implicit one')}; from the "
        "middle out: themes, features with the number of parameters and characteristics merged into each. "
        "Implicit ones, in another colour, are latent: no sample shows them.",
    )
    sectors = [_feature_sector(tree, node) for node in themes]
    thickness = [0.9] * (max(map(_rings, sectors), default=1) - 1) + [1.3]
    picture = radial_tree(_picture_name("feature_tree", population), "The feature tree", sectors, thickness)
    entries = _EntryLimit()
    branches = entries.take(themes, lambda node: _feature_branch(tree, node, entries))
    outline = entries.outline("All of it", branches)
    return Section(f"Feature tree{_of_held_out(population)}", text, (picture, outline))


def _count_features(tree: Tree, kind: str) -> int:
    return sum(
        attributes.get("level") == 1 and attributes.get("kind") == kind for attributes in tree.nodes.values()
    )


def _feature_sector(tree: Tree, node: str, depth: int = 0) -> Sector:
    attributes, children = tree.nodes[node], tree.children.get(node, ())
    name, kind = _name(attributes), attributes.get("kind", "")
    colour = 1 if kind == "implicit" else 0
    if attributes.get("level") == 1 or depth >= DEPTH:
        tooltip = _tooltip(attributes, f"{kind}, {counted(len(children), 'leaf', 'leaves')}")
        return Sector(f"{name} {len(children)}", tooltip, colour=colour)
    below = tuple(_feature_sector(tree, child, depth + 1) for child in children)
    return Sector(name, _tooltip(attributes, f"{kind} theme"), below, colour)


def _feature_branch(tree: Tree, node: str, entries: _EntryLimit, depth: int = 0) -> Branch:
    attributes, children = tree.nodes[node], tree.children.get(node, ())
    description = f"({attributes.get('kind', '')}) {attributes.get('description') or ''}"
    below: Iterable[Branch] = ()
    if attributes.get("level") == 1:
        by_scenario = _leaves_by_scenario(tree, children)
        below = entries.take(by_scenario.items(), lambda item: _scenario_branch(item[0], item[1], entries))
    elif depth < DEPTH:
        below = entries.take(children, lambda child: _feature_branch(tree, child, entries, depth + 1))
    return Branch(foreign(_name(attributes), 80), foreign(description, 2 * _TEXT), tuple(below))


def _leaves_by_scenario(tree: Tree, leaves: Iterable[str]) -> dict[str, list[Branch]]:
    """Leaves of a feature: scenario -> where each is from and what it is called there."""
    by_scenario: dict[str, list[Branch]] = {}
    for node in leaves:
        attributes = tree.nodes[node]
        where = attributes.get("where")
        scenario, *place = map(str, where) if isinstance(where, list) and where else ("?",)
        leaf = Branch(foreign(_name(attributes), 60), foreign(" / ".join(place), _TEXT))
        by_scenario.setdefault(scenario, []).append(leaf)
    return by_scenario


def _scenario_branch(scenario: str, leaves: list[Branch], entries: _EntryLimit) -> Branch:
    below = tuple(entries.take(leaves, lambda leaf: leaf))
    return Branch(foreign(scenario, 60), Cell(f"({len(leaves):,})"), below)


@dataclass
class _EntryLimit:
    """How many entries an outline may still get, and how many did not fit."""

    left: int = ENTRIES
    omitted: int = 0

    def take(self, items: Iterable[Any], branch_of: Callable[[Any], Branch]) -> Iterator[Branch]:
        """Branches of items, as long as there is room."""
        for item in items:
            if self.left <= 0:
                self.omitted += 1
                continue
            self.left -= 1
            yield branch_of(item)

    def outline(self, title: str, branches: Iterable[Branch]) -> Outline:
        """The outline of all branches; the last entry says how many more there are."""
        taken = tuple(branches)
        if not self.omitted:
            return Outline(title, taken)
        rest = f"… {self.omitted:,} more, with what is below them, stand in the tree's JSON file"
        return Outline(title, (*taken, Branch(Cell(rest))))


def _height(tree: Tree, nodes: Iterable[str]) -> int:
    height, level = 0, list(nodes)
    while level and height < DEPTH:
        height, level = height + 1, [child for node in level for child in tree.children.get(node, ())]
    return max(height, 1)


def _rings(sector: Sector) -> int:
    return 1 + max(map(_rings, sector.below), default=0)


def _name(attributes: Mapping[str, Any]) -> str:
    return str(attributes.get("name", attributes.get("id", "?")))


def _tooltip(attributes: Mapping[str, Any], kind: str) -> str:
    return inert(f"{_name(attributes)} ({kind})", 120)


def _picture_name(name: str, population: PopulationData) -> str:
    return f"{population.name}_{name}" if population.name else name


def _of_held_out(population: PopulationData) -> str:
    return " of the held-out scenarios" if population.name else ""
