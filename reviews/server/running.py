"""The pages, up until the command is interrupted: a free address, a link with a token, a clean end."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import sys
from contextlib import suppress
from threading import Thread

import uvicorn

from ...errors import ConfigError, PtoolError
from ...settings.review_server import ReviewServerOptions
from ...settings.secrets import key_from
from ..store import ReviewStore
from .app import create_app
from .security import Access

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SHORTEST_TOKEN = 16
_BACKLOG = 128
_GRACE = 2
"""Seconds that requests under way get at the end."""


def serve_pages(store: ReviewStore, options: ReviewServerOptions) -> None:
    """Serve a review until the process is interrupted; the first line on stdout is `review: LINK`.

    Args: store: what is reviewed; options: where.
    Raises ConfigError: the address cannot be listened at, or only with `server.other_machines`.
    """
    address = listening_address(options)
    token = _token(options)
    with listening_socket(address, options.port) as listener:
        port = listener.getsockname()[1]
        access = access_of(address, port, options, token)
        if not ipaddress.ip_address(address).is_loopback:
            print(_warning(address, port), file=sys.stderr, flush=True)
        print(f"review: {link(address, port, access.token)}", flush=True)
        Thread(target=_warm, args=(store,), daemon=True).start()
        config = uvicorn.Config(
            create_app(store, access),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=_GRACE,
            limit_concurrency=512,
        )
        asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


def listening_address(options: ReviewServerOptions) -> str:
    """The IP address to listen at. Raises ConfigError where it is none, or one that has to be asked for."""
    host = "127.0.0.1" if options.host == "localhost" else options.host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise ConfigError(
            f"server.host: got {options.host!r}, expected an IP address, such as 127.0.0.1"
        ) from None
    if not address.is_loopback and not options.other_machines:
        raise ConfigError(
            f"server.host: got {options.host!r}, by which other machines reach this one; expected a loopback "
            "address (127.0.0.1), or server.other_machines=true beside it"
        )
    return host


def access_of(address: str, port: int, options: ReviewServerOptions, token: str | None) -> Access:
    """What lets a request in at an address.

    Args: token: the link's; None: a new one.
    """
    own = ipaddress.ip_address(address)
    hosts = _LOOPBACK if own.is_loopback else (str(own),)
    names = frozenset((*hosts, str(own), *options.names))
    given = {"token": token} if token is not None else {}
    return Access(names, port, any_address=own.is_unspecified, **given)


def link(address: str, port: int, token: str) -> str:
    """What somebody opens; at an address that stands for all there are, the loopback one."""
    own = ipaddress.ip_address(address)
    shown = ("127.0.0.1" if own.version == 4 else "::1") if own.is_unspecified else str(own)
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/?token={token}"


def _warm(store: ReviewStore) -> None:
    """Have ready what the first save needs; what is wrong with it, that save says."""
    with suppress(PtoolError):
        store.warm()


def _token(options: ReviewServerOptions) -> str | None:
    token = key_from(options.token_env, "server.token_env")
    if token is not None and (len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isalnum()):
        raise ConfigError(
            f"server.token_env: {options.token_env} holds {len(token)} characters, expected a token of "
            f"at least {_SHORTEST_TOKEN} ASCII letters and digits"
        )
    return token


def listening_socket(address: str, port: int) -> socket.socket:
    """A socket that listens at an address, whose connections send what is written at once.

    asyncio turns Nagle's algorithm off only where the socket names its protocol; otherwise every page waits
    40 ms for the reader's delayed acknowledgement.

    Raises:
        ConfigError: nothing can listen there.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        why = os.strerror(error.errno) if error.errno else str(error)
        raise ConfigError(
            f"server.port: {port} on {address}: {why}; server.port=0 takes a free one"
        ) from None
    return listener


def _warning(address: str, port: int) -> str:
    return (
        f"warning: other machines reach this page at {address}, port {port}, without encryption; whoever has "
        "or overhears the link can read the run and review it. Safer: loopback, and ssh -L"
    )
