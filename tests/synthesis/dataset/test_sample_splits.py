"""Splits are made of whole users and even draws, and nothing a test holds is trained on."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.settings import SplitSettings
from ptool.synthesis.dataset.samples import CompactSample
from ptool.synthesis.dataset.splits import draw_evenly, draw_user_groups, split_samples

NOTHING = {"untrained_users": 0, "test_share": 0.0, "most": dict.fromkeys(("all", "untrained", "trained"))}


def asked(
    user: str, number: int, scenario: str = "garden", population: str = "", twin_of: str = ""
) -> CompactSample:
    id = f"{scenario}-{user}-{number:04d}" + ("-twin" if twin_of else "")
    return CompactSample(id, population, scenario, user, "need", "Ants", f"Query {number}", (), (), twin_of)


def settings(**changes: object) -> SplitSettings:
    return SplitSettings.model_validate(NOTHING | {"unseen": None} | changes)


PEOPLE = [f"u{number:04}" for number in range(1, 11)]
HUNDRED = [asked(user, number) for user in PEOPLE for number in range(10)]


def test_without_a_wish_nothing_is_split() -> None:
    assert {one.split for one in split_samples(HUNDRED, {}, settings(), 0).values()} == {"all"}


def test_untrained_users_are_wholly_held_out_and_everybody_else_by_a_share() -> None:
    wish = settings(untrained_users=2, test_share=0.2)
    groups = draw_user_groups(PEOPLE, wish, seed=5)
    placed = split_samples(HUNDRED, groups, wish, 5)
    counts = Counter((groups[one.user], *placed[one.id]) for one in HUNDRED)
    assert counts == {
        ("untrained", "test", "untrained"): 20,
        ("trained", "test", "trained"): 16,
        ("trained", "train", "trained"): 64,
    }
    held_out = Counter(one.user for one in HUNDRED if placed[one.id] == ("test", "trained"))
    assert set(held_out.values()) == {2}  # a fifth of everybody's ten, not all of one's


def test_what_is_beyond_a_size_is_in_no_part() -> None:
    wish = settings(untrained_users=2, test_share=0.2, most={"all": 50, "untrained": 7, "trained": 3})
    placed = split_samples(HUNDRED, draw_user_groups(PEOPLE, wish, 0), wish, 0)
    assert Counter(placed.values()) == {
        ("reserve", "trained"): 40,
        ("reserve", "untrained"): 13,
        ("test", "untrained"): 7,
        ("test", "trained"): 3,
        ("train", "trained"): 37,
    }


def test_the_unseen_are_counted_by_scenario_and_known_to_nobody() -> None:
    place = {"name": "far", "description": "Far.", "members": {}}
    unseen = {"scenario": place, "users": 2, "queries": {"far": 3}}
    kept = [*HUNDRED, *(asked("u0011", number, "far", "unseen") for number in range(5))]
    wish = settings(test_share=0.1, unseen=unseen)
    placed = split_samples(kept, draw_user_groups(PEOPLE, wish, 0) | {"u0011": "unseen"}, wish, 0)
    assert Counter(placed[one.id] for one in kept if one.scenario == "far") == {
        ("unseen", "unseen"): 3,
        ("reserve", "unseen"): 2,
    }


def test_a_twin_is_held_out_where_its_original_is() -> None:
    twins = [asked(one.user, int(one.id[-4:]), twin_of=one.id) for one in HUNDRED]
    wish = settings(untrained_users=3, test_share=0.3)
    placed = split_samples([*HUNDRED, *twins], draw_user_groups(PEOPLE, wish, 0), wish, 0)
    places = Counter((placed[one.twin_of].split, placed[one.id].split) for one in twins)
    assert places == {("train", "train"): 49, ("test", "twins"): 51}


def test_of_near_duplicates_in_test_and_train_the_one_to_train_on_goes() -> None:
    wish = settings(untrained_users=1)
    groups = draw_user_groups(PEOPLE, wish, 0)
    tested = next(one.id for one in HUNDRED if groups[one.user] == "untrained")
    trained = next(one.id for one in HUNDRED if groups[one.user] == "trained")
    placed = split_samples(HUNDRED, groups, wish, 0, [(trained, tested)])
    assert (placed[tested].split, placed[trained].split) == ("test", "reserve")


@pytest.mark.parametrize("count", [0, 1, 7, 99, 100, 1000, None])
def test_an_even_draw_has_its_size(count: int | None) -> None:
    drawn = draw_evenly(HUNDRED, count, 3, "what")
    assert len({one.id for one in drawn}) == len(drawn) == min(100, 100 if count is None else count)


def test_the_draws_of_a_seed_never_move() -> None:
    """Whoever continues a run, or makes it again, holds out the same users and queries."""
    groups = draw_user_groups(PEOPLE, settings(untrained_users=2), 5)
    assert [user for user, group in groups.items() if group == "untrained"] == ["u0004", "u0007"]
    garden, travel = (
        [asked(user, n, place) for user in PEOPLE[:3] for n in range(3)] for place in ("g", "t")
    )
    assert [one.id for one in draw_evenly([*garden, *travel], 6, 3, "what")] == [
        "t-u0002-0001",
        "g-u0003-0000",
        "g-u0001-0000",
        "g-u0002-0002",
        "t-u0003-0001",
        "t-u0001-0000",
    ]


@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=12),
    share=st.floats(0, 1),
    seed=st.integers(0, 2**62),
)
def test_no_user_gives_more_than_a_fair_share(sizes: list[int], share: float, seed: int) -> None:
    kept = [asked(f"u{user:04}", number) for user, size in enumerate(sizes) for number in range(size)]
    count = round(share * len(kept))
    drawn = draw_evenly(kept, count, seed, "what")
    got = Counter(one.user for one in drawn)
    assert len({one.id for one in drawn}) == count
    # There is one share that everybody gives, give or take one sample.
    counts = [(got[f"u{user:04}"], size) for user, size in enumerate(sizes)]
    assert max((given - 1) / size for given, size in counts) <= min(
        (given + 1) / size for given, size in counts
    )


@given(st.permutations(HUNDRED), st.integers(0, 2**62))
def test_the_order_they_come_in_does_not_matter(kept: list[CompactSample], seed: int) -> None:
    wish = settings(untrained_users=2, test_share=0.25)
    groups = draw_user_groups(PEOPLE, wish, seed)
    assert split_samples(kept, groups, wish, seed) == split_samples(HUNDRED, groups, wish, seed)


@pytest.mark.parametrize("held_out", ["test", "unseen", "twins"])
@pytest.mark.parametrize("turned", [False, True])
def test_whatever_part_holds_a_near_duplicate_it_is_not_trained_on(held_out: str, turned: bool) -> None:
    place = {"name": "far", "description": "Far.", "members": {}}
    wish = settings(untrained_users=1, unseen={"scenario": place, "users": 1, "queries": {"far": 1}})
    groups = draw_user_groups(PEOPLE, wish, 0) | {"u0011": "unseen"}
    tested = next(one for one in HUNDRED if groups[one.user] == "untrained")
    twin = asked(tested.user, int(tested.id[-4:]), twin_of=tested.id)
    far = asked("u0011", 1, "far", "unseen")
    trained = next(one for one in HUNDRED if groups[one.user] == "trained")
    pair = (trained.id, {"test": tested, "unseen": far, "twins": twin}[held_out].id)
    samples = [*HUNDRED, twin, far]
    placed = split_samples(samples, groups, wish, 0, [pair[::-1] if turned else pair])
    assert (placed[pair[0]].split, placed[pair[1]].split) == ("reserve", held_out)
    assert Counter(one.split for one in placed.values())["reserve"] == 1


def test_near_duplicates_within_training_stay() -> None:
    wish = settings(untrained_users=1)
    groups = draw_user_groups(PEOPLE, wish, 0)
    first, second, *_ = (one.id for one in HUNDRED if groups[one.user] == "trained")
    placed = split_samples(HUNDRED, groups, wish, 0, [(first, second)])
    assert (placed[first].split, placed[second].split) == ("train", "train")
