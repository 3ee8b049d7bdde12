"""How the server ends: killed while people save it loses nothing it acknowledged; by a signal, cleanly."""

import http.client
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest
from ptool.reviews import ReviewStore
from review_server import SERVER, TOKEN, Server, serving
from review_site import fields_in, tiny_run

pytestmark = pytest.mark.slow

KILLS = 30
FORM = {"content-type": "application/x-www-form-urlencoded"}


def save_on_and_on(
    server: Server, name: str, acknowledged: list[tuple[str, str, str]], refused: list[str]
) -> None:
    """Save one sample after another, each with a comment of its own, until the server is gone."""
    connection = http.client.HTTPConnection(server.base.removeprefix("http://"), timeout=20)
    cookies: list[str] = []

    def ask(method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        body = urlencode(fields) if fields else None
        connection.request(method, path, body, {"cookie": "; ".join(cookies)} | (FORM if body else {}))
        answer = connection.getresponse()
        cookies.extend(each.partition(";")[0] for each in answer.headers.get_all("set-cookie") or [])
        return answer.status, answer.headers.get("location", ""), answer.read().decode()

    try:
        ask("GET", f"/?token={TOKEN}")
        key = ask("GET", "/name")[2].partition('name="key" value="')[2].partition('"')[0]
        ask("POST", "/name", {"key": key, "other": name})
        place = ask("GET", "/review?show=all")[1]
        while True:
            given = fields_in(ask("GET", place)[2])
            comment = f"{name} {time.monotonic_ns()}"
            marks = {"mark-query": "ok", "mark-platform": "ok", "mark-calls": "ok", "comment": comment}
            status, place, page = ask("POST", "/review", given | marks | {"status": "done"})
            if status != 303:
                refused.append(page)
                return
            acknowledged.append((given["sample"], name, comment))
    except (OSError, http.client.HTTPException):
        return


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    run = tiny_run(tmp_path)
    acknowledged: list[tuple[str, str, str]] = []
    refused: list[str] = []
    moments = random.Random(5)
    for _ in range(KILLS):
        with serving(run) as server:
            people = [
                threading.Thread(target=save_on_and_on, args=(server, name, acknowledged, refused))
                for name in ("Ada", "Bo")
            ]
            for each in people:
                each.start()
            before, wanted = len(acknowledged), moments.randrange(1, 12)
            while len(acknowledged) < before + wanted and any(each.is_alive() for each in people):
                time.sleep(0.001)
            time.sleep(moments.random() * 0.03)
            server.kill()
            for each in people:
                each.join()
    assert refused == []
    assert len(acknowledged) > KILLS
    with ReviewStore(run, readonly=True) as store:
        kept = {
            (review.sample, review.annotator, review.comment)
            for id in store.catalogue.entries
            for review in store.history(id)
        }
    assert set(acknowledged) - kept == set()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_its_status(tmp_path: Path, number: int, status: int) -> None:
    with serving(tiny_run(tmp_path)) as server:
        server.process.send_signal(number)
        assert server.process.wait(60) == status


def test_a_port_that_is_taken_ends_the_command_with_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = [f"run={tiny_run(tmp_path)}", f"server.port={port}"]
        done = subprocess.run([sys.executable, "-c", SERVER, *words], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"config error: server.port: {port} on 127.0.0.1: ")
    assert done.stderr.count("\n") == 1
