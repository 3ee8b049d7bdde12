"""A headless Chromium, told what to do over its debugging protocol, and what it had to say about a page."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 60.0
"""Seconds the browser may take for anything."""


def browser() -> str | None:
    """The browser on this machine; None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Seen:
    """What happened while a page was open."""

    errors: list[str] = field(default_factory=list)
    """console errors, exceptions, and what the page's policy refused"""
    dialogs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """addresses asked for, that of the page left out"""
    width: float = 0.0
    """of the page's content, in pixels"""
    window: float = 0.0
    shown: str = ""
    """the page's text"""
    folded: int = 0
    """details that are there to open"""


@dataclass
class Tab:
    """One tab of a browser."""

    socket: aiohttp.ClientWebSocketResponse
    seen: Seen = field(default_factory=Seen)
    page: str = ""
    loaded: bool = False
    number: int = 0

    async def ask(self, method: str, **values: Any) -> dict[str, Any]:
        """Send a command, note whatever happens before its answer, and return that."""
        number = await self._send(method, values)
        while True:
            found = await self._next()
            if found.get("id") == number:
                return found.get("result", {})

    async def until_loaded(self) -> None:
        """Wait for the page."""
        while not self.loaded:
            await self._next()

    async def value(self, script: str) -> Any:
        """What a script of ours gives in the page."""
        found = await self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        return found["result"].get("value")

    async def _send(self, method: str, values: dict[str, Any]) -> int:
        self.number += 1
        await self.socket.send_json({"id": self.number, "method": method, "params": values})
        return self.number

    async def _next(self) -> dict[str, Any]:
        found = json.loads((await self.socket.receive(PATIENCE)).data)
        await self._note(found.get("method", ""), found.get("params", {}))
        return found

    async def _note(self, event: str, values: dict[str, Any]) -> None:
        seen = self.seen
        if event == "Log.entryAdded" and values["entry"]["level"] in ("error", "warning"):
            seen.errors.append(values["entry"]["text"])
        elif event == "Runtime.exceptionThrown":
            seen.errors.append(values["exceptionDetails"]["text"])
        elif event == "Runtime.consoleAPICalled":
            seen.errors.append(f"console.{values['type']}")
        elif event == "Network.requestWillBeSent" and values["request"]["url"].partition("#")[0] != self.page:
            seen.requests.append(values["request"]["url"])
        elif event == "Page.javascriptDialogOpening":
            seen.dialogs.append(values["message"])
            await self._send("Page.handleJavaScriptDialog", {"accept": True})
        elif event == "Page.loadEventFired":
            self.loaded = True


@asynccontextmanager
async def tab(profile: Path) -> AsyncIterator[Tab]:
    """A browser with one empty tab; it ends with the block."""
    program = browser()
    assert program is not None
    process = await asyncio.create_subprocess_exec(
        program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank",
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        host = await asyncio.wait_for(_host(process), PATIENCE)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://{host}/json") as answer:
                pages = [one for one in await answer.json() if one["type"] == "page"]
            async with session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Tab(socket)
    finally:
        process.terminate()
        await process.wait()


async def _host(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode():
        if "DevTools listening on ws://" in line:
            return line.partition("ws://")[2].partition("/")[0]
    raise RuntimeError("the browser ended before it listened")


async def opened(page: Path, profile: Path, width: int, height: int, dark: bool = False) -> Seen:
    """Open a page, unfold all of it, and tell what happened."""
    async with tab(profile) as one:
        for domain in ("Page", "Log", "Runtime", "Network"):
            await one.ask(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await one.ask("Emulation.setEmulatedMedia", features=[scheme])
        await one.ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=width < 600)  # fmt: skip
        one.page = page.as_uri()
        await one.ask("Page.navigate", url=one.page)
        await one.until_loaded()
        one.seen.folded = await one.value(
            "(() => { const all = document.querySelectorAll('details');"
            " all.forEach(each => { each.open = true }); return all.length })()"
        )
        await asyncio.sleep(1.0)  # whatever would start late has started
        one.seen.width = await one.value("document.documentElement.scrollWidth")
        one.seen.window = await one.value("innerWidth")
        one.seen.shown = await one.value("document.body.innerText")
        return one.seen
