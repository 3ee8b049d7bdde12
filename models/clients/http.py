"""Bodies to an endpoint and back over one shared aiohttp session; every failure becomes an `AttemptError`.

It knows HTTP and neither messages nor schemas. Replies are read in pieces and only so far; redirects are not
followed, because the key would follow them; certificates are verified, and nothing turns that off.
"""

from __future__ import annotations

import asyncio
import codecs
import re
import zlib
from typing import Any, NoReturn
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import orjson
from yarl import URL

from ...errors import ConfigError
from ...settings.secrets import HIDDEN, redacted
from ..faults import AttemptError, retry_after
from .error_body import error_in

_CONNECT_SECONDS = 30.0
_ERROR_BYTES, _ERROR_TEXT_BYTES = 65_536, 16_000
_LOOPBACK = ("localhost", "::1")


class HttpTransport:
    """Asks one address.

    Args: url: where to; key: sent as bearer token; max_bytes: of a reply that are read.
    """

    def __init__(self, url: str, key: str | None, max_bytes: int) -> None:
        self._url = URL(url)
        self._key = key
        self._max_bytes = max_bytes
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._proxy: str | None = None

    async def post(self, body: bytes) -> bytes:
        """Send a JSON body; the reply's body.

        Raises AttemptError for anything but a whole reply of status 2xx that is not too large.
        """
        return await self._request("POST", body)

    async def get(self) -> bytes:
        """The body of the reply to a GET. Raises as `post`."""
        return await self._request("GET", None)

    async def _request(self, method: str, body: bytes | None) -> bytes:
        try:
            session = self._open_session()  # before its proxy is known
            response = await session.request(
                method, self._url, data=body, proxy=self._proxy, allow_redirects=False, ssl=True
            )
            try:
                if 200 <= response.status < 300:
                    return await self._read(response)
                await self._refuse(response)
            finally:
                response.release()
        except AttemptError as error:
            raise self._without_key(error) from None
        except TimeoutError as error:
            raise AttemptError("timeout", _described(error)) from None
        except aiohttp.ClientResponseError as error:
            raise self._without_key(AttemptError("malformed", f"no HTTP: {error.message}")) from None
        except (aiohttp.ClientError, OSError) as error:
            raise self._without_key(AttemptError("connection", _described(error))) from None

    def _open_session(self) -> aiohttp.ClientSession:
        """The session of the running loop; one of a loop that is gone is left behind."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            self._loop, self._proxy = loop, _proxy_for(self._url)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
                headers=self._headers(),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", "User-Agent": "ptool"}
        return headers | ({"Authorization": f"Bearer {self._key}"} if self._key else {})

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        if (response.content_length or 0) > self._max_bytes:
            self._too_large(response)
        body, complete = await _read_up_to(self._max_bytes, response)
        if not complete:
            self._too_large(response)
        encoding = response.headers.get("Content-Encoding", "identity")
        return self._redact(body if encoding == "identity" else self._inflate(body, encoding, response))

    def _redact(self, body: bytes) -> bytes:
        """A body without the key, before any of it is shortened: half a key is a secret too."""
        if not self._key:
            return body
        if b"\\u" in body or b"\\/" in body:
            body = _redact_escaped(body, self._key)
        return body.replace(self._key.encode(), HIDDEN.encode())

    def _inflate(self, packed: bytes, encoding: str, response: aiohttp.ClientResponse) -> bytes:
        """Unpack what a server packed though it was not asked to, no further than `max_bytes`."""
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise AttemptError("malformed", f"a reply in encoding {encoding[:40]!r}, asked for identity")
        inflater = zlib.decompressobj(wbits=47)
        try:
            body = inflater.decompress(packed, self._max_bytes + 1)
        except zlib.error:
            raise AttemptError("malformed", f"a reply that is no {encoding}") from None
        if len(body) > self._max_bytes:
            self._too_large(response)
        if not inflater.eof:
            raise AttemptError("malformed", f"a reply whose {encoding} breaks off")
        return body

    def _too_large(self, response: aiohttp.ClientResponse) -> NoReturn:
        response.close()
        raise AttemptError("too_large", f"a reply of more than {self._max_bytes} bytes (model.max_reply_mb)")

    async def _refuse(self, response: aiohttp.ClientResponse) -> NoReturn:
        """Raise what a reply says that is no success."""
        status = response.status
        if status < 400:
            to = redacted(response.headers.get("Location", ""), self._key)[:200]
            moved = AttemptError(
                "refused", f"HTTP {status}: moved to {to!r}; redirects are not followed: mend base_url"
            )
            moved.status = status
            raise moved
        body, complete = await _read_up_to(_ERROR_BYTES, response)
        if not complete:
            response.close()
        body = self._redact(body)
        try:
            data = orjson.loads(body.removeprefix(codecs.BOM_UTF8))
        except orjson.JSONDecodeError:
            data = body[:_ERROR_TEXT_BYTES].decode(errors="replace")
        error = error_in(data, status)
        stated = retry_after(response.headers)
        error.retry_after = error.retry_after if stated is None else stated
        raise error

    def _without_key(self, error: AttemptError) -> AttemptError:
        if self._key is None or self._key not in str(error):
            return error
        return error.reworded(redacted(str(error), self._key))

    async def close(self) -> None:
        """Close the connections; a later call would open new ones."""
        session, self._session = self._session, None
        if session is not None and self._loop is asyncio.get_running_loop():
            await session.close()


def _redact_escaped(body: bytes, key: str) -> bytes:
    """A JSON body without a key that is hidden by escapes: PHP writes `\\/`."""
    try:
        unescaped = orjson.dumps(orjson.loads(body))
    except ValueError:
        return body
    needle = orjson.dumps(key)[1:-1]
    return unescaped.replace(needle, HIDDEN.encode()) if needle in unescaped else body


async def _read_up_to(max_bytes: int, response: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    """A body's first bytes, about `max_bytes` at most, and whether that is all."""
    pieces: list[bytes] = []
    size = 0
    while piece := await response.content.readany():
        pieces.append(piece)
        size += len(piece)
        if size > max_bytes:
            return b"".join(pieces), False
    return pieces[0] if len(pieces) == 1 else b"".join(pieces), True


def _proxy_for(url: URL) -> str | None:
    """The environment's proxy for an address, looked up once: aiohttp would look for each call anew."""
    host = url.host or ""
    if host in _LOOPBACK or host.startswith("127.") or proxy_bypass(host):
        return None
    proxy = getproxies().get(url.scheme)
    return proxy if proxy and urlsplit(proxy).scheme in ("http", "https") else None


def _described(error: BaseException) -> str:
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def checked_url(url: str, where: str = "model.base_url") -> str:
    """An endpoint's address without a slash at its end.

    Raises ConfigError where it is no http(s) address, or holds more than one: a password, a query.
    """
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        parts, usable = None, False
    if parts is not None and ("@" in parts.netloc or parts.query or parts.fragment):
        raise ConfigError(
            f"{where}: got more than an address, which is not shown here, expected no user, password, query "
            "or fragment; a key goes into an environment variable, named by api_key_env"
        )
    if not usable or parts is None or re.search(r"[\s\x00-\x1f\\]", url):
        raise ConfigError(f"{where}: got {_shown(url)}, expected an address such as http://127.0.0.1:8000/v1")
    address = url.rstrip("/")
    if address.endswith("/chat/completions"):
        raise ConfigError(f"{where}: got {_shown(url)}, expected it without '/chat/completions'")
    return address


def _shown(url: Any) -> str:
    return repr(url)[:80] if "@" not in str(url) else "a value not shown here"
