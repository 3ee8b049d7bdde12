"""Kits: the material the scripted model speaks from, one for each scenario.

A kit is a folder of three small YAML files, or one mapping with the same three keys; `kit_schema.py` is their
format. This module loads it, checks that the three fit together and builds its slots. A `Library` holds the
kits of a run. Nothing here knows roles or prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ...errors import ConfigError, UnknownPartError, names
from ...records import Conflict
from ...records.scenario import conflict_pattern
from ...settings import explained
from ...settings.texts import check_texts, read_yaml
from .kit_rules import kit_problems
from .kit_schema import CapabilitySpec, LexiconFile, ParameterSpec, PlatformsFile, SlotSpec, ToolsFile
from .slot_types import ChoiceSlot, CodeSlot, DateSlot, EnumSlot, ListSlot, NumberSlot, Slot, TimeSlot

KITS_FOLDER = Path(__file__).parents[2] / "environments" / "scenarios"
"""Where the kits are that ptool ships."""

FILES = ("platforms", "tools", "lexicon")
"""Names of a kit's files, without `.yaml`."""

File = TypeVar("File", bound=BaseModel)
KitSource = str | Mapping[str, Any]
"""A kit's folder, or a mapping with the contents of its three files."""

_HABITS = {
    "integer": "quantity_habits",
    "number": "spending_habits",
    "date": "planning_habits",
    "time": "planning_habits",
    "code": "record_keeping",
    "says": "service_habits",
    "choices": "style_habits",
    "several": "style_habits",
}
"""Kind of slot -> the latent feature its values belong to, unless the slot names another."""


class Kit:
    """A validated kit with its slots built.

    Raises:
        ValueError: a rule is broken (`kit_rules`); says the first, and how many more.
    """

    def __init__(self, platforms: PlatformsFile, tools: ToolsFile, lexicon: LexiconFile) -> None:
        if problems := list(kit_problems(platforms, tools, lexicon)):
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            raise ValueError(f"{problems[0]}{more}")
        self._files = (platforms, tools, lexicon)
        self.name = platforms.name
        self.contexts = platforms.contexts
        self.dimensions = platforms.dimensions
        self.platforms = platforms.platforms
        self.groups = tools.groups
        self.lexicon = lexicon
        self.capabilities: dict[str, CapabilitySpec] = tools.capabilities
        self.category_of: dict[str, tuple[str, str]] = {}
        """capability -> (group, category)"""
        for group_name, group in tools.groups.items():
            for category_name, category in group.categories.items():
                for name in category.capabilities:
                    self.category_of[name] = (group_name, category_name)
        self.conflicts = tuple(
            Conflict(feature=feature, value=value, words=words)
            for feature, by_value in lexicon.conflicts.items()
            for value, words in by_value.items()
            if words
        )
        """What does not go with a fact about somebody"""

    @cached_property
    def fingerprint(self) -> str:
        """A hash of everything the kit says."""
        content = "".join(file.model_dump_json() for file in self._files)
        return blake2b(content.encode(), digest_size=8).hexdigest()

    def platform_index(self, platform: str) -> int:
        """The position of a platform in the kit; ValueError where the kit does not have it."""
        return list(self.platforms).index(platform)

    def capabilities_within(self, depth: int, branching: int) -> dict[str, tuple[str, str]]:
        """Capabilities that find room in an API tree of this shape -> their (group, category).

        At depth 1 a platform has the categories as children, at depth 2 the groups.
        """
        fitting: dict[str, tuple[str, str]] = {}
        categories: dict[str, list[str]] = {}  # parent -> its categories, in the kit's order
        for name, (group, category) in self.category_of.items():
            parent = group if depth > 1 else ""
            siblings = categories.setdefault(parent, [])
            if category not in siblings:
                siblings.append(category)
            fits = len(categories) <= branching and siblings.index(category) < branching
            if fits and sum(path == (group, category) for path in fitting.values()) < branching:
                fitting[name] = (group, category)
        return fitting

    @cached_property
    def slots(self) -> dict[str, Slot]:
        """Every slot of the lexicon, built."""
        slots: dict[str, Slot] = {}
        # A list of values refers to another slot, which is built before.
        for name, spec in sorted(self.lexicon.slots.items(), key=lambda item: item[1].several is not None):
            slots[name] = _slot(spec, slots)
        return slots

    @cached_property
    def contextual_slots(self) -> frozenset[str]:
        """Names of the slots whose values tell the context."""
        specs = self.lexicon.slots
        own = {name for name, spec in specs.items() if spec.by_context}
        return frozenset(own | {name for name, spec in specs.items() if spec.several in own})

    @cached_property
    def parameters(self) -> dict[tuple[str, str, str], ParameterSpec]:
        """(platform, API, parameter) in the platform's own names -> the parameter."""
        return {
            (platform, capability.apis[index] or "", name): capability.parameters[key]
            for index, platform in enumerate(self.platforms)
            for capability in self.capabilities.values()
            for key, name in capability.names_on(index).items()
        }

    def conflicts_with(self, basic: Mapping[str, Any]) -> Callable[[str], bool]:
        """Whether somebody with these basic features would not name some words: a vegan no ham."""
        pattern = conflict_pattern(self.conflicts, basic)
        return lambda text: pattern is not None and pattern.search(text) is not None

    def latent_feature(self, parameter: ParameterSpec) -> str:
        """The latent feature (a habit, a taste) that the values of a query parameter belong to."""
        slot = self.lexicon.slots[parameter.slot] if parameter.slot else None
        if slot is None:
            return "quantity_habits" if parameter.parts else "service_habits"
        if slot.habit:
            return slot.habit
        if slot.by_context:
            return f"{self.name}_interests"
        return next(habit for kind, habit in _HABITS.items() if getattr(slot, kind) is not None)


