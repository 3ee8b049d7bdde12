"""`dataset/index.jsonl`: where each sample of a run stands, and the digest of the whole sample.

Whoever reads a dataset compares the digests, so that nothing is told of samples that a run did not make. A
digest is of the line that the inline form has, so that both forms of a dataset have the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson

from ..errors import StoreError
from ..records.shared_parts import SHARED, SHARED_FILES, SharedParts
from .files import MAX_LINE, read_jsonl
from .run_folder import check_format

INDEX = "index.jsonl"
"""The index, in the folder of the samples."""
DATASET_PARTS = ("samples", "train", "test", "unseen", "twins", "reserve")
"""Files of samples beside the index, without '.jsonl', in the order they are read."""


_SHARED_KEYS = tuple(f'"{part}":'.encode() for part in SHARED)


class SampleLocation(NamedTuple):
    """Where a sample stands, and what it is."""

    digest: str
    split: str
    file: Path
    offset: int
    size: int

    def read_line(self) -> bytes:
        """The whole sample's line. Raises StoreError where it is not there as it was written."""
        try:
            with self.file.open("rb") as opened:
                opened.seek(self.offset)
                line = opened.read(self.size)
        except (OSError, ValueError) as error:
            raise StoreError(f"{self.file}: cannot be read: {error}") from error
        whole = whole_line(line, self.file)
        if line_digest(whole) != self.digest:
            raise _changed(self.file, f"byte {self.offset} is")
        return whole


def whole_line(line: bytes, file: Path) -> bytes:
    """The line that the inline form has of a sample. Raises StoreError where what it shares is not there."""
    if any(part in line for part in _SHARED_KEYS):
        return line
    try:
        sample = orjson.loads(line)
        return orjson.dumps(shared_parts(file.parent).join(sample)) if isinstance(sample, dict) else line
    except orjson.JSONDecodeError:
        return line
    except ValueError as error:
        raise StoreError(f"{file}: {error}") from None


def shared_parts(folder: Path) -> SharedParts:
    """What the samples of a folder share, read anew where it was written anew."""
    written = (folder / file.name for file in SHARED_FILES)
    return _shared_parts(folder, tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in written))


@lru_cache(maxsize=8)
def _shared_parts(folder: Path, written: tuple[int, ...]) -> SharedParts:
    del written
    return SharedParts(folder)


def line_digest(line: bytes) -> str:
    """The digest of a sample's line, without its line break."""
    return blake2b(line, digest_size=8).hexdigest()


def location_of(entry: Any, folder: Path, where: str) -> SampleLocation:
    """The place that an entry of the index names.

    Args: folder: of the samples; where: the entry is, for the message. Raises StoreError where it names none.
    """
    try:
        file, size = file_inside(folder, entry["file"]), int(entry["bytes"])
        digest, split, offset = str(entry["digest"]), str(entry["split"]), int(entry["offset"])
    except (KeyError, TypeError, ValueError):
        raise StoreError(f"{where}: damaged, expected id, split, file, offset, bytes and digest") from None
    if offset < 0 or not 0 <= size <= MAX_LINE:
        raise StoreError(f"{where}: no place in a file: offset {offset}, bytes {size}")
    return SampleLocation(digest, split, file, offset, size)


def file_inside(folder: Path, name: Any) -> Path:
    """A file that an index names, which has to lie in its folder. Raises StoreError where it would not."""
    if not isinstance(name, str) or not name or Path(name).name != name or name.startswith("."):
        raise StoreError(f"{folder / INDEX}: got file {name!r}, expected a name in that folder")
    return folder / name


def read_index(folder: Path) -> Iterator[tuple[str, SampleLocation]]:
    """Id and place of every sample of a dataset folder, in the order of its index.

    Raises:
        StoreError: the index cannot be read, or is damaged.
    """
    for number, entry in enumerate(read_jsonl(folder / INDEX), 1):
        location = location_of(entry, folder, f"{folder / INDEX}:{number}")
        yield str(entry.get("id")), location


def check_dataset(place: Path) -> None:
    """Compare every line of a dataset with its digest; memory does not grow with the samples.

    Args: place: a run folder, the folder of its samples, or one file of them. Without an index beside the
    samples there is nothing to compare.

    Raises:
        StoreError: a line was changed, added or removed since, or the run is of another format.
    """
    names = [f"{part}.jsonl" for part in DATASET_PARTS]
    if not place.is_dir():
        folder, names = place.parent, [name for name in names if name == place.name]
    else:
        folder = place / "dataset" if (place / "dataset").is_dir() else place
    check_format(folder.parent if folder.name == "dataset" else folder)
    if not names or not (folder / INDEX).is_file():
        return
    try:
        with ExitStack() as stack:
            files = {
                name: stack.enter_context((folder / name).open("rb"))
                for name in names
                if (folder / name).is_file()
            }
            _compare_lines(folder, names, files)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be read: {error}") from error


def _compare_lines(folder: Path, names: Collection[str], files: Mapping[str, IO[bytes]]) -> None:
    for id, location in read_index(folder):
        file = files.get(location.file.name)
        if file is None and location.file.name in names:
            raise StoreError(
                f"{location.file}: does not exist, and index.jsonl says that {id!r:.80} is in it"
            )
        if file is not None and not _is_next_line(file, location):
            raise _changed(location.file, f"the line of sample {id!r:.80} is")
    for name, file in files.items():
        if file.read(1):
            raise _changed(folder / name, "what stands behind its last sample is")


def _is_next_line(file: IO[bytes], location: SampleLocation) -> bool:
    if file.tell() != location.offset:
        return False
    line = file.readline(location.size + 1)
    return line.endswith(b"\n") and line_digest(whole_line(line[:-1], location.file)) == location.digest


def _changed(file: Path, what: str) -> StoreError:
    return StoreError(
        f"{file}: {what} not what index.jsonl was made of: changed, added or removed since; the command of "
        "the run (of a verified set ptool.review export) writes both again, and without index.jsonl the file "
        "is taken as it stands"
    )
