"""While some items wait for the disk, others keep the endpoint as busy as was asked for, and no busier."""

import asyncio

import pytest
from ptool.executors import choose_executor, run_concurrently
from ptool.executors.process import ProcessExecutor
from ptool.models.gateway import Gateway


@pytest.mark.parametrize(("width", "under_way"), [(1, 1), (7, 7), (8, 9), (64, 72)])
async def test_an_eighth_more_items_than_calls_are_under_way(width: int, under_way: int) -> None:
    calls, items, most_calls, most_items = asyncio.Semaphore(width), 0, 0, 0

    async def work(_: int) -> None:
        nonlocal items, most_calls, most_items
        items += 1
        most_items = max(most_items, items)
        async with calls:
            most_calls = max(most_calls, width - calls._value)
            await asyncio.sleep(0)
        await asyncio.sleep(0)  # the disk
        items -= 1

    await run_concurrently(range(3 * width), work, width)
    assert (most_calls, most_items, items) == (width, min(under_way, 3 * width), 0)


async def test_what_is_asked_for_at_once_is_done_once_each() -> None:
    done: list[int] = []

    async def work(item: int) -> None:
        await asyncio.sleep(0)
        done.append(item)

    await run_concurrently(range(100), work, 16)
    assert sorted(done) == list(range(100))


async def test_workers_have_twice_their_share_of_an_eighth_more() -> None:
    executor = await choose_executor("process", 2, 64, Gateway({}, concurrency=64))
    assert isinstance(executor, ProcessExecutor)
    assert executor._width == 72
    await executor.close()
