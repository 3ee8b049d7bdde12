"""Words, near-duplicates, people and preferences are counted as one would by hand."""

from __future__ import annotations

import json
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.records import Profile
from ptool.synthesis.dataset.near_duplicates import near_duplicate_samples
from ptool.synthesis.dataset.statistics import sample_statistics
from ptool.synthesis.dataset.statistics.diversity import QueryWords, profile_distances
from ptool.synthesis.dataset.statistics.naive_bayes import words


def diversity(kept, split_of, populations, pairs):
    how = {"loyalty": 0.75, "actions_per_context": 4, "seed": 0, "note": lambda sample, quality: None}
    split_of = {sample.id: "all" for sample in kept} | split_of
    return sample_statistics(kept, split_of, populations, near_duplicates=pairs, **how)["diversity"]


def words_of(texts):
    counted = QueryWords()
    for text in texts:
        counted.add(text)
    return counted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't stop: 2 PIZZAS!", ["don", "t", "stop", "2", "pizzas"]),
        ("买玫瑰 now", ["买", "玫", "瑰", "now"]),
        ("Grüße_an Straße", ["grüsse", "an", "strasse"]),
        ("", []),
        ("…?!", []),
    ],
)
def test_words_of_any_writing(text, expected):
    assert words(text) == expected


def test_distinct_words_and_pairs():
    # a b a b | c: 5 words, 3 different; pairs ab ba ab: 3, 2 different, none across two texts.
    assert words_of(["a b a b", "C"]).statistics() == (3 / 5, 2 / 3, 5 / 2)
    assert words_of([]).statistics() == words_of(["", "?"]).statistics() == (0, 0, 0)


def test_a_twins_words_are_counted_once(garden):
    kept = [
        garden.sample("a", "u1", query="buy roses"),
        garden.sample("b", "u2", query="buy roses", twin_of="a"),
    ]
    assert diversity(kept, {}, [], []).distinct_1 == 1.0
    orphan = [kept[1]]
    assert diversity(orphan, {}, [], []).words == 2.0


def test_near_duplicates_within_and_across_splits(garden):
    texts = ["Buy ten red roses for my mother tomorrow"] * 3 + ["Where do I return this broken garden spade?"]
    kept = [garden.sample(f"q{n}", "u1", query=text) for n, text in enumerate(texts)]
    splits = {"q0": "train", "q1": "train", "q2": "test", "q3": "test"}
    found = diversity(kept, splits, [], near_duplicate_samples(kept))
    assert (found.near_duplicates, found.near_duplicates_across) == (3 / 4, 2)


def test_twins_are_no_near_duplicates_of_their_own_family(garden):
    text = "Buy ten red roses for my mother tomorrow"
    kept = [garden.sample("a", "u1", query=text)]
    kept += [garden.sample(one, "u2", query=text, twin_of="a") for one in "bc"]
    kept += [garden.sample("d", "u3", query="Where do I return this broken garden spade?")]
    splits = {"a": "train", "b": "test", "c": "test", "d": "train"}
    found = diversity(kept, splits, [], near_duplicate_samples(kept))
    assert (found.near_duplicates, found.near_duplicates_across) == (0.0, 0)
    kept[3] = kept[3]._replace(query=text)  # somebody outside of the family says the same
    found = diversity(kept, splits, [], near_duplicate_samples(kept))
    assert (found.near_duplicates, found.near_duplicates_across) == (1.0, 2)


def test_profiles_differ_by_the_share_of_features(garden):
    people = {
        "u1": {"city": "Kiel", "pets": ["cat"], "age": 30},
        "u2": {"city": "Kiel", "pets": ["cat"]},  # lacks one of three
        "u3": {"city": "Bonn", "pets": {"cat": 1}, "age": 30.5},  # all differ
        "idle": {"city": "Kiel", "pets": ["cat"], "age": 30},  # has no sample and does not count
    }
    kept = [garden.sample(user, user) for user in ("u1", "u2", "u3")]
    found = diversity(kept, {}, [garden.population(people)], [])
    assert found.profile_distance == pytest.approx((1 / 3 + 1 + 1) / 3)
    assert found.closest_profiles == pytest.approx(1 / 3)


def test_true_is_not_one_and_order_of_keys_does_not_matter():
    def one(id: str, **basic) -> Profile:
        return Profile(id=id, basic=basic, implicit={})

    assert profile_distances([[one("a", gift=True), one("b", gift=1)]]) == (1.0, 1.0)
    assert profile_distances([[one("a", x={"p": 1, "q": 2}), one("b", x={"q": 2, "p": 1})]]) == (0.0, 0.0)


def test_people_of_different_populations_are_not_compared():
    def one(id: str, **basic) -> Profile:
        return Profile(id=id, basic=basic, implicit={})

    alone = [[one("a", city="Kiel")], [one("b", city="Kiel")]]
    assert profile_distances(alone) == (0.0, 0.0)
    assert profile_distances([[one("a", x=1), one("b", x=2)], [one("c", y=1), one("d", y=1)]]) == (0.5, 0.0)


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2)), min_size=2, max_size=7))
def test_distances_are_those_of_all_pairs(basics):
    people = [Profile(id=f"u{n}", basic=basic, implicit={}) for n, basic in enumerate(basics)]
    names = {name for basic in basics for name in basic}
    apart = [
        sum(json.dumps(one.get(name, "-")) != json.dumps(other.get(name, "-")) for name in names) / len(names)
        for one, other in combinations(basics, 2)
        if names
    ]
    expected = (sum(apart) / len(apart), min(apart)) if apart else (0.0, 0.0)
    assert profile_distances([people]) == pytest.approx(expected)


def test_bits_of_preferences(garden):
    prefers = {
        "u1": {"flowers": "Ants", "tools": "Ants"},
        "u2": {"flowers": "Bees", "tools": "Ants"},
        "idle": {"flowers": "Cats", "tools": "Cats"},
    }
    lived = [garden.history(user, wanted, []) for user, wanted in prefers.items()]
    kept = [garden.sample(user, user) for user in ("u1", "u2")]
    found = diversity(kept, {}, [garden.population(list(prefers), lived)], [])
    assert found.preference_entropy == pytest.approx(0.5)  # one bit for flowers, none for tools
    assert found.most_entropy == pytest.approx(1.58496, abs=1e-5)  # three platforms
    assert found.mixed_preferences == 0.5


def test_another_platform_in_another_scenario_is_no_mixed_preference(garden):
    lived = [
        garden.history("u1", {"flowers": where}, [], name) for name, where in (("a", "Ants"), ("b", "Bees"))
    ]
    people = garden.population({"u1": {}}, lived, scenarios=("a", "b"))
    assert diversity([garden.sample("q", "u1", scenario="a")], {}, [people], []).mixed_preferences == 0.0


def test_nothing_gives_zeros(garden):
    figures = diversity([], {}, [garden.population({})], []).model_dump()
    assert figures.pop("stock_phrase") == ""
    assert set(figures.values()) == {0}
