"""The world of one scenario, made ready for its environments: texts written once, validators compiled once.

A world never changes. It knows who lives in it (profiles, histories) and which user feature fills which
parameter; it knows no role, no protocol and no model.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Self, TypeVar

import jsonschema_rs

from ..errors import ConfigError, names
from ..models import prompt_blocks as blocks
from ..models.tool_selection import Bound, OfferedTool, RankedTools, rank_tools
from ..records import Api, Conflict, History, Platform, Profile, ScenarioWorld
from ..records.scenario import conflict_pattern
from .people import FewPeople, People

FeatureOf = Mapping[tuple[str, str, str], str]
"""(platform, API, parameter) -> the feature that can fill it."""

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?(Z|[+-]\d{2}:\d{2})?\Z")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](.+)\Z")


def _is_time(text: str) -> bool:
    return _TIME.match(text) is not None


def _is_moment(text: str) -> bool:
    match = _MOMENT.match(text)
    return match is not None and _is_time(match[2]) and _DATE.is_valid(match[1])


_DATE = jsonschema_rs.validator_for({"type": "string", "format": "date"}, validate_formats=True)
# RFC 3339 wants seconds and an offset; tools take '18:30' and people mean local time.
_FORMATS = {"time": _is_time, "date-time": _is_moment}


def compile_schema(schema: Mapping[str, Any]) -> jsonschema_rs.Validator:
    """Compile a JSON Schema with its formats checked; times may lack seconds and offset."""
    return jsonschema_rs.validator_for(dict(schema), formats=_FORMATS, validate_formats=True)


ToolKey = tuple[str, str]
"""(platform, API)."""


class Tool:
    """One API of one platform with its compiled validators."""

    def __init__(self, platform: str, api: Api) -> None:
        self.platform = platform
        self.api = api
        self.properties: dict[str, Any] = api.parameters.get("properties") or {}  # type: ignore[assignment]
        self.required: frozenset[str] = frozenset(api.parameters.get("required") or ())  # type: ignore[arg-type]
        self.schema = api.function_schema()
        self._served: dict[str | None, tuple[str, ...]] = {}

    def __reduce__(self) -> tuple[type[Tool], tuple[str, Api]]:
        """As it goes to another process, where its validators are compiled anew."""
        return Tool, (self.platform, self.api)

    def served_parameters(self, context: str | None) -> tuple[str, ...]:
        """Names of the parameters that are required or make sense for a kind of need; None: all."""
        if context not in self._served:
            self._served[context] = tuple(
                name
                for name in self.properties
                if context is None or name in self.required or self.api.serves(context, name)
            )
        return self._served[context]

    @cached_property
    def arguments(self) -> jsonschema_rs.Validator:
        """Validates the arguments of a call."""
        return compile_schema(self.api.parameters)

    @cached_property
    def some_arguments(self) -> jsonschema_rs.Validator:
        """Validates arguments of which some may be missing."""
        return compile_schema(
            {name: part for name, part in self.api.parameters.items() if name != "required"}
        )

    @cached_property
    def text(self) -> str:
        """The schema with its platform, as JSON that may stand in a view."""
        return blocks.dump({"platform": self.platform, **self.schema})

    @cached_property
    def response(self) -> jsonschema_rs.Validator:
        """Validates what a call returns."""
        return compile_schema(self.api.response)


_MOST_REMEMBERED = 256
"""Texts and patterns of a world that are kept: those of the people who ask at a time."""
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def _remember(known: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Keep a value; of too many the oldest goes."""
    if len(known) >= _MOST_REMEMBERED:
        known.pop(next(iter(known)))
    known[key] = value


