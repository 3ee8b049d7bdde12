"""`python -m ptool.check` from outside, and what it makes of endpoints that fail."""

import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_module
from in_process import command
from omegaconf import OmegaConf
from ptool.cli.compose import Sources
from ptool.errors import (
    ConfigError,
    EndpointDownError,
    KeyRefusedError,
    PtoolError,
    RefusedRequestError,
    UnreachableModelError,
    UnusableAnswerError,
)
from ptool.models.clients.fake import FakeModel
from ptool.models.faults import AttemptError, Kind
from ptool.settings import validated
from ptool.synthesis.dry_run.check import CheckResult, check_run, in_one_line, report
from rich.console import Console


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command in a folder of its own, its temporary files in another."""
    (folder / "here").mkdir(exist_ok=True)
    (folder / "scratch").mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder / "scratch"))
        return command("check", *words, folder=folder / "here")


def left(folder: Path) -> list[str]:
    """What the command left in its folder and among temporary files."""
    return [one.name for part in ("here", "scratch") for one in (folder / part).iterdir()]


def checked(*overrides: str) -> CheckResult:
    """The check of a run in the tiny scenario in this process."""
    with initialize_config_module("ptool.conf", version_base="1.3"):
        config = OmegaConf.to_container(compose("config", ["scenario=tiny", *overrides]), resolve=True)
    assert isinstance(config, dict)
    return check_run(validated({str(key): value for key, value in config.items()}), Sources())


def shown(result: CheckResult) -> str:
    """What a person reads."""
    screen = io.StringIO()
    report(result, Console(width=200, file=screen))
    return screen.getvalue()


class Failing(FakeModel):
    """Fails every call in one way."""

    def __init__(self, kind: Kind, message: str = "said by the endpoint") -> None:
        def fail(*_: Any) -> str:
            raise AttemptError(kind, message)

        super().__init__(fail)


class Rambling(FakeModel):
    """Answers, and never with a record."""

    note = "rambling \x1b[31m[bold]model"

    def __init__(self) -> None:
        super().__init__(lambda *_: "It depends.")


def model(name: str, role: str | None = None, **arguments: str) -> list[str]:
    """Overrides that put a model of this file in the place of the run's, or of one role's."""
    if role is None:
        given = (f"+model.{key}={value}" for key, value in arguments.items())
        return [f"model._target_={__name__}.{name}", "~model.slips", *given]
    spec = ",".join(
        f"{key}:{value}" for key, value in {"_target_": f"{__name__}.{name}", **arguments}.items()
    )
    return [f"agent.{role}.model={{{spec}}}"]


def test_a_good_configuration_is_reported_and_nothing_is_left(tmp_path: Path) -> None:
    done = run("scenario=tiny", folder=tmp_path)
    assert (done.returncode, done.stderr, left(tmp_path)) == (0, "", [])
    assert "for a Verdict: the record, in" in done.stdout
    assert "estimated from a rehearsal with the scripted model" in done.stdout
    assert done.stdout.splitlines()[-1].strip() == "every endpoint answers"


def test_the_users_mistakes_are_said_as_the_run_says_them(tmp_path: Path) -> None:
    done = run("scenario=tiny", "judges=[critic]", folder=tmp_path)
    assert (done.returncode, done.stdout, left(tmp_path)) == (2, "", [])
    (line,) = done.stderr.splitlines()
    assert line.startswith("config error: judges: got 'critic', there are roles")


def test_an_interrupted_check_leaves_nothing(tmp_path: Path) -> None:
    run("--help", folder=tmp_path)  # makes the folders
    process = subprocess.Popen(
        [sys.executable, "-m", "ptool.check", "scale=paper", "scenario=training"],
        cwd=tmp_path / "here", env={**os.environ, "TMPDIR": str(tmp_path / "scratch")},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not any(one.startswith("ptool-check-") for one in left(tmp_path)):
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout, left(tmp_path)) == (130, "", [])
    assert stderr.splitlines() == ["interrupted before anything was made"]


def test_every_endpoint_is_asked_once_and_one_that_fails_is_said() -> None:
    found = checked(*model("Failing", "verifier", kind="unauthorised"))
    first, second = sorted(found.trials, key=lambda one: one.fault or "")
    assert (first.fault, "verifier" in first.roles, first.usage.calls) == (None, False, 1)
    assert second.roles == ("verifier",)
    assert second.fault is not None
    assert second.fault.startswith("the key is refused: ")
    assert (found.exit_status, found.seconds) == (1, None)
    assert shown(found).splitlines()[-1] == "1 of 2 endpoints fail"


def test_an_agent_of_the_users_answers_a_question_of_its_role(tmp_path: Path) -> None:
    from autogen_agentchat.agents import AssistantAgent
    from autogen_agentchat.teams import RoundRobinGroupChat
    from ptool.models.gateway import GatewayClient

    members = [AssistantAgent(name, GatewayClient()) for name in ("drafter", "reviser")]
    files = {"judge": members[0], "pair": RoundRobinGroupChat(members, max_turns=2)}
    for name, agent in files.items():
        (tmp_path / f"{name}.json").write_text(agent.dump_component().model_dump_json())
    words = (f"++agent.{role}.component={tmp_path / file}.json" for role, file in
             (("verifier", "judge"), ("user", "pair")))  # fmt: skip
    found = checked(*words)
    said = " ".join(shown(found).split())
    assert "verifier is played by your AssistantAgent: it answered one question in 1 call of models (" in said
    assert "the estimate counts one call; it votes without having been tried" in said
    assert (
        "user is played by your RoundRobinGroupChat: it answered one question in 2 calls of models (" in said
    )
    assert found.exit_status == 0


def test_an_agent_that_cannot_answer_is_found_before_the_run(tmp_path: Path) -> None:
    from autogen_agentchat.agents import AssistantAgent
    from autogen_agentchat.teams import SelectorGroupChat
    from ptool.models.gateway import GatewayClient

    members: Any = [AssistantAgent(name, GatewayClient()) for name in ("one", "two")]
    team = SelectorGroupChat(members, GatewayClient(), max_turns=2)  # the scripted model selects nobody
    (tmp_path / "team.json").write_text(team.dump_component().model_dump_json())
    found = checked(f"++agent.assistant.component={tmp_path / 'team.json'}")
    (line,) = [str(trial) for trial in found.agents]
    assert line.startswith("assistant is played by your SelectorGroupChat, which FAILS: ")
    assert ("\n" in line, found.exit_status) == (False, 1)


SOLVERS = ("strangers=1", "consistency=1", *(f"+agent@agent.{one}={one}" for one in ("stranger", "solver")))


def test_an_endpoint_of_a_further_solver_is_tried_as_any_other() -> None:
    found = checked(*SOLVERS, *model("Rambling", "solver"), *model("Failing", "stranger", kind="timeout"))
    faults = {one.roles: one.fault or "" for one in found.trials if one.fault}
    assert set(faults) == {("solver",), ("stranger",)}
    assert faults["stranger",].startswith("no answer in time: ")
    assert {(one.stage, one.role) for one in found.lines} >= {("stranger", "stranger"), ("solver", "solver")}


def test_without_a_small_run_it_is_tried_and_who_takes_no_part_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any) -> None:
        raise PtoolError("the kit is on fire")

    monkeypatch.setattr("ptool.synthesis.dry_run.check.play_small", refuse)
    idle = ("strangers=0", *model("Failing", "stranger", kind="timeout"))
    found = checked(*SOLVERS, *model("Rambling", "solver"), *idle)
    tried = [one.roles for one in found.trials]
    assert ("solver",) in tried
    assert "stranger" not in {role for roles in tried for role in roles}


def test_gates_are_looked_at_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ptool.synthesis.pipeline.Participants", lambda *_: pytest.fail("too late"))
    with pytest.raises(ConfigError, match=r"gates: no gate 'beauty'; there are"):
        checked("gates=[beauty]")


def test_scenarios_that_are_held_out_are_looked_at_as_well() -> None:
    held_out = ("scenario@splits.unseen.scenario=finance", "splits.unseen.users=2")
    words = (*held_out, "splits.unseen.queries={garden: 4}", "++splits.unseen.scenario.name=garden")
    found = checked(*words, "splits.unseen.scenario.kit=null", *model("Rambling"))
    assert "scenario 'garden' has no kit, 'entertainment' was played in its place" in shown(found)
    with pytest.raises(PtoolError, match="kit: got 'nowhere', which is neither a folder"):
        checked(*words, "splits.unseen.scenario.kit=nowhere")


def test_an_answer_that_is_no_record_is_a_failure_and_asked_only_once() -> None:
    found = checked(*model("Rambling"))
    (trial,) = found.trials
    assert isinstance(trial.endpoint.client, Rambling)
    assert trial.endpoint.client.calls == 1
    assert trial.fault is not None
    assert trial.fault.startswith("it answers, but not with the record: ")
    assert found.exit_status == 1
    text = shown(found)
    assert "\x1b" not in text
    assert "[bold]model" in text  # no markup is read in it


def test_the_estimate_is_there_though_the_endpoint_fails() -> None:
    found = checked(*model("Failing", kind="connection"), "budget.calls=5")
    assert [(line.stage, line.role) for line in found.lines[:2]] == [
        ("qualification", "verifier"),  # which `ptool.run` tries before anything else
        ("api_tree", "designer"),
    ]
    assert found.trials[0].fault is not None
    assert found.trials[0].fault.startswith("unreachable: ")
    assert "kept" not in found.trials[0].fault
    assert found.budget[0].startswith("budget.calls=5: will not suffice, the run needs about 1")


def test_without_a_small_run_an_endpoint_is_asked_something_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise PtoolError("the kit is on fire")

    monkeypatch.setattr("ptool.synthesis.dry_run.check.play_small", refuse)
    found = checked(*model("Rambling"))
    assert (found.lines, found.trials[0].endpoint.client.calls) == ((), 1)  # type: ignore[attr-defined]
    assert "no estimate: the scripted model cannot rehearse this run (the kit is on fire)" in shown(found)


def caused(error: PtoolError, kind: Kind) -> PtoolError:
    error.__cause__ = AttemptError(kind, "x")
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyRefusedError("OPENAI_API_KEY is refused"), "the key is refused: OPENAI_API_KEY is refused"),
        (EndpointDownError("no answer for 5 s"), "unreachable: no answer for 5 s"),
        (UnreachableModelError("a\nb"), "unreachable: a b"),
        (caused(UnreachableModelError("late"), "timeout"), "no answer in time: late"),
        (caused(UnreachableModelError("boom"), "server"), "it fails: boom"),
        (RefusedRequestError("The model `gpt-9` does not exist"), "model not found: The model"),
        (RefusedRequestError("model 'x' not found, try pulling it"), "model not found: model 'x'"),
        (
            RefusedRequestError("This model's maximum context length is 4096 tokens"),
            "the question is too long for its context: This",
        ),
        (RefusedRequestError("temperature: unsupported"), "the request is refused: temperature"),
        (UnusableAnswerError("not JSON", "malformed"), "it answers, but not with the record: not JSON"),
    ],
)
def test_a_fault_is_one_line_that_begins_with_what_it_is(error: PtoolError, words: str) -> None:
    assert in_one_line(error).startswith(words)
