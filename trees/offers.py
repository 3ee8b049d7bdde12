"""What the platforms of a scenario offer while its tree grows: kept up to date, not counted anew at a node.

A designer is shown what its platform has and its rivals have; looked through for every category, that would
take time that grows with the square of the tree. Of very many functions only some are shown, those of the
same category first. It knows the tree and nothing of designers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from ..records import Api
from .api_tree import ApiTree
from .schemas import inlined

MOST_SHOWN = 300
"""Functions of a platform, and of its rivals, that a designer is shown."""


class Offer(NamedTuple):
    """An API that a rival offers."""

    api: Api
    place: str
    """the path of its category below its platform"""
    view: dict[str, Any]
    """what a designer is shown of it"""


class ScenarioOffers:
    """What one scenario's platforms offer, seen from the platform that grows (`enter`).

    Args: tree: may have grown already; scenario: its name.
    """

    def __init__(self, tree: ApiTree, scenario: str) -> None:
        self._tree = tree
        self.platforms = tree.children(scenario)
        self.entered = 0
        """place of the platform that grows among them"""
        self.own: list[Api] = []
        """its APIs, as they came"""
        self.names: set[str] = set()
        self.capabilities: set[str] = set()
        self._counted = 0
        self._first: dict[str, Offer] = {}
        """capability -> who offered it first"""
        self._open: OrderedDict[str, Offer] = OrderedDict()
        """of these, what the platform has no counterpart of"""
        self._by_place: dict[str, list[str]] = {}
        self._categories: dict[str, dict[str, None]] = {}
        """path below a platform -> names of the categories there"""

    def enter(self, platform: str) -> None:
        """Look from a platform (an id) from now on; platforms grow one after another."""
        if self._counted and self.platforms[self.entered] == platform:
            return
        self.entered = self.platforms.index(platform, self.entered)
        for earlier in self.platforms[max(0, self._counted - 1) : self.entered]:
            self._count(earlier)
        self._counted = self.entered + 1
        self._open = OrderedDict(self._first)
        self.own, self.names, self.capabilities = [], set(), set()
        self.add(self._tree.api(leaf) for leaf in self._tree.below(platform, "api"))

    def _count(self, platform: str) -> None:
        start = len(platform) + 1
        for node in self._tree.below(platform, "api"):
            api, place = self._tree.api(node), node[start:].rpartition("/")[0]
            if api.capability not in self._first:
                self._first[api.capability] = Offer(api, place, _view(api, place))
                self._by_place.setdefault(place, []).append(api.capability)
        for node in self._tree.below(platform, "category"):
            above, _, name = node[start:].rpartition("/")
            self._categories.setdefault(above, {})[name] = None

    def add(self, apis: Iterable[Api]) -> None:
        """The platform that grows has some APIs more."""
        for api in apis:
            self.own.append(api)
            self.names.add(api.name)
            self.capabilities.add(api.capability)
            self._open.pop(api.capability, None)

    def offered_by_rivals(self) -> Collection[str]:
        """The capabilities of earlier platforms."""
        return self._first.keys()

    def shown(self, place: str) -> list[Offer]:
        """What earlier platforms offer and this one does not yet, in their order, as much as is shown."""
        if len(self._open) <= MOST_SHOWN:
            return list(self._open.values())
        return list(islice(self._nearest(place), MOST_SHOWN))

    def counterparts(self, place: str, most: int) -> list[Api]:
        """The same APIs, those of the same category first."""
        return [offer.api for offer in islice(self._nearest(place), most)]

    def categories(self, place: str) -> list[str]:
        """Names of the categories that earlier platforms have at a place."""
        return list(self._categories.get(place, ()))

    def _nearest(self, place: str) -> Iterator[Offer]:
        here = (self._open[name] for name in self._by_place.get(place, ()) if name in self._open)
        return chain(here, (offer for offer in self._open.values() if offer.place != place))


def _view(api: Api, place: str) -> dict[str, Any]:
    properties = inlined(api.parameters, api.name)["properties"]
    return {
        "capability": api.capability,
        "description": api.description,
        "category": place,
        "parameters": {name: _type_name(schema) for name, schema in properties.items()},
    }


def _type_name(schema: dict[str, Any]) -> str:
    kind = schema.get("type", "any")
    return "|".join(map(str, kind)) if isinstance(kind, list) else str(kind)
