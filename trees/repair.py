"""Repairs: the nearest acceptable answer to one that a model did not get right.

Small models write sensible names and count badly. Where only the arithmetic of a tree is at stake (quotas
that do not add up, a node in two clusters or in none, one parent too many), code settles it, the same way
every time, and counts what it had to mend. It invents no content: names and descriptions stay the model's, or
the node's own.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..records import Api, Category, Cluster, Clusters, Expansion, Kind
from .naming import take_unique, without_keyword
from .retry import Mended
from .schemas import IDENTIFIER, MAX_TEXT

MOST_CONTEXTS = 12
"""Kinds of need a scenario may have: every user visits somewhere for each of them."""


def repair_scenario(answer: Expansion, count: int, mended: Mended) -> Expansion:
    """The first platforms and contexts, distinct, under names that are identifiers.

    Args: count: platforms wanted.
    """
    contexts = _distinct(answer.contexts, mended)
    platforms = _distinct(answer.platforms, mended)
    mended["surplus"] += max(0, len(platforms) - count) + max(0, len(contexts) - MOST_CONTEXTS)
    return answer.model_copy(update={"contexts": contexts[:MOST_CONTEXTS], "platforms": platforms[:count]})


def _distinct(entries: Sequence[Any], mended: Mended) -> tuple[Any, ...]:
    """Entries with names that are identifiers, one of each."""
    distinct: dict[str, Any] = {}
    for entry in entries:
        name = entry.name if IDENTIFIER.fullmatch(entry.name) else _identifier(entry.name)
        mended["identifier"] += name != entry.name
        mended["duplicate"] += name in distinct
        distinct.setdefault(name, entry.model_copy(update={"name": name}))
    return tuple(distinct.values())


def repair_categories(answer: Expansion, quota: int, most: int, mended: Mended) -> Expansion:
    """The first categories, distinct, with quotas as near to the model's as add up.

    Args: quota: APIs to share out; most: categories a node may have.
    """
    distinct: Sequence[Category] = _distinct(answer.categories, mended)
    kept = list(distinct)[: min(most, quota)]
    if not kept:
        return answer
    mended["surplus"] += len(distinct) - len(kept)
    sizes = [category.apis for category in kept]
    mended["sizes"] += sum(sizes) != quota and max(sizes) > 1  # all 1: they were left to code
    shares = _shares(sizes, quota)
    repaired = (
        Category(
            name=category.name,
            description=category.description.strip()[:MAX_TEXT] or category.name.replace("_", " "),
            apis=share,
        )
        for category, share in zip(kept, shares, strict=True)
    )
    return answer.model_copy(update={"categories": tuple(repaired)})


def _shares(wanted: Sequence[int], quota: int) -> list[int]:
    """Split `quota` in proportion to what was wanted, at least 1 each; the largest remainders round up."""
    bounded = [min(count, 10**6) for count in wanted]
    room, total = quota - len(wanted), sum(bounded)
    shares = [room * count // total for count in bounded]
    order = sorted(range(len(wanted)), key=lambda place: (-(room * bounded[place] % total), place))
    for place in order[: room - sum(shares)]:
        shares[place] += 1
    return [1 + share for share in shares]


def repair_apis(
    answer: Expansion, category: str, quota: int, own: Sequence[Api], mended: Mended
) -> Expansion:
    """The first `quota` APIs, one that is called like another of its platform told apart by its category.

    Args: category: name of the node they hang below; quota: how many; own: APIs the platform has already.
    """
    names, capabilities = {api.name for api in own}, {api.capability for api in own}
    mended["surplus"] += max(0, len(answer.apis) - quota)
    repaired = []
    for api in answer.apis[:quota]:
        mended["duplicate"] += (api.name in names) + (api.capability in capabilities)
        clean = without_keyword(api.name if IDENTIFIER.fullmatch(api.name) else _identifier(api.name))
        mended["identifier"] += clean != api.name
        name = take_unique(clean, category, names)
        capability = take_unique(api.capability, category, capabilities)
        parameters = _required_properties(_named_properties(api.parameters, mended), mended)
        repaired.append(
            api.model_copy(update={"name": name, "capability": capability, "parameters": parameters})
        )
    return answer.model_copy(update={"apis": tuple(repaired)})


def _named_properties(parameters: Mapping[str, Any], mended: Mended) -> dict[str, Any]:
    """A function's schema whose parameters can be written in an answer: none is a keyword of Python."""
    properties, required = parameters.get("properties"), parameters.get("required")
    if not isinstance(properties, dict) or not any(map(keyword.iskeyword, properties)):
        return dict(parameters)
    names: dict[str, str] = {}
    taken = {name for name in properties if not keyword.iskeyword(name)}
    for name in properties:
        names[name] = take_unique(without_keyword(name), "more", taken) if keyword.iskeyword(name) else name
    mended["names"] += sum(map(keyword.iskeyword, properties))
    renamed = {names[name]: part for name, part in properties.items()}
    needed = [names.get(name, name) for name in required] if isinstance(required, list) else required
    return {**parameters, "properties": renamed, **({} if required is None else {"required": needed})}


