"""The prompt of Fig. 7: profile, platforms, functions and how to answer as system text, then the query.

`format=python` has the paper's words; `json` and `native` say the same with another answer format. Sections a
dataset has nothing for are left out. Beyond the figure, a platform names its functions where the dataset says
which they are: otherwise nobody could tell. It knows no model and never sees an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import orjson
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from ..benchmark import Format, Item
from ..errors import ConfigError
from ..models.context_window import text_size

Variant = Literal["all", "no_basic", "no_history", "none"]
"""Table 2's ablations: all, w/o Basic, w/o History, w/o Basic&History (which is also Table 3's input)."""

_HIDDEN = {
    "all": frozenset[str](),
    "no_basic": frozenset(("basic_features",)),
    "no_history": frozenset(("user_history",)),
}


def hidden_parts(variant: Variant) -> frozenset[str]:
    """The parts of a sample's profile that a variant does not show; `none` shows nothing of any profile."""
    return frozenset(("basic_features", "user_history")) if variant == "none" else _HIDDEN[variant]


@dataclass(frozen=True, slots=True)
class VisibleSample:
    """One sample as a prompt or a baseline gets it."""

    query: str
    profile: dict[str, Any] | None
    """{basic_features, user_history} as far as they are shown; None: the dataset has no profiles"""
    platforms: dict[str, tuple[str, ...]] | None
    """platform -> its functions, as far as the dataset says; None: the dataset has no platforms"""
    characteristics: dict[str, dict[str, str]]
    """platform -> characteristic -> text"""
    tools: dict[str, dict[str, Any]]
    """function -> its schema"""
    may_decline: bool = False
    """whether the answer may be that no call is made"""

    @property
    def basic(self) -> dict[str, Any]:
        """The basic features shown; where a profile has no such part, the profile itself."""
        profile = self.profile or {}
        if "basic_features" not in profile and "user_history" not in profile:
            return profile
        return _as_object(profile.get("basic_features"))

    @property
    def history(self) -> list[dict[str, Any]]:
        """The actions shown, of all scenarios: {platform, action}."""
        actions = _as_object((self.profile or {}).get("user_history"))
        listed = (action for each in actions.values() if isinstance(each, list) for action in each)
        return [action for action in listed if isinstance(action, dict)]


def visible_sample(item: Item, variant: Variant = "all") -> VisibleSample:
    """What a variant shows of a sample."""
    profile: dict[str, Any] | None = item.user_profile or None
    if profile is not None:
        hidden = profile.keys() if variant == "none" else _HIDDEN[variant]
        profile = {key: value for key, value in profile.items() if key not in hidden}
    platforms = item.platforms if item.names_platforms else None
    return VisibleSample(item.query, profile, platforms, item.characteristics, item.tools, item.may_decline)


def check_variant(item: Item, variant: Variant) -> None:
    """Raises ConfigError where a variant would leave out what the sample does not have.

    A published record without a part is an odd one among others that have it.
    """
    if item.source == "published":
        return
    for part in sorted(_HIDDEN.get(variant, ())):
        if part not in item.user_profile:
            raise ConfigError(
                f"variant: got {variant!r}, but sample {item.id!r:.80} has no {part}; expected all or none"
            )


def _as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


_NOT_ALLOWED = re.compile(r"[^a-zA-Z0-9_-]")
_MAX_NAME_LENGTH = 64
_EMPTY = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True)
class ToolNames:
    """The tools of one sample under names that every endpoint takes."""

    tools: tuple[dict[str, Any], ...]
    """{name, description, parameters}, under the names on the wire"""
    wire_to_own: Mapping[str, str]
    """name on the wire -> the sample's: 'function', or 'Platform__function' where several offer it"""
    own_to_wire: Mapping[str, str]
    """the other way round"""

    def wire_name(self, platform: str, function: str) -> str:
        """What a platform's function is called on the wire."""
        return self.own_to_wire.get(f"{platform}__{function}") or self.own_to_wire[function]

    def restore(self, text: str) -> str:
        """Tool calls with the sample's own names; any other text as it is."""
        if all(wire == own for wire, own in self.wire_to_own.items()):
            return text
        try:
            answer = orjson.loads(text)
            for call in answer["tool_calls"]:
                function = call["function"]
                function["name"] = self.wire_to_own.get(function["name"], function["name"])
            return orjson.dumps(answer).decode()
        except (ValueError, TypeError, KeyError):
            return text


def name_tools(shown: VisibleSample) -> ToolNames:
    """Give the tools of a sample names for the wire."""
    own: dict[str, str] = {}
    tools = []
    for name, function in _offered_tools(shown):
        wire = _free_name(name, own)
        own[wire] = name
        tools.append(_wire_tool(shown.tools.get(function, {}), wire))
    return ToolNames(tuple(tools), own, {name: wire for wire, name in own.items()})


