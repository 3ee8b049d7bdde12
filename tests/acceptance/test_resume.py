"""Killed at any moment, a run goes on: nothing finished is asked again, and the bytes are the same."""

import itertools
import os
import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from acceptance_bench import Bench, derived, manifest, started, terminal
from ptool.models.scripted import ScriptedModel
from ptool.store import Ledger

WORDS = ("scenario=tiny", "users=8", "queries_per_user=10")
STAGES = ("api tree", "feature tree", "profiles", "histories", "episodes", "dataset")


def kept(run: Path, stage: str) -> dict[str, bytes]:
    """What the ledger holds of a stage."""
    if not (run / "ledger.sqlite").is_file():
        return {}
    try:
        with sqlite3.connect(run / "ledger.sqlite") as ledger:
            return dict(ledger.execute("SELECT id, body FROM items WHERE stage = ?", (stage,)).fetchall())
    except sqlite3.OperationalError:  # killed before the table was made
        return {}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole")
    assert terminal(*WORDS, "run.dir=run", folder=folder).status == 0
    return folder / "run"


def killed_in(stage: str, after: float, here: Bench) -> None:
    """A run in a process forked from this one, so that nothing is imported again, killed within a stage."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        sys.stderr = os.fdopen(writing, "w")
        here.run(*WORDS, "run.dir=run")
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        for line in said:
            if line.startswith(f"{stage}: started"):
                time.sleep(after)
                break
        os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] in (0, signal.SIGKILL)


def count_answers(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """role -> how often the model is asked from now on."""
    asked: Counter[str] = Counter()
    answer = ScriptedModel.answer

    def counted(self: ScriptedModel, texts: Sequence[str], seed: int) -> str:
        asked[texts[0].partition("\n")[0].removeprefix("Role: ")] += 1
        return answer(self, texts, seed)

    monkeypatch.setattr(ScriptedModel, "answer", counted)
    return asked


@pytest.mark.slow
def test_killed_at_eight_moments_it_ends_with_the_same_bytes(
    whole: Path, here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, run = random.Random(8), here.folder / "run"
    moments = [*STAGES, rng.choice(STAGES), rng.choice(STAGES)]
    before: dict[str, bytes] = {}
    for stage in moments:
        killed_in(stage, rng.random() * 0.05, here)
        now = kept(run, "episodes")
        assert before.items() <= now.items()  # what was finished stays as it was
        before = now
    asked = count_answers(monkeypatch)
    done = here.run(*WORDS, "run.dir=run")
    assert (done.status, derived(run)) == (0, derived(whole))
    assert before.items() <= kept(run, "episodes").items()
    assert asked["designer"] == asked["clusterer"] == asked["actor"] == 0  # all that was finished long ago
    assert asked["verifier"] <= (80 - len(before)) * 3
    assert not list(run.rglob(".*.tmp"))


@pytest.mark.slow
def test_killed_between_any_two_items_of_the_growth_it_grows_the_same(
    whole: Path, here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Ledger.put
    for stop in (1, 12, 24):
        count = itertools.count(1)

        async def dying(
            self: Ledger, *item: object, stop: int = stop, count: itertools.count = count
        ) -> None:
            if next(count) > stop:
                raise KeyboardInterrupt
            await put(self, *item)

        monkeypatch.setattr(Ledger, "put", dying)
        done = here.run(*WORDS, f"run.dir=stop{stop}")
        assert (done.status, done.faults) == (
            130,
            [
                f"interrupted: finished items are safe in stop{stop}/ledger.sqlite; "
                "the same command continues from there"
            ],
        )
        monkeypatch.setattr(Ledger, "put", put)
        assert here.run(*WORDS, f"run.dir=stop{stop}").status == 0
        assert derived(here.folder / f"stop{stop}") == derived(whole)


def test_a_finished_run_asks_nothing_and_changes_nothing(
    here: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert here.run("scenario=tiny", "run.dir=run").status == 0
    first, asked = derived(here.folder / "run"), count_answers(monkeypatch)
    assert here.run("scenario=tiny", "run.dir=run", "concurrency=3").status == 0
    assert (derived(here.folder / "run"), asked) == (first, Counter())
    assert manifest(here.folder / "run")["counts"]["samples"] > 0


def test_the_manifest_of_a_continued_run_still_tells_what_it_cost(here: Bench) -> None:
    here.run("scenario=tiny", "run.dir=run")
    spent = manifest(here.folder / "run")["notes"]["usage"]
    here.run("scenario=tiny", "run.dir=run")
    assert manifest(here.folder / "run")["notes"]["usage"] == spent


def test_a_run_of_other_settings_is_not_continued(here: Bench) -> None:
    here.run("scenario=tiny", "run.dir=run")
    before = derived(here.folder / "run")
    done = here.run("scenario=tiny", "run.dir=run", "seed=1")
    assert done.status == 2
    assert "begun with other settings" in done.faults[0]
    assert derived(here.folder / "run") == before


def test_a_folder_under_way_is_refused_by_the_number_of_its_process(here: Bench) -> None:
    words = (*WORDS, "users=48", "run.dir=run")
    process = started(*words, folder=here.folder)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("episodes: started"):
            break
    os.kill(process.pid, signal.SIGSTOP)
    try:
        done = here.run(*words)
        assert (done.status, len(done.faults)) == (2, 1)
        assert f"in use by process {process.pid}" in done.faults[0]
    finally:
        process.kill()
        process.communicate()
    assert here.run(*words).status == 0  # the dead process holds nothing back


def test_interrupted_while_the_tree_grows_it_says_so_and_continues(whole: Path, here: Bench) -> None:
    process = started(*WORDS, "run.dir=run", folder=here.folder)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("feature tree: started"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1].startswith("interrupted: finished items are safe in run/ledger.sqlite")
    assert here.run(*WORDS, "run.dir=run").status == 0
    assert derived(here.folder / "run") == derived(whole)


UNPLUGGED = """
from ptool.models.scripted import ScriptedModel


class Unplugged(ScriptedModel):
    def __init__(self, library, *, players=None, flag=""):
        super().__init__(library, players=players)
        self.flag = flag

    async def create(self, messages, **rest):
        import pathlib
        if pathlib.Path(self.flag).exists() and messages[0].content.startswith("Role: assistant"):
            raise ConnectionError("the cable is out")
        return await super().create(messages, **rest)
"""


def test_what_failed_for_want_of_a_model_is_tried_again(here: Bench) -> None:
    here.write("mine/unplugged.py", UNPLUGGED)
    here.write("mine/model/unplugged.yaml", "_target_: unplugged.Unplugged\nflag: flag\n")
    words = ("--config-dir", "mine", "scenario=tiny", "model=unplugged", "roles=paper", "run.dir=run")
    flag = here.write("flag", "")
    assert here.run(*words, "retries.patience=1").status in (1, 3)
    flag.unlink()
    assert here.run(*words).status == 0
    assert manifest(here.folder / "run")["funnel"]["failed"] == 0
