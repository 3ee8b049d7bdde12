"""Whole runs with the lean roles: everything is kept, and the same bytes, however the work is scheduled."""

from pathlib import Path

from acceptance_bench import Bench, derived, derived_but_card, lines

LEAN = ("scenario=tiny", "roles=lean")


def samples(run: Path) -> list[dict]:
    return lines(run / "dataset/samples.jsonl")


def test_a_lean_run_keeps_everything_and_says_who_wrote_the_answers(here: Bench) -> None:
    for name, width in (("one", 1), ("many", 64), ("again", 64)):
        done = here.run(*LEAN, f"concurrency={width}", f"run.dir={name}")
        assert (done.status, done.faults) == (0, [])
    runs = [derived(here.folder / name) for name in ("one", "many", "again")]
    assert runs[0] == runs[1] == runs[2]
    kept = samples(here.folder / "one")
    assert len(kept) == 20  # 4 people, 5 queries each
    assert {sample["assistant"] for sample in kept} == {"confirm"}
    assert runs[0]["dataset/rejected.jsonl"] == b""


def test_nobody_has_to_confirm_what_code_writes(here: Bench) -> None:
    assert here.run(*LEAN, "assistant=none", "run.dir=it").status == 0
    assert {sample["assistant"] for sample in samples(here.folder / "it")} == {"none"}
    episodes = lines(here.folder / "it/episodes.jsonl")
    spoke = {turn["role"] for episode in episodes for turn in episode["turns"]}
    assert spoke == {"user", "natural", "says_more"}


def test_the_scripted_assistant_reads_what_code_leaves_to_the_profile(here: Bench) -> None:
    assert here.run(*LEAN, "assistant=propose", "run.dir=it").status == 0
    assert len(samples(here.folder / "it")) == 20


def test_errands_differ_between_seeds_of_the_same_run(here: Bench) -> None:
    for seed in (3, 4):
        assert here.run(*LEAN, f"seed={seed}", f"run.dir=s{seed}").status == 0
    asked = [{sample["query"] for sample in samples(here.folder / f"s{seed}")} for seed in (3, 4)]
    assert len(asked[0] & asked[1]) <= 2


def test_both_drivers_and_several_answers_a_turn_change_nothing_that_is_right(here: Bench) -> None:
    for name, words in {
        "loop": (),
        "robin": ("conversation=round_robin",),
        "drawn": ("samples_per_turn=3",),
    }.items():
        assert here.run(*LEAN, *words, f"run.dir={name}").status == 0
    loop, robin, drawn = (derived_but_card(here.folder / name) for name in ("loop", "robin", "drawn"))
    assert loop == robin
    assert loop["dataset/samples.jsonl"] == drawn["dataset/samples.jsonl"]


def test_answers_drawn_again_are_the_same_whatever_the_concurrency(here: Bench) -> None:
    slips = ("scenario=tiny", "model.slips=0.6", "max_rounds=1", "min_yield=0")
    for name, words in {"once": ("concurrency=1",), "one": ("concurrency=1", "samples_per_turn=3"),
                        "many": ("concurrency=64", "samples_per_turn=3")}.items():  # fmt: skip
        assert here.run(*slips, *words, f"run.dir={name}").status == 0
    assert derived(here.folder / "one") == derived(here.folder / "many")
    assert len(samples(here.folder / "one")) > len(samples(here.folder / "once"))


def test_twins_of_lean_samples_differ_in_user_and_platform_alone(here: Bench) -> None:
    for width in (1, 64):
        done = here.run(*LEAN, "twins=true", "users=8", f"concurrency={width}", f"run.dir=w{width}")
        assert done.status == 0
    assert derived(here.folder / "w1") == derived(here.folder / "w64")
    originals = {sample["id"]: sample for sample in samples(here.folder / "w1")}
    twins = [sample for sample in originals.values() if "twin_of" in sample]
    assert twins
    for twin in twins:
        original = originals[twin["twin_of"]]
        assert twin["query"] == original["query"]
        assert twin["assistant"] == "confirm"
        assert twin["answer"] != original["answer"]
