"""What trees of 100 to 100,000 leaves take: grown, clustered, assigned, written, read and drawn.

    python tree_scale.py [LEAVES ...]          100 1000 10000 100000, if none are given

A designer and a clusterer that answer at once stand in for models. The API tree has four platforms, up to
thirty children a node, and one parameter a function that tells something of a person: the feature tree has as
many leaves. Printed are the processor's seconds; the exit status is 1 where the largest takes longer beside
the one before than n log n and a quarter allow.
"""

from __future__ import annotations

import asyncio
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from measures import exponent, peak, timed
from ptool.records import Cluster, Clusters, Expansion
from ptool.trees import (
    ApiTree,
    TreeShape,
    assign_values,
    cluster_features,
    draw_tree,
    from_graphml,
    from_json,
    grow_tree,
    to_graphml,
    to_json,
)

sys.path.insert(0, str(Path(__file__).parent.parent / "trees"))
from tree_fakes import TEXT, FakeDesigner, make_api, write_numbered

SIZES = (100, 1_000, 10_000, 100_000)
PLATFORMS, BRANCHING, FACTS, USERS = 4, 30, 90, 16
SLACK = 1.25


class Designer(FakeDesigner):
    """Numbers the functions of each platform by itself: of very many it is shown some only."""

    def __init__(self) -> None:
        super().__init__()
        self.made: Counter[str] = Counter()

    async def __call__(self, item_id: str, view: dict[str, Any]) -> Expansion:
        """Answer without keeping what was asked."""
        return getattr(self, view["asks"])(view)

    def apis(self, view: dict[str, Any]) -> Expansion:
        """Functions with one fact of a person each."""
        platform = view["platform"]
        numbers = range(self.made[platform], self.made[platform] + view["apis"])
        self.made[platform] += view["apis"]
        return Expansion(
            apis=tuple(
                make_api(
                    f"{platform.lower()}_{number}",
                    f"cap_{number}",
                    parameters={"type": "object", "properties": {f"fact_{number % FACTS}": TEXT}},
                )
                for number in numbers
            )
        )


async def cluster(_item: str, view: dict[str, Any]) -> Clusters:
    """A feature for every name, and two themes."""
    members: dict[tuple[str, str], list[int]] = {}
    for node in view["nodes"]:
        kind = node["kind"] or ("implicit" if node["source"] == "characteristic" else "basic")
        members.setdefault((f"all_{kind}" if view["level"] else node["name"], kind), []).append(node["id"])
    return Clusters(
        clusters=tuple(
            Cluster(name=name, description=f"About {name}.", kind=kind, members=tuple(ids))
            for (name, kind), ids in members.items()
        )
    )


def shape(leaves: int) -> TreeShape:
    """Platforms with so many leaves together, and as few layers of categories as hold them."""
    apis = leaves // PLATFORMS
    depth = max(1, math.ceil(math.log(apis, BRANCHING)) - 1)
    return TreeShape(PLATFORMS, apis, depth, BRANCHING)


def build(leaves: int) -> dict[str, float]:
    """Step -> processor's seconds of it."""
    seconds: dict[str, float] = {}
    with timed(seconds, "grow"):
        tree = asyncio.run(grow_tree(ApiTree(), {"shopping": "People buy."}, shape(leaves), Designer()))
    with timed(seconds, "cluster"):
        features = asyncio.run(cluster_features(tree, cluster))
    with timed(seconds, "assign"):
        people = assign_values(features, write_numbered, USERS, worlds=tree.worlds())
        assert len(asyncio.run(people)) == USERS
    for name, graph in (("API tree", tree.graph), ("feature tree", features.graph)):
        with timed(seconds, f"JSON, {name}"):
            assert len(from_json(to_json(graph))) == len(graph)
        with timed(seconds, f"GraphML, {name}"):
            assert len(from_graphml(to_graphml(graph))) == len(graph)
        with timed(seconds, f"draw, {name}"):
            draw_tree(graph, name)
    assert len(features.level(0)) == leaves + PLATFORMS
    return seconds


def allowed(smaller: int, larger: int) -> float:
    """How many times as long the larger tree may take."""
    return SLACK * larger * math.log(larger) / (smaller * math.log(smaller))


def probe(leaves: int, _folder: Path) -> dict[str, float]:
    """Trees grown, clustered, assigned, written, read and drawn; size: leaves of each of the two."""
    steps = build(leaves)
    per_leaf = {f"CPU, µs a leaf, {step}": steps[step] / leaves * 1e6 for step in ("grow", "cluster")}
    whole = sum(steps.values())
    return {"CPU, µs a leaf": whole / leaves * 1e6, **per_leaf, "all, s": whole, "peak memory, MiB": peak()}


def main(words: list[str]) -> int:
    """Build them all and compare."""
    sizes = [int(word) for word in words] or list(SIZES)
    found = {leaves: build(leaves) for leaves in sizes}
    print(f"{'processor seconds at':<24}", *(f"{leaves:>10,}" for leaves in sizes), f"{'exponent':>10}")
    missed = 0
    for step in [*found[sizes[0]], "all"]:
        values = [found[leaves].get(step, sum(found[leaves].values())) for leaves in sizes]
        grown = exponent(sizes[-2:], values[-2:])
        late = len(sizes) > 1 and values[-1] > max(1.0, values[-2]) * allowed(*sizes[-2:])
        missed += late
        shown = "" if grown is None else f"{grown:>11.2f}"
        print(
            f"{step:<24}", *(f"{value:>10.3f}" for value in values), shown, " MISSED" if late else "", sep=""
        )
    print(f"peak memory {peak():.0f} MiB")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
