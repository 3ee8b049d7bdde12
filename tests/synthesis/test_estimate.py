"""The estimate against what runs really ask, and the arithmetic between rehearsal and run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from ptool.composition import Sources
from ptool.models.clients.chat_completions import ChatCompletions
from ptool.models.clients.fake import FakeModel
from ptool.models.clients.offline import role_of
from ptool.models.endpoint import Endpoint, Limits, Price
from ptool.models.scripted import ScriptedModel
from ptool.records import Query, Verdict
from ptool.settings import BudgetSettings, Settings, validated
from ptool.synthesis.crew import Crew
from ptool.synthesis.estimate import Line, against_budget, cost, estimate, total, wall_time
from ptool.synthesis.estimate import _top_down as top_down
from ptool.synthesis.pipeline import synthesise
from ptool.synthesis.rehearsal import Rehearsal, rehearse
from ptool.synthesis.understudy import Heard, Question
from ptool.trees.api_tree import ApiTree
from ptool.trees.graph_io import from_json
from ptool.trees.layer_sizes import layer_sizes, spread


def settings(*overrides: str) -> Settings:
    """The shipped configuration with overrides."""
    with initialize_config_module("ptool.conf", version_base="1.3"):
        container = OmegaConf.to_container(compose("config", list(overrides)), resolve=True)
    assert isinstance(container, dict)
    return validated({str(key): value for key, value in container.items()})


def rehearsed(one: Settings) -> Rehearsal:
    return rehearse(one, Sources(), Crew(one), None)


def estimated(*overrides: str) -> dict[str, Line]:
    one = settings(*overrides)
    lines = estimate(one, rehearsed(one), Crew(one).endpoints, given_tree=False)
    return {line.role: line for line in lines}


class ElsewhereModel(FakeModel):
    """A model that is no scripted one: a rehearsal must not ask it anything."""

    def __init__(self) -> None:
        super().__init__(lambda *_: pytest.fail("asked in a rehearsal"))


ELSEWHERE = (f"model._target_={__name__}.ElsewhereModel", "~model.slips")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Role -> calls of the scripted model, as they are made."""
    calls: Counter[str] = Counter()
    answer = ScriptedModel.answer

    def counted(self: ScriptedModel, texts: Sequence[str], seed: int) -> str:
        calls[role_of(texts) or ""] += 1
        return answer(self, texts, seed)

    monkeypatch.setattr(ScriptedModel, "answer", counted)
    return calls


def test_calls_are_within_fifteen_percent_of_a_real_run(tmp_path: Path, asked: Counter[str]) -> None:
    synthesise(settings("scenario=shopping", f"run.dir={tmp_path / 'run'}"), Sources())
    real = dict(asked)
    found = {role: line.calls for role, line in estimated("scenario=shopping").items()}
    assert found.keys() == real.keys()
    assert {role: found[role] / real[role] for role in real} == pytest.approx(
        dict.fromkeys(real, 1), abs=0.15
    )


def test_a_run_that_is_small_enough_is_played_whole(tmp_path: Path, asked: Counter[str]) -> None:
    synthesise(settings("scenario=tiny", f"run.dir={tmp_path / 'run'}"), Sources())
    real = dict(asked)
    assert {role: line.calls for role, line in estimated("scenario=tiny").items()} == real


class StrictVerdict(Verdict):
    """A verdict that asks for more than any script says."""

    confidence: float
    why: str


CRITIC = {
    "_target_": "ptool.agents.Role",
    "name": "critic",
    "prompt": "verifier.jinja",
    "output": f"{__name__}.StrictVerdict",
    "sees": "[scenario,platforms,solution.apis,profile.basic,profile.implicit,query,solution,"
    "solution.responses]",
}


def test_a_judge_without_a_script_agrees_and_no_model_of_the_run_is_asked() -> None:
    critic = (f"+agent.critic.{key}={value}" for key, value in CRITIC.items())
    found = rehearsed(settings("scenario=tiny", *critic, "judges=[verifier,critic]", *ELSEWHERE)).heard
    assert found["critic"].calls == found["verifier"].calls > 0
    question = found["critic"].question
    assert question is not None
    assert (question.output, question.system[:12]) == (StrictVerdict, "Role: critic")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("++scenario.name=garden", "++scenario.kit=null", "++scenario.members={}"), "'garden' has no kit"),
        (("scenario=shopping", "platforms=9", "apis=99", "tree.branching=20"), "at most 3 platforms of"),
        (("scenario=shopping", "tree.depth=4"), "in 2 layers"),
    ],
)
def test_what_kits_lack_is_played_by_others_and_said(overrides: tuple[str, ...], said: str) -> None:
    found = rehearsed(settings(*overrides, "users=2", "queries_per_user=1", *ELSEWHERE))
    assert said in "".join(found.notes)
    assert found.heard["assistant"].calls >= 2


def test_trees_larger_than_a_kit_are_scaled_up() -> None:
    size = ("scenario=tiny", "users=2", "queries_per_user=1")
    fitting, larger = estimated(*size), estimated(*size, "platforms=6", "apis=18", *ELSEWHERE)
    assert larger["designer"].calls == 9 * fitting["designer"].calls
    assert larger["clusterer"].calls == 9 * fitting["clusterer"].calls
    assert larger["chooser"].calls == fitting["chooser"].calls


