"""Keys of a command line that are not in the configuration: which mappings take them, what is said of others.

It composes to find out, as `compose` does, and knows nothing of jobs.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import partial
from typing import Any

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel

from ..errors import ConfigError, names, printable
from ..settings import EvaluateSettings, Settings, keys, may_be_left_out, takes_any_key
from .args import quoted

GROUPS = ("agent", "experiment", "model", "roles", "scale", "scenario")
"""The config groups a user may name on the command line beside the settings' own keys."""

_EXPERIMENTERS: dict[str, tuple[str, type[BaseModel]]] = {
    "ptool.run": ("config", Settings),
    "ptool.evaluate": ("evaluate", EvaluateSettings),
}
"""Commands that take experiments -> their primary config and what it becomes."""


def opened(config_name: str, overrides: Sequence[str], schema: type[BaseModel]) -> list[str]:
    """The overrides, with `++` before those that put keys into a mapping that takes any, or may have them.

    `model.extra={top_k: 20}` is one: which keys an endpoint knows, ptool does not say. Another is
    `agent.user.component=FILE`, a key that files leave out.

    Args: config_name: the primary config; overrides: in Hydra's grammar; schema: what it becomes.
    """
    chosen = _chosen(config_name, overrides) if any(_may_open(word, schema) for word in overrides) else None
    if chosen is None:
        return list(overrides)
    config, rest = chosen
    open_words = {override.input_line for override in rest if _is_in_open_mapping(config, override, schema)}
    return [f"++{word}" if word in open_words else word for word in overrides]


def _may_open(word: str, schema: type[BaseModel]) -> bool:
    """Whether it is worth composing to find out."""
    key, _, value = word.partition("=")
    parent = key.rpartition(".")[0]
    mapping = key if value[:1] == "{" else parent
    return bool(mapping) and (takes_any_key(schema, mapping) or may_be_left_out(schema, key))


def _is_in_open_mapping(config: DictConfig, override: Override, schema: type[BaseModel]) -> bool:
    key = override.key_or_group
    if override.is_delete():
        return False
    if may_be_left_out(schema, key) and not _holds(config, key):
        return _holds(config, ".".join(key.split(".")[:2]))
    while key and not _holds(config, key):
        key = key.rpartition(".")[0]
    return bool(key) and OmegaConf.is_dict(OmegaConf.select(config, key)) and takes_any_key(schema, key)


def no_such_key(config_name: str, overrides: Sequence[str], schema: type[BaseModel]) -> str | None:
    """What to say of the first key that an override sets or deletes and that is not there.

    None: something else is wrong. Args: as of `opened`.
    """
    chosen = _chosen(config_name, overrides)
    if chosen is None:
        return None
    config, rest = chosen
    unknown = (override.key_or_group for override in rest if not _holds(config, override.key_or_group))
    return next((_explained(key, config, schema) for key in unknown), None)


def _chosen(config_name: str, overrides: Sequence[str]) -> tuple[DictConfig, list[Override]] | None:
    """The configuration of the choices that overrides make, and the overrides that only set or delete a key.

    None: the choices themselves do not compose.
    """
    try:
        parsed = OverridesParser.create().parse_overrides(list(overrides))
        choices = compose(config_name, return_hydra_config=True).hydra.runtime.choices
        chosen = [
            override
            for override in parsed
            if override.is_add() or override.is_force_add() or override.get_key_element() in choices
        ]
        config = compose(config_name, list(map(_single, chosen)), return_hydra_config=True)
    except (HydraException, OmegaConfBaseException):
        return None
    return config, [override for override in parsed if override not in chosen and override.package is None]


def _single(override: Override) -> str:
    """The override itself; of one that sweeps, the first value."""
    if override.is_discrete_sweep():
        return f"{override.get_key_element()}={next(override.sweep_string_iterator())}"
    return override.input_line or ""


def _holds(config: DictConfig, key: str) -> bool:
    parent, _, last = key.rpartition(".")
    try:
        node: Any = OmegaConf.select(config, parent) if parent else config
    except OmegaConfBaseException:
        return False
    return last in node.keys() if OmegaConf.is_dict(node) else OmegaConf.is_list(node)  # noqa: SIM118 (???)


def _explained(key: str, config: DictConfig, schema: type[BaseModel]) -> str:
    """What there is where the key begins to lead nowhere, and which key was meant."""
    node, parent, lost = _last_there(config, key)
    beside = {f"{parent}{name}" for name in node} if OmegaConf.is_dict(node) else set()
    groups = set(GROUPS) if issubclass(schema, Settings) else set()
    known = beside if parent else (beside | groups) - {"hydra"}
    near = difflib.get_close_matches(key[:200], {*keys(schema), *groups}, 1, 0.75)
    listed = f"{names(known)} (did you mean {near[0]!r}?)" if near else names(known, lost)
    if key.startswith("agent."):
        listed += f"; of a role that only judges or query_gate name: +{printable(key, 200)}=…"
    return f"{printable(key, 200)}: no such key; there are {listed}"


def _last_there(config: DictConfig, key: str) -> tuple[Any, str, str]:
    """The last part of the configuration on the way to a key, its name with a dot, and what it lacks."""
    node: Any = config
    parent = ""
    for part in key.split("."):
        if not OmegaConf.is_dict(node) or part not in node.keys():  # noqa: SIM118 (??? is no member)
            return node, parent, f"{parent}{part}"
        node, parent = node._get_node(part), f"{parent}{part}."
    return node, parent, key


def check_experiment(config_name: str, overrides: Sequence[str], schema: type[BaseModel]) -> None:
    """Raise ConfigError where an experiment of the command line is one of another command.

    Args: config_name: the command's primary config; overrides: all words; schema: what the config becomes.
    """
    words = [word.partition("=") for word in overrides]
    if any(key == "hydra.searchpath" for key, _, _ in words):
        return  # there may be experiments that are known only when all is composed
    for name in (value.strip("'\"") for key, _, value in words if key == "experiment"):
        takes = partial(_takes_experiment, name=name)
        if takes(config_name, schema) or "," in name:  # several, for a sweep
            continue
        others = [command for command, (config, kind) in _EXPERIMENTERS.items() if takes(config, kind)]
        if name in _experiments() and not others:
            continue
        mine = [one for one in _experiments() if _takes_experiment(config_name, schema, one)]
        near = "".join(difflib.get_close_matches(name[:200], {*mine, *_whole_experiments()}, 1))
        whole = near not in ("", *mine)
        there_are = names(mine, name if near in mine else None)
        what = f"which is an experiment of {' and '.join(others)}; here there" if others else "there"
        paper = f"; the paper's are run whole by python -m ptool.experiment {near}" if whole else ""
        raise ConfigError(f"experiment: got {printable(name, 200)!r}, {what} are {there_are}{paper}")


def _whole_experiments() -> list[str]:
    """The experiments of the paper that are commands of their own (`ptool.experiment`)."""
    return GlobalHydra.instance().config_loader().get_group_options("sequence")


def _experiments() -> list[str]:
    return GlobalHydra.instance().config_loader().get_group_options("experiment")


def _takes_experiment(config_name: str, schema: type[BaseModel], name: str) -> bool:
    try:
        config = compose(config_name, [f"experiment={quoted(name)}"], return_hydra_config=True)
        swept = OmegaConf.select(config, "hydra.sweeper.params") or {}
    except (HydraException, OmegaConfBaseException):
        return False
    return set(map(str, config)) - {"hydra"} <= set(schema.model_fields) and all(
        _holds(config, key) for key in swept
    )
