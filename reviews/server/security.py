"""Who is let in: the Host check, the token, where a form comes from, how much of a body is read, the policy.

The review page shows texts of models and strangers and writes what people decide, on a port that every page
open in the same browser can ask. So a request has to name this server (DNS rebinding), know the token, and,
where it changes anything, come from a page of this server. It knows nothing of samples.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 256 * 1024
"""Bytes of a form that are read."""
MAX_TARGET = 4096
"""Bytes of a path and query."""

_WRITES = ("POST",)
_READS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Access:
    """What lets a request in."""

    hosts: Collection[str]
    """names, in lower case, by which this server may be asked for; IP addresses stand without brackets"""
    port: int
    any_address: bool = False
    """whether any IP address will do: no name can be made to point here by somebody else"""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def cookie(self) -> str:
        """Name of the cookie; browsers keep one jar for all ports of a host."""
        return f"ptool_review_{self.port}"

    @property
    def session(self) -> str:
        """What the cookie holds instead of the token."""
        return self._derived("session")

    @property
    def form_key(self) -> str:
        """What every form of ours carries."""
        return self._derived("form")

    def _derived(self, purpose: str) -> str:
        return hmac.new(self.token.encode(), purpose.encode(), hashlib.sha256).hexdigest()

    def is_token(self, given: str) -> bool:
        """Whether somebody knows the token."""
        return same_secret(given, self.token)

    def is_own_host(self, host: str) -> bool:
        """Whether a Host header, or what follows the scheme of an Origin, names this server."""
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        if parts.netloc != host or "@" in host or (port or 80) != self.port:
            return False
        return name in self.hosts or (self.any_address and _is_address(name))


def same_secret(given: str, expected: str) -> bool:
    """Whether two secrets are equal, in the same time wherever they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Guard:
    """Stands before the application, and answers for it where a request is not let in.

    Args: app: the application; access: what lets in; max_body: bytes of a body that are read.
    """

    def __init__(self, app: ASGIApp, access: Access, max_body: int = MAX_BODY) -> None:
        self._app, self._access, self._max_body = app, access, max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Its page finds the nonce of its scripts and styles in `scope["state"]`."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        guarded = _with_policy(send, nonce)
        answer = self._answer(scope)
        if answer is None:
            await self._app(scope, _bounded(receive, self._max_body), guarded)
        else:
            await answer(scope, receive, guarded)

    def _answer(self, scope: Scope) -> Response | None:
        """What is answered at once; None: the request is the application's."""
        headers, access = Headers(scope=scope), self._access
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not access.is_own_host(hosts[0]):
            return _refused(403, "this server is not asked for under that name")
        if scope["method"] not in (*_READS, *_WRITES):
            return _refused(405, "only GET and POST are answered")
        if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > MAX_TARGET:
            return _refused(414, "the address is too long")
        if scope["method"] in _WRITES:
            return self._refused_write(headers) or self._refused_stranger(headers)
        return self._entered(scope) or self._refused_stranger(headers)

    def _entered(self, scope: Scope) -> Response | None:
        """The token in a link becomes a cookie, and leaves the address and the browser's history."""
        if scope["path"] != "/" or b"token=" not in scope["query_string"]:
            return None
        given = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20).get("token", [""])
        if not self._access.is_token(given[-1]):
            return _refused(403, "the link's token is wrong: take the link that the command printed last")
        response = RedirectResponse("/", 303)
        response.set_cookie(self._access.cookie, self._access.session, httponly=True, samesite="strict")
        return response

    def _refused_stranger(self, headers: Headers) -> Response | None:
        if any(same_secret(value, self._access.session) for value in cookies(headers, self._access.cookie)):
            return None
        return _refused(403, "open the link with its token, as the command printed it")

    def _refused_write(self, headers: Headers) -> Response | None:
        """Whether a form is not ours, or too long, before a byte of it is read."""
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return _refused(403, "forms are taken from this server's own pages only")
        scheme, _, host = headers.get("origin", f"http://{headers['host']}").partition("://")
        if scheme not in ("http", "https") or not self._access.is_own_host(host):
            return _refused(403, "forms are taken from this server's own pages only")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            return _refused(400, "the length of the form is no number")
        if len(length) > 12 or int(length) > self._max_body:
            return _refused(413, f"the form is larger than {self._max_body:,} bytes")
        if headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
            return _refused(415, "expected a form, application/x-www-form-urlencoded")
        return None


def cookies(headers: Headers, name: str) -> list[str]:
    """Every value that a request's cookies give a name."""
    found = []
    for line in headers.getlist("cookie"):
        for pair in line.split(";"):
            jar = SimpleCookie()
            try:
                jar.load(pair.strip())
            except CookieError:
                continue
            found += [morsel.value for key, morsel in jar.items() if key == name]
    return found


def _refused(status: int, why: str) -> Response:
    return PlainTextResponse(f"{why}\n", status, headers={"connection": "close"})


def _bounded(receive: Receive, most: int) -> Receive:
    """What a body is read with: it stops where more comes than was allowed, whatever was announced."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise HTTPException(413, f"the form is larger than {most:,} bytes", {"connection": "close"})
        return message

    return bounded


def _with_policy(send: Send, nonce: str) -> Send:
    """Answers that no browser keeps, guesses about, frames, or runs anything strange of."""
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["content-security-policy"] = policy
            headers["x-content-type-options"] = "nosniff"
            headers["x-frame-options"] = "DENY"
            headers["referrer-policy"] = "same-origin"
            headers["cross-origin-opener-policy"] = "same-origin"
            headers["cross-origin-resource-policy"] = "same-origin"
            headers["cache-control"] = "no-store"
        await send(message)

    return sending
