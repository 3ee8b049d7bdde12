"""Values for the features of N users (§4.2): top-down over the layers, or in one of the two rejected ways.

Knows nothing of models: the profile writer is any async callable. Only the values of the feature layer make a
profile; persona and themes are scaffolding that keeps the branches apart, handed back as lineage. People are
on disk as soon as they are written, and read one by one.
"""

from __future__ import annotations

import asyncio
import math
import pickle
import random
from collections import Counter, deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

from pydantic import Field, JsonValue

from ..errors import TreeError, names
from ..models.seeds import derive
from ..records import Bundles, Feature, Profile, Record, ScenarioWorld
from ..store.disk_map import DiskCounter, DiskList, DiskMap
from .bundles import Bundle, canonical_json, check_bundles, fit_bundles, repair_bundles
from .defaults import default_value
from .feature_tree import FeatureTree
from .layers import branch_numbers, layer_sizes, spread_evenly
from .personal_facts import BY_NAME, STANDARD_FACTS, usual_values
from .retry import AskRole, Mended, ask_until_accepted, gather_or_cancel, note

Strategy = Literal["top_down", "per_user", "single_pass"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)

MAX_AVOID = 100
"""Earlier users a writer is told to differ from, the latest ones."""

_SHARED_BY, _OF_ONE_SHARED_BY = 2, 20
"""One of so many people may have the same city, one of so many the same name."""

