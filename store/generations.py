"""Keys by generation: random keys put into an index so that the millionth costs what the first one did.

Keys that are digests fall all over their index: once it is larger than the cache of pages, every row reads a
page of it, and writes one. Behind the number of its generation a key falls among the last `ROWS` alone, and
whoever looks for one looks in every generation. It knows neither tables nor what the keys stand for.
"""

from __future__ import annotations

ROWS = 65_536
"""Rows of a generation; 2 MB of an index, and one probe more a lookup."""
PREFIX_BYTES = 3


def prefix(rows: int, generation: int | None = None) -> bytes:
    """What a key is put behind where there are so many rows already.

    Args: generation: rows of one, where nobody looks a key up by itself; None: `ROWS`.
    """
    return min(rows // (generation or ROWS), 256**PREFIX_BYTES - 1).to_bytes(PREFIX_BYTES)


def spellings(key: bytes, rows: int) -> list[bytes]:
    """Every way in which a key may stand among so many rows, the bare one of an older ledger first."""
    return [key, *(prefix(first) + key for first in range(0, rows + 1, ROWS))]
