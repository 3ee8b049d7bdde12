"""Texts asked of one endpoint by one framework, in an environment of its own.

`peer_ways.py WAY BASE_URL CALLS CONCURRENCY`, started by peers.py, prints one JSON object: seconds of wall
time and of the processor, child processes included. Each framework is used as its documentation shows it,
with as many calls at a time as are asked for. Until a way is known nothing is imported
that the standard library does not have.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from measures import processor_seconds

MODEL = "gpt-4o-mini"
KEY = "none"


def ptool(base_url: str, prompts: list[str], concurrency: int) -> None:
    """A client of the gateway with a ledger: every answer is on disk before it is handed on."""
    from ptool.models.factory import gateway_client
    from ptool.store import Ledger

    target = "ptool.models.clients.chat_completions.ChatCompletions"
    spec = {"_target_": target, "model": MODEL, "base_url": base_url}
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "ledger.sqlite") as ledger:
        client = gateway_client(spec, log=ledger, concurrency=concurrency)
        asyncio.run(_ask_all(client, client.scope.gateway.close, prompts, concurrency))


def ptool_client(base_url: str, prompts: list[str], concurrency: int) -> None:
    """A client without a gateway: nothing is kept, limited or tried again."""
    from ptool.models.clients.chat_completions import ChatCompletions

    client = ChatCompletions(MODEL, base_url)
    asyncio.run(_ask_all(client, client.close, prompts, concurrency))


async def _ask_all(
    client: Any, close: Callable[[], Awaitable[None]], prompts: list[str], concurrency: int
) -> None:
    from autogen_core.models import UserMessage

    waiting = iter(prompts)

    async def worker() -> None:
        for prompt in waiting:
            await client.create([UserMessage(content=prompt, source="bench")])

    await asyncio.gather(*(worker() for _ in range(concurrency)))
    await close()


def distilabel(base_url: str, prompts: list[str], concurrency: int) -> None:
    """A pipeline of one step."""
    from distilabel.models import OpenAILLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import TextGeneration

    with Pipeline(name="bench") as pipeline:
        data = [{"instruction": prompt} for prompt in prompts]
        load = LoadDataFromDicts(data=data, batch_size=concurrency)
        model = OpenAILLM(model=MODEL, base_url=base_url, api_key=KEY)
        load >> TextGeneration(llm=model, input_batch_size=concurrency)
    rows = pipeline.run(use_cache=False)["default"]["train"]
    assert len(rows) == len(prompts), len(rows)


def curator(base_url: str, prompts: list[str], concurrency: int) -> None:
    """One LLM object over a list of prompts."""
    # The vocabulary that tokens are counted by, which litellm brings along, is not downloaded.
    litellm = find_spec("litellm")
    assert litellm is not None and litellm.origin is not None
    tokenizers = Path(litellm.origin).parent / "litellm_core_utils" / "tokenizers"
    os.environ["TIKTOKEN_CACHE_DIR"] = str(tokenizers)
    from bespokelabs.curator import LLM

    limits = {"max_requests_per_minute": 10_000_000, "max_tokens_per_minute": 10_000_000_000}
    asked = LLM(
        model_name=MODEL,
        backend="openai",
        backend_params={
            "base_url": base_url,
            "api_key": KEY,
            "max_concurrent_requests": concurrency,
            **limits,
        },
    )
    answers = asked(prompts)
    assert len(answers.dataset) == len(prompts), len(answers.dataset)


def data_designer(base_url: str, prompts: list[str], concurrency: int) -> None:
    """A dataset with one column of text."""
    from data_designer import config
    from data_designer.interface import DataDesigner

    provider = config.ModelProvider(name="bench", endpoint=base_url, provider_type="openai", api_key=KEY)
    parameters = config.ChatCompletionInferenceParams(max_parallel_requests=concurrency)
    model = config.ModelConfig(
        alias="bench", model=MODEL, provider="bench", inference_parameters=parameters, skip_health_check=True
    )
    columns = config.DataDesignerConfigBuilder(model_configs=[model])
    columns.add_column(
        config.SamplerColumnConfig(
            name="thing", sampler_type="category", params=config.CategorySamplerParams(values=prompts)
        )
    )
    columns.add_column(config.LLMTextColumnConfig(name="answer", prompt="{{ thing }}", model_alias="bench"))
    with tempfile.TemporaryDirectory() as folder:
        designer = DataDesigner(artifact_path=folder, model_providers=[provider])
        made = designer.create(columns, num_records=len(prompts)).load_dataset()
        assert len(made) == len(prompts), len(made)


WAYS: dict[str, Callable[[str, list[str], int], None]] = {
    "ptool": ptool,
    "ptool, client alone": ptool_client,
    "distilabel": distilabel,
    "curator": curator,
    "data-designer": data_designer,
}


def main() -> None:
    """Ask, and say what it took."""
    way, base_url, calls, concurrency = sys.argv[1:]
    quiet = {"HF_HUB_OFFLINE": "1", "TELEMETRY_ENABLED": "0", "NEMO_TELEMETRY_ENABLED": "false"}
    quiet |= {"CURATOR_DISABLE_CACHE": "1", "CURATOR_DISABLE_RICH_DISPLAY": "1", "OPENAI_API_KEY": KEY}
    quiet["DISTILABEL_LOG_LEVEL"] = "WARNING"  # it means to silence its HTTP client, which has a new name
    os.environ |= quiet
    begun, busy = time.perf_counter(), processor_seconds()
    WAYS[way](base_url, [f"Say the number {number}." for number in range(int(calls))], int(concurrency))
    took = {"wall": time.perf_counter() - begun, "cpu": processor_seconds() - busy}
    print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main()
