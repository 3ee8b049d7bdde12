"""A run's folder: made or continued, ours or refused, and one process at a time.

A marker file says that a folder is a run folder and what its run was started with; a continued run must be
the same run. It knows nothing of stages. (POSIX: the lock is an flock, released even by kill -9.)
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from ..errors import StoreError
from .files import describe_error, write_bytes, write_json

MARKER = ".ptool-run.json"
LOCK = ".lock"
FORMAT = 1
SETTING = "run.dir"


class RunFolder:
    """An open, locked run folder; close it, or use it in a `with` block.

    Args: path: where; made with its parents if it does not exist.
        identity: what makes this the same run when it is continued, such as {"settings": digest}.
        setting: what a message names as the setting to change.
    Raises StoreError: not writable, not a run folder, another run's folder, or in use (names the process).
    """

    def __init__(self, path: Path, identity: Mapping[str, str], setting: str = SETTING) -> None:
        self.path = path
        self._lock: int | None = None
        try:
            path.mkdir(parents=True, exist_ok=True)
            _refuse_foreign(path, setting)
            self._lock = _lock(path, setting)
            _remove_leftovers(path)
            _check_identity(path, dict(identity), setting)
        except OSError as error:
            self.close()
            raise StoreError(
                f"{path}: cannot be used as a run folder: {describe_error(error)}; choose another {setting}"
            ) from error
        except StoreError:
            self.close()
            raise

    def __truediv__(self, name: str) -> Path:
        """A file of the run, `folder / "dataset/samples.jsonl"`; its folder is made."""
        file = self.path / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{file.parent}: cannot be made: {describe_error(error)}") from error
        return file

    def save_config(self, text: str) -> None:
        """Keep the configuration as YAML in config.yaml. Raises StoreError."""
        write_bytes(self / "config.yaml", text.encode())

    def close(self) -> None:
        """Release the folder for other processes; closing twice is harmless."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _refuse_foreign(path: Path, setting: str) -> None:
    if not (path / MARKER).is_file() and any(_is_foreign(file.name) for file in path.iterdir()):
        raise StoreError(f"{path}: holds files but no ptool run; choose an empty folder as {setting}")


def _is_foreign(name: str) -> bool:
    return name != LOCK and not name.startswith(f".{MARKER}.")


def _remove_leftovers(path: Path) -> None:
    """Remove what a killed process left half written; the lock says that nobody is writing now."""
    for stale in path.rglob(".*.tmp"):
        stale.unlink(missing_ok=True)


def _lock(path: Path, setting: str) -> int:
    handle = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
        os.close(handle)
        raise StoreError(
            f"{path}: in use by process {holder}; wait for it, or choose another {setting}"
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    return handle


def identity_of(path: Path, setting: str = SETTING) -> dict[str, str]:
    """What the run in a folder was begun with. Raises StoreError: no run folder, damaged, another format."""
    marker = path / MARKER
    if not path.is_dir():
        raise StoreError(f"{path}: no such folder, expected one that ptool.run made")
    if not marker.is_file():
        raise StoreError(f"{path}: not a run folder, expected one that ptool.run made")
    try:
        kept = orjson.loads(marker.read_bytes())
        version, identity = kept["format"], dict(kept["identity"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise StoreError(f"{marker}: damaged; choose another {setting}") from None
    if version != FORMAT:
        raise StoreError(
            f"{path}: a run folder of format {version!r}, expected {FORMAT}; choose another {setting}"
        )
    return identity


def _check_identity(path: Path, identity: dict[str, str], setting: str) -> None:
    if not (path / MARKER).is_file():
        write_json(path / MARKER, {"format": FORMAT, "identity": identity})
        return
    before = identity_of(path, setting)
    changed = sorted(key for key in before.keys() | identity if before.get(key) != identity.get(key))
    if changed:
        what = ", ".join(changed)
        raise StoreError(
            f"{path}: holds a run begun with other {what}; remove it, or choose another {setting}"
        )
