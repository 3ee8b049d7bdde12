"""Hydra's side of a command: the composed configuration, what it lacks, and where it came from.

Here an object that is only named (`judges=[verifier,privacy]`, `checks=[text,repeats]`) is looked up in every
config source as agent/privacy.yaml or check/repeats.yaml, and Hydra's faults become one-line ConfigErrors. It
knows no stage and no model.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, names
from ..settings import HARMLESS, Schema, Settings, keys, validated

if TYPE_CHECKING:
    from omegaconf import DictConfig
    from pydantic import BaseModel

GROUPS = ("agent", "experiment", "hydra", "model", "scale", "scenario")
"""The config groups a user may name on the command line beside the settings' own keys."""


_GROUP_OF = {
    "judges": "agent",
    "query_gate": "agent",
    "checks": "check",
    "gates": "gate",
    "audit.corruptions": "corruption",
    "audit.injections": "injection",
}
"""Keys that list objects by name -> the config group these are looked up in."""

_COUNTED = {"strangers": "stranger", "consistency": "solver"}
"""Keys that say how often a role is asked -> the role; it is there where that is not 0."""


_OF_THE_MACHINE = ("base_url", "api_key_env", "file")
"""Last parts of keys whose values say where something is, and are of no use elsewhere."""


@dataclass(frozen=True)
class Sources:
    """Where the configuration came from: the user's own folders, nearest first, and the command line."""

    folders: tuple[Path, ...] = ()
    words: tuple[str, ...] = ()
    """the overrides, as they were given"""

    def again(self) -> str:
        """The words of a command that makes the same data, on one line.

        What cannot change the data is left out, and so are the places of this machine.
        """
        given = [f"--config-dir {shlex.quote(one.name)}" for one in self.folders]
        for word in self.words:
            key = word.partition("=")[0].lstrip("+~")
            if key.partition(".")[0] not in HARMLESS and key.rpartition(".")[2] not in _OF_THE_MACHINE:
                given.append(shlex.quote(word))
        return " ".join(given)

    def choices(self, group: str) -> list[str]:
        """Names of the user's own files of a config group, such as check/*.yaml."""
        return sorted(file.stem for folder in self.folders for file in folder.glob(f"{group}/*.yaml"))

    def prompts(self) -> tuple[Path, ...]:
        """Where prompts are searched before ptool's own: each folder, its prompts/ and its agent/."""
        return tuple(
            place for folder in self.folders for place in (folder, folder / "prompts", folder / "agent")
        )

    def importable(self) -> None:
        """Let `_target_` find modules in these folders; installed packages keep precedence."""
        sys.path.extend(str(one) for one in self.folders if str(one) not in sys.path)


def prepared(config: DictConfig, schema: type[Schema] = Settings) -> tuple[Schema, Sources]:
    """Settings and sources of the job that Hydra is running now, named roles looked up.

    Args: schema: what the command's configuration must be.

    Raises ConfigError for anything wrong with the configuration.
    """
    from omegaconf import OmegaConf

    sources = _sources()
    sources.importable()
    with in_plain_words(schema):
        _add_named(config)
        container = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    assert isinstance(container, dict)
    return validated({str(key): value for key, value in container.items()}, schema), sources


def _sources() -> Sources:
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    hydra = HydraConfig.get()
    words = OmegaConf.to_container(hydra.overrides.task, resolve=False)  # '${oc.env:KEY}' may be a secret
    assert isinstance(words, list)
    folders = (Path(one.path).resolve() for one in hydra.runtime.config_sources if one.schema == "file")
    return Sources(tuple(folders), tuple(map(str, words)))


def _add_named(config: DictConfig) -> None:
    """Compose <group>/<name>.yaml for everything that is named and is not in the configuration yet.

    A role must have such a file; a check, gate, corruption or injection may also be one of ptool's own.
    """
    from omegaconf import OmegaConf, open_dict

    for key, group, name in _named(config):
        partial = config[group].get(name)
        if partial is not None and "_target_" in partial:
            continue
        choices = _choices(group)
        if name in choices:
            with open_dict(config):
                config[group][name] = OmegaConf.merge(_choice(group, name), partial or {})
        elif group == "agent":
            there = names(choices, name)
            raise ConfigError(f"{key}: got {name!r}, there are roles {there}; a role is agent/NAME.yaml")


