"""What the person who waits is shown: at the start and end of a stage, and while it takes long."""

import asyncio
import io
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from ptool.cli.progress import EVERY, EVERY_FAILING, Progress, Stage, StreamDisplay
from ptool.models.gateway.activity import Activity


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_without_a_terminal_a_stage_is_two_lines() -> None:
    stream = io.StringIO()
    progress = Progress(StreamDisplay(stream))
    with progress.stage("episodes", 3) as stage:
        stage.advance()
        stage.advance(2)
    first, second = stream.getvalue().splitlines()
    assert first == "episodes: started (3)"
    assert second.startswith("episodes: 3 of 3 in ")
    assert progress.timings.keys() == {"episodes"}


def test_a_failed_stage_does_not_claim_its_end() -> None:
    stream = io.StringIO()
    with pytest.raises(RuntimeError), Progress(StreamDisplay(stream)).stage("profiles"):
        raise RuntimeError
    assert stream.getvalue() == "profiles: started\n"


def test_on_a_terminal_there_are_bars() -> None:
    stream = Terminal()
    with Progress(StreamDisplay(stream)).stage("episodes", 2) as stage:
        stage.advance(2)
    assert "episodes" in stream.getvalue()
    assert "started" not in stream.getvalue()


def test_stages_at_the_same_time_have_a_bar_each_until_the_last_one_ends() -> None:
    stream = Terminal()
    display = StreamDisplay(stream)
    progress = Progress(display)
    with progress.stage("statistics", 1) as longer:
        with progress.stage("audit", 2) as shorter:
            shorter.advance(2)
        (last,) = stream.getvalue().split("\x1b[?25l")[1:]
        assert "\x1b[?25h" not in last  # the cursor is hidden while there are bars
        longer.advance()
    *_, shown = stream.getvalue().split("statistics")
    assert "1/1" in shown and "2/2" in shown and shown.count("\x1b[?25h") == 1
    with progress.stage("next", 1):
        pass
    assert "audit" not in stream.getvalue().rpartition("\x1b[?25l")[2]


IDLE = Activity("", "", failing=False)
DOWN = Activity("2 retries", "m has not answered for 5 s", failing=True)
SLOW = Activity("900 tokens in, 30 out", "waiting for m for 9 s (t)", failing=False)


class TickingLoop(asyncio.SelectorEventLoop):
    """An event loop in which a second passes at once."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self.now = max(self.now, self._scheduled[0]._when)
        super()._run_once()


def passed(
    seconds: float,
    activity: Callable[[float], Activity] | None = None,
    work: Callable[[Stage, float], None] = lambda *_: None,
    stream: io.StringIO | None = None,
    total: int | None = 60,
) -> tuple[list[str], list[str]]:
    """What is printed and logged while a stage takes so many seconds; `work` is done every second."""
    stream, logged = stream or io.StringIO(), []

    async def story() -> None:
        loop = asyncio.get_running_loop()
        state = (lambda: activity(loop.time())) if activity else None
        with Progress(StreamDisplay(stream), state, logged.append).stage("episodes", total) as stage:
            for second in range(int(seconds)):
                work(stage, second)
                await asyncio.sleep(1)
            await asyncio.sleep(0.5)

    run(story())
    return stream.getvalue().splitlines(), logged


def run(story: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=TickingLoop) as runner:
        runner.run(story)


def test_a_stage_of_some_seconds_says_no_more_than_its_start_and_end() -> None:
    lines, logged = passed(EVERY - 2, lambda _: SLOW, lambda stage, _: stage.advance())
    assert [line.split(" in ")[0] for line in lines] == ["episodes: started (60)", "episodes: 28 of 60"]
    assert logged == []


def test_every_half_minute_there_is_a_line_with_speed_rest_cost_and_who_is_waited_for() -> None:
    lines, logged = passed(65, lambda _: SLOW, lambda stage, second: stage.advance(second % 2 == 0))
    assert lines[1:-1] == logged
    assert len(logged) == 2
    assert logged[0].startswith("episodes: 15 of 60, ")
    assert logged[0].endswith(" left, 900 tokens in, 30 out; waiting for m for 9 s (t)")
    assert "30 a minute, about 1 min left" in logged[1]


def test_without_an_event_loop_a_long_stage_says_at_an_advance_how_it_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A training is no coroutine, and takes hours."""
    clock = iter((0.0, 20.0, 40.0, 60.0, 80.0, 80.0, 80.0))
    monkeypatch.setattr("ptool.cli.progress.time.perf_counter", lambda: next(clock))
    stream, logged = io.StringIO(), []
    with Progress(StreamDisplay(stream), log=logged.append).stage("steps", 10) as stage:
        for _ in range(4):
            stage.advance()
    assert logged == [
        "steps: 2 of 10, 3.0 a minute, about 3 min left",
        "steps: 4 of 10, 3.0 a minute, about 2 min left",
    ]
    assert stream.getvalue().splitlines()[1:-1] == logged


def test_an_endpoint_that_fails_is_told_at_once_now_and_then_and_when_it_is_back() -> None:
    lines, logged = passed(28, lambda now: DOWN if 3 <= now < 25 else IDLE)
    assert logged == [
        "episodes: 0 of 60, 2 retries; m has not answered for 5 s",
        "episodes: 0 of 60, 2 retries; m has not answered for 5 s",
        "episodes: 0 of 60, 2 retries; m has not answered for 5 s",
        "episodes: 0 of 60; answered again",
    ]
    assert 2 * EVERY_FAILING < 25 - 3 < 3 * EVERY_FAILING
    assert lines[1:-1] == logged


def test_where_nothing_advances_no_rest_is_invented() -> None:
    _, logged = passed(31, total=None)
    assert logged == ["episodes: 0"]


def test_on_a_terminal_a_line_below_the_bar_says_it_and_the_log_has_it_too() -> None:
    stream = Terminal()
    _, logged = passed(31, lambda now: DOWN if now < 10 else SLOW, lambda s, _: s.advance(), stream=stream)
    assert "started" not in stream.getvalue()
    assert "waiting for m for 9 s (t)" in stream.getvalue()
    assert (
        logged[0] == "episodes: 1 of 60, 1.0 a second, about 59 s left, 2 retries; m has not answered for 5 s"
    )


def test_without_an_event_loop_nothing_ticks() -> None:
    stream = io.StringIO()
    with Progress(StreamDisplay(stream), lambda: DOWN).stage("tasks", transient=True):
        pass
    assert stream.getvalue() == ""
