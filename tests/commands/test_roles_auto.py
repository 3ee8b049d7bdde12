"""`roles=auto`: the paper's roles for the scripted model, lean ones for others; who says otherwise wins."""

from __future__ import annotations

import pytest
import yaml
from ptool.cli.main import run_command
from ptool.settings import RECOGNISERS, Settings

LLM = ("model=openai_compatible", "model.base_url=http://127.0.0.1:9/v1", "model.model=m")
PAPER = ("propose", "user.jinja", ("verifier",), ())
LEAN = ("confirm", "user_lean.jinja", (), ("natural", "says_more", *RECOGNISERS))


def kind(settings: Settings) -> tuple[object, ...]:
    """Which roles a run has."""
    return settings.assistant, settings.agent["user"].prompt, settings.judges, settings.query_judges


def composed(*words: str) -> tuple[int, list[Settings]]:
    """Exit status, and the settings of every job."""
    given: list[Settings] = []
    return run_command(lambda: lambda settings, _: given.append(settings) or 0, words), given


CHOICES = [
    ((), PAPER),
    (("roles=auto",), PAPER),
    (("roles=lean",), LEAN),
    (("scenario=tiny", "roles=lean", "assistant=none"), ("none", *LEAN[1:3], LEAN[3][:2])),
    (LLM, LEAN),
    ((*LLM, "roles=auto"), LEAN),
    ((*LLM, "roles=paper"), PAPER),
    ((*LLM, "experiment=paper"), PAPER),
    ((*LLM, "task.plan=free"), PAPER),
    ((*LLM, "experiment=free_queries"), PAPER),
    ((*LLM, "assistant=none"), ("none", *LEAN[1:3], LEAN[3][:2])),
    ((*LLM, "assistant=propose"), ("propose", *LEAN[1:3], LEAN[3][:2])),
    ((*LLM, "judges=[verifier]", "query_gate=[]"), ("confirm", LEAN[1], ("verifier",), RECOGNISERS)),
]


@pytest.mark.parametrize(("words", "roles"), CHOICES, ids=lambda one: " ".join(map(str, one))[-50:])
def test_the_roles_are_those_the_model_can_play(words: tuple[str, ...], roles: tuple[object, ...]) -> None:
    status, [settings] = composed(*words)
    assert (status, kind(settings)) == (0, roles)
    assert set(settings.query_judges) <= set(settings.agent)


@pytest.mark.slow
@pytest.mark.parametrize(("words", "roles"), CHOICES, ids=lambda one: " ".join(map(str, one))[-50:])
def test_cfg_shows_what_a_run_would_use(
    words: tuple[str, ...], roles: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(lambda: lambda *_: 1, (*words, "--cfg", "job")) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert (shown["assistant"], shown["agent"]["user"]["prompt"], tuple(shown["judges"])) == roles[:3]


@pytest.mark.slow
def test_every_job_of_a_sweep_has_the_roles_of_its_model() -> None:
    status, jobs = composed("-m", "seed=1,2", *LLM[1:], "model=openai_compatible")
    assert (status, [one.seed for one in jobs], [kind(one) for one in jobs]) == (0, [1, 2], [LEAN, LEAN])
    status, jobs = composed("-m", "roles=auto,paper", *LLM)
    assert (status, [kind(one) for one in jobs]) == (0, [LEAN, PAPER])
    status, jobs = composed("-m", "assistant=confirm,none", *LLM)
    assert (status, [one.assistant for one in jobs]) == (0, ["confirm", "none"])


@pytest.mark.parametrize(
    "words",
    [
        ("assistant=confirm", "task.plan=free"),
        ("roles=lean", "task.plan=free"),
        (*LLM, "assistant=none", "experiment=free_queries"),
    ],
)
def test_code_cannot_solve_what_was_not_drawn(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    status, jobs = composed(*words)
    [line] = capsys.readouterr().err.splitlines()
    assert (status, jobs) == (2, [])
    assert line.startswith("config error: assistant: got '")
    assert line.endswith("with task.plan=free, which draws no calls to write; use assistant=propose")


@pytest.mark.slow
def test_roles_of_ones_own_stay_where_the_roles_are_composed_again(tmp_path, monkeypatch) -> None:
    (tmp_path / "mine" / "agent").mkdir(parents=True)
    (tmp_path / "mine" / "agent" / "outside.yaml").write_text(
        "_target_: ptool.agents.YesNoJudge\nname: outside\ncode: x\nprompt: natural.jinja\nsees: [query]\n"
    )
    monkeypatch.chdir(tmp_path)
    for way in (("--config-dir", "mine"), ("hydra.searchpath=[file://mine]",)):
        status, [settings] = composed(*way, *LLM, "query_gate=[outside]")
        assert (status, settings.query_judges) == (0, ("outside", *RECOGNISERS))
        status, [settings] = composed(*way, *LLM, "+agent@agent.outside=outside", "judges=[outside]")
        assert (status, settings.judges) == (0, ("outside",))
