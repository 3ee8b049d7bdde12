"""What an executor is told: a job, the items it is done for, and what it is done with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ..models.gateway.activity import GatewayFigures
from ..models.gateway.limiter import Limiter

if TYPE_CHECKING:
    from ..store import Ledger
    from .remote_ledger import RemoteLedger

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Written(Generic[Result]):
    """A result whose item is on its way to the disk: it counts once it is there."""

    result: Result
    on_disk: Future[None]


@dataclass(frozen=True)
class Job(Generic[Item, Result]):
    """What is done for every item.

    `make(state, *arguments)` gives the function of one item; it stands at the top of a module, so that other
    processes find it by its name. `state` is what a process has for all jobs of a run (`Setup`).
    """

    make: Callable[..., Callable[[Item], Awaitable[Result | Written[Result]]]]
    arguments: tuple[Any, ...] = ()

    def work(self, state: Any) -> Callable[[Item], Awaitable[Result | Written[Result]]]:
        """What is done for one item, with the state of this process."""
        return self.make(state, *self.arguments)


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


class Executor(Protocol):
    """Does jobs, one after the other."""

    def begin(self, state: Any, setup: Callable[[], Setup], ledger: Ledger | None = None) -> None:
        """Say what the jobs to come are done with.

        Args:
            state: of this process.
            setup: makes the same in another one, and is asked only where needed.
            ledger: keeps what workers do that do not share its file.
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


LATER: Any = object()
"""What items may hold where the next one is not to be begun before another result has come."""


def in_order(
    items: Iterable[Item], deliver: Callable[[Item, Result], None], window: int
) -> tuple[Iterator[tuple[int, Item]], Callable[[tuple[int, Item], Result], None]]:
    """The `items` and `done` of a job on numbered items whose results are delivered in the items' order.

    Args: deliver: is given item and result; window: items that may be begun before the first is delivered.
    """
    delivered = 0
    waiting: dict[int, tuple[Item, Result]] = {}

    def draw() -> Iterator[tuple[int, Item]]:
        for number, item in enumerate(items):
            while number >= delivered + window:
                yield LATER
            yield number, item

    def done(numbered: tuple[int, Item], result: Result) -> None:
        nonlocal delivered
        number, item = numbered
        waiting[number] = item, result
        while delivered in waiting:
            deliver(*waiting.pop(delivered))
            delivered += 1

    return draw(), done
