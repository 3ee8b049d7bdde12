"""Shares of the work: seeded, balanced over strata and people, as much overlap as was asked for."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.reviews.assignment import Stratum, assign

SAMPLES = st.dictionaries(
    st.text("abcdef0123456789", min_size=1, max_size=6),
    st.builds(Stratum, st.sampled_from(["shopping", "travel"]), st.sampled_from(["trained", "untrained"])),
    min_size=1,
    max_size=60,
)
NAMES = st.lists(st.sampled_from(["Ada", "Bob", "Cleo", "Dan"]), unique=True, max_size=4)
SHARES = st.sampled_from([0.0, 0.2, 0.5, 1.0])


@settings(max_examples=60)
@given(SAMPLES, NAMES, SHARES, st.integers(2, 3), st.integers(0, 9))
def test_every_sample_is_shared_out_as_often_as_it_should_be(samples, names, overlap, readers, seed) -> None:
    drawn = assign(samples, names, overlap=overlap, readers=readers, seed=seed)
    assert sorted(drawn.order) == sorted(samples)
    assert len(drawn.overlapping) == round(len(samples) * overlap)
    for task in ("criteria", "origins"):
        times = Counter(id for name in names for id in drawn.queue(name, task))
        wanted = {id: min(readers if id in drawn.overlapping else 1, len(names)) for id in samples}
        assert times == {id: count for id, count in wanted.items() if names}
        for name in names:
            places = [drawn.order.index(id) for id in drawn.queue(name, task)]
            assert places == sorted(set(places))


@settings(max_examples=60)
@given(SAMPLES, NAMES.filter(bool), SHARES, st.integers(0, 9))
def test_nobody_has_much_more_of_a_stratum_than_another(samples, names, overlap, seed) -> None:
    drawn = assign(samples, names, overlap=overlap, seed=seed)
    for stratum in set(samples.values()):
        loads = [sum(samples[id] == stratum for id in drawn.queue(name, "criteria")) for name in names]
        assert max(loads) - min(loads) <= 1


@settings(max_examples=40)
@given(SAMPLES, NAMES, SHARES, st.integers(0, 9), st.randoms())
def test_the_order_of_the_samples_does_not_count(samples, names, overlap, seed, random) -> None:
    shuffled = list(samples.items())
    random.shuffle(shuffled)
    assert assign(dict(shuffled), names, overlap=overlap, seed=seed) == assign(
        samples, names, overlap=overlap, seed=seed
    )


@settings(max_examples=40)
@given(SAMPLES, st.integers(0, 9), st.data())
def test_a_draw_holds_every_stratums_share(samples, seed, data) -> None:
    most = data.draw(st.integers(1, len(samples)))
    drawn = assign(samples, most=most, seed=seed)
    assert len(drawn.order) == most
    for stratum, size in Counter(samples.values()).items():
        share = size * most / len(samples)
        assert abs(sum(samples[id] == stratum for id in drawn.order) - share) <= len(set(samples.values()))
    assert drawn.order == assign(samples, seed=seed).order[:most]


def test_who_labels_origins_is_somebody_else_where_there_are_two() -> None:
    samples = {f"s{number}": Stratum("tiny", "") for number in range(20)}
    drawn = assign(samples, ["Ada", "Bob"], overlap=0.0)
    marked, labelled = (set(drawn.queue("Ada", task)) for task in ("criteria", "origins"))
    assert len(marked) == len(labelled) == 10 and not marked & labelled
    alone = assign(samples, ["Ada"])
    assert alone.queue("Ada", "criteria") == alone.queue("Ada", "origins") == alone.order


def test_who_is_not_on_the_roster_may_review_everything() -> None:
    drawn = assign({"a": Stratum("tiny", ""), "b": Stratum("tiny", "")}, ["Ada", "Bob"], overlap=0.0)
    assert set(drawn.queue("Cleo", "criteria")) == {"a", "b"}
    assert len(drawn.queue("Ada", "criteria")) == 1


def test_another_seed_is_another_draw() -> None:
    samples = {f"s{number}": Stratum("tiny", "") for number in range(50)}
    assert assign(samples, seed=1).order != assign(samples, seed=2).order
