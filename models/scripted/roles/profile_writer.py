"""The profile writer gives values to one layer of features, several bundles at once (§4.2, top-down)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from ....errors import UnknownPartError
from ....records import Bundles
from ..kit import Kit
from ..people import Sketch, people, person
from ..role_request import Part
from ..solving import express

STEADY = 0.7
"""Share of contexts that follow the rotation; the others are free, so that no rule gives them away."""


def profile_writer(part: Part) -> Bundles:
    """Write `count` different bundles for the features of the layer in the prompt."""
    layer = part.view("layer")
    said = " ".join(str(value) for value in layer["given"].values())
    kits = [part.library.kit(name) for name in layer["scenarios"]]
    turn = part.rng.randrange(1_000)
    seen = set(layer["avoid"])
    bundles: list[dict[str, Any]] = []
    for number in range(layer["count"]):
        sketch = _another(part.rng, said, seen)
        bundles.append(_bundle(layer["features"], sketch, kits, part.rng, turn + number))
    return Bundles(bundles=tuple(bundles))


def _another(rng: random.Random, said: str, seen: set[str]) -> Sketch:
    sketch = Sketch.draw(rng, said)
    for _ in range(20):
        if str(sketch) not in seen:
            break
        sketch = Sketch.draw(rng, said)
    seen.add(str(sketch))
    return sketch


def _bundle(
    features: list[dict[str, Any]], sketch: Sketch, kits: list[Kit], rng: random.Random, turn: int
) -> dict[str, Any]:
    facts = person(sketch, rng)
    latent = {name: value for kit in kits for name, value in _latent(kit, rng, turn).items()}
    return {one["name"]: _value(one, sketch, facts, latent, rng) for one in features}


def _latent(kit: Kit, rng: random.Random, turn: int) -> dict[str, str]:
    """Which dimension decides where: rotated from bundle to bundle, so every platform finds its friends."""
    dimensions = list(kit.world.dimensions)
    decisive = {
        context: dimensions[(turn + place) % len(dimensions)]
        if rng.random() < STEADY
        else rng.choice(dimensions)
        for place, context in enumerate(kit.world.contexts)
    }
    return {**express(kit, decisive), f"{kit.name}_interests": rng.choice(kit.lexicon.interests)}


def _value(
    feature: Mapping[str, Any],
    sketch: Sketch,
    facts: Mapping[str, Any],
    latent: Mapping[str, str],
    rng: random.Random,
) -> Any:
    name = feature["name"]
    known = people()
    if name in facts:
        return facts[name]
    if name in latent:
        return latent[name]
    if name in known["habits"]:
        return rng.choice(known["habits"][name]["values"])
    if name == "persona":
        return f"{sketch.archetype} {rng.choice(people()['tempers'])}"
    if name in known["themes"] or name in ("person", "character"):
        return f"{sketch} {rng.choice(people()['tempers'])}"
    raise UnknownPartError(f"feature {name!r}: the scripted model has no values for it")
