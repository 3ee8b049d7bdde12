"""What every stage of a run works with: the participants, the folder, the ledger, and whom it works for.

Every answer a stage waits for is an item of the ledger, so a run that was ended goes on where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from ..cli.progress import Progress, Stage
from ..environments.checks import Checks
from ..errors import StoreError, UnusableAnswerError
from ..records import Record
from ..settings import Settings
from ..store import Ledger, RunFolder
from ..trees.api_tree import ApiTree
from .roles import Participants

Made = TypeVar("Made", bound=Record)
Item = TypeVar("Item")
Show = Callable[[dict[str, Any]], dict[str, Any]]


class PopulationLedger:
    """The ledger as one population sees it: its stages carry the population's name, 'unseen/episodes'.

    Args: ledger: the run's; name: the population's.
    """

    def __init__(self, ledger: Ledger, name: str) -> None:
        self._ledger = ledger
        self._name = name
        self.path = ledger.path

    async def put(self, stage: str, id: str, body: bytes) -> None:
        """As `Ledger.put`."""
        await self._ledger.put(f"{self._name}/{stage}", id, body)

    def submit(self, stage: str, id: str, body: bytes) -> Future[None]:
        """As `Ledger.submit`."""
        return self._ledger.submit(f"{self._name}/{stage}", id, body)

    def get(self, stage: str, id: str) -> bytes | None:
        """As `Ledger.get`."""
        return self._ledger.get(f"{self._name}/{stage}", id)

    def has(self, stage: str, id: str) -> bool:
        """As `Ledger.has`."""
        return self._ledger.has(f"{self._name}/{stage}", id)

    def ids(self, stage: str) -> list[str]:
        """As `Ledger.ids`."""
        return self._ledger.ids(f"{self._name}/{stage}")

    def items(self, stage: str) -> Iterator[tuple[str, bytes]]:
        """As `Ledger.items`."""
        return self._ledger.items(f"{self._name}/{stage}")


@dataclass(frozen=True)
class RunContext:
    """What every stage works with."""

    settings: Settings
    participants: Participants
    checks: Checks
    folder: RunFolder
    ledger: Ledger | PopulationLedger
    progress: Progress
    given_tree: ApiTree | None = None
    population: str = ""
    """whom it works for: '' is the run's own people"""

    def of(self, population: str, settings: Settings) -> RunContext:
        """The same context at work for other people: their stages and files carry their name."""
        assert isinstance(self.ledger, Ledger)
        return replace(
            self,
            settings=settings,
            ledger=PopulationLedger(self.ledger, population),
            given_tree=None,
            population=population,
        )

    def file(self, name: str) -> Path:
        """A file of the run; its folder is made."""
        return self.folder / (f"{self.population}/{name}" if self.population else name)

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Stage]:
        """Show one stage while the block runs."""
        return self.progress.stage(f"{self.population} {name}".lstrip(), total)

    async def kept(
        self, stage: str, item: str, kind: type[Made], make: Callable[[], Awaitable[Made]]
    ) -> Made:
        """An item from the ledger, or made now and put there before it is used."""
        body = self.ledger.get(stage, item)
        if body is not None:
            return self.read(kind, body, f"{stage}/{item}")
        made = await make()
        await self.ledger.put(stage, item, made.model_dump_json().encode())
        return made

    def read(self, kind: type[Made], body: bytes, where: str) -> Made:
        """A record from the ledger.

        Raises:
            StoreError: what stands there is none.
        """
        try:
            return kind.model_validate_json(body)
        except ValidationError:
            path = self.ledger.path
            raise StoreError(
                f"{path}: item {where} is damaged; remove the run folder, or choose another"
            ) from None

    def asker(self, stage: str, role: str, kind: type[Made], bar: Stage, show: Show) -> StageRole[Made]:
        """A role as the trees ask it, its answers kept in the ledger."""
        return StageRole(self, stage, role, kind, bar, show)


@dataclass(frozen=True)
class StageRole(Generic[Made]):
    """A role as the trees ask it: `(item, view) -> record`, kept from start to start."""

    context: RunContext
    stage: str
    role: str
    kind: type[Made]
    bar: Stage
    show: Show
    """What the role is shown, from the view the trees hand over."""

    async def __call__(self, item: str, view: dict[str, Any]) -> Made:
        if said := self.context.ledger.get(self.refused, item):
            raise UnusableAnswerError(said.decode())
        made = await self.context.kept(self.stage, item, self.kind, lambda: self._ask(item, view))
        self.bar.advance()
        return made

    async def _ask(self, item: str, view: dict[str, Any]) -> Made:
        participants, seed = self.context.participants, self.context.settings.seed
        try:
            return await participants.ask(self.role, self.stage, item, self.show(view), seed)
        except UnusableAnswerError as error:
            await self.context.ledger.put(self.refused, item, str(error).encode())
            raise

    @property
    def refused(self) -> str:
        """Stage of the items that brought no usable answer: they are not asked again, others are."""
        return f"{self.stage} without an answer"

    def has(self, item: str) -> bool:
        """Whether it was asked this, in this start or an earlier one."""
        ledger = self.context.ledger
        return ledger.has(self.stage, item) or ledger.has(self.refused, item)


async def run_concurrently(
    items: Iterable[Item], work: Callable[[Item], Awaitable[None]], width: int
) -> None:
    """Work on `width` items at a time, the next as soon as one is done; the first failure ends the others."""
    queue = iter(items)

    async def worker() -> None:
        for item in queue:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(width):
                group.create_task(worker())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
