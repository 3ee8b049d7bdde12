"""The form of a role's answer: its output record, narrowed to what this very call asks.

A model that is shown four lists and told to fill one often fills none, and one that has to write a partition
loses members. So the JSON schema of an answer names only the lists that are wanted, with as many entries as
are wanted (`narrow_form`), and nodes are clustered by asking for the parent of each (`placement_form`). What
comes out is still the record: whoever answers the whole record is right too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Annotated, Any, Literal, TypeVar, cast, get_args, get_origin

import orjson
from pydantic import BaseModel, Field, create_model, model_validator

from ..errors import ConfigError
from ..models.output_schema import most_tokens
from ..models.prompt_blocks import plain
from ..models.request import NO_USAGE, Reply, Request, hotter
from ..records import Cluster, Clusters, Kind, PersonalFact, Preferences, Record, SaidParameter
from ..records.base import json_text
from .examples import copied_text
from .prompt_loader import PromptLoader, RolePrompt
from .role import Ask, Observation, Role, Views

_CONTEXTS = (2, 12)
"""Kinds of need a scenario may have: one would decide nothing. The prompt asks for a number between."""
_LONGEST = 300
"""Characters of a text, for endpoints that can see to it: small models do not find an end."""
_TEXT = {"type": "string", "minLength": 1, "maxLength": _LONGEST}
_VALUE = {"type": "string", "minLength": 1, "maxLength": 120}
_ACTION = {"type": "string", "minLength": 8, "maxLength": 160}
_SAID_TYPES = get_args(SaidParameter.model_fields["type"].annotation)


class FormRole(Role):
    """A role whose answers are as long as their form: it may write no more tokens than that has.

    An answer that was refused before as it stands is asked for at a higher temperature, and one that says
    what an example in the prompt says is refused.
    """

    def request(self, observation: Observation) -> Request:
        """The question, its sampling fitted to what is asked."""
        return self.fitted(super().request(observation), observation)

    def fitted(self, request: Request, observation: Observation) -> Request:
        """The question with no more tokens than its form has, and warmer where an answer came again."""
        sampling = dict(request.sampling)
        most, allowed = most_tokens(request.output) if request.output else None, sampling.get("max_tokens")
        if most is not None and isinstance(allowed, int):
            sampling["max_tokens"] = min(allowed, most)
        temperature, repeated = sampling.get("temperature"), self._repeated(observation.views)
        if repeated and isinstance(temperature, (int, float)):
            sampling["temperature"] = hotter(temperature, repeated)
        return replace(request, sampling=sampling)

    def _repeated(self, views: Mapping[str, Any]) -> int:
        """How often the same answer was refused."""
        asked = (plain(view) for name, view in views.items() if name in ("expansion", "clustering", "layer"))
        return max((view.get("repeated", 0) for view in asked if isinstance(view, dict)), default=0)

    def accept(self, record: Any, views: Mapping[str, Any]) -> Any:
        """The record, unless it repeats an example of the prompt."""
        return refuse_copies(record, self.prompt.examples if self.prompt else (), views)


def refuse_copies(record: Any, examples: tuple[str, ...], views: Mapping[str, Any]) -> Any:
    """The record, unless it says what an example says.

    Raises:
        ValueError: the text that was copied.
    """
    if (copied := _copied(record, examples, views)) is not None:
        raise ValueError(f"{copied[:80]!r} comes from an example; write something of your own")
    return record


def _copied(record: Any, examples: tuple[str, ...], views: Mapping[str, Any]) -> str | None:
    if not examples:
        return None
    return copied_text(_texts(record), examples, lambda: " ".join(str(views[name]) for name in views))


class Designer(FormRole):
    """Answers with the lists its expansion asks for (§4.1)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """The contexts and platforms of a scenario, the categories below a node, or exactly its APIs."""
        view = views["expansion"]
        match view["asks"]:
            case "scenario":
                count = view["platforms"]
                lists = [WantedList("contexts", *_CONTEXTS), WantedList("platforms", count, count)]
            case "categories":
                lists = [WantedList("categories", 1, min(view["branching"], view["apis"]))]
            case _:
                lists = [WantedList("apis", view["apis"], view["apis"])]
        return narrow_form(self.output, *lists)


