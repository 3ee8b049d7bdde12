"""A scenario's library: the material from which the scripted model speaks.

A kit is a folder of three small YAML files, or one mapping with the same three keys. This module reads it,
makes sure that its parts fit together, and builds its slots; it knows nothing of roles or prompts.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ...errors import ConfigError
from .kit_schema import CapabilityScript, LexiconFile, ParameterScript, PlatformsFile, SlotScript, ToolsFile
from .people import read_yaml
from .slots import Choice, Code, Date, Number, Says, Several, Slot, Time

FILES = ("platforms", "tools", "lexicon")
DEFAULT_HABITS = {
    "integer": "quantity_habits",
    "number": "spending_habits",
    "date": "planning_habits",
    "time": "planning_habits",
    "code": "record_keeping",
    "says": "service_habits",
    "choices": "style_habits",
    "several": "style_habits",
}


class Kit:
    """A validated library with its slots built."""

    def __init__(self, platforms: PlatformsFile, tools: ToolsFile, lexicon: LexiconFile) -> None:
        self.world, self.tools, self.lexicon = platforms, tools, lexicon
        self.name = platforms.name
        self.capabilities: dict[str, CapabilityScript] = {}
        self.category_of: dict[str, tuple[str, str]] = {}
        for group, one in tools.groups.items():
            for category, two in one.categories.items():
                for name, capability in two.capabilities.items():
                    if name in self.capabilities:
                        raise ValueError(f"capability {name!r} stands twice")
                    self.capabilities[name] = capability
                    self.category_of[name] = (group, category)
        self._check()

    def _check(self) -> None:
        count = len(self.world.platforms)
        for name, capability in self.capabilities.items():
            if len(capability.apis) != count:
                raise ValueError(f"capability {name!r}: {len(capability.apis)} apis for {count} platforms")
            for key, parameter in capability.parameters.items():
                if isinstance(parameter.names, tuple) and len(parameter.names) != count:
                    raise ValueError(f"{name}.{key}: {len(parameter.names)} names for {count} platforms")
                for slot in [parameter.slot, *(parameter.parts or {}).values()]:
                    if slot is not None and slot not in self.lexicon.slots:
                        raise ValueError(f"{name}.{key}: no slot {slot!r} in the lexicon")
        for index, platform in enumerate(self.world.platforms):
            apis = [capability.apis[index] for capability in self.capabilities.values()]
            twice = sorted({a for a in apis if apis.count(a) > 1})
            if twice:
                raise ValueError(f"platform {platform!r}: apis named twice: {twice}")
            for name, capability in self.capabilities.items():
                own = [self.parameter_name(p, index) for p in capability.parameters.values()]
                if len(set(own)) != len(own):
                    raise ValueError(f"{name} on {platform!r}: parameters named twice in {own}")

    @cached_property
    def fingerprint(self) -> str:
        """A hash of everything the kit says."""
        content = "".join(part.model_dump_json() for part in (self.world, self.tools, self.lexicon))
        return blake2b(content.encode(), digest_size=8).hexdigest()

    @staticmethod
    def parameter_name(parameter: ParameterScript, index: int) -> str:
        """The parameter's name on the platform with that index."""
        return parameter.names if isinstance(parameter.names, str) else parameter.names[index]

    def within(self, depth: int, branching: int) -> dict[str, tuple[str, str]]:
        """Capabilities that find room in a tree of this shape -> their (group, category).

        At depth 1 a platform has the categories as children, at depth 2 the groups.
        """
        chosen: dict[str, tuple[str, str]] = {}
        categories: dict[str, list[str]] = {}  # parent -> its categories, in the kit's order
        for name, (group, category) in self.category_of.items():
            parent = group if depth > 1 else ""
            siblings = categories.setdefault(parent, [])
            if category not in siblings:
                siblings.append(category)
            fits = len(categories) <= branching and siblings.index(category) < branching
            if fits and sum(place == (group, category) for place in chosen.values()) < branching:
                chosen[name] = (group, category)
        return chosen

    def index(self, platform: str) -> int:
        """The position of a platform in the kit; ValueError where the kit does not have it."""
        return list(self.world.platforms).index(platform)

    @cached_property
    def slots(self) -> dict[str, Slot]:
        """Every slot of the lexicon, built."""
        built: dict[str, Slot] = {}
        scripts = self.lexicon.slots
        for name, script in sorted(scripts.items(), key=lambda item: item[1].several is not None):
            built[name] = _slot(script, built)
        return built

    @cached_property
    def contextual(self) -> frozenset[str]:
        """Names of the slots whose words tell the context."""
        scripts = self.lexicon.slots
        own = {name for name, script in scripts.items() if script.by_context}
        return frozenset(own | {name for name, script in scripts.items() if script.several in own})

    def habit(self, parameter: ParameterScript) -> str:
        """The latent feature a query parameter belongs to."""
        slot = self.lexicon.slots[parameter.slot] if parameter.slot else None
        if slot is None:
            return "quantity_habits" if parameter.parts else "service_habits"
        if slot.habit:
            return slot.habit
        if slot.by_context:
            return f"{self.name}_interests"
        return next(habit for kind, habit in DEFAULT_HABITS.items() if getattr(slot, kind) is not None)


def _slot(script: SlotScript, built: Mapping[str, Slot]) -> Slot:
    if script.choices:
        return Choice({"": script.choices})
    if script.by_context:
        return Choice(script.by_context)
    if script.says:
        return Says(script.says)
    if script.integer:
        return Number(*script.integer, integer=True)
    if script.number:
        return Number(*script.number, integer=False)
    if script.date:
        return Date(*script.date)
    if script.time:
        first, last, step = script.time
        return Time(_minutes(first), _minutes(last), step)
    if script.code:
        return Code(script.code)
    of = built[script.several or ""]
    assert isinstance(of, Choice)
    return Several(of, 2, 3)


def _minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def load(source: str | Mapping[str, Any]) -> Kit:
    """A kit from a folder or from a mapping with the three files' contents.

    Raises:
        ConfigError: a file is missing or breaks the format; says where.
    """
    return _load_folder(source) if isinstance(source, str) else _build(source, "the scenario's kit")


@lru_cache(maxsize=64)
def _load_folder(folder: str) -> Kit:
    content: dict[str, Any] = {}
    for name in FILES:
        path = Path(folder) / f"{name}.yaml"
        try:
            content[name] = read_yaml(path)
        except FileNotFoundError:
            raise ConfigError(
                f"scenario kit: {path} does not exist; a kit has {', '.join(f'{f}.yaml' for f in FILES)}"
            ) from None
        except yaml.YAMLError as error:
            raise ConfigError(f"scenario kit: {path} is not YAML: {' '.join(str(error).split())}") from None
    return _build(content, folder)


def _build(content: Mapping[str, Any], where: str) -> Kit:
    try:
        if set(content) != set(FILES):
            raise ValueError(f"needs the keys {list(FILES)}, got {list(content)}")
        return Kit(
            PlatformsFile.model_validate(content["platforms"]),
            ToolsFile.model_validate(content["tools"]),
            LexiconFile.model_validate(content["lexicon"]),
        )
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"scenario kit {where}: {error.title}: {path}: {first['msg']}") from None
    except ValueError as error:
        raise ConfigError(f"scenario kit {where}: {error}") from None
