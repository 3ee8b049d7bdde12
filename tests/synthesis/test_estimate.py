"""The estimate against what runs really ask, and the arithmetic between small run and run."""

from dataclasses import replace
from math import prod
from pathlib import Path

import orjson
import pytest
from hydra import compose, initialize_config_module
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from ptool.cli.compose import Sources
from ptool.models.clients.chat_completions import ChatCompletions
from ptool.models.clients.fake import FakeModel
from ptool.models.endpoint import Endpoint
from ptool.records import Query, Verdict
from ptool.records.model_calls import Answer
from ptool.settings import Budget, Limits, Price, Settings, validated
from ptool.synthesis.dry_run.counters import (
    CallCount,
    CallCounter,
    CallGroup,
    Question,
    RolePrompts,
    common_beginning,
)
from ptool.synthesis.dry_run.endpoint_speed import EndpointSpeed
from ptool.synthesis.dry_run.estimate import EstimateLine, against_budget, cost, estimate, total, wall_time
from ptool.synthesis.dry_run.estimate import _top_down as top_down
from ptool.synthesis.dry_run.small_run import SmallRun, play_small, reduced
from ptool.synthesis.pipeline import build_parts, synthesise
from ptool.synthesis.population import PopulationPlan, population_plans
from ptool.trees.layers import layer_sizes, spread_evenly


def settings(*overrides: str) -> Settings:
    """The shipped configuration with overrides."""
    with initialize_config_module("ptool.conf", version_base="1.3"):
        container = OmegaConf.to_container(compose("config", list(overrides)), resolve=True)
    assert isinstance(container, dict)
    return validated({str(key): value for key, value in container.items()})


def played_small(run: Settings) -> SmallRun:
    return play_small(run, Sources(), build_parts(run, Sources()))


def played_and_estimated(run: Settings) -> tuple[SmallRun, tuple[EstimateLine, ...]]:
    parts = build_parts(run, Sources())
    small = play_small(run, Sources(), parts)
    given = parts.given_tree is not None
    return small, estimate(run, small, parts.participants.endpoints, given_tree=given)


def estimated(*overrides: str) -> dict[str, EstimateLine]:
    _, lines = played_and_estimated(settings(*overrides))
    return {line.role: line for line in lines}


class ElsewhereModel(FakeModel):
    """A model that is no scripted one: a small run must not ask it anything."""

    def __init__(self) -> None:
        super().__init__(lambda *_: pytest.fail("asked in a small run"))


ELSEWHERE = (f"model._target_={__name__}.ElsewhereModel", "~model.slips")


Lengths = dict[tuple[str, str], tuple[int, int, int]]
"""(stage, role) -> calls, tokens sent, tokens received"""


def asked_by(folder: Path, *overrides: str) -> Lengths:
    """What a real run asks, as its manifest says."""
    synthesise(build_parts(settings(*overrides, f"run.dir={folder / 'run'}"), Sources()), Sources())
    usage = orjson.loads((folder / "run" / "manifest.json").read_bytes())["notes"]["usage"]
    return {
        (stage, role): (one["calls"], one["prompt_tokens"], one["completion_tokens"])
        for stage, roles in usage.items()
        for role, one in roles.items()
    }


def expected_of(*overrides: str) -> Lengths:
    """The estimate of the same run."""
    _, lines = played_and_estimated(settings(*overrides))
    return {
        (line.stage, line.role): (line.calls, line.prompt_tokens, line.completion_tokens) for line in lines
    }


ROLES = ("stranger", "solver")
EVERYTHING = (
    *(f"+agent@agent.{role}={role}" for role in ROLES),  # the command looks them up by itself
    "scenario@splits.unseen.scenario=finance",
    "splits.unseen.users=14",
    "splits.unseen.queries={finance: 110}",
    "splits.untrained_users=3",
    "strangers=1",
    "consistency=1",
    "twins=true",
    "audit.samples=30",
)
SMALL = ("users=5", "splits.unseen.users=4", "splits.unseen.queries.finance=9", "audit.samples=8")


@pytest.mark.slow
def test_an_estimate_is_close_to_what_a_real_run_asks(tmp_path: Path) -> None:
    larger = ("scenario=shopping", "apis=6", "users=14", "queries_per_user=16", *EVERYTHING)
    real, found = asked_by(tmp_path, *larger), expected_of(*larger)
    assert found.keys() == real.keys() > {("twins", "verifier"), ("audit", "verifier"), ("solver", "solver")}
    for part, lengths in real.items():
        assert found[part] == pytest.approx(lengths, rel=0.08), part


