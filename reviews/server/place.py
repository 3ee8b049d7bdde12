"""Where somebody is: a task, a filter and perhaps a sample, as an address and as fields of a form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self, TypeVar
from urllib.parse import urlencode

from ..queue import QueueFilter, Show
from ..records import ReviewTask

TASKS: dict[ReviewTask, str] = {
    "criteria": "Judge and correct",
    "origins": "Label arguments",
    "adjudication": "Settle conflicts",
}
"""Task -> what it is called."""
SHOWN: dict[Show, str] = {
    "open": "mine to do",
    "unreviewed": "reviewed by nobody",
    "mine": "reviewed by me",
    "skipped": "skipped by me",
    "conflicts": "conflicts",
    "second_look": "a second look wanted",
    "all": "all",
}
"""What a queue can show -> what that is called."""
SOLVERS = {"1": "not all solvers agree", "0.5": "fewer than half agree"}
"""Bound on the share of second solvers, as it stands in an address -> what it is called."""

_SHOWN_FIRST: dict[ReviewTask, Show] = {"criteria": "open", "origins": "open", "adjudication": "conflicts"}
_LONGEST = 200
_Word = TypeVar("_Word")


@dataclass(frozen=True, slots=True)
class PagePlace:
    """A task, which samples are wanted, and the one that is shown."""

    task: ReviewTask = "criteria"
    show: Show = "open"
    flagged: str = ""
    scenario: str = ""
    group: str = ""
    part: str = ""
    solvers: str = ""
    sample: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Self:
        """The place that an address or a form names; what cannot be is as if it were not given."""
        given = {name: fields[name][:_LONGEST] for name in cls.__dataclass_fields__ if name in fields}
        task: ReviewTask = _known(given.pop("task", ""), TASKS) or "criteria"
        show: Show = _known(given.pop("show", ""), SHOWN) or _SHOWN_FIRST[task]
        if given.get("solvers", "") not in SOLVERS:
            given["solvers"] = ""
        return cls(task=task, show=show, **given)

    def fields(self) -> list[tuple[str, str]]:
        """Names and values, those alone that say something."""
        return [(name, getattr(self, name)) for name in self.__dataclass_fields__ if getattr(self, name)]

    def at(self, sample: str) -> Self:
        """The same with another sample."""
        return replace(self, sample=sample)

    def queue_url(self, **more: str | int) -> str:
        """The queue's address."""
        return f"/?{urlencode([*self.at('').fields(), *more.items()], errors='replace')}"

    def sample_url(self, **more: str | int) -> str:
        """The address of the sample."""
        return f"/review?{urlencode([*self.fields(), *more.items()], errors='replace')}"

    @property
    def filter(self) -> QueueFilter:
        """Which samples are wanted."""
        return QueueFilter(
            show=self.show,
            flagged=self.flagged or None,
            scenario=self.scenario or None,
            group=self.group or None,
            part=self.part or None,
            solvers_below=float(self.solvers) if self.solvers else None,
        )


def _known(word: str, known: Iterable[_Word]) -> _Word | None:
    return next((each for each in known if each == word), None)
