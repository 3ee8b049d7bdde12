"""What code makes of an answer that a model could not get right: the nearest one that is.

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

_WORD = re.compile(r"[^a-z0-9]+")


def mend_categories(answer: Expansion, quota: int, most: int) -> Expansion:
    """The first categories, distinct, with quotas as near to the model's as add up.

    Args: quota: APIs to share out; most: categories a node may have.
    """
    distinct = {one.name: one for one in reversed(answer.categories)}
    kept = [distinct[name] for name in dict.fromkeys(one.name for one in answer.categories)]
    kept = kept[: min(most, quota)]
    if not kept:
        return answer
    shares = _shares([one.apis for one in kept], quota)
    return answer.model_copy(
        update={
            "categories": tuple(
                Category(name=one.name, description=one.description, apis=share)
                for one, share in zip(kept, shares, strict=True)
            )
        }
    )


def _shares(wanted: Sequence[int], quota: int) -> list[int]:
    """Split `quota` in proportion to what was wanted, at least 1 each; the largest remainders round up."""
    bounded = [min(one, 10**6) for one in wanted]
    room, total = quota - len(wanted), sum(bounded)
    shares = [room * one // total for one in bounded]
    order = sorted(range(len(wanted)), key=lambda place: (-(room * bounded[place] % total), place))
    for place in order[: room - sum(shares)]:
        shares[place] += 1
    return [1 + share for share in shares]


def mend_apis(answer: Expansion, category: str, quota: int, own: Sequence[Api]) -> Expansion:
    """The first `quota` APIs, one that is called like another of its platform told apart by its category.

    Args: category: name of the node they hang below; quota: how many; own: APIs the platform has already.
    """
    names, capabilities = {one.name for one in own}, {one.capability for one in own}
    mended = []
    for api in answer.apis[:quota]:
        name = _apart(api.name, category, names)
        capability = _apart(api.capability, category, capabilities)
        mended.append(api.model_copy(update={"name": name, "capability": capability}))
    return answer.model_copy(update={"apis": tuple(mended)})


def _apart(name: str, category: str, taken: set[str]) -> str:
    """The name, made unique and taken."""
    further = (f"{name[:24]}_{category[:24]}{number or ''}" for number in range(len(taken) + 1))
    found = next(one for one in (name, *further) if one not in taken)
    taken.add(found)
    return found


def mend_clusters(
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
    left = {one["id"]: one for one in nodes}
    for cluster in answer.clusters:
        name = _identifier(cluster.name)
        for member in cluster.members:
            kind = left[member]["kind"] or cluster.kind if member in left else None
            if kind and partition.put(name, cluster.description, kind, member):
                del left[member]
    for node in left.values():
        kind = node["kind"] or ("implicit" if node["source"] == "characteristic" else "basic")
        name = f"other_{kind}" if level else _identifier(node["name"])
        said = f"Other {kind} features." if level else node["description"]
        if not partition.put(name, said, kind, node["id"]):
            partition.put(f"{name[:50]}_{kind}", said, kind, node["id"])
    return Clusters(clusters=tuple(partition.clusters.values()))


class _Partition:
    """Clusters under way, each of one kind."""

    def __init__(self, known: Mapping[str, Cluster]) -> None:
        self.known = known
        self.clusters: dict[str, Cluster] = {}

    def put(self, name: str, description: str, kind: Kind, member: int) -> bool:
        """Add a member; False where the name stands for the other kind."""
        there = self.clusters.get(name) or self.known.get(name)
        if there is not None and there.kind != kind:
            return False
        said = there.description if there else description.strip()[:MAX_TEXT] or name
        before = self.clusters[name].members if name in self.clusters else ()
        self.clusters[name] = Cluster(name=name, description=said, kind=kind, members=(*before, member))
        return True


def _identifier(name: str) -> str:
    found = _WORD.sub("_", name.lower()).strip("_")[:60] or "feature"
    return f"_{found}" if found[0].isdigit() else found
