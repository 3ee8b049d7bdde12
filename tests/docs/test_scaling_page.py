"""docs/scaling.md is true: its table is the simulation's, its sums add up, and its job files make a run."""

import importlib.util
import json
import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import ptool
import pytest
import yaml

ROOT = Path(ptool.__file__).parent
PAGE = ROOT / "docs" / "scaling.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="needs the source tree")

TEXT = PAGE.read_text("utf-8") if PAGE.is_file() else ""
SHARDS = 3


@pytest.fixture(scope="module")
def cluster() -> ModuleType:
    """docs/scaling/simulate_cluster.py."""
    pytest.importorskip("simpy", reason="needs simpy")
    file = ROOT / "docs" / "scaling" / "simulate_cluster.py"
    spec = importlib.util.spec_from_file_location("simulate_cluster", file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["simulate_cluster"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_what_the_simulation_prints(cluster: ModuleType) -> None:
    assert f"\n\n{cluster.table()}\n\n" in TEXT


def test_the_text_has_the_numbers_of_the_plan(cluster: ModuleType) -> None:
    plan = cluster.PLAN
    assert (plan.samples, plan.shards) == (1_000 * 1_000_000, 1_000 * 10)
    for words in (f"{plan.calls} calls", f"{plan.limit:,.0f} calls a second", f"{plan.nodes} nodes with"):
        assert words in TEXT.replace("\n", " ")


def test_the_sums_of_the_cost_model_add_up(cluster: ModuleType) -> None:
    rows = dict(re.findall(r"^\| ([a-z: ,]+) \| ([\d,]+[^|]*\|[^|]*\|[^|]*)\|$", TEXT, re.MULTILINE))
    amounts = {name: [number(cell) for cell in cells.split("|")] for name, cells in rows.items()}
    samples, hours = cluster.PLAN.samples, cluster.simulate(cluster.PLAN).hours
    assert amounts["calls"][0] == samples * cluster.PLAN.calls
    assert amounts["hosted: tokens sent"] == [samples * 3_946, 0.10, 394_600]
    assert amounts["hosted: tokens received"] == [samples * 263, 0.40, 105_200]
    for name, per_million in (("hosted: tokens sent", 1e6), ("hosted: tokens received", 1e6)):
        much, price, dollars = amounts[name]
        assert dollars == pytest.approx(much / per_million * price)
    for name, machines in (("own servers, in place of both", 200), ("nodes", 200)):
        much, price, dollars = amounts[name]
        assert much == pytest.approx(hours * machines, rel=0.01)
        assert dollars == much * price
    much, price, dollars = amounts["object storage"]
    assert (much, round(much * price)) == (samples * 5.7e3 / 1e9, dollars)


def number(cell: str) -> float:
    """The number a cell begins with; 0 for an empty one."""
    found = re.match(r"\s*([\d,.]+)", cell)
    return float(found[1].replace(",", "")) if found else 0.0


def small(cluster: ModuleType, **changes: Any) -> Any:
    """A cluster of a thousand shards, an hour each, on ten nodes that nothing slows down."""
    settings = {"samples": 1_000_000, "shards": 1_000, "nodes": 10, "seconds": 1.0, "in_flight": 10}
    plan = cluster.Cluster(**settings, calls=36.0, limit=1e9, away=0.0)
    assert plan.shard_seconds == cluster.HOUR
    return replace(plan, **changes)


def test_every_shard_is_counted_once_whatever_happens(cluster: ModuleType) -> None:
    hard = {"slow_share": 0.3, "taken_every": 3.0, "away": 0.5, "again": True, "limit": 90.0}
    outcome = cluster.simulate(small(cluster, **hard))
    assert set(outcome.done) == {1}
    assert outcome.lost_shards > 100
    assert outcome.paid > outcome.needed
    assert outcome == cluster.simulate(small(cluster, **hard))
    assert outcome != cluster.simulate(small(cluster, **hard, seed=1))


def test_while_the_limit_binds_twice_of_it_is_half_the_time(cluster: ModuleType) -> None:
    """Ten nodes ask for a hundred calls a second."""
    hours = {
        limit: cluster.simulate(small(cluster, limit=limit)).hours for limit in (25.0, 50.0, 200.0, 400.0)
    }
    assert hours[25.0] == pytest.approx(1_000_000 * 36 / 25 / 3600, rel=0.01)
    assert hours[25.0] / hours[50.0] == pytest.approx(2, rel=0.01)
    assert hours[200.0] == hours[400.0] == pytest.approx(100)
    assert cluster.simulate(small(cluster, limit=25.0, nodes=20)).hours == pytest.approx(
        hours[25.0], rel=0.01
    )


@pytest.mark.parametrize("every", [10.0, 3.0, 1.0])
def test_what_nodes_lose_is_what_theory_says(every: float, cluster: ModuleType) -> None:
    """A shard of an hour, losses at random: (e^x - 1) / x of its calls are paid, x losses in an hour."""
    x = 1 / every
    outcomes = [cluster.simulate(small(cluster, taken_every=every, seed=seed)) for seed in range(3)]
    overhead = sum(outcome.overhead for outcome in outcomes) / 3
    assert overhead == pytest.approx(math.expm1(x) / x - 1, rel=0.2)
    kept = cluster.simulate(small(cluster, taken_every=every, disk_survives=True))
    assert kept.overhead == pytest.approx(0, abs=1e-6)
    assert kept.hours < outcomes[0].hours


def test_slow_nodes_hold_up_whom_they_were_dealt_to(cluster: ModuleType) -> None:
    """One of ten nodes is four times slower: 100 shards of its own take it 400 hours."""
    slow = {"slow_share": 0.1}
    dealt = cluster.simulate(small(cluster, **slow, dealt=True)).hours
    queue = cluster.simulate(small(cluster, **slow)).hours
    again = cluster.simulate(small(cluster, **slow, again=True)).hours
    assert dealt == pytest.approx(400)
    assert 1_000 / 9.25 <= again <= queue <= 1_000 / 9.25 + 4
    few = {"shards": 10, "samples": 10_000, **slow}
    assert cluster.simulate(small(cluster, **few)).hours == pytest.approx(4)
    assert cluster.simulate(small(cluster, **few, again=True)).hours == pytest.approx(2)


def block(kind: str) -> str:
    """The one block of the page that is fenced as `kind`."""
    (found,) = re.findall(rf"^```{re.escape(kind)}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    return found


def slurm(place: Path) -> list[tuple[list[str], dict[str, str]]]:
    """What an array of Slurm starts, and with which variables."""
    script = place / "shards.sh"
    script.write_text(block("slurm shards.sh"))
    given = {"SLURM_ARRAY_TASK_COUNT": str(SHARDS)}
    return [
        (["sh", str(script)], {**given, "SLURM_ARRAY_TASK_ID": str(task)}) for task in range(1, SHARDS + 1)
    ]


def kubernetes(place: Path) -> list[tuple[list[str], dict[str, str]]]:
    """What an indexed job of Kubernetes starts, and with which variables."""
    del place
    job = yaml.safe_load(block("yaml"))["spec"]
    (container,) = job["template"]["spec"]["containers"]
    variables = {entry["name"]: entry["value"] for entry in container["env"]}
    assert int(variables["SHARDS"]) == job["completions"]
    words = [*container["command"], *container["args"]]
    return [(words, {"SHARDS": str(SHARDS), "JOB_COMPLETION_INDEX": str(index)}) for index in range(SHARDS)]


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / "merge.py").is_file(), reason="needs ptool.merge")
@pytest.mark.parametrize("jobs", [slurm, kubernetes])
def test_the_job_files_make_the_run_of_one_process(jobs: object, tmp_path: Path) -> None:
    """The shells of all jobs at a time, as a cluster starts them, then the one of the merge."""
    assert callable(jobs)
    words, run = "scenario=tiny users=3 queries_per_user=3", tmp_path / "runs" / "cluster"
    bin = tmp_path / "bin"
    bin.mkdir()
    (bin / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (bin / "python").chmod(0o755)
    inherited = {**os.environ, "PATH": f"{bin}:{os.environ['PATH']}", "WORDS": words, "RUN": str(run)}
    started = [
        subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**inherited, **variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for command, variables in jobs(tmp_path)
    ]
    said = [process.communicate(timeout=300)[1].decode() for process in started]
    assert [process.returncode for process in started] == [0] * SHARDS, said
    subprocess.run(
        ["sh", "-c", block("slurm merge.sh")], cwd=tmp_path, env=inherited, check=True, timeout=300
    )

    alone = [sys.executable, "-m", "ptool.run", *words.split(), f"run.dir={tmp_path / 'alone'}"]
    subprocess.run(alone, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    names = [path.relative_to(run / "dataset") for path in (run / "dataset").rglob("*") if path.is_file()]
    assert len(names) > 4
    for name in names:
        assert (run / "dataset" / name).read_bytes() == (tmp_path / "alone" / "dataset" / name).read_bytes()
    assert json.loads((run / "manifest.json").read_bytes())["counts"]["samples"] > 0


def test_the_array_asks_for_what_the_page_says() -> None:
    """The three files of Slurm belong together: what is submitted is what is shown."""
    submitted = re.findall(r"\b(\w+\.sh)\b", block("slurm submit.sh"))
    assert submitted == ["shards.sh", "merge.sh"]
    for name in submitted:
        assert block(f"slurm {name}").startswith("#!/bin/sh\n#SBATCH ")