def _slot(spec: SlotSpec, slots: Mapping[str, Slot]) -> Slot:
    if spec.choices:
        return ChoiceSlot({"": spec.choices})
    if spec.by_context:
        return ChoiceSlot(spec.by_context)
    if spec.says:
        return EnumSlot(spec.says)
    if spec.integer:
        return NumberSlot(
            spec.integer if isinstance(spec.integer, dict) else {"": spec.integer}, integer=True
        )
    if spec.number:
        return NumberSlot(spec.number if isinstance(spec.number, dict) else {"": spec.number}, integer=False)
    if spec.date:
        return DateSlot(*spec.date)
    if spec.time:
        first, last, step = spec.time
        return TimeSlot(_minutes(first), _minutes(last), step)
    if spec.code:
        return CodeSlot(spec.code)
    item = slots[spec.several or ""]
    assert isinstance(item, ChoiceSlot)
    return ListSlot(item, 2, 3)


def slot_of(name: str, specs: Mapping[str, Mapping[str, Any]]) -> Slot:
    """A slot by itself, of slots as a lexicon has them. Raises ValueError as pydantic does."""
    spec = SlotSpec.model_validate(specs[name])
    return _slot(spec, {spec.several: slot_of(spec.several, specs)} if spec.several else {})


def _minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def shipped_kits() -> dict[str, str]:
    """Name -> folder of every kit that ptool ships, by name."""
    return {folder.name: str(folder) for folder in sorted(KITS_FOLDER.iterdir()) if folder.is_dir()}


def load_kit(source: KitSource) -> Kit:
    """A kit from its folder or from a mapping with the contents of its files.

    Raises:
        ConfigError: a file is missing or breaks the format; says where.
    """
    if isinstance(source, str):
        return _load_folder(source, Path(source).absolute())
    return _build(source, "the scenario's kit")


