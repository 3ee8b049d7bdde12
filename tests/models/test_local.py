"""A GGUF file becomes an endpoint: one child for all who name it, gone with its last holder or its parent.

The child is a real process; only the library in it is a double: a module `xllamacpp` on the child's path that
answers every request with its own pid and what it was told.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
from autogen_core.models import UserMessage
from ptool.errors import ConfigError
from ptool.models.clients.local import LocalModel
from ptool.models.faults import AttemptError
from ptool.records import Actions

XLLAMACPP = """
import json, os, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class _Any:
    def __init__(self): self.__dict__["said"] = {}
    def __getattr__(self, name): return self.said.setdefault(name, _Any())
    def __setattr__(self, name, value): self.said[name] = value

CommonParams = _Any

class Server:
    def __init__(self, params):
        print("noise that is no protocol")
        if b"broken" in open(params.model.path, "rb").read():
            raise RuntimeError("cannot load")
        told = {"slots": params.n_parallel, "context": params.n_ctx, "offline": params.offline}
        told["pid"] = os.getpid()
        class Answers(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                content = json.dumps(told | {"model": body["model"], "top_k": body.get("top_k")})
                reply = json.dumps({
                    "choices": [{"message": {"content": content}, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 7, "completion_tokens": 3},
                }).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)
            def log_message(self, *_): pass
        server = ThreadingHTTPServer((params.hostnames[0], params.port), Answers)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.listening_address = f"http://127.0.0.1:{server.server_port}"
"""


@pytest.fixture
def gguf(tmp_path, monkeypatch):
    """A file that looks like a model; the double is where both the test and the child find it."""
    (tmp_path / "xllamacpp.py").write_text(XLLAMACPP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    file = tmp_path / "tiny-1b.gguf"
    file.write_bytes(b"GGUF and the weights")
    return file


async def asked(model):
    result = await model.create([UserMessage(content="hello", source="ptool")], json_output=Actions)
    return orjson.loads(result.content)


def alive(pid):
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat").read_text() if Path("/proc").is_dir() else ""
    except (ProcessLookupError, FileNotFoundError):  # it may end between the two
        return False
    return not stat or stat.split(") ")[1][0] != "Z"


def gone(pid, within=10.0):
    end = time.monotonic() + within
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


async def test_the_first_call_starts_it_with_what_was_configured(gguf):
    model = LocalModel(str(gguf), context=1000, slots=3, extra={"top_k": 20})
    told = await asked(model)
    pid = told.pop("pid")
    assert told == {"slots": 3, "context": 3000, "offline": True, "model": "tiny-1b", "top_k": 20}
    assert model.note == "tiny-1b on this machine (llama.cpp)"
    assert (model.actual_usage().prompt_tokens, model.actual_usage().completion_tokens) == (7, 3)
    await model.close()
    assert gone(pid, within=0)


async def test_all_who_name_the_file_share_one_child_until_the_last_one_leaves(gguf):
    first, second = LocalModel(str(gguf)), LocalModel(str(gguf))
    told = await asyncio.gather(asked(first), asked(second), asked(first))
    (pid,) = {one["pid"] for one in told}
    await first.close()
    assert (await asked(second))["pid"] == pid
    await second.close()
    assert gone(pid, within=0)


async def test_a_caller_who_gives_up_while_it_starts_does_not_take_the_others_along(gguf):
    model = LocalModel(str(gguf))
    hasty = asyncio.create_task(asked(model))
    patient = asyncio.create_task(asked(model))
    await asyncio.sleep(0.01)
    hasty.cancel()
    assert (await patient)["model"] == "tiny-1b"
    await model.close()


async def test_a_killed_child_is_one_failed_attempt_and_then_replaced(gguf):
    model = LocalModel(str(gguf))
    pid = (await asked(model))["pid"]
    os.kill(pid, signal.SIGKILL)
    assert await asyncio.to_thread(gone, pid)
    await asyncio.sleep(0.05)
    with pytest.raises(AttemptError, match="the local server ended with status -9") as fault:
        await asked(model)
    assert fault.value.kind == "connection"
    assert (await asked(model))["pid"] != pid
    await model.close()


def test_it_may_be_used_in_one_event_loop_after_another(gguf):
    model = LocalModel(str(gguf))

    async def once():
        told = await asked(model)
        await model.close()
        return told["pid"]

    assert asyncio.run(once()) != asyncio.run(once())


PARENT = """
import asyncio, os, sys
from test_local import LocalModel, asked
async def main():
    model = LocalModel(sys.argv[1])
    print((await asked(model))["pid"], flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def test_the_child_dies_with_a_parent_that_was_killed(gguf):
    paths = os.pathsep.join((str(gguf.parent), str(Path(__file__).parent)))
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(gguf)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(child)


async def test_a_file_that_cannot_be_loaded_is_said_in_one_line(gguf):
    gguf.write_bytes(b"GGUF but broken")
    model = LocalModel(str(gguf))
    with pytest.raises(
        ConfigError, match=r"model.file: llama.cpp cannot load '.*tiny-1b.gguf': RuntimeError: cannot load"
    ):
        await asked(model)
    await model.close()


def test_what_is_no_model_is_refused_before_anything_starts(gguf, tmp_path):
    other = tmp_path / "notes.txt"
    other.write_text("hello")
    with pytest.raises(
        ConfigError, match=r"model.file: '.*notes.txt' is no GGUF file, it begins with b'hell'"
    ):
        LocalModel(str(other))
    with pytest.raises(ConfigError, match=r"model.file: cannot read '.*nowhere.gguf': No such file"):
        LocalModel(str(tmp_path / "nowhere.gguf"))
    with pytest.raises(ConfigError, match=r"model.slots: got 0, expected an integer of at least 1"):
        LocalModel(str(gguf), slots=0)


def test_a_missing_package_names_the_extra(gguf, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"needs the package xllamacpp; install ptool\[local\]"):
        LocalModel(str(gguf))
