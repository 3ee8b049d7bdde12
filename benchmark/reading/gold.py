"""The parts of a record that ptool's samples and the published PTBench share (Fig. 7): profile, platforms,
functions and the answer `[platform, [{function: {parameter: [accepted, …]}}, …]]`.

Whatever many records of a scenario have in common is built once and shared by their items.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, TypeVar

import orjson

from ..items import GoldCall, Origin
from .lines import Entry

Built = TypeVar("Built")

_ROOM = 512  # scenarios and profiles kept; beyond that the oldest are built again
_NUMBERS_AS_KEYS = orjson.OPT_NON_STR_KEYS


class Shared:
    """Builds a value from raw JSON once, however many records repeat that JSON; memory is bounded."""

    def __init__(self, room: int = _ROOM) -> None:
        self._room = room
        self._kept: dict[tuple[Any, bytes], Any] = {}

    def get(self, entry: Entry, raw: Any, build: Callable[[Entry, Any], Built]) -> Built:
        """`build(entry, raw)`, or what it returned for the same `raw` the last time."""
        key = (build, digest(raw, 16))
        if key not in self._kept:
            if len(self._kept) >= self._room:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = build(entry, raw)
        return self._kept[key]


def digest(raw: Any, size: int = 6) -> bytes:
    """A fingerprint of a JSON value, the order of its keys included."""
    return blake2b(orjson.dumps(raw, option=_NUMBERS_AS_KEYS), digest_size=size).digest()


def calls(entry: Entry, origins: Callable[[int], Mapping[str, Origin]]) -> tuple[str, tuple[GoldCall, ...]]:
    """The platform and the calls of an `answer`.

    Args: origins: position of a call -> its parameters' origins. Of an object with several functions only the
    first counts, as in the published code. Raises StoreError where the answer has another shape.
    """
    answer = entry.get("answer", list)
    shape = "[platform, [{function: {parameter: [accepted, …]}}, …]]"
    if len(answer) != 2 or not isinstance(answer[0], str) or not isinstance(answer[1], list):
        raise entry.wrong("answer", answer, shape)
    return answer[0], tuple(_call(entry, at, raw, origins(at)) for at, raw in enumerate(answer[1]))


def _call(entry: Entry, at: int, raw: Any, origins: Mapping[str, Origin]) -> GoldCall:
    if not isinstance(raw, dict) or not raw:
        raise entry.wrong(f"answer[1][{at}]", raw, "{function: {parameter: [accepted, …]}}")
    name, parameters = next(iter(raw.items()))
    if not isinstance(parameters, dict):
        raise entry.wrong(f"answer[1][{at}].{name}", parameters, "{parameter: [accepted, …]}")
    accepted = {one: _accepted(entry, f"{name}.{one}", values) for one, values in parameters.items()}
    stated: dict[str, Origin] = {one: origins[one] for one in accepted if one in origins}
    bare = {one: values for one, values in parameters.items() if not isinstance(values, list)}
    return GoldCall(name, accepted, stated, bare)


def _accepted(entry: Entry, where: str, values: Any) -> tuple[Any, ...]:
    if not isinstance(values, list):
        return (values,)  # published records also give a value bare
    if not values:
        raise entry.wrong(f"answer: {where}", values, "at least one accepted value")
    return tuple(values)


def functions(entry: Entry, raw: list[Any]) -> dict[str, dict[str, Any]]:
    """name -> schema, wrapped as `{type: function, function: …}` or not; of equal names the first stays."""
    found: dict[str, dict[str, Any]] = {}
    for at, one in enumerate(raw):
        schema = one.get("function", one) if isinstance(one, dict) else None
        if not isinstance(schema, dict) or not isinstance(schema.get("name"), str):
            raise entry.wrong(f"functions[{at}]", one, "{name, description, parameters}")
        _check_parameters(entry, schema)
        found.setdefault(schema["name"], schema)
    return found


def _check_parameters(entry: Entry, schema: dict[str, Any]) -> None:
    """What is read of a schema has the kinds JSON Schema gives it."""
    parameters = schema.get("parameters", {})
    properties = parameters.get("properties", {}) if isinstance(parameters, dict) else None
    required = parameters.get("required", []) if isinstance(parameters, dict) else None
    if (
        not isinstance(properties, dict)
        or not all(isinstance(one, dict) for one in properties.values())
        or not isinstance(required, list)
        or not all(isinstance(one, str) for one in required)
    ):
        expected = "{type: object, properties: {name: {…}}, required: [name, …]}"
        raise entry.wrong(f"parameters of {schema['name']!r:.80}", parameters, expected)


def platforms(entry: Entry, raw: list[Any]) -> dict[str, tuple[str, ...]]:
    """name -> the functions a record says the platform offers; published records do not say."""
    found: dict[str, tuple[str, ...]] = {}
    for at, one in enumerate(raw):
        apis = one.get("apis", []) if isinstance(one, dict) and isinstance(one.get("name"), str) else None
        if not isinstance(apis, list) or not all(isinstance(api, str) for api in apis):
            raise entry.wrong(f"platforms[{at}]", one, "{name, profile, apis: [function, …]}")
        found[one["name"]] = tuple(apis)
    return found


def characteristics(entry: Entry, raw: list[Any]) -> dict[str, dict[str, str]]:
    """name -> characteristic -> text; of platforms that have a profile."""
    del entry
    return {one["name"]: one["profile"] for one in raw if isinstance(one.get("profile"), dict)}


def as_read(entry: Entry, raw: dict[str, Any]) -> dict[str, Any]:
    """The value itself, for sharing."""
    del entry
    return raw


def texts(entry: Entry, key: str) -> tuple[str, ...]:
    """A list of names. Raises StoreError where it is no list of text."""
    names = entry.get(key, list)
    if not all(isinstance(one, str) for one in names):
        raise entry.wrong(key, names, "a list of parameter names")
    return tuple(names)
