"""What the roles around a person answer (§4.2): bundles of values, preferences, actions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, create_model, model_validator

from ...records import Bundles, Preferences, Record
from ...records.base import json_text
from ...texts.similar_words import LITTLE_WORDS
from .narrowing import FormRole, WantedList, dump, narrow_form, one_of

_LONGEST = 300
"""Characters of a text, for endpoints that can see to it: small models do not find an end."""
_VALUE = {"type": "string", "minLength": 1, "maxLength": 120}
_PARTS = re.compile(r"[.!?,;](?=\s)")
"""The end of a sentence or of a part of one."""
_ACTION = {"type": "string", "minLength": 8, "maxLength": 160}


class ProfileWriter(FormRole):
    """Answers with as many bundles as the layer asks for, each with the layer's features (§4.2)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """Exactly `count` bundles; endpoints that take free-form objects are told their keys as well."""
        layer = views["layer"]
        values = {feature["name"]: _value_form(feature["value_schema"]) for feature in layer["features"]}
        entry = {"properties": values, "required": list(values), "additionalProperties": False}
        items = dump(json_text(entry))
        return narrow_form(self.output, WantedList("bundles", layer["count"], layer["count"], items))

    def accept(self, record: Any, views: Mapping[str, Any]) -> Any:
        """The bundles, their texts without the part of a sentence at which the form cut them off."""
        record = super().accept(record, views)
        if not isinstance(record, Bundles):
            return record
        return Bundles(
            bundles=tuple(
                {
                    name: _without_cut_end(value) if isinstance(value, str) else value
                    for name, value in one.items()
                }
                for one in record.bundles
            )
        )


class Actor(FormRole):
    """Answers with one action for every visit (§4.2)."""

    def form(self, views: Mapping[str, Any]) -> type[BaseModel]:
        """As many actions as visits."""
        count = len(views["visits"])
        return narrow_form(self.output, WantedList("actions", count, count, dump(_ACTION)))


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
    fields: dict[str, Any] = {"decides": (one_of(characteristics), ...)} if characteristics else {}
    choice = create_model("Choice", __base__=Record, **fields, platform=(one_of(platforms), ...))
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


def _key(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", name)[:40].strip("_")


def _without_cut_end(text: str) -> str:
    """A text that the form ended, up to its last whole sentence, part or word; any other as it is."""
    if len(text) != _VALUE["maxLength"] or text[-1] in ".!?":
        return text
    parts = [part for part in _PARTS.finditer(text) if part.end() > len(text) / 2]
    if parts:
        return text[: parts[-1].end()].rstrip(",;")
    words = text.split()[:-1]
    while words and words[-1].casefold() in LITTLE_WORDS:
        words.pop()
    return " ".join(words) or text


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