def _required_properties(parameters: Mapping[str, Any], mended: Mended) -> dict[str, Any]:
    """A function's schema whose `required` names properties only."""
    properties, required = parameters.get("properties"), parameters.get("required")
    if not isinstance(properties, dict) or not isinstance(required, list):
        return dict(parameters)
    kept = [name for name in required if name in properties]
    mended["required"] += len(required) - len(kept)
    return {**parameters, "required": kept}


def repair_clusters(
    answer: Clusters,
    nodes: Sequence[Mapping[str, Any]],
    known: Mapping[str, Cluster],
    level: int,
    limit: int,
    mended: Mended,
) -> Clusters:
    """A partition: of several clusters the first to name a node has it, who is in none gets a place.

    Where there are too many parents, those of one kind that are called most alike become one.

    A leaf that was left out becomes a feature of its own name, as what it is (a characteristic leads to an
    implicit feature, a parameter to a basic one); a feature that was left out joins the theme `other_<kind>`.

    Args:
        answer: the clusters.
        nodes: what the clusterer was shown.
        known: parents that earlier batches of the level made, by name.
        level: of the nodes; 0: leaves.
        limit: parents the level may have, known ones included.
    """
    partition = _Partition(known)
    left = {node["id"]: node for node in nodes if node["id"] not in answer.said}
    for cluster in answer.clusters:
        name = _identifier(cluster.name)
        for member in cluster.members:
            kind = left[member]["kind"] or cluster.kind if member in left else None
            if kind and partition.put(name, cluster.description, kind, member):
                del left[member]
            else:
                mended["node_twice_or_unknown"] += 1
    for node in left.values():
        mended["node_left_out"] += 1
        kind = node["kind"] or ("implicit" if node["source"] == "characteristic" else "basic")
        name = f"other_{kind}" if level else _identifier(node["name"])
        description = f"Other {kind} features." if level else node["description"]
        if not partition.put(name, description, kind, node["id"]):
            partition.put(f"{name[:50]}_{kind}", description, kind, node["id"])
    merged = _merge_alike(partition.clusters, known, limit, mended)
    return Clusters(clusters=tuple(merged.values()), said=answer.said)


def _merge_alike(
    clusters: dict[str, Cluster], known: Mapping[str, Cluster], limit: int, mended: Mended
) -> dict[str, Cluster]:
    """As many clusters as a level may have: the last of two that are called most alike joins the other."""
    from rapidfuzz.fuzz import token_set_ratio

    merged = dict(clusters)
    while len(merged.keys() | known.keys()) > limit:
        everyone = [*known.values(), *(cluster for cluster in merged.values() if cluster.name not in known)]
        pairs = [
            (token_set_ratio(_spoken(first), _spoken(second)), -place, first, second)
            for place, second in enumerate(everyone)
            if second.name in merged and second.name not in known
            for first in everyone[:place]
            if first.kind == second.kind
        ]
        if not pairs:
            break
        _, _, first, second = max(pairs, key=lambda pair: pair[:2])
        into = merged.get(first.name, first.model_copy(update={"members": ()}))
        members = (*into.members, *merged.pop(second.name).members)
        merged[first.name] = into.model_copy(update={"members": members})
        mended["parents_merged"] += 1
    return merged


def _spoken(cluster: Cluster) -> str:
    return f"{cluster.name.replace('_', ' ')} {cluster.description.lower()}"


class _Partition:
    """Clusters under way, each of one kind."""

    def __init__(self, known: Mapping[str, Cluster]) -> None:
        self.known = known
        self.clusters: dict[str, Cluster] = {}

    def put(self, name: str, description: str, kind: Kind, member: int) -> bool:
        """Add a member; False where the name stands for the other kind."""
        cluster = self.clusters.get(name) or self.known.get(name)
        if cluster is not None and cluster.kind != kind:
            return False
        description = cluster.description if cluster else description.strip()[:MAX_TEXT] or name
        members = self.clusters[name].members if name in self.clusters else ()
        self.clusters[name] = Cluster(
            name=name, description=description, kind=kind, members=(*members, member)
        )
        return True


def _identifier(name: str) -> str:
    identifier = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:60] or "feature"
    return f"_{identifier}" if identifier[0].isdigit() else identifier