@pytest.mark.slow
@pytest.mark.parametrize("asked", [(), (*EVERYTHING, *SMALL)])
def test_a_run_that_is_small_enough_is_played_whole(tmp_path: Path, asked: tuple[str, ...]) -> None:
    words = ("scenario=tiny", *asked)
    assert expected_of(*words) == asked_by(tmp_path, *words)


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
    found = played_small(settings("scenario=tiny", *critic, "judges=[verifier,critic]", *ELSEWHERE))
    totals = found.populations[""].totals
    assert (
        totals[CallGroup("episodes", "critic")].calls == totals[CallGroup("episodes", "verifier")].calls > 0
    )
    question = found.prompts["critic"].question
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
    found = played_small(settings(*overrides, "users=2", "queries_per_user=1", *ELSEWHERE))
    assert said in "".join(found.notes)
    assert found.populations[""].totals[CallGroup("episodes", "assistant")].calls >= 2


def test_trees_larger_than_a_kit_are_scaled_up() -> None:
    size = ("scenario=tiny", "users=2", "queries_per_user=1")
    fitting, larger = estimated(*size), estimated(*size, "platforms=6", "apis=18", *ELSEWHERE)
    assert larger["designer"].calls == 9 * fitting["designer"].calls
    assert larger["clusterer"].calls == 9 * fitting["clusterer"].calls
    assert larger["chooser"].calls == fitting["chooser"].calls


def test_a_tree_brought_along_is_taken_as_it_is_and_needs_no_designer(tmp_path: Path) -> None:
    size = ("users=2", "queries_per_user=1")
    synthesise(
        build_parts(settings("scenario=tiny", *size, f"run.dir={tmp_path / 'run'}"), Sources()), Sources()
    )
    own, foreign = tmp_path / "run" / "api_tree.json", tmp_path / "foreign.json"
    foreign.write_text(own.read_text().replace('"tiny', '"garden'))
    garden = ("++scenario.name=garden", "++scenario.kit=null", f"tree.file={foreign}", *ELSEWHERE)
    for words, playable in (
        (("scenario=tiny", f"tree.file={own}"), True),
        (("scenario=shopping", *garden), False),
    ):
        small, lines = played_and_estimated(settings(*size, *words))
        assert [line.role for line in lines][:2] == ["clusterer", "profile_writer"]
        assert small.populations[""].tree_factor == 1
        assert lines[0].calls < 6
        assert ("cannot be played" not in "".join(small.notes)) == playable


def test_a_tree_brought_along_leaves_only_that_of_the_held_out_to_be_designed(tmp_path: Path) -> None:
    size = ("scenario=tiny", "users=2", "queries_per_user=1")
    synthesise(build_parts(settings(*size, f"run.dir={tmp_path / 'run'}"), Sources()), Sources())
    tree = tmp_path / "run" / "api_tree.json"
    small, lines = played_and_estimated(
        settings(*size, *EVERYTHING, *SMALL, "splits.untrained_users=0", f"tree.file={tree}")
    )
    factors = {name: population.tree_factor for name, population in small.populations.items()}
    assert (lines[0].role, factors) == ("designer", {"": 1.0, "unseen": 1.0})
    assert lines[0].calls == small.populations["unseen"].totals[CallGroup("api_tree", "designer")].calls > 0


PLANS = st.builds(
    PopulationPlan,
    name=st.just(""),
    first_user=st.just(1),
    users=st.shared(st.integers(1, 500), key="users"),
    active_users=st.shared(st.integers(1, 500), key="users"),
    scenarios=st.just(("a", "b")),
    queries=st.integers(1, 300) | st.fixed_dictionaries({"a": st.integers(1, 900), "b": st.integers(1, 900)}),
)


@given(whole=PLANS)
def test_a_small_run_is_no_larger_than_the_run_and_large_enough_to_tell(whole: PopulationPlan) -> None:
    small = reduced(whole)
    assert min(whole.tasks, 100) <= small.tasks <= whole.tasks
    assert min(whole.users, 10) <= small.active_users <= small.users <= whole.users
    slots = list(small.query_slots([f"u{number}" for number in range(small.active_users)]))
    assert (len(slots), len(set(slots))) == (small.tasks, small.tasks)


def test_the_held_out_come_after_everybody_else_and_are_asked_more_than_is_wanted() -> None:
    _, unseen = population_plans(settings("scenario=tiny", *EVERYTHING, *SMALL))
    assert (unseen.first_user, unseen.users, unseen.queries) == (6, 4, {"finance": 12})  # 9 and a quarter


