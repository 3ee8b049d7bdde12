"""The profile writer gives values to one layer of features, several bundles at once (§4.2, top-down)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from ....errors import UnknownPartError
from ....records import Bundles
from ..kit import Kit
from ..people import Persona, draw_basic_features, draw_until, people
from ..preferences import describe_preferences
from ..role_request import RoleRequest

_ROTATED = 0.7
"""Share of contexts that follow the rotation; the others are free, so that no rule gives them away."""


def profile_writer(request: RoleRequest) -> Bundles:
    """Write `count` different bundles for the features of the layer in the prompt."""
    layer = request.view("layer")
    known = " ".join(str(value) for value in layer["given"].values())
    kits = [request.library.kit(name) for name in layer["scenarios"]]
    rotation = request.rng.randrange(1_000)
    seen = set(layer["avoid"])
    bundles: list[dict[str, Any]] = []
    for number in range(layer["count"]):
        persona = _unseen_persona(request.rng, known, seen)
        bundles.append(_bundle(layer["features"], persona, kits, request.rng, rotation + number))
    return Bundles(bundles=tuple(bundles))


def _unseen_persona(rng: random.Random, known: str, seen: set[str]) -> Persona:
    """A persona that fits what is known and, where possible, was not drawn before."""
    persona = draw_until(lambda: Persona.draw(rng, known), lambda persona: str(persona) not in seen)
    seen.add(str(persona))
    return persona


def _bundle(
    features: list[dict[str, Any]], persona: Persona, kits: list[Kit], rng: random.Random, rotation: int
) -> dict[str, Any]:
    drawn = draw_basic_features(persona, rng)
    for kit in kits:
        drawn |= _implicit_features(kit, rng, rotation)
    return {feature["name"]: _value(feature["name"], persona, drawn, rng) for feature in features}


def _implicit_features(kit: Kit, rng: random.Random, rotation: int) -> dict[str, str]:
    """Which dimension decides where: rotated over bundles, so that every platform is somebody's choice."""
    dimensions = list(kit.dimensions)
    decisive = {
        context: dimensions[(rotation + position) % len(dimensions)]
        if rng.random() < _ROTATED
        else rng.choice(dimensions)
        for position, context in enumerate(kit.contexts)
    }
    return {**describe_preferences(kit, decisive), f"{kit.name}_interests": rng.choice(kit.lexicon.interests)}


def _value(name: str, persona: Persona, drawn: Mapping[str, Any], rng: random.Random) -> Any:
    """The value of a feature: one that was drawn, or a text for a habit, a theme or a whole person."""
    tables = people()
    if name in drawn:
        return drawn[name]
    if name in tables["habits"]:
        return rng.choice(tables["habits"][name]["values"])
    if name == "persona":
        return f"{persona.archetype} {rng.choice(tables['tempers'])}"
    if name in tables["themes"] or name in ("person", "character"):
        return f"{persona} {rng.choice(tables['tempers'])}"
    raise UnknownPartError(f"feature {name!r}: the scripted model has no values for it")
