"""One way to ask the recorded questions, measured in a process of its own.

`throughput_ways.py WAY FOLDER BASE_URL CALLS USERS QUERIES CONCURRENCY LOOP`, started by throughput.py,
prints one JSON object: calls, seconds of wall time, CPU seconds of this process with all its threads.

    raw     aiohttp and orjson alone: encode the body, post it, decode the reply
    sdk     the openai package's AsyncOpenAI
    create  `ChatCompletions.create`
    whole   the stage of episodes: roles, prompts, gateway, checks, sandbox, ledger on disk
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson
from episodes import LEDGER, Question, opened, questions, settings_of, until_tasks
from ptool.models.event_loop import run

Ask = Callable[[int], Awaitable[Any]]
"""Asks the question of that number."""

MODEL = "ptool-scripted"


async def measured(ask: Ask, calls: int, concurrency: int) -> dict[str, float]:
    """Ask every question once, so many at a time; that connections are opened counts, as in a run."""
    numbers = iter(range(calls))

    async def worker() -> None:
        for number in numbers:
            await ask(number)

    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return {"calls": calls, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def _format(question: Question) -> Any:
    from ptool.models.output_schema import response_format

    return orjson.loads(response_format(question.output, False))


def _messages(question: Question) -> list[dict[str, str]]:
    return [{"role": "system", "content": question.system}, {"role": "user", "content": question.user}]


async def raw(base_url: str, asked: Sequence[Question], calls: int, concurrency: int) -> dict[str, float]:
    """aiohttp and orjson alone."""
    import aiohttp

    formats = {one.output: _format(one) for one in asked}
    headers = {"Content-Type": "application/json"}
    url = f"{base_url}/chat/completions"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=headers) as session:

        async def ask(number: int) -> str:
            one = asked[number]
            body = {
                "model": MODEL,
                "messages": _messages(one),
                "response_format": formats[one.output],
                "seed": one.seed,
            }
            async with session.post(url, data=orjson.dumps(body)) as response:
                return orjson.loads(await response.read())["choices"][0]["message"]["content"]

        return await measured(ask, calls, concurrency)


async def sdk(base_url: str, asked: Sequence[Question], calls: int, concurrency: int) -> dict[str, float]:
    """The openai package."""
    from openai import AsyncOpenAI

    formats = {one.output: _format(one) for one in asked}
    async with AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0, timeout=600) as client:

        async def ask(number: int) -> str | None:
            one = asked[number]
            messages: Any = _messages(one)
            got = await client.chat.completions.create(
                model=MODEL, messages=messages, response_format=formats[one.output], seed=one.seed
            )
            return got.choices[0].message.content

        return await measured(ask, calls, concurrency)


async def create(base_url: str, asked: Sequence[Question], calls: int, concurrency: int) -> dict[str, float]:
    """ptool's client alone."""
    from autogen_core.models import SystemMessage, UserMessage
    from ptool.models.clients.chat_completions import ChatCompletions

    client = ChatCompletions(MODEL, base_url)

    async def ask(number: int) -> Any:
        one = asked[number]
        messages = [SystemMessage(content=one.system), UserMessage(content=one.user, source="ptool")]
        return await client.create(messages, json_output=one.output, extra_create_args={"seed": one.seed})

    try:
        return await measured(ask, calls, concurrency)
    finally:
        await client.close()


async def whole(
    folder: Path, base_url: str, asked: int, users: int, queries: int, concurrency: int
) -> dict[str, float]:
    """The stage of episodes, from a ledger that knows everything before them."""
    settings = settings_of(base_url, users, queries, concurrency)
    with (
        tempfile.TemporaryDirectory(prefix="run-", dir=folder) as place,
        opened(settings, Path(place) / "run", folder / LEDGER) as context,
    ):
        prepared = await until_tasks(context)
        cpu, wall = time.process_time(), time.perf_counter()
        calls = await prepared.play()
        if calls != asked:
            raise SystemExit(f"{calls} calls were answered, {asked} were recorded: record anew")
        found = {"calls": calls, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        await context.participants.gateway.close()
    return found


def main() -> None:
    """Measure one way once."""
    way, place, base_url, calls, users, queries, concurrency, loop = sys.argv[1:]
    folder, width = Path(place), int(concurrency)
    if way == "whole":
        job = whole(folder, base_url, int(calls), int(users), int(queries), width)
    else:
        ways = {"raw": raw, "sdk": sdk, "create": create}
        asked = questions(folder, int(calls))
        job = ways[way](base_url, asked, len(asked), width)
    factory = asyncio.new_event_loop if loop == "asyncio" else import_module(loop).new_event_loop
    if way in ("raw", "sdk"):
        with asyncio.Runner(loop_factory=factory) as runner:
            print(json.dumps(runner.run(job)))
    else:
        print(json.dumps(run(job, factory)))


if __name__ == "__main__":
    main()
