"""The table says what was measured, how it grows, and what takes longer than in another revision."""

import subprocess
import sys
from pathlib import Path

import bench
import pytest
from bench import main, rows
from measures import exponent

BENCH = Path(__file__).with_name("bench.py")
COST = "CPU, ms a call"


@pytest.mark.parametrize(
    ("sizes", "values", "expected"),
    [
        ([10, 100, 1_000], [3.0, 30.0, 300.0], 1.0),
        ([10, 100], [5.0, 5.0], 0.0),
        ([10, 1_000], [1.0, 10_000.0], 2.0),
        ([1, 10, 100], [0.0, 2.0, 20.0], 1.0),  # nothing at all tells nothing
    ],
)
def test_how_a_figure_grows(sizes, values, expected):
    assert exponent(sizes, values) == pytest.approx(expected)


@pytest.mark.parametrize("values", [[4.0], [0.0], []])
def test_one_size_does_not_tell_how_a_figure_grows(values):
    assert exponent([10][: len(values)], values) is None


def test_a_row_has_the_median_of_every_size():
    ours = {10: [{COST: 1.0}, {COST: 9.0}, {COST: 2.0}], 100: [{COST: 20.0}]}
    assert rows("gateway", "calls", ours) == (
        [f"| gateway | {COST} | 10: 2 · 100: 20 | calls | +1.00 |"], 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("figure", "ours", "theirs", "change", "longer"),
    [
        (COST, 1.11, 1.0, "+11.0% **longer**", 1),
        (COST, 1.09, 1.0, "+9.0%", 0),
        (COST, 0.5, 1.0, "-50.0%", 0),
        ("calls a second", 2.0, 1.0, "+100.0%", 0),  # more of these is no more work
    ],
)
def test_more_than_a_tenth_longer_is_told(figure, ours, theirs, change, longer):
    table, bad = rows("gateway", "calls", {16: [{figure: ours}]}, {16: [{figure: theirs}]})
    assert (table[0].split(" | ")[-1], bad) == (f"{change} |", longer)


def test_what_neighbours_add_in_some_rounds_is_not_of_the_revision():
    ours, theirs = [{COST: 1.4}, {COST: 1.3}, {COST: 1.0}], [{COST: 1.0}, {COST: 1.1}, {COST: 1.0}]
    table, bad = rows("gateway", "calls", {16: ours}, {16: theirs})
    assert (table[0].split(" | ")[-1], bad) == ("+0.0% |", 0)


@pytest.mark.parametrize(
    ("costs", "rounds", "longer"),
    [
        ([1.0, 1.0], 2, 0),
        ([1.3, 1.2, 1.0, 1.3], 4, 0),  # it was the neighbours
        ([1.3, 1.2, 1.3, 1.2], 4, 1),
    ],
)
def test_what_takes_longer_is_measured_once_more_before_that_is_said(monkeypatch, costs, rounds, longer):
    left = iter(costs)
    monkeypatch.setattr(bench, "in_own_process", lambda *of: {COST: 1.0 if of[2] else next(left)})
    _, bad = bench.measured("scoring", [1_000], 2, Path("other"), None)
    assert (len(costs) - len(list(left)), bad) == (rounds, longer)


def test_the_size_that_is_longest_counts():
    ours = {1: [{COST: 1.0}], 2: [{COST: 3.0}]}
    table, bad = rows("x", "calls", ours, {1: [{COST: 1.0}], 2: [{COST: 2.0}]})
    assert ("+50.0% **longer**" in table[0], bad) == (True, 1)


def test_what_the_other_revision_does_not_have_is_no_fault():
    table, bad = rows("x", "calls", {1: [{COST: 1.0, "new": 2.0}]}, {1: [{COST: 1.0}]})
    assert [row.split(" | ")[1] for row in table] == [COST, "new"]
    assert bad == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--only", "speed"], "invalid choice: 'speed'"),
        (["--sizes", "speed=1"], "got 'speed', expected one of start-up, conversation"),
        (["--against", "no-such-revision"], "--against no-such-revision: fatal: invalid reference"),
    ],
)
def test_a_wish_that_cannot_be_had_is_refused_in_a_line(words, complaint, capsys):
    with pytest.raises(SystemExit) as refused:
        main(words)
    assert refused.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.alone
def test_a_small_run_beside_the_last_commit(tmp_path):
    words = ["--only", "trees", "--rounds", "1", "--against", "HEAD", "--out", tmp_path / "bench.md"]
    done = subprocess.run([sys.executable, BENCH, *words], capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stderr[-2000:]
    table = (tmp_path / "bench.md").read_text()
    assert "| trees | CPU, µs a leaf | 100: " in table
    assert "not measured" not in table
    listed = subprocess.run(["git", "worktree", "list"], cwd=BENCH.parent, capture_output=True, text=True)
    assert "ptool-bench-revision" not in listed.stdout
