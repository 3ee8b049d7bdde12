"""A worker does whatever it is sent, whenever it comes."""

import asyncio
from typing import Any

from ptool.executors import Job
from ptool.executors.worker import _WorkerJob


class Finishes:
    """In the place of a worker: what its job finished."""

    def __init__(self) -> None:
        self.items: list[Any] = []

    def finish(self, number: int, results: list[tuple[int, Any]]) -> None:
        self.items += [result for _, result in results]

    def fail(self, error: BaseException) -> None:
        raise error


async def test_items_that_come_right_after_the_last_one_are_done() -> None:
    loop, worker = asyncio.get_running_loop(), Finishes()
    opened: asyncio.Future[Any] = loop.create_future()
    opened.set_result(None)

    def make(_state: Any) -> Any:
        async def do(item: str) -> str:
            if item == "first":  # its task looks into the queue for the last time before these are in it
                loop.call_soon(lambda: loop.call_soon(job.add, [(1, "second"), (2, "third")]))
            return item

        return do

    job = _WorkerJob(worker, 1, Job(make), opened, width=1)  # type: ignore[arg-type]
    job.add([(0, "first")])
    await asyncio.sleep(0.1)
    assert worker.items == ["first", "second", "third"]
