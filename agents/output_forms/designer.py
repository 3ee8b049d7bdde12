"""What a designer answers (§4.1): the lists an expansion asks for, or drafts, part after part.

A model that is shown four lists and told to fill one often fills none: only those wanted are in the form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal, get_args

from pydantic import BaseModel

from ...errors import ConfigError
from ...models.request import NO_USAGE, Reply, Request
from ...models.seeds import derive
from ...records import PersonalFact, SaidParameter
from ..prompt_loader import PromptLoader, RolePrompt
from ..role import Ask, Observation, Views
from .narrowing import FormRole, WantedList, copied_part, dump, narrow_form, refuse_copies

_CONTEXTS = (2, 12)
"""Kinds of need a scenario may have: one would decide nothing. The prompt asks for a number between."""
_SAID_TYPES = get_args(SaidParameter.model_fields["type"].annotation)


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

    Args: parts: part (`DraftPart`) -> file name of its prompt.
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
            for time in range(_ASKED.get(part, 1)):
                seed = derive(observation.seed, "again", time) if time else observation.seed
                asked = f"{turn}/{time}" if time else turn
                request = Request(self.name, asked, system, user, form, seed, self.sampling)
                reply = await ask(
                    self.fitted(request, observation), accept=partial(self._accept_part, prompt, views)
                )
                usage += reply.usage
                fields = {name: getattr(reply.record, name) for name in self.output.model_fields}
                if fields["platforms"] or fields["apis"]:
                    return Reply(reply.record, usage)
                answer |= {
                    name: (*answer.get(name, ()), *value) if time else value
                    for name, value in fields.items()
                    if value
                }
        return Reply(self.output.model_validate(answer), usage)

    def _accept_part(self, prompt: RolePrompt, views: Mapping[str, Any], record: Any) -> Any:
        """The record without the entries that repeat an example; refused where none of a list is left."""
        kept: dict[str, Any] = {}
        for name in type(record).model_fields:
            entries = getattr(record, name)
            if isinstance(entries, tuple) and entries:
                own = tuple(entry for entry in entries if copied_part(entry, prompt.examples, views) is None)
                kept |= {name: own} if own else {}
        record = record.model_copy(update=kept)
        return refuse_copies(record, prompt.examples, views)


DraftPart = Literal["needs", "topics", "names", "facts", "dimensions", "categories", "drafts", "twins"]
"""What a designer of drafts is asked for at a time."""
_ASKED: Mapping[DraftPart, int] = {"topics": 3}
"""Parts asked more than once: some answers of a small model are about the service, not about its things."""


def draft_parts(view: Mapping[str, Any]) -> Iterator[tuple[DraftPart, list[WantedList]]]:
    """The questions that an expansion consists of, with what each wants."""
    match view["asks"]:
        case "scenario":
            count = view["platforms"]
            between = {"type": "array", "items": _PHRASE, "minItems": count - 2, "maxItems": count - 2}
            stand = {"best": _PHRASE} | ({"between": between} if count > 2 else {}) | {"worst": _PHRASE}
            fact = _object(about=_ABOUT, name=_NAME, description=_PHRASE, options=_CHOICES)
            if "functions" in view:
                yield "needs", [_wanted("contexts", _DRAFTED_CONTEXTS, _DESCRIBED)]
            else:
                yield "names", [_wanted("names", count, _TWO_WORDS)]
                yield "topics", [_wanted("answers", _TOPICS, _TOPIC)]
            yield "facts", [_wanted("facts", _DRAFTED_FACTS, fact)]
            yield "dimensions", [_wanted("dimensions", _DRAFTED_DIMENSIONS, _object(name=_COMPARED, **stand))]
        case "categories":
            yield "categories", [_wanted("categories", _usual_categories(view), _DESCRIBED)]
        case _:
            twins: Sequence[Mapping[str, Any]] = view.get("twins", ())
            if twins:
                yield "twins", [WantedList("twins", items=dump(_twin_names(twins)), whole=True)]
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


_TWO_WORDS = {**_NAME, "maxLength": 24, "pattern": "^[A-Z][a-z]{2,10} [A-Z][a-z]{2,10}$"}
"""A name of two words; a small model that is to invent one word writes a brand."""
_TOPIC = _object(
    thing={**_NAME, "maxLength": 28, "pattern": "^(a|an|my|some) [a-z][a-z -]{2,22}$"},
    sort={**_NAME, "maxLength": 24},
)
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
_TOPICS, _DRAFTED_CONTEXTS, _DRAFTED_DIMENSIONS, _DRAFTED_FACTS = 8, 3, 4, 3


def _wanted(field: str, count: int, entry: Any) -> WantedList:
    return WantedList(field, count, count, dump(entry), needed=False)


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
