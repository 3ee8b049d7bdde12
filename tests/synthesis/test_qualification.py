"""Which judges earn a vote, what `ptool.check` says of the roles, and when a run warns."""

import asyncio
import io
import json
import random
import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from ptool.cli.compose import Sources
from ptool.cli.progress import SILENT, Progress, StreamDisplay
from ptool.models import prompt_blocks as blocks
from ptool.models.clients.base import OfflineModel, role_of
from ptool.models.scripted import Library, Player, ScriptedModel
from ptool.models.scripted.kit import shipped_kits
from ptool.records import Episode, Turn, Usage
from ptool.settings import Settings, validated
from ptool.store import read_jsonl
from ptool.synthesis.commands import synthesise
from ptool.synthesis.dry_run.check import CheckResult, check_run, report
from ptool.synthesis.dry_run.counters import MOST_QUESTIONS, RolePrompts
from ptool.synthesis.dry_run.qualification import RoleTrial, qualification, untried_judges
from ptool.synthesis.dry_run.role_trials import RoleTrials
from ptool.synthesis.dry_run.small_run import SolvedTask, play_solved_tasks
from ptool.synthesis.first_answers import FirstAnswers, first_answers_of
from ptool.synthesis.roles import Participants
from rich.console import Console

TASKS = 6
LEAN = ("roles=lean", "agent@agent.user=user", "assistant=none")
"""Lean judges; the paper's user, whom the scripted model can play."""


def settings(*overrides: str) -> Settings:
    words = ["scenario=tiny", "users=3", "queries_per_user=2", f"qualification={TASKS}", *overrides]
    with initialize_config_module("ptool.conf", version_base="1.3"):
        config = OmegaConf.to_container(compose("config", words), resolve=True)
    assert isinstance(config, dict)
    return validated({str(key): value for key, value in config.items()})


def by(way: str) -> tuple[str, ...]:
    """Overrides that let judges vote in one way."""
    solved()  # not while an event loop runs
    return (f"model._target_={__name__}.Voter", "~model.slips", f"+model.way={way}")


@cache
def solved() -> tuple[SolvedTask, ...]:
    return tuple(play_solved_tasks(settings(), Sources(), TASKS))


class Voter(OfflineModel):
    """No language model, and taken for one: judges vote in one way, everybody else is the scripted model."""

    note = "a voter"

    def __init__(self, players: Mapping[str, Player] | None = None, way: str = "perfect") -> None:
        super().__init__()
        self._scripted = ScriptedModel(Library(shipped_kits()), players=players)
        self._way = way

    def answer(self, texts: Sequence[str], seed: int) -> str:
        role, shown = role_of(texts) or "", blocks.read("\n".join(texts[:2]))
        if role in ("user", "assistant") and self._way == "silent":
            return "I would rather not say."
        if role == "verifier":
            ok = self._yes(self._text(shown), json.loads(shown["solution"])["calls"], seed)
            return json.dumps({"ok": ok, "reasons": []})
        if role in ("natural", "says_more"):
            return json.dumps({"letter": "yes" if self._yes(self._text(shown), None, seed) else "no"})
        if role in ("recognise_need", "recognise_call"):
            return json.dumps({"letter": "A"})
        return self._scripted.answer(texts, seed)

    @staticmethod
    def _text(shown: Mapping[str, str]) -> str:
        query = json.loads(shown["query"])
        return query["text"] if isinstance(query, dict) else query

    def _yes(self, text: str, calls: Any, seed: int) -> bool:
        match self._way:
            case "always_no":
                return False
            case "random":
                return random.Random(seed).random() < 0.5
            case "perfect":
                return any(
                    task.episode.query is not None
                    and task.episode.query.text == text
                    and (
                        calls is None
                        or _names(calls) == _names(task.episode.model_dump()["solution"]["calls"])
                    )
                    for task in solved()
                )
        return True


def _names(calls: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(call["api"]) for call in calls]


def silent_judges(*overrides: str) -> dict[str, str]:
    chosen = settings(*overrides)
    participants = Participants(chosen)
    tasks = qualification(chosen, Sources(), participants)
    assert tasks is not None
    return asyncio.run(tasks.silent(participants, Progress(SILENT)))


def test_one_sees_how_far_it_is() -> None:
    chosen = settings(*LEAN, *by("perfect"))
    participants = Participants(chosen)
    tasks = qualification(chosen, Sources(), participants)
    assert tasks is not None
    shown = io.StringIO()
    asyncio.run(tasks.silent(participants, Progress(StreamDisplay(shown))))
    planned = len(tasks.judges) * 2 * len(tasks.tasks)
    assert shown.getvalue().startswith(
        f"qualification: started ({planned})\nqualification: {planned} of {planned} in "
    )


@pytest.mark.parametrize("roles", [("roles=paper",), LEAN], ids=["paper", "lean"])
def test_a_judge_that_tells_right_from_spoilt_votes(roles: tuple[str, ...]) -> None:
    assert silent_judges(*roles, *by("perfect")) == {}


