"""When calls are sent: rates, concurrency, circuit breaker, and the queue of an endpoint, in virtual time."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from model_doubles import now, virtual
from ptool.errors import EndpointDownError
from ptool.models.faults import AttemptError
from ptool.models.gateway.circuit_breaker import CircuitBreaker
from ptool.models.gateway.rate_limit import AdaptiveConcurrency, AdmissionQueue, SlidingWindow
from ptool.settings import Limits

ARRIVALS = st.lists(st.floats(0, 200), min_size=1, max_size=60)


def admission(concurrency=1000, patience=60.0, **limits) -> AdmissionQueue:
    return AdmissionQueue("test-model", Limits(**limits), concurrency, patience)


def starts(
    queue: AdmissionQueue, arrivals: list[float], tokens: int = 1, seconds: float = 0.0
) -> list[float]:
    """When calls that arrive at these times are let go."""
    begun: list[float] = []

    async def one(arrival: float) -> None:
        await asyncio.sleep(arrival)
        permit = await queue.acquire(tokens)
        begun.append(now())
        await asyncio.sleep(seconds)
        queue.report_answer(permit, "role", tokens, seconds)

    async def story() -> None:
        await asyncio.gather(*(one(arrival) for arrival in arrivals))

    virtual(story())
    return begun


@settings(max_examples=50)
@example([0.0, 1.2765907979145568], 9)  # the loop's timer rings 1e-15 s early
@given(ARRIVALS, st.integers(1, 40))
def test_any_minute_holds_at_most_so_many_requests(arrivals, most):
    begun = starts(admission(requests_per_minute=most), arrivals)
    assert len(begun) == len(arrivals)
    assert all(later - earlier >= 60 - 1e-6 for earlier, later in zip(begun, begun[most:], strict=False))
    few = max(1, most // 10)
    smooth = 60 * few / most
    assert all(later - earlier >= smooth - 1e-6 for earlier, later in zip(begun, begun[few:], strict=False))


@settings(max_examples=50)
@given(ARRIVALS, st.integers(1, 40), st.integers(1, 50))
def test_any_minute_holds_at_most_so_many_tokens(arrivals, most, tokens):
    begun = starts(admission(tokens_per_minute=most), arrivals, tokens)
    together = max(1, most // tokens)
    assert all(later - earlier >= 60 - 1e-6 for earlier, later in zip(begun, begun[together:], strict=False))


def test_nobody_waits_longer_than_the_rate_demands():
    begun = starts(admission(requests_per_minute=60), [0.0] * 61)
    assert begun[:7] == [0.0] * 6 + [pytest.approx(6.0)]
    assert begun[60] == pytest.approx(60.0, abs=0.1)


def test_estimates_of_tokens_are_corrected():
    window = SlidingWindow(100, 60.0)
    entry = window.take(80, 0.0)
    assert window.free_at(30, 1.0) == 60.0
    window.correct(entry, 20)
    assert window.free_at(30, 1.0) == 1.0
    assert window.free_at(81, 60.0) == 60.0
    window.correct(entry, 1_000)  # too late to matter
    assert window.free_at(100, 60.0) == 60.0


def test_what_has_left_the_window_is_not_corrected():
    window = SlidingWindow(100, 60.0)
    first, second = window.take(40, 0.0), window.take(50, 30.0)
    assert window.free_at(20, 31.0) == 60.0
    window.correct(first, 30)
    assert window.free_at(20, 31.0) == 31.0
    assert window.free_at(50, 60.0) == 60.0
    window.correct(first, 1_000)
    assert window.free_at(50, 60.0) == 60.0
    window.correct(second, 60)
    assert window.free_at(50, 60.0) == 90.0


def test_an_answer_that_took_less_makes_room_at_once():
    async def story() -> None:
        queue = admission(tokens_per_minute=100)
        permit = await queue.acquire(80)
        await asyncio.sleep(5)
        queue.report_answer(permit, "role", 20, 5.0)
        await queue.acquire(80)
        assert now() == 5.0

    virtual(story())


def test_an_endpoints_own_concurrency_may_be_smaller_than_the_runs():
    for own, run, most in ((2, 10, 2), (10, 2, 2), (None, 3, 3)):
        queue = AdmissionQueue("test-model", Limits(concurrency=own), run, 60.0)
        assert queue._concurrency.limit == most


def test_when_the_next_call_may_be_sent_is_known():
    async def story() -> None:
        queue = admission(tokens_per_minute=100)
        await asyncio.sleep(5)
        assert queue.next_in(now()) == 0.0
        permit = await queue.acquire(80)
        waiting = [asyncio.ensure_future(queue.acquire(tokens)) for tokens in (30, 5)]
        await asyncio.sleep(10)
        assert queue.next_in(now()) == 50.0  # until the first of them has room
        queue.report_failure(permit, fault("rate_limited", retry_after=55.0))
        await asyncio.sleep(1)
        assert queue.next_in(now()) == 54.0
        for one in waiting:
            one.cancel()

    virtual(story())


def test_first_come_first_served_and_no_more_than_the_concurrency():
    order: list[int] = []
    queue = admission(concurrency=2)

    async def one(number: int) -> None:
        await asyncio.sleep(number / 1000)
        permit = await queue.acquire(1)
        order.append(number)
        await asyncio.sleep(1)
        queue.report_answer(permit, "role", 1, 1.0)

    async def story() -> float:
        await asyncio.gather(*map(one, range(7)))
        return now()

    assert virtual(story()) == pytest.approx(4.0, abs=0.01)
    assert order == list(range(7))


def test_who_leaves_the_queue_leaves_no_hole():
    async def story() -> None:
        queue = admission(concurrency=1)
        first = await queue.acquire(1)
        waiting = [asyncio.ensure_future(queue.acquire(1)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        queue.release(first)  # gives the permit to the second at the moment that one is cancelled
        waiting[1].cancel()
        permit = await waiting[2]
        queue.release(permit)
        queue.release(await queue.acquire(1))

    virtual(story())


def test_who_leaves_the_queue_lets_pass_whoever_takes_less():
    async def story() -> None:
        queue = admission(tokens_per_minute=100)
        await queue.acquire(80)
        much, little = (asyncio.ensure_future(queue.acquire(tokens)) for tokens in (50, 10))
        await asyncio.sleep(1)
        much.cancel()
        await little
        assert now() == 1.0

    virtual(story())


def test_who_leaves_the_queue_as_the_endpoint_is_given_up_just_leaves():
    async def story() -> None:
        queue = admission(concurrency=1)
        permit = await queue.acquire(1)
        waiting = asyncio.ensure_future(queue.acquire(1))
        await asyncio.sleep(0)
        queue.report_failure(permit, fault("rate_limited", retry_after=3_600.0))
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()

    virtual(story())


def test_the_concurrency_halves_once_a_round_trip_and_grows_by_one_a_window():
    concurrency = AdaptiveConcurrency(64)
    concurrency.record_answer("a", 1.0, now=0.0)
    for _ in range(50):
        concurrency.decrease(now=10.0)
    assert concurrency.limit == 32
    concurrency.decrease(now=11.0)
    assert concurrency.limit == 16
    for _ in range(17):
        concurrency.record_answer("a", 1.0, now=12.0)
    assert concurrency.limit == 17
    for _ in range(5_000):
        concurrency.record_answer("a", 1.0, now=13.0)
    assert concurrency.limit == 64
    for second in range(100):
        concurrency.decrease(now=100.0 + 10 * second)
    assert concurrency.limit == 1


def test_growing_slow_halves_and_lasting_slowness_becomes_the_usual():
    concurrency, clock = AdaptiveConcurrency(64), 0.0
    for seconds, answers in ((0.2, 100), (4.0, 30)):
        for _ in range(answers):
            clock += seconds / 8
            concurrency.record_answer("a", seconds, clock)
    assert 2 <= concurrency.limit <= 32
    for _ in range(3_000):
        clock += 0.5
        concurrency.record_answer("a", 4.0, clock)
    assert concurrency.limit == 64


@pytest.mark.parametrize(
    ("answers", "then", "slower"),
    [
        ([1.0] * 20, 21.1, True),  # 0.1 of what is beyond the usual counts at once
        ([1.0] * 20, 21.0, False),
        ([1.0] * 19, 500.0, False),  # too few to know what is usual
        ([1.0, 3.0] * 10, 42.1, True),  # their mean
        ([1.0, 3.0] * 10, 41.9, False),
    ],
)
def test_one_answer_that_takes_twenty_times_as_long_is_growth(answers, then, slower):
    concurrency = AdaptiveConcurrency(64)
    for seconds in [*answers, then]:
        concurrency.record_answer("a", seconds, 0.0)
    assert (concurrency.limit < 64) is slower


def test_a_slow_role_beside_a_fast_one_is_no_growth():
    concurrency = AdaptiveConcurrency(64)
    for number in range(1_000):
        concurrency.record_answer("fast", 0.2, number)
        concurrency.record_answer("slow", 9.0, number)
    assert concurrency.limit == 64


def test_noise_of_an_endpoint_in_this_process_is_no_growth():
    concurrency = AdaptiveConcurrency(64)
    for number in range(1_000):
        concurrency.record_answer("a", 0.0001 if number < 500 else 0.02, number)
    assert concurrency.limit == 64


def fault(kind="server", **options) -> AttemptError:
    return AttemptError(kind, "broken", **options)


async def attempts(queue: AdmissionQueue, kinds: dict[int, str], count: int) -> list[float]:
    """One caller after another; `kinds` says which attempts fail, the others are answered."""
    begun = []
    for number in range(count):
        permit = await queue.acquire(1)
        begun.append(now())
        if kind := kinds.get(number):
            queue.report_failure(permit, fault(kind))
        else:
            queue.report_answer(permit, "role", 1, 0.0)
    return begun


def test_an_open_breaker_is_probed_ever_more_rarely_and_closed_by_an_answer():
    begun = virtual(attempts(admission(), dict.fromkeys(range(8), "server"), 11))
    assert begun[:5] == [0.0] * 5
    assert begun[5:] == pytest.approx([0.5, 1.5, 3.5, 7.5, 7.5, 7.5], abs=0.01)


def test_one_probe_at_a_time():
    async def story() -> None:
        queue = admission()
        hanging = [await queue.acquire(1) for _ in range(6)]
        for permit in hanging[:5]:
            queue.report_failure(permit, fault())
        waiting = [asyncio.ensure_future(queue.acquire(1)) for _ in range(3)]
        await asyncio.sleep(30)
        queue.release(hanging[5])  # not the probe
        await asyncio.sleep(1)
        assert [one.done() for one in waiting] == [True, False, False]
        assert queue.time_limit(waiting[0].result()) == 60.0  # it may not hang as long as others
        queue.report_answer(waiting[0].result(), "role", 1, 1.0)
        await asyncio.sleep(0)
        assert all(one.done() for one in waiting)

    virtual(story())


@pytest.mark.parametrize(
    ("patience", "answers", "limit"), [(1.0, [10.0], 30.0), (1.0, [10.0, 20.0], 33.0), (60.0, [10.0], 60.0)]
)
def test_a_probe_may_take_three_times_as_long_as_answers_did(patience, answers, limit):
    async def story() -> None:
        queue = admission(patience=patience, seconds=600)
        for seconds in answers:
            queue.report_answer(await queue.acquire(1), "role", 1, seconds)
        for _ in range(5):
            permit = await queue.acquire(1)
            assert queue.time_limit(permit) == 600
            queue.report_failure(permit, fault())
        assert queue.time_limit(await queue.acquire(1)) == pytest.approx(limit)

    virtual(story())


def test_calls_that_hang_do_not_keep_a_probe_away():
    async def story() -> None:
        queue = admission(concurrency=6)
        hanging, *failing = [await queue.acquire(1) for _ in range(6)]
        for permit in failing:
            queue.report_failure(permit, fault("timeout"))  # leaves a concurrency of one, which is taken
        assert (await queue.acquire(1)).probe
        assert now() == pytest.approx(0.5, abs=0.01)
        queue.release(hanging)

    virtual(story())


@pytest.mark.parametrize(
    ("kind", "answered", "patience", "ends", "said"),
    [
        (
            "server",
            False,
            60.0,
            60.0,
            r"no answer for 60 s \(retries.patience=60\), the last fault: server: broken",
        ),
        ("connection", True, 60.0, 60.0, "no answer for 60 s"),
        ("connection", False, 60.0, 5.0, r"cannot be connected to .* is it running\? model.base_url"),
        ("connection", False, 2.0, 2.0, "cannot be connected to"),
        ("server", False, 0.0, 0.0, "no answer for 0 s"),
    ],
)
def test_patience_ends_for_everybody(kind, answered, patience, ends, said):
    async def story() -> float:
        queue = admission(patience=patience)
        await asyncio.sleep(7)  # a run is not as old as its endpoint's silence
        began = now()
        if answered:
            queue.report_answer(await queue.acquire(1), "role", 1, 0.0)
        first = [await queue.acquire(1) for _ in range(5)]
        for permit in first:
            queue.report_failure(permit, fault(kind))

        async def on() -> None:
            while True:
                queue.report_failure(await queue.acquire(1), fault(kind))

        results = await asyncio.gather(*(on() for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in results] == [EndpointDownError] * 3
        with pytest.raises(EndpointDownError, match=said) as caught:
            await queue.acquire(1)
        assert "the same command goes on" in str(caught.value)
        return now() - began

    assert virtual(story()) == pytest.approx(ends, abs=0.01)


def test_retry_after_pauses_everybody_and_one_that_is_too_long_ends_it():
    async def story() -> None:
        queue = admission(patience=60.0)
        queue.report_failure(await queue.acquire(1), fault("rate_limited", retry_after=20.0))
        assert (queue.beyond_pause(20.0), queue.beyond_pause(20.5), queue.beyond_pause(None)) == (
            None,
            20.5,
            None,
        )
        permits = await asyncio.gather(*(queue.acquire(1) for _ in range(3)))
        assert now() == pytest.approx(20.0, abs=0.01)
        queue.report_failure(permits[0], fault("rate_limited", retry_after=3_600.0))
        with pytest.raises(EndpointDownError, match=r"asks to wait 3600 s \(Retry-After\), longer than"):
            await queue.acquire(1)

    virtual(story())


def test_pauses_that_are_asked_for_of_calls_under_way_are_one_pause():
    async def story() -> None:
        queue = admission(patience=60.0)
        permits = [await queue.acquire(1) for _ in range(4)]
        for permit in permits:
            queue.report_failure(permit, fault("rate_limited", retry_after=20.0))
            await asyncio.sleep(5.0)
        await queue.acquire(1)
        assert now() == pytest.approx(20.0, abs=0.01)
        assert queue.beyond_pause(20.0) == 20.0  # who was asked to wait longer does so by itself

    virtual(story())


def test_one_burst_of_refusals_halves_once_however_long_it_takes_to_come_in():
    concurrency = AdaptiveConcurrency(64)
    for second in range(20):
        concurrency.decrease(now=1.0 + second, began=0.0)
    assert concurrency.limit == 32
    concurrency.decrease(now=30.0, began=1.0)
    assert concurrency.limit == 16


def test_a_refused_request_is_no_failure_of_the_endpoint():
    async def story() -> None:
        queue = admission()
        for _ in range(20):
            queue.report_failure(await queue.acquire(1), fault("refused"))
        assert now() == 0.0
        assert not queue.breaker.is_open

    virtual(story())


def test_five_failures_in_a_row_open_it_before_and_after_an_answer():
    breaker = CircuitBreaker("m", 60.0)
    for answers in (0, 1):
        assert (breaker.answers, breaker.is_open, breaker.failing_for(9.0)) == (answers, False, None)
        for second in range(5):
            assert (breaker.is_open, breaker.begin_call(), breaker.free_at(7.0)) == (False, False, 7.0)
            breaker.record_failure(fault(), 10.0 + second, probe=False)
        assert (breaker.is_open, breaker.failing_for(30.0), breaker.free_at(14.0)) == (True, 20.0, 14.5)
        assert (breaker.begin_call(), breaker.free_at(15.0)) == (True, math.inf)
        breaker.end_probe()
        assert breaker.free_at(15.0) == 14.5
        breaker.record_answer()


@pytest.mark.parametrize(
    ("before", "never_reached"),
    [
        (lambda breaker: None, True),
        (lambda breaker: breaker.record_failure(fault("connection"), 0.0, probe=False), True),
        (lambda breaker: breaker.record_failure(fault("server"), 0.0, probe=False), False),
        (lambda breaker: breaker.record_refusal(), False),
        (lambda breaker: breaker.record_answer(), False),
    ],
)
def test_patience_is_short_only_where_nobody_was_ever_there(before, never_reached):
    breaker = CircuitBreaker("m", 60.0)
    before(breaker)
    for _ in range(5):
        breaker.record_failure(fault("connection"), 0.0, probe=False)
    assert breaker.never_reached is never_reached
    breaker.record_failure(fault("connection"), 5.0, probe=True)
    assert (breaker.down is not None) is never_reached


def test_a_pause_as_long_as_patience_is_borne_and_a_longer_one_is_the_reason():
    breaker = CircuitBreaker("m", 60.0)
    for _ in range(4):
        breaker.record_failure(fault("rate_limited", retry_after=60.0), 0.0, probe=False)
    assert breaker.down is None
    breaker.record_failure(fault("rate_limited", retry_after=61.0), 70.0, probe=False)
    assert breaker.down is not None
    assert "asks to wait 61 s" in breaker.down


def test_failures_with_answers_in_between_open_nothing():
    breaker = CircuitBreaker("m", 60.0)
    for _ in range(30):
        for _ in range(4):
            breaker.record_failure(fault(), 1.0, probe=False)
        breaker.record_answer()
    assert not breaker.is_open
