"""The kit of functions that are brought along: their parameters, worded by a lexicon or by code.

What code can word by itself it does: choices, switches, numbers, days, and what the profile knows. A function
with a required parameter that nothing words is left out, as is an optional parameter; both are told with the
reason. Every value is tried on the parameter's own schema first.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jsonschema_rs

from ...errors import ConfigError, names
from ...records import Api
from .kit import load_kit, slot_of
from .kit_schema import SlotSpec
from .people import Persona, draw_basic_features, feature_types
from .tool_lexicon import KEY, ToolLexicon, WordedParameter

_PEOPLE = 60
"""People whose features a parameter has to take to be filled from the profile."""
_DRAWS = 25
"""Values of a slot, in each kind of need, that a parameter has to take."""
_MOST_CHOICES = 60
_FEATURES: Mapping[str, str] = {
    alias: feature
    for feature, aliases in {
        "email": "email email_address e_mail contact_email user_email customer_email mail",
        "phone": "phone phone_number mobile mobile_number telephone contact_phone",
        "home_address": "address home_address shipping_address delivery_address deliver_to street_address",
        "postcode": "postcode postal_code zip zip_code zipcode",
        "full_name": "full_name customer_name passenger_name guest_name recipient recipient_name",
        "username": "username user_name",
        "birth_date": "birth_date date_of_birth birthday dob",
        "passport_number": "passport_number passport",
        "nationality": "nationality",
        "payment_method": "payment_method pay_with",
        "currency": "currency currency_code",
        "language": "language",
        "time_zone": "time_zone timezone tz",
    }.items()
    for alias in aliases.split()
}
"""Name of a parameter -> the feature that fills it where the lexicon says nothing else."""
_SENTENCE = re.compile(r"(?P<verb>[A-Za-z]+)(?P<rest>(?: [a-z]+){1,8})\.?")
"""A short sentence of plain words, without names, numbers and signs."""
_VERBS = frozenset(
    (
        *("add", "book", "buy", "cancel", "change", "check", "close", "compare", "create", "delete", "edit"),
        *("fetch", "find", "get", "hire", "invite", "list", "look", "make", "open", "order", "pay", "plan"),
        *("play", "publish", "refund", "remove", "rename", "rent", "reserve", "return", "schedule", "search"),
        *("send", "set", "share", "show", "start", "stop", "submit", "track", "transfer", "update", "write"),
    )
)
"""Verbs with which a description of a function can be a request."""
_ACTIONS = (
    "Asked for {%s}",
    "Looked into {%s}",
    "Went for {%s}",
    "Came back to {%s}",
    "Compared {%s} with others",
)


@dataclass(frozen=True)
class SaidTools:
    """Functions that can be said, and the kit that says them."""

    name: str
    """of the scenario"""
    kit: Mapping[str, Any]
    apis: Mapping[tuple[str, str], Api]
    """(platform, function) -> the function, with the parameters that are worded"""
    unsaid: Mapping[tuple[str, str], str]
    """(platform, function) -> why it cannot be said"""


def kit_of_tools(
    apis: Mapping[str, Sequence[Api]], lexicon: ToolLexicon, scenario: str, file: str
) -> SaidTools:
    """The kit that says these functions.

    Args:
        apis: platform -> its functions, with capabilities.
        lexicon: the words.
        scenario: name of the scenario, where the lexicon has none.
        file: the lexicon's, for messages.

    Raises:
        ConfigError: the lexicon does not go with the functions.
    """
    where = f"{KEY}: {file}"
    there = {api.capability for own in apis.values() for api in own}
    for capability in lexicon.capabilities:
        if capability not in there:
            raise ConfigError(
                f"{where}: capabilities: got {capability!r}, there are {names(there, capability)}"
            )
    if len(apis) > len(lexicon.dimensions):
        raise ConfigError(
            f"{where}: dimensions: got {len(lexicon.dimensions)}, expected at least as many as there are "
            f"platforms, {len(apis)}: each is the best in something"
        )
    maker = _KitMaker(list(apis), lexicon)
    for place, (platform, own) in enumerate(apis.items()):
        for api in own:
            maker.add(place, platform, api)
    kit = maker.kit(lexicon.name or scenario)
    try:
        load_kit(kit)
    except ConfigError as error:
        raise ConfigError(f"{where}: {str(error).removeprefix('scenario kit ')}") from None
    return SaidTools(lexicon.name or scenario, kit, maker.apis, maker.unsaid)


def check_personal(said: SaidTools, file: str) -> None:
    """Refuse functions of which none takes anything that a profile knows: nothing asked of them is personal.

    Raises ConfigError. Args: file: the lexicon's, for the message.
    """
    categories = said.kit["tools"]["groups"]["functions"]["categories"]
    if not any(
        function["personal"] and len(function["apis"]) - function["apis"].count(None) > 1
        for function in categories["functions"]["capabilities"].values()
    ):
        raise ConfigError(
            f"{KEY}: {file}: parameters: no function takes anything that a user's profile knows, so no query "
            "would be personal and gate necessity would keep none; give some parameter a feature "
            f"({names(feature_types())}), or leave that gate out of gates"
        )


class _Unsaid(Exception):  # noqa: N818 - an outcome that is told, not a failure
    """A parameter that nothing words; the argument says why."""


@dataclass
class _Canonical:
    """One parameter of a capability, on all platforms that have it."""

    spec: dict[str, Any]
    """what the kit says of it but for names and required"""
    names: dict[int, str] = field(default_factory=dict)
    required: dict[int, bool] = field(default_factory=dict)


@dataclass
class _Function:
    """One capability."""

    description: str
    apis: dict[int, str] = field(default_factory=dict)
    parameters: dict[str, _Canonical] = field(default_factory=dict)


class _KitMaker:
    """Puts a kit together, function by function."""

    def __init__(self, platforms: Sequence[str], lexicon: ToolLexicon) -> None:
        self.platforms, self.lexicon = platforms, lexicon
        self.functions: dict[str, _Function] = {}
        self.slots = {
            name: _dumped(worded.slot) for name, worded in lexicon.parameters.items() if worded.slot
        }
        self.apis: dict[tuple[str, str], Api] = {}
        self.unsaid: dict[tuple[str, str], str] = {}
        self.keys = {
            alias: key
            for key, worded in lexicon.parameters.items()
            for alias in (_plain(key), *(name if "." in name else _plain(name) for name in worded.names))
        }

    def add(self, place: int, platform: str, api: Api) -> None:
        """Take a function in, with the parameters that can be said."""
        properties: dict[str, Any] = {}
        required: Any = api.parameters.get("required") or ()
        found: dict[str, tuple[str, dict[str, Any]]] = {}
        for name, schema in api.properties().items():
            try:
                key, spec = self.word(api.name, name, schema)
            except _Unsaid as reason:
                if name in required:
                    self.unsaid[platform, api.name] = f"the required {name!r} cannot be said: {reason}"
                    return
                continue
            properties[name] = schema
            found[name] = (
                self.free_key(api.capability, place, key, spec, [k for k, _ in found.values()]),
                spec,
            )
        function = self.functions.setdefault(api.capability, _Function(api.description))
        function.apis[place] = api.name
        for name, (key, spec) in found.items():
            canonical = function.parameters.setdefault(key, _Canonical(spec))
            canonical.names[place], canonical.required[place] = name, name in required
        self.apis[platform, api.name] = api.model_copy(
            update={"parameters": {**api.parameters, "properties": properties}}
        )

    def free_key(
        self, capability: str, place: int, key: str, spec: Mapping[str, Any], taken: Sequence[str]
    ) -> str:
        """The canonical name; another one where a parameter of that name is something else."""
        function = self.functions.get(capability)
        for number in range(1, 100):
            candidate = key if number == 1 else f"{key[:58]}_{number}"
            other = function.parameters.get(candidate) if function else None
            if candidate not in taken and (
                other is None or (place not in other.names and _alike(other.spec, spec))
            ):
                return candidate
        raise _Unsaid("too many parameters of one name")

    def word(self, api: str, name: str, schema: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Canonical name of a parameter, and what the kit says of it.

        Raises _Unsaid.
        """
        own = str(schema.get("x-name", name))
        key = next(
            (
                self.keys[alias]
                for alias in (f"{api}.{name}", f"{api}.{own}", _plain(own), _plain(name))
                if alias in self.keys
            ),
            None,
        )
        takes = jsonschema_rs.validator_for(dict(schema), validate_formats=True)
        common = {"description": schema.get("description", name)}
        if schema.get("format") in ("date", "email"):
            common["format"] = schema["format"]
        if key is not None:
            worded = self.lexicon.parameters[key]
            if worded.feature is not None:
                spec = _of_feature(worded.feature, takes)
                return key, common | spec | ({"mention": list(worded.mention)} if worded.mention else {})
            return key, common | self.of_slot(key, worded, schema, takes)
        feature = _FEATURES.get(_plain(own))
        if feature is not None:
            try:
                return _plain(own), common | _of_feature(feature, takes)
            except _Unsaid:
                pass
        return _plain(own) or name, common | self.by_code(own, schema, takes)

    def of_slot(
        self, key: str, worded: WordedParameter, schema: Mapping[str, Any], takes: jsonschema_rs.Validator
    ) -> dict[str, Any]:
        assert worded.slot is not None
        clause = list(worded.clause) or [f"set {_label(key)} to {{value}}"]
        says = worded.slot.says
        if schema.get("type") == "boolean" and says is not None:
            return {"type": "boolean", "says": {word: list(words) for word, words in says.items()}}
        slot = dict(self.slots)
        name = key
        if schema.get("type") == "array" and worded.slot.several is None:
            name = f"{key}_several"
            slot[name] = {"several": key}
        kind = self.check(name, slot, takes)
        self.slots[name] = slot[name]
        return {"type": kind, "slot": name, "clause": clause}

    def by_code(self, name: str, schema: Mapping[str, Any], takes: jsonschema_rs.Validator) -> dict[str, Any]:
        """Words for what needs no words of a person's."""
        label, kind = _label(name), schema.get("type")
        if kind == "boolean":
            return {
                "type": "boolean",
                "says": {w: [f"set {label} to {s}"] for w, s in (("true", "yes"), ("false", "no"))},
            }
        slot = _slot_by_code(schema)
        if slot is None:
            raise _Unsaid(f"the lexicon has no words for it, add parameters.{_plain(name) or 'NAME'}")
        slot_name = next(
            (known for known, there in self.slots.items() if there == slot),
            f"{_plain(name)}_{len(self.slots)}",
        )
        kind = self.check(slot_name, {**self.slots, slot_name: slot}, takes)
        self.slots[slot_name] = slot
        return {"type": kind, "slot": slot_name, "clause": [f"set {label} to {{value}}"]}

    def check(self, name: str, slots: Mapping[str, Any], takes: jsonschema_rs.Validator) -> str:
        """The type of a slot's values, all of which the parameter takes. Raises _Unsaid."""
        slot, rng = slot_of(name, slots), random.Random(0)
        value: Any = None
        for context in self.lexicon.contexts:
            for _ in range(_DRAWS):
                value, _words = slot.sample(rng, context)
                if not takes.is_valid(value):
                    raise _Unsaid(f"its schema does not take {value!r}, as the words {name!r} have it")
        return _json_type(value)

    def kit(self, name: str) -> dict[str, Any]:
        """The kit's three parts."""
        lexicon, contexts = self.lexicon, self.lexicon.contexts
        telling = next(key for key, worded in lexicon.parameters.items() if worded.tells_need)
        actions = list(lexicon.actions) or [text % telling for text in _ACTIONS]
        interests = list(lexicon.interests) or [
            f"Often has {need.label} in mind." for need in contexts.values()
        ]
        return {
            "platforms": {
                "name": name,
                "description": lexicon.description or f"Functions of {', '.join(self.platforms)}.",
                "contexts": {key: need.model_dump(exclude={"purposes"}) for key, need in contexts.items()},
                "dimensions": dict(lexicon.dimensions),
                "platforms": dict(_platforms(self.platforms, lexicon.dimensions)),
            },
            "tools": {
                "groups": {
                    "functions": {
                        "description": "Functions that were brought along.",
                        "categories": {
                            "functions": {
                                "description": "Functions that were brought along.",
                                "capabilities": {
                                    capability: self.capability(capability, function)
                                    for capability, function in self.functions.items()
                                },
                            }
                        },
                    }
                }
            },
            "lexicon": {
                "slots": self.slots,
                "purposes": {key: list(need.purposes) for key, need in contexts.items()},
                "remarks": list(lexicon.remarks),
                "actions": actions,
                "interests": interests,
            },
        }

    def capability(self, name: str, function: _Function) -> dict[str, Any]:
        places = range(len(self.platforms))
        parameters: dict[str, Any] = {}
        for key, canonical in function.parameters.items():
            required = {canonical.required[place] for place in canonical.names}
            parameters[key] = {
                **canonical.spec,
                "names": [canonical.names.get(place) for place in places],
                "required": required.pop()
                if len(required) == 1
                else [canonical.required.get(place, False) for place in places],
            }
        phrasings = list(self.lexicon.capabilities.get(name, ()))
        alike = sum(other.description == function.description for other in self.functions.values())
        plain = (_request(function.description) if alike == 1 else None) or _label(name)
        return {
            "description": function.description,
            "apis": [function.apis.get(place) for place in places],
            "personal": any("feature" in spec for spec in parameters.values()),
            "parameters": parameters,
            "returns": {"result": "string"},
            "phrasings": [*phrasings, *([] if _is_said(phrasings, parameters) else [plain])],
        }


