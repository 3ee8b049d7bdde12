"""What a dataset is asked to be: gates count what they stop, floors are kept, every sample can be found."""

from collections import Counter
from hashlib import blake2b
from typing import Any

import orjson
import pytest
from acceptance_bench import Bench, lines

STRICT = ("scenario=tiny", "queries_per_user=20", "run.dir=run")


def statistics(here: Bench) -> dict[str, Any]:
    return orjson.loads((here.folder / "run/statistics.json").read_bytes())


def test_the_funnel_adds_up_and_every_gate_says_what_it_stopped(here: Bench) -> None:
    here.run(*STRICT, "consistency=2", "strangers=1")
    run, found = here.folder / "run", statistics(here)
    kept, rejected = lines(run / "dataset/samples.jsonl"), lines(run / "dataset/rejected.jsonl")
    funnel = found["funnel"]
    made = funnel.pop("made")
    assert made == sum(funnel.values()) == 80
    assert (funnel["kept"], made - funnel["kept"]) == (len(kept), len(rejected))
    stopped = Counter(code for one in rejected for code in {reason["code"] for reason in one["reasons"]})
    gates = {row["gate"]: row for row in found["gates"]}
    # Every third or so of 80 has a slip of one of two further solvers in it: 5 % each.
    assert 0 < gates["consistency"]["rejected"] == stopped["gate.consistency"] < 40
    accepted = funnel["kept"] + funnel["gate_rejected"]
    assert {gates[name]["judged"] for name in gates if name != "near_duplicates"} == {accepted}
    assert (found["necessity"]["asked"], found["necessity"]["solved"]) == (accepted, 0)
    assert {reason["source"] for one in rejected for reason in one["reasons"]} >= {"consistency"}


def test_a_gate_that_is_not_asked_for_stops_nothing(here: Bench) -> None:
    here.run(*STRICT, "consistency=2", "gates=[grounding,leak]")
    assert [row["gate"] for row in statistics(here)["gates"]] == ["grounding", "leak"]
    assert statistics(here)["funnel"]["gate_rejected"] == 0


def test_the_index_finds_every_sample(here: Bench) -> None:
    here.run(*STRICT, "splits.untrained_users=1", "splits.test_share=0.2", "twins=true")
    folder = here.folder / "run/dataset"
    index = lines(folder / "index.jsonl")
    assert {one["file"] for one in index} == {"train.jsonl", "test.jsonl"}
    assert not (folder / "samples.jsonl").exists()
    for one in index:
        with (folder / one["file"]).open("rb") as file:
            file.seek(one["offset"])
            line = file.read(one["bytes"])
        sample = orjson.loads(line)
        assert blake2b(line, digest_size=8).hexdigest() == one["digest"]
        assert (sample["id"], sample["user_id"], sample["group"]) == (one["id"], one["user_id"], one["group"])
        assert (sample["answer"][0], sample.get("twin_of")) == (one["platform"], one["twin_of"])


def test_a_change_of_mind_leaves_no_file_of_the_other_way(here: Bench) -> None:
    here.run("scenario=tiny", "run.dir=run")
    (here.folder / "run/dataset/test.jsonl").write_text("old\n")
    (here.folder / "run/dataset/tables/test.jsonl").write_text("old\n")
    here.run("scenario=tiny", "run.dir=run")
    assert sorted(one.name for one in (here.folder / "run/dataset").iterdir()) == [
        "README.md", "index.jsonl", "quality.jsonl", "rejected.jsonl", "samples.jsonl", "tables",
    ]  # fmt: skip
    assert [one.name for one in (here.folder / "run/dataset/tables").iterdir()] == ["samples.jsonl"]


def test_a_history_that_does_not_tell_the_platform_fails_loudly(here: Bench) -> None:
    done = here.run(*STRICT, "history.actions_per_context=1", "min_decidability=1.0")
    assert done.status == 3
    assert "min_decidability: the visible history tells" in " ".join(done.out.split())
    assert lines(here.folder / "run/dataset/samples.jsonl")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gates=[leek]"], "gates: no gate 'leek'"),
        (["splits.untrained_users=4"], "splits.untrained_users: got 4, expected fewer than the 4 users"),
        (["splits.most.tested=4"], "splits.most.tested: no such key"),
        (["strangers=1", "+agent.stranger.sees=[query,profile.basic]"], "profile.basic"),
        (
            [
                "consistency=1",
                "+agent.solver.sees=[scenario,platforms,apis,profile.basic,profile.implicit,query,task]",
            ],
            "'task' tells the answer",
        ),
        (["splits.unseen.scenario=finance"], "scenario@splits.unseen.scenario=finance"),
        (["experiment=paper", "scenario=finance"], "splits.unseen.scenario: got 'finance'"),
    ],
)
def test_what_cannot_be_asked_is_refused(here: Bench, words: list[str], said: str) -> None:
    assert said in here.refuses("scenario=tiny", "run.dir=run", *words)
