"""What does jobs, what its workers are sent once, and what those have of the process that they work for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from ..models.gateway.activity import GatewayFigures
from ..models.gateway.limiter import Limiter
from ..store import Ledger
from .job import Item, Job, Result
from .remote_ledger import RemoteLedger


class WorkerLink(Protocol):
    """What a worker has of the process that it works for."""

    @property
    def limiter(self) -> Limiter:
        """Gives leave to every attempt of the run, wherever it is made."""
        ...

    def watch(self, figures: Callable[[], GatewayFigures]) -> None:
        """Have what the calls of this worker come to told every second."""
        ...

    def open_ledger(self, path: Path) -> Ledger | RemoteLedger:
        """The run's ledger, wherever it is. Args: path: where it is on the run's machine."""
        ...


class Setup(Protocol):
    """What a worker is sent once: it makes the state there, and nothing of it is written by anybody else.

    It is pickled, so whatever it holds has to be found or made in another process, on another machine too.
    """

    def open(self, link: WorkerLink) -> AbstractAsyncContextManager[Any]:
        """The state of a worker, for as long as it works."""
        ...


class Addition(Protocol):
    """What a worker is sent after it was opened: pickled, as a `Setup` is."""

    def add_to(self, state: Any) -> None:
        """Add it to the state of the worker."""
        ...


class Executor(Protocol):
    """Does jobs, one after the other or several at the same time."""

    def begin(self, state: Any, setup: Callable[[], Setup], ledger: Ledger | None = None) -> None:
        """Say what the jobs to come are done with.

        Args:
            state: of this process.
            setup: makes the same in another one, and is asked only where needed.
            ledger: keeps what workers do that do not share its file.
        """
        ...

    def extend(self, addition: Callable[[], Addition]) -> None:
        """Add to what the jobs to come are done with; the state of this process is its owner's to extend.

        Args: addition: makes what others are sent, and is asked only where needed.
        """
        ...

    async def run(
        self, job: Job[Item, Result], items: Iterable[Item], done: Callable[[Item, Result], None]
    ) -> None:
        """Do a job for every item.

        Args:
            job: what is done.
            items: drawn one by one as places become free; `LATER` among them is none.
            done: is told each result, in this process, in the order they come.

        Raises: what the first failure raised; the others are ended. All that was `Written` is on disk when
            this returns.
        """
        ...

    def figures(self) -> Sequence[GatewayFigures]:
        """What the calls of all other processes have come to."""
        ...

    async def close(self) -> None:
        """End all other processes; closing twice is harmless."""
        ...
