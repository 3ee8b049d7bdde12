"""The API tree and the user feature tree: a radial overview of each, and all of it to unfold (§4.1, §4.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...rendering.document import Branch, Cell, Outline, Section, foreign
from ...rendering.radial import Sector, radial
from ...rendering.text import inert, many
from ..run_files import Tree
from .material import Material, People

ENTRIES = 6_000
"""Entries of one outline; what is left out is counted at its end."""
DEPTH = 12
"""Levels of an outline."""
_MANY = 250
"""APIs beyond which their ring holds no names."""
_TEXT = 140


def trees(material: Material) -> Iterator[Section]:
    """A section on each kind of tree."""
    for people in material.people:
        if people.apis.nodes:
            yield _apis(people)
        if people.features.nodes:
            yield _features(people)


def _apis(people: People) -> Section:
    nodes, below = people.apis.nodes, _children(people.apis)
    counts = {kind: sum(one.get("kind") == kind for one in nodes.values()) for kind in ("platform", "api")}
    scenarios = [node for node, _ in people.scenarios()]
    text = (
        f"{many(len(scenarios), 'scenario')}, {many(counts['platform'], 'platform')} and "
        f"{many(counts['api'], 'API')}; from the middle out: scenario, platform, functional categories, "
        "APIs. Pointing at a sector names it.",
    )
    rings = _height(scenarios, below)
    last = 1.5 if counts["api"] <= _MANY else 0.4
    picture = radial(
        _named("api_tree", people),
        "The API tree",
        [_api_sector(node, nodes, below) for node in scenarios],
        [1.0] * (rings - 1) + [last],
    )
    room = _Room()
    outline = Outline(
        "All of it", tuple(room.grown(scenarios, lambda node: _api_branch(node, nodes, below, room)))
    )
    return Section(f"API tree{_held_out(people)}", text, (picture, _ended(outline, room)))


def _api_sector(
    node: str, nodes: Mapping[str, Any], below: Mapping[str, Sequence[str]], depth: int = 0
) -> Sector:
    about = nodes[node]
    tip = _tip(about, str(about.get("kind", "")))
    deeper = below.get(node, ()) if depth < DEPTH else ()
    return Sector(_name(about), tip, tuple(_api_sector(one, nodes, below, depth + 1) for one in deeper))


def _api_branch(
    node: str, nodes: Mapping[str, Any], below: Mapping[str, Sequence[str]], room: _Room, depth: int = 0
) -> Branch:
    about = nodes[node]
    inside: tuple[Branch, ...] = ()
    if about.get("kind") == "api":
        inside = tuple(room.grown(_parameters(about), lambda one: one))
    elif depth < DEPTH:
        inside = tuple(
            room.grown(below.get(node, ()), lambda one: _api_branch(one, nodes, below, room, depth + 1))
        )
    return Branch(foreign(_name(about), 80), foreign(_about_api(about), 2 * _TEXT), inside)


def _about_api(about: Mapping[str, Any]) -> str:
    kind, text = about.get("kind"), str(about.get("description") or "")
    if kind == "api":
        return f"{text} ({about.get('capability', '')})"
    if kind == "platform":
        found = about.get("characteristics") or ()
        text = " ".join(str(one.get("text", "")) for one in found if isinstance(one, dict))
    return text


def _parameters(about: Mapping[str, Any]) -> Iterator[Branch]:
    schema = about.get("parameters")
    found = schema.get("properties") if isinstance(schema, dict) else None
    needed = schema.get("required") if isinstance(schema, dict) else None
    for name, one in found.items() if isinstance(found, dict) else ():
        kind = str(one.get("type", "any")) if isinstance(one, dict) else "any"
        must = "" if isinstance(needed, list) and name in needed else ", optional"
        text = str(one.get("description") or "") if isinstance(one, dict) else ""
        yield Branch(foreign(name, 60), foreign(f"{kind}{must}: {text}", _TEXT))


def _features(people: People) -> Section:
    tree, below = people.features, _children(people.features)
    top = [node for node in tree.nodes if node not in tree.parents]
    themes = [one for node in top for one in below.get(node, ())]
    kinds = {kind: len(_features_of(tree, kind)) for kind in ("basic", "implicit")}
    text = (
        f"{many(kinds['basic'], 'basic feature')} and {many(kinds['implicit'], 'implicit one')}; from the "
        "middle out: themes, features with the number of parameters and characteristics merged into each. "
        "Implicit ones, in another colour, are latent: no sample shows them.",
    )
    sectors = [_feature_sector(node, tree.nodes, below) for node in themes]
    rings = max((_rings(one) for one in sectors), default=1)
    name = _named("feature_tree", people)
    picture = radial(name, "The feature tree", sectors, [0.9] * (rings - 1) + [1.3])
    room = _Room()
    grown = room.grown(themes, lambda node: _feature_branch(node, tree.nodes, below, room))
    return Section(
        f"Feature tree{_held_out(people)}", text, (picture, _ended(Outline("All of it", tuple(grown)), room))
    )


def _features_of(tree: Tree, kind: str) -> list[str]:
    return [
        node for node, about in tree.nodes.items() if about.get("level") == 1 and about.get("kind") == kind
    ]


def _feature_sector(
    node: str, nodes: Mapping[str, Any], below: Mapping[str, Sequence[str]], depth: int = 0
) -> Sector:
    about, inside = nodes[node], below.get(node, ())
    colour = 1 if about.get("kind") == "implicit" else 0
    if about.get("level") == 1 or depth >= DEPTH:
        tip = _tip(about, f"{about.get('kind', '')}, {many(len(inside), 'leaf', 'leaves')}")
        return Sector(f"{_name(about)} {len(inside)}", tip, colour=colour)
    deeper = tuple(_feature_sector(one, nodes, below, depth + 1) for one in inside)
    return Sector(_name(about), _tip(about, f"{about.get('kind', '')} theme"), deeper, colour)


def _feature_branch(
    node: str, nodes: Mapping[str, Any], below: Mapping[str, Sequence[str]], room: _Room, depth: int = 0
) -> Branch:
    about, inside = nodes[node], below.get(node, ())
    told = f"({about.get('kind', '')}) {about.get('description') or ''}"
    grown: Iterable[Branch] = ()
    if about.get("level") == 1:
        grown = room.grown(_by_scenario(inside, nodes).items(), lambda one: _leaves(one[0], one[1], room))
    elif depth < DEPTH:
        grown = room.grown(inside, lambda one: _feature_branch(one, nodes, below, room, depth + 1))
    return Branch(foreign(_name(about), 80), foreign(told, 2 * _TEXT), tuple(grown))


def _by_scenario(leaves: Iterable[str], nodes: Mapping[str, Any]) -> dict[str, list[Branch]]:
    """Leaves of a feature: scenario -> where each is from and what it is called there."""
    found: dict[str, list[Branch]] = {}
    for node in leaves:
        about = nodes[node]
        where = about.get("where")
        scenario, *place = map(str, where) if isinstance(where, list) and where else ("?",)
        found.setdefault(scenario, []).append(
            Branch(foreign(_name(about), 60), foreign(" / ".join(place), _TEXT))
        )
    return found


def _leaves(scenario: str, leaves: list[Branch], room: _Room) -> Branch:
    told = Cell(f"({len(leaves):,})")
    return Branch(foreign(scenario, 60), told, tuple(room.grown(leaves, lambda one: one)))


@dataclass
class _Room:
    """How many entries an outline may still get, and how many did not fit."""

    left: int = ENTRIES
    over: int = 0

    def grown(self, items: Iterable[Any], grow: Callable[[Any], Branch]) -> Iterator[Branch]:
        """Branches of items, as long as there is room."""
        for one in items:
            if self.left <= 0:
                self.over += 1
                continue
            self.left -= 1
            yield grow(one)


def _ended(outline: Outline, room: _Room) -> Outline:
    if not room.over:
        return outline
    rest = Branch(Cell(f"… {room.over:,} more, with what is below them, stand in the tree's JSON file"))
    return Outline(outline.title, (*outline.branches, rest))


def _children(tree: Tree) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in tree.nodes:
        if node in tree.parents and tree.parents[node] != node:
            found.setdefault(tree.parents[node], []).append(node)
    return found


def _height(nodes: Iterable[str], below: Mapping[str, Sequence[str]]) -> int:
    height, level = 0, list(nodes)
    while level and height < DEPTH:
        height, level = height + 1, [one for node in level for one in below.get(node, ())]
    return max(height, 1)


def _rings(sector: Sector) -> int:
    return 1 + max(map(_rings, sector.below), default=0)


def _name(about: Mapping[str, Any]) -> str:
    return str(about.get("name", about.get("id", "?")))


def _tip(about: Mapping[str, Any], kind: str) -> str:
    return inert(f"{_name(about)} ({kind})", 120)


def _named(name: str, people: People) -> str:
    return f"{people.name}_{name}" if people.name else name


def _held_out(people: People) -> str:
    return " of the held-out scenarios" if people.name else ""
