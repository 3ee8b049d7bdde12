"""The designer refines one node of the API tree out of the scenario's kit (§4.1)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ....errors import UnknownPartError
from ....records import Api, Category, Characteristic, Context, Expansion, Platform
from ..kit import Kit
from ..kit_schema import CapabilitySpec, ParameterSpec
from ..role_request import RoleRequest

_OBJECTS = {
    "emergency_contact": ("name", "phone"),
    "billing_address": ("street", "city", "postcode", "country"),
}
"""Basic features whose value is an object, with its properties."""


def designer(request: RoleRequest) -> Expansion:
    """Give the children of the node that `expansion` asks about."""
    asked = request.view("expansion")
    if asked["asks"] == "scenario":
        return _scenario(request.kit, asked["platforms"])
    if asked["asks"] == "categories":
        return Expansion(categories=tuple(_categories(request.kit, asked)))
    index = request.platform_index(asked["platform"])
    capabilities = list(_below(request.kit, asked))[: asked["apis"]]
    return Expansion(apis=tuple(_api(request.kit, name, index) for name in capabilities))


def _scenario(kit: Kit, count: int) -> Expansion:
    if count > len(kit.platforms):
        raise UnknownPartError(
            f"platforms: got {count}, the scripted library of {kit.name!r} has {len(kit.platforms)}: "
            + ", ".join(kit.platforms)
        )
    return Expansion(
        contexts=tuple(Context(name=n, description=c.description) for n, c in kit.contexts.items()),
        conflicts=kit.conflicts,
        platforms=tuple(
            Platform(
                name=name,
                characteristics=tuple(Characteristic(name=n, text=t) for n, t in p.characteristics.items()),
            )
            for name, p in list(kit.platforms.items())[:count]
        ),
    )


def _categories(kit: Kit, asked: dict[str, Any]) -> list[Category]:
    """Children with quotas: the kit's groups in a tree of depth 2, else its categories."""
    grouped = asked["depth_left"] > 1
    available = Counter(path[0] if grouped else path[1] for path in _below(kit, asked).values())
    quotas: dict[str, int] = {}
    for name, size in available.items():
        left = asked["apis"] - sum(quotas.values())
        if left:
            quotas[name] = min(size, left)
    if sum(quotas.values()) < asked["apis"]:
        raise UnknownPartError(
            f"apis: the scripted library of {kit.name!r} has {sum(quotas.values())} APIs for "
            f"{'/'.join(asked['path'])}, {asked['apis']} were asked; lower apis or raise tree.branching"
        )
    return [
        Category(name=name, description=_description(kit, name), apis=size) for name, size in quotas.items()
    ]


def _below(kit: Kit, asked: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Capabilities below the node that is asked about, -> their (group, category)."""
    path = asked["path"][2:]
    depth = len(path) + (asked["depth_left"] or 0)
    fitting = kit.capabilities_within(depth, asked["branching"])
    index = kit.platform_index(asked["platform"])
    return {
        name: category
        for name, category in fitting.items()
        if all(step in category for step in path) and kit.capabilities[name].apis[index] is not None
    }


def _description(kit: Kit, name: str) -> str:
    groups = kit.groups
    if name in groups:
        return groups[name].description
    return next(g.categories[name].description for g in groups.values() if name in g.categories)


def _api(kit: Kit, name: str, index: int) -> Api:
    capability = kit.capabilities[name]
    own = capability.names_on(index)
    properties: dict[str, Any] = {name: _schema(kit, capability.parameters[key]) for key, name in own.items()}
    required: list[Any] = [name for key, name in own.items() if capability.parameters[key].required_on(index)]
    returned: dict[str, Any] = {key: _response_schema(kind) for key, kind in capability.returns.items()}
    return Api(
        name=capability.apis[index] or name,
        description=capability.description,
        capability=name,
        parameters={
            "type": "object",
            "properties": properties,
            "required": required,
            **_annotations(capability, own),
        },
        response={"type": "object", "properties": returned, "required": list(returned)},
    )


def _annotations(capability: CapabilitySpec, own: dict[str, str]) -> dict[str, Any]:
    """What kinds of need the API is for, which parameters come in order, and what tells two calls apart.

    Args: own: canonical name of a parameter -> the platform's.
    """
    annotations: dict[str, Any] = {}
    if capability.contexts:
        annotations["x-contexts"] = list(capability.contexts)
    if capability.ordered:
        annotations["x-ordered"] = [[own[first], own[second]] for first, second in capability.ordered]
    if capability.repeats:
        annotations["x-repeats"] = own[capability.repeats]
    return annotations


def _schema(kit: Kit, parameter: ParameterSpec) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": parameter.type, "description": parameter.description}
    if parameter.format:
        schema["format"] = parameter.format
    if parameter.type == "array":
        schema["items"] = {"type": "string"}
    values = _enum_values(kit, parameter)
    if values:
        schema["enum"] = [str(value) for value in values]
    if parameter.parts:
        schema["properties"] = {key: _property(kit, slot) for key, slot in parameter.parts.items()}
        schema["required"] = list(parameter.parts)
    if parameter.feature in _OBJECTS:
        schema["properties"] = {key: {"type": "string"} for key in _OBJECTS[parameter.feature]}
        schema["required"] = list(_OBJECTS[parameter.feature])
    if parameter.default is not None:
        schema["default"] = parameter.default
    if parameter.contexts:
        schema["x-contexts"] = list(parameter.contexts)
    return schema


def _enum_values(kit: Kit, parameter: ParameterSpec) -> list[Any]:
    """The values of an enumeration; empty for other parameters."""
    if parameter.says:
        return [] if parameter.type == "boolean" else list(parameter.says)
    slot = kit.lexicon.slots[parameter.slot] if parameter.slot else None
    return list(slot.says) if slot and slot.says else []


def _property(kit: Kit, slot: str) -> dict[str, Any]:
    spec = kit.lexicon.slots[slot]
    if spec.integer:
        return {"type": "integer"}
    if spec.number:
        return {"type": "number"}
    return {"type": "string", **({"format": "date"} if spec.date else {})}


def _response_schema(kind: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}} if kind == "array" else {"type": kind}