Lineage = tuple[Bundle, ...]
"""Values of every layer down to a person, whose own are the last."""


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
    width: int = 64,
) -> Sequence[AssignedProfile]:
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
        width: asks under way at a time.

    Returns:
        Profiles 'u0001', 'u0002', … (or from `first` on), no two alike; on disk.

    Raises:
        TreeError: an unknown strategy, or a branching that does not fit.
        UnusableAnswerError: an answer stays wrong.
        StoreError: the disk is full.
    """
    if strategy not in STRATEGIES:
        raise TreeError(f"assignment: got {strategy!r}, expected one of {names(STRATEGIES, strategy)}")
    if users < 1:
        raise TreeError(f"users: got {users}, expected at least 1")
    assigner = _Assigner(tree, writer, strategy, worlds, retries, strict, width)
    if strategy == "top_down":
        people = await assigner.top_down(users, branching)
    elif strategy == "per_user":
        people = await assigner.per_user(users)
    else:
        people = DiskList((bundle,) for bundle in await assigner.ask("users", assigner.last, (), users))
    told_apart = _told_apart(people, tree.facts(), writer)
    features = tree.features()
    return DiskList(_assigned(number, lineage, features) for number, lineage in enumerate(told_apart, first))


def _told_apart(
    people: Sequence[Lineage], facts: Sequence[Feature], writer: AskRole[Bundles]
) -> Iterator[Lineage]:
    """The people, with facts drawn anew that would otherwise be the same for too many of them.

    A model that sees one branch at a time gives everybody the first choice, or the city it has read of most,
    and calls every second person Alice.
    """
    mended: Mended = Counter()
    draws = [
        (fact, random.Random(derive("told apart", fact.name)))
        for fact in facts
        if "enum" in fact.value_schema or fact.name in BY_NAME
    ]
    of_one = {fact.name for fact in STANDARD_FACTS if fact.of_one_person}
    most = {
        fact.name: max(1, len(people) // (_OF_ONE_SHARED_BY if fact.name in of_one else _SHARED_BY))
        for fact, _ in draws
    }
    counts = DiskCounter()

    def count(fact: Feature, values: Bundle) -> int:
        return counts.add(fact.name, canonical_json({"": values[fact.name]}).decode())

    for *above, values in people:
        told_apart = dict(values)
        for fact, draw in draws:
            if count(fact, told_apart) > most[fact.name]:
                told_apart[fact.name] = default_value(fact, draw)
                count(fact, told_apart)
                mended["same_for_most"] += 1
        yield (*above, told_apart)
    note(writer, "people", "mended", mended)


def _shown(feature: Feature, item_id: str) -> dict[str, Any]:
    """A feature as a writer sees it; a fact that is usually one of a few is asked for as one of them."""
    shown = feature.model_dump(mode="json")
    usual = list(usual_values(feature.name)) if feature.value_schema == {"type": "string"} else []
    if usual and feature.kind == "basic":
        random.Random(derive("usual values", item_id, feature.name)).shuffle(usual)
        shown["value_schema"] = {"type": "string", "enum": usual}
    return shown


def _assigned(number: int, lineage: Lineage, features: Sequence[Feature]) -> AssignedProfile:
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
        width: int,
    ) -> None:
        self.layers = [[tree.describe(node) for node in layer] for layer in tree.layers()]
        self.last = len(self.layers) - 1
        self.writer, self.retries, self.strict = writer, retries, strict
        self.places = asyncio.Semaphore(width)
        contexts = {
            name: [context.model_dump() for context in world.contexts] for name, world in worlds.items()
        }
        self.setting = {"scenarios": list(worlds), "contexts": contexts, "assignment": strategy}

    async def top_down(self, users: int, branching: Sequence[int] | None) -> Sequence[Lineage]:
        """Every layer refines each bundle of the layer above; branches are independent of each other."""
        sizes = self.sizes(users, branching)
        ways = [branch_numbers(number, sizes) for number in spread_evenly(users, math.prod(sizes))]
        place = {way: number for number, way in enumerate(ways)}
        found = DiskMap[int]()

        def keep(way: tuple[int, ...], lineage: Lineage) -> None:
            if way in place:
                found.put(place[way], pickle.dumps(lineage, pickle.HIGHEST_PROTOCOL))

        needed = {way[:end] for way in ways for end in range(len(way))}
        await self.branch((), (), sizes, needed, keep)
        return await self.tell_apart(ways, DiskList(map(pickle.loads, found.values())))

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
        lineage: Lineage,
        sizes: list[int],
        needed: set[tuple[int, ...]],
        keep: Callable[[tuple[int, ...], Lineage], None],
    ) -> None:
        level = len(way)
        async with self.places:
            bundles = await self.ask(_item(level, way), level, lineage, sizes[level])
        below = [((*way, number), (*lineage, bundle)) for number, bundle in enumerate(bundles)]
        if level == self.last:
            for person in below:
                keep(*person)
            return
        await gather_or_cancel(
            self.branch(further, more, sizes, needed, keep) for further, more in below if further in needed
        )

    async def tell_apart(
        self, ways: Iterable[tuple[int, ...]], people: Sequence[Lineage]
    ) -> Sequence[Lineage]:
        """Ask anew, in order, for whoever equals someone before: branches do not see each other."""
        everyone, repeated = DiskMap[bytes](), set[int]()
        for number, lineage in enumerate(people):
            values = canonical_json(lineage[-1])
            if values in everyone:
                repeated.add(number)
            else:
                everyone.put(values, b"")
        if not repeated:
            return people
        result = DiskList[Lineage]()
        for number, (way, lineage) in enumerate(zip(ways, people, strict=True)):
            if number not in repeated:
                result.append(lineage)
                continue
            avoid = [_summary(lineage[-1])]
            item = f"{_item(self.last, way)}/again"
            bundles = await self.ask(item, self.last, lineage[:-1], 1, avoid, everyone)
            everyone.put(canonical_json(bundles[0]), b"")
            result.append((*lineage[:-1], *bundles))
        return result

    async def per_user(self, users: int) -> Sequence[Lineage]:
        """The first rejected way: all features of one user at a time, told whom to differ from."""
        avoid, seen, people = deque[str](maxlen=MAX_AVOID), DiskMap[bytes](), DiskList[Lineage]()
        for number in range(1, users + 1):
            item = f"user/{number:04}"
            (bundle,) = await self.ask(item, self.last, (), 1, tuple(avoid), seen)
            avoid.append(_summary(bundle))
            seen.put(canonical_json(bundle), b"")
            people.append((bundle,))
        return people

    async def ask(
        self,
        item_id: str,
        level: int,
        lineage: Lineage,
        count: int,
        avoid: Sequence[str] = (),
        taken: Container[bytes] = (),
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