class DraftDesigner(FormRole):
    """Answers with drafts: what only a designer can invent, everything else is written by code (§4.1).

    A small model does one thing at a time better than several, so each part of an expansion is a question of
    its own, with a prompt of its own: an example in it cannot stray into another part.

    Args: parts: part (needs, facts, dimensions, categories, drafts, twins) -> file name of its prompt.
    """

    def __init__(self, *, parts: Mapping[str, str], prompts: PromptLoader | None = None, **role: Any) -> None:
        super().__init__(**role, prompts=prompts)
        loader = prompts or PromptLoader()
        if missing := set(get_args(DraftPart)) - parts.keys():
            raise ConfigError(f"agent.{self.name}.parts: {sorted(missing)[0]!r} is missing")
        self._parts = {part: loader.load(file, self.name, self.sees) for part, file in parts.items()}

    @property
    def prompt_hash(self) -> str | None:
        """SHA-256 over the hashes of all its prompts."""
        hashes = "".join(prompt.sha256 for prompt in self._parts.values())
        return hashlib.sha256(hashes.encode()).hexdigest()

    async def respond(self, observation: Observation, ask: Ask) -> Reply | BaseModel:
        """Answer part after part; an answer that holds whole platforms, categories or APIs needs no more."""
        views = Views(observation.views)
        parts, usage = dict(draft_parts(views["expansion"])), NO_USAGE
        answer: dict[str, Any] = {}
        for part, lists in parts.items():
            prompt, form = self._parts[part], narrow_form(self.output, *lists)
            system, user = prompt.render(observation.views)
            turn = observation.turn if len(parts) == 1 else f"{observation.turn}/{part}"
            request = Request(self.name, turn, system, user, form, observation.seed, self.sampling)
            reply = await ask(
                self.fitted(request, observation), accept=partial(self._accept_part, prompt, views)
            )
            usage += reply.usage
            fields = {name: getattr(reply.record, name) for name in self.output.model_fields}
            if fields["platforms"] or fields["apis"]:
                return Reply(reply.record, usage)
            answer |= {name: value for name, value in fields.items() if value}
        return Reply(self.output.model_validate(answer), usage)

    def _accept_part(self, prompt: RolePrompt, views: Mapping[str, Any], record: Any) -> Any:
        """The record without the entries that repeat an example; refused where none of a list is left."""
        kept: dict[str, Any] = {}
        for name in type(record).model_fields:
            entries = getattr(record, name)
            if isinstance(entries, tuple) and entries:
                own = tuple(entry for entry in entries if _copied(entry, prompt.examples, views) is None)
                kept |= {name: own} if own else {}
        record = record.model_copy(update=kept)
        return refuse_copies(record, prompt.examples, views)


DraftPart = Literal["needs", "facts", "dimensions", "categories", "drafts", "twins"]
"""What a designer of drafts is asked for at a time."""


def draft_parts(view: Mapping[str, Any]) -> Iterator[tuple[DraftPart, list[WantedList]]]:
    """The questions that an expansion consists of, with what each wants."""
    match view["asks"]:
        case "scenario":
            count = view["platforms"]
            between = {"type": "array", "items": _PHRASE, "minItems": count - 2, "maxItems": count - 2}
            stand = {"best": _PHRASE} | ({"between": between} if count > 2 else {}) | {"worst": _PHRASE}
            fact = _object(about=_ABOUT, name=_NAME, description=_PHRASE, options=_CHOICES)
            names = _wanted("names", count, {**_NAME, "maxLength": 24})
            yield "needs", [_wanted("contexts", _DRAFTED_CONTEXTS, _DESCRIBED), names]
            yield "facts", [_wanted("facts", _DRAFTED_FACTS, fact)]
            yield "dimensions", [_wanted("dimensions", _DRAFTED_DIMENSIONS, _object(name=_COMPARED, **stand))]
        case "categories":
            yield "categories", [_wanted("categories", _usual_categories(view), _DESCRIBED)]
        case _:
            twins: Sequence[Mapping[str, Any]] = view.get("twins", ())
            if twins:
                yield "twins", [WantedList("twins", items=_dump(_twin_names(twins)), whole=True)]
            if count := view["apis"] - len(twins):
                yield "drafts", [_wanted("drafts", count, _draft(tuple(view.get("facts") or ("email",))))]


