"""The review of one run: its samples, who is to review them, and everything that was said of them.

This is what pages and commands are built on. A draft is checked before it is kept; nothing of the run itself
is ever changed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..errors import ConfigError
from ..records import Sample
from ..store.run_folder import identity_of
from ..texts.hidden import hidden_character
from .assignment import Assignment, assign
from .catalogue import Catalogue, PastObjection
from .database import FILE, ReviewDatabase, utc_now
from .queue import QueueFilter, QueuePage, ReviewProgress, WorkQueue
from .records import FieldError, Review, ReviewDraft, ReviewTask
from .verdicts import HumanVerdict, said_of, verdict_of

if TYPE_CHECKING:
    from .retrace import RunTrees

LONGEST_NAME = 40
"""Characters of an annotator's name."""


class InvalidReview(Exception):  # noqa: N818 (an outcome of a save, for whoever saved; no fault of theirs)
    """A draft that cannot be kept: what is wrong with which of its fields.

    Args: errors: at least one.
    """

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{error.path}: {error.message}" for error in errors))
        self.errors = tuple(errors)


class ReviewStore:
    """An open review; usable from several threads, close it or use it in a `with` block.

    Args:
        run: the run folder.
        parts: of the dataset; None: what is held out, where it is split, and else all of it.
        annotators: names that samples are shared out among, beside those of earlier starts.
        overlap: share of the samples that several people review; like the next three: None: as it was
            chosen before, at first 0.2.
        readers: how many they are, at first 2.
        samples: how many are drawn, at first all.
        seed: of the draw and the shares, at first 0.
        readonly: whether a review has to be there already.
        now: the time of a save.

    Raises:
        StoreError: no finished run, or a file of it that cannot be used.
        ConfigError: a part or a name that cannot be.
    """

    def __init__(
        self,
        run: Path,
        *,
        parts: Sequence[str] | None = None,
        annotators: Sequence[str] = (),
        overlap: float | None = None,
        readers: int | None = None,
        samples: int | None = None,
        seed: int | None = None,
        readonly: bool = False,
        now: Callable[[], str] = utc_now,
    ) -> None:
        self.run = run
        chosen = [annotator_name(name) for name in annotators]
        identity_of(run, "run")
        self.database = ReviewDatabase(run / FILE, readonly=readonly, now=now)
        try:
            kept = self.database.choice("parts", None)
            self.catalogue = Catalogue(run, parts or (kept.split(",") if kept else None))
            self.database.choice("parts", ",".join(parts) if parts else None)
            self.database.join_roster(chosen)
            self.assignment: Assignment = assign(
                {id: entry.stratum for id, entry in self.catalogue.entries.items()},
                self.database.roster(),
                overlap=float(self.database.choice("overlap", overlap) or 0.2),
                readers=int(self.database.choice("readers", readers) or 2),
                most=int(drawn) if (drawn := self.database.choice("samples", samples)) else None,
                seed=int(self.database.choice("seed", seed) or 0),
            )
        except BaseException:
            self.database.close()
            raise
        self._queue = WorkQueue(self.catalogue, self.database, self.assignment)

    def sample(self, id: str) -> Sample:
        """A sample as the dataset has it. Raises ConfigError: not there; StoreError: changed since."""
        return self.catalogue.sample(id)

    def reviews(self, id: str) -> list[Review]:
        """What stands of a sample, in the order it was saved."""
        return self.database.current(self.catalogue.entry(id).id)

    def review(self, id: str, task: ReviewTask, annotator: str) -> Review | None:
        """What somebody said of a sample; of an adjudication, whoever said it. None: nothing."""
        return next(
            (
                review
                for review in self.reviews(id)
                if review.task == task and (task == "adjudication" or review.annotator == annotator)
            ),
            None,
        )

    def version(self, id: str, task: ReviewTask, annotator: str) -> int:
        """The version to give as `base` of the next draft; withdrawn ones count, 0: there was none."""
        return self.database.version(id, task, annotator)

    def history(self, id: str) -> list[Review]:
        """Every version of everything that was said of a sample, in the order it was saved."""
        return self.database.history(self.catalogue.entry(id).id)

    def verdict(self, id: str) -> HumanVerdict:
        """What became of a sample, with the marks and labels that hold."""
        return verdict_of(self.reviews(id), self.catalogue.entry(id).digest)

    def objections(self, id: str) -> tuple[PastObjection, ...]:
        """What checks, gates and judges said of a sample before it was mended."""
        return self.catalogue.objections.get(id, ())

    @cached_property
    def trees(self) -> RunTrees:
        """What the run's trees say beyond its samples."""
        from .retrace import RunTrees

        return RunTrees(self.run)

    def warm(self) -> None:
        """Import and read now what the first save needs and takes a second: for a thread of a server."""
        from . import corrections

        first = self.sample(self.assignment.order[0])
        corrections.corrected_sample(first, None, None, self.trees)

    def prepared(self, draft: ReviewDraft) -> ReviewDraft:
        """A draft as it is kept: the name in one form, nothing in a correction that changes nothing."""
        from .corrections import normalised

        content = normalised(draft.content, self.sample(draft.sample))
        return draft.model_copy(update={"annotator": annotator_name(draft.annotator), "content": content})

    def check(self, draft: ReviewDraft) -> tuple[FieldError, ...]:
        """What is wrong with a draft, field by field; empty: it can be saved."""
        from .corrections import check_draft

        return check_draft(draft, self.sample(draft.sample), self.trees)

    def save(self, draft: ReviewDraft) -> Review:
        """Keep what somebody said; it is on disk when this returns.

        Raises:
            InvalidReview: something is wrong with a field.
            VersionConflict: somebody saved meanwhile; both sides are in it.
            ConfigError: no such sample, or a name that cannot be.
            StoreError: the file cannot be written.
        """
        draft = self.prepared(draft)
        if errors := self.check(draft):
            raise InvalidReview(errors)
        return self.database.save(draft, self.catalogue.entry(draft.sample).digest, said_of(draft.content))

    def save_all(self, drafts: Sequence[ReviewDraft]) -> None:
        """Keep what was said elsewhere and checked already, over whatever stands: all of it or nothing."""
        entries = self.catalogue.entries
        self.database.save_all(
            (draft, entries[draft.sample].digest, said_of(draft.content)) for draft in drafts
        )

    def undo(self, annotator: str) -> Review | None:
        """Take back the latest thing somebody said of a sample as it is now.

        Returns what now stands (perhaps withdrawn), or None.
        """
        return self.database.undo(annotator_name(annotator), self.catalogue.is_of_now)

    def page(
        self, annotator: str, task: ReviewTask, wanted: QueueFilter, offset: int = 0, limit: int = 50
    ) -> QueuePage:
        """Some entries of somebody's queue, and how many there are."""
        return self._queue.page(annotator, task, wanted, offset, limit)

    def next(
        self, annotator: str, task: ReviewTask, wanted: QueueFilter, after: str | None = None
    ) -> str | None:
        """The next sample of somebody's queue behind another one; None: there is none."""
        return self._queue.next(annotator, task, wanted, after)

    def outdated(self) -> int:
        """How many reviews are of samples that the run has made anew since, or no longer has."""
        return self._queue.outdated()

    def progress(self, annotator: str, task: ReviewTask) -> ReviewProgress:
        """How far somebody, and all together, are."""
        return self._queue.progress(annotator, task)

    def close(self) -> None:
        """Close the database; closing twice is harmless."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def annotator_name(text: str) -> str:
    """A name as it is kept: composed letters, single blanks. Raises ConfigError for what no name is."""
    name = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()
    if not name or len(name) > LONGEST_NAME or hidden_character(text) or not name.isprintable():
        raise ConfigError(
            f"annotator: got {text[:80]!r}, expected a name of 1 to {LONGEST_NAME} letters, digits and signs"
        )
    return name
