"""Values for the features of N users (§4.2): top-down over the layers, or in one of the two rejected ways.

Knows nothing of models: the profile writer is any async callable. Only the values of the feature layer make a
profile; persona and themes are scaffolding that keeps the branches apart, handed back as lineage.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

import orjson
from pydantic import Field, JsonValue

from ..errors import TreeError, names
from ..models.seeds import derive
from ..records import Bundles, Feature, Profile, Record, ScenarioWorld
from .defaults import default_value
from .feature_tree import FeatureTree
from .naming import near_name
from .personal_facts import BY_NAME, usual_values
from .retry import AskRole, Mended, ask_until_accepted, gather_or_cancel, note
from .values import fits, nearest_value

Strategy = Literal["top_down", "per_user", "single_pass"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
Bundle = dict[str, JsonValue]
"""Feature -> value."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_TELLS = re.compile(r"\b(?:lives|is|was|has|who|where|which|his|her|their)\b")
"""Words of a sentence about somebody, 'Ann lives on Mill Street'; no address or name has them."""
MAX_VALUE = 2000
"""Bytes of JSON one value may have."""
_MOST_DRAWS = 200
"""Values that are drawn anew at most to tell one person from the others."""
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
            if seen[_canonical_json({"": person[fact.name]})] >= most:
                person[fact.name] = default_value(fact, draw)
                mended["same_for_most"] += 1
            seen[_canonical_json({"": person[fact.name]})] += 1
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
        kept = [_branch_numbers(number, sizes) for number in spread_evenly(users, math.prod(sizes))]
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
        everyone = {_canonical_json(lineage[-1]) for _, lineage in people}
        seen: set[bytes] = set()
        result = []
        for way, lineage in people:
            if _canonical_json(lineage[-1]) in seen:
                avoid = [_summary(lineage[-1])]
                item = f"{_item(self.last, way)}/again"
                bundles = await self.ask(item, self.last, lineage[:-1], 1, avoid, everyone)
                lineage = (*lineage[:-1], *bundles)
            seen.add(_canonical_json(lineage[-1]))
            everyone.add(_canonical_json(lineage[-1]))
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
            seen.add(_canonical_json(bundle))
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


def check_bundles(
    answer: Bundles, wanted: Sequence[str], count: int, taken: set[bytes] | frozenset[bytes] = frozenset()
) -> tuple[Bundle, ...]:
    """Refuse bundles other in number than asked, with other features, unusable values, or two alike.

    Raises:
        TreeError: what is wrong, in words the writer can mend it by.
    """
    if len(answer.bundles) != count:
        raise TreeError(f"got {len(answer.bundles)} bundles, asked for exactly {count}")
    seen: set[bytes] = set()
    features = set(wanted)
    for number, bundle in enumerate(answer.bundles):
        lost = [name for name in wanted if name not in bundle]
        more = [name for name in bundle if name not in features]
        if lost or more:
            raise TreeError(
                f"bundles[{number}]: expected exactly the features asked for; missing: {names(lost)}; "
                f"not asked for: {names(name[:64] for name in more[:20])}"
            )
        for name, value in bundle.items():
            _check_value(value, f"bundles[{number}].{name}")
        values = _canonical_json(bundle)
        if values in seen or values in taken:
            raise TreeError(f"bundles[{number}]: equals another person's, expected all to differ")
        seen.add(values)
    return answer.bundles


def fit_bundles(answer: Bundles, features: Sequence[Feature], draw: random.Random, mended: Mended) -> Bundles:
    """The bundles with values of basic features as their schemas want them.

    A value that does not fit fills no parameter: '3' for a number becomes 3, 'paypal' the 'PayPal' of an
    enum; where it is not clear what was meant, or an address is a sentence about somebody, a standard fact or
    a choice is drawn.
    """
    wanted = {
        feature.name: feature for feature in features if feature.kind == "basic" and feature.value_schema
    }

    def fit(name: str, value: JsonValue) -> JsonValue:
        feature = wanted[name]
        nearest = nearest_value(value, feature.value_schema, mended)
        drawn = name in BY_NAME or "enum" in feature.value_schema
        tells = name in BY_NAME and isinstance(nearest, str) and _TELLS.search(nearest)
        if not drawn or (fits(nearest, feature.value_schema) and not tells):
            return nearest
        mended["value_drawn"] += 1
        return default_value(feature, draw)

    fitted = tuple(
        {name: fit(name, value) if name in wanted else value for name, value in bundle.items()}
        for bundle in answer.bundles
    )
    return answer if fitted == answer.bundles else answer.model_copy(update={"bundles": fitted})


