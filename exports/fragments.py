"""JSON of what many records repeat, made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

OPTIONS = orjson.OPT_NON_STR_KEYS


class Fragments:
    """The JSON of the parts of a record, taken again where a part is the very object of the record before."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[Any, orjson.Fragment]] = {}

    def of(self, name: str, value: Any, build: Callable[[], Any] | None = None) -> orjson.Fragment:
        """The JSON of a value.

        Args: name: tells parts of a record apart; build: what is written of it, where it is not the value.
        """
        if name not in self._before or self._before[name][0] is not value:
            written = value if build is None else build()
            self._before[name] = value, orjson.Fragment(orjson.dumps(written, option=OPTIONS))
        return self._before[name][1]