@pytest.mark.parametrize(
    ("way", "figures"),
    [
        ("always_yes", f"objects to 0 of {TASKS} spoilt tasks and to 0 of {TASKS} right ones"),
        ("always_no", f"objects to {TASKS} of {TASKS} spoilt tasks and to {TASKS} of {TASKS} right ones"),
    ],
)
def test_one_that_always_says_the_same_does_not(way: str, figures: str) -> None:
    assert silent_judges("roles=paper", *by(way)) == {"verifier": figures}
    assert silent_judges(*LEAN, *by(way)) == {"natural": figures, "says_more": figures}


def test_one_that_takes_the_first_letter_or_any_does_not() -> None:
    roles = (f"+agent@agent.{name}={name}" for name in ("recognise_need", "recognise_call"))
    recognisers = (*LEAN, "assistant=confirm", *roles)
    assert set(silent_judges(*recognisers, *by("perfect"))) == {"recognise_need", "recognise_call"}
    at_random = silent_judges("roles=paper", "qualification=40", *by("random"))
    assert set(at_random) == {"verifier"}
    assert at_random == silent_judges("roles=paper", "qualification=40", *by("random"))


def test_nobody_is_tried_for_the_scripted_model_or_without_tasks() -> None:
    for chosen in (settings("roles=paper"), settings("roles=paper", "qualification=0", *by("perfect"))):
        assert qualification(chosen, Sources(), Participants(chosen)) is None


def run(folder: Path, *overrides: str) -> tuple[int, dict[str, Any]]:
    status = synthesise(settings(f"run.dir={folder}", *overrides), Sources())
    return status, json.loads((folder / "manifest.json").read_text())["notes"]


def calls(folder: Path) -> dict[str, int]:
    with sqlite3.connect(f"file:{folder / 'ledger.sqlite'}?mode=ro", uri=True) as ledger:
        return dict(ledger.execute("SELECT stage, count(*) FROM calls GROUP BY stage"))


def test_a_run_whose_judges_are_all_silent_ends_with_a_dataset_and_asks_nothing_again(tmp_path: Path) -> None:
    status, notes = run(tmp_path / "run", *LEAN, *by("always_no"))
    assert (status, set(notes["judges_without_vote"])) == (0, {"natural", "says_more"})
    before = calls(tmp_path / "run")
    assert before["qualification"] == 2 * 2 * TASKS  # two judges, a right and a spoilt query each
    assert list(read_jsonl(tmp_path / "run/dataset/samples.jsonl"))
    card = (tmp_path / "run/dataset/README.md").read_text()
    assert "code writes the solution" in card
    assert f"| `natural` | objects to {TASKS} of {TASKS} spoilt tasks" in card
    assert run(tmp_path / "run", *LEAN, *by("always_no"))[1] == notes
    assert calls(tmp_path / "run") == before


def test_the_same_judges_have_their_vote_without_a_qualification(tmp_path: Path) -> None:
    status, notes = run(tmp_path / "run", *LEAN, *by("always_no"), "qualification=0")
    assert (status, notes["judges_without_vote"]) == (3, {})
    assert "qualification" not in calls(tmp_path / "run")
    assert notes["first_answers"] == {"user": {"accepted": 0, "of": 6}}
    log = (tmp_path / "run/run.log").read_text()
    assert log.count("of the first answers of the user 0 of 6 were accepted, less than half") == 1


def test_who_votes_untried_is_said_and_who_does_not_vote_is_not() -> None:
    for words, voters in (
        (("roles=lean", "assistant=none", *by("perfect")), ("natural", "says_more")),
        (("roles=lean", "query_gate=[]", "assistant=none", *by("perfect")), ()),
        (("roles=lean", "judges=[]", "query_gate=[]", "assistant=none", *by("perfect")), ()),
        (("roles=paper", *by("perfect")), ("verifier",)),
        (("roles=paper", "judges=[]", *by("perfect")), ()),
        (("roles=paper",), ()),
    ):
        chosen = settings(*words, "qualification=0")
        assert untried_judges(chosen, Participants(chosen)) == voters
        tried = settings(*words)
        assert untried_judges(tried, Participants(tried)) == ()


def test_a_scripted_run_counts_first_answers_and_warns_of_nobody(tmp_path: Path) -> None:
    _, notes = run(tmp_path / "run", "model.slips=0")
    assert notes["first_answers"] == {role: {"accepted": 6, "of": 6} for role in ("assistant", "user")}
    assert "first answers" not in (tmp_path / "run/run.log").read_text()


def checked(*overrides: str) -> tuple[CheckResult, str]:
    result, screen = check_run(settings(*overrides), Sources()), io.StringIO()
    report(result, Console(width=400, file=screen))
    return result, screen.getvalue()


