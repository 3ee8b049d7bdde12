"""A record asked for in part: only some of its lists, each with so many entries.

A model that is shown four lists and told to fill one often fills none. So the *form* of an answer is narrowed
to what this very call wants: the JSON schema names the wanted fields alone, and they may not be empty. What
comes out is still the record. This module knows neither roles nor what the fields mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

import orjson
from pydantic import BaseModel, Field, create_model

Asked = TypeVar("Asked", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One list of a record that a call wants.

    Args:
        field: the list's name.
        least, most: how many entries; most None: any number.
        items: JSON text of a schema that says more of an entry than the record does; empty: nothing more.
    """

    field: str
    least: int = 1
    most: int | None = None
    items: str = ""


def narrowed(record: type[Asked], *wanted: Wanted) -> type[Asked]:
    """A subclass of `record` whose JSON schema has the wanted fields only, none of them empty.

    Every other field keeps its default and may still be given, so whoever answers the whole record is right
    too. Made once for every combination (making a class takes about a millisecond).
    """
    return cast(type[Asked], _narrowed(record, wanted))


@lru_cache(maxsize=1024)
def _narrowed(record: type[BaseModel], wanted: tuple[Wanted, ...]) -> type[BaseModel]:
    return create_model(
        record.__name__,
        __base__=record,
        __module__=record.__module__,
        __doc__=record.__doc__,
        __cls_kwargs__={"json_schema_extra": _only(wanted)},
        **{one.field: _bounded(record, one) for one in wanted},
    )


def _bounded(record: type[BaseModel], wanted: Wanted) -> Any:
    field = record.model_fields[wanted.field]
    return field.annotation, Field(
        min_length=wanted.least, max_length=wanted.most, description=field.description
    )


def _only(wanted: Iterable[Wanted]) -> Callable[[dict[str, Any]], None]:
    def change(schema: dict[str, Any]) -> None:
        properties = {one.field: schema["properties"][one.field] for one in wanted}
        for one in wanted:
            if one.items:
                properties[one.field]["items"] = orjson.loads(one.items)
        schema["properties"], schema["required"] = properties, list(properties)

    return change
