"""Objects named in the configuration are made here: `_target_` and its arguments become a thing.

It knows nothing of what is made. A `_target_` comes from the user's own configuration alone, never from a
model or a data file.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..errors import ConfigError, PtoolError, names
from . import ObjectSettings


def build(spec: ObjectSettings, where: str, **given: Any) -> Any:
    """Call `spec.target` with the configured arguments and those given by code, which win.

    Args: where: the configuration key, for messages, such as 'agent.verifier'; given: further arguments.
    Raises ConfigError for an unknown target or an argument it does not take.
    """
    make = locate(spec.target, f"{where}._target_")
    arguments = {**spec.arguments(), **given}
    _check_arguments(make, arguments, where)
    try:
        return make(**arguments)
    except PtoolError:
        raise
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}: {spec.target} refuses its arguments: {error}") from error


def locate(dotted: str, where: str) -> Callable[..., Any]:
    """The class or function behind a dotted name; Hydra refuses dangerous ones.

    Raises ConfigError that names `where`, what was got and why it is not there.
    """
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    try:
        return instantiate({"_target_": dotted, "_partial_": True}).func
    except InstantiationException as error:
        reason = " ".join(str(error.__cause__ or error).replace("full_key: ", "").split())
        raise ConfigError(f"{where}: got {dotted!r}, which cannot be used: {reason[:300]}") from error


def _check_arguments(make: Callable[..., Any], arguments: dict[str, Any], where: str) -> None:
    try:
        parameters = inspect.signature(make).parameters
    except (TypeError, ValueError):
        return
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    for key in arguments:
        if key not in parameters and not open_ended:
            raise ConfigError(f"{where}.{key}: no such argument; there are {names(parameters, key)}")
    for key, parameter in parameters.items():
        variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if parameter.default is parameter.empty and not variadic and key not in arguments:
            raise ConfigError(f"{where}.{key}: missing, {make.__qualname__} requires it")
