"""An answer nobody waits for any more is not written to its end."""

import asyncio
from pathlib import Path
from typing import Any

from autogen_core.models import UserMessage
from tiny_model import needs_extra

pytestmark = needs_extra

LONGEST = 2_000


def test_an_answer_ends_with_who_asked(model: Path) -> None:
    from ptool.models.clients.transformers_model import TransformersModel

    client = TransformersModel(str(model), device="cpu", max_tokens=LONGEST)
    passes = 0
    begun = asyncio.Event()
    network: Any = client._loaded()
    network.generation_config.eos_token_id = None  # a model that never ends by itself
    client._ends = list

    async def ask_and_go() -> None:
        loop = asyncio.get_running_loop()

        def counted(*_: Any) -> None:
            nonlocal passes
            passes += 1
            loop.call_soon_threadsafe(begun.set)

        network.register_forward_pre_hook(counted)
        question = asyncio.create_task(client.create([UserMessage(content="Tea!", source="user")]))
        await begun.wait()
        question.cancel()
        await client._worker

    asyncio.run(ask_and_go())
    assert 0 < passes < LONGEST
