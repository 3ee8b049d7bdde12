"""Budgets are never exceeded, whatever ends first; prices are known or unknown, never 0 by default."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_doubles import virtual
from ptool.errors import BudgetSpentError, ConfigError
from ptool.models.gateway.budget import Cost, SpendingAccount
from ptool.models.gateway.prices import price_of
from ptool.records.model_calls import Spent
from ptool.settings import Budget, Price


class Case:
    """Calls that each reserve `most` tokens and take `real` after some seconds; 0 tokens: cancelled."""

    def __init__(self, limit: Budget, calls: list[tuple[int, int, float, bool]]) -> None:
        self.account = SpendingAccount(limit, Spent())
        self.calls = calls
        self.spent = self.paid = self.refused = 0

    async def one(self, most: int, share: int, seconds: float, gives_up: bool) -> None:
        cost = Cost(most, most / 1000)
        try:
            async with asyncio.timeout(seconds if gives_up else None):
                await self.account.reserve(cost)
        except BudgetSpentError:
            self.refused += 1
            return
        except TimeoutError:
            return
        await asyncio.sleep(seconds)
        real = most * share // 100
        self.spent += real
        self.paid += 1
        self.account.settle(cost, Cost(real, real / 1000))

    async def run(self) -> None:
        await asyncio.gather(*(self.one(*call) for call in self.calls))


CALLS = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 100), st.floats(0, 9), st.booleans()),
    min_size=1,
    max_size=12,
)


@given(CALLS, st.integers(0, 200), st.integers(0, 12))
def test_no_order_of_settlements_exceeds_a_budget(calls, tokens, most):
    case = Case(Budget(usd=tokens / 1000, tokens=tokens, calls=most), calls)
    virtual(case.run())  # a waiter that nobody wakes would hang, which the virtual loop refuses
    assert case.spent <= tokens
    assert case.paid <= most
    if sum(one[0] for one in calls) <= tokens and len(calls) <= most:
        assert case.refused == 0


def test_an_attempt_without_an_answer_is_a_call_and_no_tokens() -> None:
    account = SpendingAccount(Budget(tokens=100, calls=2, usd=1.0), Spent())

    async def story() -> None:
        for _ in range(2):
            await account.reserve(Cost(100, 1.0))
            account.settle(Cost(100, 1.0), Cost())
        with pytest.raises(BudgetSpentError, match=r"budget\.calls: 2 of 2 spent"):
            await account.reserve(Cost(100, 1.0))

    asyncio.run(story())


@pytest.mark.parametrize("actual", [Cost(), None])  # no answer; never sent
async def test_an_attempt_without_an_answer_takes_no_tokens(actual: Cost | None) -> None:
    account = SpendingAccount(Budget(tokens=100), Spent())
    for _ in range(3):
        await account.reserve(Cost(100))
        account.settle(Cost(100), actual)
    with pytest.raises(BudgetSpentError, match=r"budget\.tokens: 0 of 100 spent"):
        await account.reserve(Cost(101))


def test_what_was_reserved_for_an_attempt_that_is_over_is_free_again() -> None:
    async def story() -> None:
        account = SpendingAccount(Budget(tokens=100), Spent())
        await account.reserve(Cost(40))
        await account.reserve(Cost(40))
        account.settle(Cost(40), Cost(10))
        await asyncio.wait_for(account.reserve(Cost(50)), 1.0)

    virtual(story())


def test_a_reservation_waits_for_what_others_really_take():
    case = Case(Budget(tokens=100), [(60, 50, 1.0, False), (60, 50, 2.0, False), (40, 100, 0.5, False)])
    virtual(case.run())
    assert (case.paid, case.spent) == (3, 100)


def test_who_is_cancelled_while_being_granted_gives_it_back():
    async def story() -> None:
        account = SpendingAccount(Budget(tokens=10), Spent())
        await account.reserve(Cost(10))
        waiting = asyncio.ensure_future(account.reserve(Cost(10)))
        await asyncio.sleep(0)
        account.settle(Cost(10), Cost(0))
        waiting.cancel()
        await asyncio.wait([waiting])
        await account.reserve(Cost(10))

    virtual(story())


def test_who_is_cancelled_as_the_budget_ends_is_just_cancelled():
    async def story():
        account = SpendingAccount(Budget(tokens=10), Spent())
        await account.reserve(Cost(10))
        waiting = asyncio.ensure_future(account.reserve(Cost(10)))
        await asyncio.sleep(0)
        account.settle(Cost(10), Cost(5))
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()

    virtual(story())


async def test_the_stop_says_what_was_spent_and_how_to_go_on():
    account = SpendingAccount(
        Budget(tokens=10_000), Spent(calls=3, prompt_tokens=9_000, completion_tokens=500)
    )
    with pytest.raises(BudgetSpentError) as caught:
        await account.reserve(Cost(tokens=501))
    assert "budget.tokens: 9,500 of 10,000 spent" in str(caught.value)
    assert "could take 501 more" in str(caught.value)
    assert caught.value.exit_status == 4
    with pytest.raises(BudgetSpentError):  # and it stays a stop, also for less
        await account.reserve(Cost(tokens=1))


async def test_what_earlier_processes_spent_counts():
    account = SpendingAccount(Budget(calls=3), Spent(calls=2))
    await account.reserve(Cost())
    account.settle(Cost(), Cost())
    with pytest.raises(
        BudgetSpentError, match=r"budget\.calls: 3 of 3 spent, and the next call could take 1 more"
    ):
        await account.reserve(Cost())


async def test_without_limits_nothing_is_asked():
    account = SpendingAccount(Budget(), Spent(calls=10**9, usd=1e9))
    for _ in range(3):
        await account.reserve(Cost(10**9, 1e9))


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("gpt-4o-mini", Price(input=0.15, output=0.60, cached_input=0.075)),
        ("gpt-4o-2024-08-06", Price(input=2.50, output=10.00, cached_input=1.25)),
        ("gpt-4o-2024-05-13", Price(input=5.00, output=15.00)),
        ("claude-3-5-haiku-latest", Price(input=0.80, output=4.00, cached_input=0.08)),
        ("claude-sonnet-4-20250514", Price(input=3.00, output=15.00, cached_input=0.30)),
        ("gpt-4o-audio-preview", None),
        ("gpt-4", None),
        ("openai/gpt-4o", None),
        ("scripted", None),
    ],
)
def test_prices(model, price):
    assert price_of(model) == price


def test_a_price_counts_cached_tokens_once():
    assert Price(input=2.0, output=8.0, cached_input=0.5).usd(1_000_000, 100_000, 400_000) == pytest.approx(
        1.2 + 0.2 + 0.8
    )


def test_a_list_of_ones_own_goes_first(tmp_path: Path):
    own = tmp_path / "prices.yaml"
    own.write_text("{source: me, checked: 2026-01-01, models: {gpt-4o: {input: 1, output: 2}}}")
    assert price_of("gpt-4o-2024-08-06", own) == Price(input=1.0, output=2.0)
    assert price_of("o3", own) == Price(input=2.00, output=8.00, cached_input=0.50)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("{source: [", "not YAML: "),
        ("gpt-4o: 3", "source"),
        ("{source: me, checked: 2026-01-01, models: {a: {input: -1, output: 2}}}", "models.a.input"),
    ],
)
def test_a_wrong_list_is_refused_in_one_line(tmp_path: Path, text, said):
    own = tmp_path / "prices.yaml"
    if text is not None:
        own.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        price_of("gpt-4o", own)
    assert str(caught.value).startswith("prices: ")
    assert "\n" not in str(caught.value)
