"""From a composed configuration to settings, here and only here: one clear line for every fault."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import ConfigError
from .base import Part
from .messages import explain
from .run import Settings
from .secrets import refuse_secrets

Schema = TypeVar("Schema", bound=BaseModel)


def validated(config: Mapping[str, Any], schema: type[Schema] = Settings) -> Schema:
    """Turn a composed configuration into settings.

    Raises ConfigError with one line for each fault: the key, what was got, what is expected.
    """
    if not isinstance(config, Mapping):
        raise ConfigError(f"the configuration: got {type(config).__name__}, expected a mapping")
    refuse_secrets(config)
    try:
        return schema.model_validate_json(json.dumps(config))
    except ValidationError as error:
        raise ConfigError("\n".join(explain(error, schema))) from None
    except TypeError as error:
        raise ConfigError(f"a value is of no JSON type: {error}") from None


def keys(part: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Every dotted key the configuration has, `task` and `task.plan` alike."""
    for name, field in part.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, Part):
            yield from keys(field.annotation, f"{prefix}{name}.")
