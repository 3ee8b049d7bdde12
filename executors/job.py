"""A job that is done for many items, and the order in which results are taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

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
