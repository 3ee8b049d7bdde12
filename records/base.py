"""What every record shares: frozen, nothing extra, and JSON objects that models may write as text."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, WithJsonSchema


class Record(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _object_from_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not a JSON object: {error}") from None


JsonObject = Annotated[
    dict[str, JsonValue],
    BeforeValidator(_object_from_text),
    WithJsonSchema({"type": "string", "description": "a JSON object, written as text"}, mode="validation"),
]
"""A JSON object. Models write it as text: strict endpoints refuse free-form objects in an output schema."""
