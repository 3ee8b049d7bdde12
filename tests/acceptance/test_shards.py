"""shard=i/n and ptool.merge: the bytes of one run, from parts that know nothing of each other."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from acceptance_bench import Bench, Done, derived, terminal
from hypothesis import given
from hypothesis import strategies as st
from in_process import command
from ptool.records.model_calls import Spent
from ptool.settings import Budget, Shard
from ptool.store import Ledger, RunFolder
from ptool.store.run_folder import identity_of
from ptool.synthesis.shards import ShardOrigin, is_in, share_of

WORDS = (
    "scenario=tiny", "users=6", "queries_per_user=4", "strangers=1", "twins=true", "audit.samples=3",
    "splits.test_share=0.2", "min_yield=0", "scenario@splits.unseen.scenario=finance",
    "splits.unseen.users=2", "splits.unseen.queries=2", "platforms=2", "apis=3",
)  # fmt: skip


@pytest.fixture
def joined(here: Bench) -> Callable[..., Done]:
    """The command ptool.merge in the working folder."""

    def run(*words: str) -> Done:
        done = command("merge", *words, folder=here.folder)
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run that nobody divided, `whole`, and with both halves of it, `run`."""
    folder = tmp_path_factory.mktemp("shards")
    for words in (("run.dir=whole",), ("run.dir=run", "shard=1/2"), ("run.dir=run", "shard=2/2")):
        command("run", *WORDS, *words, folder=folder).check_returncode()
    return folder


@pytest.fixture(scope="module")
def whole(made: Path) -> dict[str, bytes]:
    """The files of the run that nobody divided."""
    return derived(made / "whole")


@pytest.fixture
def halves(made: Path, here: Bench) -> None:
    """Both shards of a run, in the working folder."""
    shutil.copytree(made / "run", here.folder / "run")


def play(here: Bench, *shards: str, run: str = "run") -> None:
    for shard in shards:
        done = here.run(*WORDS, f"run.dir={run}", f"shard={shard}")
        assert done.status == 0, done
        assert f"shard folder: {run}/shards/{shard.replace('/', '-of-')}" in done.out


def undivided(run: Path) -> dict[str, bytes]:
    return {name: body for name, body in derived(run).items() if not name.startswith("shards/")}


def test_shards_in_any_order_make_the_bytes_of_one_run(here, made, joined, whole):
    play(here, "3/3", "1/3")
    lacking = joined("run")
    assert lacking.status == 1
    assert "missing: shard 2/3 is not there (" in lacking.err
    assert "the run's command with shard=2/3 plays what is left" in lacking.err
    assert not (here.folder / "run/dataset").exists()
    play(here, "2/3", "2/3")  # what is done twice in a row is done once
    assert joined("run").status == 0
    assert undivided(here.folder / "run") == whole
    again = joined("run")
    assert (again.status, again.out.startswith("0 new items")) == (0, True)
    assert undivided(here.folder / "run") == whole
    with (
        Ledger(made / "whole/ledger.sqlite") as one,
        Ledger(here.folder / "run/ledger.sqlite") as other,
    ):
        assert one.usage() == other.usage()  # paid once, and counted once


def test_a_plain_run_where_shards_are_says_how_they_are_joined(here):
    words = ("scenario=tiny", "users=2", "queries_per_user=2", "min_yield=0", "run.dir=run")
    assert here.run(*words, "shard=2/3").status == 0

    done = here.run(*words)

    assert (done.status, done.err.count("holds 1 of 3 shards")) == (0, 1)
    assert "python -m ptool.merge run=run" in done.err


@pytest.mark.slow
def test_shards_of_tools_that_are_brought_along(here, joined):
    flights = Path(__file__).parents[2] / "docs/examples/flights"
    words = (
        f"tools.file={flights / 'apis'}", f"tools.lexicon={flights / 'lexicon.yaml'}", "scenario=custom",
        "scenario.name=air", "scenario.description=Flights", "users=3", "queries_per_user=3", "min_yield=0",
    )  # fmt: skip
    for place in ("shard=1/2", "shard=2/2"):
        assert here.run(*words, "run.dir=run", place).status == 0
    assert joined("run=run").status == 0

    assert here.run(*words, "run.dir=whole").status == 0

    assert undivided(here.folder / "run") == derived(here.folder / "whole")


def test_machines_that_share_no_file_system(here, joined, whole):
    play(here, "1/2")
    elsewhere = here.folder / "elsewhere"
    elsewhere.mkdir()
    shutil.copyfile(here.folder / "run/ledger.sqlite", elsewhere / "ledger.sqlite")
    shutil.copyfile(here.folder / "run/.ptool-run.json", elsewhere / ".ptool-run.json")
    play(here, "2/2", run="elsewhere")
    shutil.copytree(elsewhere / "shards/2-of-2", here.folder / "run/shards/2-of-2")
    assert joined("run").status == 0
    assert undivided(here.folder / "run") == whole


@pytest.mark.slow
def test_a_run_that_was_begun_as_one_is_gone_on_with_in_shards(here, joined, whole):
    assert here.run(*WORDS, "run.dir=run", "budget.calls=60").status == 4
    play(here, "1/2", "2/2")
    assert joined("run").status == 0
    assert undivided(here.folder / "run") == whole


@pytest.mark.parametrize("given_shard", ["0/4", "5/4", "x", "1", "-1/4", "1/4/2", "1/200000"])
def test_what_is_no_shard(given_shard, here):
    assert "expected i/n with i from 1 to n, such as 1/8" in here.refuses(*WORDS, f"shard={given_shard}")


