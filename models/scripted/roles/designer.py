"""The designer refines one node of the API tree out of the scenario's kit (§4.1)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ....errors import UnknownPartError
from ....records import Api, Category, Characteristic, Context, Expansion, Platform
from ..kit import Kit
from ..kit_schema import CapabilityScript, ParameterScript
from ..role_request import Part


def designer(part: Part) -> Expansion:
    """Give the children of the node that `expansion` asks about."""
    asked = part.view("expansion")
    if asked["asks"] == "scenario":
        return _scenario(part.kit, asked["platforms"])
    if asked["asks"] == "categories":
        return Expansion(categories=tuple(_categories(part.kit, asked)))
    place = part.place(asked["platform"])
    chosen = list(_below(part.kit, asked))[: asked["apis"]]
    return Expansion(apis=tuple(_api(part.kit, name, place) for name in chosen))


def _scenario(kit: Kit, count: int) -> Expansion:
    if count > len(kit.world.platforms):
        raise UnknownPartError(
            f"platforms: got {count}, the scripted library of {kit.name!r} has {len(kit.world.platforms)}: "
            + ", ".join(kit.world.platforms)
        )
    return Expansion(
        contexts=tuple(Context(name=n, description=c.description) for n, c in kit.world.contexts.items()),
        platforms=tuple(
            Platform(
                name=name,
                characteristics=tuple(Characteristic(name=n, text=t) for n, t in p.characteristics.items()),
            )
            for name, p in list(kit.world.platforms.items())[:count]
        ),
    )


def _categories(kit: Kit, asked: dict[str, Any]) -> list[Category]:
    """Children with quotas: the kit's groups in a tree of depth 2, else its categories."""
    grouped = asked["depth_left"] > 1
    sizes = Counter(place[0] if grouped else place[1] for place in _below(kit, asked).values())
    kept: dict[str, int] = {}
    for name, size in sizes.items():
        left = asked["apis"] - sum(kept.values())
        if left:
            kept[name] = min(size, left)
    if sum(kept.values()) < asked["apis"]:
        raise UnknownPartError(
            f"apis: the scripted library of {kit.name!r} has {sum(kept.values())} APIs for "
            f"{'/'.join(asked['path'])}, {asked['apis']} were asked; lower apis or raise tree.branching"
        )
    return [Category(name=name, description=_describe(kit, name), apis=size) for name, size in kept.items()]


def _below(kit: Kit, asked: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Capabilities below the node that is asked about, and where they stand."""
    path = asked["path"][2:]
    depth = len(path) + (asked["depth_left"] or 0)
    found = kit.within(depth, asked["branching"])
    return {name: place for name, place in found.items() if all(step in place for step in path)}


def _describe(kit: Kit, name: str) -> str:
    groups = kit.tools.groups
    if name in groups:
        return groups[name].description
    return next(g.categories[name].description for g in groups.values() if name in g.categories)


def _api(kit: Kit, name: str, place: int) -> Api:
    capability: CapabilityScript = kit.capabilities[name]
    properties: dict[str, Any] = {
        kit.parameter_name(p, place): _schema(kit, p) for p in capability.parameters.values()
    }
    required: list[Any] = [kit.parameter_name(p, place) for p in capability.parameters.values() if p.required]
    returned: dict[str, Any] = {key: _returned(kind) for key, kind in capability.returns.items()}
    return Api(
        name=capability.apis[place],
        description=capability.description,
        capability=name,
        parameters={"type": "object", "properties": properties, "required": required},
        response={"type": "object", "properties": returned, "required": list(returned)},
    )


def _schema(kit: Kit, parameter: ParameterScript) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": parameter.type, "description": parameter.description}
    if parameter.format:
        schema["format"] = parameter.format
    if parameter.type == "array":
        schema["items"] = {"type": "string"}
    values = _values(kit, parameter)
    if values:
        schema["enum"] = [str(value) for value in values]
    if parameter.parts:
        schema["properties"] = {key: _part(kit, slot_) for key, slot_ in parameter.parts.items()}
        schema["required"] = list(parameter.parts)
    if parameter.feature in OBJECTS:
        schema["properties"] = {key: {"type": "string"} for key in OBJECTS[parameter.feature]}
        schema["required"] = list(OBJECTS[parameter.feature])
    if parameter.default is not None:
        schema["default"] = parameter.default
    return schema


def _values(kit: Kit, parameter: ParameterScript) -> list[Any]:
    """What an enumeration may be; empty for other parameters."""
    if parameter.says:
        return [] if parameter.type == "boolean" else list(parameter.says)
    slot = kit.lexicon.slots[parameter.slot] if parameter.slot else None
    return list(slot.says) if slot and slot.says else []


OBJECTS = {
    "emergency_contact": ("name", "phone"),
    "billing_address": ("street", "city", "postcode", "country"),
}
"""Basic features whose value is an object, with its properties."""


def _part(kit: Kit, slot: str) -> dict[str, Any]:
    script = kit.lexicon.slots[slot]
    if script.integer:
        return {"type": "integer"}
    if script.number:
        return {"type": "number"}
    return {"type": "string", **({"format": "date"} if script.date else {})}


def _returned(kind: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}} if kind == "array" else {"type": kind}
