"""Hydra's side of a command: the composed configuration, what it lacks, and where it came from.

Here a role that is only named (`judges=[verifier,privacy]`) is looked up as agent/privacy.yaml in every
config source, and Hydra's faults become one-line ConfigErrors. It knows no stage and no model.
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
    from hydra.core.config_loader import ConfigLoader
    from omegaconf import DictConfig
    from pydantic import BaseModel

GROUPS = ("agent", "experiment", "hydra", "model", "scale", "scenario")
"""The config groups a user may name on the command line beside the settings' own keys."""


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
        _add_named_roles(config)
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


def _add_named_roles(config: DictConfig) -> None:
    """Compose agent/<name>.yaml for every seat whose role the defaults list does not hold yet."""
    from omegaconf import OmegaConf, open_dict

    named = {seats: config.get(seats) for seats in ("judges", "query_gate")}
    named = {seats: list(names) if OmegaConf.is_list(names) else [] for seats, names in named.items()}
    named |= {seats: [role] for seats, role in _COUNTED.items() if config.get(seats)}
    for seats, roles in named.items():
        for name in roles:
            if not isinstance(name, str):
                continue  # the settings say what is wrong with it
            partial = config.agent.get(name)
            if partial is None or "_target_" not in partial:
                with open_dict(config):
                    config.agent[name] = OmegaConf.merge(_role(name, seats), partial or {})


def _role(name: str, seats: str) -> DictConfig:
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode
    from omegaconf import OmegaConf

    loader: ConfigLoader = GlobalHydra.instance().config_loader()
    overrides = [f"hydra.searchpath=[{','.join(map(repr, HydraConfig.get().searchpath))}]"]
    known = loader.get_group_options("agent", config_name=None, overrides=overrides)
    if name not in known:
        raise ConfigError(
            f"{seats}: got {name!r}, there are roles {names(known, name)}; a role is agent/NAME.yaml"
        )
    alone = [*overrides, f"+agent@role={name}"]
    role = loader.load_configuration(None, overrides=alone, run_mode=RunMode.RUN).role
    OmegaConf.set_struct(role, False)  # keys that its file leaves out may be given on the command line
    return role


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
