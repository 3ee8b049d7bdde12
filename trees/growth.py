"""Growth of the API tree (§4.1): depth first, one designer's answer at a time, resumed where it stopped.

Knows nothing of models and files: the designer and `save` are handed in. Within a scenario the order is depth
first, so that later platforms see what earlier ones offer; scenarios are independent and grow side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from ..errors import TreeError, names
from ..records import Api, Expansion, PersonalFact
from .api_tree import ROOT, ApiTree, check_structure
from .defaults import default_categories, default_drafts, default_world
from .drafts import complete_apis, complete_scenario
from .expansion_checks import check_apis, check_categories, check_scenario
from .expansion_views import branch_view, needs_at, place_of, scenario_view, view_of_given
from .given_apis import GivenApis, called_as_given, with_facts
from .needs import open_to_every_need
from .offers import ScenarioOffers
from .repair import repair_apis, repair_categories, repair_scenario
from .retry import AskRole, Mended, Repair, ask_until_accepted, gather_or_cancel
from .tree_shape import TreeShape, usual_categories

SaveTree = Callable[[ApiTree], None]
"""Called with a tree after every expansion."""


async def grow_tree(
    tree: ApiTree,
    scenarios: Mapping[str, str],
    shape: TreeShape,
    designer: AskRole[Expansion],
    *,
    save: SaveTree = lambda _: None,
    retries: int = 2,
    strict: bool = True,
    given: GivenApis | None = None,
) -> ApiTree:
    """Expand `tree` until every scenario has its platforms, categories and APIs, then check it.

    Args:
        tree: an empty tree, or one that an interrupted growth saved; it is changed in place and returned.
        scenarios: name -> description, in the order wanted.
        shape: how large each scenario is to be.
        designer: async `(item_id, view "expansion") -> Expansion`; ids like 'shopping/MegaMart/catalogue'.
        save: called with the tree after every expansion.
        retries: how often an objectionable answer is asked for again, its fault as `problem` in the view.
        strict: whether a node that nobody answers acceptably ends the growth; else code fills it.
        given: platforms and APIs of the one scenario there is: the designer says only what people need there,
            and what tells the platforms apart.

    Raises:
        TreeError: an impossible shape (before anything is asked), a saved tree of another shape, or a
            finished tree that breaks an invariant.
        UnusableAnswerError: an answer stays wrong.
    """
    if given is None:
        shape.check()
    check_structure(tree)
    strangers = [name for name in tree.scenarios() if name not in scenarios]
    if strangers:
        raise TreeError(
            f"API tree: holds {strangers[0]!r}, which is not asked for; asked: {names(scenarios)}"
        )
    grower = _Grower(tree, shape, designer, save, retries, strict, given)
    for name, description in scenarios.items():
        grower.add_scenario(name, description)
    await gather_or_cancel(grower.grow_scenario(name) for name in scenarios)
    tree.check()
    return tree


@dataclass(frozen=True)
class _Grower:
    """One growth: the tree, and what expands it."""

    tree: ApiTree
    shape: TreeShape
    designer: AskRole[Expansion]
    save: SaveTree
    retries: int
    strict: bool
    given: GivenApis | None
    offers: dict[str, ScenarioOffers] = field(default_factory=dict)
    """scenario -> what its platforms offer"""

    def add_scenario(self, name: str, description: str) -> None:
        """Put an unexpanded scenario below the root, or make sure that the one there is of the same shape."""
        asked = {**vars(self.shape), "description": description}
        if name not in self.tree.graph:
            self.tree.add(ROOT, "scenario", name, **asked, contexts=[], conflicts=[], expanded=False)
        attributes = self.tree.attributes(name)
        for key, value in asked.items():
            if attributes.get(key) != value:
                raise TreeError(
                    f"{name}: the saved tree has {key}={attributes.get(key)!r}, asked for {value!r}"
                )

    async def grow_scenario(self, name: str) -> None:
        if not self.tree.attributes(name)["expanded"]:
            await self.expand_scenario(name)
        for platform in self.tree.children(name):
            if self.given is None:
                await self.grow_branch(platform)
            elif not self.tree.attributes(platform)["expanded"]:
                self.hang_given(platform)
        if self.given is None and "facts" in self.tree.attributes(name):
            self.serve_every_need(name)
        self.tree.mark_exclusive(name)
        self.save(self.tree)

    def serve_every_need(self, name: str) -> None:
        """Open drafted functions to all kinds of need, where one has none on some platform."""
        leaves = [self.tree.below(platform, "api") for platform in self.tree.children(name)]
        opened = [
            open_to_every_need([self.tree.api(leaf) for leaf in own], needs_at(self.tree, name))
            for own in leaves
        ]
        for own, apis in zip(leaves, opened, strict=True):
            for leaf, api in zip(own, apis, strict=True):
                self.tree.attributes(leaf)["parameters"] = api.parameters

    async def grow_branch(self, node: str) -> None:
        attributes = self.tree.attributes(node)
        if attributes["kind"] == "api":
            return
        if not attributes["expanded"]:
            await (self.expand_categories if self.shape.depth_left(node) else self.expand_apis)(node)
        for child in self.tree.children(node):
            await self.grow_branch(child)

    async def expand_scenario(self, name: str) -> None:
        view, count = scenario_view(name, self.shape), self.shape.platforms
        if self.given is not None:
            view |= view_of_given(self.given)
        description = self.tree.attributes(name)["description"]

        def complete(got: Expansion, mended: Mended) -> Expansion:
            return complete_scenario(got, name, description, count, mended)

        answer = await self.ask(
            name,
            view,
            lambda got: check_scenario(got, name, self.shape),
            lambda got, mended: repair_scenario(got, count, mended),
            complete=complete,
            fallback=lambda: complete(default_world(name, description, count), Mended()),
            piece="scenario",
        )
        scenario = self.tree.attributes(name)
        scenario["contexts"] = [context.model_dump() for context in answer.contexts]
        scenario["conflicts"] = [conflict.model_dump(mode="json") for conflict in answer.conflicts]
        if answer.dimensions:
            scenario["facts"] = [fact.model_dump(mode="json") for fact in answer.facts]
        for platform in (
            answer.platforms if self.given is None else called_as_given(answer.platforms, self.given)
        ):
            characteristics = [dimension.model_dump() for dimension in platform.characteristics]
            apis = self.shape.apis if self.given is None else len(self.given[platform.name])
            attributes = {"characteristics": characteristics, "apis": apis, "expanded": False}
            self.tree.add(name, "platform", platform.name, **attributes)
        self.mark_expanded(name)

    def hang_given(self, platform: str) -> None:
        """Put the APIs that are brought along below their platform, in their categories."""
        assert self.given is not None
        drafted = "facts" in self.tree.attributes(platform.split("/")[0])
        own = self.given[self.tree.attributes(platform)["name"]]
        categories = Counter(entry.category for entry in own)
        for entry in own:
            category = f"{platform}/{entry.category}"
            if category not in self.tree.graph:
                attributes = {"description": entry.description, "apis": categories[entry.category]}
                self.tree.add(platform, "category", entry.category, **attributes, expanded=True)
            api = with_facts(entry.api) if drafted else entry.api
            self.tree.add(category, "api", **api.model_dump())
        self.mark_expanded(platform)

    def offers_beside(self, node: str) -> ScenarioOffers:
        """What the scenario of a node offers, seen from the node's platform."""
        scenario, platform = node.split("/")[:2]
        if scenario not in self.offers:
            self.offers[scenario] = ScenarioOffers(self.tree, scenario)
        self.offers[scenario].enter(f"{scenario}/{platform}")
        return self.offers[scenario]

    async def expand_categories(self, node: str) -> None:
        view = branch_view(self.tree, node, self.shape, self.offers_beside(node))
        quota, most = view["apis"], self.shape.branching
        if not (answer := self.categories_of_rival(node)).categories:
            contexts = self.tree.attributes(node.split("/")[0])["contexts"]
            answer = await self.ask(
                node,
                view,
                lambda got: check_categories(got, node, quota, self.shape),
                lambda got, mended: repair_categories(got, quota, most, mended),
                fallback=lambda: repair_categories(
                    default_categories(contexts, usual_categories(quota, most)), quota, most, Mended()
                ),
                piece="categories",
            )
        for category in answer.categories:
            self.tree.add(node, "category", **category.model_dump(), expanded=False)
        self.mark_expanded(node)

    def categories_of_rival(self, node: str) -> Expansion:
        """Those of the first platform, where the scenario was drafted: rivals cover the same functions."""
        scenario, _, *inner = node.split("/")
        offers = self.offers_beside(node)
        twin = "/".join([offers.platforms[0], *inner])
        if not offers.entered or "facts" not in self.tree.attributes(scenario):
            return Expansion()
        fields = ("name", "description", "apis")
        nodes = [self.tree.attributes(child) for child in self.tree.children(twin)]
        return Expansion.model_validate(
            {"categories": [{field: child[field] for field in fields} for child in nodes]}
        )

    async def expand_apis(self, node: str) -> None:
        offers = self.offers_beside(node)
        view = branch_view(self.tree, node, self.shape, offers)
        scenario, category = node.split("/")[0], node.rpartition("/")[2]
        quota, own, place = view["apis"], offers.own, offers.entered
        rivals = offers.counterparts(place_of(node), quota)
        platforms = [platform.rpartition("/")[2] for platform in offers.platforms]
        drafted = self.tree.attributes(scenario).get("facts", ())
        facts = [PersonalFact.model_validate(fact) for fact in drafted]
        needs = needs_at(self.tree, scenario)

        def check(got: Expansion) -> Expansion:
            checked = check_apis(got, node, quota, offers)
            self.check_rivalry(node, checked.apis, offers)
            return checked

        def complete(got: Expansion, mended: Mended) -> Expansion:
            return complete_apis(got, category, quota, own, rivals, facts, needs, place, platforms, mended)

        def fallback() -> Expansion:
            drafts = default_drafts(category, quota, {api.capability for api in own})
            twins: dict[str, JsonValue] = {api.capability: {} for api in rivals}
            return complete(Expansion(drafts=tuple(drafts), twins=twins), Mended())

        answer = await self.ask(
            node,
            view,
            check,
            lambda got, mended: repair_apis(got, category, quota, own, mended),
            complete=complete,
            fallback=fallback,
            piece="apis",
        )
        for api in answer.apis:
            self.tree.add(node, "api", **api.model_dump())
        offers.add(answer.apis)
        self.mark_expanded(node)

    def check_rivalry(self, node: str, apis: Sequence[Api], offers: ScenarioOffers) -> None:
        """Refuse the last APIs of a platform that would leave it with nothing its rivals offer too."""
        if len(offers.own) + len(apis) < self.shape.apis:
            return
        platform = node.split("/")[1]
        own = offers.capabilities | {api.capability for api in apis}
        offered = offers.offered_by_rivals()
        if offered and own.isdisjoint(offered):
            raise TreeError(
                f"{node}: no capability of {platform} is offered by a rival too; give at least one API one "
                f"of the capabilities in `capabilities`: {names(offered)}"
            )

    async def ask(
        self,
        node: str,
        view: dict[str, Any],
        check: Callable[[Expansion], Expansion],
        repair: Repair[Expansion],
        *,
        complete: Repair[Expansion] | None = None,
        fallback: Callable[[], Expansion],
        piece: str,
    ) -> Expansion:
        return await ask_until_accepted(
            self.designer,
            node,
            view,
            check,
            self.retries,
            repair,
            complete=complete,
            fallback=None if self.strict else lambda: check(fallback()),
            piece=piece,
        )

    def mark_expanded(self, node: str) -> None:
        self.tree.attributes(node)["expanded"] = True
        self.save(self.tree)
