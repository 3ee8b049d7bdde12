"""The format of a kit's three files (`platforms.yaml`, `tools.yaml`, `lexicon.yaml`), field by field.

What each file may hold by itself; whether the three fit together is checked in `kit.py`.
"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _tuples(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def _grids(value: Any) -> Any:
    """One [low, high, step], or one for every kind of need."""
    if isinstance(value, dict):
        return {context: _tuple(grid) for context, grid in value.items()}
    return _tuple(value)


def _boolean_keys(value: Any) -> Any:
    """In a kit inside a scenario's own YAML the keys true and false arrive as text."""
    if isinstance(value, dict) and value and set(value) <= {"true", "false"}:
        return {key == "true": words for key, words in value.items()}
    return value


def _days(value: Any) -> Any:
    """In a kit inside a scenario's own YAML days arrive as text."""
    if isinstance(value, (list, tuple)):
        return tuple(dt.date.fromisoformat(day) if isinstance(day, str) else day for day in value)
    return value


Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
"""A name that becomes part of an id, an API or a parameter."""
Words = Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(_tuple)]
NamesOrNone = Annotated[tuple[Identifier | None, ...], Field(min_length=1), BeforeValidator(_tuple)]
"""A name on each platform; None: that platform has no such thing."""


class KitPart(BaseModel):
    """A frozen piece of a kit that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


class ContextSpec(KitPart):
    """A kind of need."""

    label: str = Field(description="how people name it inside a sentence: 'everyday groceries'")
    description: str = Field(description="what needs of this kind are about, one sentence")


class PlatformSpec(KitPart):
    """A platform and how well it does on each dimension."""

    characteristics: dict[str, str] = Field(description="dimension -> how the platform stands on it")
    strengths: dict[str, float] = Field(description="dimension -> 0 (weak) to 1 (strong); latent")


class PlatformsFile(KitPart):
    """`platforms.yaml`: kinds of need (contexts), dimensions, and platforms that differ on them."""

    name: Identifier
    description: str
    contexts: dict[Identifier, ContextSpec] = Field(min_length=2)
    dimensions: dict[str, str] = Field(description="dimension -> what a user wants there: 'fast delivery'")
    platforms: dict[Identifier, PlatformSpec] = Field(min_length=2)

    @model_validator(mode="after")
    def _complete(self) -> PlatformsFile:
        dimensions = list(self.dimensions)
        for name, platform in self.platforms.items():
            for field in ("characteristics", "strengths"):
                got = list(getattr(platform, field))
                if got != dimensions:
                    raise ValueError(f"platform {name!r}: {field} must name {dimensions}, got {got}")
        winners = {max(self.platforms, key=lambda p: self.platforms[p].strengths[d]) for d in self.dimensions}
        if winners != set(self.platforms):
            others = sorted(set(self.platforms) - winners)
            raise ValueError(f"every platform must be the strongest on some dimension; {others} are not")
        for d in self.dimensions:
            ranked = sorted((p.strengths[d] for p in self.platforms.values()), reverse=True)
            if any(a == b for a, b in pairwise(ranked)):
                raise ValueError(
                    f"dimension {d!r}: two platforms are equally strong; preferences would be undecided"
                )
        return self


class ParameterSpec(KitPart):
    """One parameter of a capability, under its canonical name."""

    names: NamesOrNone | Identifier = Field(
        description="its name on each platform, in their order (null: not there), or one for all"
    )
    type: Literal["string", "integer", "number", "boolean", "array", "object"] = "string"
    format: Literal["date", "time", "email"] | None = None
    description: str
    required: bool | Annotated[tuple[bool, ...], BeforeValidator(_tuple)] = Field(
        False, description="whether it must be given; where platforms differ, one for each"
    )
    feature: str | None = Field(default=None, description="basic feature that fills it from the profile")
    mention: Words = Field((), description="optional profile parameter: how a query asks for it")
    slot: str | None = Field(default=None, description="slot of the lexicon that says it in a query")
    says: Annotated[dict[str | bool, Words] | None, BeforeValidator(_boolean_keys)] = Field(
        default=None, description="value -> words: enumerations and booleans"
    )
    parts: dict[str, str] | None = Field(default=None, description="object: property -> slot")
    clause: Words = Field((), description="how a query states it, with {value} or {property} blanks")
    default: Any = None
    contexts: Words = Field((), description="kinds of need it makes sense for; none given: all")

    @model_validator(mode="after")
    def _one_source(self) -> ParameterSpec:
        sources = [s for s in ("feature", "slot", "says", "parts") if getattr(self, s) is not None]
        if len(sources) != 1:
            raise ValueError(f"needs exactly one of feature, slot, says, parts; got {sources}")
        if self.type == "boolean" and not self.feature and set(self.says or {}) != {True, False}:
            raise ValueError("a boolean needs says: {true: [...], false: [...]}")
        if self.mention and not self.feature:
            raise ValueError("mention belongs to parameters with a feature")
        if self.contexts and self.required:
            raise ValueError(
                "a parameter with contexts cannot be required: other kinds of need do without it"
            )
        return self

    def name_on(self, platform: int) -> str | None:
        """Its name on the platform at a position; None: that platform has no such parameter."""
        return self.names if isinstance(self.names, str) else self.names[platform]

    def required_on(self, platform: int) -> bool:
        """Whether it must be given on the platform at a position."""
        return self.required if isinstance(self.required, bool) else self.required[platform]

    @property
    def always_required(self) -> bool:
        """Whether it must be given wherever there is one."""
        return self.required if isinstance(self.required, bool) else all(self.required)


class CapabilitySpec(KitPart):
    """A function that platforms offer under names of their own: 'findItem', 'searchShelf'."""

    description: str
    apis: NamesOrNone = Field(
        description="the function's name on each platform, in their order; null: it does not offer it"
    )
    personal: bool = Field(
        True,
        exclude=True,
        description="whether something of it comes from the profile; else nobody is asked for it",
    )
    parameters: dict[Identifier, ParameterSpec]
    returns: dict[str, Literal["string", "integer", "number", "boolean", "array", "object"]]
    phrasings: Words = Field(
        description="imperative fragments whose blanks are query parameters of this capability: 'find {item}'"
    )
    contexts: Words = Field((), description="kinds of need it makes sense for; none given: all")
    ordered: Annotated[tuple[tuple[str, str], ...], BeforeValidator(_tuples)] = Field(
        (), description="pairs of query parameters of which the first is earlier or smaller: [[start, end]]"
    )
    repeats: Identifier | None = Field(
        default=None,
        description="the required query parameter (no default) that tells two calls apart; none: asked once",
    )

    def names_on(self, platform: int) -> dict[str, str]:
        """Its parameters on the platform at a position: canonical name -> the platform's own."""
        names = {key: parameter.name_on(platform) for key, parameter in self.parameters.items()}
        return {key: name for key, name in names.items() if name is not None}


