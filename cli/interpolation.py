"""Interpolations of a configuration (`${key}`), bounded: a few lines of them can stand for no end of values.

What a value becomes is counted while it is resolved, wherever the interpolations stand: in files, overrides,
one inside of another. It knows no key of a configuration.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from omegaconf.base import Container
from omegaconf.errors import InterpolationResolutionError

from ..settings.texts import LONGEST_TEXT

MAX_INTERPOLATIONS = 1_000
"""Interpolations that one configuration may resolve: what is shipped resolves some thirty."""


def bound_interpolations() -> None:
    """Let OmegaConf end where a configuration resolves too much, or a text gets too long."""
    resolve = Container.resolve_parse_tree
    if hasattr(resolve, "__wrapped__"):
        return
    configuration: Any = None
    count = 0

    @wraps(resolve)
    def counted(self: Container, *args: Any, **kwargs: Any) -> Any:
        nonlocal configuration, count
        if (root := self._get_root()) is not configuration:
            configuration, count = root, 0
        count += 1
        if count > MAX_INTERPOLATIONS:
            raise InterpolationResolutionError(
                f"its interpolations stand for more than {MAX_INTERPOLATIONS:,} values"
            )
        value = resolve(self, *args, **kwargs)
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise InterpolationResolutionError(
                f"its interpolations become more than {LONGEST_TEXT:,} characters"
            )
        return value

    Container.resolve_parse_tree = counted
