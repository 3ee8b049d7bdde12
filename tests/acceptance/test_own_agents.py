"""AutoGen's agents and teams play roles of a whole run, are killed in the midst of it, and go on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acceptance_bench import derived, lines
from autogen_agentchat.agents import AssistantAgent, SocietyOfMindAgent
from autogen_agentchat.teams import RoundRobinGroupChat, SelectorGroupChat
from autogen_core.memory import ListMemory, MemoryContent
from autogen_core.tools import FunctionTool
from hydra import compose, initialize_config_module
from killing import Shared, started
from omegaconf import OmegaConf
from ptool.models.gateway import GatewayClient
from ptool.settings import Settings, validated
from ptool.store import Ledger

MODEL = ("model=openai_compatible", "model.model=ptool-scripted", "roles=paper", "qualification=0")


def count_words(text: str) -> int:
    """How many words a text has."""
    return len(text.split())


def assistant(name: str, **options: Any) -> AssistantAgent:
    return AssistantAgent(name, model_client=GatewayClient(), system_message="You are careful.", **options)


def with_tool_and_memory() -> AssistantAgent:
    memory = ListMemory(memory_contents=[MemoryContent(content="Be brief.", mime_type="text/plain")])
    tool = FunctionTool(count_words, description="Counts the words of a text.")
    return assistant("solver", tools=[tool], max_tool_iterations=3, memory=[memory])


def society() -> SocietyOfMindAgent:
    team = RoundRobinGroupChat([assistant("drafter"), assistant("critic")], max_turns=2)
    return SocietyOfMindAgent("society", team=team, model_client=GatewayClient())


def selector() -> SelectorGroupChat:
    members = [assistant(name) for name in ("drafter", "critic", "editor")]
    return SelectorGroupChat(members, model_client=GatewayClient(), max_turns=3)


AGENTS = {
    "assistant": lambda: assistant("solver"),
    "tool_and_memory": with_tool_and_memory,
    "society": society,
    "selector": selector,
}
SAID = {
    "assistant": [],
    "tool_and_memory": ["MemoryQueryEvent", "ToolCallRequestEvent", "ToolCallExecutionEvent"],
    "society": ["TextMessage drafter", "TextMessage critic"],
    "selector": ["TextMessage", "TextMessage"],
}
"""What stands in an episode of what was said on the way to a solution."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The model of `agent_endpoint`, in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("agent_endpoint.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("serving ").strip()
        process.terminate()


def settings(endpoint: str, component: Path, *words: str, role: str = "assistant") -> Settings:
    own = (f"model.base_url={endpoint}", f"++agent.{role}.component={component}", "run.dir=run")
    with initialize_config_module("ptool.conf", version_base="1.3"):
        config = compose("config", ["scenario=tiny", *MODEL, *own, *words])
    container = OmegaConf.to_container(config, resolve=True)
    assert isinstance(container, dict)
    return validated({str(key): value for key, value in container.items()})


def status(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


QUERY_JUDGE = ("+agent@agent.natural=natural", "query_gate=[natural]")
FIRST, *OTHERS = ((kind, "assistant") for kind in AGENTS)
PLAYED = [
    FIRST,
    *(pytest.param(*one, marks=pytest.mark.slow) for one in (*OTHERS, ("tool_and_memory", "user"))),
]
"""What plays in whose place; one kind in every suite."""


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "role"), PLAYED)
def test_it_plays_a_whole_run_and_goes_on_where_it_was_killed(
    kind: str, role: str, endpoint: str, tmp_path: Path
) -> None:
    component = tmp_path / "agent.json"
    component.write_text(AGENTS[kind]().dump_component().model_dump_json())
    wholes, killed = (tmp_path / name for name in ("whole", "killed"))
    wholes.mkdir(), killed.mkdir()
    shared = Shared()
    assert status(started(settings(endpoint, component, role=role), wholes, shared)) == 0, (
        wholes / "stderr"
    ).read_text()
    calls = shared.kept()

    shared = Shared()
    child = started(settings(endpoint, component, role=role), killed, shared)
    while shared.kept() < calls * 2 // 3:  # in the midst of the episodes
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    assert status(child) == -signal.SIGKILL
    in_flight, kept = shared.in_flight(), shared.kept()
    again = Shared()
    one_at_a_time = settings(endpoint, component, "concurrency=1", role=role)
    assert status(started(one_at_a_time, killed, again)) == 0, (killed / "stderr").read_text()

    assert derived(killed / "run") == derived(wholes / "run")
    with Ledger(killed / "run" / "ledger.sqlite") as ledger:
        assert ledger.spent().calls == calls
    assert kept <= calls - again.kept() <= kept + in_flight

    accepted_with(kind, role, wholes / "run")


def accepted_with(kind: str, role: str, run: Path) -> None:
    """Every episode is accepted, and what the agent said on the way stands in the turns of its role alone."""
    episodes = lines(run / "episodes.jsonl")
    assert [episode["status"] for episode in episodes] == ["accepted"] * 20
    turns = [turn for episode in episodes for turn in episode["turns"]]
    assert role in {turn["role"] for turn in turns}
    for turn in turns:
        said = [f"{one['type']} {one['source']}" for one in turn.get("inner", [])]
        expected = SAID[kind] if turn["role"] == role else []
        assert len(said) == len(expected)
        assert all(one.startswith(start) for one, start in zip(said, expected, strict=True))


@pytest.mark.parametrize(
    ("kind", "role", "words"), [("society", "verifier", ()), ("selector", "natural", QUERY_JUDGE)]
)
def test_it_judges_a_whole_run(
    kind: str, role: str, words: tuple[str, ...], endpoint: str, tmp_path: Path
) -> None:
    component = tmp_path / "agent.json"
    component.write_text(AGENTS[kind]().dump_component().model_dump_json())
    child = started(settings(endpoint, component, *words, role=role), tmp_path, Shared())
    assert status(child) == 0, (tmp_path / "stderr").read_text()
    accepted_with(kind, role, tmp_path / "run")
