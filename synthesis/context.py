"""What every stage of a run works with: settings, participants, checks, run folder, ledger, progress.

Every answer a stage waits for is an item of the ledger, so a run that was ended goes on where it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import orjson
from pydantic import ValidationError

from ..cli.progress import Progress, Stage
from ..environments.checks import Checks
from ..errors import StoreError, UnusableAnswerError
from ..executors import Executor, Job, RemoteLedger, Written
from ..log import logger
from ..records import Record
from ..settings import Settings
from ..store import Ledger, RunFolder
from ..trees.api_tree import ApiTree
from ..trees.given_apis import GivenApis
from .roles import Participants

REPAIRS = "repairs"
"""Ledger stage of what code mended or filled."""

RecordT = TypeVar("RecordT", bound=Record)
Item = TypeVar("Item")
Result = TypeVar("Result")


class PopulationLedger:
    """The ledger as one population sees it: its stages carry the population's name, 'unseen/episodes'.

    Args: ledger: the run's; name: the population's.
    """

    def __init__(self, ledger: Ledger | RemoteLedger, name: str) -> None:
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


AnyLedger = Ledger | RemoteLedger | PopulationLedger


@dataclass(frozen=True)
class ItemContext:
    """What the work on one item needs, in whatever process: nothing of the run folder but the ledger."""

    settings: Settings
    participants: Participants
    checks: Checks
    ledger: AnyLedger
    population: str = field(default="", kw_only=True)
    """'' is the run's own population"""
    silent_judges: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    """roles that have no vote -> what they did on tasks with known answers: no better than chance"""

    async def load_or_make(
        self, stage: str, item: str, kind: type[RecordT], make: Callable[[], Awaitable[RecordT]]
    ) -> RecordT:
        """An item from the ledger, or made now and put there before it is used."""
        body = self.ledger.get(stage, item)
        if body is not None and self.is_readable(f"{stage}/{item}", body, kind.model_validate_json):
            return self.parse(kind, body, f"{stage}/{item}")
        record = await make()
        await self.ledger.put(stage, item, record.model_dump_json().encode())
        return record

    def note_repair(self, stage: str, role: str, item: str, outcome: str, kinds: Mapping[str, int]) -> None:
        """Keep account of what code did for a role (`repairs_of` reads it).

        Args:
            stage, item: where.
            outcome: 'mended': a fault of an answer was put right; 'degraded': code stood in for an answer.
            kinds: what it was -> how often.
        """
        body = orjson.dumps({"role": role, "outcome": outcome, "kinds": kinds})
        self.ledger.submit(REPAIRS, f"{stage}/{item}/{role}/{outcome}", body)

    def is_finished(self, stage: str, id: str, parse: Callable[[bytes], object]) -> bool:
        """Whether a stage has an item that can be read; any other is made again.

        Args: parse: of an item's bytes; raises ValueError or TypeError.
        """
        body = self.ledger.get(stage, id)
        return body is not None and self.is_readable(f"{stage}/{id}", body, parse)

    def is_readable(self, where: str, body: bytes, parse: Callable[[bytes], object]) -> bool:
        """Whether an item is what this ptool would keep: a ledger without digests can hold anything."""
        try:
            parse(body)
        except (ValueError, TypeError):
            logger.warning("{}: item {} cannot be read; it is made again", self.ledger.path, where)
            return False
        return True

    def parse(self, kind: type[RecordT], body: bytes, where: str) -> RecordT:
        """A record from an item of the ledger.

        Args: where: stage and item, for the message.

        Raises:
            StoreError: the item is damaged.
        """
        try:
            return kind.model_validate_json(body)
        except ValidationError:
            raise StoreError(
                f"{self.ledger.path}: item {where} is damaged; the same command makes it again"
            ) from None


