"""What is damaged in a ledger is asked or played again, by the same command; the bytes are the same."""

import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from acceptance_bench import Bench, derived
from ptool.cli.progress import Stage
from ptool.models.scripted import ScriptedModel
from ptool.reports.run_status import status_of
from ptool.synthesis.context import RunContext

WORDS = ("scenario=tiny", "users=2", "queries_per_user=3", "run.dir=run")
EVERYTHING = (*WORDS, "users=6", "strangers=1", "consistency=1", "twins=true")


def change(run: Path, *statements: str) -> None:
    """Alter the ledger as a bad disk or a hand would."""
    ledger = sqlite3.connect(run / "ledger.sqlite", isolation_level=None)
    for statement in statements:
        assert ledger.execute(statement).rowcount > 0, statement
    ledger.close()


def first(table: str, stage: str, change: str) -> str:
    """An alteration of the first row of a stage."""
    key = "id" if table == "items" else "rowid"
    return (
        f"UPDATE {table} SET {change} WHERE stage = '{stage}' AND {key} = "
        f"(SELECT min({key}) FROM {table} WHERE stage = '{stage}')"
    )


@pytest.fixture
def count_asked(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Counter[str]]:
    """role -> how often the model is asked from now on."""

    def begin() -> Counter[str]:
        asked: Counter[str] = Counter()
        answer = ScriptedModel.answer

        def counted(self: ScriptedModel, texts: Sequence[str], seed: int) -> str:
            asked[texts[0].partition("\n")[0].removeprefix("Role: ")] += 1
            return answer(self, texts, seed)

        monkeypatch.setattr(ScriptedModel, "answer", counted)
        return asked

    return begin


def test_one_altered_item_of_every_stage_is_made_again_from_kept_answers(
    here: Bench, count_asked: Callable[[], Counter[str]]
) -> None:
    assert here.run(*EVERYTHING).status == 0
    run = here.folder / "run"
    whole = derived(run)
    with sqlite3.connect(run / "ledger.sqlite") as ledger:
        stages = [stage for (stage,) in ledger.execute("SELECT DISTINCT stage FROM items")]
    assert {"api_tree", "feature_tree", "profiles", "histories", "episodes", "twins", "stranger"} <= {*stages}
    change(run, *(first("items", stage, "body = replace(body, 'a', 'e')") for stage in stages))
    status = status_of(run)
    assert len(status.damaged) == len(stages)
    assert status.next.startswith("the same command goes on with ")
    asked = count_asked()
    done = here.run(*EVERYTHING)
    assert (done.status, derived(run), asked) == (0, whole, Counter())
    assert f"(and {len(stages) - 1} more) is not what was written: discarded" in done.err
    assert status_of(run).damaged == ()


def test_an_altered_answer_alone_is_asked_for_again_where_it_is_needed(
    here: Bench, count_asked: Callable[[], Counter[str]]
) -> None:
    assert here.run(*WORDS).status == 0
    run = here.folder / "run"
    whole = derived(run)
    change(
        run,
        first("calls", "episodes", "content = replace(content, 'a', 'e')"),
        "DELETE FROM items WHERE stage = 'episodes'",
    )
    asked = count_asked()
    assert (here.run(*WORDS).status, derived(run)) == (0, whole)
    assert asked.total() == 1


def test_a_damaged_item_of_a_ledger_without_digests_is_made_again(here: Bench) -> None:
    assert here.run(*EVERYTHING).status == 0
    run = here.folder / "run"
    whole = derived(run)
    change(run, *(
        first("items", stage, "body = substr(body, 1, 40)")
        for stage in ("api_tree", "profiles", "histories", "episodes", "twins", "stranger")
    ))  # fmt: skip
    ledger = sqlite3.connect(run / "ledger.sqlite", isolation_level=None)
    for table in ("items", "calls"):
        ledger.execute(f"ALTER TABLE {table} DROP COLUMN digest")
    ledger.execute("DROP INDEX estimates")
    for column in ("estimated", "thought"):
        ledger.execute(f"ALTER TABLE calls DROP COLUMN {column}")
    ledger.execute("PRAGMA user_version = 3")
    ledger.close()
    done = here.run(*EVERYTHING)
    assert (done.status, derived(run)) == (0, whole)
    assert "item episodes/" in done.err


def test_status_names_what_is_damaged_and_stays_at_0(here: Bench) -> None:
    assert here.run(*WORDS).status == 0
    change(here.folder / "run", first("calls", "episodes", "content = x'7b7d'"))
    done = subprocess.run(
        [sys.executable, "-m", "ptool.status", "run=run"], cwd=here.folder, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "not what was written: the answer to episodes/tiny-" in " ".join(done.stdout.split())


@pytest.mark.parametrize("stage", ["histories", "episodes", "dataset"])
def test_a_run_folder_removed_under_way_is_a_fault_at_once(
    here: Bench, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = RunContext.stage

    def removing(self: RunContext, name: str, total: int | None = None) -> AbstractContextManager[Stage]:
        if name == stage:
            shutil.rmtree(here.folder / "run")
        return show(self, name, total)

    monkeypatch.setattr(RunContext, "stage", removing)
    done = here.run(*WORDS)
    assert (done.status, done.out) == (2, "")
    assert "was removed or replaced while its run was under way" in done.faults[-1]
    assert not (here.folder / "run/dataset").exists()
