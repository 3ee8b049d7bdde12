"""What the review pages take on a large run: start, every page, the queue, a save, memory after all of them.

    python tests/performance/review_pages.py RUN [key=value …]     a finished run of 10,000 samples

The run is copied by links, so that its own reviews stay as they are. Times are those of a client on the same
machine, one request after another.
"""

from __future__ import annotations

import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

TOKEN = "a1b2c3d4e5f6a7b8c9d0"
TIMES = 100
SERVER = "import sys; from ptool.review import main; sys.exit(main())"
OTHERS = {
    "label arguments": "/review?task=origins&show=all",
    "settle conflicts": "/review?task=adjudication&show=all",
    "flagged by somebody": "/?show=all&flagged=verifier",
    "by second solvers": "/?show=all&solvers=1",
    "agreement": "/agreement",
}
"""Pages that are asked for once, which is when each reads what it needs beyond the index."""
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Browser:
    """One connection with its cookies."""

    def __init__(self, port: int, server: int) -> None:
        self._clock = Path(f"/proc/{server}/schedstat")
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._cookies: dict[str, str] = {}
        self.processor: list[float] = []
        """milliseconds of the server's processor that each request took"""

    def _processor(self) -> int:
        return int(self._clock.read_text().split()[0])

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str, str, float]:
        """Status, place to go on, text and milliseconds of a request."""
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        before, start = self._processor(), time.perf_counter()
        self._connection.request(method, path, body, {"cookie": cookie} | (FORM if body else {}))
        answer = self._connection.getresponse()
        text = answer.read().decode()
        took = 1000 * (time.perf_counter() - start)
        self.processor.append((self._processor() - before) / 1e6)
        for line in answer.headers.get_all("set-cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.headers.get("location", ""), text, took


def hidden(page: str) -> dict[str, str]:
    """The fields that a form sends by itself."""
    form = page.partition('<form class="judge"')[2]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return {name: unescape(value) for name, value in found}


def row(name: str, taken: list[float]) -> str:
    """Median, 95th percentile and maximum."""
    taken = sorted(taken)
    shown = (statistics.median(taken), taken[int(0.95 * len(taken))], taken[-1])
    return f"{name:<28}" + "".join(f"{each:>8.1f} ms" for each in shown)


def measure(run: Path, words: list[str]) -> None:
    """Print the figures of a run."""
    command = [sys.executable, "-c", SERVER, f"run={run}", "server.port=0", "server.token_env=REVIEW_TOKEN"]
    start = time.perf_counter()
    server = subprocess.Popen(
        [*command, "annotators=[Ada,Bo]", *words],
        env={**os.environ, "REVIEW_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        port = int(re.findall(r":(\d+)/", server.stdout.readline())[0])
        browser = Browser(port, server.pid)
        browser.ask("GET", f"/?token={TOKEN}")
        print(f"{'start, first answer':<28}{time.perf_counter() - start:>8.2f} s")
        key = re.findall(r'name="key" value="(\w+)"', browser.ask("GET", "/name")[2])[0]
        browser.ask("POST", "/name", urlencode({"key": key, "annotator": "Ada"}))
        print(f"{'first queue':<28}{browser.ask('GET', '/')[3]:>8.1f} ms")
        print(f"{'':<28}{'median':>11}{'95 %':>11}{'most':>11}")
        print(row("queue", [browser.ask("GET", "/?show=all&from=5000")[3] for _ in range(TIMES // 5)]))
        place, pages, saves = browser.ask("GET", "/review?task=criteria&show=open")[1], [], []
        processor: dict[str, list[float]] = {"page": [], "save": []}
        for _ in range(TIMES):
            if not place.startswith("/review"):
                break  # a run of fewer samples
            status, _, page, took = browser.ask("GET", place)
            assert status == 200, page
            pages.append(took)
            processor["page"].append(browser.processor[-1])
            marks = {f"mark-{name}": "ok" for name in ("query", "platform", "calls")}
            status, place, page, took = browser.ask(
                "POST", "/review", urlencode({**hidden(page), **marks, "status": "done"})
            )
            assert status == 303, page
            saves.append(took)
            processor["save"].append(browser.processor[-1])
        print(row("page", pages), row("save", saves), sep="\n")
        for name, taken in processor.items():
            print(row(f"{name}, processor time", taken))
        for name, path in OTHERS.items():
            status, path, page, took = browser.ask("GET", path)
            if status == 303:
                status, _, page, took = browser.ask("GET", path)
            assert status == 200, page
            print(f"{name:<28}{took:>8.1f} ms, processor {browser.processor[-1]:.1f} ms")
        memory = re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text())
        print(f"{'memory, at most':<28}{int(memory[0]) / 1024:>8.0f} MB")
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Measure on a copy of the run."""
    run, words = Path(sys.argv[1]), sys.argv[2:]
    with tempfile.TemporaryDirectory(dir=run.parent) as folder:
        copy = Path(folder) / run.name
        command = ["cp", "-rl", str(run), str(copy)]
        subprocess.run(command, check=True)
        for file in copy.glob("reviews.sqlite*"):
            file.unlink()
        measure(copy, words)


if __name__ == "__main__":
    main()
