"""The child process of `model=local`: loads one GGUF file and serves it on loopback with llama.cpp.

Run as a script, never imported: it knows nothing of ptool. What to serve comes as one line of JSON on
standard input; on standard output stands then `READY <address>`, or `FAILED <reason>`. It ends when its
standard input does, so it never outlives its parent, however that one died.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from importlib import import_module
from typing import Any

ERRORS_ONLY = 1
"""llama.cpp's own verbosity: prompts and answers must not end up in a log."""


def main() -> None:
    """Serve until standard input ends."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches the whole group; the parent says when to end
    say = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # libraries that print must not be taken for an answer
    wanted = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        server = serve(wanted)
    except Exception as error:
        print("FAILED", " ".join(f"{type(error).__name__}: {error}".split())[:300], file=say)
        sys.exit(1)
    print("READY", server.listening_address, file=say)
    threading.Event().wait()


def serve(wanted: dict[str, Any]) -> Any:
    """Load the model and begin to answer.

    Args: wanted: `file`, `alias`, `context` (tokens a slot), `slots`, `threads` (None: llama.cpp's choice).
    """
    xllamacpp: Any = import_module("xllamacpp")  # it has no types

    params = xllamacpp.CommonParams()
    params.model.path = wanted["file"]
    params.model_alias = {wanted["alias"]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = wanted["slots"]
    params.n_ctx = wanted["context"] * wanted["slots"]
    if wanted["threads"]:
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = wanted["threads"]
    for name in ("ui", "webui", "endpoint_slots"):  # the page was renamed between versions
        if hasattr(params, name):
            setattr(params, name, False)
    params.offline = True
    params.verbosity = ERRORS_ONLY
    return xllamacpp.Server(params)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