class CategorySpec(KitPart):
    """A functional category."""

    description: str
    capabilities: dict[Identifier, CapabilitySpec]


class GroupSpec(KitPart):
    """A group of categories, used where the tree is deeper."""

    description: str
    categories: dict[Identifier, CategorySpec]


class ToolsFile(KitPart):
    """`tools.yaml`: what the platforms can do."""

    groups: dict[Identifier, GroupSpec]

    @property
    def capabilities(self) -> dict[str, CapabilitySpec]:
        """Every capability by its name, in the file's order."""
        return {
            name: capability
            for group in self.groups.values()
            for category in group.categories.values()
            for name, capability in category.capabilities.items()
        }


class SlotSpec(KitPart):
    """A slot: the values a template's placeholder may take and their wording; exactly one kind is given."""

    choices: Words | None = None
    by_context: dict[str, Words] | None = None
    says: dict[str, Words] | None = None
    integer: Annotated[
        tuple[int, int, int] | dict[str, tuple[int, int, int]] | None, BeforeValidator(_grids)
    ] = Field(default=None, description="[low, high, step], or one for every kind of need")
    number: Annotated[
        tuple[float, float, float] | dict[str, tuple[float, float, float]] | None, BeforeValidator(_grids)
    ] = Field(default=None, description="[low, high, step], or one for every kind of need")
    date: Annotated[tuple[dt.date, dt.date], BeforeValidator(_days)] | None = Field(
        default=None, description="[first, last]"
    )
    time: Annotated[tuple[str, str, int], BeforeValidator(_tuple)] | None = Field(
        default=None, description="['07:00', '22:00', step in minutes]"
    )
    code: str | None = Field(default=None, description="mask: # digit, @ capital letter")
    several: str | None = Field(
        default=None, description="name of a choices slot; the value is a list of 2 to 3 of them"
    )
    habit: str | None = Field(default=None, description="latent feature that such values belong to")

    @model_validator(mode="after")
    def _one_kind(self) -> SlotSpec:
        kinds = [k for k in type(self).model_fields if k != "habit" and getattr(self, k) is not None]
        if len(kinds) != 1:
            raise ValueError(f"needs exactly one kind, got {kinds}")
        return self


class LexiconFile(KitPart):
    """`lexicon.yaml`: the slots, and templates for everything that is not a request itself."""

    slots: dict[str, SlotSpec]
    purposes: dict[str, Words] = Field(
        description="kind of need -> what one asks for: 'the client dinner'; said where nothing else tells"
    )
    remarks: Words = Field(description="small talk that names nothing one could ask for")
    actions: Words = Field(description="past-tense deeds with a by_context blank: 'Bought {item}'")
    interests: Words = Field(description="sentences on taste, latent: 'Keeps coming back to trail running.'")
    conflicts: dict[str, dict[str, Words]] = Field(
        default_factory=dict,
        description="basic feature -> value -> words such a person would not name: {diet: {vegan: [ham]}}",
    )
