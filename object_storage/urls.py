"""URLs of object storage: which texts are some, and which of them are refused before anything is asked.

Names of objects come from a list that anybody may have written; they are held to the same rules.
"""

from __future__ import annotations

import re

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST, _LONGEST_NAME = 1024, 255
"""Bytes of a whole key, as S3 has it, and of a name between slashes, as file systems have it."""


def is_url(text: str) -> bool:
    """Whether a text is a URL and no path: `s3://bucket/run`, and not `C:/run` or `runs/a`."""
    return _URL.fullmatch(text) is not None


def check_url(url: str) -> str:
    """A URL as it is used: its protocol in lower case, without slashes at its end.

    Raises ValueError that says what is expected instead.
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError("a URL such as s3://bucket/path")
    protocol, place = found[1].lower(), found[2].rstrip("/")
    if "::" in url or "?" in place or "#" in place:
        raise ValueError("a URL of one protocol and a path, without '::', '?' and '#'")
    if "@" in place.partition("/")[0]:
        raise ValueError("a URL without an account in it; keys belong into the environment")
    if not place.strip("/"):
        raise ValueError("a URL with a path, such as s3://bucket/path")
    if not is_name(place.lstrip("/")):
        raise ValueError("a URL with plain names between its slashes: not empty, no '.' or '..', none hidden")
    return f"{protocol}://{place}"


def protocol_of(url: str) -> str:
    """What a URL begins with: 's3'."""
    return url.partition("://")[0]


def is_name(name: str) -> bool:
    """Whether a name of an object leads to one place below its folder, on any system: `dataset/a.jsonl`."""
    parts = name.split("/")
    return (
        not _UNSEEN.search(name)
        and len(name.encode("utf-8", "replace")) <= _LONGEST
        and all(part not in ("", ".", "..") and "\\" not in part for part in parts)
        and all(len(part.encode()) <= _LONGEST_NAME for part in parts)
    )