def test_the_check_shows_every_role_and_advises() -> None:
    result, text = checked("roles=paper", *by("perfect"))
    assert result.roles is not None
    tried = {trial.role: trial for trial in result.roles.trials}
    assert {"designer", "clusterer", "profile_writer", "chooser", "actor", "user", "assistant"} < set(tried)
    assert all(
        trial.right == trial.of > 0 for name, trial in tried.items() if not name.startswith("recognise")
    )
    assert (tried["verifier"].caught, tried["verifier"].spoilt) == (TASKS, TASKS)
    rows = [line.split() for line in text.splitlines()]
    assert ["verifier", "6", "of", "6", "0", "of", "6"] in [row[:7] for row in rows]
    assert ["assistant", "6", "of", "6"] in [row[:4] for row in rows]
    advice = next(line for line in text.splitlines() if line.startswith("advice: "))
    assert advice.startswith(
        "advice: assistant=propose (it solves 6 of 6); the user is above the floor (6 of 6"
    )


def test_the_check_names_who_is_not_up_to_its_role() -> None:
    _, text = checked(*LEAN, *by("silent"))
    advice = next(line for line in text.splitlines() if line.startswith("advice: "))
    assert "assistant=none" in advice
    assert "query_gate=[] (natural, says_more: no better than chance)" in advice
    assert "the user needs roles=lean, or another model (0 of 6, the floor is 50%)" in advice


def test_the_check_says_nothing_of_roles_for_the_scripted_model_or_without_tasks() -> None:
    for words in (("roles=paper",), ("roles=paper", "qualification=0", *by("perfect"))):
        result, text = checked(*words)
        assert result.roles is None
        assert "advice" not in text


def test_a_role_that_is_too_slow_is_stopped_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ptool.synthesis.dry_run.role_trials.ROLE_SECONDS", -1.0)
    result, text = checked("roles=paper", *by("perfect"))
    assert result.roles is not None
    assert all((trial.of, trial.told) == (0, False) for trial in result.roles.trials)
    assert f"user: 0 of {TASKS} tasks, -1 s" in text
    assert "verifier: no better than chance" not in text  # nothing is known of it


def trial(role: str, right: int, of: int, caught: int = 0, spoilt: int = 0) -> RoleTrial:
    return RoleTrial(role, spoilt > 0, right, of, caught, spoilt, of + spoilt, Usage(), 1.0)


@pytest.mark.parametrize(
    ("trials", "advice"),
    [
        ([trial("assistant", 8, 10)], "assistant=propose"),
        ([trial("assistant", 7, 10)], "assistant=none"),
        (
            [trial("recognise_need", 9, 10, 6, 10), trial("recognise_call", 10, 10, 4, 10)],
            "assistant=confirm",
        ),
        ([trial("recognise_need", 9, 10, 6, 10), trial("recognise_call", 9, 10, 4, 10)], "assistant=none"),
    ],
)
def test_who_writes_solutions_follows_from_what_roles_can_do(trials: list[RoleTrial], advice: str) -> None:
    assert RoleTrials(settings("roles=paper"), tuple(trials)).advice().startswith(advice)


@pytest.mark.parametrize(
    ("objections", "votes"),  # to spoilt and to right ones, of so many each
    [
        ((5, 3, 6), False),  # a third more, and as likely as not
        ((3, 0, 3), True),
        ((2, 0, 2), False),  # two tasks prove nothing
        ((4, 0, 10), True),
        ((4, 1, 10), False),
        ((6, 2, 10), True),
        ((0, 6, 10), False),
        ((30, 10, 100), False),  # certain, and of no use
    ],
)
def test_a_vote_needs_more_than_luck(objections: tuple[int, int, int], votes: bool) -> None:
    caught, alarms, of = objections
    assert trial("judge", of - alarms, of, caught, of).qualified == votes


def test_of_many_questions_the_same_few_are_kept_in_any_order() -> None:
    asked = [("system", f"question {number}") for number in range(3 * MOST_QUESTIONS)]
    one, other = RolePrompts(), RolePrompts()
    for texts in asked:
        one.add(texts, "{}", Usage)
    for texts in reversed(asked):
        other.add(texts, "{}", Usage)
    assert len(one.questions) == MOST_QUESTIONS
    assert one.questions == other.questions


def test_a_first_answer_counts_when_the_dialogue_goes_on_from_it() -> None:
    def episode(status: str, *roles: str) -> Episode:
        base = solved()[0].episode
        turns = tuple(Turn(role=role, round=0, output={}) for role in roles)
        return base.model_copy(update={"status": status, "turns": turns})

    answers = FirstAnswers()
    answers.add(first_answers_of(episode("accepted", "user", "assistant", "verifier")))
    answers.add(first_answers_of(episode("accepted", "user", "user", "assistant", "assistant")))
    answers.add(first_answers_of(episode("rejected", "user", "natural")))
    assert answers.as_dict() == {
        "assistant": {"accepted": 1, "of": 2},
        "user": {"accepted": 1, "of": 3},
    }