async def test_an_answer_is_counted_under_its_stage_and_hidden_instructions_apart() -> None:
    counter = CallCounter()
    for key, turn in enumerate(
        ("twins/a-twin/verifier/0", "audit/a:clean/verifier/0", "audit/a:x+y/verifier/0")
    ):
        answer = Answer(
            key.to_bytes(16), turn.split("/")[0], "verifier", turn, "e", "{}", "stop", 100, 7, None, None, 0.1
        )  # fmt: skip
        await counter.save_answer(answer)
        assert counter.find_answer(key.to_bytes(16)) is answer  # asked again, it is not paid again
    groups = (
        CallGroup("twins", "verifier"),
        CallGroup("audit", "verifier"),
        CallGroup("audit", "verifier", hidden=True),
    )
    assert counter.totals == dict.fromkeys(groups, CallCount(1, 100, 7))


@given(users=st.integers(1, 300), layers=st.integers(3, 6))
def test_answers_that_profiles_take_are_counted_as_the_tree_asks_for_them(users: int, layers: int) -> None:
    sizes = layer_sizes(users, layers)
    kept = spread_evenly(users, prod(sizes))
    ways = [{number // prod(sizes[level:]) for number in kept} for level in range(layers)]
    assert top_down(users, layers) == (
        sum(map(len, ways)),
        sum(len(way) * size for way, size in zip(ways, sizes, strict=True)),
    )


LINES = (
    EstimateLine("profiles", "profile_writer", 10, 1_000, 500, 0.25),
    EstimateLine("episodes", "user", 90, 9_000, 500, 0.5),
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
    budget = Budget.model_validate({"usd": None, "tokens": None, "calls": None} | limits)
    assert list(against_budget(LINES, budget)) == [said]


def test_one_unknown_price_makes_the_whole_unknown_and_never_zero() -> None:
    lines = (*LINES, replace(LINES[0], usd=None))
    assert total(lines).usd is None
    (said,) = against_budget(lines, Budget(usd=1_000.0, tokens=None, calls=None))
    assert "a price is unknown" in said


def remote(limits: Limits | None = None, price: Price | None = None) -> Endpoint:
    """An endpoint somewhere else; nobody calls it."""
    client = ChatCompletions(model="some-model", base_url="http://127.0.0.1:9/v1")
    return Endpoint(client, limits=limits or Limits(), price=price)


def test_a_price_is_for_a_million_tokens() -> None:
    assert cost(remote(price=Price(input=2.0, output=8.0)), 1_000_000, 500_000) == 6.0
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
    two = EndpointSpeed(2.0)
    speeds = {"profile_writer": two, "user": two}
    assert wall_time(one, LINES, several, speeds, {}, {}) == pytest.approx(seconds)
    assert wall_time(one, LINES, several, {"user": two}, {}, {}) is None


def test_what_an_endpoint_has_in_its_cache_takes_no_time() -> None:
    """Three quarters of what is sent repeat earlier prompts, and four fifths of that are not read."""
    speed = EndpointSpeed(0.0, a_token_sent=0.01, a_token_received=0.1, cached=0.8)
    shown = wall_time(
        settings("concurrency=1"), LINES[1:], {"default": remote()}, {"user": speed}, {}, {"user": 0.75}
    )
    assert shown == pytest.approx(9_000 * 0.01 * (1 - 0.8 * 0.75) + 500 * 0.1)


def test_prompts_repeat_what_one_of_the_latest_begins_with() -> None:
    prompts = RolePrompts()
    for texts in (["Role: user", "red tea"], ["Role: user", "red cup"], ["Role: other", "x"]):
        prompts.add(texts, "a", Query)
    sizes, shared = (18, 18, 13), (0, len("Role: user\nred "), len("Role: "))
    assert prompts.repeated_share == pytest.approx(sum(shared) / sum(sizes))


@given(st.text("ab", max_size=9), st.text("ab", max_size=9), st.text("ab", max_size=9))
def test_a_common_beginning_is_common_and_no_longer_one_is(common: str, one: str, other: str) -> None:
    one, other = common + one, common + other
    length = common_beginning(one, other)
    assert len(common) <= length <= min(len(one), len(other))
    assert one[:length] == other[:length]
    assert length == min(len(one), len(other)) or one[length] != other[length]


def test_the_question_kept_is_the_one_with_the_shortest_answer_and_no_correction() -> None:
    prompts = RolePrompts()
    prompts.add(["Role: user", "a long question"], "a" * 40, Query)
    prompts.add(["Role: user", "short"], "a" * 40, Query)
    prompts.add(["Role: user", "chatty"], "a" * 50, Query)
    prompts.add(["Role: user", "short", "wrong", "mend it"], "a", Query)
    assert prompts.question == Question("Role: user", "short", Query)
    assert (prompts.size, prompts.answer) == (len("Role: usershortwrongmend it"), 50)
