"""Other frameworks beside ptool: the same prompts and endpoint, each in an environment of its own.

    python peers.py [--calls 2048] [--concurrency 64] [--rounds 3] [--only WAY ...] [--folder FOLDER]

The endpoint answers every prompt with one sentence after 200 ms, in a process of its own, and counts: a
framework that does not make the calls it is asked for is not measured. Environments are made in the folder (a
temporary one, if none is given) with venv and pip. Each framework asks for a quarter of the calls first, then
for all: what the larger run takes more is what a call costs, without starting up. Figures are medians of the
rounds. What cannot be installed or run is said, with the reason.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.request import urlopen

LATENCY = 0.2
PACKAGES: dict[str, tuple[str, ...]] = {
    "ptool": (),
    "ptool, client alone": (),
    "distilabel": ("distilabel[openai]>=1.5,<2", "requests"),  # it needs that, and does not say so
    "curator": ("bespokelabs-curator>=0.1.30,<0.2",),
    "data-designer": ("data-designer>=0.9,<0.10",),
}
"""Way -> what is installed for it; nothing: it runs here."""
WAYS = Path(__file__).with_name("peer_ways.py")
INSTALLING, ASKING = 900, 300
"""Seconds after which an installation, or a run, is given up."""


class PeerError(Exception):
    """Why a framework cannot be measured."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a framework takes."""

    cpu: float
    """milliseconds of the processor's a call"""
    efficiency: float
    """calls x latency / concurrency / wall"""
    in_flight: float
    """calls at a time, at most"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is asked."""

    calls: int = 2048
    concurrency: int = 64
    rounds: int = 3


def compared_with_peers(
    size: Size = Size(),
    ways: Sequence[str] = tuple(PACKAGES),
    folder: Path | None = None,
) -> list[str]:
    """A Markdown table of some frameworks. Args: folder: keeps their environments."""
    lines = [
        "",
        f"Peers: {size.calls:,} calls, {size.concurrency} at a time, answered after {LATENCY:g} s; "
        f"medians of {size.rounds}.",
        "",
        "| framework | version | CPU, ms a call | x the first | efficiency | most in flight |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    first = 0.0
    with TemporaryDirectory(prefix="ptool-peers-") as scratch:
        server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            base_url = server.stdout.readline().strip()
            for way in ways:
                print(f"peers: {way}", file=sys.stderr, flush=True)
                try:
                    python = environment(way, folder or Path(scratch))
                    found = measured(python, way, base_url, size, Path(scratch))
                    named = version(python, way)
                except PeerError as error:
                    lines.append(f"| {way} | | not measured: {str(error).replace('|', ' ')} | | | |")
                    continue
                first = first or found.cpu
                lines.append(
                    f"| {way} | {named} | {found.cpu:.2f} | {found.cpu / first:.1f} | "
                    f"{found.efficiency:.2f} | {found.in_flight:.0f} |"
                )
        finally:
            server.terminate()
            server.wait(30)
    return lines


def environment(way: str, folder: Path) -> str:
    """The interpreter of a framework's environment, made where it is not there yet."""
    if not PACKAGES[way]:
        return sys.executable
    place = (folder / way).resolve()  # it is used from another folder
    python = place / "bin" / "python"
    if not (place / "installed").exists():
        _run([sys.executable, "-m", "venv", str(place)], INSTALLING)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, *PACKAGES[way]], INSTALLING)
        (place / "installed").touch()
    return str(python)


def measured(python: str, way: str, base_url: str, size: Size, scratch: Path) -> Figures:
    """Medians of what a call takes: a large run without a small one."""
    few = size.calls // 4
    more = size.calls - few
    found: list[tuple[float, float, float]] = []
    for _ in range(size.rounds):
        small, large = (
            asked(python, way, base_url, calls, size.concurrency, scratch) for calls in (few, size.calls)
        )
        if large["wall"] <= small["wall"]:
            raise PeerError("four times the calls took no longer: ask for more of them")
        if large["calls"] - small["calls"] != more:  # one may ask something of its own first
            raise PeerError(f"it made {large['calls'] - small['calls']:,.0f} calls more, not {more:,}")
        efficiency = more * LATENCY / size.concurrency / (large["wall"] - small["wall"])
        found.append(((large["cpu"] - small["cpu"]) / more * 1e3, efficiency, large["in_flight"]))
    return Figures(*map(median, zip(*found, strict=True)))


def asked(
    python: str, way: str, base_url: str, calls: int, concurrency: int, scratch: Path
) -> dict[str, float]:
    """What so many calls take, and what the endpoint has seen of them."""
    counts(base_url)
    said = _run([python, str(WAYS), way, base_url, str(calls), str(concurrency)], ASKING, scratch)
    for line in reversed(said.splitlines()):
        if line.startswith("{"):
            return json.loads(line) | counts(base_url)
    raise PeerError("it does not say what it took")


def counts(base_url: str) -> dict[str, int]:
    """The calls that the endpoint has got since it was last asked this, and how many of them at a time."""
    with urlopen(f"{base_url}/counts", timeout=30) as reply:
        return json.load(reply)


def version(python: str, way: str) -> str:
    """The version that is installed."""
    package = (PACKAGES[way] or ("ptool",))[0].partition(">")[0].partition("[")[0]
    return _run([python, "-c", f"from importlib.metadata import version; print(version({package!r}))"], 60)


def _run(words: list[str], seconds: float, home: Path | None = None) -> str:
    """What a command says. Args: home: where it works, and keeps what it would keep for the user."""
    env = os.environ | ({"HOME": str(home)} if home else {})
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, cwd=home, env=env)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerError(str(error)[:200]) from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "no word why").splitlines()[-1]
        raise PeerError(said[:200])
    return done.stdout.strip()


async def serve() -> None:
    """Answer whatever is asked, after the latency; the base URL is the first line on stdout."""
    from aiohttp import web

    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    message = {"role": "assistant", "content": "A short answer."}
    body = {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": usage,
    }

    seen = {"calls": 0, "in_flight": 0}
    now = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal now
        now += 1
        seen["calls"] += 1
        seen["in_flight"] = max(seen["in_flight"], now)
        try:
            await request.read()
            await asyncio.sleep(LATENCY)
        finally:
            now -= 1
        return web.json_response(body)

    async def count(_request: web.Request) -> web.Response:
        said = web.json_response(seen)
        seen.update(calls=0, in_flight=0)
        return said

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    app.router.add_get("/v1/counts", count)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    _, port = runner.addresses[0]
    print(f"http://127.0.0.1:{port}/v1", flush=True)
    await asyncio.Event().wait()


def main() -> int:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=Size().calls)
    parser.add_argument("--concurrency", type=int, default=Size().concurrency)
    parser.add_argument("--rounds", type=int, default=Size().rounds)
    parser.add_argument("--only", nargs="+", choices=tuple(PACKAGES), default=tuple(PACKAGES), metavar="WAY")
    parser.add_argument("--folder", type=Path, help="keeps the environments for the next time")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve())
    size = Size(given.calls, given.concurrency, given.rounds)
    print("\n".join(compared_with_peers(size, given.only, given.folder)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
