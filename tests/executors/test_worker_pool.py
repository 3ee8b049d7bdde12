"""Items go to workers that are ready, and to others where one dies; what kills all of them ends the job."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from ptool.errors import WorkerLostError
from ptool.executors import Job
from ptool.executors.messages import Assigned, Extended, Finished, Opened
from ptool.executors.pool import MOST_LOST, WorkerHandle, WorkerPool


class ScriptedWorker(WorkerHandle):
    """Keeps what it is sent; the test says what becomes of it."""

    def __init__(self, pool: "ScriptedPool") -> None:
        super().__init__()
        self.pool, self.sent = pool, []

    def send(self, message: Any) -> None:
        self.sent.append(message)

    def receive(self, message: Any) -> None:
        raise AssertionError(message)

    def give_up(self) -> str:
        return "what it left"

    def close(self) -> None: ...

    def end(self) -> None: ...

    def how_it_ended(self) -> str:
        return "died"

    def has(self) -> list[str]:
        return [item for message in self.sent if isinstance(message, Assigned) for _, item in message.items]

    def finish(self, items: Iterable[str]) -> None:
        for number, job in list(self.pool._under_way.items()):
            places = [place for place, item in job._given[self].items() if item in items]
            self.pool._receive(self, Finished(number, [(place, None) for place in places]))

    def die(self) -> None:
        self.pool._ended(self)


class ScriptedPool(WorkerPool):
    def __init__(self, workers: int, ready: bool = True) -> None:
        super().__init__(width=1)
        self.started: list[ScriptedWorker] = []
        self._ready = ready
        for _ in range(workers):
            self._start()

    def _new_worker(self) -> ScriptedWorker:
        worker = ScriptedWorker(self)
        worker.is_ready = self._ready
        self.started.append(worker)
        return worker


async def running(pool: ScriptedPool, items: Iterable[str]) -> tuple[asyncio.Task[None], list[str]]:
    done: list[str] = []
    task = asyncio.ensure_future(pool.run(Job(print), items, lambda item, _: done.append(item)))
    await asyncio.sleep(0)
    return task, done


async def test_items_of_a_lost_worker_go_to_others_once() -> None:
    pool = ScriptedPool(2)
    task, done = await running(pool, "abcd")
    first, second = pool.started
    assert (first.has(), second.has()) == (["a", "c"], ["b", "d"])
    first.finish("a")
    first.die()
    _, _, third = pool.started
    assert (third.has(), "what it left" in second.sent) == (["c"], True)
    first.finish("c")  # the zombie
    second.finish("bd")
    assert not task.done()
    third.finish("c")
    await task
    assert sorted(done) == list("abcd")


async def test_a_worker_that_takes_a_place_is_opened_as_the_one_before() -> None:
    pool = ScriptedPool(1)
    pool.begin(None, lambda: "setup")  # type: ignore[arg-type, return-value]
    pool.extend(lambda: "more")  # type: ignore[arg-type, return-value]
    pool.started[0].die()
    first, second = pool.started
    assert second.sent == first.sent
    assert [type(message) for message in second.sent] == [Opened, Extended]


async def test_jobs_at_the_same_time_end_each_with_its_own_items() -> None:
    pool = ScriptedPool(2)
    (one, done_of_one), (other, done_of_other) = await running(pool, "ab"), await running(pool, "cd")
    first, second = pool.started
    assert (first.has(), second.has()) == (["a", "c"], ["b", "d"])
    second.die()
    first.finish("ac")
    _, _, third = pool.started
    assert third.has() == ["b", "d"] and not (one.done() or other.done())
    third.finish("d")
    await other
    assert (done_of_one, done_of_other, one.done()) == (["a"], ["c", "d"], False)
    third.finish("b")
    await one
    assert done_of_one == ["a", "b"]


async def test_nothing_is_given_to_a_worker_that_has_not_begun() -> None:
    pool = ScriptedPool(2, ready=False)
    task, done = await running(pool, "ab")
    first, second = pool.started
    assert not (first.has() or second.has() or task.done())
    second.is_ready = True
    pool._feed()
    assert (first.has(), second.has()) == ([], ["a", "b"])
    second.finish("ab")
    await task
    assert done == ["a", "b"]


async def test_without_items_nobody_is_waited_for() -> None:
    task, done = await running(ScriptedPool(1, ready=False), ())
    await task
    assert done == []


async def test_machines_that_die_together_are_replaced() -> None:
    pool = ScriptedPool(3 * MOST_LOST)
    task, _ = await running(pool, "a")
    for worker in list(pool.started):
        worker.die()
    assert not task.done()
    task.cancel()


@pytest.mark.parametrize("finishing", [False, True])
async def test_an_item_that_kills_every_worker_ends_the_job(finishing: bool) -> None:
    pool = ScriptedPool(1)
    task, _ = await running(pool, "abcdefg")
    for kill in range(MOST_LOST + 1):
        assert not task.done()
        worker = pool.started[-1]
        if finishing:
            worker.finish("bcdefg"[kill])
        worker.die()
    with pytest.raises(WorkerLostError, match="a worker died, as 3 did before it; what is finished is kept"):
        await task
