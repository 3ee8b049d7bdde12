"""Seeds that depend on what is done and never on when; this module knows no random generator."""

from __future__ import annotations

from hashlib import blake2b

_BITS = 63


def derive(*parts: str | int) -> int:
    """Derive a seed in [0, 2**63) from the parts, such as run seed, stage, item id, role and round.

    Parts are told apart by type and length: `derive("a", "bc") != derive("ab", "c")` and
    `derive(1) != derive("1")`.
    """
    digest = blake2b(digest_size=8)
    for part in parts:
        text = str(part).encode()
        kind = b"i" if isinstance(part, int) else b"s"
        digest.update(b"%s%d:" % (kind, len(text)) + text)
    return int.from_bytes(digest.digest(), "big") >> (64 - _BITS)
