"""The roles of a run: what each must answer and may see, their agents, and the gateway they ask through.

Checked before anything is made: a role that could never do its part is the configuration's fault. It knows
no prompt's text and no protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..agents import Observation, PromptLoader, Role
from ..agents.autogen import RoleAgent, ask_agent, make_agents
from ..agents.own_agent import OwnRoleAgent
from ..environments.views import BEHAVIOUR_VIEWS, DIALOGUE_VIEWS, HIDDEN_FROM_ASSISTANT, check_sees
from ..errors import ConfigError, names
from ..models.context_window import ContextWindow
from ..models.endpoint import Endpoint
from ..models.factory import build_endpoints, fingerprint
from ..models.gateway import Gateway
from ..models.gateway.limiter import Limiter
from ..models.scripted import Library, Player, ScriptedModel
from ..models.scripted.kit import KitSource, shipped_kits
from ..models.seeds import derive
from ..records import (
    Actions,
    Bundles,
    Choice,
    Clusters,
    Expansion,
    Preferences,
    Query,
    Record,
    Solution,
    Verdict,
)
from ..settings import TOOL_MATCHER, Budget, ScenarioSettings, Settings
from ..settings.instantiate import build, locate
from ..store import versions
from ..store.run_folder import ENDPOINTS
from .own_agents import code_of, read_own_agents


@dataclass(frozen=True)
class RoleRequirement:
    """What a run expects of a role."""

    output: type[Record]
    """it answers with this record, or with a subclass of it"""
    views: frozenset[str]
    """what there is to see for it"""
    hidden: frozenset[str] = frozenset()
    """what it must not see, with the reason in the error"""


_DIALOGUE = frozenset(DIALOGUE_VIEWS)
_BEHAVIOUR = frozenset(BEHAVIOUR_VIEWS)
_OF_SOLUTION = frozenset(view for view in _DIALOGUE if view.startswith("solution"))
CORE_ROLES: dict[str, RoleRequirement] = {
    "designer": RoleRequirement(Expansion, frozenset({"scenario", "expansion"})),
    "clusterer": RoleRequirement(Clusters, frozenset({"clustering"})),
    "profile_writer": RoleRequirement(Bundles, frozenset({"layer"})),
    "chooser": RoleRequirement(Preferences, _BEHAVIOUR),
    "actor": RoleRequirement(Actions, _BEHAVIOUR),
    "user": RoleRequirement(Query, _DIALOGUE),
    "assistant": RoleRequirement(Solution, _DIALOGUE, HIDDEN_FROM_ASSISTANT),
}
"""Role that every run has -> what it expects of it."""
STRANGER, SOLVER = "stranger", "solver"
"""Roles that solve accepted queries once more: knowing nothing of the user, or as much as the assistant."""
SECOND_SOLVERS: dict[str, RoleRequirement] = {
    STRANGER: RoleRequirement(
        Solution, frozenset({"scenario", "contexts", "platforms", "apis", "query"}), HIDDEN_FROM_ASSISTANT
    ),
    SOLVER: RoleRequirement(Solution, _DIALOGUE - {"feedback"}, HIDDEN_FROM_ASSISTANT | _OF_SOLUTION),
}
"""Role -> what is expected of it where `strangers` or `consistency` ask for it."""
_MATCHER = RoleRequirement(Choice, frozenset({"scenario", "functions"}))
JUDGE = RoleRequirement(Verdict, _DIALOGUE)
"""What is expected of a judge."""
QUERY_JUDGE = RoleRequirement(Verdict, _DIALOGUE - _OF_SOLUTION)
"""What is expected of a query judge (`query_gate`): it votes before there is a solution."""


def role_names(settings: Settings) -> tuple[str, ...]:
    """Every role that takes part in a run."""
    return (*core_roles(settings), *settings.judges, *settings.query_judges, *second_solvers(settings))


def core_roles(settings: Settings) -> dict[str, RoleRequirement]:
    """The roles that a run needs besides judges; no assistant where code writes the solutions."""
    left_out = () if settings.assistant == "propose" else ("assistant",)
    roles = {name: needed for name, needed in CORE_ROLES.items() if name not in left_out}
    return {**roles, TOOL_MATCHER: _MATCHER} if settings.matches_tools else roles


def check_roles(settings: Settings, roles: Mapping[str, Role]) -> None:
    """Make sure that every role of a run is there and can do what is expected of it.

    Raises:
        ConfigError: a role is missing, answers another record, has neither prompt nor code, or lists a view
            that is not shown to it.
    """
    for name, requirement in (
        *core_roles(settings).items(),
        *((name, SECOND_SOLVERS[name]) for name in second_solvers(settings)),
        *((name, JUDGE) for name in settings.judges),
        *((name, QUERY_JUDGE) for name in settings.query_judges),
    ):
        _check_role(name, requirement, roles)


def second_solvers(settings: Settings) -> dict[str, int]:
    """The roles that solve every accepted query once more -> how often; none unless asked for."""
    times = {STRANGER: settings.strangers, SOLVER: settings.consistency}
    return {name: count for name, count in times.items() if count}


def _check_role(name: str, requirement: RoleRequirement, roles: Mapping[str, Role]) -> None:
    role = roles.get(name)
    if role is None:
        raise ConfigError(f"agent.{name}: missing, every run needs this role; there are {names(roles, name)}")
    output = requirement.output
    if not issubclass(role.output, output):
        raise ConfigError(
            f"agent.{name}.output: got {role.output.__name__}, expected {output.__name__} in this place"
        )
    if role.prompt is None and type(role).respond is Role.respond:
        raise ConfigError(f"agent.{name}.prompt: missing; only a role with its own respond() needs none")
    check_sees(name, role.sees, requirement.views, requirement.hidden)


class Participants:
    """The roles of a run with their agents, and the gateway they ask through.

    Args:
        settings: the run's.
        folders: the user's own, where kits are looked for.
        prompt_folders: where prompts are looked for before ptool's own.
        stand_in: a scripted model that answers in the place of every model of the run, without a budget; its
            library takes the place of the run's.
        limiter: as of `Gateway`.

    Raises:
        ConfigError, PromptError: a role, its views, its prompt or its model is wrong.
        UnknownPartError: the scripted model has no library for a scenario of the run, or it is too small.
    """

    def __init__(
        self,
        settings: Settings,
        folders: Iterable[Path] = (),
        prompt_folders: Iterable[Path] = (),
        stand_in: ScriptedModel | None = None,
        limiter: Limiter | None = None,
    ) -> None:
        self.settings = settings
        self.roles = _build_roles(settings, PromptLoader(tuple(prompt_folders)))
        check_roles(settings, self.roles)
        self.library = (
            stand_in.library if stand_in else Library(kit_sources(settings, folders), shipped_kits())
        )
        self.players = {name: _player(role) for name, role in self.roles.items() if role.player}
        own_agents = None if stand_in else read_own_agents(settings, role_names(settings))
        self.endpoints = {"default": Endpoint(stand_in)} if stand_in else self._endpoints()
        if own_agents is not None:
            self.endpoints |= own_agents.endpoints()
        self.windows: dict[str, ContextWindow] = {}
        """role -> the context its prompts have to fit into, where it is not its endpoint's"""
        self.gateway = Gateway(
            self.endpoints,
            concurrency=settings.concurrency,
            retries=settings.retries,
            budget=Budget() if stand_in else settings.budget,
            limiter=limiter,
        )
        self.own_agents = own_agents.build(self.gateway) if own_agents else {}
        """role -> who makes the user's agents that answer for it"""
        self._own_identity = own_agents.identity() if own_agents else {}
        self.agents: dict[str, RoleAgent] = make_agents(self.roles, self.gateway.ask)
        self.agents |= {name: OwnRoleAgent(self.roles[name], own) for name, own in self.own_agents.items()}
        self._check_scripted()

    def _endpoints(self) -> dict[str, Endpoint]:
        """Role -> endpoint, "default" for those without a model of their own; alike models share one."""
        models = {"default": self.settings.model}
        models |= {name: role.model for name, role in self.settings.agent.items() if role.model is not None}
        given = {"library": self.library, "players": self.players}
        return build_endpoints(models, given, self.settings.prices)

    def endpoint(self, role: str) -> Endpoint:
        """Who answers for a role."""
        return self.endpoints.get(role) or self.endpoints["default"]

    def is_scripted(self, role: str) -> bool:
        """Whether the scripted model answers for a role."""
        return isinstance(self.endpoint(role).client, ScriptedModel)

    def window(self, role: str) -> ContextWindow:
        """The context of the endpoint that answers for a role."""
        return self.windows.get(role) or self.endpoint(role).window

    async def measure_windows(self) -> None:
        """Find out how long a conversation may be at every endpoint, with the prompts' words to count by."""
        words = "\n".join(role.prompt.source for role in self.roles.values() if role.prompt)
        endpoints = {self.endpoint(name) for name in role_names(self.settings)}
        await asyncio.gather(*(endpoint.measure_window(words) for endpoint in endpoints))

    def _check_scripted(self) -> None:
        """Let the scripted model say what it lacks before anything is made."""
        settings = self.settings
        clients = {name: self.endpoint(name).client for name in sorted(set(role_names(settings)))}
        for name, client in clients.items():
            if name in self.own_agents:
                continue
            if isinstance(client, ScriptedModel) and type(self.roles[name]).respond is Role.respond:
                client.player(name)
        if self.asks_scripted:
            given = settings.scenarios() if settings.tree.file or settings.tools.files else ()
            for scenario in settings.all_scenarios():
                self.library.kit(scenario.name)
                if scenario not in given:
                    self.library.check_size(
                        scenario.name,
                        settings.platforms,
                        settings.apis,
                        settings.tree.depth,
                        settings.tree.branching,
                    )

    def sees(self, *roles: str) -> dict[str, tuple[str, ...]]:
        """The views of some roles: role -> names."""
        return {name: tuple(self.roles[name].sees) for name in roles}

    async def ask(self, role: str, stage: str, item: str, views: Mapping[str, Any], seed: int) -> Any:
        """One role's record for one item, outside of any conversation.

        Args:
            role: who is asked.
            stage, item: decide the seed.
            views: everything there is to see; the role is shown what it lists.
            seed: of those it is asked for.
        """
        shown = {view: views[view] for view in self.roles[role].sees}
        observation = Observation(
            role=role, turn=f"{stage}/{item}/{role}", seed=derive(seed, stage, item, role, 0), views=shown
        )
        return (await ask_agent(self.agents[role], observation)).record

    def identity(self, extensions: Iterable[type] = ()) -> dict[str, str]:
        """What makes another run of the same settings the same run: prompts, libraries and code too.

        Args: extensions: classes of checks and gates, whose code has a say as well.
        """
        names = sorted({endpoint.lasting_name for endpoint in self.endpoints.values()} - {""})
        return ({ENDPOINTS: " and ".join(names)} if names else {}) | {
            "settings": self.settings.digest(),
            "prompts": fingerprint(self.prompts()),
            "libraries": fingerprint(self.library.fingerprints()),
            "models": fingerprint({name: endpoint.identity for name, endpoint in self.endpoints.items()}),
            "code": fingerprint([versions()["ptool"], *self._foreign_code(extensions)]),
            **self._own_identity,
        }

    def _foreign_code(self, extensions: Iterable[type]) -> list[str]:
        """Fingerprints of the modules outside of ptool that roles, players, models and others come from."""
        things = (
            *map(type, self.roles.values()),
            *self.players.values(),
            *(type(endpoint.client) for endpoint in self.endpoints.values()),
            *extensions,
        )
        return code_of(thing.__module__ for thing in things)

    def prompts(self) -> dict[str, str]:
        """Role -> SHA-256 of its prompt; roles of code alone are left out."""
        return {name: role.prompt_hash for name, role in self.roles.items() if role.prompt_hash}

    @property
    def asks_scripted(self) -> bool:
        """Whether the scripted model answers for some role of the run."""
        return any(self.is_scripted(name) for name in role_names(self.settings))

    @property
    def scripted(self) -> bool:
        """Whether no language model takes part."""
        return all(isinstance(endpoint.client, ScriptedModel) for endpoint in self.endpoints.values())

    def describe_model(self) -> str:
        """What answers, in the model's own words where it has any."""
        return self.endpoints["default"].name


