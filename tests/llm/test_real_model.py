"""A real language model gets through every stage, in a scenario nobody wrote a kit for.

Which model: `PTOOL_TEST_GGUF` is a file for `model=local`; `PTOOL_TEST_BASE_URL` and `PTOOL_TEST_MODEL` name
an endpoint; `PTOOL_TEST_SETTINGS` holds further settings, such as "model.threads=1". What it says cannot be
foreseen, so only what must hold for every model is asserted. `-s` shows what it made.
"""

import json
import os
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from ptool.records import Episode, RejectedSample, Sample

GGUF, BASE_URL, MODEL = (os.environ.get(f"PTOOL_TEST_{name}") for name in ("GGUF", "BASE_URL", "MODEL"))

pytestmark = [
    pytest.mark.llm,
    pytest.mark.skipif(
        not (GGUF or (BASE_URL and MODEL)), reason="set PTOOL_TEST_GGUF, or PTOOL_TEST_BASE_URL and _MODEL"
    ),
]

WORLD = (
    "scenario=custom",
    "scenario.name=gardening",
    "scenario.description='People who look after a garden order plants, book help and plan their work.'",
    "scale=smoke",
    "apis=2",
    "users=1",
    "queries_per_user=2",
    "history.actions_per_context=2",
    "max_rounds=1",
    "concurrency=2",
)
FILES = (
    *("api_tree.json", "feature_tree.json", "profiles.jsonl", "histories.jsonl", "tasks.jsonl"),
    *("episodes.jsonl", "dataset/samples.jsonl", "dataset/rejected.jsonl", "manifest.json"),
)


def who() -> tuple[str, ...]:
    if GGUF:
        return ("model=local", f"model.file='{GGUF}'")
    return ("model=openai_compatible", f"model.base_url='{BASE_URL}'", f"model.model='{MODEL}'")


def start(run: Path) -> subprocess.CompletedProcess[str]:
    words = (*who(), *WORLD, *shlex.split(os.environ.get("PTOOL_TEST_SETTINGS", "")), f"run.dir='{run}'")
    command = [sys.executable, "-m", "ptool.run", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=run.parent)


def lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def calls(run: Path) -> int:
    with sqlite3.connect(f"file:{run / 'ledger.sqlite'}?mode=ro", uri=True) as ledger:
        return ledger.execute("SELECT count(*) FROM calls").fetchone()[0]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One run of the whole pipeline, started again where the model got a tree wrong, as a user would."""
    folder = tmp_path_factory.mktemp("llm") / "run"
    for attempt in range(3):
        done = start(folder)
        if done.returncode != 1:
            break
        print(f"start {attempt + 1}: {done.stderr.strip().splitlines()[-1]}")
    print(done.stdout)
    assert done.returncode in (0, 3), done.stderr
    yield folder


def test_every_stage_left_its_file(run: Path) -> None:
    assert [name for name in FILES if not (run / name).is_file()] == []
    assert len(lines(run / "profiles.jsonl")) == 1
    assert all(lines(run / name) for name in ("histories.jsonl", "tasks.jsonl", "episodes.jsonl"))


def test_the_funnel_adds_up(run: Path) -> None:
    funnel = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["funnel"]
    samples, rejected = lines(run / "dataset/samples.jsonl"), lines(run / "dataset/rejected.jsonl")
    made = funnel.pop("made")
    assert made == sum(funnel.values()) == len(lines(run / "tasks.jsonl"))
    assert (funnel["kept"], made - funnel["kept"]) == (len(samples), len(rejected))


def test_every_call_is_in_the_ledger_and_none_is_paid_twice(run: Path) -> None:
    before, content = calls(run), [(run / name).read_bytes() for name in FILES[:-1]]
    assert before >= 8
    assert start(run).returncode in (0, 3)
    assert calls(run) == before
    assert [(run / name).read_bytes() for name in FILES[:-1]] == content


def test_what_was_kept_is_valid_and_what_was_rejected_has_its_reasons(run: Path) -> None:
    episodes = {one["id"]: Episode.model_validate(one) for one in lines(run / "episodes.jsonl")}
    for record in lines(run / "dataset/samples.jsonl"):
        sample = Sample.model_validate(record)
        assert episodes[sample.id].status == "accepted"
        proven(sample)
    for record in lines(run / "dataset/rejected.jsonl"):
        rejected = RejectedSample.model_validate(record)
        assert rejected.reasons
        assert episodes[rejected.id].status == "rejected"


def proven(sample: Sample) -> None:
    """Its calls satisfy their schemas, and every argument from the query stands in the query."""
    platform, answer = sample.answer
    own = next(one.apis for one in sample.platforms if one.name == platform)
    schemas = {one["function"]["name"]: one["function"]["parameters"] for one in sample.tools}
    for call in answer:
        ((api, accepted),) = call.items()
        assert api in own
        jsonschema_rs.validate(schemas[api], {name: values[0] for name, values in accepted.items()})
    for one in sample.origins:
        if one.origin == "query":
            assert one.evidence.span is not None
            assert sample.query[slice(*one.evidence.span)] == one.evidence.words
