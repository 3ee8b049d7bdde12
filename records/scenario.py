"""The world: scenarios, their platforms and the APIs those offer (§4.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field

from .base import JsonObject, ObjectSchema, Record


class Context(Record):
    """A kind of need within a scenario; a user's preferred platform depends on it (Definition 3.1)."""

    name: str = Field(description="identifier, unique in its scenario, such as 'electronics'")
    description: str = Field(description="what needs of this kind are about, one sentence")


_Word = Annotated[str, Field(min_length=1, max_length=64)]


class Conflict(Record):
    """What does not go with a fact about somebody: a vegan names no ham."""

    feature: str = Field(max_length=64, description="the basic feature, such as 'dietary_preference'")
    value: str = Field(max_length=64, description="its value, or one of its values: 'vegan'")
    words: tuple[_Word, ...] = Field(
        min_length=1, max_length=256, description="words that such a person would not name: 'ham'"
    )

    def concerns(self, basic: Mapping[str, Any]) -> bool:
        """Whether somebody with these basic features has the value."""
        held = basic.get(self.feature)
        return self.value in map(str, held if isinstance(held, list) else [held])


def conflict_pattern(conflicts: Iterable[Conflict], basic: Mapping[str, Any]) -> re.Pattern[str] | None:
    """Finds what somebody with these basic features would not name: whole words, or their plural.

    Returns:
        Its group `word` is the word as a conflict has it, but for case; None where there is nothing to find.
    """
    words = tuple(word for conflict in conflicts if conflict.concerns(basic) for word in conflict.words)
    return _pattern_of(words) if words else None


@lru_cache(maxsize=256)
def _pattern_of(words: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(word) for word in words)
    return re.compile(rf"(?<!\w)(?P<word>{alternatives})(?:s|es)?(?!\w)", re.IGNORECASE)


class Characteristic(Record):
    """One thing that tells a platform apart from its rivals."""

    name: str = Field(description="the dimension, the same word on every platform of a scenario: 'delivery'")
    text: str = Field(description="how this platform stands on that dimension, one sentence")


class Platform(Record):
    """A provider of tools, one of several interchangeable ones in its scenario."""

    name: str = Field(description="the platform's name, a Python identifier such as 'MegaMart'")
    characteristics: tuple[Characteristic, ...] = Field(description="what tells it apart, one per dimension")

    def profile(self) -> dict[str, str]:
        """The characteristics as a benchmark sample shows them (Fig. 7): name -> text."""
        return {characteristic.name: characteristic.text for characteristic in self.characteristics}


class Api(Record):
    """One callable function of one platform: a leaf of the API tree."""

    name: str = Field(description="the function's name, a Python identifier, unique on its platform")
    description: str = Field(description="what calling it does, one sentence")
    capability: str = Field(description="what is interchangeable: equal on APIs of rivals that do the same")
    parameters: ObjectSchema = Field(description="JSON Schema of type object: properties and required")
    response: ObjectSchema = Field(description="JSON Schema of what a call returns, of type object")

    def properties(self) -> dict[str, Any]:
        """The parameters' own schemas, by name."""
        properties = self.parameters.get("properties")
        return dict(properties) if isinstance(properties, dict) else {}

    def contexts(self, parameter: str = "") -> frozenset[str]:
        """The kinds of need that the API or a parameter of it is for (`x-contexts`); empty: every kind."""
        schema: Any = self.properties().get(parameter) if parameter else self.parameters
        return frozenset((schema or {}).get("x-contexts") or ())

    def serves(self, context: str, parameter: str = "") -> bool:
        """Whether the API, or a parameter of it, makes sense for a kind of need."""
        return not (contexts := self.contexts(parameter)) or context in contexts

    def origin(self, parameter: str) -> Literal["query", "profile"] | None:
        """Who says a parameter's value, as its designer marked it (`x-origin`); None: it is not marked."""
        origin = (self.properties().get(parameter) or {}).get("x-origin")
        return origin if origin in ("query", "profile") else None

    def ordered(self) -> tuple[tuple[str, str], ...]:
        """Pairs of parameters of which the first is earlier or smaller where both are given (`x-ordered`)."""
        pairs: Any = self.parameters.get("x-ordered") or ()
        return tuple((first, second) for first, second in pairs)

    def repeats(self) -> str:
        """The parameter that tells two calls in one request apart (`x-repeats`); "": nobody asks twice."""
        name: Any = self.parameters.get("x-repeats")
        return name if isinstance(name, str) else ""

    def function_schema(self) -> dict[str, Any]:
        """The tool as a model is shown it (Fig. 7): without ptool's own annotations."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": _plain(self.parameters),
                "response": self.response,
            },
        }


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters' schema without ptool's own annotations, `x-…`."""
    plain = {key: value for key, value in schema.items() if not key.startswith("x-")}
    if isinstance(properties := plain.get("properties"), dict):
        plain["properties"] = {
            name: {key: value for key, value in part.items() if not key.startswith("x-")}
            if isinstance(part, dict)
            else part
            for name, part in properties.items()
        }
    return plain