def _named(config: DictConfig) -> Iterator[tuple[str, str, str]]:
    """Key that names something, the group to look it up in, and its name."""
    from omegaconf import OmegaConf

    for key, group in _GROUP_OF.items():
        listed = OmegaConf.select(config, key)
        for name in listed if OmegaConf.is_list(listed) else ():
            if isinstance(name, str):  # of anything else the settings say what is wrong with it
                yield key, group, name
    for key, role in _COUNTED.items():
        if config.get(key):
            yield key, "agent", role


def _choices(group: str) -> list[str]:
    """What there is of a group in every config source."""
    from hydra.core.global_hydra import GlobalHydra

    loader = GlobalHydra.instance().config_loader()
    return loader.get_group_options(group, config_name=None, overrides=_searchpath())


def _choice(group: str, name: str) -> DictConfig:
    """One file of a group, composed alone."""
    from hydra.core.global_hydra import GlobalHydra
    from hydra.types import RunMode
    from omegaconf import OmegaConf

    loader = GlobalHydra.instance().config_loader()
    alone = [*_searchpath(), f"+{group}@alone={name}"]
    composed = loader.load_configuration(None, overrides=alone, run_mode=RunMode.RUN).alone
    OmegaConf.set_struct(composed, False)  # keys that its file leaves out may be given on the command line
    return composed


def _searchpath() -> list[str]:
    from hydra.core.hydra_config import HydraConfig

    return [f"hydra.searchpath=[{','.join(map(repr, HydraConfig.get().searchpath))}]"]


@contextmanager
def in_plain_words(schema: type[BaseModel] = Settings) -> Iterator[None]:
    """Turn what Hydra, OmegaConf or YAML refuses into a ConfigError of one line; `schema` knows the keys."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        raise _explained(error, schema) from error
    except YAMLError as error:
        raise ConfigError(f"not YAML: {_one_line(str(error))}") from error


def _explained(error: Exception, schema: type[BaseModel]) -> ConfigError:
    from hydra.errors import MissingConfigException, OverrideParseException
    from omegaconf.errors import MissingMandatoryValue

    if isinstance(error, MissingMandatoryValue) and error.full_key:
        return ConfigError(f"{error.full_key}: missing; give it on the command line: {error.full_key}=…")
    if isinstance(error, OverrideParseException):
        reason = _one_line(error.message)
        key = str(error.override).partition("=")[0]  # what was to be set may be a secret
        return ConfigError(f"{key}: not an override, expected key=value ({reason})")
    if isinstance(error, MissingConfigException):
        return ConfigError(_missing(error.missing_cfg_file, error.options, str(error)))
    text = f"{error} {error.__cause__ or ''}"
    if foreign := re.search(r"In 'experiment/(\w+)': Could not override '(\w+)'", text):
        name, group = foreign.groups()
        return ConfigError(
            f"experiment: got {name!r}, which is for another command: there is no {group!r} here"
        )
    unknown = re.search(r"Could not (?:override|delete)[^']*'([^']+)'", text)
    if unknown and "@" not in unknown.group(1):
        return ConfigError(_unknown(unknown.group(1), schema))
    return ConfigError(_one_line(text))


def _missing(file: str | None, options: Any, text: str) -> str:
    group, _, got = (file or "").removesuffix(".yaml").rpartition("/")
    if not group or options is None:
        return _one_line(text)
    return f"{group}: got {got!r}, there are {names(options, got)}"


def _unknown(key: str, schema: type[BaseModel]) -> str:
    got = key.lstrip("+~")
    parent = got.rpartition(".")[0]
    within = f"{parent}." if parent else ""
    known = {one for one in keys(schema) if one.startswith(within) and "." not in one[len(within) :]}
    known |= set() if parent or not issubclass(schema, Settings) else set(GROUPS) - {"hydra"}
    listed = f"there are {names(known, got)}" if known else "see --cfg job for all there are"
    if got.startswith("agent."):
        listed += f"; of a role that only judges or query_gate name: +{got}=…"
    return f"{got}: no such key; {listed}"


def _one_line(text: str) -> str:
    kept = text
    for noise in ("\nSee https://", "full_key:", "Config search path:"):
        kept = kept.partition(noise)[0]
    return " ".join(kept.split())[:600]
