"""A review of a tiny run behind its guard, asked without a network."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("fastapi")

from ptool.reviews import ReviewStore
from ptool.reviews.server.app import create_app
from ptool.reviews.server.security import Access

PORT = 8090
BASE = f"http://127.0.0.1:{PORT}"


@cache
def _tiny_run() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ptool-review-")) / "tiny"
    command = [sys.executable, "-m", "ptool.run", "scenario=tiny", f"run.dir={folder}"]
    subprocess.run(command, check=True, capture_output=True)  # a browser's test has a loop of its own already
    return folder


def tiny_run(folder: Path) -> Path:
    """A finished run of 20 samples in a folder of its own."""
    return Path(shutil.copytree(_tiny_run(), folder / "tiny"))


@dataclass
class Site:
    """Somebody's browser on a review."""

    store: ReviewStore
    access: Access
    client: httpx.AsyncClient

    async def get(self, url: str, **options: Any) -> httpx.Response:
        """A page."""
        return await self.client.get(url, **options)

    async def post(self, url: str, fields: dict[str, str], **options: Any) -> httpx.Response:
        """A form of the page's own."""
        return await self.client.post(url, data={"key": self.access.form_key, **fields}, **options)

    async def enter(self, name: str) -> None:
        """Open the link and say who one is."""
        assert (await self.get(f"/?token={self.access.token}")).status_code == 303
        assert (await self.post("/name", {"other": name})).status_code == 303

    async def save(self, sample: str, fields: dict[str, str], task: str = "criteria") -> httpx.Response:
        """Save what the page of a sample would send with some fields filled in."""
        page = await self.get(f"/review?task={task}&show=all&sample={sample}")
        return await self.post("/review", {**fields_in(page.text), "status": "done", **fields})

    def other(self) -> "Site":
        """Another browser on the same review."""
        return Site(self.store, self.access, client_of(self.store, self.access))


def client_of(store: ReviewStore, access: Access) -> httpx.AsyncClient:
    """A browser that has not been here."""
    transport = httpx.ASGITransport(create_app(store, access))
    return httpx.AsyncClient(transport=transport, base_url=BASE)


@contextmanager
def site_of(folder: Path, **options: Any) -> Iterator[Site]:
    """A review of a run, for as long as a test takes."""
    with ReviewStore(folder, **options) as store:
        access = Access(("127.0.0.1", "localhost"), PORT)
        yield Site(store, access, client_of(store, access))


FIELD = re.compile(r"<input type=\"hidden\" name=\"([^\"]+)\" value=\"([^\"]*)\">")
RADIO = re.compile(r"<input type=\"radio\" name=\"([^\"]+)\" value=\"([^\"]*)\"[^>]* checked")
LINE = re.compile(r"<input type=\"text\" id=\"[^\"]+\" name=\"([^\"]+)\" value=\"([^\"]*)\"")
AREA = re.compile(r"<textarea [^>]*name=\"([^\"]+)\"[^>]*>\n(.*?)</textarea>", re.DOTALL)
CHOSEN = re.compile(r"<select id=\"[^\"]+\" name=\"([^\"]+)\"[^>]*>.*?<option value=\"([^\"]*)\" selected")


def fields_in(page: str) -> dict[str, str]:
    """What a browser would send of the form of a sample."""
    form = page.partition('<form class="judge"')[2].partition("</form>")[0]
    found: dict[str, str] = {}
    for pattern in (FIELD, RADIO, LINE, AREA, CHOSEN):
        found |= {unescape(name): unescape(text) for name, text in pattern.findall(form)}
    return found


def said(page: httpx.Response) -> str:
    """What a page tells above everything else."""
    text = page.text.partition('<div id="notice"')[2].partition("</div>")[0].partition(">")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


def errors_in(page: httpx.Response) -> list[str]:
    """The errors of a page, in its order."""
    return [unescape(text) for text in re.findall(r'class="error"[^>]*>([^<]*)<', page.text)]
