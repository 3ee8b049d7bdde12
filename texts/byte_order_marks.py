"""What a byte order mark at the beginning of a file says of its encoding. It knows no files."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE


def as_utf8(content: bytes) -> bytes:
    """The content of a text file in UTF-8 without a mark; in UTF-16 are those that have its mark.

    Args: content: as it was read. What cannot be decoded is U+FFFD; without a mark nothing is changed.
    """
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return content.decode("utf-16", "replace").encode()
    return content.removeprefix(BOM_UTF8)
