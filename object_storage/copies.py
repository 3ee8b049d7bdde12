"""Local copies of what is in object storage, for whatever reads files: checked, kept, and fetched once.

A copy lies in the user's cache under a digest of its URL and of its list, so another upload is another copy.
The cache may be removed at any time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..errors import StoreError
from .file_system import asked, file_system
from .folder import ObjectFolder
from .listing import LIST, ObjectList
from .urls import check_url, is_url

_ABOVE = 3
"""Folders above a URL in which a list is looked for: `s3://bucket/run/dataset/test.jsonl` is in a run."""


def local_copy(place: str) -> str:
    """A path to what is at a place: of a URL a copy of it, of a path the path itself.

    Args: place: a path, or the URL of a folder that ptool uploaded, of something in it, or of a single file.

    Raises StoreError: there is nothing of the kind, it is not whole, or differs from what was uploaded;
    StorageDownError: the storage does not answer.
    """
    if not is_url(place):
        return place
    try:
        url = check_url(place)
    except ValueError as error:
        raise StoreError(f"{place!r:.200}: not a place to read from, expected {error}") from None
    above = url
    for _ in range(1 + _ABOVE):
        if (listed := ObjectFolder(above).listed()) is not None:
            inside = url.removeprefix(above).lstrip("/")
            return str(_copy_of_folder(above, listed) / inside)
        above, _, name = above.rpartition("/")
        if not name or above.endswith(("/", ":")):
            break
    return str(_copy_of_file(url))


def _copy_of_folder(url: str, listed: ObjectList) -> Path:
    if not listed.complete:
        raise StoreError(
            f"{url}: not whole: it is being uploaded, or that was ended; the command that made the run "
            "uploads what is missing"
        )
    return _cached(url, listed.encoded(), listed.size, lambda copy: ObjectFolder(url).download(listed, copy))


def _copy_of_file(url: str) -> Path:
    files, path = file_system(url)
    with asked(url):
        about = files.info(path)
        if about["type"] != "file":
            raise StoreError(
                f"{url}: no {LIST} there, so nothing says that it is whole; expected the run.dir of a "
                "finished run, or one file"
            )
        mark = str(files.ukey(path))

        def fetch(copy: Path) -> None:
            with asked(url):
                files.get_file(path, str(copy))

        return _cached(url, mark.encode(), about["size"] or 0, fetch)


def _cached(url: str, mark: bytes, size: int, fetch: Callable[[Path], None]) -> Path:
    """The copy of a URL; it appears whole or not at all. Args: mark: tells one state of it from another."""
    digest = hashlib.blake2b(url.encode() + b"\0" + mark, digest_size=16).hexdigest()
    place = _cache() / digest
    copy = place / url.rpartition("/")[2]
    if copy.exists():
        return copy
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(place.parent).free
        if size > free:
            raise StoreError(
                f"{url}: has {size:,} bytes, and {place.parent} has {free:,} free; free some, or set "
                "XDG_CACHE_HOME"
            )
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".") as scratch:
            half = Path(scratch) / digest
            half.mkdir()
            fetch(half / copy.name)
            try:
                half.rename(place)
            except OSError:
                if not copy.exists():  # another process was quicker
                    raise
    except OSError as error:
        raise StoreError(
            f"{place}: cannot be written: {error.strerror or error}; set XDG_CACHE_HOME"
        ) from error
    return copy


def _cache() -> Path:
    """Where copies are kept."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "ptool" / "objects"  # noqa: PTH117
