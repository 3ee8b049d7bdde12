"""Who has what still to do: queues with filters, the next sample, progress.

The state of every sample is kept in memory and brought up to date from the versions that were added since,
by whichever process. It holds some hundred bytes a review, and no sample.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from .assignment import Assignment, Share
from .catalogue import Catalogue, CatalogueEntry
from .database import ReviewDatabase, ReviewRow, owner_of
from .records import ReviewTask
from .verdicts import State, state_of

Show = Literal["open", "unreviewed", "mine", "skipped", "conflicts", "second_look", "all"]
"""open: assigned to me and not done; unreviewed: by nobody; mine: done by me; conflicts: to adjudicate."""


@dataclass(frozen=True)
class QueueFilter:
    """Which samples somebody wants to see."""

    show: Show = "open"
    flagged: str | None = None
    """name of a check or judge, or code of an objection, that objected on the way; or what is in doubt"""
    scenario: str | None = None
    group: str | None = None
    part: str | None = None
    solvers_below: float | None = None
    """share of second solvers: only samples that fewer of them solve alike"""


@dataclass(frozen=True)
class QueueEntry:
    """One sample in a queue."""

    entry: CatalogueEntry
    state: State
    mine: Literal["open", "done", "skipped"]
    """what the asking annotator has done of the task"""


@dataclass(frozen=True)
class QueuePage:
    """Some entries of a queue."""

    entries: tuple[QueueEntry, ...]
    total: int
    """entries of the whole queue"""


@dataclass(frozen=True)
class ReviewProgress:
    """How far somebody, and all together, are."""

    assigned: int
    """samples in the annotator's queue of the task"""
    done: int
    skipped: int
    states: dict[State, int]
    """state -> samples, of all that are reviewed"""


class WorkQueue:
    """The queues of a review.

    Args: catalogue: the samples; database: what was said of them; assignment: who is to review what.
    """

    def __init__(self, catalogue: Catalogue, database: ReviewDatabase, assignment: Assignment) -> None:
        self._catalogue, self._database, self._assignment = catalogue, database, assignment
        self._lock = threading.RLock()
        self._seq = 0
        self._rows: dict[str, dict[tuple[ReviewTask, str], ReviewRow]] = {}
        self._states: dict[str, State] = {}
        """id -> state, of samples that somebody said something of"""

    def update(self) -> None:
        """Read what was added since."""
        with self._lock:
            changed: set[str] = set()
            for row in self._database.rows_since(self._seq):
                self._seq = row.seq
                rows = self._rows.setdefault(row.sample, {})
                if row.status == "withdrawn":
                    rows.pop((row.task, row.owner), None)
                else:
                    rows[row.task, row.owner] = row
                changed.add(row.sample)
            for id in changed & self._catalogue.entries.keys():
                self._states[id] = state_of(self._rows[id].values(), self._catalogue.entries[id].digest)

    def state(self, id: str) -> State:
        """What became of a sample, as of the latest `update`."""
        return self._states.get(self._catalogue.entry(id).id, "unreviewed")

    def ids(self, annotator: str, task: ReviewTask, wanted: QueueFilter) -> Iterator[str]:
        """The samples of somebody's queue that pass a filter, in their order, as of the latest `update`."""
        passes = self._filter(annotator, task, wanted)
        return (id for id in self._order(annotator, task, wanted) if passes(id))

    def page(
        self, annotator: str, task: ReviewTask, wanted: QueueFilter, offset: int = 0, limit: int = 50
    ) -> QueuePage:
        """Some entries of a queue, and how many there are."""
        self.update()
        found = list(self.ids(annotator, task, wanted))
        entries = (
            QueueEntry(self._catalogue.entries[id], self.state(id), self._mine(id, annotator, task))
            for id in found[offset : offset + limit]
        )
        return QueuePage(tuple(entries), len(found))

    def next(
        self, annotator: str, task: ReviewTask, wanted: QueueFilter, after: str | None = None
    ) -> str | None:
        """The id behind another one in a queue, from the start again at its end; None: there is no other."""
        self.update()
        passes = self._filter(annotator, task, wanted)
        order = self._order(annotator, task, wanted)
        start = order.index(after) + 1 if after in order else 0
        return next((id for id in (*order[start:], *order[:start]) if id != after and passes(id)), None)

    def progress(self, annotator: str, task: ReviewTask) -> ReviewProgress:
        """How far somebody is with a task, and everybody with all samples."""
        self.update()
        states: Counter[State] = Counter(self._states.get(id, "unreviewed") for id in self._assignment.order)
        mine = Counter(self._mine(id, annotator, task) for id in self._queue(annotator, task))
        return ReviewProgress(mine.total(), mine["done"], mine["skipped"], dict(states))

    def outdated(self) -> int:
        """How many reviews are of samples that were made anew since, or are no longer there."""
        self.update()
        return sum(
            not self._catalogue.is_of_now(id, row.digest)
            for id, rows in self._rows.items()
            if id not in self._catalogue.of_other_parts
            for row in rows.values()
        )

    def _queue(self, annotator: str, task: ReviewTask) -> tuple[str, ...]:
        if task == "adjudication":
            return self._assignment.order
        share: Share = task
        return self._assignment.queue(annotator, share)

    def _order(self, annotator: str, task: ReviewTask, wanted: QueueFilter) -> tuple[str, ...]:
        if wanted.show in ("open", "skipped") and task != "adjudication":
            return self._queue(annotator, task)
        return self._assignment.order

    def _mine(self, id: str, annotator: str, task: ReviewTask) -> Literal["open", "done", "skipped"]:
        row = self._rows.get(id, {}).get((task, owner_of(task, annotator)))
        if row is None or not self._catalogue.is_of_now(id, row.digest):
            return "open"
        return "skipped" if row.status == "skipped" else "done"

    def _filter(self, annotator: str, task: ReviewTask, wanted: QueueFilter) -> Callable[[str], bool]:
        """Whether the sample of an id passes a filter."""
        shows: dict[Show, Callable[[str], bool]] = {
            "open": lambda id: self._mine(id, annotator, task) == "open",
            "unreviewed": lambda id: id not in self._states or self._states[id] == "unreviewed",
            "mine": lambda id: any(
                row.annotator == annotator and self._catalogue.is_of_now(id, row.digest)
                for row in self._rows.get(id, {}).values()
            ),
            "skipped": lambda id: self._mine(id, annotator, task) == "skipped",
            "conflicts": lambda id: self._states.get(id) == "conflict",
            "second_look": lambda id: self._states.get(id) == "second_look",
            "all": lambda _: True,
        }
        shown = shows[wanted.show]
        return lambda id: shown(id) and self._fits(self._catalogue.entries[id], wanted)

    def _fits(self, place: CatalogueEntry, wanted: QueueFilter) -> bool:
        if wanted.scenario not in (None, place.scenario):
            return False
        if wanted.group not in (None, place.group) or wanted.part not in (None, place.part):
            return False
        if wanted.flagged is not None and wanted.flagged not in self._catalogue.doubts.get(place.id, ()):
            objections = self._catalogue.objections.get(place.id, ())
            if not any(wanted.flagged in (each.source, each.code) for each in objections):
                return False
        return wanted.solvers_below is None or (
            self._catalogue.agreement_of_solvers.get(place.id, 1.0) < wanted.solvers_below
        )
