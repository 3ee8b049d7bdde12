"""The user's AutoGen agents and teams that answer for roles (`agent.ROLE.component`, `agent.ROLE.agent`).

What the configuration names is read and built here, before anything is made. How an agent answers is told in
`agents.own_agent`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..agents.component_file import ComponentFile, providers, read_component
from ..agents.own_agent import AnswerBounds, OwnAgent, Player, checked_player, load_player
from ..errors import ConfigError, PtoolError
from ..models.endpoint import Endpoint
from ..models.factory import COMPONENT, build_endpoint, fingerprint
from ..models.gateway import CallScope, Gateway, GatewayClient
from ..settings import ModelSettings, ObjectSettings, RoleSettings, Settings
from ..settings.instantiate import build, locate

_CLIENT = "model_client"
"""The argument that whoever makes an agent is handed its model by."""


@dataclass(frozen=True)
class OwnAgents:
    """The agents of a run that are the user's: what they name, read and not built yet."""

    settings: Settings
    components: Mapping[str, ComponentFile]
    """role -> the component that answers for it"""

    def endpoints(self) -> dict[str, Endpoint]:
        """Endpoints of the models that components name, by the names they have there.

        Raises ConfigError: a model cannot be built.
        """
        return {
            model.endpoint: build_endpoint(
                ModelSettings.model_validate(
                    {"_target_": COMPONENT, "provider": model.provider, "config": dict(model.config)}
                ),
                f"{_where(role, 'component')}: {model.place}",
                {},
                self.settings.prices,
            )
            for role, component in self.components.items()
            for model in component.models
        }

    def build(self, gateway: Gateway) -> dict[str, OwnAgent]:
        """Role -> who makes the agents that answer for it.

        Raises ConfigError: one cannot be made.
        """
        agents: dict[str, OwnAgent] = {}
        for role, spec in _played(self.settings).items():
            limits = spec.limits
            bounds = AnswerBounds(**limits.model_dump()) if limits else AnswerBounds()
            if spec.agent is not None:
                where, make = _where(role, "agent"), _maker(spec.agent, _where(role, "agent"))
            else:
                where = f"{_where(role, 'component')}: {spec.component}"
                make = partial(_load, self.components[role], where)
            agents[role] = OwnAgent(role, make, gateway, bounds, where)
        return agents

    def identity(self) -> dict[str, str]:
        """What makes another run the same run: the files, and the code that is not AutoGen's or ptool's."""
        if not _played(self.settings):
            return {}
        modules = {
            name.rpartition(".")[0]
            for component in self.components.values()
            for name in providers(component.component)
        }
        modules |= {
            locate(spec.agent.target, _where(role, "agent")).__module__
            for role, spec in _played(self.settings).items()
            if spec.agent is not None
        }
        files = {role: component.digest for role, component in self.components.items()}
        own = (name for name in modules if not name.startswith("autogen_"))
        return {"agents": fingerprint([files, code_of(own)])}


def code_of(modules: Iterable[str]) -> list[str]:
    """Fingerprints of the files of imported modules, those of ptool left out."""
    foreign = sorted(name for name in set(modules) if not name.startswith("ptool."))
    files = (getattr(sys.modules.get(name), "__file__", None) for name in foreign)
    return [fingerprint(Path(file).read_bytes()) for file in files if file]


def read_own_agents(settings: Settings, roles: Iterable[str]) -> OwnAgents:
    """Read what a run says of agents of the user's.

    Args: roles: those that are asked in the run.

    Raises ConfigError: a file cannot be used, or the role is not asked.
    """
    asked = set(roles)
    for role, spec in _played(settings).items():
        if role not in asked:
            key = "agent" if spec.component is None else "component"
            advice = "; it is with assistant=propose" if role == "assistant" else ""
            raise ConfigError(f"{_where(role, key)}: the role is not asked in this run{advice}")
    return OwnAgents(
        settings,
        {
            role: read_component(
                spec.component, _where(role, "component"), role, own_models=spec.clients != "role"
            )
            for role, spec in _played(settings).items()
            if spec.component is not None
        },
    )


def _played(settings: Settings) -> dict[str, RoleSettings]:
    return {role: spec for role, spec in settings.agent.items() if spec.played_by_own_agent}


def _where(role: str, key: str) -> str:
    return f"agent.{role}.{key}"


def _load(component: ComponentFile, where: str, scope: CallScope) -> Player:
    del scope  # the clients of a component find it themselves
    return load_player(component.component, where)


def _maker(spec: ObjectSettings, where: str) -> Callable[[CallScope], Player]:
    """What makes an agent by a class or function of the user's, which is handed the role's model."""
    located = locate(spec.target, f"{where}._target_")
    try:
        takes_client = _CLIENT in inspect.signature(located).parameters
    except (TypeError, ValueError):
        takes_client = False

    def make(scope: CallScope) -> Player:
        given = {_CLIENT: GatewayClient(scope)} if takes_client else {}
        try:
            return checked_player(build(spec, where, **given), f"{where}._target_")
        except PtoolError:
            raise
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            raise ConfigError(f"{where}: {spec.target} cannot make an agent: {reason}") from error

    return make
