"""A lexicon: words for functions that are brought along (`tools.lexicon`), its format field by field.

It names kinds of need, and the values of what people say of their own accord; `tool_kit` puts them together
with the functions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from ...errors import ConfigError, names
from ...settings.texts import check_texts, read_yaml
from .kit_schema import ContextSpec, Identifier, KitPart, SlotSpec, Words
from .people import feature_types

KEY = "tools.lexicon"
_DIMENSIONS = {
    "price": "a low price",
    "speed": "speed",
    "selection": "a large choice",
    "service": "good service",
}
_REMARKS = (
    "Thanks in advance.",
    "There is no hurry.",
    "I am just about to leave.",
    "Sorry for the short notice.",
)


class NeedSpec(ContextSpec):
    """A kind of need, with what one asks for where nothing else tells it."""

    purposes: Words = Field(description="what it is for: 'the client meeting'")


class WordedParameter(KitPart):
    """What a parameter of some functions is said with: a slot, or a feature of the profile."""

    names: tuple[str, ...] = Field(
        (), description="its names in the documents, or function.name; beside its key"
    )
    feature: str | None = Field(None, description="the basic feature that fills it")
    slot: SlotSpec | None = Field(None, description="the values it may have, in the words for them")
    clause: Words = Field((), description="how a query states it, with the blank {value}")
    mention: Words = Field((), description="how a query asks for an optional feature without giving it")

    @field_validator("names", mode="before")
    @classmethod
    def _as_tuple(cls, given: Any) -> Any:
        return tuple(given) if isinstance(given, list) else given

    @property
    def tells_need(self) -> bool:
        """Whether its values belong to kinds of need."""
        return self.slot is not None and self.slot.by_context is not None


class ToolLexicon(KitPart):
    """The file, field by field."""

    name: Identifier | None = Field(None, description="of the scenario; none: as the run names it")
    description: str | None = Field(None, description="what people do there, one sentence")
    contexts: dict[Identifier, NeedSpec] = Field(min_length=2, description="the kinds of need")
    dimensions: dict[Identifier, str] = Field(
        default_factory=lambda: dict(_DIMENSIONS),
        description="what platforms differ in -> what a user wants there",
    )
    parameters: dict[Identifier, WordedParameter] = Field(description="what is said")
    capabilities: dict[Identifier, Words] = Field(
        default_factory=dict, description="capability -> ways to ask for it: 'find flights to {destination}'"
    )
    actions: Words = Field(
        (), description="past deeds, with the blank of a parameter that tells the kind of need"
    )
    remarks: Words = Field(_REMARKS, description="small talk")
    interests: Words = Field((), description="sentences on taste")


_OWN_KEYS = frozenset(("names", "feature", "clause", "mention"))


def read_lexicon(path: Path) -> ToolLexicon:
    """A lexicon from its file.

    Raises:
        ConfigError: it cannot be read or breaks the format; says where.
    """
    where = f"{KEY}: {path}"
    try:
        content = read_yaml(path)
    except OSError as error:
        raise ConfigError(f"{where}: cannot be read: {error.strerror}") from None
    except ConfigError as error:
        raise ConfigError(f"{KEY}: {error}") from None
    check_texts(content, where)
    try:
        lexicon = ToolLexicon.model_validate(_with_slots(content))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise ConfigError(f"{where}: {place or 'the file'}: {first['msg']}") from None
    if not any(worded.tells_need for worded in lexicon.parameters.values()):
        raise ConfigError(
            f"{where}: parameters: none has by_context, so nothing tells what kind of need somebody has"
        )
    for name, worded in lexicon.parameters.items():
        if (worded.feature is None) == (worded.slot is None):
            raise ConfigError(
                f"{where}: parameters.{name}: expected a feature, or one kind of values such as choices"
            )
        _check_needs(worded, set(lexicon.contexts), f"{where}: parameters.{name}")
        if worded.feature is not None and worded.feature not in feature_types():
            known = names(feature_types(), worded.feature)
            raise ConfigError(
                f"{where}: parameters.{name}.feature: got {worded.feature!r}, there are {known}"
            )
    return lexicon


def _check_needs(worded: WordedParameter, contexts: set[str], where: str) -> None:
    """Refuse values that are said for some kinds of need and not for others."""
    slot = worded.slot
    for key in ("by_context", "integer", "number") if slot else ():
        given = getattr(slot, key)
        if isinstance(given, dict) and set(given) != contexts:
            raise ConfigError(
                f"{where}.{key}: got {names(given)}, expected every kind of need: {names(contexts)}"
            )


def _with_slots(content: Any) -> Any:
    """The content with the values of a parameter, which stand beside its other keys, as its slot."""
    parameters = content.get("parameters") if isinstance(content, dict) else None
    if not isinstance(parameters, dict):
        return content
    nested = {
        name: {
            **{key: value for key, value in given.items() if key in _OWN_KEYS},
            **({"slot": slot} if (slot := {k: v for k, v in given.items() if k not in _OWN_KEYS}) else {}),
        }
        if isinstance(given, dict)
        else given
        for name, given in parameters.items()
    }
    return {**content, "parameters": nested}
