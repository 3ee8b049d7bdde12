"""The scripted model as an endpoint for AutoGen agents: what these ask beside a prompt, it answers too.

A process of its own (`python agent_endpoint.py`), for runs that are killed. It knows no agent:

- a prompt with functions on offer is answered by calling the first of them, once;
- a selector's question by one of the names it lists, as the seed will have it;
- a question without a prompt (a summary) by the last record that was said;
- anything else as the scripted model does.
"""

from __future__ import annotations

import asyncio
import json
import re

from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from ptool.models.clients.base import from_prompt, role_of
from ptool.models.mock_server.protocol import ChatRequest
from ptool.models.mock_server.server import serving
from ptool.settings import MockServerOptions, validated
from ptool.synthesis.roles import scripted_model

_NAMES = re.compile(r"select the next role from \[('\w+'(?:, '\w+')+)\]")


class ModelOfAgents:
    """Answers whatever an agent asks on the way to a role's record."""

    def __init__(self) -> None:
        with initialize_config_module("ptool.conf", version_base="1.3"):
            container = OmegaConf.to_container(compose("config", ["scenario=tiny"]), resolve=True)
        assert isinstance(container, dict)
        self._scripted, _ = scripted_model(validated({str(key): one for key, one in container.items()}))

    def answer(self, request: ChatRequest) -> str:
        """The text of the answer; `{"tool_calls": […]}` calls a function."""
        *_, last = request.texts
        if names := _NAMES.search(last):
            listed = re.findall(r"\w+", names[1])
            return listed[request.seed % len(listed)]
        prompted = from_prompt(request.texts)
        if role_of(prompted) is None:
            records = [text for text in request.texts if text.startswith("{")]
            return records[-1] if records else "There is nothing to sum up."
        if request.functions and "" not in prompted:  # an empty text is a message of calls
            function = {"name": request.functions[0], "arguments": json.dumps({"text": prompted[0][:40]})}
            return json.dumps(
                {
                    "tool_calls": [
                        {"id": f"call-{request.seed % 997}", "type": "function", "function": function}
                    ]
                }
            )
        return self._scripted.answer(prompted, request.seed)


async def _serve() -> None:
    async with serving(ModelOfAgents(), MockServerOptions(latency=0.005)) as server:
        print(f"serving {server.base_url}", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(_serve())
