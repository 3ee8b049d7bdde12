"""Hydra's side of a command: the configuration a command line composes, for one job or for those of a sweep.

Here an object that is only named (`judges=[verifier,privacy]`, `checks=[text,repeats]`) is looked up in every
config source as agent/privacy.yaml or check/repeats.yaml, and Hydra's faults become one-line ConfigErrors. It
knows no stage and no model.
"""

from __future__ import annotations

import copy
import os
import re
import shlex
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hydra import compose, initialize_config_module
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from hydra.version import VersionBase
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from pydantic import BaseModel
from yaml import YAMLError

from ..errors import ConfigError, names, printable
from ..settings import NOT_HASHED, RECOGNISERS, TOOL_MATCHER, Schema, Settings, validated
from .args import OPTIONS, Arguments, quoted
from .config_files import check_user_files
from .overrides import as_typed
from .sweeps import JobEnd, speaking_among_others
from .unknown_keys import GROUPS, check_experiment, no_such_key, opened

Result = TypeVar("Result")

_GROUP_OF = {
    "judges": "agent",
    "query_gate": "agent",
    "checks": "check",
    "gates": "gate",
    "audit.corruptions": "corruption",
    "audit.injections": "injection",
}
"""Keys that list objects by name -> the config group these are looked up in."""

SCRIPTED = "ptool.models.scripted.ScriptedModel"
"""`_target_` of the model that is no language model."""

_COUNTED = {"strangers": "stranger", "consistency": "solver"}
"""Keys that say how often a role is asked -> the role; it is there where that is not 0."""

_LAUNCHERS = ("joblib", "ray")
"""Launchers of sweeps that an extra of the same name brings."""

_OF_THE_MACHINE = ("base_url", "api_key_env", "file")
"""Last parts of keys whose values say where something is, and are of no use elsewhere."""

_LONGEST_REASON, _LONGEST_LISTED = 600, 100
_NO_NAME = re.compile(r"Config group override must be a string or a list\. Got (\w+)")
_PLACE = re.compile(r"\n\s*full_key: (.*)\n\s*object_type=.*")
"""How OmegaConf says where something is."""


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
        given = [f"--config-dir {shlex.quote(folder.name)}" for folder in self.folders]
        for word in self.words:
            key = word.partition("=")[0].lstrip("+~")
            if key.partition(".")[0] not in NOT_HASHED and key.rpartition(".")[2] not in _OF_THE_MACHINE:
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

    @contextmanager
    def importable(self) -> Iterator[None]:
        """Let `_target_` find modules in these folders while the block runs; installed packages go first."""
        added = [str(folder) for folder in self.folders]
        sys.path.extend(added)
        try:
            yield
        finally:
            for folder in added:
                if folder in sys.path:
                    del sys.path[len(sys.path) - 1 - sys.path[::-1].index(folder)]


class _ConfigFolders(SearchPathPlugin):
    """Adds the folders of `--config-dir` to Hydra's search path, behind ptool's own configuration."""

    folders: ClassVar[Sequence[Path]] = ()

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        for folder in self.folders:
            search_path.append("command-line", f"file://{folder}")


