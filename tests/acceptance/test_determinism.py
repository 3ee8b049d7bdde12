"""The same seed is the same bytes, however the work is scheduled; another seed is another dataset."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from acceptance_bench import Bench, derived, derived_but_card, lines, terminal

WAYS = {
    "one": (("concurrency=1",), {"PYTHONHASHSEED": "1", "TZ": "UTC"}),
    "many": (("concurrency=64",), {"PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo", "LC_ALL": "C"}),
    "other": (("seed=1",), {"PYTHONHASHSEED": "1"}),
}


SHOPPING = ("scenario=shopping", "users=2")


def test_scheduling_hashing_and_place_change_nothing_and_the_seed_does(tmp_path: Path) -> None:
    def run(way: str) -> dict[str, bytes]:
        words, env = WAYS[way]
        assert terminal(*SHOPPING, f"run.dir={way}", *words, folder=tmp_path, env=env).status == 0
        return derived(tmp_path / way)

    with ThreadPoolExecutor(2) as pool:
        one, many, other = pool.map(run, WAYS)
    assert list(one) == list(many)
    assert [name for name in one if one[name] != many[name]] == []
    for name in ("profiles.jsonl", "histories.jsonl", "tasks.jsonl", "dataset/samples.jsonl"):
        assert one[name] != other[name]


def test_both_drivers_make_the_same_files(here: Bench) -> None:
    for driver in ("loop", "round_robin"):
        words = ("scenario=tiny", "model.slips=0.6", "max_rounds=1", f"conversation={driver}")
        assert here.run(*words, f"run.dir={driver}", "min_yield=0").status == 0
    loop, robin = derived_but_card(here.folder / "loop"), derived_but_card(here.folder / "round_robin")
    assert loop == robin
    assert loop["dataset/rejected.jsonl"]  # mended and rejected episodes are the same, too


@pytest.mark.slow
def test_several_scenarios_at_once_are_the_same_bytes_again(here: Bench) -> None:
    for width in (1, 64):
        words = ("scenario=unseen", "users=2", "queries_per_user=3", f"concurrency={width}")
        assert here.run(*words, f"run.dir=w{width}").status == 0
    assert derived(here.folder / "w1") == derived(here.folder / "w64")
    for sample in lines(here.folder / "w1" / "dataset/samples.jsonl"):
        lived = set(sample["user_profile"]["user_history"])
        assert sample["scenario"] in lived == {"finance", "lifestyle", "knowledge"}