class Category(Record):
    """A functional category between a platform and its APIs."""

    name: str = Field(description="identifier, unique among its siblings, such as 'returns'")
    description: str = Field(description="which functions belong here, one sentence")
    apis: int = Field(default=1, ge=1, description="how many APIs will hang below it")


class PersonalFact(Record):
    """Something that stays the same about a person and that functions are called with."""

    about: Literal["", "home", "household", "belongings", "health", "skills"] = Field(
        default="", description="which side of the person's life it is from"
    )
    name: str = Field(description="snake_case identifier, such as 'shoe_size'")
    description: str = Field(description="what it says of the person, one sentence")
    options: tuple[str, ...] = Field(default=(), description="its possible values, where they are few")


class Dimension(Record):
    """One thing that platforms differ in, with how they stand on it; code deals the sentences out."""

    name: str = Field(description="the dimension, one word: 'delivery'")
    best: str = Field(description="what the platform that is best in it offers, one sentence")
    between: tuple[str, ...] = Field(default=(), description="those between, from better to worse")
    worst: str = Field(description="what the platform that is worst in it is like, one sentence")


class SaidParameter(Record):
    """A parameter that a person says anew with every request."""

    name: str = Field(description="snake_case identifier")
    description: str = Field(description="what it is, a few words")
    type: Literal["text", "integer", "number", "date", "time", "boolean", "choice"] = Field(
        description="what is said"
    )
    options: tuple[str, ...] = Field(default=(), description="of a choice: the values there are")


class ApiDraft(Record):
    """An API as a designer invents it; code writes its name, its schemas and its response."""

    capability: str = Field(description="snake_case words for what the function does, such as 'renew_loan'")
    description: str = Field(description="what calling it does, one sentence")
    said: tuple[SaidParameter, ...] = Field(description="what a person says when asking for it")
    personal: tuple[str, ...] = Field(description="names of the personal facts it needs")
    returns: str = Field(default="", description="what comes back, a few words")


class Topic(Record):
    """What a customer answers who is asked what a visit was about; sorts of such things are kinds of need."""

    thing: str = Field(description="the thing, a few words: 'a pair of sneakers'")
    sort: str = Field(description="what else is like it, one or two words: 'footwear'")


class Expansion(Record):
    """What the designer answers when asked to refine one node of the API tree; other lists stay empty."""

    contexts: tuple[Context, ...] = Field(default=(), description="asked for a scenario: its kinds of need")
    conflicts: tuple[Conflict, ...] = Field(
        default=(), max_length=512, description="of a scenario, where they are known; never asked for"
    )
    platforms: tuple[Platform, ...] = Field(default=(), description="asked for a scenario: its platforms")
    categories: tuple[Category, ...] = Field(default=(), description="asked for categories: the children")
    apis: tuple[Api, ...] = Field(default=(), description="asked for APIs: the leaves")
    answers: tuple[Topic, ...] = Field(default=(), description="in place of contexts: what visits were about")
    names: tuple[str, ...] = Field(default=(), description="in place of platforms: their names")
    dimensions: tuple[Dimension, ...] = Field(default=(), description="beside names: what they differ in")
    facts: tuple[PersonalFact, ...] = Field(default=(), description="beside names: of a person")
    drafts: tuple[ApiDraft, ...] = Field(default=(), description="in place of apis: what they do and need")
    twins: JsonObject = Field(
        default_factory=dict, description="in place of apis: capability of a rival -> its own names here"
    )


class ScenarioWorld(Record):
    """One scenario as the tree holds it, ready for an environment: contexts, platforms and APIs."""

    name: str = Field(description="the scenario's identifier")
    description: str = Field(description="what people do there, one sentence")
    contexts: tuple[Context, ...] = Field(description="the kinds of need")
    conflicts: tuple[Conflict, ...] = Field(
        default=(), max_length=512, description="what does not go with a fact about somebody; perhaps nothing"
    )
    platforms: tuple[Platform, ...] = Field(description="the platforms, in the tree's order")
    apis: dict[str, tuple[Api, ...]] = Field(description="platform name -> its APIs, in the tree's order")