def _request(description: str) -> str | None:
    """A description that tells what to do, as words to ask for it: 'Creates an issue.': 'create an issue'."""
    said = _SENTENCE.fullmatch(description.strip())
    if said is None:
        return None
    verb = said["verb"].lower()
    verb = next((own for own in (verb, verb.removesuffix("s"), verb.removesuffix("es")) if own in _VERBS), "")
    return f"{verb}{said['rest']}" if verb else None


def _is_said(phrasings: Iterable[str], parameters: Mapping[str, Any]) -> bool:
    """Whether some phrasing names only what every platform requires, so that none is left without."""
    always = {
        key for key, spec in parameters.items() if spec["required"] is True and None not in spec["names"]
    }
    return any(all(key in always for key in parameters if f"{{{key}}}" in text) for text in phrasings)


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two parameters are said in the same words and take the same type of values."""
    return all(one.get(key) == other.get(key) for key in ("type", "slot", "says", "feature"))


def _of_feature(feature: str, takes: jsonschema_rs.Validator) -> dict[str, Any]:
    for person in _people():
        if not takes.is_valid(person[feature]):
            raise _Unsaid(f"its schema does not take {person[feature]!r}, the {feature!r} of a profile")
    return {"type": feature_types()[feature], "feature": feature}


@lru_cache(maxsize=1)
def _people() -> tuple[dict[str, Any], ...]:
    rng = random.Random(0)
    return tuple(draw_basic_features(Persona.draw(rng), rng) for _ in range(_PEOPLE))


def _slot_by_code(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    kind, enum = schema.get("type"), schema.get("enum")
    if (
        enum
        and kind in ("string", None)
        and len(enum) <= _MOST_CHOICES
        and all(isinstance(v, str) for v in enum)
    ):
        wordings = {value: " ".join(_split(value)) for value in enum}
        told_apart = len(set(wordings.values())) == len(enum) and all(wordings.values())
        return {"says": {value: [words] for value, words in wordings.items()}} if told_apart else None
    if kind in ("integer", "number") and not enum:
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        high = schema.get("maximum", schema.get("exclusiveMaximum", low + 21) - 1)
        step = schema.get("multipleOf", 1)
        grid = [low, max(low, min(high, low + 20 * step)), step]
        whole = all(float(number).is_integer() for number in grid)
        if kind == "integer":
            return {"integer": [int(number) for number in grid]} if whole and low >= 0 else None
        return {"number": [float(number) for number in grid]} if low >= 0 else None
    if kind == "string" and schema.get("format") == "date":
        return {"date": ["2027-01-04", "2027-12-20"]}
    return None


def _json_type(value: Any) -> str:
    kinds = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array"}
    return kinds[type(value)]


def _platforms(
    platforms: Sequence[str], dimensions: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every platform with how it stands on each dimension: the best on some, and on none with a rival."""
    count = len(platforms)
    for place, platform in enumerate(platforms):
        ranks = {name: (place + number) % count for number, name in enumerate(dimensions)}
        yield (
            platform,
            {
                "characteristics": {name: _standing(name, rank, count) for name, rank in ranks.items()},
                "strengths": {name: round(0.9 - 0.7 * rank / (count - 1), 4) for name, rank in ranks.items()},
            },
        )


def _standing(dimension: str, rank: int, count: int) -> str:
    words = dimension.replace("_", " ")
    if rank == 0:
        return f"Stands out for {words}."
    return f"Is weak in {words}." if rank == count - 1 else f"Ranks number {rank + 1} of {count} in {words}."


def _dumped(slot: SlotSpec) -> dict[str, Any]:
    return slot.model_dump(mode="json", exclude_none=True)


def _split(text: str) -> list[str]:
    apart = "".join(
        f" {letter}" if letter.isupper() and before.islower() else letter
        for before, letter in zip(" " + text, text, strict=False)
    )
    return [word.lower() for word in "".join(c if c.isalnum() else " " for c in apart).split()]


def _plain(name: str) -> str:
    plain = "_".join(_split(name)).encode("ascii", "ignore").decode().strip("_")[:60]
    return f"n_{plain}" if plain[:1].isdigit() else plain


def _label(name: str) -> str:
    return " ".join(_split(name))