_NAME = {"type": "string", "minLength": 2, "maxLength": 40}
_PHRASE = {"type": "string", "minLength": 3, "maxLength": 110}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_DESCRIBED = _object(name=_NAME, description=_PHRASE)
_OPTIONS = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 24}, "maxItems": 5}
_ABOUT = {"type": "string", "enum": get_args(PersonalFact.model_fields["about"].annotation)[1:]}
_COMPARED = {
    "type": "string",
    "enum": [
        *("price", "speed", "selection", "advice", "reliability", "ease_of_use", "opening_hours"),
        *("quality", "returns", "guarantee", "privacy", "sustainability"),
    ],
}
"""What services of any kind are compared by; a small model left to itself names what customers do."""
_CHOICES = {**_OPTIONS, "minItems": 2}
_DRAFTED_CONTEXTS, _DRAFTED_DIMENSIONS, _DRAFTED_FACTS = 3, 4, 3


def _wanted(field: str, count: int, entry: Any) -> WantedList:
    return WantedList(field, count, count, _dump(entry), needed=False)


def _usual_categories(view: Mapping[str, Any]) -> int:
    return max(1, min(view["branching"], -(-view["apis"] // 3)))


def _twin_names(twins: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return _object(
        **{
            twin["capability"]: _object(
                name=_NAME,
                description=_PHRASE,
                parameters=_object(**dict.fromkeys(twin["parameters"], _NAME)),
            )
            for twin in twins
        }
    )


def _draft(facts: Sequence[str]) -> dict[str, Any]:
    said = _object(
        name=_NAME,
        description={**_PHRASE, "maxLength": 60},
        type={"type": "string", "enum": list(_SAID_TYPES)},
        options=_OPTIONS,
    )
    fact = {"type": "string", "enum": list(facts)}
    return _object(
        capability=_NAME,
        description=_PHRASE,
        said={"type": "array", "items": said, "minItems": 1, "maxItems": 3},
        personal={"type": "array", "items": fact, "minItems": 1, "maxItems": 2},
        returns={**_PHRASE, "maxLength": 60},
    )


class Clusterer(FormRole):
    """Answers with the parent of every node it is shown (§4.2).

    What is said with every request is an implicit feature: a habit at most.
    """

    keeps_requests = True
    themes: Mapping[Kind, tuple[str, ...]] = {}
    """Kind -> the parents that features may have; empty: those that the model makes up."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """One place for each node; a record of another kind is left as it is."""
        if self.output is not Clusters:
            return self.output
        view = views["clustering"]
        themes = self.themes if view.get("level") else {}
        return placement_form(view["nodes"], keeps_requests=self.keeps_requests, themes=themes)


class FactClusterer(Clusterer):
    """A clusterer to whom what is said with every request is no feature of a user; its themes are given."""

    keeps_requests = False
    themes: Mapping[Kind, tuple[str, ...]] = {
        "basic": ("identity", "contact", "home", "household", "belongings", "money", "health", "skills"),
        "implicit": ("priorities", "tastes", "habits"),
    }


class ProfileWriter(FormRole):
    """Answers with as many bundles as the layer asks for, each with the layer's features (§4.2)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """Exactly `count` bundles; endpoints that take free-form objects are told their keys as well."""
        layer = views["layer"]
        values = {feature["name"]: _value_form(feature["value_schema"]) for feature in layer["features"]}
        entry = {"properties": values, "required": list(values), "additionalProperties": False}
        items = _dump(json_text(entry))
        return narrow_form(self.output, WantedList("bundles", layer["count"], layer["count"], items))


class Actor(FormRole):
    """Answers with one action for every visit (§4.2)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """As many actions as visits."""
        count = len(views["visits"])
        return narrow_form(self.output, WantedList("actions", count, count, _dump(_ACTION)))


class Chooser(FormRole):
    """Answers with one preference for every kind of need (Definition 3.1)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """A platform for each context, by the characteristic that decides."""
        if self.output is not Preferences:
            return self.output
        contexts = tuple(context["name"] for context in views["contexts"])
        platforms = views.get("platforms", ())
        profile = platforms[0].get("profile", {}) if platforms else {}
        return choice_form(contexts, tuple(platform["name"] for platform in platforms), tuple(profile))


@lru_cache(maxsize=256)
def choice_form(
    contexts: tuple[str, ...], platforms: tuple[str, ...], characteristics: tuple[str, ...]
) -> type[Preferences]:
    """A form of `Preferences` that asks for each context first what decides, then for the platform."""
    fields: dict[str, Any] = {"decides": (_literal(characteristics), ...)} if characteristics else {}
    choice = create_model("Choice", __base__=Record, **fields, platform=(_literal(platforms), ...))
    entries: dict[str, Any] = {
        f"c{number}_{_key(name)}": (choice, ...) for number, name in enumerate(contexts)
    }
    answer_form = create_model("Preferences", __base__=Record, **entries)

    class ChosenPreferences(Preferences):
        __doc__ = Preferences.__doc__

        @model_validator(mode="before")
        @classmethod
        def _from_choices(cls, answer: Any) -> Any:
            if not isinstance(answer, dict) or "preferences" in answer:
                return answer
            choices = answer_form.model_validate(answer)
            return {
                "preferences": [
                    {"context": context, "platform": getattr(choices, key).platform}
                    for context, key in zip(contexts, entries, strict=True)
                ]
            }

        @classmethod
        def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
            return answer_form.model_json_schema(*args, **options)

    ChosenPreferences.__name__ = ChosenPreferences.__qualname__ = Preferences.__name__
    return ChosenPreferences


def _literal(values: Sequence[str]) -> Any:
    return Annotated[str, Field(json_schema_extra={"enum": list(values)})] if values else str


def _key(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", name)[:40].strip("_")


def _value_form(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The shape of a feature's value, in the few keywords that every grammar knows."""
    if "enum" in schema:
        return {"enum": schema["enum"]}
    kind = schema.get("type", ["string", "number"])
    if kind == "array":
        return {"type": kind, "items": _value_form(schema.get("items", {})), "minItems": 1, "maxItems": 6}
    if "string" not in kind:
        return {"type": kind}
    longest = min(_VALUE["maxLength"], schema.get("maxLength", _LONGEST))
    return {**_VALUE, "maxLength": longest, "type": kind}


def _texts(value: Any) -> Iterator[str]:
    """Every text in a record or a JSON value; keys and choices of the form are left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            if get_origin(field.annotation) is not Literal:
                yield from _texts(getattr(value, name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)


def _dump(schema: Any) -> str:
    return orjson.dumps(schema).decode()


Output = TypeVar("Output", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class WantedList:
    """One list of a record that a call wants filled.

    Args:
        field: the list's name.
        least, most: how many entries; most None: any number.
        items: JSON text of a schema that says more of an entry than the record does; empty: nothing more.
    """

    field: str
    least: int = 1
    most: int | None = None
    items: str = ""
    whole: bool = False
    """Whether `items` says what the field is, not what its entries are: it is no list."""
    needed: bool = True
    """Whether an answer without any entry is refused; not where another list may stand in its place."""


def narrow_form(record: type[Output], *lists: WantedList) -> type[Output]:
    """A subclass of `record` whose JSON schema has the wanted lists only, none of them empty.

    Every other field keeps its default and may still be given. Made once for every combination (making a
    class takes about a millisecond).
    """
    return cast(type[Output], _narrow_form(record, lists))


@lru_cache(maxsize=1024)
def _narrow_form(record: type[BaseModel], lists: tuple[WantedList, ...]) -> type[BaseModel]:
    return create_model(
        record.__name__,
        __base__=record,
        __module__=record.__module__,
        __doc__=record.__doc__,
        __cls_kwargs__={"json_schema_extra": _narrow_schema(lists)},
        **{wanted.field: _bounded_field(record, wanted) for wanted in lists},
    )


def _bounded_field(record: type[BaseModel], wanted: WantedList) -> Any:
    field = record.model_fields[wanted.field]
    if wanted.whole:
        return field.rebuild_annotation(), Field(default_factory=dict, description=field.description)
    # The schema says how many; an answer with some more or less is mended by whoever asked for it.
    if not wanted.needed:
        return field.annotation, Field(default=(), description=field.description)
    return field.annotation, Field(min_length=min(wanted.least, 1), description=field.description)


def _narrow_schema(lists: Iterable[WantedList]) -> Callable[[dict[str, Any]], None]:
    def change(schema: dict[str, Any]) -> None:
        properties = {wanted.field: schema["properties"][wanted.field] for wanted in lists}
        for wanted in lists:
            if wanted.whole:
                inside = orjson.loads(wanted.items)
                inside.pop("type", None)  # the text is of that type, and says so itself
                properties[wanted.field] = json_text(inside)
                continue
            bounds = {"minItems": wanted.least, "maxItems": wanted.most}
            properties[wanted.field] |= {key: bound for key, bound in bounds.items() if bound is not None}
            if wanted.items:
                properties[wanted.field]["items"] = orjson.loads(wanted.items)
        schema["properties"], schema["required"] = properties, list(properties)

    return change


_NO_THEMES: Mapping[Kind, tuple[str, ...]] = {}
_Parent = Annotated[
    str,
    Field(
        max_length=60, description="the parent's name in snake_case; nodes with the same parent are merged"
    ),
]
_Description = Annotated[
    str,
    Field(
        max_length=120,
        description="what one knows of a person who has a value for it, one sentence without a platform",
    ),
]


class Place(Record):
    """Where one node goes whose kind is settled."""

    parent: _Parent
    description: _Description


class ParameterPlace(Record):
    """Where a parameter goes, and who says its value: asked first, before words lead the model astray."""

    filled_from: Literal["request", "profile"] = Field(
        description="request: said anew each time, such as what is searched or bought, which item, how many, "
        "when; profile: a fact about the person that stays the same from request to request"
    )
    parent: _Parent
    description: _Description


@dataclass(frozen=True, slots=True)
class _PlacedNode:
    """A node, or several that are placed together, as one property of the answer."""

    numbers: tuple[int, ...]
    """Several where one dimension of a scenario is there once for each platform: it is placed once."""
    key: str
    kind: Kind | None
    """None: the answer decides it."""
    parents: tuple[str, ...] = ()
    """The parents there are; empty: any."""

    @property
    def form(self) -> type[Place] | type[ParameterPlace]:
        if self.parents:
            return _theme_place(self.parents)
        return Place if self.kind else ParameterPlace


@lru_cache(maxsize=64)
def _theme_place(parents: tuple[str, ...]) -> type[Place]:
    """A place below one of the parents there are; another one is taken as it comes."""
    return create_model(f"Theme{'_'.join(parents)}"[:40], __base__=Place, parent=(_literal(parents), ...))


def placement_form(
    nodes: Iterable[Mapping[str, Any]],
    *,
    keeps_requests: bool = True,
    themes: Mapping[Kind, tuple[str, ...]] = _NO_THEMES,
) -> type[Clusters]:
    """A form of `Clusters` that asks for the parent of each of these nodes; made once for each set.

    Only of a parameter there is a kind to decide: what the profile fills is basic; what is said with every
    request is implicit, a habit at most, so that no profile holds it and a query has to state it.

    Args:
        nodes: their `id`, `name`, `source`, `kind` and, of characteristics, `where` count.
        keeps_requests: whether what is said with every request has a parent, or is left out of the tree.
        themes: kind -> the parents there are; of other kinds the model makes them up.
    """
    groups: dict[Any, list[Mapping[str, Any]]] = {}
    for node in nodes:
        groups.setdefault(_dimension(node) or node["id"], []).append(node)
    placed = (_placed_node(group) for group in groups.values())
    nodes_placed = tuple(replace(node, parents=themes.get(node.kind or "basic", ())) for node in placed)
    return _placement_form(nodes_placed, keeps_requests)


def _dimension(node: Mapping[str, Any]) -> tuple[str, str] | None:
    """Scenario and name of a characteristic: the same on all its platforms."""
    if node.get("source") == "characteristic" and node.get("kind") is None and node.get("where"):
        return node["where"][0], node["name"]
    return None


def _placed_node(group: Sequence[Mapping[str, Any]]) -> _PlacedNode:
    first = group[0]
    kind = first.get("kind")
    if kind is None and first.get("source") == "characteristic":
        kind = "implicit"  # what a person cares about in a platform shows only in behaviour
    # The name reminds the model of what it is placing; the number makes it unique.
    words = re.sub(r"[^A-Za-z0-9]+", "_", first["name"])[:40]
    return _PlacedNode(tuple(node["id"] for node in group), f"n{first['id']}_{words}".rstrip("_"), kind)


@lru_cache(maxsize=256)
def _placement_form(nodes: tuple[_PlacedNode, ...], keeps_requests: bool) -> type[Clusters]:
    properties: dict[str, Any] = {node.key: (node.form, ...) for node in nodes}
    places_form = create_model("Nodes", __base__=Record, **properties)
    answer_form = create_model("Clusters", __base__=Record, nodes=(places_form, ...))

    class PlacedClusters(Clusters):
        __doc__ = Clusters.__doc__

        @model_validator(mode="before")
        @classmethod
        def _from_places(cls, answer: Any) -> Any:
            if not isinstance(answer, dict) or "nodes" not in answer:
                return answer
            places = answer_form.model_validate(answer).nodes  # pyright: ignore[reportAttributeAccessIssue]
            placed = [(node, getattr(places, node.key)) for node in nodes]
            if keeps_requests:
                return {"clusters": _merge_places(placed)}
            said = [number for node, place in placed if _is_said(place) for number in node.numbers]
            kept = ((node, place) for node, place in placed if not _is_said(place))
            return {"clusters": _merge_places(kept), "said": said}

        @classmethod
        def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
            return answer_form.model_json_schema(*args, **options)

    PlacedClusters.__name__ = PlacedClusters.__qualname__ = Clusters.__name__
    return PlacedClusters


def _merge_places(places: Iterable[tuple[_PlacedNode, Place | ParameterPlace]]) -> tuple[Cluster, ...]:
    """One cluster for every parent, described by the first node that goes into it.

    Nodes of different kinds that go into one parent are kept apart: models say well what a single node is,
    and lump together under one name what people state and what their profile holds.
    """
    clusters: dict[str, Cluster] = {}
    for node, place in places:
        name, kind = place.parent, node.kind or _kind_of(place)
        if name in clusters and clusters[name].kind != kind:
            name = f"{name}_{kind}"
        first = clusters.get(name) or Cluster(name=name, description=place.description, kind=kind, members=())
        clusters[name] = first.model_copy(update={"members": (*first.members, *node.numbers)})
    return tuple(clusters.values())


def _is_said(place: Place | ParameterPlace) -> bool:
    return isinstance(place, ParameterPlace) and place.filled_from == "request"


def _kind_of(place: Place | ParameterPlace) -> Kind:
    return "basic" if isinstance(place, ParameterPlace) and place.filled_from == "profile" else "implicit"
