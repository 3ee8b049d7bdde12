"""Who asks, and which platform was right for them: a person's features, their making, and their visits.

It reads records and trees of a run, and knows no model's answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from ..records import History, Task
from ..store.reading import Reading
from .lineage import Person, Place, UsedFeature, Visits
from .run_files import Tree

_MOST_ATTEMPTS = 20
"""Of one item that are looked for."""


def person(
    task: Task, assigned: Mapping[str, Any], used: Iterable[str], features: Tree, made_in: Sequence[str]
) -> Person:
    """The user, as far as the sample needs them.

    Args:
        assigned: their line of profiles.jsonl, empty where there is none.
        used: names of basic features.
        features: the feature tree.
        made_in: ledger items their layers came from.
    """
    lineage: Sequence[Mapping[str, Any]] = assigned.get("lineage") or ()
    basic: Mapping[str, Any] = (assigned.get("profile") or {}).get("basic") or {}
    persona = next((str(value) for value in lineage[0].values()), "") if lineage else ""
    return Person(
        id=task.user_id,
        persona=persona,
        features=tuple(_used(name, basic, lineage, features) for name in sorted(set(used))),
        made_in=tuple(made_in),
    )


def _used(
    name: str, basic: Mapping[str, Any], lineage: Sequence[Mapping[str, Any]], tree: Tree
) -> UsedFeature:
    node = f"1:{name}"
    way = [str(tree.nodes[one].get("name")) for one in tree.way_down_to(node)]
    themes = (layer.get(theme) for layer, theme in zip(lineage[1:], way[:-1], strict=False))
    return UsedFeature(
        name=name,
        value=basic.get(name),
        path=tuple(way),
        description=str(tree.nodes.get(node, {}).get("description", "")),
        themes=tuple(str(one) for one in themes if one is not None),
    )


def items_of_profile(ledger: Reading, stage: str, assigned: Mapping[str, Any]) -> list[str]:
    """The ledger items that a person's layers came from, from the top; empty where they cannot be told.

    Every layer's item is named after the way down to it ('layer2/0.3'), so each layer says where the next is.
    """
    profile = assigned.get("profile") or {}
    values = {**(profile.get("basic") or {}), **(profile.get("implicit") or {})}
    layers = [*(assigned.get("lineage") or ()), values]
    found: list[str] = []
    way: list[int] = []
    for level, layer in enumerate(layers):
        name = f"layer{level}/{'.'.join(map(str, way))}" if way else f"layer{level}"
        place = _place_in(ledger, stage, (name, f"{name}/again"), layer)
        if place is None:
            return []
        found.append(place[0])
        way.append(place[1])
    return found


def _place_in(
    ledger: Reading, stage: str, names: Iterable[str], layer: Mapping[str, Any]
) -> tuple[str, int] | None:
    """The item that holds a bundle of values, and where among its bundles it stands."""
    for name in names:
        for attempt in range(_MOST_ATTEMPTS):
            item = f"{name}~{attempt}" if attempt else name
            body = ledger.get(stage, item)
            for number, bundle in enumerate(_bundles(body)):
                if bundle == layer:
                    return item, number
            if body is None and attempt:
                break
    return None


def same_bundles(said: str, body: bytes | None) -> bool:
    """Whether an answer is the one that an item was made of."""
    return bool(body) and _bundles(said.encode()) == _bundles(body)


def _bundles(body: bytes | None) -> list[Any]:
    try:
        found = orjson.loads(body or b"{}").get("bundles")
    except (orjson.JSONDecodeError, AttributeError):
        return []
    return found if isinstance(found, list) else []


def place(task: Task, history: History | None, apis: Tree, capabilities: Iterable[str]) -> Place:
    """The platform the task is drawn for, beside its rivals and what the history shows of each.

    Args: capabilities: what the answer's calls do; a rival that can do all of it could have served.
    """
    actions = history.actions if history else ()
    in_all = Counter(one.platform for one in actions)
    in_context = Counter(one.platform for one in actions if one.context == task.context)
    about = dict(apis.platforms(task.scenario))
    needed = set(capabilities)
    preferred = {one.context: one.platform for one in history.preferences} if history else {}
    characteristics = about.get(task.platform, {}).get("characteristics") or ()
    return Place(
        name=task.platform,
        context=task.context,
        preferred=preferred.get(task.context),
        characteristics={str(one.get("name")): str(one.get("text")) for one in characteristics},
        visits=tuple(
            Visits(
                name,
                in_context[name],
                in_all[name],
                bool(needed) and needed <= _offered(apis, task.scenario, name),
            )
            for name in (about or dict.fromkeys(sorted(in_all)))
        ),
    )


def _offered(apis: Tree, scenario: str, platform: str) -> set[str]:
    return {
        str(apis.nodes[node].get("capability"))
        for (where, who, _), node in apis.apis.items()
        if (where, who) == (scenario, platform)
    }
