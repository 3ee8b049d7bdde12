"""What a review came to, counted in a process of its own: the server stays small, and answers meanwhile.

Counting reads every review, and the intervals of agreement need numpy; with thousands of samples that takes
seconds and more memory than everything else the server does. The process ends with its answer.
"""

from __future__ import annotations

import asyncio
import pickle
import sys
from pathlib import Path

from ...errors import PtoolError, StoreError
from ..store import ReviewStore
from ..summary import ReviewSummary, summarise

_COMMAND = "import sys; from ptool.reviews.server.summary_process import main; main(sys.argv[1])"


async def summary_of(run: Path) -> ReviewSummary:
    """What the review of a run came to, with what it remembers of parts and shares.

    Raises StoreError: it cannot be read, as `ReviewStore` and `summarise` say it, or the process died.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", _COMMAND, str(run)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,  # what goes wrong is said on the server's stderr
        start_new_session=True,  # Ctrl-C on the terminal is the server's
    )
    try:
        answer, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise StoreError(f"{run}: its reviews could not be counted (status {process.returncode}); try again")
    found = pickle.loads(answer)  # noqa: S301 (written by `main` below, by nobody else)
    if isinstance(found, str):
        raise StoreError(found)
    return found


def main(run: str) -> None:
    """Write the summary of a run's review to stdout, or the line that says why there is none."""
    try:
        with ReviewStore(Path(run), readonly=True) as store:
            answer: ReviewSummary | str = summarise(store)
    except PtoolError as error:
        answer = str(error)
    sys.stdout.buffer.write(pickle.dumps(answer))