def test_a_tree_brought_along_is_taken_as_it_is_and_needs_no_designer(tmp_path: Path) -> None:
    size = ("users=2", "queries_per_user=1")
    made = settings("scenario=tiny", *size, f"run.dir={tmp_path / 'run'}")
    synthesise(made, Sources())
    text = (tmp_path / "run" / "api_tree.json").read_text()
    foreign = tmp_path / "foreign.json"
    foreign.write_text(text.replace('"tiny', '"garden'))
    other = ("++scenario.name=garden", "++scenario.kit=null", f"tree.file={foreign}", *ELSEWHERE)
    for one in (made, settings("scenario=shopping", *size, *other)):
        crew = Crew(one)
        brought = ApiTree(
            from_json(text.encode(), "") if one is made else from_json(foreign.read_bytes(), "")
        )
        found = rehearse(one, Sources(), crew, brought)
        lines = estimate(one, found, crew.endpoints, given_tree=True)
        assert [line.role for line in lines][:2] == ["clusterer", "profile_writer"]
        assert found.played.trees == 1
        assert lines[0].calls < 6
        assert ("cannot be played" in "".join(found.notes)) == (one is not made)


@given(users=st.integers(1, 300), layers=st.integers(3, 6))
def test_answers_that_profiles_take_are_counted_as_the_tree_asks_for_them(users: int, layers: int) -> None:
    sizes = layer_sizes(users, layers)
    kept = spread(users, prod(sizes))
    ways = [{number // prod(sizes[level:]) for number in kept} for level in range(layers)]
    assert top_down(users, layers) == (
        sum(map(len, ways)),
        sum(len(way) * size for way, size in zip(ways, sizes, strict=True)),
    )


LINES = (
    Line("profiles", "profile_writer", 10, 1_000, 500, 0.25),
    Line("episodes", "user", 90, 9_000, 500, 0.5),
)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"calls": 99}, "budget.calls=99: will not suffice, the run needs about 100"),
        (
            {"calls": 100},
            "budget.calls=100: may not suffice, the run needs about 100 and what models get wrong",
        ),
        ({"calls": 125}, "budget.calls=125: suffices, the run needs about 100"),
        ({"tokens": 10_999}, "budget.tokens=10,999: will not suffice, the run needs about 11,000"),
        ({"usd": 0.5}, "budget.usd=0.5: will not suffice, the run needs about 0.75"),
    ],
)
def test_a_budget_is_compared_with_what_the_run_needs(limits: dict[str, float], said: str) -> None:
    budget = BudgetSettings.model_validate({"usd": None, "tokens": None, "calls": None} | limits)
    assert list(against_budget(LINES, budget)) == [said]


def test_one_unknown_price_makes_the_whole_unknown_and_never_zero() -> None:
    lines = (*LINES, replace(LINES[0], usd=None))
    assert total(lines).usd is None
    (said,) = against_budget(lines, BudgetSettings(usd=1_000.0, tokens=None, calls=None))
    assert "a price is unknown" in said


def remote(limits: Limits | None = None, price: Price | None = None) -> Endpoint:
    """An endpoint somewhere else; nobody calls it."""
    client = ChatCompletions(model="some-model", base_url="http://127.0.0.1:9/v1")
    return Endpoint(client, limits=limits or Limits(), price=price)


def test_a_price_is_for_a_million_tokens() -> None:
    assert cost(remote(price=Price(2.0, 8.0)), 1_000_000, 500_000) == 6.0
    assert cost(remote(), 1_000_000, 500_000) is None
    assert cost(Endpoint(FakeModel(lambda *_: "{}")), 10, 10) == 0.0


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        (
            Limits(),
            10 * 2 / 5 + 90 * 2 / 8,
        ),  # profiles: half of them at once; episodes: the run's concurrency
        (Limits(concurrency=1), 200.0),
        (Limits(requests_per_minute=10), 600.0),
        (Limits(tokens_per_minute=1_000), 660.0),
    ],
)
def test_wall_time_follows_concurrency_and_limits(limits: Limits, seconds: float) -> None:
    one, several = settings("concurrency=8"), {"default": remote(limits)}
    assert wall_time(one, LINES, several, {"profile_writer": 2.0, "user": 2.0}) == pytest.approx(seconds)
    assert wall_time(one, LINES, several, {"user": 2.0}) is None


def test_the_question_kept_is_the_one_with_the_shortest_answer_and_no_correction() -> None:
    heard = Heard()
    long, short, chatty = (Question("Role: user", text, Query) for text in ("long", "short", "chatty"))
    heard.note(900, 40, long)
    heard.note(700, 40, short)
    heard.note(100, 50, chatty)
    heard.note(990, 1, None)
    assert (heard.calls, heard.question, heard.longest) == (4, short, 990)
    assert (heard.prompt_tokens, heard.completion_tokens) == (2_690, 131)