class World:
    """One scenario, its tools, and the people who live there.

    Args:
        scenario: the scenario as the API tree holds it.
        feature_of: which feature fills which parameter (the feature tree's links).
        people: who lives there, shared by the scenarios of a population.
        profiles: the people, where they are not given already.
        histories: what they did so far, in this and other scenarios.
        seed: the run's; what code draws for the people here depends on it.
    """

    def __init__(
        self,
        scenario: ScenarioWorld,
        *,
        feature_of: FeatureOf | None = None,
        people: People | None = None,
        profiles: Iterable[Profile] = (),
        histories: Iterable[History] = (),
        seed: int = 0,
    ) -> None:
        self.seed = seed
        self.scenario = scenario
        self.name = scenario.name
        self.feature_of: FeatureOf = feature_of or {}
        self.platforms: dict[str, Platform] = {platform.name: platform for platform in scenario.platforms}
        self.tools: dict[tuple[str, str], Tool] = {
            (platform, api.name): Tool(platform, api)
            for platform, apis in scenario.apis.items()
            for api in apis
        }
        self.owners: dict[str, list[str]] = {}
        for platform, api in self.tools:
            self.owners.setdefault(api, []).append(platform)
        self._people: People = FewPeople(profiles, histories) if people is None else people
        self._texts: dict[tuple[str, str], blocks.Json] = {}
        self._linked: dict[tuple[str, str, str | None], tuple[tuple[str, str], ...]] = {}
        self._conflict_patterns: dict[str, re.Pattern[str] | None] = {}
        self.tool_bound: tuple[Bound, int] | None = None
        """how many tools solvers are shown, and the seed of the draw; None: all"""

    def with_tool_bound(self, bound: Bound, seed: int) -> Self:
        """The same world, in which a solver is shown a selection of the tools."""
        bounded = copy.copy(self)
        bounded.tool_bound = bound, seed
        return bounded

    def ranked_tools(self, id: str, platform: str, apis: Iterable[str], seed: int) -> RankedTools[ToolKey]:
        """All tools in the order in which they are shown to the solver of a task.

        Args: id: the task's; platform, apis: what it calls; seed: of the run.
        """
        return rank_tools(self._offered, [(platform, api) for api in apis], seed, id)

    @cached_property
    def _offered(self) -> tuple[OfferedTool[ToolKey], ...]:
        return tuple(
            OfferedTool(key, tool.api.capability, (tool.platform,)) for key, tool in self.tools.items()
        )

    @property
    def users(self) -> Sequence[str]:
        """Who lives here, by id."""
        return self._people.users

    def profile(self, user: str) -> Profile:
        """Return a user's profile, or raise ConfigError naming who lives here."""
        try:
            return self._people.profile(user)
        except KeyError:
            raise ConfigError(f"{self.name}: no user {user!r}; there are {names(self.users, user)}") from None

    def linked_parameters(self, tool: Tool, context: str | None) -> tuple[tuple[str, str], ...]:
        """(parameter, feature that can fill it) of those that make sense for a kind of need; None: all."""
        key = (tool.platform, tool.api.name, context)
        if key not in self._linked:
            self._linked[key] = tuple(
                (name, feature)
                for name in tool.served_parameters(context)
                if (feature := self.feature_of.get((tool.platform, tool.api.name, name)))
            )
        return self._linked[key]

    def conflict_pattern(self, user: str) -> re.Pattern[str] | None:
        """What a user would not name, made once; None where the scenario knows of nothing."""
        if user not in self._conflict_patterns:
            basic = self.profile(user).basic
            _remember(self._conflict_patterns, user, conflict_pattern(self.scenario.conflicts, basic))
        return self._conflict_patterns[user]

    @cached_property
    def conflicts_of(self) -> Mapping[str, Sequence[Conflict]]:
        """Word in one case -> the conflicts that have it."""
        of_word: dict[str, list[Conflict]] = {}
        for conflict in self.scenario.conflicts:
            for word in conflict.words:
                of_word.setdefault(word.casefold(), []).append(conflict)
        return of_word

    def histories(self, user: str) -> Sequence[History]:
        """Return what a user did, one history a scenario; empty before there is any."""
        return self._people.histories(user)

    def schemas_text(self, platform: str, apis: Iterable[str]) -> blocks.Json:
        """Return the function schemas of some APIs of a platform, each once, unknown ones left out."""
        tools = (self.tools.get((platform, api)) for api in dict.fromkeys(apis))
        return blocks.Json(f"[{','.join(tool.text for tool in tools if tool)}]")

    def platform_text(self, name: str) -> blocks.Json:
        """View `platform`, written once."""
        key = (name, "platform")
        if key not in self._texts:
            text = blocks.dump({"name": name, "profile": self.platforms[name].profile()})
            _remember(self._texts, key, text)
        return self._texts[key]

    @cached_property
    def scenario_text(self) -> blocks.Json:
        """View `scenario`."""
        return blocks.dump({"name": self.name, "description": self.scenario.description})

    @cached_property
    def contexts_text(self) -> blocks.Json:
        """View `contexts`."""
        return blocks.dump([context.model_dump() for context in self.scenario.contexts])

    @cached_property
    def platforms_text(self) -> blocks.Json:
        """View `platforms`."""
        return self.platforms_with(self.tools)

    def platforms_with(self, shown: Collection[ToolKey]) -> blocks.Json:
        """View `platforms` with the names of some tools only."""
        return blocks.dump(
            [
                {
                    "name": platform.name,
                    "profile": platform.profile(),
                    "apis": [
                        api.name
                        for api in self.scenario.apis.get(platform.name, ())
                        if (platform.name, api.name) in shown
                    ],
                }
                for platform in self.scenario.platforms
            ]
        )

    @cached_property
    def apis_text(self) -> blocks.Json:
        """View `apis`: the largest one, some tens of kilobytes."""
        return self.apis_with(self.tools)

    def apis_with(self, shown: Collection[ToolKey]) -> blocks.Json:
        """View `apis` with some tools only, in the scenario's order."""
        return blocks.Json(f"[{','.join(tool.text for key, tool in self.tools.items() if key in shown)}]")

    def profile_text(self, user: str, kind: str) -> blocks.Json:
        """View `profile.basic` or `profile.implicit` of a user, written once."""
        key = (user, kind)
        if key not in self._texts:
            _remember(self._texts, key, blocks.dump(getattr(self.profile(user), kind)))
        return self._texts[key]

    def history_text(self, user: str) -> blocks.Json:
        """View `history` of a user, written once."""
        key = (user, "history")
        if key not in self._texts:
            visible = {history.scenario: history.visible() for history in self.histories(user)}
            _remember(self._texts, key, blocks.dump(visible))
        return self._texts[key]
