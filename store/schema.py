"""The ledger's tables, and how a file of an older version gets them.

`totals` is kept by triggers, in the transaction of the call itself, so what a run cost is known at once
however many calls there are. It knows SQL and nothing of who writes.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from ..errors import StoreError
from .row_digest import COVERED, teach_digests

DATABASE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What a damaged file raises; the second where SQLite's own message quotes what is no text any more."""

VERSION = 5
"""`user_version` of the schema: 1 had items alone, 2 no messages, 3 no digests, estimates and thoughts, 4 no
generations of keys."""

_ITEMS = """
CREATE TABLE IF NOT EXISTS items (
  stage TEXT NOT NULL,
  id    TEXT NOT NULL,
  body  BLOB NOT NULL,
  PRIMARY KEY (stage, id)
) WITHOUT ROWID
"""

# A rowid table: contents are appended, and only the index of the (random) keys is written all over.
_CALLS = """
CREATE TABLE calls (
  key               BLOB NOT NULL PRIMARY KEY,
  stage             TEXT NOT NULL,
  role              TEXT NOT NULL,
  turn              TEXT NOT NULL,
  endpoint          TEXT NOT NULL,
  content           BLOB NOT NULL,
  finish            TEXT NOT NULL,
  prompt_tokens     INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  cached_tokens     INTEGER,
  usd               REAL,
  seconds           REAL NOT NULL,
  status            TEXT NOT NULL DEFAULT 'ok'
)
"""
_STATUS_INDEX = "CREATE INDEX judged ON calls (stage, role, status) WHERE status <> 'ok'"

_FAILURES = """
CREATE TABLE failures (
  stage    TEXT NOT NULL,
  role     TEXT NOT NULL,
  turn     TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  kind     TEXT NOT NULL,
  message  TEXT NOT NULL,
  seconds  REAL NOT NULL
)
"""

_TOTALS = """
CREATE TABLE totals (
  stage             TEXT NOT NULL,
  role              TEXT NOT NULL,
  endpoint          TEXT NOT NULL,
  answers           INTEGER NOT NULL,
  prompt_tokens     INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  cached_tokens     INTEGER NOT NULL,
  cached_of         INTEGER NOT NULL, -- prompt tokens of the answers that tell what was cached
  usd               REAL NOT NULL,
  unpriced          INTEGER NOT NULL,
  seconds           REAL NOT NULL,
  PRIMARY KEY (stage, role, endpoint)
) WITHOUT ROWID
"""
_COUNT_TRIGGER = """
CREATE TRIGGER count AFTER INSERT ON calls BEGIN
  INSERT INTO totals VALUES (
    new.stage, new.role, new.endpoint, 1, new.prompt_tokens, new.completion_tokens,
    ifnull(new.cached_tokens, 0), iif(new.cached_tokens IS NULL, 0, new.prompt_tokens),
    ifnull(new.usd, 0), new.usd IS NULL, new.seconds
  ) ON CONFLICT (stage, role, endpoint) DO UPDATE SET
    answers           = answers + 1,
    prompt_tokens     = prompt_tokens + excluded.prompt_tokens,
    completion_tokens = completion_tokens + excluded.completion_tokens,
    cached_tokens     = cached_tokens + excluded.cached_tokens,
    cached_of         = cached_of + excluded.cached_of,
    usd               = usd + excluded.usd,
    unpriced          = unpriced + excluded.unpriced,
    seconds           = seconds + excluded.seconds;
END
"""
# What models were asked. A rowid table, as `calls` and for the same reason.
_TEXTS = "CREATE TABLE texts (digest BLOB NOT NULL PRIMARY KEY, body BLOB NOT NULL)"
_MESSAGES = tuple(f"ALTER TABLE {table} ADD COLUMN messages BLOB" for table in ("calls", "failures"))
# What is odd about an answer; few have it, so the index is small.
_ODDITIES = (
    "ALTER TABLE calls ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE calls ADD COLUMN thought INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX estimates ON calls (stage, role) WHERE estimated",
)
# Rows from before there were digests are taken as they are, and guarded from then on.
_DIGESTS = tuple(
    statement
    for table, columns in COVERED.items()
    for statement in (
        f"ALTER TABLE {table} ADD COLUMN digest BLOB",
        f"UPDATE {table} SET digest = row_digest({columns})",  # noqa: S608
    )
)

_MIGRATIONS = (
    (_ITEMS,),
    (_CALLS, _STATUS_INDEX, _FAILURES, _TOTALS, _COUNT_TRIGGER),
    (_TEXTS, *_MESSAGES),
    (*_ODDITIES, *_DIGESTS),
    (),  # keys that are there stay as they are, and are found as they are (`generations.spellings`)
)
"""What makes version n of version n-1, first to last."""

_CHECKPOINT_PAGES = (
    16_000  # 64 MB: commits change many pages of the keys' index, most of them again and again
)
BUSY_SECONDS = 60
"""Seconds a commit waits for those of other processes."""
_WAL_BYTES = 64 * 1024 * 1024


def open_connection(path: Path) -> sqlite3.Connection:
    """A connection whose commits are on disk when they return; it begins no transactions by itself.

    Raises:
        StoreError: the file was written by a newer ptool, or is another program's.
        sqlite3.Error: it is no database, or cannot be opened.
    """
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
    try:
        version_of(connection, path)
        teach_digests(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to `VERSION`, wholly or not at all.

    Raises:
        StoreError: it was written by a newer ptool, or is another program's.
        sqlite3.Error: it cannot be read or written.
    """
    if version_of(connection, path) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statements in _MIGRATIONS[version_of(connection, path) :]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def version_of(connection: sqlite3.Connection, path: Path) -> int:
    """The version of a ledger, 0 for an empty file.

    Raises:
        StoreError: it was written by a newer ptool, or is another program's.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise StoreError(
            f"{path}: a ledger of version {version}, expected at most {VERSION}; use a newer ptool"
        )
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if version < 0 or (tables and "items" not in tables):
        raise StoreError(f"{path}: another program's database, expected a ledger of ptool")
    return version


def write_error(path: Path, error: Exception) -> StoreError:
    """The error for a write that failed: why, and what to do about it."""
    advice = "free some space" if _is_disk_full(path, error) else "mend that"
    what = "disk full" if _is_disk_full(path, error) else str(error)
    return StoreError(f"{path}: cannot be written: {what}; {advice}, and the same command goes on from there")


def removed_error(path: Path) -> StoreError:
    """The error for a file that is in use and no longer at its place."""
    return StoreError(
        f"{path}: was removed or replaced while its run was under way, and what it held is lost; the same "
        "command begins anew"
    )


def opening_error(path: Path, error: Exception) -> StoreError:
    """The error for a file that cannot be opened as a ledger."""
    if _is_disk_full(path, error):
        return write_error(path, error)
    advice = "; put a copy of it back, or remove the run folder: the same command begins anew"
    return StoreError(f"{path}: not usable as a ledger: {error}{advice}")


def _is_disk_full(path: Path, error: Exception) -> bool:
    """SQLite says "disk I/O error" where it is its index file that does not fit any more."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    if code != sqlite3.SQLITE_IOERR:
        return code == sqlite3.SQLITE_FULL
    try:
        return shutil.disk_usage(path.parent).free == 0
    except OSError:
        return False
