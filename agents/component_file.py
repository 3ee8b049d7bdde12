"""A file with an AutoGen agent or team: read, taken out of Studio's wrappers, its models named.

Where a component names a model client, a `GatewayClient` takes its place, so that its calls are kept like all
others. It imports no AutoGen and loads nothing: what a file says is data here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from ..errors import ConfigError, printable

MOST_BYTES = 8_000_000
"""Bytes of a component's file."""
MOST_PARTS = 200_000
"""Values in a component's file."""
DEEPEST = 100
"""Levels of a component's file."""
PLACEHOLDER = "ptool.models.gateway.GatewayClient"
"""The provider that stands for the role's model."""

_PLACEHOLDERS = (PLACEHOLDER, "ptool.models.gateway.client.GatewayClient")
_CACHES = ("autogen_ext.models.cache.ChatCompletionCache",)
_MODEL_KEYS = ("model_client",)
_WRAPPERS = ("component", "config", "components", "team", "teams", "agent", "agents")
_PLAYERS = ("agent", "team")


@dataclass(frozen=True)
class ModelOfComponent:
    """One model client that a component names."""

    place: str
    """where it stands, such as 'config.participants[0].config.model_client'"""
    endpoint: str
    """what the endpoint is called that it becomes"""
    provider: str
    config: Mapping[str, Any]


@dataclass(frozen=True)
class ComponentFile:
    """A component whose models are placeholders."""

    component: Mapping[str, Any]
    models: tuple[ModelOfComponent, ...]
    """what they stand for, but for those that stand for the role's model"""
    digest: str
    """stands for the file's bytes"""


def read_component(path: str, where: str, role: str, *, own_models: bool) -> ComponentFile:
    """The agent or team in a file: as `dump_component` writes it, or in a wrapper of AutoGen Studio's.

    Args:
        path: the file; where: its configuration key; role: whom it answers for.
        own_models: whether the models it names answer, instead of the role's.

    Raises ConfigError: it cannot be read, is too large, or holds no agent or team, or several.
    """
    try:
        with Path(path).open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{where}: {path} cannot be read: {error.strerror or error}") from None
    if len(body) > MOST_BYTES:
        raise ConfigError(f"{where}: {path} has more than {MOST_BYTES:,} bytes")
    where = f"{where}: {path}"
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"{where}: not JSON: {printable(str(error), 200)}") from None
    component, place = _the_player(data, where)
    _refuse_endless(component, where)
    replaced = _Replacer(role, where, own_models)
    loaded = replaced.value(component, place)
    return ComponentFile(loaded, tuple(replaced.models), blake2b(body, digest_size=16).hexdigest())


def _is_component(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("provider"), str) and "config" in value


def _the_player(data: Any, where: str) -> tuple[dict[str, Any], str]:
    """The one agent or team of a file, and where in it that stands."""
    found = list(_players(data, "", 0))
    if not found:
        got = _described(data)
        raise ConfigError(
            f"{where}: got {got}, expected an agent or a team as dump_component writes it: "
            "{provider, component_type, config}"
        )
    if len(found) > 1:
        listed = ", ".join(
            f"{place} ({printable(str(one.get('label') or one['provider']), 60)})" for one, place in found[:8]
        )
        raise ConfigError(
            f"{where}: holds {len(found)} agents and teams: {listed}; put the one that is meant into a file "
            "of its own"
        )
    return found[0]


def _described(data: Any) -> str:
    if _is_component(data):
        return f"a component of type {printable(repr(data.get('component_type')), 60)}"
    if isinstance(data, dict):
        listed = ", ".join(printable(str(key), 40) for key in list(data)[:8])
        return f"an object with the keys {listed}" if data else "an empty object"
    return f"a JSON {'list' if isinstance(data, list) else type(data).__name__}"


