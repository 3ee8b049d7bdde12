"""Speed and the time that is left, from counts and times alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.cli.speed import SpeedMeter, duration, rate, seconds_left

SPEEDS = st.floats(0.001, 1_000)


@given(SPEEDS, st.integers(2, 300), st.integers(0, 10_000))
def test_a_steady_speed_is_told_whatever_was_there_before(speed: float, seconds: int, before: int) -> None:
    """What an earlier start has made is passed over in no time, and is no speed."""
    meter, told = SpeedMeter(), None
    counts = [before + int(speed * second) for second in range(seconds + 1)]
    for second, count in enumerate(counts):
        told = meter.per_second(count, float(second))
    done = counts[-1] - counts[seconds // 2]
    if told is None:
        assert done == 0
    else:
        assert abs(told - speed) <= 2 / (seconds / 2)


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0, 100)), max_size=60))
def test_speed_is_never_negative_and_memory_is_what_is_looked_at(steps: list[tuple[int, float]]) -> None:
    meter, done, now = SpeedMeter(), 0, 0.0
    for more, seconds in steps:
        done, now = done + more, now + seconds
        told = meter.per_second(done, now)
        assert told is None or told > 0
    assert all(when > now / 2 for when, _ in list(meter._points)[1:]) or len(meter._points) <= 2


@given(st.integers(0, 1_000), st.integers(0, 1_000), SPEEDS)
def test_what_is_left_takes_as_long_as_it_is_much(done: int, total: int, speed: float) -> None:
    left = seconds_left(done, total, speed)
    assert left is not None
    assert left * speed == pytest.approx(max(0, total - done))
    assert seconds_left(done + 1, total, speed) <= left
    assert seconds_left(done, total, None) is None
    assert seconds_left(done, None, speed) is None


def test_a_run_that_slows_down_is_told_its_new_speed() -> None:
    meter = SpeedMeter()
    for second in range(1, 101):
        meter.per_second(10 * second, float(second))
    for second in range(101, 401):
        told = meter.per_second(1_000 + (second - 100), float(second))
    assert told == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (3_569, "59 min"), (3_599, "1 h"), (7_800, "2 h 10 min"),
     (86_399, "1 d"), (100_000, "1 d 4 h"), (-3, "0 s")],
)  # fmt: skip
def test_durations_are_said_in_the_unit_that_fits(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("speed", "text"),
    [(1_234.5, "1,234 a second"), (3.14, "3.1 a second"), (0.5, "30 a minute"), (0.01, "36 an hour")],
)
def test_rates_are_said_in_the_unit_in_which_they_are_at_least_one(speed: float, text: str) -> None:
    assert rate(speed) == text
