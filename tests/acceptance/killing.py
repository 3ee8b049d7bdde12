"""Runs in forked processes, so that nothing is imported again, and how they are killed."""

import mmap
import os
import signal
import sys
import time
from pathlib import Path
from struct import pack_into, unpack_from
from typing import Any

from ptool.cli.compose import Sources
from ptool.cli.main import run_job
from ptool.models.clients.chat_completions import ChatCompletions
from ptool.settings import Settings
from ptool.store import Ledger
from ptool.synthesis.commands import synthesise


class Shared:
    """Numbers a process keeps counting until it is killed."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 16)

    def add(self, sent: int = 0, kept: int = 0) -> None:
        """Count a call that is sent, or an answer that is on disk."""
        before = unpack_from("qq", self._memory)
        pack_into("qq", self._memory, 0, before[0] + sent, before[1] + kept)

    def kept(self) -> int:
        """Answers that are on disk."""
        return unpack_from("qq", self._memory)[1]

    def in_flight(self) -> int:
        """Calls sent whose answers are not on disk."""
        sent, kept = unpack_from("qq", self._memory)
        return sent - kept


def started(settings: Settings, folder: Path, shared: Shared) -> int:
    """The command in a forked process; returns its number."""
    child = os.fork()
    if child:
        return child
    os.chdir(folder)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    sys.stderr = (folder / "stderr").open("w")
    create, save = ChatCompletions.create, Ledger.save_answer

    async def sending(self: ChatCompletions, *rest: Any, **named: Any) -> Any:
        shared.add(sent=1)
        return await create(self, *rest, **named)

    async def saving(self: Ledger, answer: Any, *rest: Any) -> None:
        await save(self, answer, *rest)
        shared.add(kept=1)

    ChatCompletions.create, Ledger.save_answer = sending, saving
    try:
        status = run_job(lambda: (settings, Sources()), synthesise)
    except BaseException as error:
        (folder / "stderr").write_text(repr(error))
        status = 99
    os._exit(status)


def ended(child: int, seconds: float | None) -> int:
    """Kill the process after a while, or let it end; returns its exit status, negative for a signal."""
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
