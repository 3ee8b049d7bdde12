"""Growing the API tree depth first (§4.1), one designer's answer at a time, and going on where it stopped.

Knows nothing of models and files: the designer and `save` are handed in. Within a scenario the order is depth
first, so that later platforms see what earlier ones offer; scenarios are independent and grow side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import TreeError, names
from ..records import Api, Expansion
from .api_checks import ROOT, check_structure
from .api_tree import ApiTree
from .asking import Asker, ask, together
from .expansions import Shape, branch_view, check_apis, check_categories, check_scenario, scenario_view
from .mending import mend_apis, mend_categories

Save = Callable[[ApiTree], None]


async def grow(
    tree: ApiTree,
    scenarios: Mapping[str, str],
    shape: Shape,
    designer: Asker[Expansion],
    *,
    save: Save = lambda _: None,
    retries: int = 2,
) -> ApiTree:
    """Expand `tree` until every scenario has its platforms, categories and APIs, then check it.

    Args:
        tree: an empty tree, or one that an interrupted growth saved; it is changed in place and returned.
        scenarios: name -> description, in the order wanted.
        shape: how large each scenario is to be.
        designer: async `(item_id, view "expansion") -> Expansion`; ids like 'shopping/MegaMart/catalogue'.
        save: called with the tree after every expansion.
        retries: how often an objectionable answer is asked for again, its fault as `problem` in the view.

    Raises:
        TreeError: an impossible shape (before anything is asked), a saved tree of another shape, or a
            finished tree that breaks an invariant.
        UnusableAnswerError: an answer stays wrong.
    """
    shape.check()
    check_structure(tree)
    strangers = [name for name in tree.scenarios() if name not in scenarios]
    if strangers:
        raise TreeError(
            f"API tree: holds {strangers[0]!r}, which is not asked for; asked: {names(scenarios)}"
        )
    grower = _Grower(tree, shape, designer, save, retries)
    for name, description in scenarios.items():
        grower.plant(name, description)
    await together(grower.scenario(name) for name in scenarios)
    tree.check()
    return tree


@dataclass(frozen=True)
class _Grower:
    tree: ApiTree
    shape: Shape
    designer: Asker[Expansion]
    save: Save
    retries: int

    def plant(self, name: str, description: str) -> None:
        """Put an unexpanded scenario below the root, or make sure that the one there is of the same shape."""
        asked = {**vars(self.shape), "description": description}
        if name not in self.tree.graph:
            self.tree.add(ROOT, "scenario", name, **asked, contexts=[], expanded=False)
        found = self.tree.attributes(name)
        for key, value in asked.items():
            if found.get(key) != value:
                raise TreeError(f"{name}: the saved tree has {key}={found.get(key)!r}, asked for {value!r}")

    async def scenario(self, name: str) -> None:
        if not self.tree.attributes(name)["expanded"]:
            await self.expand_scenario(name)
        for platform in self.tree.children(name):
            await self.branch(platform)
        self.tree.mark_exclusive(name)
        self.save(self.tree)

    async def branch(self, node: str) -> None:
        found = self.tree.attributes(node)
        if found["kind"] == "api":
            return
        if not found["expanded"]:
            await (self.expand_categories if self.shape.depth_left(node) else self.expand_apis)(node)
        for child in self.tree.children(node):
            await self.branch(child)

    async def expand_scenario(self, name: str) -> None:
        view = scenario_view(name, self.shape)
        answer = await self.ask(name, view, lambda got: check_scenario(got, name, self.shape))
        self.tree.attributes(name)["contexts"] = [one.model_dump() for one in answer.contexts]
        for one in answer.platforms:
            characteristics = [each.model_dump() for each in one.characteristics]
            more = {"characteristics": characteristics, "apis": self.shape.apis, "expanded": False}
            self.tree.add(name, "platform", one.name, **more)
        self.expanded(name)

    async def expand_categories(self, node: str) -> None:
        view = branch_view(self.tree, node, self.shape)
        quota = view["apis"]
        answer = await self.ask(
            node,
            view,
            lambda got: check_categories(got, node, quota, self.shape),
            lambda got: mend_categories(got, quota, self.shape.branching),
        )
        for one in answer.categories:
            self.tree.add(node, "category", **one.model_dump(), expanded=False)
        self.expanded(node)

    async def expand_apis(self, node: str) -> None:
        view = branch_view(self.tree, node, self.shape)
        own = self.tree.apis(*node.split("/")[:2])

        def check(got: Expansion) -> Expansion:
            found = check_apis(got, node, view["apis"], own)
            self.check_rivalry(node, found.apis)
            return found

        def mend(got: Expansion) -> Expansion:
            return mend_apis(got, node.rpartition("/")[2], view["apis"], own)

        answer = await self.ask(node, view, check, mend)
        for one in answer.apis:
            self.tree.add(node, "api", **one.model_dump())
        self.expanded(node)

    def check_rivalry(self, node: str, found: Sequence[Api]) -> None:
        """Refuse the last APIs of a platform that would leave it with nothing its rivals offer too."""
        scenario, platform = node.split("/")[:2]
        own = {api.capability for api in (*self.tree.apis(scenario, platform), *found)}
        platforms = [one.name for one in self.tree.platforms(scenario)]
        earlier = platforms[: platforms.index(platform)]
        offered = {api.capability for rival in earlier for api in self.tree.apis(scenario, rival)}
        if offered and len(own) == self.shape.apis and own.isdisjoint(offered):
            raise TreeError(
                f"{node}: no capability of {platform} is offered by a rival too; give at least one API one "
                f"of the capabilities in `capabilities`: {names(offered)}"
            )

    async def ask(
        self,
        node: str,
        view: dict[str, Any],
        check: Callable[[Expansion], Expansion],
        mend: Callable[[Expansion], Expansion] | None = None,
    ) -> Expansion:
        return await ask(self.designer, node, view, check, self.retries, mend)

    def expanded(self, node: str) -> None:
        self.tree.attributes(node)["expanded"] = True
        self.save(self.tree)
