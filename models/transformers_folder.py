"""A Transformers model in a folder: checked, loaded without a network and without its code, and told apart.

The libraries of the extra `train` are imported here and in `training/`, only when they are needed.
"""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Callable, Iterator
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .process_state import ProcessState

PACKAGES = ("torch", "transformers", "peft")
"""What a model in a folder needs."""
_VARIABLES = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
_UNLESS_GIVEN = {"TOKENIZERS_PARALLELISM": "false", "TRANSFORMERS_VERBOSITY": "error"}
_OFFLINE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
_HASHED_BYTES = 1 << 20
_READ = ("*.json", "*.safetensors", "*.jinja", "*.model", "*.txt")


def require_packages(wanted_by: str, packages: tuple[str, ...] = PACKAGES) -> None:
    """Raises ConfigError where a package of the extra is missing, and keeps what is there off the network."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"{wanted_by}: needs the package{'s' * (len(missing) > 1)} {', '.join(missing)}; "
            "pip install 'ptool[train]'"
        )
    os.environ.update(_VARIABLES)
    for name, value in _UNLESS_GIVEN.items():
        os.environ.setdefault(name, value)


def _note_environment() -> Callable[[], None]:
    names = (*_VARIABLES, *_UNLESS_GIVEN)
    before = {name: os.environ.get(name) for name in names}
    filters = [*warnings.filters]

    def undo() -> None:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        warnings.filters[:] = [  # pyright: ignore[reportIndexIssue]
            one for one in warnings.filters if one in filters or one[2] is not FutureWarning
        ]

    return undo


environment_kept = ProcessState(_note_environment)
"""The variables and warnings that a model in a folder changes are as before once nobody uses one any more."""


def library(name: str) -> Any:
    """A library of the extra, imported now; as it need not be there, nothing is known of its types."""
    return import_module(name)


def checked_folder(path: str, where: str, marker: str = "config.json") -> Path:
    """The folder of a model or adapter. Raises ConfigError where it is none.

    Args: where: the configuration key, for messages; marker: the file it is known by.
    """
    folder = Path(path).expanduser().absolute()
    if not folder.is_dir():
        raise ConfigError(
            f"{where}: no folder {path!r:.200}; nothing is downloaded, expected a folder with {marker}"
        )
    if not (folder / marker).is_file():
        raise ConfigError(f"{where}: {path!r:.200} holds no {marker}; expected the folder that has it")
    if not any(folder.glob("*.safetensors")):
        raise ConfigError(
            f"{where}: {path!r:.200} holds no *.safetensors; other formats of weights can hold code, "
            "expected weights saved with save_pretrained"
        )
    return folder


def fingerprint_folder(folder: Path) -> str:
    """Stands for what is in a folder of a model: names, sizes, and every file's beginning and end."""
    whole = blake2b(digest_size=8)
    for file in sorted(file for pattern in _READ for file in folder.glob(pattern)):
        whole.update(f"{file.name} {file.stat().st_size} ".encode())
        whole.update(_ends(file))
    return whole.hexdigest()


def _ends(file: Path) -> bytes:
    with file.open("rb") as content:
        size = content.seek(0, os.SEEK_END)
        content.seek(0)
        start = content.read(_HASHED_BYTES)
        content.seek(max(0, size - _HASHED_BYTES))
        return start + content.read(_HASHED_BYTES)


def chosen_device(wanted: str, where: str) -> str:
    """cpu or cuda. Raises ConfigError where a GPU is asked for and there is none."""
    torch = library("torch")

    if wanted == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            f"{where}: got 'cuda', but there is no GPU that torch can use; expected auto or cpu"
        )
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return wanted


def chosen_dtype(wanted: str, device: str) -> Any:
    """The torch type that weights are computed in."""
    torch = library("torch")

    if wanted != "auto":
        return getattr(torch, wanted)
    if device == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def load_tokenizer(folder: Path, where: str) -> Any:
    """The tokenizer in a folder, padding on the left. Raises ConfigError."""
    transformers = library("transformers")
    transformers.utils.logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder), **_OFFLINE)
    except Exception as error:  # whatever a library makes of damaged files
        raise _unusable(where, folder, "tokenizer", error) from None
    tokenizer.padding_side = "left"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_config(folder: Path, where: str) -> Any:
    """The architecture in a folder. Raises ConfigError."""
    try:
        return library("transformers").AutoConfig.from_pretrained(str(folder), **_OFFLINE)
    except Exception as error:
        raise _unusable(where, folder, "config.json", error) from None


def load_model(folder: Path, where: str, dtype: Any, quantisation: Any = None) -> Any:
    """The model in a folder, on the processor unless it is quantised. Raises ConfigError."""
    extra = {"quantization_config": quantisation, "device_map": {"": 0}} if quantisation else {}
    try:
        return library("transformers").AutoModelForCausalLM.from_pretrained(
            str(folder),
            dtype=dtype,
            use_safetensors=True,
            **_OFFLINE,
            **extra,
        )
    except Exception as error:
        raise _unusable(where, folder, "model", error) from None


def with_adapter(model: Any, adapter: Path, where: str) -> Any:
    """The model with an adapter on it. Raises ConfigError where they do not fit."""
    try:
        return library("peft").PeftModel.from_pretrained(model, str(adapter), local_files_only=True)
    except Exception as error:
        raise _unusable(where, adapter, "adapter for this model", error) from None


def _unusable(where: str, folder: Path, what: str, error: Exception) -> ConfigError:
    reason = next(_lines(error), type(error).__name__)
    return ConfigError(f"{where}: {str(folder)!r:.200} holds no {what} that can be loaded: {reason[:300]}")


def _lines(error: Exception) -> Iterator[str]:
    return (line.strip() for line in str(error).splitlines() if line.strip())
