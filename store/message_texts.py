"""What a model was asked, as the ledger keeps it: every text once, compressed; a call has their digests.

A digest begins with the generation of its text (`generations`): one that comes up again many thousand texts
later is kept again; the long system text of a role, which is in use all the time, is not. It knows neither
SQL nor what the texts mean.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b

from .generations import PREFIX_BYTES, prefix

Message = tuple[str, str]
"""(what it is, one of `KINDS`; the text)."""

KINDS = ("system", "user", "assistant", "tools", "form", "name", "calls", "results")
"""Who speaks; `tools`: the functions offered, `form`: the JSON Schema of the answer; `name`: who says the
next one; `calls` of functions and their `results`; what is no text or name is JSON. Rows hold places."""

MAX_TEXT = 4_000_000
"""Characters of a text that are kept, and bytes that are read again."""

_DIGEST_BYTES = 16
_ENTRY_BYTES = 1 + _DIGEST_BYTES
_LEVEL = 1
"""Of zlib: higher ones take three times as long for a tenth less."""
_KNOWN_TEXTS = 4_096
"""Texts that are remembered, and of a generation: a small one, because a call has the digest with its prefix
and nobody looks for a text in all of them."""


class PackedMessages:
    """Packs messages, and remembers which texts it has handed out: those are not packed again.

    What it remembers is bounded; a text it has forgotten is handed out once more.

    Args: kept: texts there are already.
    """

    def __init__(self, kept: int = 0) -> None:
        self._kept = kept
        self._known: dict[bytes, bytes] = {}
        """content digest -> the digest it is kept under"""

    def pack(self, messages: Sequence[Message]) -> tuple[bytes | None, list[tuple[bytes, bytes]]]:
        """What stands for some messages, None for none; and the texts to keep, (digest, packed text)."""
        entries: list[bytes] = []
        texts: list[tuple[bytes, bytes]] = []
        for kind, text in messages:
            content = _digest(text)
            digest = self._known.pop(content, None)  # what is used stays longest
            if digest is None:
                if len(self._known) >= _KNOWN_TEXTS:
                    self._known.pop(next(iter(self._known)))
                digest = prefix(self._kept, _KNOWN_TEXTS) + content
                self._kept += 1
                texts.append((digest, zlib.compress(_encoded(text), _LEVEL)))
            self._known[content] = digest
            entries.append(bytes((KINDS.index(kind),)) + digest)
        return b"".join(entries) or None, texts


def references(reference: bytes | None) -> Iterator[tuple[str, bytes]]:
    """(kind, digest) of every message behind a reference; what no ptool wrote is left out."""
    for start in range(0, len(reference or b"") - _DIGEST_BYTES, _ENTRY_BYTES):
        assert reference is not None
        entry = reference[start : start + _ENTRY_BYTES]
        if entry[0] < len(KINDS):
            yield KINDS[entry[0]], entry[1:]


def unpacked(packed: bytes) -> str:
    """A text again; of what is damaged, or longer than is kept, as much as can be read."""
    unpacking = zlib.decompressobj()
    try:
        return unpacking.decompress(packed, MAX_TEXT).decode("utf-8", "replace")
    except zlib.error:
        return "(damaged)"


def messages_of(reference: bytes | None, texts: Mapping[bytes, str]) -> tuple[Message, ...]:
    """The messages behind a reference. Args: texts: digest -> text; one that is missing says so."""
    return tuple((kind, texts.get(digest, "(not kept)")) for kind, digest in references(reference))


def digests_of(found: Iterable[bytes | None]) -> list[bytes]:
    """The texts that several references need, each once."""
    return list({digest: None for reference in found for _, digest in references(reference)})


@lru_cache(maxsize=128)
def _digest(text: str) -> bytes:
    """Of a text; the 60 kB that all calls of a role share are hashed once."""
    return blake2b(_encoded(text), digest_size=_DIGEST_BYTES - PREFIX_BYTES).digest()


def _encoded(text: str) -> bytes:
    return text[:MAX_TEXT].encode("utf-8", "surrogatepass")