def scripted_model(
    settings: Settings, folders: Iterable[Path] = (), prompt_folders: Iterable[Path] = ()
) -> tuple[ScriptedModel, Library]:
    """The scripted model of a run outside of it, and what it knows: every kit of ptool's own as well.

    Args: as of `Participants`.

    Raises: as `Participants`; ConfigError also where the run's model is another one.
    """
    sources: dict[str, KitSource] = {**shipped_kits()}
    sources |= {name: source for name, source in kit_sources(settings, folders).items() if source is not None}
    library = Library(sources)
    roles = _build_roles(settings, PromptLoader(tuple(prompt_folders)))
    players = {name: _player(role) for name, role in roles.items() if role.player}
    kind = locate(settings.model.target, "model._target_")
    if not (isinstance(kind, type) and issubclass(kind, ScriptedModel)):
        raise ConfigError(f"model: got {settings.model.target!r}, expected the scripted one (model=scripted)")
    for name in sources:
        library.kit(name)
    return build(settings.model, "model", library=library, players=players), library


def _build_roles(settings: Settings, prompts: PromptLoader) -> dict[str, Role]:
    roles: dict[str, Role] = {}
    for name, spec in settings.agent.items():
        role = build(spec, f"agent.{name}", prompts=prompts)
        if not isinstance(role, Role):
            raise ConfigError(
                f"agent.{name}._target_: {spec.target} is no ptool.agents.Role, got {type(role).__name__}"
            )
        roles[name] = role
    return roles


