"""The form of a role's answer: its output record, narrowed to what this very call asks (`narrow_form`).

What comes out is still the record: whoever answers the whole record is right too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar, cast, get_origin

import orjson
from pydantic import BaseModel, Field, create_model

from ...models.output_schema import most_tokens
from ...models.prompt_blocks import plain
from ...models.request import Request, hotter
from ...records.base import json_text
from ..examples import copied_text
from ..role import Observation, Role


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
    if (copied := copied_part(record, examples, views)) is not None:
        raise ValueError(f"{copied[:80]!r} comes from an example; write something of your own")
    return record


def copied_part(record: Any, examples: tuple[str, ...], views: Mapping[str, Any]) -> str | None:
    """The first text of a record that repeats an example; None: there is none."""
    if not examples:
        return None
    return copied_text(_texts(record), examples, lambda: " ".join(str(views[name]) for name in views))


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


def dump(schema: Any) -> str:
    """A schema as text, so that a form can be found by it."""
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


@lru_cache(maxsize=64)
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


def one_of(values: Sequence[str]) -> Any:
    """The type of a text that is one of these, for endpoints that can see to it."""
    return Annotated[str, Field(json_schema_extra={"enum": list(values)})] if values else str
