"""What models cost, from a list that names its sources; a model that is not in it has no price, and not 0.

It knows no endpoint: the same name may cost something else, or nothing, elsewhere (`model.price` says so).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ...errors import ConfigError
from ...settings import Price
from ...settings.texts import read_yaml

OWN = Path(__file__).with_name("prices.yaml")
"""ptool's list."""

_DATE = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$")


class _Source(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    checked: date
    models: dict[str, Price]


def price_of(model: str, own: Path | None = None) -> Price | None:
    """What a model costs; None: not known.

    Args: model: the name it is asked for by; own: a price list of the user's, looked at first.

    Raises ConfigError: that list cannot be read.
    """
    for listed in (_read(own) if own else {}, _read(OWN)):
        if price := listed.get(model) or listed.get(_DATE.sub("", model)):
            return price
    return None


@cache
def _read(path: Path) -> Mapping[str, Price]:
    try:
        given = read_yaml(path)
        sources = [_Source.model_validate(one) for one in (given if isinstance(given, list) else [given])]
    except OSError as error:
        raise ConfigError(f"prices: {path} cannot be read: {error.strerror or error}") from None
    except ConfigError as error:
        raise ConfigError(f"prices: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "an entry"
        raise ConfigError(f"prices: {path}: {where}: {first['msg']}; {OWN.name} shows the form") from None
    return {name: price for source in sources for name, price in source.models.items()}
