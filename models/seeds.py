"""Seeds that depend on what is done and never on when; this module knows no random generator."""

from __future__ import annotations

from hashlib import blake2b

_BITS = 63


def derive(*parts: str | int) -> int:
    """Derive a seed in [0, 2**63) from the parts, such as run seed, stage, item id, role and round.

    Parts are told apart by type and length: `derive("a", "bc") != derive("ab", "c")` and
    `derive(1) != derive("1")`.
    """
    encoded = b"".join(map(_encode, parts))
    return int.from_bytes(blake2b(encoded, digest_size=8).digest(), "big") >> (64 - _BITS)


def _encode(part: str | int) -> bytes:
    text = str(part).encode()
    return b"%b%d:%b" % (b"i" if isinstance(part, int) else b"s", len(text), text)