@lru_cache(maxsize=64)
def _load_folder(folder: str, place: Path) -> Kit:
    """Args: folder: as it was named, for messages; place: where it is."""
    content: dict[str, Any] = {}
    for name in FILES:
        path = Path(folder) / f"{name}.yaml"
        try:
            content[name] = read_yaml(place / f"{name}.yaml")
        except FileNotFoundError:
            raise ConfigError(
                f"scenario kit: {path} does not exist; a kit has {', '.join(f'{f}.yaml' for f in FILES)}"
            ) from None
        except OSError as error:
            raise ConfigError(f"scenario kit: {path} cannot be read: {error.strerror}") from None
        except ConfigError as error:
            raise ConfigError(f"scenario kit: {error}") from None
        check_texts(content[name], f"scenario kit: {path}")
    return _build(content, folder)


def _build(content: Mapping[str, Any], where: str) -> Kit:
    try:
        if set(content) != set(FILES):
            raise ValueError(f"needs the keys {list(FILES)}, got {list(content)}")
        return Kit(
            _validated(content, "platforms", PlatformsFile),
            _validated(content, "tools", ToolsFile),
            _validated(content, "lexicon", LexiconFile),
        )
    except ValueError as error:
        raise ConfigError(f"scenario kit {where}: {error}") from None


def _validated(content: Mapping[str, Any], name: str, schema: type[File]) -> File:
    """One file of a kit. Raises ValueError: where it is wrong, what was got and expected."""
    try:
        return schema.model_validate(content[name])
    except ValidationError as error:
        raise ValueError(f"{name}: {explained(error, schema)[0]}") from None


class Library:
    """The kits of a run by scenario, each loaded when its scenario first comes up.

    Args:
        sources: scenario -> where its kit is; None where it has none.
        others: names of further kits there are, for messages.
    """

    def __init__(self, sources: Mapping[str, KitSource | None], others: Iterable[str] = ()) -> None:
        self._sources = dict(sources)
        self._others = tuple(others)
        self._kits: dict[str, Kit] = {}

    def kit(self, scenario: str) -> Kit:
        """The scenario's kit.

        Raises:
            UnknownPartError: there is none; names those there are.
            ConfigError: its files break the format.
        """
        if scenario not in self._kits:
            source = self._sources.get(scenario)
            if source is None:
                known = names((*self._with_kit(), *self._others), scenario)
                raise UnknownPartError(
                    f"scenario {scenario!r}: the scripted model has no library for it; there are {known}. "
                    "Give the scenario a kit (scenario.kit=FOLDER) or another model"
                )
            self._kits[scenario] = load_kit(source)
        return self._kits[scenario]

    def _with_kit(self) -> list[str]:
        return [name for name, source in self._sources.items() if source is not None]

    def scenario_of(self, platforms: Iterable[str]) -> str | None:
        """The scenario whose kit has all of some platforms; None where there is none, or no platform."""
        wanted = set(platforms)
        if not wanted:
            return None
        return next((name for name in self._with_kit() if wanted <= self.kit(name).platforms.keys()), None)

    def check_size(self, scenario: str, platforms: int, apis: int, depth: int, branching: int) -> None:
        """Check that the scenario's kit is large enough for an API tree of this size and shape.

        Raises:
            UnknownPartError: it is not; says what it has.
        """
        kit = self.kit(scenario)
        room = len(kit.capabilities_within(depth, branching))
        for key, asked, available, why in (
            ("platforms", platforms, len(kit.platforms), ""),
            ("tree.depth", depth, 2, ""),
            ("apis", apis, room, f" in a tree of branching {branching}"),
        ):
            if asked > available:
                raise UnknownPartError(
                    f"{key}: got {asked}, the scripted model's library of {scenario!r} has {available}{why}; "
                    f"set {key}={available} or less, or use another model"
                )

    def fingerprints(self) -> dict[str, str]:
        """Scenario -> hash of what its kit says, for those loaded so far."""
        return {name: kit.fingerprint for name, kit in self._kits.items()}