def repair_bundles(
    answer: Bundles,
    features: Sequence[Feature],
    count: int,
    taken: set[bytes] | frozenset[bytes],
    draw: random.Random,
    mended: Mended,
) -> Bundles:
    """Exactly `count` different bundles of exactly these features, as much of the model's as there is.

    Names that are nearly right are taken for the right ones; what is missing or unusable is drawn.
    """
    by_name = {feature.name: feature for feature in features}
    mended["surplus"] += max(0, len(answer.bundles) - count)
    mended["missing_bundle"] += max(0, count - len(answer.bundles))
    seen = set(taken)
    bundles: list[Bundle] = []
    for given in [*answer.bundles, *({} for _ in range(count))][:count]:
        values: Bundle = {}
        for name, value in given.items():
            known = name if name in by_name else near_name(name, by_name.keys() - given.keys())
            mended["near_name"] += known not in (name, None)
            if known and known not in values and _is_usable(value):
                values[known] = value
        mended["missing_value"] += len(by_name) - len(values) if given else 0
        bundle = {
            name: values[name] if name in values else default_value(feature, draw)
            for name, feature in by_name.items()
        }
        mended["equal_bundle"] += _canonical_json(bundle) in seen
        bundles.append(_made_different(bundle, features, seen, draw))
        seen.add(_canonical_json(bundles[-1]))
    return Bundles(bundles=tuple(bundles))


def _made_different(
    bundle: Bundle, features: Sequence[Feature], seen: set[bytes], draw: random.Random
) -> Bundle:
    """The bundle, or one with as few values drawn anew as make it unlike all others."""
    places = list(range(len(features)))
    draw.shuffle(places)
    changed = dict(bundle)
    for number in range(_MOST_DRAWS):
        if _canonical_json(changed) not in seen:
            return changed
        feature = features[places[number % len(places)]]
        changed[feature.name] = default_value(feature, draw)
    return changed


def _is_usable(value: JsonValue) -> bool:
    try:
        _check_value(value, "")
    except TreeError:
        return False
    return True


def _check_value(value: JsonValue, where: str) -> None:
    try:
        size = len(orjson.dumps(value))
    except TypeError as error:
        raise TreeError(f"{where}: got a value JSON cannot hold: {error}") from None
    if control := next((text for text in _texts(value) if _CONTROL.search(text)), None):
        raise TreeError(f"{where}: got {control[:40]!r}, expected text without control characters")
    if value is None or value == "" or size > MAX_VALUE:
        got = f"{size} bytes of JSON" if value else repr(value)
        raise TreeError(f"{where}: got {got}, expected a value of at most {MAX_VALUE} bytes, not null")


def _texts(value: JsonValue) -> Iterator[str]:
    """Every text in a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _branch_numbers(number: int, sizes: Sequence[int]) -> tuple[int, ...]:
    """The way from the persona down to a person: number of the bundle taken in every layer."""
    way: list[int] = []
    for size in reversed(sizes):
        number, place = divmod(number, size)
        way.insert(0, place)
    return tuple(way)


def _item(level: int, way: Sequence[int]) -> str:
    return f"layer{level}/{'.'.join(map(str, way))}" if way else f"layer{level}"


def _canonical_json(bundle: Mapping[str, Any]) -> bytes:
    return orjson.dumps(bundle, option=orjson.OPT_SORT_KEYS)


def _summary(bundle: Mapping[str, Any]) -> str:
    texts = [f"{name}: {value}" for name, value in bundle.items() if isinstance(value, (str, int))]
    return "; ".join(texts[:6])[:160]


def layer_sizes(users: int, layers: int) -> list[int]:
    """Choose k_l for every layer, top first, such that N = prod k_l >= users (§4.2).

    Of all choices the one with the smallest sum (each answer of the model stays short), then with the
    smallest product, then the most balanced; larger numbers stand at the top. So 16 users in 3 layers give
    [4, 2, 2], 80 give [5, 4, 4], and 7 give [2, 2, 2].

    Raises:
        TreeError: fewer than one user or layer.
    """
    if users < 1 or layers < 1:
        raise TreeError(f"assignment: got {users} users in {layers} layers, expected at least 1 of each")
    total = layers
    while _largest_product(total, layers) < users:
        total += 1
    choices = [sizes for sizes in _partitions(total, layers, total) if math.prod(sizes) >= users]
    return list(min(choices, key=lambda sizes: (math.prod(sizes), sizes)))


def spread_evenly(users: int, total: int) -> list[int]:
    """Which `users` of `total` people to keep so that they lie evenly over the tree's branches."""
    return [number * total // users for number in range(users)]


def _largest_product(total: int, parts: int) -> int:
    each, more = divmod(total, parts)
    return (each + 1) ** more * each ** (parts - more)


def _partitions(total: int, parts: int, largest: int) -> Iterator[tuple[int, ...]]:
    if parts == 1:
        if total <= largest:
            yield (total,)
        return
    for first in range(min(largest, total - parts + 1), 0, -1):
        if first * parts < total:
            return
        yield from ((first, *rest) for rest in _partitions(total - first, parts - 1, first))