@dataclass(frozen=True)
class Composer:
    """Composes a command's configuration; `composer` makes one that can."""

    config_name: str
    """the primary config in conf/, or in a folder of the user's"""
    overrides: tuple[str, ...]
    """in Hydra's grammar"""
    schema: type[BaseModel]
    """what the configuration has to become"""

    def help(self) -> str:
        """What `--help` prints: the command's own words around the config groups it takes choices of."""
        hydra = self._composed(self.config_name).hydra
        text = [hydra.help.header]
        chosen = {key.partition("@")[0] for key in hydra.runtime.choices}
        if chosen & {*GROUPS, "train"}:
            loader = GlobalHydra.instance().config_loader()
            groups = sorted(set(loader.list_groups("")) - {"hydra"})
            choices = (f"{group}: {_listed(loader.get_group_options(group))}\n" for group in groups)
            text.append(f"Groups and their choices:\n{''.join(choices)}\n{hydra.help.footer}")
        return "\n\n".join([*text, OPTIONS])

    def shown(self, part: str, resolve: bool) -> str:
        """The configuration as YAML: of the job, of Hydra, or all of it."""
        config = self._composed(self.config_name, *self.overrides)
        with in_plain_words():
            if (roles := _roles_of(config, config.hydra.runtime.choices)) is not None:
                config = self._composed(self.config_name, *self.overrides, f"roles={roles}")
            if part != "all":
                kept = [str(key) for key in config if (key == "hydra") == (part == "hydra")]
                config = OmegaConf.masked_copy(config, kept)
            return OmegaConf.to_yaml(config, resolve=resolve)

    def the_config(self, multirun: bool) -> DictConfig | None:
        """The configuration of the one job there is; None: there is a sweep.

        A sweep is asked for by `multirun`, or by a configuration that says what to sweep over
        (`hydra.sweeper.params`, as the experiments of ptool.evaluate do).
        """
        config = None if multirun else self._composed(self.config_name, *self.overrides)
        return None if config is None or _swept(config) else config

    def sweep(self, job: Callable[[DictConfig], JobEnd]) -> list[JobEnd]:
        """Let Hydra's sweeper and launcher do the jobs, their own notes in a folder that is thrown away.

        Args: job: does one; it is pickled for a launcher of processes (hydra/launcher=joblib, ray).
        """
        ends: list[JobEnd] = []
        own, given = os.getpid(), frozenset(self.overrides)

        def told(config: DictConfig) -> JobEnd:
            words = tuple(word for word in HydraConfig.get().overrides.task if word not in given)
            if os.getpid() == own:
                ends.append(replace(job(config), words=words))  # not every sweeper returns what its jobs did
                return ends[-1]
            check_user_files()
            with speaking_among_others(words):
                return replace(job(config), words=words)

        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        with tempfile.TemporaryDirectory(prefix="ptool-sweep-") as scratch, self._explained():
            sweep = ("hydra.sweep.subdir=.", f"hydra.sweep.dir={quoted(scratch)}", "hydra.output_subdir=null")
            silence = ("hydra/job_logging=none", "hydra/hydra_logging=none")
            words = [*self.overrides, *sweep, *silence]
            batches = hydra.multirun(self.config_name, told, words, with_log_configuration=False)
        return ends or [done.return_value for batch in batches or () for done in batch]

    def the_job(self, job: Callable[[DictConfig], Result]) -> Result:
        """Do a job with the composed configuration. Raises ConfigError where that stands for several."""
        config = self._composed(self.config_name, *self.overrides)
        if swept := _swept(config):
            over = ", ".join(f"{key}={value}" for key, value in swept.items())
            raise ConfigError(f"these settings stand for several jobs ({over}), expected those of one")
        return done(config, job)

    def _composed(self, *name_and_overrides: str) -> DictConfig:
        config_name, *overrides = name_and_overrides
        with self._explained():
            return compose(config_name, overrides, return_hydra_config=True)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """As `in_plain_words`, with a look at which override the configuration does not take."""
        with in_plain_words():
            try:
                yield
            except (OverrideParseException, MissingConfigException):
                raise
            except HydraException:
                if (line := no_such_key(self.config_name, self.overrides, self.schema)) is not None:
                    raise ConfigError(line) from None
                raise


def _swept(config: DictConfig) -> Mapping[str, str]:
    """What a configuration sweeps over, by key."""
    with in_plain_words():
        return OmegaConf.select(config, "hydra.sweeper.params") or {}


def done(config: DictConfig, job: Callable[[DictConfig], Result]) -> Result:
    """What a job makes of its configuration, with Hydra's own part where Hydra looks for it."""
    job_config = copy.deepcopy(config)
    with open_dict(job_config):
        del job_config["hydra"]
    before = HydraConfig.instance().cfg
    HydraConfig.instance().set_config(config)
    try:
        return job(job_config)
    finally:
        HydraConfig.instance().cfg = before


def _listed(names: Iterable[str]) -> str:
    """Names of files, of which some may be strangers', in order."""
    return ", ".join(printable(name, _LONGEST_LISTED) for name in sorted(names))


