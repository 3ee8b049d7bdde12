"""Files with AutoGen components: every form they come in, and every fault they have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core.model_context import TokenLimitedChatCompletionContext
from autogen_core.tools import FunctionTool
from autogen_ext.models.replay import ReplayChatCompletionClient
from ptool.agents.component_file import PLACEHOLDER, ComponentFile, providers, read_component
from ptool.agents.own_agent import load_player
from ptool.errors import ConfigError
from ptool.models.clients.fake import FakeModel
from ptool.models.endpoint import Endpoint
from ptool.models.gateway import CallScope, Gateway, GatewayClient, bound

REPLAY = ReplayChatCompletionClient(["{}"])


def team(client: Any = REPLAY) -> dict[str, Any]:
    """A team whose models stand in three places, two of them alike."""
    context = TokenLimitedChatCompletionContext(client, token_limit=1000)
    members = [
        AssistantAgent("one", model_client=client, model_context=context),
        AssistantAgent("two", model_client=GatewayClient()),
    ]
    return RoundRobinGroupChat(members, max_turns=2).dump_component().model_dump()


def read(tmp_path: Path, data: Any, *, own_models: bool = True) -> ComponentFile:
    file = tmp_path / "agent.json"
    file.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return read_component(str(file), "agent.judge.component", "judge", own_models=own_models)


ROW = {"id": 3, "user_id": "guest@example.org", "version": "0.0.1"}


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda it: it,
        lambda it: {**ROW, "component": it},
        lambda it: [it],
        lambda it: {"teams": [{**ROW, "component": it}]},
        lambda it: {"config": {"id": "gallery", "components": {"agents": [], "teams": [it], "models": [{}]}}},
        lambda it: {**it, "component_type": None},
    ],
)
def test_a_team_is_found_in_whatever_it_is_wrapped(wrapped: Any, tmp_path: Path) -> None:
    found = read(tmp_path, wrapped(team()))
    assert found.component["provider"] == "autogen_agentchat.teams.RoundRobinGroupChat"
    assert [model.endpoint for model in found.models] == ["judge/0"]
    assert found.models[0].place.endswith("config.participants[0].config.model_client")
    assert list(providers(found.component)).count(PLACEHOLDER) == 3
    assert "Replay" not in json.dumps(found.component)


def test_every_model_of_it_asks_through_the_gateway(tmp_path: Path) -> None:
    found = read(tmp_path, team(), own_models=False)
    assert found.models == ()
    with bound(CallScope(Gateway({"default": Endpoint(FakeModel(lambda *_: "{}"))}, concurrency=1), "judge")):
        assert isinstance(load_player(found.component, "here"), RoundRobinGroupChat)


def test_a_blacked_out_key_is_left_to_the_environment_and_a_written_one_refused(tmp_path: Path) -> None:
    data = AssistantAgent("one", model_client=REPLAY).dump_component().model_dump()
    client = data["config"]["model_client"] = {
        "provider": "OpenAIChatCompletionClient",
        "component_type": "model",
        "config": {"model": "gpt-4.1-mini", "api_key": "**********"},
    }
    assert read(tmp_path, data).models[0].config == {"model": "gpt-4.1-mini"}
    client["config"]["api_key"] = "sk-canary"
    with pytest.raises(ConfigError, match=r"model_client\.config\.api_key: a key stays out") as caught:
        read(tmp_path, data)
    assert "canary" not in str(caught.value)


AGENT = {"provider": "autogen_agentchat.agents.AssistantAgent", "component_type": "agent", "config": {}}
NESTED: Any = []
for _ in range(150):
    NESTED = [NESTED]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"provider": NaN}', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 2_000_000, "not JSON"),
        (b" " * 9_000_000, "has more than 8,000,000 bytes"),
        ([], "got a JSON list, expected an agent or a team"),
        (7, "got a JSON int"),
        ({"name": "me", "\u202eevil": 1}, r"the keys name, \\u202eevil"),
        ({**AGENT, "component_type": "tool"}, "got a component of type 'tool'"),
        ({"provider": 3, "config": {}}, "an object with the keys provider, config"),
        ([AGENT, {**AGENT, "label": "Other"}], r"holds 2 agents and teams: \[0\] .*, \[1\] \(Other\)"),
        ({**AGENT, "config": {"x": NESTED}}, "more than 100 levels"),
        ({**AGENT, "config": {"x": [0] * 300_000}}, "or 200,000 values"),
        ({**AGENT, "config": {"model_client": {"provider": "x", "config": 3}}}, "config: got a JSON int"),
    ],
    ids=range(15),
)
def test_a_broken_file_is_refused_in_one_line(data: Any, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        read(tmp_path, data)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1_000


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(
        ConfigError, match=r"agent\.judge\.component: none\.json cannot be read: No such file"
    ):
        read_component("none.json", "agent.judge.component", "judge", own_models=True)


def count(text: str) -> int:
    """Words."""
    return len(text.split())


def with_tool(source: str) -> dict[str, Any]:
    agent = AssistantAgent("one", GatewayClient(), tools=[FunctionTool(count, description="Counts.")])
    data = agent.dump_component().model_dump()
    data["config"]["workbench"][0]["config"]["tools"][0]["config"]["source_code"] = source
    return data


@pytest.mark.parametrize(
    ("component", "complaint"),
    [
        (AGENT, "ValidationError"),
        ({**AGENT, "provider": "no.such.Thing"}, "No module named 'no'"),
        ({**AGENT, "provider": "nodots"}, "ValueError: Invalid"),
        ({**AGENT, "provider": ""}, "ValueError"),
        ({**AGENT, "provider": "os.system"}, "TypeError"),
        ({**AGENT, "provider": "os.nothing"}, "AttributeError"),
        ({**AGENT, "component_version": 1, "config": []}, "ValidationError"),
        (
            {"provider": "autogen_core.memory.ListMemory", "config": {}},
            "got a ListMemory, expected an AutoGen",
        ),
        (with_tool("def count(text: str) -> int:\n  return ("), "Could not compile and load function"),
        (with_tool("raise SystemExit(3)\ndef count(text: str): ..."), "SystemExit: 3"),
        (with_tool("1/0\ndef count(text: str): ..."), "division by zero"),
    ],
    ids=range(11),
)
def test_what_autogen_cannot_load_is_refused_in_one_line(component: Any, complaint: str) -> None:
    gateway = Gateway({"default": Endpoint(FakeModel(lambda *_: "{}"))}, concurrency=1)
    with pytest.raises(ConfigError, match=complaint) as caught, bound(CallScope(gateway)):
        load_player(component, "here")
    assert str(caught.value).startswith("here: ")
    assert "\n" not in str(caught.value)
