"""`ptool.review` as a process, and a Chromium that people drive."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
TOKEN = "a1b2c3d4e5f6a7b8c9d0"
SERVER = "import sys; from ptool.review import main; sys.exit(main())"


@dataclass
class Server:
    """A server that is up."""

    process: subprocess.Popen[str]
    base: str

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(run: Path, *words: str, port: int = 0) -> Iterator[Server]:
    """The command on a run; it ends with the block."""
    command = [sys.executable, "-c", SERVER, f"run={run}", f"server.port={port}",
               "server.token_env=REVIEW_TOKEN", *words]  # fmt: skip
    environment = {**os.environ, "REVIEW_TOKEN": TOKEN}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.fullmatch(r"review: (http://127\.0\.0\.1:\d+)/\?token=\w+\n", line)
        assert match, line
        yield Server(process, match.group(1))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(30)


@dataclass
class Person:
    """Somebody at a browser, and whatever happened there that should not."""

    page: Any
    base: str
    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    """requests to anywhere else"""

    def open(self, path: str) -> None:
        """Go to a page."""
        self.page.goto(self.base + path)

    def press(self, *keys: str) -> None:
        """Press keys one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def go(self, key: str) -> None:
        """Press a key that leads to another page."""
        with self.page.expect_navigation():
            self.press(key)

    def saved(self) -> int:
        """How many samples are done, as the bar says."""
        return int(re.match(r"(\d+)", self.page.locator(".done label").inner_text()).group(1))

    def wait_for(self, text: str) -> None:
        """Until a notice says something."""
        self.page.locator("#notice", has_text=text).wait_for(timeout=30_000)


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without anybody at it."""
    sync_api = pytest.importorskip("playwright.sync_api")
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("needs a Chromium")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield started
        finally:
            started.close()


def person(started: Any, base: str, name: str, **options: Any) -> Person:
    """Somebody who opened the link and said who they are."""
    context = started.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
    context.set_default_timeout(60_000)
    one = Person(context.new_page(), base)
    one.page.on("dialog", lambda dialog: _answer(one, dialog))
    one.page.on("pageerror", lambda error: one.errors.append(str(error)))
    one.page.on(
        "console",
        lambda message: one.errors.append(message.text) if message.type in ("error", "warning") else None,
    )
    one.page.on(
        "request",
        lambda request: None if request.url.startswith((base, "data:")) else one.strange.append(request.url),
    )
    one.open(f"/?token={TOKEN}")
    one.page.locator("#other").fill(name)
    one.page.keyboard.press("Enter")
    one.page.locator("h1", has_text="Queue").wait_for()
    one.page.wait_for_load_state("load")  # the script behind the keys has run
    return one


def _answer(one: Person, dialog: Any) -> None:
    """Leave a page with something unsaved; note whatever else asks."""
    if dialog.type != "beforeunload":
        one.dialogs.append(dialog.message)
    dialog.accept()
