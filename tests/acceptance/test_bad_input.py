"""What a stranger gets wrong is one line that names what there is, status 2, and no litter."""

import subprocess
import sys
from pathlib import Path

import pytest
from acceptance_bench import Bench, lines, manifest, terminal

TINY = ("scenario=tiny", "run.dir=run")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["users=0"], "users: got 0, expected an integer >= 1"),
        (["users=.nan"], "users: got '.nan'"),
        (["users="], "users: got ''"),
        (["seed=9223372036854775808"], "seed: got 9223372036854775808"),
        (["min_yield=.nan"], "min_yield: got '.nan'"),
        (["task=guided"], "task: got 'guided', expected a mapping"),
        (["task.plan=gided"], "task.plan: got 'gided', expected 'guided' or 'free'"),
        (["tree=null"], "tree: got None"),
        (["judges=verifier"], "judges: got 'verifier', expected a list"),
        (["judges=[verifier,verifier]"], "'verifier' twice"),
        (["judges=['../x']"], "judges: got '../x', there are roles"),
        (["checks=[nope]"], "checks: no check 'nope'; there are "),
        (["scenario.name=../x"], "scenario.name: got '../x'"),
        (["scenario.description=''"], "scenario.description: got ''"),
        (["scenario.description=${oc.env:PTOOL_NO_SUCH}"], "PTOOL_NO_SUCH"),
        (["agent.user.prompt=../../../etc/passwd"], "no prompt '../../../etc/passwd.jinja'"),
        (["agent.user._target_=subprocess.Popen"], "cannot be used"),
        (["model.slps=1"], "slps"),
        (["+model.api_key=SECRET123"], "model.api_key: secrets do not belong into a configuration"),
        (["model.slips=2"], "model.slips"),
        (["model.slips=abc"], "model.slips"),
        (["model._target_=builtins.dict"], "model._target_"),
        (["judges=[null]"], "judges"),
        (["tree.depth=3"], "tree.depth"),
        (["users=1000000000"], "users: got 1000000000"),
        (["users=99999999999999999999"], "users"),
        (["model=opnai"], "model: got 'opnai', there are "),
        (["run.dir=/dev/null"], "cannot be used as a run folder"),
        (["run.dir=" + "x" * 300], "names have at most 255 bytes"),
        (["run.dir=file/below"], "cannot be used as a run folder"),
        (["run.dir=foreign"], "holds files but no ptool run"),
        (["apis=7"], "apis: got 7"),
        (["features.max_parents=1"], "features.max_parents: got 1"),
    ],
)  # fmt: skip
def test_it_is_one_line_and_leaves_nothing(words: list[str], line: str, here: Bench) -> None:
    here.write("file", "")
    here.write("foreign/letter.txt", "dear")
    said = here.refuses(*TINY, *words)
    assert line in said
    assert "SECRET123" not in said


def test_a_terminal_sees_the_same_and_no_traceback(tmp_path: Path) -> None:
    done = terminal(*TINY, "task.pln=free", folder=tmp_path)
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "(did you mean 'task.plan'?)" in done.err
    assert list(tmp_path.iterdir()) == []


SCHEMAS = {
    "remote": {"type": "object", "properties": {"a": {"$ref": "https://example.org/schema.json"}}},
    "file": {"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}},
    "type": {"type": "object", "properties": {"a": {"type": "strng"}}},
    "array": {"type": "array", "items": {"type": "string"}},
    "pattern": {"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}},
    "loop": {"type": "object", "properties": {"a": {"$ref": "#"}}},
    "name": {"type": "object", "properties": {"../x": {"type": "string"}}},
}
DESIGNER = """
from ptool.models.scripted.roles import PLAYERS

SCHEMA = {schema!r}


def spoilt(part):
    made = PLAYERS["designer"](part)
    made = made if isinstance(made, dict) else made.model_dump(mode="json")
    for place, api in enumerate(made["apis"]):
        if place == 0:
            api["parameters"] = SCHEMA
    return made
"""


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_an_api_that_is_no_valid_function_stops_the_growth_in_one_line(schema: object, here: Bench) -> None:
    here.write("mine/spoilt.py", DESIGNER.format(schema=schema))
    words = (
        "--config-dir",
        "mine",
        "agent.designer.player=spoilt.spoilt",
        "strict_stages=true",
        "scenario=tiny",
        "apis=1",
        "run.dir=run",
    )
    done = here.run(*words)
    assert done.status in (1, 2)
    assert (done.out, len(done.faults)) == ("", 1)
    assert "Traceback" not in done.err + (here.folder / "run" / "run.log").read_text()
    grown = (
        here.folder / "run" / "api_tree.json"
    )  # saved after every expansion: what was refused is not in it
    assert '"kind": "api"' not in grown.read_text()


def test_too_low_a_yield_is_status_three_with_funnel_and_files(here: Bench) -> None:
    done = here.run(*TINY, "min_yield=1", "model.slips=1", "max_rounds=0")
    run = here.folder / "run"
    assert (done.status, done.out.splitlines()[-1]) == (3, "run folder: run")
    assert "yield too low: kept " in done.out
    rejected, kept = lines(run / "dataset/rejected.jsonl"), lines(run / "dataset/samples.jsonl")
    assert len(rejected) + len(kept) == 20
    assert all(one["reasons"] and all(why["code"] for why in one["reasons"]) for one in rejected)
    funnel = manifest(run)["funnel"]
    assert (funnel["made"], funnel["kept"]) == (20, len(kept))
    assert funnel["rule_rejected"] + funnel["judge_rejected"] + funnel["failed"] == len(rejected)


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_the_run_goes_on_when_there_is_room(here: Bench) -> None:
    limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, -1)); "
    program = (
        limited
        + "sys.argv = ['ptool.run', *sys.argv[1:]]; runpy.run_module('ptool.run', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *TINY], cwd=here.folder, capture_output=True, text=True, timeout=60
    )
    faults = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert (done.returncode, len(faults), "Traceback" in done.stderr) == (2, 1, False)
    assert here.run(*TINY).status == 0