@contextmanager
def composer(arguments: Arguments, config_name: str, schema: type[BaseModel]) -> Iterator[Composer]:
    """Hydra, initialised with ptool's configuration and the user's folders, for as long as the block runs.

    Args: arguments: the command line; config_name: the command's primary config; schema: what it becomes.
    """
    _ConfigFolders.folders = arguments.config_dirs
    Plugins.instance().register(_ConfigFolders)
    check_user_files()
    sweeps = arguments.multirun
    with _own_hydra():
        name = arguments.config_name or config_name
        words = [as_typed(word, schema, sweeps=sweeps) for word in arguments.overrides]
        check_experiment(name, words, schema)
        yield Composer(name, tuple(opened(name, words, schema)), schema)


@contextmanager
def _own_hydra() -> Iterator[None]:
    """Hydra with ptool's configuration while the block runs; a program's own is as it was afterwards."""
    theirs, base = GlobalHydra.instance().hydra, VersionBase.instance().version_base
    GlobalHydra.instance().clear()
    try:
        with initialize_config_module("ptool.conf", version_base="1.3"):
            yield
    finally:
        GlobalHydra.instance().hydra = theirs
        VersionBase.instance().version_base = base
        _ConfigFolders.folders = ()


_composing = threading.Lock()
"""Hydra has one state for the whole process."""


def composed_settings(arguments: Arguments, config_name: str, schema: type[Schema]) -> tuple[Schema, Sources]:
    """Settings and sources of the one job that words ask for; nothing of Hydra is left behind.

    Args: as of `composer`. Calls from several threads wait for each other.

    Raises ConfigError for anything wrong with the configuration, or where it stands for several jobs.
    """
    with _composing, composer(arguments, config_name, schema) as composing:
        return composing.the_job(lambda config: prepared(config, schema))


def prepared(config: DictConfig, schema: type[Schema] = Settings) -> tuple[Schema, Sources]:
    """Settings and sources of the job that is running now, named roles looked up.

    Args: schema: what the command's configuration must be.

    Raises ConfigError for anything wrong with the configuration.
    """
    sources = _sources()
    with in_plain_words():
        config = _with_roles(config)
        _add_named(config)
        container = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    assert isinstance(container, dict)
    return validated({str(key): value for key, value in container.items()}, schema), sources


def _with_roles(config: DictConfig) -> DictConfig:
    """The job's configuration, with the roles that its model can play where they were left to ptool."""
    hydra = HydraConfig.get()
    roles = _roles_of(config, hydra.runtime.choices)
    if roles is None:
        return config
    overrides = OmegaConf.to_container(hydra.overrides.task, resolve=False)
    assert isinstance(overrides, list)
    return compose(hydra.job.config_name, [_searchpath(), *map(str, overrides), f"roles={roles}"])


def _searchpath() -> str:
    """The override that keeps `hydra.searchpath` of the command line where more is composed."""
    return f"hydra.searchpath=[{','.join(map(quoted, HydraConfig.get().searchpath))}]"


def _roles_of(config: DictConfig, choices: Any) -> str | None:
    """The set of roles that `roles=auto` means here; None: one was chosen, or auto is already right.

    The scripted model plays the paper's roles; free plans draw nothing that lean roles could phrase.
    """
    if choices.get("roles") != "auto" or OmegaConf.select(config, "task.plan") == "free":
        return None
    return None if OmegaConf.select(config, "model._target_") == SCRIPTED else "lean"


def _sources() -> Sources:
    hydra = HydraConfig.get()
    words = OmegaConf.to_container(hydra.overrides.task, resolve=False)  # '${oc.env:KEY}' may be a secret
    assert isinstance(words, list)
    folders = (
        Path(source.path).resolve() for source in hydra.runtime.config_sources if source.schema == "file"
    )
    return Sources(tuple(folders), tuple(map(str, words)))


