"""The user's own files of choices, checked before Hydra builds anything of one.

Wherever a folder was named (`--config-dir`, `hydra.searchpath`, in a primary config), Hydra reads its files
here: in any encoding of Unicode, behind a byte order mark or not. It knows no key of a configuration.
"""

from __future__ import annotations

import io
from pathlib import Path

from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.sources_registry import SourcesRegistry
from hydra.plugins.config_source import ConfigResult
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ..errors import ConfigError, printable
from ..settings.texts import check_texts, parse_yaml
from .interpolation import bound_interpolations

_LONGEST_REASON = 300


class CheckedFolder(FileConfigSource):
    """A folder of choices."""

    def load_config(self, config_path: str) -> ConfigResult:
        """One file. Raises ConfigError where it is no YAML, stands for too much or hides something."""
        file = Path(self.path, self._normalize_file_name(config_path)).resolve()
        try:
            content = file.read_bytes()
        except OSError as error:
            raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
        check_texts(parse_yaml(content, str(file)), str(file))
        text = content.decode(_encoding(content))
        try:
            config, header = OmegaConf.load(io.StringIO(text)), self._get_header_dict(text)
        except (OSError, ValueError, YAMLError, OmegaConfBaseException) as error:
            raise ConfigError(f"{file}: {printable(' '.join(str(error).split()), _LONGEST_REASON)}") from None
        return ConfigResult(self.provider, f"{self.scheme()}://{self.path}", config, header)


CheckedFolder.__name__ = FileConfigSource.__name__
"""Hydra tells sources apart by it, where a process of a sweep is given this one and looks for its own."""


def check_user_files() -> None:
    """Let Hydra read every folder of this machine as a `CheckedFolder`; its own registry replaces nothing.

    What the files interpolate is bounded where it is resolved.
    """
    bound_interpolations()
    SourcesRegistry.instance().types[CheckedFolder.scheme()] = CheckedFolder


def _encoding(content: bytes) -> str:
    """The encoding of YAML, which has been parsed as such."""
    return "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
