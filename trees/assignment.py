"""Values for the features of N users (§4.2): top-down over the layers, or in one of the two rejected ways.

Knows nothing of models: the profile writer is any async callable. Only the values of the feature layer make a
profile; persona and themes are scaffolding that keeps the branches apart, handed back as lineage.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from pydantic import Field, JsonValue

from ..errors import TreeError, names
from ..models.seeds import derive
from ..records import Bundles, Feature, Profile, Record, ScenarioWorld
from .bundles import Bundle, canonical_json, check_bundles, fit_bundles, repair_bundles
from .defaults import default_value
from .feature_tree import FeatureTree
from .layers import branch_numbers, layer_sizes, spread_evenly
from .personal_facts import BY_NAME, usual_values
from .retry import AskRole, Mended, ask_until_accepted, gather_or_cancel, note

Strategy = Literal["top_down", "per_user", "single_pass"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)

MAX_AVOID = 100
"""Earlier users a writer is told to differ from, the latest ones."""


class AssignedProfile(Record):
    """A profile, and how it came about."""

    profile: Profile = Field(description="the values of the feature layer")
    lineage: tuple[dict[str, JsonValue], ...] = Field(
        description="values of the layers above, persona first; empty unless assigned top-down"
    )


async def assign_values(
    tree: FeatureTree,
    writer: AskRole[Bundles],
    users: int,
    strategy: Strategy = "top_down",
    *,
    worlds: Mapping[str, ScenarioWorld],
    branching: Sequence[int] | None = None,
    retries: int = 2,
    first: int = 1,
    strict: bool = True,
) -> list[AssignedProfile]:
    """Give `users` people distinct values for every feature of the tree.

    Args:
        tree: the feature tree.
        writer: async `(item_id, view "layer") -> Bundles`; ids like 'layer1/0' (the way down by number),
            'user/0003' or 'users'.
        users: N, at least 1.
        strategy: `top_down`: k_l bundles for each partial profile of the layer above, N = prod k_l;
            `per_user`: N asks, one after another; `single_pass`: one ask for all.
        worlds: the scenarios the users live in, by name.
        branching: k_l for every layer from the persona down; None chooses (`layer_sizes`). Top-down only.
        retries: how often an objectionable answer is asked for again, its fault as `problem` in the view.
        first: number of the first of them.
        strict: whether a layer that nobody fills acceptably ends the run; else code fills it from schemas.

    Returns:
        Profiles 'u0001', 'u0002', … (or from `first` on), no two alike.

    Raises:
        TreeError: an unknown strategy, or a branching that does not fit.
        UnusableAnswerError: an answer stays wrong.
    """
    if strategy not in STRATEGIES:
        raise TreeError(f"assignment: got {strategy!r}, expected one of {names(STRATEGIES, strategy)}")
    if users < 1:
        raise TreeError(f"users: got {users}, expected at least 1")
    assigner = _Assigner(tree, writer, strategy, worlds, retries, strict)
    if strategy == "top_down":
        people = await assigner.top_down(users, branching)
    elif strategy == "per_user":
        people = await assigner.per_user(users)
    else:
        people = [(bundle,) for bundle in await assigner.ask("users", assigner.last, (), users)]
    people = _told_apart(people, tree.facts(), writer)
    features = tree.features()
    return [_assigned(number, lineage, features) for number, lineage in enumerate(people, start=first)]


def _told_apart(
    people: list[tuple[Bundle, ...]], facts: Sequence[Feature], writer: AskRole[Bundles]
) -> list[tuple[Bundle, ...]]:
    """The people, with facts drawn anew that would otherwise be the same for most of them.

    A model that sees one branch at a time gives everybody the first choice, or the city it has read of most.
    """
    mended: Mended = Counter()
    told_apart = [dict(lineage[-1]) for lineage in people]
    for fact in facts:
        if "enum" not in fact.value_schema and fact.name not in BY_NAME:
            continue
        draw, most = random.Random(derive("told apart", fact.name)), max(1, len(people) // 2)
        seen: Counter[bytes] = Counter()
        for person in told_apart:
            if seen[canonical_json({"": person[fact.name]})] >= most:
                person[fact.name] = default_value(fact, draw)
                mended["same_for_most"] += 1
            seen[canonical_json({"": person[fact.name]})] += 1
    note(writer, "people", "mended", mended)
    return [(*lineage[:-1], values) for lineage, values in zip(people, told_apart, strict=True)]


def _shown(feature: Feature, item_id: str) -> dict[str, Any]:
    """A feature as a writer sees it; a fact that is usually one of a few is asked for as one of them."""
    shown = feature.model_dump(mode="json")
    usual = list(usual_values(feature.name)) if feature.value_schema == {"type": "string"} else []
    if usual and feature.kind == "basic":
        random.Random(derive("usual values", item_id, feature.name)).shuffle(usual)
        shown["value_schema"] = {"type": "string", "enum": usual}
    return shown


def _assigned(number: int, lineage: tuple[Bundle, ...], features: Sequence[Feature]) -> AssignedProfile:
    values = lineage[-1]
    profile = Profile(
        id=f"u{number:04}",
        basic={feature.name: values[feature.name] for feature in features if feature.kind == "basic"},
        implicit={feature.name: values[feature.name] for feature in features if feature.kind == "implicit"},
    )
    return AssignedProfile(profile=profile, lineage=lineage[:-1])


class _Assigner:
    """One assignment: the layers of a tree, the writer, and what every view of it shows."""

    def __init__(
        self,
        tree: FeatureTree,
        writer: AskRole[Bundles],
        strategy: Strategy,
        worlds: Mapping[str, ScenarioWorld],
        retries: int,
        strict: bool,
    ) -> None:
        self.layers = [[tree.describe(node) for node in layer] for layer in tree.layers()]
        self.last = len(self.layers) - 1
        self.writer, self.retries, self.strict = writer, retries, strict
        contexts = {
            name: [context.model_dump() for context in world.contexts] for name, world in worlds.items()
        }
        self.setting = {"scenarios": list(worlds), "contexts": contexts, "assignment": strategy}

    async def top_down(self, users: int, branching: Sequence[int] | None) -> list[tuple[Bundle, ...]]:
        """Every layer refines each bundle of the layer above; branches are independent of each other."""
        sizes = self.sizes(users, branching)
        kept = [branch_numbers(number, sizes) for number in spread_evenly(users, math.prod(sizes))]
        people = dict(
            await self.branch((), (), sizes, {way[:end] for way in kept for end in range(len(way))})
        )
        return await self.tell_apart([(way, people[way]) for way in kept])

    def sizes(self, users: int, branching: Sequence[int] | None) -> list[int]:
        if branching is None:
            return layer_sizes(users, len(self.layers))
        sizes = list(branching)
        if len(sizes) != len(self.layers) or min(sizes) < 1 or math.prod(sizes) < users:
            raise TreeError(
                f"assignment: got branching {sizes!r}, expected {len(self.layers)} numbers (one a layer) "
                f"whose product is at least {users} users"
            )
        return sizes

    async def branch(
        self,
        way: tuple[int, ...],
        lineage: tuple[Bundle, ...],
        sizes: list[int],
        needed: set[tuple[int, ...]],
    ) -> list[tuple[tuple[int, ...], tuple[Bundle, ...]]]:
        level = len(way)
        bundles = await self.ask(_item(level, way), level, lineage, sizes[level])
        below = [((*way, number), (*lineage, bundle)) for number, bundle in enumerate(bundles)]
        if level == self.last:
            return below
        deeper = [self.branch(further, more, sizes, needed) for further, more in below if further in needed]
        return [person for branch in await gather_or_cancel(deeper) for person in branch]

    async def tell_apart(
        self, people: list[tuple[tuple[int, ...], tuple[Bundle, ...]]]
    ) -> list[tuple[Bundle, ...]]:
        """Ask anew, in order, for whoever equals someone before: branches do not see each other."""
        everyone = {canonical_json(lineage[-1]) for _, lineage in people}
        seen: set[bytes] = set()
        result = []
        for way, lineage in people:
            if canonical_json(lineage[-1]) in seen:
                avoid = [_summary(lineage[-1])]
                item = f"{_item(self.last, way)}/again"
                bundles = await self.ask(item, self.last, lineage[:-1], 1, avoid, everyone)
                lineage = (*lineage[:-1], *bundles)
            seen.add(canonical_json(lineage[-1]))
            everyone.add(canonical_json(lineage[-1]))
            result.append(lineage)
        return result

    async def per_user(self, users: int) -> list[tuple[Bundle, ...]]:
        """The first rejected way: all features of one user at a time, told whom to differ from."""
        avoid: list[str] = []
        seen: set[bytes] = set()
        people = []
        for number in range(1, users + 1):
            item = f"user/{number:04}"
            (bundle,) = await self.ask(item, self.last, (), 1, avoid[-MAX_AVOID:], seen)
            avoid.append(_summary(bundle))
            seen.add(canonical_json(bundle))
            people.append((bundle,))
        return people

    async def ask(
        self,
        item_id: str,
        level: int,
        lineage: tuple[Bundle, ...],
        count: int,
        avoid: Sequence[str] = (),
        taken: set[bytes] | frozenset[bytes] = frozenset(),
    ) -> tuple[Bundle, ...]:
        features = self.layers[level]
        view = self.setting | {
            "level": level,
            "count": count,
            "features": [_shown(feature, item_id) for feature in features],
            "given": {name: value for bundle in lineage for name, value in bundle.items()},
            "avoid": list(avoid),
        }
        wanted = [feature.name for feature in features]

        def check(answer: Bundles) -> tuple[Bundle, ...]:
            return check_bundles(answer, wanted, count, taken)

        def repair(answer: Bundles, mended: Mended) -> Bundles:
            draw = random.Random(derive("bundles", item_id))
            return repair_bundles(answer, features, count, taken, draw, mended)

        def fallback() -> tuple[Bundle, ...]:
            return check(repair(Bundles(bundles=()), Mended()))

        return await ask_until_accepted(
            self.writer,
            item_id,
            view,
            check,
            self.retries,
            repair,
            complete=lambda answer, mended: fit_bundles(
                answer, features, random.Random(derive("values", item_id)), mended
            ),
            fallback=None if self.strict else fallback,
            piece="bundles",
        )


def _item(level: int, way: Sequence[int]) -> str:
    return f"layer{level}/{'.'.join(map(str, way))}" if way else f"layer{level}"


def _summary(bundle: Mapping[str, Any]) -> str:
    texts = [f"{name}: {value}" for name, value in bundle.items() if isinstance(value, (str, int))]
    return "; ".join(texts[:6])[:160]
