"""Repairs: the nearest acceptable answer to one that a model could not get right.

Small models write sensible names and count badly. Where only the arithmetic of a tree is at stake (quotas
that do not add up, a node in two clusters or in none), code settles it, the same way every time. It invents
no content: names and descriptions stay the model's, or the node's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..records import Api, Category, Cluster, Clusters, Expansion, Kind
from .schemas import MAX_TEXT


def repair_categories(answer: Expansion, quota: int, most: int) -> Expansion:
    """The first categories, distinct, with quotas as near to the model's as add up.

    Args: quota: APIs to share out; most: categories a node may have.
    """
    distinct: dict[str, Category] = {}
    for category in answer.categories:
        distinct.setdefault(category.name, category)
    kept = list(distinct.values())[: min(most, quota)]
    if not kept:
        return answer
    shares = _shares([category.apis for category in kept], quota)
    repaired = (
        Category(name=category.name, description=category.description, apis=share)
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


def repair_apis(answer: Expansion, category: str, quota: int, own: Sequence[Api]) -> Expansion:
    """The first `quota` APIs, one that is called like another of its platform told apart by its category.

    Args: category: name of the node they hang below; quota: how many; own: APIs the platform has already.
    """
    names, capabilities = {api.name for api in own}, {api.capability for api in own}
    repaired = []
    for api in answer.apis[:quota]:
        name = _take_unique(api.name, category, names)
        capability = _take_unique(api.capability, category, capabilities)
        repaired.append(api.model_copy(update={"name": name, "capability": capability}))
    return answer.model_copy(update={"apis": tuple(repaired)})


def _take_unique(name: str, category: str, taken: set[str]) -> str:
    """Make a name unique by its category, and add it to the taken ones."""
    further = (f"{name[:24]}_{category[:24]}{number or ''}" for number in range(len(taken) + 1))
    unique = next(candidate for candidate in (name, *further) if candidate not in taken)
    taken.add(unique)
    return unique


def repair_clusters(
    answer: Clusters, nodes: Sequence[Mapping[str, Any]], known: Mapping[str, Cluster], level: int
) -> Clusters:
    """A partition: of several clusters the first to name a node has it, who is in none gets a place.

    A leaf that was left out becomes a feature of its own name, as what it is (a characteristic leads to an
    implicit feature, a parameter to a basic one); a feature that was left out joins the theme `other_<kind>`.

    Args:
        answer: the clusters.
        nodes: what the clusterer was shown.
        known: parents that earlier batches of the level made, by name.
        level: of the nodes; 0: leaves.
    """
    partition = _Partition(known)
    left = {node["id"]: node for node in nodes}
    for cluster in answer.clusters:
        name = _identifier(cluster.name)
        for member in cluster.members:
            kind = left[member]["kind"] or cluster.kind if member in left else None
            if kind and partition.put(name, cluster.description, kind, member):
                del left[member]
    for node in left.values():
        kind = node["kind"] or ("implicit" if node["source"] == "characteristic" else "basic")
        name = f"other_{kind}" if level else _identifier(node["name"])
        description = f"Other {kind} features." if level else node["description"]
        if not partition.put(name, description, kind, node["id"]):
            partition.put(f"{name[:50]}_{kind}", description, kind, node["id"])
    return Clusters(clusters=tuple(partition.clusters.values()))


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