@dataclass(frozen=True)
class RunContext(ItemContext):
    """What every stage works with, for one population of the run."""

    folder: RunFolder
    progress: Progress
    given_tree: ApiTree | None = None
    """the API tree of `tree.file`; None: the run grows its own"""
    given_apis: GivenApis | None = None
    """platforms and APIs of `tools.file`; None: the designer invents them"""
    executor: Executor = field(kw_only=True)
    """does what is done for every item alone"""

    def for_population(self, name: str, settings: Settings) -> RunContext:
        """The context of another population: its ledger stages and files carry its name."""
        assert isinstance(self.ledger, Ledger)
        return replace(
            self,
            settings=settings,
            ledger=PopulationLedger(self.ledger, name),
            given_tree=None,
            given_apis=None,
            population=name,
        )

    def file(self, name: str) -> Path:
        """Path of a file of the population; its folder is made."""
        return self.folder / (f"{self.population}/{name}" if self.population else name)

    async def each(
        self,
        make: Callable[..., Callable[[Item], Awaitable[Result | Written[Result]]]],
        items: Iterable[Item],
        done: Callable[[Item, Result], None],
        *arguments: Any,
    ) -> None:
        """Have something done for every item of the population, by the run's executor.

        Args:
            make: as in `Job`; it is given the populations of the run (`items.PopulationItems` by name), the
                name of this one, and the arguments.
            items, done: as of `Executor.run`.
        """
        await self.executor.run(Job(make, (self.population, *arguments)), items, done)

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Stage]:
        """Show one stage while the block runs."""
        return self.progress.stage(f"{self.population} {name}".lstrip(), total)


def repairs_of(ledgers: Iterable[AnyLedger]) -> dict[str, dict[str, dict[str, int]]]:
    """What code did for the roles of a run: outcome -> role -> kind -> how often, sorted by name."""
    sums: dict[str, dict[str, Counter[str]]] = {"mended": {}, "degraded": {}}
    for ledger in ledgers:
        for _, body in ledger.items(REPAIRS):
            repair = orjson.loads(body)
            sums[repair["outcome"]].setdefault(repair["role"], Counter()).update(repair["kinds"])
    return {
        outcome: {role: dict(sorted(kinds.items())) for role, kinds in sorted(roles.items())}
        for outcome, roles in sums.items()
    }


@dataclass(frozen=True)
class StageRole(Generic[RecordT]):
    """A role as `trees` call it, `(item, view) -> record`; its answers are items of a ledger stage."""

    context: RunContext
    stage: str
    role: str
    kind: type[RecordT]
    bar: Stage
    views_of: Callable[[dict[str, Any]], dict[str, Any]]
    """the views the role is shown, from the view the trees hand over"""

    async def __call__(self, item: str, view: dict[str, Any]) -> RecordT:
        if failure := self.context.ledger.get(self._unanswered, item):
            raise UnusableAnswerError(failure.decode())
        record = await self.context.load_or_make(self.stage, item, self.kind, lambda: self._ask(item, view))
        self.bar.advance()
        return record

    async def _ask(self, item: str, view: dict[str, Any]) -> RecordT:
        participants, seed = self.context.participants, self.context.settings.seed
        try:
            return await participants.ask(self.role, self.stage, item, self.views_of(view), seed)
        except UnusableAnswerError as error:
            await self.context.ledger.put(self._unanswered, item, str(error).encode())
            raise

    def note(self, item: str, outcome: str, kinds: Mapping[str, int]) -> None:
        """Keep account of what was mended in an answer, or degraded for want of one."""
        self.context.note_repair(self.stage, self.role, item, outcome, kinds)

    @property
    def _unanswered(self) -> str:
        """Stage of the items that brought no usable answer: they are not asked again, others are."""
        return f"{self.stage} without an answer"

    def has(self, item: str) -> bool:
        """Whether it was asked this, in this start or an earlier one."""
        ledger = self.context.ledger
        return ledger.has(self.stage, item) or ledger.has(self._unanswered, item)


PROVISIONAL = " without a model"
"""How the name of a ledger stage ends whose items are made again by the next start."""


def without_model(stage: str) -> str:
    """Ledger stage of what ended because a model could not be asked: the next start does it again."""
    return f"{stage}{PROVISIONAL}"


def left_without_model(context: RunContext, stage: str) -> int:
    """Items of a stage that no model could be asked for, in this start or an earlier one."""
    ledger = context.ledger
    return sum(not ledger.has(stage, id) for id in ledger.ids(without_model(stage)))
