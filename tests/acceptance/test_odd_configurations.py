"""Unusual sizes and choices end with what they were asked for, or with one line that says why not."""

import pytest
from acceptance_bench import Bench, lines, manifest
from ptool.benchmark.reading import items
from ptool.evaluation.prompt import PromptWriter, visible_sample
from ptool.synthesis.dataset.gates import GATES

SHOP = ("scenario=shopping", "users=2", "queries_per_user=5")
TINY = ("scenario=tiny",)


@pytest.mark.parametrize(
    ("words", "made"),
    [
        ((*TINY, "users=1"), 5),
        ((*TINY, "queries_per_user=1"), 4),
        ((*SHOP, "platforms=2", "apis=5"), 10),
        ((*TINY, "apis=1"), 20),
        ((*TINY, "tree.depth=2", "tree.branching=4"), 20),
        ((*TINY, "assignment=per_user"), 20),
        ((*TINY, "assignment=single_pass"), 20),
        ((*TINY, "history.loyalty=0.51", "history.actions_per_context=1"), 20),
        ((*TINY, "task.profile_share=0"), 20),
        ((*TINY, "checks=[]", "judges=[]", "model.slips=0"), 20),
        ((*TINY, "max_rounds=0"), 20),
        (("scenario=training", "users=3", "queries_per_user=2"), 6),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else str(given),
)
def test_it_makes_what_was_asked_for(words: tuple[str, ...], made: int, here: Bench) -> None:
    done = here.run(*words, "run.dir=run")
    assert (done.status, done.faults, done.out.splitlines()[-1]) == (0, [], "run folder: run")
    run = here.folder / "run"
    funnel = manifest(run)["funnel"]
    kept, rejected = lines(run / "dataset/samples.jsonl"), lines(run / "dataset/rejected.jsonl")
    assert (funnel["made"], funnel["kept"], made - funnel["kept"]) == (made, len(kept), len(rejected))
    assert len(lines(run / "episodes.jsonl")) == made


def calls(here: Bench) -> list[list[str]]:
    """The APIs of every answer."""
    samples = lines(here.folder / "run/dataset/samples.jsonl")
    return [[api for call in one["answer"][1] for api in call] for one in samples]


def test_always_several_calls(here: Bench) -> None:
    here.run(*TINY, "run.dir=run", "task.multi_call=1", "task.repeat_call=0")
    assert all(len(set(apis)) >= 2 for apis in calls(here))


def test_always_the_same_api_twice(here: Bench) -> None:
    here.run(*TINY, "run.dir=run", "task.repeat_call=1")
    assert all(len(apis) == 2 and len(set(apis)) == 1 for apis in calls(here))
    for one in lines(here.folder / "run/dataset/samples.jsonl"):
        first, second = one["answer"][1]
        assert first != second


def test_defaults_are_left_where_there_are_any(here: Bench) -> None:
    here.run(*TINY, "queries_per_user=40", "run.dir=run", "task.default_rate=1")
    origins = [
        one["origin"] for s in lines(here.folder / "run/dataset/samples.jsonl") for one in s["origins"]
    ]
    assert origins.count("default") > 5


def test_a_loyal_user_stays_on_the_preferred_platform_of_each_context(here: Bench) -> None:
    here.run(*SHOP, "run.dir=run", "history.loyalty=1")
    for history in lines(here.folder / "run/histories.jsonl"):
        preferred = {one["context"]: one["platform"] for one in history["preferences"]}
        assert all(deed["platform"] == preferred[deed["context"]] for deed in history["actions"])


@pytest.mark.parametrize(
    ("format", "beside", "elsewhere"),
    [
        ("preferred_only", set(), False),
        ("rating_integrated", {"rating"}, True),
        ("chronological", {"date"}, True),
    ],
)
def test_histories_as_another_benchmark_shows_them(
    format: str, beside: set[str], elsewhere: bool, here: Bench
) -> None:
    """They are in every sample, and in the prompts of an evaluation."""
    done = here.run(*TINY, "run.dir=run", f"history.format={format}")
    assert (done.status, done.faults) == (0, [])
    histories = lines(here.folder / "run/histories.jsonl")
    preferred = {
        (one["user_id"], p["context"]): p["platform"] for one in histories for p in one["preferences"]
    }
    visits = [(one["user_id"], deed) for one in histories for deed in one["actions"]]
    assert any(deed["platform"] != preferred[user, deed["context"]] for user, deed in visits) == elsewhere
    for sample in lines(here.folder / "run/dataset/samples.jsonl"):
        for deed in sample["user_profile"]["user_history"]["tiny"]:
            assert deed.keys() == {"platform", "action"} | beside
    for item in items(here.folder / "run/dataset/samples.jsonl"):
        prompt = PromptWriter("python").prompt(visible_sample(item)).system
        assert all(f'"{key}":"' in prompt for key in ("platform", *beside))


def test_text_checks_alone_still_keep_the_platform_out_of_the_judges_hands(here: Bench) -> None:
    here.run(*TINY, "run.dir=run", "checks=[text]", "judges=[verifier]", "model.slips=0.5", "min_yield=0")
    for one in lines(here.folder / "run/dataset/rejected.jsonl"):
        assert {why["source"] for why in one["reasons"]} <= {"verifier", "text", "sandbox", *GATES}
