"""Models named in the configuration become endpoints: a client each, its limits, its price.

Roles whose models are configured alike share one endpoint, so there is one client for each in a process. An
AutoGen program of one's own gets a client with a gateway of its own (`gateway_client`). It knows no stage.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
from autogen_core.models import ChatCompletionClient
from pydantic import ValidationError

from ..errors import ConfigError
from ..settings import Budget, ModelSettings, Price, Retries
from ..settings.instantiate import build, locate
from .endpoint import CallLog, Endpoint
from .gateway import CallScope, Gateway, GatewayClient
from .gateway.prices import price_of
from .seeds import derive

COMPONENT = "ptool.models.clients.autogen_component.component"
"""The `_target_` that makes a client of an AutoGen component."""


def build_endpoints(
    models: Mapping[str, ModelSettings], given: Mapping[str, Any], prices: str | None = None
) -> dict[str, Endpoint]:
    """Build the endpoints of some roles.

    Args:
        models: role -> its model; "default" is the run's.
        given: what code hands to clients that take it, such as the scripted model's library.
        prices: a price list of the user's own.

    Raises:
        ConfigError: a model cannot be built; says its key.
    """
    endpoints: dict[str, Endpoint] = {}
    for role, spec in models.items():
        same = next((endpoints[other] for other in endpoints if models[other] == spec), None)
        where = "model" if role == "default" else f"agent.{role}.model"
        endpoints[role] = same or build_endpoint(spec, where, given, prices)
    return endpoints


def build_endpoint(
    spec: ModelSettings, where: str, given: Mapping[str, Any], prices: str | None = None
) -> Endpoint:
    """Build one endpoint; `where` is its configuration key. Raises ConfigError."""
    parameters = _parameters(locate(spec.target, f"{where}._target_"))
    own = {"context": spec.context, "name": spec.name}
    given = {**given, **{name: value for name, value in own.items() if value is not None}}
    given = {name: value for name, value in given.items() if name in parameters}
    try:
        client = build(spec, where, **given)
    except ConfigError as error:  # clients call themselves `model`, whosever they are
        raise ConfigError(re.sub(r"^model(?=[.:=])", where, str(error))) from error
    if not isinstance(client, ChatCompletionClient):
        got = type(client).__name__
        raise ConfigError(f"{where}._target_: got a {got}, expected an AutoGen ChatCompletionClient")
    return Endpoint(
        client=client,
        name=str(getattr(client, "note", "") or spec.target),
        identity=fingerprint([spec.identity(), getattr(client, "fingerprint", None)]),
        limits=spec.limits,
        price=_price(spec, prices),
        context=spec.context,
        lasting_name=spec.lasting_name,
    )


def gateway_client(
    model: Mapping[str, Any],
    *,
    log: CallLog | None = None,
    name: str = "agent",
    budget: Budget = Budget(),  # noqa: B008 (frozen)
    retries: Retries = Retries(),  # noqa: B008 (frozen)
    concurrency: int = 16,
    seed: int = 0,
) -> GatewayClient:
    """A client for an AutoGen program of one's own; `client.scope.gateway.close()` closes its gateway.

    Args:
        model: `_target_` with its arguments, as in conf/model, or a component (`provider`, `config`).
        log: keeps the answers, such as an open `ptool.store.Ledger`; None: for this process alone.
        name: whose calls they are, in the ledger and in seeds.
        budget: what all calls may cost, those the log already knows included.
        retries: how long a failing endpoint is borne with.
        concurrency: calls in flight.
        seed: another one, other answers.

    Raises ConfigError: the model cannot be built, or `budget.usd` is set and its price is not known.
    """
    given = {"_target_": COMPONENT, **model} if "provider" in model else dict(model)
    try:
        spec = ModelSettings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ConfigError(f"model.{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    endpoints = {"default": build_endpoint(spec, "model", {})}
    gateway = Gateway(endpoints, concurrency=concurrency, log=log, retries=retries, budget=budget)
    return GatewayClient(CallScope(gateway, name, name, derive(seed, name)))


def fingerprint(value: Any) -> str:
    """Sixteen hex digits that stand for bytes or a JSON value."""
    content = value if isinstance(value, bytes) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return blake2b(content, digest_size=8).hexdigest()


def _price(spec: ModelSettings, prices: str | None) -> Price | None:
    if spec.price:
        return spec.price
    arguments = spec.arguments()
    config = arguments.get("config")
    name = arguments.get("model") or (config.get("model") if isinstance(config, Mapping) else None)
    return price_of(str(name), Path(prices) if prices else None) if name or prices else None


def _parameters(make: Callable[..., Any]) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(make).parameters)
    except (TypeError, ValueError):  # some built-in types tell nobody
        return frozenset()