def _wire_tool(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    parameters = schema.get("parameters") or _EMPTY
    return {"name": name, "description": schema.get("description", ""), "parameters": parameters}


def check_native(item: Item) -> None:
    """Raises ConfigError where tool calls could not tell which platform they mean."""
    if item.names_platforms and not any(item.platforms.values()):
        raise ConfigError(
            f"format: got 'native', but the dataset does not say which platform offers which function "
            f"(sample {item.id!r:.80}), so tool calls could not name one; expected python or json"
        )


def _offered_tools(shown: VisibleSample) -> Iterator[tuple[str, str]]:
    """(the sample's name of a tool, function), in the order of functions."""
    owners: dict[str, list[str]] = {name: [] for name in shown.tools}
    for platform, functions in (shown.platforms or {}).items():
        for function in functions:
            owners.setdefault(function, []).append(platform)
    for function, platforms in owners.items():
        if len(platforms) < 2:
            yield function, function
        for platform in platforms if len(platforms) > 1 else ():
            yield f"{platform}__{function}", function


def _free_name(name: str, taken: Mapping[str, str]) -> str:
    plain = _NOT_ALLOWED.sub("_", name)[:_MAX_NAME_LENGTH] or "tool"
    wire, number = plain, 1
    while wire in taken:
        number += 1
        wire = f"{plain[: _MAX_NAME_LENGTH - 8]}_{number}"
    return wire


_AROUND = 6
"""Characters around a name in a list, and around a schema."""
FOLDER = Path(__file__).parent / "prompts"


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is sent for one sample."""

    system: str
    user: str
    tools: tuple[dict[str, Any], ...] = ()
    """function schemas, of format `native` only"""
    tool_names: ToolNames | None = None
    """what the tools are called, of format `native` only"""

    @property
    def size(self) -> int:
        """Characters of everything that is sent (`text_size`)."""
        return sum(map(text_size, (self.system, self.user, self._tools())))

    @property
    def before_query(self) -> str:
        """Everything but the query: the system text, and behind it the tools that are sent beside it."""
        return f"{self.system}\n\n{self._tools()}" if self.tools else self.system

    def _tools(self) -> str:
        return _json([_tool(schema) for schema in self.tools]) if self.tools else ""


class PromptWriter:
    """Writes the prompts of one answer format.

    Args: format: how the model is asked to answer.
    """

    def __init__(self, format: Format) -> None:
        # No autoescaping: a prompt is plain text. What a sample says is JSON on one line of its own.
        jinja = SandboxedEnvironment(
            loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._template = jinja.get_template(f"{format}.jinja")
        self._named_before: tuple[Any, Any, ToolNames] | None = None
        self._tools_before: tuple[Any, str] = None, ""
        self.native = format == "native"
        """whether tools are sent beside the texts"""
        sources = [(FOLDER / name).read_bytes() for name in ("base.jinja", f"{format}.jinja")]
        self.fingerprint = blake2b(b"\0".join(sources), digest_size=8).hexdigest()
        """digest of the words of the prompt"""

    def prompt(self, shown: VisibleSample) -> Prompt:
        """The prompt for a sample."""
        named = self._named_tools(shown) if self.native else None
        system = self._template.render(
            profile=None if shown.profile is None else _json(shown.profile),
            platforms=None if shown.platforms is None else _json(_platforms(shown, named)),
            tools=self._tools_text(shown.tools) if named is None else None,
            may_decline=shown.may_decline,
        ).strip()
        return Prompt(system, shown.query, named.tools if named else (), named)

    def _named_tools(self, shown: VisibleSample) -> ToolNames:
        """The tools under names for the wire; given once where the sample before has the very same."""
        before = self._named_before
        if before is None or before[0] is not shown.tools or before[1] is not shown.platforms:
            before = self._named_before = shown.tools, shown.platforms, name_tools(shown)
        return before[2]

    def _tools_text(self, tools: dict[str, dict[str, Any]]) -> str:
        """The functions as JSON; made once where the sample before has the very same."""
        if self._tools_before[0] is not tools:
            self._tools_before = tools, _json([_tool(schema) for schema in tools.values()])
        return self._tools_before[1]


def _platforms(shown: VisibleSample, named: ToolNames | None) -> list[dict[str, Any]]:
    """[{name, profile, apis}]; no `profile` or `apis` where the dataset has none."""
    listed = []
    for name, functions in (shown.platforms or {}).items():
        apis = [named.wire_name(name, function) for function in functions] if named else list(functions)
        platform = {"name": name, "profile": shown.characteristics.get(name), "apis": apis}
        listed.append({key: value for key, value in platform.items() if value})
    return listed


def tool_size(schema: dict[str, Any], name: str, *, native: bool) -> int:
    """Characters that one more tool takes in a prompt, its name under its platforms included."""
    shown, names = (_wire_tool(schema, name), 2) if native else (schema, 1)
    return text_size(_json(_tool(shown))) + names * (len(name) + _AROUND)


def _tool(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": schema}


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
