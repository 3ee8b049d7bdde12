"""The audit finds good judges good, and finds out those that sleep, obey, refuse everything or break down."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from ptool.cli.compose import Sources
from ptool.cli.progress import Progress
from ptool.environments.checks import choose_checks
from ptool.executors import LocalExecutor
from ptool.models.clients.base import role_of
from ptool.models.scripted import RoleRequest, ScriptedModel
from ptool.models.seeds import derive
from ptool.records import Finding, Verdict
from ptool.records.dataset_statistics import Audit
from ptool.settings import Settings, validated
from ptool.store import Ledger
from ptool.synthesis.context import RunContext
from ptool.synthesis.dataset.audit import run_audit
from ptool.synthesis.dataset.audit.injections import INJECTIONS
from ptool.synthesis.items import PopulationItems
from ptool.synthesis.pipeline import build_parts, synthesise
from ptool.synthesis.roles import Participants

YES = Verdict(ok=True)
NO = Verdict(ok=False, reasons=(Finding(code="wrong", blames="solution", message="It does not fit."),))
GOLD = [
    ("order_drink", {"item": "hot mochas", "quantity": 2, "hot": True, "address": "5 Mill Lane"}),
    ("list_orders", {}),
]


def strict(part: RoleRequest) -> Verdict:
    """Knows the gold of the café and accepts nothing else."""
    said = part.view("solution")
    calls = [
        (one["api"], {k: v for k, v in one["arguments"].items() if k != "snacks"}) for one in said["calls"]
    ]
    snacks = [one["arguments"].get("snacks") for one in said["calls"][:1]]
    good = said["platform"] == "BeanBar" and calls == GOLD[: len(calls)] and len(calls) == len(GOLD)
    return YES if good and snacks == [["nuts", "figs"]] else NO


def asleep(part: RoleRequest) -> Verdict:
    """Always says yes."""
    del part
    return YES


def contrary(part: RoleRequest) -> Verdict:
    """Always says no."""
    del part
    return NO


def broken(part: RoleRequest) -> Verdict:
    """Never gives a usable answer."""
    raise ValueError(f"no verdict from {part.role}")


def obedient(part: RoleRequest) -> Verdict:
    """Does what the data tells it, wherever it reads it."""
    read = " ".join(str(part.view(view)) for view in ("query", "profile.basic", "platforms"))
    if "Ignore all previous instructions" in read:
        return YES
    return NO if "Reject this sample" in read else strict(part)


def settings(*overrides: str) -> Settings:
    """The shipped configuration with overrides."""
    with initialize_config_module("ptool.conf", version_base="1.3"):
        container = OmegaConf.to_container(compose("config", list(overrides)), resolve=True)
    assert isinstance(container, dict)
    return validated({str(key): value for key, value in container.items()})


@pytest.fixture
def judged(cafe, tmp_path: Path) -> Callable[..., tuple[Audit, int, int]]:
    """Episodes of the café on trial: the audit, calls paid for, calls accounted under 'audit'."""

    def run(player: str, *overrides: str, samples: int = 3, ledger: str = "first") -> tuple[Audit, int, int]:
        chosen = settings("scenario=tiny", f"agent.verifier.player=test_audit.{player}", *overrides)
        participants = Participants(chosen)
        with Ledger(tmp_path / f"{ledger}.sqlite") as kept:
            participants.gateway.log = kept
            checks = choose_checks(chosen.checks)
            context = RunContext(
                chosen,
                participants,
                checks,
                kept,
                None,
                Progress(),
                executor=(executor := LocalExecutor(64)),  # type: ignore[arg-type]
            )
            executor.begin({"": PopulationItems(context, {"cafe": cafe.world()})}, lambda: None)  # type: ignore[arg-type]
            episodes = [cafe.episode(number=number) for number in range(1, samples + 1)]
            audit = asyncio.run(run_audit(context, episodes))
            paid = sum(one.calls for one in participants.gateway.usage.values())
            return (
                audit,
                paid,
                sum(one.calls for (stage, _), one in kept.usage().items() if stage == "audit"),
            )

    return run


def changed(audit: Audit) -> dict[str, tuple[int, int]]:
    return {row.place: (row.to_accepted, row.to_rejected) for row in audit.injections}


NONE_CHANGED = {"query": (0, 0), "profile": (0, 0), "platform": (0, 0)}


def test_a_strict_judge_catches_everything_and_raises_no_alarm(judged):
    audit, *_ = judged("strict")
    assert {row.kind: row.cases for row in audit.corruptions} == {
        "wrong_value": 6,
        "missing_parameter": 6,
        "extra_parameter": 6,
        "missing_call": 6,
        "extra_call": 6,
        "hallucinated_tool": 3,
        "other_user": 3,
        "other_platform": 3,
        "stale_address": 6,
        "contradiction": 0,  # the cafés know of nothing
        "wrong_order": 0,
    }
    assert all(row.by_judges == row.by_rules == row.caught == row.cases for row in audit.corruptions)
    assert all(row.example.startswith("cafe-u1-0001: ") for row in audit.corruptions if row.cases)
    assert (audit.samples, audit.clean, audit.false_alarms) == (3, 3, 0)
    assert changed(audit) == NONE_CHANGED
    # Every text is hidden in a good and in a corrupted sample; in the query the rules are asked as well.
    texts = audit.texts
    assert texts == len(INJECTIONS) >= 40
    assert {row.place: row.cases for row in audit.injections} == {
        "query": 3 * texts,
        "profile": 2 * texts,
        "platform": 2 * texts,
    }


def test_a_sleeping_judge_catches_nothing_and_the_rules_are_counted_all_the_same(judged):
    audit, *_ = judged("asleep")
    assert [row.by_judges for row in audit.corruptions] == [0] * len(audit.corruptions)
    assert all(row.by_rules == row.caught == row.cases for row in audit.corruptions)
    assert sum(row.cases for row in audit.corruptions) > 40
    assert (audit.false_alarms, changed(audit)) == (0, NONE_CHANGED)


def test_without_rules_the_judge_stands_alone(judged):
    asleep_alone, *_ = judged("asleep", "checks=[]")
    assert sum(row.by_rules + row.caught for row in asleep_alone.corruptions) == 0
    strict_alone, *_ = judged("strict", "checks=[]", ledger="second")
    assert all(
        (row.by_rules, row.by_judges, row.caught) == (0, row.cases, row.cases)
        for row in strict_alone.corruptions
    )


def test_a_judge_that_obeys_is_found_out(judged):
    audit, *_ = judged("obedient")
    # One text tells it to accept and one to reject; each is hidden once in every place.
    assert changed(audit) == {"query": (1, 1), "profile": (1, 1), "platform": (1, 1)}
    assert all(row.by_judges == row.cases for row in audit.corruptions)


def test_a_judge_that_objects_to_everything_is_one_false_alarm_a_sample(judged):
    audit, *_ = judged("contrary")
    assert (audit.clean, audit.false_alarms) == (3, 3)
    assert changed(audit) == NONE_CHANGED


def test_no_usable_answer_is_neither_an_objection_nor_an_acceptance(judged):
    audit, *_ = judged("broken", samples=1)
    assert sum(row.by_judges for row in audit.corruptions) == 0
    assert (audit.clean, audit.false_alarms) == (1, 1)
    assert changed(audit) == NONE_CHANGED


def test_one_of_several_judges_is_enough_to_object(judged):
    audit, *_ = judged("strict", "judges=[verifier,second]", *_second_judge("asleep"))
    assert all(row.by_judges == row.cases for row in audit.corruptions)
    audit, *_ = judged("strict", "judges=[verifier,second]", *_second_judge("obedient"), ledger="second")
    assert changed(audit) == {"query": (1, 1), "profile": (1, 1), "platform": (1, 1)}


def _second_judge(player: str) -> list[str]:
    own = {"name": "second", "player": f"test_audit.{player}", "model": "null", "prompt": "verifier.jinja"}
    return [
        "+agent.second._target_=ptool.agents.Role",
        "+agent.second.output=ptool.records.Verdict",
        "+agent.second.sampling={temperature:0.0}",
        "+agent.second.sees=${agent.verifier.sees}",
        *(f"+agent.second.{key}={value}" for key, value in own.items()),
    ]


def test_concurrency_decides_nothing_and_what_is_known_is_not_asked_again(judged):
    first, paid, accounted = judged("obedient", "concurrency=1")
    assert paid == accounted > 100
    again, paid_again, accounted_again = judged("obedient", "concurrency=64")
    assert again == first
    assert (paid_again, accounted_again) == (0, accounted)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[int, list[tuple[str, ...]]]:
    """Seed -> prompts the scripted verifier was shown with it, in their order."""
    prompts: dict[int, list[tuple[str, ...]]] = {}
    answer = ScriptedModel.answer

    def heard(self: ScriptedModel, texts: Sequence[str], seed: int) -> str:
        if role_of(texts) == "verifier":
            prompts.setdefault(seed, []).append(tuple(texts))
        return answer(self, texts, seed)

    monkeypatch.setattr(ScriptedModel, "answer", heard)
    return prompts


def test_a_run_puts_its_own_judges_on_trial(tmp_path: Path, asked: dict[int, list[tuple[str, ...]]]):
    size = ("scale=smoke", "users=6", "queries_per_user=10", "apis=8", "audit.samples=30")
    synthesise(
        build_parts(settings("scenario=training", *size, f"run.dir={tmp_path / 'run'}"), Sources()), Sources()
    )
    audit = Audit.model_validate(orjson.loads((tmp_path / "run" / "audit.json").read_bytes()))
    cases = sum(row.cases for row in audit.corruptions)
    assert audit.samples == audit.clean == 30
    assert cases > 300
    assert sum(row.caught for row in audit.corruptions) >= 0.99 * cases
    assert sum(row.by_judges for row in audit.corruptions) >= 0.99 * cases
    assert audit.false_alarms == 0
    assert changed(audit) == NONE_CHANGED
    # What is judged first, the untouched sample, is shown to the last letter as it was in its episode.
    tasks = map(orjson.loads, (tmp_path / "run" / "tasks.jsonl").read_bytes().splitlines())
    seeds = {derive(0, "audit", task["id"], "verifier") for task in tasks}
    in_episodes = {prompt for seed, prompts in asked.items() if seed not in seeds for prompt in prompts}
    audit_judges = {seed: prompts for seed, prompts in asked.items() if seed in seeds}
    assert len(audit_judges) == 30
    assert all(prompts[0] in in_episodes for prompts in audit_judges.values())
    assert not any(prompt in in_episodes for prompts in audit_judges.values() for prompt in prompts[1:])
