"""The platform is decided from texts and visits, learnt from other people, and never by a peep at a label."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ptool.synthesis.dataset.samples import CompactSample
from ptool.synthesis.dataset.statistics import scenario_texts as scenario_texts_module
from ptool.synthesis.dataset.statistics.decidability import (
    DecidabilityCount,
    Guess,
    balance_needs,
    bayes,
    predict_platforms,
    transparent,
    without_profile,
)
from ptool.synthesis.dataset.statistics.scenario_texts import scenario_texts
from ptool.synthesis.population import Population

HOW = {"loyalty": 0.75, "actions_per_context": 4, "seed": 0}
WORDS = {"flowers": ["roses", "tulips", "lilies", "asters"], "tools": ["spades", "rakes", "hoes", "shears"]}
PLATFORMS = ("Ants", "Bees", "Cats")


def lives(garden, user: str, prefers: dict[str, str]):
    """Three visits at the preferred platform and one elsewhere, for every kind of need."""
    visits = []
    for need, where in prefers.items():
        other = next(name for name in PLATFORMS if name != where)
        visits += [(where, need, f"got some {word} today") for word in WORDS[need][:3]]
        visits += [(other, need, f"got some {WORDS[need][3]} today")]
    return garden.history(user, prefers, visits)


def town(garden, users: int = 12) -> tuple[list[CompactSample], Population]:
    """Everybody prefers one platform for flowers and the next for tools, and asks once for each."""
    prefers = {
        f"u{n:02}": {"flowers": PLATFORMS[n % 3], "tools": PLATFORMS[(n + 1) % 3]} for n in range(users)
    }
    kept = [
        garden.sample(f"{user}-{need}", user, where, f"please get me {WORDS[need][n % 4]} now", context=need)
        for n, (user, wanted) in enumerate(prefers.items())
        for need, where in wanted.items()
    ]
    lived = [lives(garden, user, wanted) for user, wanted in prefers.items()]
    return kept, garden.population(list(prefers), lived)


def judged(kept: list[CompactSample], *populations: Population):
    return decidability(kept, predict_platforms(kept, populations, **HOW))


def decidability(kept, guesses):
    count = DecidabilityCount()
    for sample, guess in zip(kept, guesses, strict=True):
        count.add(sample, guess)
    return count.figures()


def test_visits_in_alike_contexts_decide(garden):
    kept, people = town(garden)
    # One user goes somewhere no visit of theirs speaks for: of 24 samples 23 can be told.
    kept[0] = kept[0]._replace(platform="Cats", calls=(("buyCats", "buy"),))
    found = judged(kept, people)
    assert (found.samples, found.transparent, found.bayes) == (24, 23 / 24, 23 / 24)
    assert found.chance == pytest.approx(1 / 3)
    assert found.by_scenario["garden"]["transparent"] == 23 / 24


def test_whoever_does_not_see_the_user_is_at_chance_where_preferences_are_even(garden):
    kept, people = town(garden, users=60)
    assert judged(kept, people).without_profile == pytest.approx(1 / 3, abs=0.03)


def test_whoever_does_not_see_the_user_finds_a_platform_that_everybody_prefers(garden):
    prefers = {"flowers": "Cats", "tools": "Bees"}
    users = [f"u{n:02}" for n in range(40)]
    kept = [
        garden.sample(f"{user}-{need}", user, where, f"get me {WORDS[need][n % 4]}", context=need)
        for n, user in enumerate(users)
        for need, where in prefers.items()
    ]
    people = garden.population(users, [])  # no history: there is nothing else to go by
    found = judged(kept, people)
    assert found.without_profile == 1.0
    assert found.transparent < 1.0


def test_chance_counts_the_platforms_that_offer_everything_asked(garden):
    people = garden.population({"u1": {}})
    kept = [garden.sample(one, "u1", "Ants", capability=one) for one in ("buy", "swap", "dig")]
    found = judged(kept, people)
    assert found.chance == pytest.approx((1 / 3 + 1 / 2 + 1) / 3)
    # Nothing speaks for any platform: the first by name of those that could serve.
    assert found.transparent == found.without_profile == 1.0


def test_only_platforms_that_could_serve_are_considered(garden):
    visits = [("Cats", "flowers", "roses")] * 5 + [("Bees", "flowers", "roses")]
    people = garden.population({"u1": {}}, [garden.history("u1", {"flowers": "Cats"}, visits)])
    kept = [garden.sample("a", "u1", "Bees", "roses", capability="swap")]
    # Of one sample the most frequent platform is its own.
    assert predict_platforms(kept, [people], **HOW)[0] == Guess(2, "Bees", "Bees", "Bees")


@pytest.mark.parametrize("text", ["", "给我买玫瑰", "zzz"])
def test_texts_that_nobody_taught_leave_the_most_visited_platform(garden, text):
    visits = [("Bees", "flowers", "")] * 2 + [("Cats", "tools", "")] * 3 + [("Ants", "tools", "")]
    people = garden.population({"u1": {}}, [garden.history("u1", {"flowers": "Bees"}, visits)])
    assert (
        predict_platforms([garden.sample("a", "u1", "Bees", text)], [people], **HOW)[0].transparent == "Cats"
    )


def test_equally_visited_platforms_go_by_name(garden):
    visits = [("Cats", "tools", ""), ("Bees", "tools", "")]
    people = garden.population({"u1": {}}, [garden.history("u1", {}, visits)])
    assert predict_platforms([garden.sample("a", "u1")], [people], **HOW)[0].transparent == "Bees"


def test_where_visits_are_even_the_posterior_asks_what_others_prefer(garden):
    kept, _ = town(garden)
    users = sorted({one.user for one in kept})
    prefers = {"flowers": "Cats", "tools": "Bees"}
    lived = [lives(garden, user, prefers) for user in users]
    undecided = [(where, "flowers", "got some roses today") for where in ("Ants", "Cats")]
    lived += [garden.history("u99", {"flowers": "Cats"}, undecided)]
    people = garden.population([*users, "u99"], lived)
    guess = predict_platforms([garden.sample("a", "u99", "Cats", "roses please")], [people], **HOW)[0]
    assert (guess.transparent, guess.bayes) == ("Ants", "Cats")


def test_every_kind_of_need_has_as_many_visits():
    """An action that tells nothing serves the need that the user's other actions leave over."""
    about = np.array([[0.9, 0.1], [0.9, 0.1], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    user = np.array([0, 0, 0, 0, 1])
    served = balance_needs(about, user, users=2)
    assert served.sum(axis=1) == pytest.approx(np.ones(5))
    assert served[:4].sum(axis=0) == pytest.approx([2, 2], abs=0.1)
    assert served[2, 1] > 0.6
    assert served[4] == pytest.approx([0.5, 0.5])  # another user's actions leave nothing over here


def test_contexts_are_read_in_texts_without_blanks_too(garden):
    need = {"flowers": "我想买玫瑰花", "tools": "请帮我买铲子"}
    visits = [("Bees", "flowers", "买了玫瑰花")] * 2 + [("Cats", "tools", "买了铲子")] * 3
    users = [f"u{n}" for n in range(6)]
    lived = [garden.history(user, {"flowers": "Bees", "tools": "Cats"}, visits) for user in users]
    people = garden.population(users, lived)
    kept = [
        garden.sample("a", "u0", "Bees", need["flowers"]),
        garden.sample("b", "u0", "Cats", need["tools"]),
    ]
    assert [one.transparent for one in predict_platforms(kept, [people], **HOW)] == ["Bees", "Cats"]


_OTHER = {"flowers": "tools", "tools": "flowers"}


def shuffled(people: Population, user: str, seed: int, garden) -> Population:
    """The same people; the latent labels of one user's history say something else."""
    draw, world = random.Random(seed), people.worlds["garden"]
    lived = [one for other in world.users for one in world.histories(other)]
    for place, one in enumerate(lived):
        if one.user_id == user:
            actions = [
                (action.platform, draw.choice(("flowers", "tools")), action.action) for action in one.actions
            ]
            prefers = dict.fromkeys(_OTHER, one.preferences[1].platform)
            lived[place] = garden.history(user, prefers, actions)
    return garden.population(world.users, lived)


@pytest.mark.parametrize("seed", range(8))
def test_no_learner_sees_the_labels_of_the_user_it_judges(garden, seed):
    """Lies about what somebody's texts are for and what they prefer change nothing that is said of them."""
    kept, people = town(garden)
    user = kept[seed].user
    lied = [
        one._replace(context=_OTHER[one.context], platform="Cats") if one.user == user else one
        for one in kept
    ]
    ((_, before),) = scenario_texts(kept, [people], seed=0)
    ((_, after),) = scenario_texts(lied, [shuffled(people, user, seed, garden)], seed=0)
    own = before.user == before.users.index(user)
    fold = before.fold[own][0]
    assert (before.context != after.context).any()
    assert (before.about[own] == after.about[own]).all()
    assert (before.preferred[fold] == after.preferred[fold]).all()
    # The third of them counts everybody's platforms and nothing else.
    for one, other in zip(without_profile(before)[:2], without_profile(after)[:2], strict=True):
        assert (one[own[: len(kept)]] == other[own[: len(kept)]]).all()
    # The counterpart: others are taught by these labels, so the lines above can fail.
    assert (before.about[before.fold != fold] != after.about[before.fold != fold]).any()
    assert (before.preferred[fold - 1] != after.preferred[fold - 1]).any()


def test_what_is_visible_is_seen(garden):
    """The counterpart: with other visits the prediction is another, so the test above can fail."""
    kept, people = town(garden)
    world = people.worlds["garden"]
    lived = [one for user in world.users for one in world.histories(user)]
    moved = [lives(garden, "u00", {"flowers": "Cats", "tools": "Ants"}), *lived[1:]]
    other = garden.population(world.users, moved)
    guess = [predict_platforms(kept, [one], **HOW)[0] for one in (people, other)]
    assert [(one.transparent, one.bayes) for one in guess] == [("Ants", "Ants"), ("Cats", "Cats")]


def test_a_twin_does_not_teach_what_its_original_is_about(garden):
    """The same words asked by users of different folds: learnt from one, they would tell the other's need."""
    users = [f"u{n}" for n in range(20)]
    needs = ["flowers", "tools"] * 10
    kept = [garden.sample(f"q{n}", users[n], query=f"xyzzy{n}", context=needs[n]) for n in range(20)]
    twins = [
        garden.sample(f"t{n}", users[n - 7], query=f"xyzzy{n}", context=needs[n], twin_of=f"q{n}")
        for n in range(20)
    ]
    people = garden.population(users)
    for all_of_them, told in (
        (kept + twins, False),
        ([*kept, *(t._replace(twin_of="") for t in twins)], True),
    ):
        ((_, scene),) = scenario_texts(all_of_them, [people], seed=0)
        assert any(scene.about.max(axis=1) > 0.75) is told


def test_nothing_gives_zeros(garden):
    found = judged([], garden.population({}))
    assert (found.samples, found.chance, found.transparent, found.bayes, found.by_scenario) == (
        0,
        0,
        0,
        0,
        {},
    )


def test_a_sample_of_a_world_nobody_knows_is_counted_as_wrong(garden):
    found = judged([garden.sample("a", "u1", scenario="moon")], garden.population({"u1": {}}))
    assert (found.samples, found.chance, found.transparent) == (1, 0.0, 0.0)


def test_populations_are_apart_even_where_user_ids_are_not(garden):
    own = garden.population({"u1": {}}, [garden.history("u1", {}, [("Bees", "tools", "")])])
    lived = garden.history("u1", {}, [("Cats", "tools", "")], "pond")
    held_out = garden.population({"u1": {}}, [lived], "unseen", ("pond",))
    kept = [
        garden.sample("a", "u1", "Bees"),
        garden.sample("b", "u1", "Cats", population="unseen", scenario="pond"),
    ]
    assert judged(kept, own, held_out).transparent == 1.0


_texts = st.sampled_from(["", "roses", "spades", "买玫瑰", "roses and spades", "now!"])
_needs, _places = st.sampled_from(["flowers", "tools", "none of them"]), st.sampled_from(PLATFORMS)
_visits = st.lists(st.tuples(_places, _needs, _texts), max_size=6)
_asked = st.lists(st.tuples(st.integers(0, 4), _places, _needs, _texts), max_size=8)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_visits, min_size=5, max_size=5), _asked, st.integers(1, 9), st.floats(0.5, 1), st.randoms())
def test_shares_whatever_was_done_and_the_same_in_any_order(garden, done, asked, each, loyalty, draw):
    lived = [garden.history(f"u{n}", {}, visits) for n, visits in enumerate(done)]
    people = garden.population({f"u{n}": {} for n in range(5)}, lived)
    kept = [
        garden.sample(f"q{n}", f"u{user}", where, text, context=need)
        for n, (user, where, need, text) in enumerate(asked)
    ]
    how = {"loyalty": loyalty, "actions_per_context": each, "seed": 3}
    guesses = dict(zip(kept, predict_platforms(kept, [people], **how), strict=True))
    found = decidability(kept, list(guesses.values()))
    assert all(0 <= share <= 1 for share in (found.transparent, found.bayes, found.without_profile))
    assert all(guess.transparent in PLATFORMS and guess.bayes in PLATFORMS for guess in guesses.values())
    draw.shuffle(kept)
    assert [(one.transparent, one.bayes) for one in predict_platforms(kept, [people], **how)] == [
        (guesses[one].transparent, guesses[one].bayes) for one in kept
    ]


@pytest.mark.parametrize("together", [1, 9, 40])
def test_users_in_blocks_are_told_what_all_of_them_together_are(garden, monkeypatch, together):
    """Blocks share what was learnt; which users are looked at together changes no digit."""
    kept, people = town(garden)
    kept += [garden.sample(f"t{n}", kept[-n].user, query=kept[n].query, twin_of=kept[n].id) for n in (1, 5)]

    def said(texts):
        return [transparent(texts), bayes(texts, 0.75), *without_profile(texts), texts.serves * 1.0]

    ((_, whole),) = scenario_texts(kept, [people], 0, together=None)
    expected = said(whole)
    monkeypatch.setattr(scenario_texts_module, "BLOCK", 7)
    blocks = list(scenario_texts(kept, [people], 0, together))
    assert len(blocks) > 1
    assert sorted(place for places, _ in blocks for place in places) == list(range(len(kept)))
    for places, block in blocks:
        for found, of_all in zip(said(block), expected, strict=True):
            assert (found == of_all[places]).all()
