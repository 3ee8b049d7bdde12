"""Jobs in other processes: results, failures, deaths, and one limiter for all."""

from collections.abc import AsyncIterator

import pytest
from executor_jobs import LimiterSetup, Note, caller, dying, failing, note_reader, squarer
from ptool.errors import BudgetSpentError, StoreError, WorkerLostError
from ptool.executors import Job, LocalExecutor, fork_server, in_order
from ptool.executors.process import ProcessExecutor
from ptool.models.gateway.limiter import LocalLimiter
from ptool.models.gateway.rate_limit import AdmissionQueue
from ptool.settings import Budget, Limits


def limiter(budget: Budget = Budget()) -> LocalLimiter:  # noqa: B008 (frozen)
    return LocalLimiter({"default": AdmissionQueue("endpoint", Limits(), 3, 1.0)}, budget)


@pytest.fixture
async def executor() -> AsyncIterator[ProcessExecutor]:
    with fork_server("process", "executor_jobs") as server:
        made = ProcessExecutor(2, 8, limiter(), server)
        made.begin(None, LimiterSetup)
        yield made
        await made.close()


async def test_every_item_once_and_in_order_where_asked(executor):
    got: list[tuple[int, int]] = []
    items, done = in_order(range(200), lambda number, result: got.append((number, result)), 20)
    await executor.run(Job(_numbered), items, done)
    assert got == [(number, number * number) for number in range(200)]
    local: list[int] = []
    await LocalExecutor(8).run(Job(squarer), range(200), lambda _, result: local.append(result))
    assert sorted(local) == [result for _, result in got]


def _numbered(state):
    square = squarer(state)
    return lambda numbered: square(numbered[1])


async def test_what_is_added_is_there_for_the_jobs_that_follow(executor):
    got: dict[int, str] = {}
    for text in ("first", "second"):
        executor.extend(lambda text=text: Note(text))
    await executor.run(Job(note_reader), range(2), got.__setitem__)
    assert got == {0: "first", 1: "second"}


async def test_what_cannot_be_added_ends_the_job(executor):
    executor.extend(lambda: Note(""))
    with pytest.raises(StoreError, match="nothing to note"):
        await executor.run(Job(squarer), range(10), lambda *_: None)


async def test_no_item_is_a_job_too(executor):
    await executor.run(Job(squarer), (), lambda *_: None)


async def test_a_failure_keeps_its_kind_and_ends_the_job(executor):
    with pytest.raises(StoreError, match="five is too many"):
        await executor.run(Job(failing), range(1000), lambda *_: None)


async def test_who_dies_is_replaced_and_what_it_had_is_done(executor, tmp_path):
    got: list[int] = []
    job = Job(_dying_once, (tmp_path / "mark",))
    await executor.run(job, range(50), lambda _, result: got.append(result))
    assert sorted(got) == list(range(50))


def _dying_once(state, mark):
    return dying(state, mark, always=False)


def _dying(state, mark):
    return dying(state, mark, always=True)


async def test_what_kills_every_worker_ends_the_run(executor, tmp_path):
    with pytest.raises(WorkerLostError, match="was ended by signal 9, as 3 did before it"):
        await executor.run(Job(_dying, (tmp_path / "mark",)), range(50), lambda *_: None)


async def test_one_budget_for_all():
    executor = ProcessExecutor(2, 8, limiter(Budget(calls=30)))
    executor.begin(None, LimiterSetup)
    got: list[int] = []
    try:
        with pytest.raises(BudgetSpentError, match="30 of 30 spent"):
            await executor.run(Job(caller), range(100), lambda _, result: got.append(result))
    finally:
        await executor.close()
    assert len(got) <= 30