def _player(role: Role) -> Player:
    where = f"agent.{role.name}.player"
    located = locate(str(role.player), where)
    player = located() if isinstance(located, type) else located
    if not callable(player):
        raise ConfigError(
            f"{where}: got {role.player!r}, expected a function or a class whose objects are called"
        )
    return player


def kit_sources(settings: Settings, folders: Iterable[Path]) -> dict[str, KitSource | None]:
    """Every scenario of a run -> where its kit is; None where it has none.

    Raises:
        ConfigError: a kit is named that is not there.
    """
    folders = tuple(folders)
    return {scenario.name: _kit_source(scenario, folders) for scenario in settings.all_scenarios()}


def _kit_source(scenario: ScenarioSettings, folders: tuple[Path, ...]) -> KitSource | None:
    """Where a scenario's kit is: in its own YAML, ptool's by name, or a folder (also beside that YAML)."""
    kit, shipped = scenario.kit, shipped_kits()
    if isinstance(kit, dict):
        return kit
    if kit is None:
        return shipped.get(scenario.name)
    if kit in shipped:
        return shipped[kit]
    for place in (Path(kit), *(folder / part / kit for folder in folders for part in ("", "scenario"))):
        if place.is_dir():
            return str(place)
    known = names(shipped, kit)
    raise ConfigError(f"scenario.kit: got {kit!r}, which is neither a folder nor one of ptool's kits {known}")