def _players(data: Any, place: str, depth: int) -> Iterator[tuple[dict[str, Any], str]]:
    """The agents and teams in a file and its wrappers; what stands inside of one is its own."""
    if depth > len(_WRAPPERS):
        return
    if _is_component(data):
        if data.get("component_type") in (*_PLAYERS, None):
            yield data, place
    elif isinstance(data, dict):
        for key in _WRAPPERS:
            if key in data:
                yield from _players(data[key], f"{place}.{key}".lstrip("."), depth + 1)
    elif isinstance(data, list):
        for number, one in enumerate(data[:1000]):
            yield from _players(one, f"{place}[{number}]", depth + 1)


def _refuse_endless(component: Any, where: str) -> None:
    """Raise ConfigError where a component has too many values, or too many levels."""
    level, parts = [component], 0
    for _ in range(DEEPEST):
        parts += len(level)
        if not level or parts > MOST_PARTS:
            break
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    if level:
        raise ConfigError(f"{where}: more than {DEEPEST} levels or {MOST_PARTS:,} values, which no agent has")


class _Replacer:
    """Puts a `GatewayClient` into the place of every model client of a component."""

    def __init__(self, role: str, where: str, own_models: bool) -> None:
        self._role = role
        self._where = where
        self._own_models = own_models
        self.models: list[ModelOfComponent] = []

    def value(self, value: Any, place: str, key: str = "") -> Any:
        """The value with its models replaced."""
        if isinstance(value, list):
            return [self.value(one, f"{place}[{number}]", key) for number, one in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if _is_component(value) and self._is_model(value, key):
            return self._model(value, place)
        return {name: self.value(inner, f"{place}.{name}".lstrip("."), name) for name, inner in value.items()}

    @staticmethod
    def _is_model(component: Mapping[str, Any], key: str) -> bool:
        provider: str = component["provider"]
        return (
            component.get("component_type") == "model"
            or key in _MODEL_KEYS
            or provider in (*_PLACEHOLDERS, *_CACHES)
            or provider.startswith("autogen_ext.models.")
        )

    def _model(self, component: Mapping[str, Any], place: str) -> dict[str, Any]:
        provider, config = component["provider"], component["config"]
        if not isinstance(config, dict):
            raise ConfigError(f"{self._where}: {place}.config: got {_described(config)}, expected an object")
        if provider in _CACHES and _is_component(config.get("client")):
            return self._model(config["client"], f"{place}.config.client")  # the ledger keeps answers
        if provider in _PLACEHOLDERS or not self._own_models:
            return _placeholder("")
        return _placeholder(self._endpoint(provider, self._without_key(config, place), place))

    def _without_key(self, config: Mapping[str, Any], place: str) -> dict[str, Any]:
        """The configuration without a key that was blacked out when it was written."""
        key = config.get("api_key")
        if isinstance(key, str) and key.strip("*"):
            raise ConfigError(
                f"{self._where}: {place}.config.api_key: a key stays out of files; take it out, and put it "
                "into the environment variable that the client reads, such as OPENAI_API_KEY"
            )
        return {name: value for name, value in config.items() if name != "api_key"}

    def _endpoint(self, provider: str, config: dict[str, Any], place: str) -> str:
        for model in self.models:
            if (model.provider, model.config) == (provider, config):
                return model.endpoint
        endpoint = f"{self._role}/{len(self.models)}"
        self.models.append(ModelOfComponent(place, endpoint, provider, config))
        return endpoint


def _placeholder(endpoint: str) -> dict[str, Any]:
    return {
        "provider": PLACEHOLDER,
        "component_type": "model",
        "version": 1,
        "component_version": 1,
        "config": {"endpoint": endpoint} if endpoint else {},
    }


def providers(component: Any) -> Iterator[str]:
    """The class names in a component, those of its parts included."""
    if isinstance(component, list):
        for one in component:
            yield from providers(one)
    elif isinstance(component, dict):
        if _is_component(component):
            yield component["provider"]
        for inner in component.values():
            yield from providers(inner)
