"""The file system behind a URL, by fsspec, and one line for each of its faults.

Credentials, regions and endpoints are found where the protocol's own package looks for them (environment,
~/.aws, …); ptool is given none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import PtoolError, StorageDownError, StoreError, names, printable
from .urls import protocol_of

EXTRA = "pip install 'ptool[objects]'"
_LONGEST_REASON = 300
_OPTIONS: dict[str, dict[str, Any]] = {
    "s3": {"config_kwargs": {"connect_timeout": 10, "retries": {"max_attempts": 3}}},
    "file": {"auto_mkdir": True},
}
"""Protocol -> what its file system is built with, so that a fault is told of within seconds."""
_OPTIONS |= {"s3a": _OPTIONS["s3"], "local": _OPTIONS["file"]}


def file_system(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the URL's path there. Nothing is asked of it yet.

    Raises StoreError: unknown protocol, or its package is not installed.
    """
    protocol = protocol_of(url)
    try:
        from fsspec.registry import get_filesystem_class, known_implementations
    except ImportError:
        raise StoreError(f"{url}: got a URL, which needs a package that is not installed: {EXTRA}") from None
    try:
        kind = get_filesystem_class(protocol)
    except ImportError:
        advice = str(known_implementations.get(protocol, {}).get("err", ""))
        extra = f"; {EXTRA}" if protocol in ("s3", "s3a") else ""
        raise StoreError(f"{url}: the package for {protocol}:// is not installed: {advice}{extra}") from None
    except ValueError:
        known = names(known_implementations, protocol)
        raise StoreError(f"{url}: got protocol {protocol!r}, there are {known}") from None
    options = {"skip_instance_cache": True, "use_listings_cache": False, **_OPTIONS.get(protocol, {})}
    with asked(url):
        opened = kind(**options)
        return opened, str(opened._strip_protocol(url)).rstrip("/")


@contextmanager
def asked(url: str, safe: str = "") -> Iterator[None]:
    """Ask something of the storage at a URL.

    Args: url: named in every message. safe: what is said of the work that led there.

    Raises:
        StoreError: it refuses: no such bucket, no credentials, no permission.
        StorageDownError: it does not answer, or breaks off; the same command goes on.
    """
    try:
        yield
    except PtoolError:
        raise
    except FileNotFoundError as error:
        raise StoreError(f"{url}: no such bucket or folder ({_reason(error)}){safe}") from error
    except PermissionError as error:
        raise StoreError(
            f"{url}: access is refused ({_reason(error)}); check the credentials{safe}"
        ) from error
    except (TypeError, AttributeError, NameError, LookupError, AssertionError):
        raise  # a fault of a program, not of a storage
    except Exception as error:  # every protocol's package has errors of its own
        name = type(error).__name__
        if any(word in name for word in ("Credential", "Profile", "Token", "Login")):
            raise StoreError(
                f"{url}: no credentials ({_reason(error)}); they are found where the protocol's package "
                f"looks for them, such as AWS_ACCESS_KEY_ID or ~/.aws{safe}"
            ) from error
        if isinstance(error, ValueError | NotImplementedError) or "Validation" in name:
            raise StoreError(f"{url}: refused ({_reason(error)}){safe}") from error
        raise StorageDownError(
            f"{url}: the storage does not answer as it should ({_reason(error)}); the same command goes "
            f"on{safe}"
        ) from error


def _reason(error: BaseException) -> str:
    text = printable(" ".join(str(error).split()), _LONGEST_REASON)
    return text or type(error).__name__
