"""Other frameworks beside ptool's client: the same prompts and endpoint, each in an environment of its own.

    python peers.py [--calls 512] [--concurrency 64] [--folder FOLDER]

The endpoint answers every prompt with one sentence after 200 ms, in a process of its own. Environments are
made in the folder (a temporary one, if none is given) with venv and pip. Each framework asks for a quarter of
the calls first, then for all: what the larger run takes more is what a call costs, without starting up. What
cannot be installed or run is said, with the reason.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

LATENCY = 0.2
PACKAGES: dict[str, tuple[str, ...]] = {
    "ptool": (),
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


def compared_with_peers(calls: int = 512, concurrency: int = 64, folder: Path | None = None) -> list[str]:
    """A Markdown table of all frameworks. Args: folder: keeps their environments."""
    lines = [
        "",
        f"Peers: {calls} calls, {concurrency} at a time, answered after {LATENCY:g} s.",
        "",
        "| framework | version | CPU, ms a call | efficiency |",
        "| --- | --- | --- | --- |",
    ]
    with TemporaryDirectory(prefix="ptool-peers-") as scratch:
        server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            base_url = server.stdout.readline().strip()
            for way in PACKAGES:
                print(f"peers: {way}", file=sys.stderr, flush=True)
                try:
                    python = environment(way, folder or Path(scratch))
                    few, many = (
                        asked(python, way, base_url, size, concurrency, Path(scratch))
                        for size in (calls // 4, calls)
                    )
                    if many["wall"] <= few["wall"]:
                        raise PeerError("four times the calls took no longer: ask for more of them")
                except PeerError as error:
                    lines.append(f"| {way} | | not measured: {str(error).replace('|', ' ')} | |")
                    continue
                more = calls - calls // 4
                cost = (many["cpu"] - few["cpu"]) / more * 1e3
                efficiency = more * LATENCY / concurrency / (many["wall"] - few["wall"])
                lines.append(f"| {way} | {version(python, way)} | {cost:.2f} | {efficiency:.2f} |")
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


def asked(
    python: str, way: str, base_url: str, calls: int, concurrency: int, scratch: Path
) -> dict[str, float]:
    """What so many calls take."""
    said = _run([python, str(WAYS), way, base_url, str(calls), str(concurrency)], ASKING, scratch)
    for line in reversed(said.splitlines()):
        if line.startswith("{"):
            return json.loads(line)
    raise PeerError("it does not say what it took")


def version(python: str, way: str) -> str:
    """The version that is installed."""
    package = (PACKAGES[way] or ("ptool",))[0].partition(">")[0].partition("[")[0]
    return _run([python, "-c", f"from importlib.metadata import version; print(version({package!r}))"], 60)


def _run(words: list[str], seconds: float, place: Path | None = None) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, cwd=place)
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

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(LATENCY)
        return web.json_response(body)

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
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
    parser.add_argument("--calls", type=int, default=512)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--folder", type=Path, help="keeps the environments for the next time")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve())
    print("\n".join(compared_with_peers(given.calls, given.concurrency, given.folder)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
