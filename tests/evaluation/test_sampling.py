"""The draw of samples: counts, ids that stand twice, and which are drawn."""

from __future__ import annotations

import pytest
from evaluation_doubles import item
from hypothesis import given
from hypothesis import strategies as st
from ptool.errors import ConfigError, StoreError
from ptool.evaluation.sampling import draw_samples


def draw(ids, n=None, seed=0, check=lambda one: None):
    return draw_samples((item(id=id) for id in ids), "here", n, seed, check)


@given(st.lists(st.text(max_size=8), unique=True, min_size=1), st.integers(1, 40), st.randoms())
def test_the_draw_has_n_samples_whatever_their_order(ids, n, random):
    found = draw(ids, n, seed=5)
    random.shuffle(ids)
    again = draw(ids, n, seed=5)
    assert found == again
    assert found.count == min(n, len(ids)) == sum(found.chosen(item(id=id)) for id in ids)


def test_another_seed_draws_others_and_a_larger_draw_holds_the_smaller():
    ids = [f"s{number}" for number in range(100)]
    draws = [draw(ids, 10, seed).drawn for seed in range(5)]
    assert len(set(draws)) == 5
    assert draw(ids, 10).drawn < draw(ids, 20).drawn  # type: ignore[operator]


def test_an_id_that_stands_twice_is_refused():
    with pytest.raises(StoreError, match="here: two samples have the id 'b', expected one"):
        draw(["a", "b", "c", "b"])
    assert draw(["a", "b", "A", "a ", "\ud800"]).total == 5


def test_nothing_to_evaluate_is_refused():
    with pytest.raises(ConfigError, match="data: here holds no samples"):
        draw([])


def test_every_sample_is_checked_also_those_that_are_not_drawn():
    seen = []
    draw(["a", "b", "c"], 1, check=lambda one: seen.append(one.id))
    assert seen == ["a", "b", "c"]
