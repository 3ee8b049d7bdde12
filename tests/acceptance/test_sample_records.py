"""Every record proves itself: valid, complete, each argument's evidence where it is said to be."""

import re
from functools import reduce
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from acceptance_bench import Bench, bench, lines
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from ptool.environments.world import compile_schema
from ptool.records import RejectedSample, Sample
from ptool.texts.values import same, within


def schemas(sample: Sample) -> dict[str, dict[str, Any]]:
    """API -> its schema, of the answer's platform; names of a platform's own APIs decide which."""
    own = next(one.apis for one in sample.platforms if one.name == sample.answer[0])
    place = [one.name for one in sample.platforms].index(sample.answer[0])
    before = sum(len(one.apis) for one in sample.platforms[:place])
    tools = [one["function"] for one in sample.tools[before : before + len(own)]]
    assert [one["name"] for one in tools] == list(own)
    return {one["name"]: one for one in tools}


def gold(sample: Sample) -> list[tuple[str, dict[str, Any]]]:
    """The calls of the answer: (API, arguments)."""
    calls = []
    for call in sample.answer[1]:
        ((api, arguments),) = call.items()
        assert all(len(accepted) == 1 for accepted in arguments.values())
        calls.append((api, {name: accepted[0] for name, accepted in arguments.items()}))
    return calls


def prove(record: dict[str, Any]) -> None:
    """Everything a sample claims."""
    sample = Sample.model_validate(record)
    assert len(sample.answer) == 2
    assert len(sample.tools) == sum(len(one.apis) for one in sample.platforms)
    tools, calls = schemas(sample), gold(sample)
    assert calls
    for api, arguments in calls:
        schema = tools[api]["parameters"]
        assert compile_schema(schema).is_valid(arguments), (api, arguments)
        assert set(schema.get("required", ())) <= set(arguments) <= set(schema["properties"])
        assert jsonschema_rs.meta.is_valid(schema)
    claimed = [(one.call, one.parameter) for one in sample.origins]
    assert sorted(claimed) == sorted(
        (i, name) for i, (_, arguments) in enumerate(calls) for name in arguments
    )
    assert len(set(claimed)) == len(claimed)
    assert set(sample.capabilities) == {api for api, _ in calls}
    assert all(sample.capabilities.values())
    for one in sample.origins:
        api, arguments = calls[one.call]
        assert same(arguments[one.parameter], one.value)
        stands(sample, one, tools[api]["parameters"]["properties"][one.parameter])
    for origin, names in (("query", sample.query_params), ("profile", sample.profile_params)):
        assert list(names) == [one.parameter for one in sample.origins if one.origin == origin]
    assert sample.scenario in sample.user_profile.user_history
    shown = {one.name for one in sample.platforms}
    for deed in sample.user_profile.user_history[sample.scenario]:
        assert set(deed) == {"platform", "action"}
        assert deed["platform"] in shown


def stands(sample: Sample, one: Any, schema: dict[str, Any]) -> None:
    """The evidence of one argument is where it is said to be."""
    evidence = one.evidence
    if one.origin == "query":
        start, end = evidence.span
        assert sample.query[start:end] == evidence.words
        assert evidence.words.strip()
        if isinstance(one.value, int | float) and not isinstance(one.value, bool) and "enum" not in schema:
            assert re.search(r"\w", evidence.words)
    elif one.origin == "profile":
        steps = evidence.path.split(".")
        held = reduce(lambda found, step: found[step], steps, sample.user_profile.model_dump())
        assert steps[0] == "basic_features"
        assert within(one.value, held)
        if isinstance(one.value, str) and len(one.value) > 3:
            assert one.value.casefold() not in sample.query.casefold()
    else:
        assert same(one.value, schema["default"])


CONFIGURATIONS = {
    "tiny": ("scenario=tiny",),
    "shopping": ("scenario=shopping", "users=3"),
    "free": ("scenario=tiny", "task.plan=free", "users=8"),
    "unseen": ("scenario=unseen", "users=3", "queries_per_user=6"),
    "several calls": ("scenario=travel", "users=2", "task.multi_call=0.6", "task.repeat_call=0.4"),
    "slips": ("scenario=tiny", "users=10", "model.slips=0.5"),
}


@pytest.mark.parametrize("words", CONFIGURATIONS.values(), ids=CONFIGURATIONS.keys())
def test_every_sample_is_proven(words: tuple[str, ...], here: Bench) -> None:
    assert here.run(*words, "run.dir=run", "min_yield=0.3").status == 0
    run = here.folder / "run"
    samples = lines(run / "dataset/samples.jsonl")
    for record in samples:
        prove(record)
    for record in lines(run / "dataset/rejected.jsonl"):
        assert RejectedSample.model_validate(record).reasons
    agrees(run, samples)


def agrees(run: Path, samples: list[dict[str, Any]]) -> None:
    """Samples are the tasks drawn: platform, calls, who says what; and each query is asked once."""
    tasks = {one["id"]: one for one in lines(run / "tasks.jsonl")}
    profiles = {one["profile"]["id"]: one["profile"] for one in lines(run / "profiles.jsonl")}
    assert len({one["id"] for one in samples}) == len(samples)
    assert len({(one["scenario"], one["query"].casefold()) for one in samples}) == len(samples)
    for sample in samples:
        task = tasks[sample["id"]]
        assert sample["user_profile"]["basic_features"] == profiles[task["user_id"]]["basic"]
        if task["plan"] == "guided":
            assert sample["answer"][0] == task["platform"]
            assert sorted(api for call in sample["answer"][1] for api in call) == sorted(
                call["api"] for call in task["calls"]
            )
            known = sorted(name for call in task["calls"] for name in call["known"])
            assert sorted(sample["profile_params"]) == known


@settings(max_examples=4, phases=[Phase.explicit, Phase.generate])  # a run a try: no shrinking
@given(seed=st.integers(0, 2**63 - 1), users=st.integers(1, 5), slips=st.sampled_from([0.0, 0.2]))
def test_whatever_the_seed(
    seed: int, users: int, slips: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        one = bench(tmp_path_factory.mktemp("seed"), patch)
        words = (
            f"seed={seed}",
            f"users={users}",
            f"model.slips={slips}",
            "queries_per_user=3",
            "min_yield=0",
        )
        assert one.run("scenario=tiny", "run.dir=run", *words).status == 0
        samples = lines(one.folder / "run/dataset/samples.jsonl")
        for record in samples:
            prove(record)
        agrees(one.folder / "run", samples)
