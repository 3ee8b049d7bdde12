"""`reviews.sqlite`: every version of everything people said of a run's samples, in one SQLite file.

A save is on disk when it returns (WAL, synchronous=FULL), so that a kill -9 loses nothing that was
acknowledged. The history is only ever added to: triggers refuse anything else. Several processes may write;
whoever saves over a version they did not see is refused and shown it. It knows nothing of what reviews mean.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from sys import intern
from typing import Any, NamedTuple
from urllib.parse import quote

from pydantic import ValidationError

from ..errors import StoreError
from ..store.schema import DATABASE_ERRORS
from .records import Review, ReviewDraft, ReviewTask

FILE = "reviews.sqlite"
"""The database, in the run folder."""
VERSION = 1
"""`user_version` of the schema."""
APPLICATION = 0x70745256
"""`application_id`: 'ptRV'."""

_SCHEMA = (
    """
    CREATE TABLE history (
      seq         INTEGER PRIMARY KEY AUTOINCREMENT,
      sample      TEXT    NOT NULL,
      owner       TEXT    NOT NULL, -- the annotator; '' where a sample has one for all: adjudication
      task        TEXT    NOT NULL,
      version     INTEGER NOT NULL,
      status      TEXT    NOT NULL,
      second_look INTEGER NOT NULL,
      annotator   TEXT    NOT NULL,
      digest      TEXT    NOT NULL,
      said        TEXT    NOT NULL, -- equal where two people said the same
      origin      INTEGER, -- version whose content it is: of an undo an earlier one; null: its own
      body        TEXT    NOT NULL,
      UNIQUE (sample, task, owner, version)
    )
    """,
    "CREATE TRIGGER kept BEFORE UPDATE ON history BEGIN SELECT RAISE(ABORT, 'the history is kept'); END",
    "CREATE TRIGGER whole BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, 'the history is kept'); END",
    """
    CREATE TABLE current (
      sample TEXT    NOT NULL,
      task   TEXT    NOT NULL,
      owner  TEXT    NOT NULL,
      seq    INTEGER NOT NULL REFERENCES history,
      PRIMARY KEY (sample, task, owner)
    ) WITHOUT ROWID
    """,
    """
    CREATE TRIGGER newest AFTER INSERT ON history BEGIN
      INSERT INTO current VALUES (new.sample, new.task, new.owner, new.seq)
      ON CONFLICT (sample, task, owner) DO UPDATE SET seq = excluded.seq;
    END
    """,
    "CREATE INDEX by_annotator ON history (annotator, seq)",
    "CREATE TABLE roster (place INTEGER PRIMARY KEY, annotator TEXT NOT NULL UNIQUE)",
    "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)
_STANDING = """
SELECT history.seq, body FROM current JOIN history USING (seq)
WHERE current.sample = ? AND status <> 'withdrawn' ORDER BY history.seq
"""
_ROWS_SINCE = """
SELECT seq, sample, owner, task, version, status, second_look, annotator, digest, said
FROM history WHERE seq > ? ORDER BY seq
"""
_SOME = "SELECT seq, body FROM history WHERE seq > ? ORDER BY seq LIMIT ?"
_AT_ONCE = 1_000
_INSERT = """
INSERT INTO history (sample, owner, task, version, status, second_look, annotator, digest, said, origin, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# The latest by when it was said first: what an undo has brought back is as old as it was.
_LATEST_OF = """
SELECT h.sample, h.task, h.owner, h.version, ifnull(h.origin, h.version), h.digest
FROM current JOIN history h USING (seq)
JOIN history o ON o.sample = h.sample AND o.task = h.task AND o.owner = h.owner
               AND o.version = ifnull(h.origin, h.version)
WHERE h.annotator = ? AND h.status <> 'withdrawn' ORDER BY o.seq DESC
"""
_VERSION = """
SELECT body, digest, said, ifnull(origin, version) FROM history
WHERE sample = ? AND task = ? AND owner = ? AND version = ?
"""
_WAIT_SECONDS = 10


class VersionConflict(Exception):  # noqa: N818 (an outcome of a save, for whoever saved; no fault of theirs)
    """Somebody saved first: both sides, for the person to choose.

    Args: yours: the draft that was refused; theirs: the version that stands.
    """

    def __init__(self, yours: ReviewDraft, theirs: Review) -> None:
        super().__init__(f"{theirs.annotator} saved version {theirs.version} of {theirs.sample} meanwhile")
        self.yours, self.theirs = yours, theirs


class ReviewRow(NamedTuple):
    """A version without its content: what queues and counts need."""

    seq: int
    sample: str
    owner: str
    """the annotator; '' of an adjudication"""
    task: ReviewTask
    version: int
    status: str
    second_look: bool
    annotator: str
    digest: str
    said: str
    """equal where two people said the same of a sample"""


def owner_of(task: ReviewTask, annotator: str) -> str:
    """Whose version it is: an adjudication is everybody's, anything else its annotator's."""
    return "" if task == "adjudication" else annotator


def utc_now() -> str:
    """The time as reviews have it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class ReviewDatabase:
    """An open database of reviews; usable from several threads, close it or use it in a `with` block.

    Args: path: made where there is none, unless `readonly`. now: the time, for `Review.at`.
    Raises StoreError: another program's file, of a newer ptool, damaged, or it cannot be opened.
    """

    def __init__(self, path: Path, *, readonly: bool = False, now: Callable[[], str] = utc_now) -> None:
        self.path, self._now = path, now
        self._lock = threading.RLock()
        if readonly and not path.is_file():
            raise StoreError(f"{path}: does not exist, nobody has reviewed this run yet; start ptool.review")
        try:
            self._connection = sqlite3.connect(
                path, timeout=_WAIT_SECONDS, check_same_thread=False, isolation_level=None
            )
            try:
                _prepare(self._connection, path)
            except BaseException:
                self._connection.close()
                raise
        except DATABASE_ERRORS as error:
            raise StoreError(
                f"{path}: not usable as reviews: {error}; put a copy of it back, or move it away"
            ) from error

    def save(self, draft: ReviewDraft, digest: str, said: str) -> Review:
        """Add a version; it is on disk when this returns.

        Args: digest: of the sample that was shown; said: equal where two people say the same.
        Raises:
            VersionConflict: another version stands than the one that the draft was made from.
            StoreError: the file cannot be written.
        """
        owner = owner_of(draft.task, draft.annotator)
        with self._writing() as connection:
            standing = _current(connection, draft.sample, draft.task, owner)
            version = standing.version if standing else 0
            if standing is not None and version != draft.base:
                raise VersionConflict(draft, standing)
            return self._insert(connection, draft, owner, version + 1, digest, said)

    def save_all(self, saves: Iterable[tuple[ReviewDraft, str, str]]) -> None:
        """Add versions over whatever stands, all of them or none. Args: saves: as `save` takes them."""
        with self._writing() as connection:
            for draft, digest, said in saves:
                owner = owner_of(draft.task, draft.annotator)
                standing = _current(connection, draft.sample, draft.task, owner)
                version = standing.version if standing else 0
                given = draft.model_copy(update={"base": version})
                self._insert(connection, given, owner, version + 1, digest, said)

    def undo(
        self, annotator: str, of_now: Callable[[str, str], bool] = lambda _id, _digest: True
    ) -> Review | None:
        """Take back the latest thing somebody said: what stood before stands again, or nothing.

        Undoing again takes back what was said before that.

        Args: of_now: whether a sample of that id and digest is there; what was said of others stays.
        Returns what was added; None: nothing is left.
        """
        with self._writing() as connection:
            said = connection.execute(_LATEST_OF, (annotator,))
            latest = next((row for row in said if of_now(row[0], row[-1])), None)
            said.close()
            if latest is None:
                return None
            sample, task, owner, standing, said_in, digest = latest
            before = connection.execute(_VERSION, (sample, task, owner, said_in - 1)).fetchone()
            if before is None:
                given = {"sample": sample, "task": task, "annotator": annotator, "status": "withdrawn"}
                draft, said, origin = ReviewDraft.model_validate({**given, "base": standing}), "", 0
            else:
                body, digest, said, origin = before
                kept = _review(0, body).model_dump(include=set(ReviewDraft.model_fields))
                draft = ReviewDraft.model_validate({**kept, "base": standing})
            return self._insert(connection, draft, owner, standing + 1, digest, said, origin)

    def _insert(
        self,
        connection: sqlite3.Connection,
        draft: ReviewDraft,
        owner: str,
        version: int,
        digest: str,
        said: str,
        origin: int | None = None,
    ) -> Review:
        given = draft.model_dump(mode="json") | {"version": version, "digest": digest, "at": self._now()}
        body = Review.model_validate({**given, "seq": 0}).model_dump_json(exclude={"seq"})
        values = (draft.sample, owner, draft.task, version, draft.status, draft.second_look)
        done = connection.execute(_INSERT, (*values, draft.annotator, digest, said, origin, body))
        return Review.model_validate({**given, "seq": done.lastrowid})

    def version(self, sample: str, task: ReviewTask, annotator: str) -> int:
        """The number of the version that stands, withdrawn or not; 0: there is none."""
        with self._reading() as connection:
            standing = _current(connection, sample, task, owner_of(task, annotator))
            return standing.version if standing else 0

    def current(self, sample: str) -> list[Review]:
        """What stands of a sample, in the order it was saved; withdrawn versions are left out."""
        return list(self._reviews(_STANDING, (sample,)))

    def history(self, sample: str) -> list[Review]:
        """Every version of everything that was said of a sample, in the order it was saved."""
        return list(self._reviews("SELECT seq, body FROM history WHERE sample = ? ORDER BY seq", (sample,)))

    def all_reviews(self) -> Iterator[Review]:
        """Every version of everything that was said, in the order it was saved; some at a time are read."""
        found, last = [None], 0
        while found:
            found = list(self._reviews(_SOME, (last, _AT_ONCE)))
            yield from found
            last = found[-1].seq if found else last

    def rows_since(self, seq: int) -> list[ReviewRow]:
        """Versions that were added behind one, without their contents, in the order they were saved."""
        with self._reading() as connection:
            return [_row(values) for values in connection.execute(_ROWS_SINCE, (seq,))]

    def roster(self) -> tuple[str, ...]:
        """The annotators that work was shared out among, in their order."""
        with self._reading() as connection:
            found = connection.execute("SELECT annotator FROM roster ORDER BY place")
            return tuple(name for (name,) in found)

    def join_roster(self, names: Iterable[str]) -> None:
        """Put further annotators at the end of the roster."""
        if set(names := tuple(names)) <= set(self.roster()):
            return
        with self._writing() as connection:
            for name in names:
                connection.execute("INSERT OR IGNORE INTO roster (annotator) VALUES (?)", (name,))

    def choice(self, key: str, chosen: float | str | None) -> str | None:
        """What is chosen now and kept for later starts; where nothing is, what was kept; None: nothing."""
        if chosen is not None:
            with self._writing() as connection:
                connection.execute("REPLACE INTO settings VALUES (?, ?)", (key, str(chosen)))
        with self._reading() as connection:
            kept = connection.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
            return kept[0] if kept else None

    def _reviews(self, sql: str, values: tuple[Any, ...] = ()) -> Iterator[Review]:
        with self._reading() as connection:
            found = connection.execute(sql, values).fetchall()
        return (_review(seq, body) for seq, body in found)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except DATABASE_ERRORS as error:
                raise StoreError(f"{self.path}: cannot be read: {error}") from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            connection = self._connection
            try:
                if not self.path.is_file():
                    raise StoreError(f"{self.path}: was removed while it was in use; what it held is lost")
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except DATABASE_ERRORS as error:
                raise StoreError(f"{self.path}: cannot be written: {error}") from error

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> ReviewDatabase:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def standing_reviews(path: Path, sample: str) -> list[Review]:
    """What stands of a sample in a database that is only looked at; none where there is no file.

    Raises StoreError: it cannot be read.
    """
    if not path.is_file():
        return []
    how = "" if Path(f"{path}-wal").exists() else "&immutable=1"  # or SQLite would leave files of its own
    try:
        address = f"file:{quote(str(path.absolute()))}?mode=ro{how}"
        with closing(sqlite3.connect(address, uri=True, timeout=_WAIT_SECONDS)) as connection:
            return [_review(seq, body) for seq, body in connection.execute(_STANDING, (sample,))]
    except DATABASE_ERRORS as error:
        raise StoreError(f"{path}: cannot be read as reviews: {error}") from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse what is none of ours, make the tables where there are none, and have commits reach the disk."""
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application not in ((0, APPLICATION) if not tables else (APPLICATION,)):
        raise StoreError(f"{path}: another program's database, expected reviews of ptool; move it away")
    if version > VERSION:
        raise StoreError(f"{path}: reviews of version {version}, expected {VERSION}; use a newer ptool")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if version == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:  # nobody made it meanwhile
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _row(values: tuple[Any, ...]) -> ReviewRow:
    """A row; names, digests and marks are the same again and again, and stand in memory once."""
    shared: list[Any] = [intern(value) if isinstance(value, str) else value for value in values]
    row = ReviewRow(*shared)
    return row._replace(second_look=bool(row.second_look))


def _review(seq: int, body: str) -> Review:
    try:
        return Review.model_validate_json(f'{{"seq":{seq},{body[1:]}')
    except ValidationError:
        raise StoreError(f"{FILE}: version {seq} is damaged; put a copy of the file back") from None


def _current(connection: sqlite3.Connection, sample: str, task: str, owner: str) -> Review | None:
    sql = (
        "SELECT history.seq, body FROM current JOIN history USING (seq) "
        "WHERE current.sample = ? AND current.task = ? AND current.owner = ?"
    )
    found = connection.execute(sql, (sample, task, owner)).fetchone()
    return _review(*found) if found else None
