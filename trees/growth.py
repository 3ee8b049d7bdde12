"""Growth of the API tree (§4.1): depth first, one designer's answer at a time, resumed where it stopped.

Knows nothing of models and files: the designer and `save` are handed in. Within a scenario the order is depth
first, so that later platforms see what earlier ones offer; scenarios are independent and grow side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import JsonValue

from ..errors import TreeError, names
from ..records import Api, Expansion, PersonalFact, Platform
from .api_tree import ROOT, ApiTree, check_structure
from .defaults import default_categories, default_drafts, default_world
from .drafts import complete_apis, complete_scenario
from .needs import open_to_every_need
from .offers import MOST_SHOWN, ScenarioOffers
from .personal_facts import STANDARD_FACTS, recognise
from .repair import MOST_CONTEXTS, repair_apis, repair_categories, repair_scenario
from .retry import AskRole, Mended, Repair, ask_until_accepted, gather_or_cancel
from .schemas import check_distinct, check_function, check_name, check_text


@dataclass(frozen=True)
class TreeShape:
    """How large a scenario's branch is to be.

    Attributes:
        platforms: platforms a scenario, at least 2.
        apis: APIs a platform.
        depth: category layers between a platform and its APIs, at least 1.
        branching: children a platform or a category may have.
    """

    platforms: int = 3
    apis: int = 24
    depth: int = 1
    branching: int = 6

    def check(self) -> None:
        """Refuse a shape no designer could fill.

        Raises:
            TreeError: one platform, no API, no category layer, or more APIs than the tree can hold.
        """
        if self.platforms < 2:
            raise TreeError(
                f"platforms: got {self.platforms}, expected at least 2: "
                "with one there is no tool personalisation"
            )
        for name in ("apis", "depth", "branching"):
            if getattr(self, name) < 1:
                raise TreeError(f"{name}: got {getattr(self, name)}, expected at least 1")
        most = self.branching ** (self.depth + 1)
        if self.apis > most:
            raise TreeError(
                f"apis: got {self.apis}, expected at most {most}: {self.depth} category layer(s) of "
                f"{self.branching} children hold no more; raise tree.branching or tree.depth"
            )

    def depth_left(self, node: str) -> int:
        """Category layers still to make below a platform or a category."""
        return self.depth - (node.count("/") - 1)


class GivenApi(NamedTuple):
    """An API that is brought along, with the functional category it belongs to."""

    category: str
    description: str
    """of the category"""
    api: Api


GivenApis = Mapping[str, Sequence[GivenApi]]
"""Platform -> its APIs."""

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
            view |= _view_of_given(self.given)
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
        for platform in answer.platforms if self.given is None else _called(answer.platforms, self.given):
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
            api = _with_facts(entry.api) if drafted else entry.api
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


def _view_of_given(given: GivenApis) -> dict[str, Any]:
    """What a designer of the scenario is shown of platforms and functions that are there already."""
    functions = {entry.api.capability: entry.api.description for own in given.values() for entry in own}
    return {"called": list(given), "functions": dict(list(functions.items())[:_SHOWN])}


def _called(platforms: Sequence[Platform], given: GivenApis) -> Iterator[Platform]:
    """The platforms under the names of those that are brought along, in their order."""
    for platform, name in zip(platforms, given, strict=True):
        characteristics = tuple(
            each.model_copy(update={"text": each.text.replace(platform.name, name)})
            for each in platform.characteristics
        )
        yield Platform(name=name, characteristics=characteristics)


def _with_facts(api: Api) -> Api:
    """The API, its parameters marked that are called like a fact of a person."""
    properties = {
        name: {**schema, "x-origin": "profile", "x-fact": fact.name}
        if schema.get("type") == "string" and (fact := recognise(schema.get("x-name", name)))
        else schema
        for name, schema in api.properties().items()
    }
    return api.model_copy(update={"parameters": {**api.parameters, "properties": properties}})


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


def usual_categories(quota: int, most: int) -> int:
    """How many categories so many APIs are usually put into: about three in each."""
    return max(1, min(most, -(-quota // 3), quota))


def check_scenario(answer: Expansion, scenario: str, shape: TreeShape) -> Expansion:
    """Refuse an answer without exactly the platforms asked for, distinct, and at least two contexts.

    Raises:
        TreeError: what was got and what was asked.
    """
    if len(answer.platforms) != shape.platforms:
        raise TreeError(f"{scenario}: got {len(answer.platforms)} platforms, asked for {shape.platforms}")
    if len(answer.contexts) > MOST_CONTEXTS:
        raise TreeError(f"{scenario}: got {len(answer.contexts)} contexts, asked for at most {MOST_CONTEXTS}")
    if len(answer.contexts) < 2:
        raise TreeError(
            f"{scenario}: got {len(answer.contexts)} contexts, asked for at least 2: which platform a user "
            "prefers depends on the kind of need"
        )
    check_distinct([context.name for context in answer.contexts], f"{scenario}: contexts")
    check_distinct([platform.name for platform in answer.platforms], f"{scenario}: platforms")
    check_distinct(
        [repr(sorted(platform.profile().items())) for platform in answer.platforms], f"{scenario}: profiles"
    )
    for context in answer.contexts:
        check_name(context.name, f"{scenario}: context")
        check_text(context.description, f"{scenario}: context {context.name}")
    for platform in answer.platforms:
        where = f"{scenario}/{platform.name}"
        check_name(platform.name, f"{scenario}: platform")
        if not platform.characteristics:
            raise TreeError(f"{where}: got no characteristics, asked for what tells it apart from its rivals")
        check_distinct(
            [dimension.name for dimension in platform.characteristics], f"{where}: characteristics"
        )
        for dimension in platform.characteristics:
            check_text(dimension.name, f"{where}: characteristic", limit=64)
            check_text(dimension.text, f"{where}: characteristic {dimension.name}")
    return answer


def check_categories(answer: Expansion, node: str, quota: int, shape: TreeShape) -> Expansion:
    """Refuse categories that are too many, or whose quotas do not add up or do not fit below them.

    Raises:
        TreeError: what was got and what was asked.
    """
    categories = answer.categories
    if not 1 <= len(categories) <= shape.branching:
        raise TreeError(f"{node}: got {len(categories)} categories, asked for 1 to {shape.branching}")
    check_distinct([category.name for category in categories], f"{node}: categories")
    for category in categories:
        check_name(category.name, f"{node}: category")
        check_text(category.description, f"{node}/{category.name}: description")
    quotas = [category.apis for category in categories]
    if sum(quotas) != quota:
        added = " + ".join(map(str, quotas))
        raise TreeError(f"{node}: got categories with {added} = {sum(quotas)} APIs, asked for {quota} in all")
    most = shape.branching ** shape.depth_left(node)
    if max(quotas) > most:
        raise TreeError(f"{node}: got a category with {max(quotas)} APIs, asked for at most {most} in each")
    return answer


def check_apis(answer: Expansion, node: str, quota: int, own: ScenarioOffers) -> Expansion:
    """Refuse APIs other in number than asked, invalid ones, and what the platform has already.

    Raises:
        TreeError: what was got and what was asked.
    """
    apis = answer.apis
    if len(apis) != quota:
        raise TreeError(f"{node}: got {len(apis)} APIs, asked for exactly {quota}")
    for api in apis:
        check_function(api, f"{node}/{api.name[:64]}")
    check_distinct((api.name for api in apis), f"{node}: API names on this platform", own.names)
    check_distinct(
        (api.capability for api in apis), f"{node}: capabilities of this platform", own.capabilities
    )
    return answer
