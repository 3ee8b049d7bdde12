"""A run's folder: made or continued, ours or refused, and one process at a time.

A marker file says that a folder is a run folder and what its run was started with; a continued run must be
the same run. It knows nothing of stages. The lock is the system's own, so that a kill -9 releases it; between
machines it holds where their file system passes locks on (NFS does, unless it is mounted with `nolock`).
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
from filelock import lock_descriptor

from ..errors import FOLDER_OF_FAULT, FolderInUseError, StoreError
from ..object_storage import ObjectFolder
from .files import describe_error, write_bytes, write_json
from .manifest import installed_version
from .run_log import run_log

MARKER = ".ptool-run.json"
LOCK = ".lock"
FORMAT = 1
"""Of the folder as a whole: of the names of its files and what is in them (docs/decisions.md)."""
_LOOK_SECONDS = 0.05
"""Seconds that `ptool.status` and others have a lock at most, to see whether anybody else has it."""
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+!-]{0,40}")
ENDPOINTS = "endpoints"
"""Part of an identity that is a name people know: who answers."""
SETTING, LOCAL_SETTING = "run.dir", "run.local"


class RunFolder:
    """An open, locked run folder; close it, or use it in a `with` block.

    Where it has a URL, its results are uploaded when the block ends without an error.

    Args: path: where; made with its parents if it does not exist.
        identity: what makes this the same run when it is continued, such as {"settings": digest}.
        setting: what a message names as the setting to change.
        url: a folder in object storage for the results; None: they stay in `path`.
    Raises StoreError: not writable, not a run folder, another run's folder, or in use (names the process);
    StorageDownError: the storage at `url` does not answer.
    """

    def __init__(
        self, path: Path, identity: Mapping[str, str], setting: str = SETTING, url: str | None = None
    ) -> None:
        self.path = path
        self._lock: int | None = None
        self._identity, self._setting = dict(identity), setting
        self._objects = ObjectFolder(url) if url is not None else None
        if self._objects is not None:
            self._objects.claim(self._identity, setting)
            setting = LOCAL_SETTING if setting == SETTING else setting
        try:
            path.mkdir(parents=True, exist_ok=True)
            _refuse_foreign(path, setting)
            self._lock = _lock(path, setting)
            _remove_leftovers(path)
            _check_identity(path, self._identity, setting)
        except OSError as error:
            self.close()
            raise StoreError(
                f"{path}: cannot be used as a run folder: {describe_error(error)}; choose another {setting}"
            ) from error
        except StoreError:
            self.close()
            raise

    def __truediv__(self, name: str) -> Path:
        """A file of the run, `folder / "dataset/samples.jsonl"`; its folder is made. Raises StoreError."""
        self._refuse_removed()
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

    def _refuse_removed(self) -> None:
        """Raise StoreError where the folder is no longer the one that was opened."""
        try:
            in_place = self._lock is None or os.path.samestat(os.fstat(self._lock), (self.path / LOCK).stat())
        except OSError:
            in_place = False
        if not in_place or not (self.path / MARKER).is_file():
            raise StoreError(
                f"{self.path}: was removed or replaced while its run was under way, and what it held is "
                "lost; the same command begins anew"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._refuse_removed()
                if self._objects is not None:
                    with run_log(self.path / "run.log"):
                        self._objects.upload(self.path, self._identity, self._setting)
            else:
                vars(error).setdefault(FOLDER_OF_FAULT, self.path)
        finally:
            self.close()


def _refuse_foreign(path: Path, setting: str) -> None:
    if not (path / MARKER).is_file() and any(_is_foreign(file.name) for file in path.iterdir()):
        raise StoreError(f"{path}: holds files but no ptool run; choose an empty folder as {setting}")


def _is_foreign(name: str) -> bool:
    return name != LOCK and not name.startswith(f".{MARKER}.")


def _remove_leftovers(path: Path) -> None:
    """Remove what a killed process left half written; the lock says that nobody is writing now.

    Run folders below this one have locks of their own.
    """
    others = [marker.parent for marker in path.glob(f"*/*/{MARKER}")]
    for stale in path.rglob(".*.tmp"):
        if not any(stale.is_relative_to(other) for other in others):
            stale.unlink(missing_ok=True)


def _lock(path: Path, setting: str) -> int:
    handle = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    if not try_lock(handle):
        holder = name_holder(handle)
        os.close(handle)
        raise FolderInUseError(
            f"{path}: in use by process {holder}; wait for it, or choose another {setting}"
        )
    os.ftruncate(handle, 0)
    os.write(handle, f"\n{os.getpid()}\n".encode())  # some systems let nobody read the byte that is locked
    return handle


def try_lock(handle: int) -> bool:
    """Whether the lock of an open file could be had; it is waited for as long as who only looks has it."""
    end = time.monotonic() + _LOOK_SECONDS
    while not lock_descriptor(handle, blocking=False):
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK_SECONDS / 10)
    return True


def name_holder(handle: int) -> str:
    """The number of the process that has the lock of an open file, 'unknown' if it does not say."""
    os.lseek(handle, 0 if os.name == "posix" else 1, os.SEEK_SET)
    return os.read(handle, 32).decode(errors="replace").strip() or "unknown"


def identity_of(path: Path, setting: str = SETTING) -> dict[str, str]:
    """What the run in a folder was begun with. Raises StoreError: no run folder, damaged, another format."""
    return _read_marker(path, setting)[0]


def check_format(path: Path) -> None:
    """Raise StoreError where a folder is a run folder of another format; any other folder may pass."""
    if (path / MARKER).is_file():
        identity_of(path)


def maker_of(path: Path) -> str | None:
    """The version of ptool that began the run in a folder; None where it does not say. Raises StoreError."""
    return _read_marker(path)[1]


def _read_marker(path: Path, setting: str = SETTING) -> tuple[dict[str, str], str | None]:
    """Identity and maker of a run."""
    marker = path / MARKER
    if not path.is_dir():
        raise StoreError(f"{path}: no such folder, expected one that ptool.run made")
    if not marker.is_file():
        raise StoreError(f"{path}: not a run folder, expected one that ptool.run made")
    try:
        kept = orjson.loads(marker.read_bytes())
        format, identity = kept["format"], dict(kept["identity"])
        maker = kept.get("ptool") or _maker_in_manifest(path)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise StoreError(f"{marker}: damaged; choose another {setting}") from None
    if format != FORMAT:
        raise StoreError(
            f"{path}: a run folder of format {format!r:.40}, expected {FORMAT}; {advice_on(maker)}, or "
            f"choose another {setting}"
        )
    return identity, maker


def _maker_in_manifest(path: Path) -> str | None:
    """The version that finished a run, whose marker does not say who began it; None: nobody knows."""
    try:
        return orjson.loads((path / "manifest.json").read_bytes())["versions"]["ptool"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def advice_on(maker: Any) -> str:
    """What to do with a run of another version. Args: maker: that version, as far as it is known."""
    if not isinstance(maker, str) or not _VERSION.fullmatch(maker):
        return "use the version of ptool that began it"
    return f"use ptool {maker}, which began it (pip install 'ptool=={maker}')"


def _check_identity(path: Path, identity: dict[str, str], setting: str) -> None:
    if not (path / MARKER).is_file():
        write_json(
            path / MARKER, {"format": FORMAT, "ptool": installed_version("ptool"), "identity": identity}
        )
        return
    before, maker = _read_marker(path, setting)
    changed = sorted(key for key in before.keys() | identity if before.get(key) != identity.get(key))
    if changed:
        advice = _advice(path, before, identity, maker)
        raise StoreError(
            f"{path}: holds a run begun with other {', '.join(changed)}; {advice}choose another {setting}"
        )


def _advice(path: Path, before: Mapping[str, str], identity: Mapping[str, str], maker: Any) -> str:
    """How to go on with what was paid for, up to the choice of another folder.

    Who answered is a name, and the same model may have a new one.
    """
    there, here = before.get(ENDPOINTS), identity.get(ENDPOINTS)
    if maker not in (None, installed_version("ptool")):
        return f"{advice_on(maker)}, or "
    if there == here or there is None:
        return "go on with the command and the ptool that began it, or "
    paid = f"{_answers_in(path / 'ledger.sqlite'):,} answers there are of {there!r}"
    if " and " in there or here is None:
        return f"{paid}; "
    return (
        f"{paid}, and {here!r} is to go on; if that is the same model at another address, "
        f"model.name={there!r} uses them, otherwise "
    )


def _answers_in(ledger: Path) -> int:
    """How many answers a ledger holds; 0 where it cannot be read."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT ifnull(sum(answers), 0) FROM totals").fetchone()[0]
    return 0
