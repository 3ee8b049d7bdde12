"""What a designer is shown at a node of the API tree that is to be expanded (§4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .api_tree import ApiTree
from .given_apis import GivenApis
from .offers import MOST_SHOWN, ScenarioOffers
from .personal_facts import STANDARD_FACTS
from .tree_shape import TreeShape


def scenario_view(scenario: str, shape: TreeShape) -> dict[str, Any]:
    """The view `expansion` for the first expansion of a scenario: contexts and platforms are asked for."""
    return {
        "asks": "scenario",
        "path": [scenario],
        "platform": None,
        "platforms": shape.platforms,
        "apis": None,
        "depth_left": None,
        "branching": None,
        "capabilities": [],
        "categories": [],
        "taken": [],
    }


_SHOWN = 40
"""Functions that are shown to a designer who is to say what people need them for."""


def view_of_given(given: GivenApis) -> dict[str, Any]:
    """What a designer of the scenario is shown of platforms and functions that are there already."""
    functions = {entry.api.capability: entry.api.description for own in given.values() for entry in own}
    return {"called": list(given), "functions": dict(list(functions.items())[:_SHOWN])}


def place_of(node: str) -> str:
    """The path of a platform or category below its platform."""
    return "/".join(node.split("/")[2:])


def branch_view(tree: ApiTree, node: str, shape: TreeShape, offers: ScenarioOffers) -> dict[str, Any]:
    """The view `expansion` of a platform or category: its categories, or at the last layer its APIs.

    `capabilities` and `categories` are what earlier platforms offer and this one does not yet; `taken` are
    the API names this platform has already, the latest where there are very many.
    """
    scenario, platform = node.split("/")[:2]
    depth_left = shape.depth_left(node)
    drafted = tree.attributes(scenario).get("facts")
    more = {} if drafted is None else _draft_view(tree, node, shape, offers, drafted)
    return more | {
        "asks": "categories" if depth_left else "apis",
        "path": node.split("/"),
        "platform": platform,
        "platforms": None,
        "apis": tree.attributes(node)["apis"],
        "depth_left": depth_left,
        "branching": shape.branching,
        "capabilities": [offer.view for offer in offers.shown(place_of(node))],
        "categories": offers.categories(place_of(node)),
        "taken": [api.name for api in offers.own[-MOST_SHOWN:]],
    }


def _draft_view(
    tree: ApiTree,
    node: str,
    shape: TreeShape,
    offers: ScenarioOffers,
    drafted: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """What a designer of drafts is shown besides: facts to choose from, and the functions to name anew."""
    if shape.depth_left(node):
        return {}
    quota = tree.attributes(node)["apis"]
    twins = [
        {
            "capability": api.capability,
            "name": api.name,
            "description": api.description,
            "parameters": [name for name in api.properties() if api.origin(name) == "query"],
        }
        for api in offers.counterparts(place_of(node), quota)
    ]
    standard = {fact.name: fact.description for fact in STANDARD_FACTS}
    facts = {str(fact["name"]): str(fact["description"]) for fact in drafted} | standard
    needs = needs_at(tree, node.split("/")[0])
    return {"twins": twins, "facts": {} if len(twins) == quota else facts, "needs": needs}


def needs_at(tree: ApiTree, scenario: str) -> list[str]:
    """The names of a scenario's kinds of need."""
    return [context["name"] for context in tree.attributes(scenario)["contexts"]]
