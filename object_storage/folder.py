"""A folder in object storage, for the results of a local one: claimed first, uploaded then, its list last.

Whoever reads it sees all of an upload or is told that it is not whole: objects.json says so, and
manifest.json is the last of the files. Object storage knows no locks: two machines that upload one run at a
time write the same bytes, and where their manifests differ the last one stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ..errors import StoreError
from ..log import logger
from .file_system import asked, file_system
from .listing import LIST, ObjectList, StoredObject, parse_list
from .urls import is_name

_LAST = "manifest.json"
_LONGEST_LIST = 256 * 1024 * 1024
"""Bytes of a list that are read."""
_KEPT_HERE = (".sqlite", ".sqlite-wal", ".sqlite-shm", ".log", ".tmp", ".lock")
"""Ends of names of what stays on the machine: ledgers, reviews, locks and logs, which are no results."""
_KEPT_FOLDERS = ("shards",)
"""Folders of working state."""


class ObjectFolder:
    """A folder in object storage.

    Args: url: where, as `check_url` leaves it.

    Raises StoreError: unknown protocol, or its package is missing.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._files, self._root = file_system(url)

    def listed(self) -> ObjectList | None:
        """What the folder holds; None: no list. Raises StoreError for what is no list of ptool's."""
        where = f"{self.url}/{LIST}"
        with asked(self.url):
            try:
                if self._files.info(f"{self._root}/{LIST}")["size"] > _LONGEST_LIST:
                    raise StoreError(f"{where}: longer than any list of ptool's; choose another URL")
                content = self._files.cat_file(f"{self._root}/{LIST}")
            except (FileNotFoundError, NotADirectoryError):
                return None
        return parse_list(content, where)

    def claim(self, identity: Mapping[str, str], setting: str) -> None:
        """Make the folder a run's own, so that whatever is wrong with it is said before the run begins.

        Args: identity: of the run, as its local folder has it. setting: what a message says to change.

        Raises StoreError: it cannot be written, or holds something else.
        """
        listed = self.listed()
        if listed is None:
            if self._holds_something():
                raise StoreError(
                    f"{self.url}: holds objects but no ptool run; choose an empty folder as {setting}"
                )
            with asked(self.url):
                self._put_list(ObjectList(dict(identity)))
        self._refuse_other(listed, identity, setting)

    def upload(self, folder: Path, identity: Mapping[str, str], setting: str) -> None:
        """Make the objects what the files of a local folder are; only what differs is sent.

        Args: folder: of the run. identity, setting: as of `claim`.

        Raises StoreError, StorageDownError: it could not be finished; the same call sends what is missing.
        """
        safe = f"; everything is safe in {folder}, and the same command uploads what is missing"
        objects = {name: _object_of(folder / name) for name in _results(folder)}
        new = ObjectList(dict(identity), True, objects)
        old = self.listed() or ObjectList(dict(identity))
        self._refuse_other(old, identity, setting)
        if old == new:
            return
        unchanged = {name: one for name, one in old.objects.items() if objects.get(name) == one}
        with asked(self.url, safe):
            if old.complete:
                self._put_list(replace(old, complete=False))
            there = self._sizes()
            self._delete([name for name in old.objects if name not in unchanged and name in there])
            self._put_list(ObjectList(dict(identity), False, objects))
            missing = [
                name for name, one in objects.items() if name not in unchanged or there.get(name) != one.size
            ]
            self._put(folder, [name for name in missing if name != _LAST])
            self._put(folder, [name for name in missing if name == _LAST])
            self._check_sizes(objects)
            self._put_list(new)
        logger.info("{} of {} objects sent to {}", len(missing), len(objects), self.url)

    def download(self, listed: ObjectList, to: Path) -> None:
        """Write the listed objects below a local folder, every byte checked. Raises StoreError."""
        to.mkdir()
        for name in listed.objects:
            (to / name).parent.mkdir(parents=True, exist_ok=True)
        with asked(self.url):
            there = self._sizes()
            for name, one in listed.objects.items():
                if there.get(name) != one.size:
                    raise StoreError(f"{self.url}/{name}: {_differs(there.get(name), one.size)}")
            self._files.get(
                [f"{self._root}/{name}" for name in listed.objects],
                [str(to / name) for name in listed.objects],
            )
        for name, one in listed.objects.items():
            if _object_of(to / name) != one:
                raise StoreError(f"{self.url}/{name}: {_differs(None, None)}")

    def _refuse_other(self, listed: ObjectList | None, identity: Mapping[str, str], setting: str) -> None:
        if listed is not None and (changed := listed.identity.items() ^ identity.items()):
            keys = ", ".join(sorted({key for key, _ in changed}))
            raise StoreError(f"{self.url}: holds a run begun with other {keys}; choose another {setting}")

    def _holds_something(self) -> bool:
        with asked(self.url):
            try:
                return bool(self._files.ls(self._root, detail=False))
            except FileNotFoundError:
                return False

    def _put_list(self, listed: ObjectList) -> None:
        self._make_folders([LIST])
        self._files.pipe_file(f"{self._root}/{LIST}", listed.encoded())

    def _put(self, folder: Path, names: list[str]) -> None:
        if names:
            self._make_folders(names)
            self._files.put(
                [str(folder / name) for name in names], [f"{self._root}/{name}" for name in names]
            )

    def _make_folders(self, names: list[str]) -> None:
        if not self._files.async_impl:  # in object storage a folder is part of a name
            for parent in sorted({f"{self._root}/{name}".rpartition("/")[0] for name in names}):
                self._files.makedirs(parent, exist_ok=True)

    def _delete(self, names: list[str]) -> None:
        if names:
            self._files.rm([f"{self._root}/{name}" for name in names])

    def _sizes(self) -> dict[str, int]:
        """Name below the folder -> bytes, of all objects."""
        found = self._files.find(self._root, detail=True)
        return {path.removeprefix(self._root).lstrip("/"): about["size"] for path, about in found.items()}

    def _check_sizes(self, objects: Mapping[str, StoredObject]) -> None:
        there = self._sizes()
        for name, one in objects.items():
            if there.get(name) != one.size:
                raise StoreError(f"{self.url}/{name}: {_differs(there.get(name), one.size)}")


def _differs(got: int | None, expected: int | None) -> str:
    got_shown = "other bytes" if expected is None else "nothing" if got is None else f"{got:,} bytes"
    shown = "those that were uploaded" if expected is None else f"{expected:,} bytes"
    return f"got {got_shown}, expected {shown}; the command that made the run uploads it again"


def _results(folder: Path) -> Iterator[str]:
    """Names of the files of a local folder that are results, in order; what is left half written is none."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        kept_here = (
            path.name.endswith(_KEPT_HERE) or name.parts[0] in _KEPT_FOLDERS or name.as_posix() == LIST
        )
        if path.is_file() and not path.is_symlink() and not kept_here and is_name(name.as_posix()):
            yield name.as_posix()


def _object_of(file: Path) -> StoredObject:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        return StoredObject(content.tell(), digest)