def test_nothing_to_merge(here, made, joined):
    (here.folder / "empty").mkdir()
    for run, said in (("empty", "neither a run nor shards"), ("nowhere", "neither a run nor shards")):
        done = joined(run)
        assert (done.status, said in done.err, done.err.count("\n")) == (2, True, 1), done
    shutil.copytree(made / "whole", here.folder / "run")
    done = joined("run")
    assert (done.status, "holds no shard" in done.err) == (2, True)


def test_shards_that_do_not_belong_together(here, joined):
    play(here, "1/2")
    assert "other settings" in here.run(*WORDS, "seed=1", "run.dir=run", "shard=2/2").err
    assert here.run(*WORDS, "seed=1", "run.dir=other", "shard=2/2").status == 0
    shutil.copytree(here.folder / "other/shards/2-of-2", here.folder / "run/shards/2-of-2")
    done = joined("run")
    assert (done.status, "shards/2-of-2: holds a run begun with other settings" in done.err) == (2, True)
    shutil.rmtree(here.folder / "run/shards/2-of-2")
    play(here, "1/4")
    done = joined("run")
    assert (done.status, "holds shards of 2 and of 4" in done.err) == (2, True)


@pytest.mark.usefixtures("halves")
def test_a_shard_that_somebody_plays_is_left_alone(here, joined):
    place = here.folder / "run/shards/1-of-2"
    with RunFolder(place, identity_of(place)):
        done = joined("run")
    assert (done.status, "shard 1/2 is under way" in done.err) == (1, True)
    assert joined("run").status == 0


@pytest.mark.usefixtures("halves")
def test_a_damaged_ledger_of_a_shard(here, joined, whole):
    ledger = here.folder / "run/shards/2-of-2/ledger.sqlite"
    with sqlite3.connect(ledger) as connection:
        body = "(SELECT id FROM items WHERE stage = 'episodes' ORDER BY id DESC LIMIT 1)"
        connection.execute(f"UPDATE items SET body = body || ' ' WHERE stage = 'episodes' AND id = {body}")
    done = joined("run")
    assert done.status == 1
    assert "shard 2/2 is not finished (1 of its" in done.err
    play(here, "2/2")
    assert joined("run").status == 0
    assert undivided(here.folder / "run") == whole
    ledger.write_bytes(b"no ledger at all" * 512)
    done = joined("run")
    assert (done.status, "not usable as a ledger" in done.err) == (2, True)


@pytest.mark.usefixtures("halves")
def test_the_same_done_twice_and_apart_is_refused_with_its_place(here, joined):
    with Ledger(here.folder / "run/shards/2-of-2/ledger.sqlite") as ledger:
        name = ledger.ids("histories")[0]
        here_too = ledger.submit("histories", name, b"{}")
    here_too.result()
    done = joined("run")
    assert (done.status, f"item histories/{name} differs" in done.err) == (2, True), done


@pytest.mark.slow
def test_shards_that_begin_at_once_prepare_once(here, made):
    program = [sys.executable, "-m", "ptool.run", *WORDS, "run.dir=run"]
    several = [
        subprocess.Popen([*program, f"shard={n}/3"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for n in (1, 2, 3)
    ]
    assert [one.wait() for one in several] == [0, 0, 0]
    calls = {}
    for n in (1, 2, 3):
        with Ledger(here.folder / f"run/shards/{n}-of-3/ledger.sqlite") as ledger:
            calls |= {(stage, role): spent.calls for (stage, role), spent in ledger.usage().items()}
    with Ledger(made / "whole/ledger.sqlite") as ledger:
        usage = ledger.usage()
    assert calls["histories", "actor"] == usage["histories", "actor"].calls


@pytest.mark.slow
def test_a_killed_shard_goes_on(here, joined, whole):
    process = subprocess.Popen(
        [sys.executable, "-m", "ptool.run", *WORDS, "run.dir=run", "shard=1/2"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    ledger = here.folder / "run/shards/1-of-2/ledger.sqlite"
    while not ledger.is_file() and process.poll() is None:
        os.sched_yield()
    process.kill()
    process.wait()
    play(here, "2/2", "1/2")
    assert joined("run").status == 0
    assert undivided(here.folder / "run") == whole


def test_a_shard_is_no_dataset_for_python(here):
    done = terminal("--version", folder=here.folder)
    assert done.status == 0
    import ptool

    with pytest.raises(ptool.errors.ConfigError, match="a shard has no dataset"):
        ptool.synthesise("tiny", shard="1/2")


@given(st.integers(1, 40), st.integers(0, 10**9))
def test_every_id_is_in_one_shard(of: int, number: int) -> None:
    id = f"shopping-u{number}"
    assert sum(is_in(Shard(number=n, of=of), id) for n in range(1, of + 1)) == 1


@given(st.integers(1, 50), st.integers(0, 1000), st.integers(0, 1000), st.floats(0, 9), st.floats(0, 9))
def test_the_shares_of_a_budget_are_never_more_than_it(of, calls, before, usd, paid):
    origin = ShardOrigin(Spent(calls=before, usd=paid), 0, "")
    shares = [
        share_of(Budget(calls=calls, usd=usd), Shard(number=n, of=of), origin) for n in range(1, of + 1)
    ]
    assert sum(max(0, share.calls - before) for share in shares) <= max(0, calls - before)
    assert sum(max(0.0, share.usd - paid) for share in shares) <= max(0.0, usd - paid) + 1e-9
    assert {share.tokens for share in shares} == {None}