def _add_named(config: DictConfig) -> None:
    """Compose <group>/<name>.yaml for everything that is named and is not in the configuration yet.

    A role must have such a file; a check, gate, corruption or injection may also be one of ptool's own.
    """
    searchpath = _searchpath()
    loader = GlobalHydra.instance().config_loader()

    @cache
    def choices_of(group: str) -> list[str]:
        return loader.get_group_options(group, overrides=[searchpath])

    for key, group, name in _named(config):
        partial = config[group].get(name)
        if partial is not None and "_target_" in partial:
            continue
        if name in choices_of(group):
            added = compose(overrides=[searchpath, f"+{group}@added={name}"]).added
            # Keys that its file leaves out may be given on the command line.
            OmegaConf.set_struct(added, False)
            with open_dict(config):
                config[group][name] = OmegaConf.merge(added, partial or {})
        elif group == "agent":
            there = names(choices_of(group), name)
            raise ConfigError(f"{key}: got {name!r}, there are roles {there}; a role is agent/NAME.yaml")


def _named(config: DictConfig) -> Iterator[tuple[str, str, str]]:
    """Key that names something, the group to look it up in, and its name."""
    for key, group in _GROUP_OF.items():
        listed = OmegaConf.select(config, key)
        for name in listed if OmegaConf.is_list(listed) else ():
            if isinstance(name, str):  # of anything else the settings say what is wrong with it
                yield key, group, name
    for role in RECOGNISERS if config.get("assistant") == "confirm" else ():
        yield "assistant", "agent", role
    for key, role in _COUNTED.items():
        if config.get(key):
            yield key, "agent", role
    if _leaves_tools_to_a_model(config):
        yield "tools.file", "agent", TOOL_MATCHER


def _leaves_tools_to_a_model(config: DictConfig) -> bool:
    """Whether functions are brought along, and a language model may say which of them do the same."""
    tools = OmegaConf.select(config, "tools")
    if (
        not OmegaConf.is_dict(tools)
        or not tools.get("file")
        or tools.get("capabilities")
        or tools.get("lexicon")
    ):
        return False
    own = OmegaConf.select(config, f"agent.{TOOL_MATCHER}.model._target_")
    return own is not None or OmegaConf.select(config, "model._target_") != SCRIPTED


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Turn what Hydra, OmegaConf or YAML refuses into a ConfigError of one line."""
    try:
        yield
    except MissingMandatoryValue as error:
        key = error.full_key
        raise ConfigError(f"{key}: missing; give it on the command line: {key}=…") from error
    except OverrideParseException as error:
        key = str(error.override).partition("=")[0]  # what was to be set may be a secret
        reason = _one_line(error.message.strip().partition("\n")[0])
        raise ConfigError(f"{key}: not an override, expected key=value ({reason})") from error
    except MissingConfigException as error:
        raise ConfigError(_no_such_choice(error)) from error
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(_reason(error)) from error
    except YAMLError as error:
        raise ConfigError(f"not YAML: {_one_line(str(error))}") from error
    except ValueError as error:
        if not (found := _NO_NAME.match(str(error))):
            raise
        raise ConfigError(
            f"a choice, such as of scenario or model, is a name, got one of type {found[1]}"
        ) from error


def _reason(error: BaseException) -> str:
    """Hydra's own words, or those of OmegaConf behind them."""
    if isinstance(error, OmegaConfBaseException):
        text = error.msg or str(error)
        place = _PLACE.search(text)
        return _one_line(f"{place[1]}: {text[: place.start()]}" if place and place[1] else text)
    behind = f" {_reason(error.__cause__)}" if isinstance(error.__cause__, Exception) else ""
    return _one_line(f"{error}{behind}")


def _no_such_choice(error: MissingConfigException) -> str:
    group, _, got = (error.missing_cfg_file or "").removesuffix(".yaml").rpartition("/")
    if not group or error.options is None:
        return str(error).strip().partition("\n")[0]
    extra = (
        f"; pip install 'ptool[{got}]' brings it" if group == "hydra/launcher" and got in _LAUNCHERS else ""
    )
    return f"{group}: got {printable(got, 80)!r}, there are {names(error.options, got)}{extra}"


def _one_line(text: str) -> str:
    return " ".join(_PLACE.sub("", text).split())[:_LONGEST_REASON]
