"""A job in a thread of its own: its result, its errors, and what ends it."""

import asyncio
import os
import signal
import threading
from contextvars import ContextVar

import pytest
from ptool.models.event_loop import run
from ptool.python_api.worker import Worker

HERE: ContextVar[str] = ContextVar("here", default="nowhere")


class Sleeper:
    """A coroutine that says when it sleeps, and how it ended."""

    def __init__(self) -> None:
        self.asleep = threading.Event()
        self.ended = ""

    async def sleep(self) -> None:
        try:
            self.asleep.set()
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(0)  # as a ledger that is closed
            self.ended = "cleanly"
            raise

    def job(self) -> None:
        run(self.sleep())


def interrupt_when(event: threading.Event) -> None:
    """Have this process get Ctrl-C once something has happened."""

    def send() -> None:
        event.wait(60)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=send).start()


def test_a_result_comes_back_and_no_thread_is_left() -> None:
    before = threading.active_count()
    HERE.set("in a test")
    assert Worker(lambda: (HERE.get(), threading.current_thread().name)).wait() == ("in a test", "ptool")
    assert threading.active_count() == before


def test_an_error_comes_out_as_it_is() -> None:
    with pytest.raises(KeyError, match="lost"):
        Worker(lambda: {}["lost"]).wait()


async def test_it_works_where_a_loop_runs_and_with_one_of_its_own() -> None:
    async def answer() -> tuple[bool, int]:
        return asyncio.get_running_loop() is outer, 42

    outer = asyncio.get_running_loop()
    assert Worker(lambda: run(answer())).wait() == (False, 42)
    assert await Worker(lambda: run(answer())).wait_async() == (False, 42)


def test_ctrl_c_ends_the_job_cleanly_before_it_is_raised() -> None:
    before, sleeper = signal.getsignal(signal.SIGINT), Sleeper()
    interrupt_when(sleeper.asleep)
    with pytest.raises(KeyboardInterrupt):
        Worker(sleeper.job).wait()
    assert sleeper.ended == "cleanly"
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_before_a_thread_has_begun_ends_what_never_began(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_thread: threading.Thread) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    monkeypatch.setattr("ptool.python_api.worker._LATEST_SECONDS", 0.05)
    begun: list[bool] = []
    with pytest.raises(KeyboardInterrupt):
        Worker(lambda: begun.append(True)).wait()
    assert begun == []


def test_what_a_signal_handler_of_the_callers_raises_ends_it_too() -> None:
    class TimeIsUpError(Exception):
        pass

    def time_is_up(*_: object) -> None:
        raise TimeIsUpError

    before, sleeper = signal.signal(signal.SIGINT, time_is_up), Sleeper()
    interrupt_when(sleeper.asleep)
    try:
        with pytest.raises(TimeIsUpError):
            Worker(sleeper.job).wait()
    finally:
        signal.signal(signal.SIGINT, before)
    assert sleeper.ended == "cleanly"


def test_a_job_that_is_interrupted_between_two_loops_does_not_begin_the_second() -> None:
    begun: list[str] = []
    first_done, go_on = threading.Event(), threading.Event()

    async def note(name: str) -> None:
        begun.append(name)
        await asyncio.sleep(0)

    def job() -> None:
        run(note("first"))
        first_done.set()
        go_on.wait(60)
        run(note("second"))
        begun.append("third")

    worker = Worker(job)
    worker.begin()
    first_done.wait(60)
    worker._interrupt.set()
    go_on.set()
    with pytest.raises(KeyboardInterrupt):
        worker.wait()
    assert "third" not in begun


async def test_a_cancelled_task_ends_its_job_before_it_ends() -> None:
    sleeper = Sleeper()
    task = asyncio.create_task(Worker(sleeper.job).wait_async())
    await asyncio.to_thread(sleeper.asleep.wait, 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sleeper.ended == "cleanly"


async def test_the_callers_loop_goes_on_while_a_job_does_not_wait() -> None:
    go_on = threading.Event()
    task = asyncio.create_task(Worker(lambda: go_on.wait(60)).wait_async())
    await asyncio.sleep(0)  # a job that kept the loop would never let it get here
    go_on.set()
    assert await task


def test_two_interrupts_do_not_meet() -> None:
    sleeper = Sleeper()
    long, short = Worker(sleeper.job), Worker(lambda: run(asyncio.sleep(0, "done")))
    long.begin()
    sleeper.asleep.wait(60)
    assert short.wait() == "done"
    assert sleeper.ended == ""
    long._interrupt.set()
    with pytest.raises(KeyboardInterrupt):
        long.wait()
