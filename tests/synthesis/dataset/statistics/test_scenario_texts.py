"""A text's class is learnt from the words that tell it, and from nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.synthesis.dataset.statistics.naive_bayes import Corpus, NaiveBayes
from ptool.synthesis.dataset.statistics.scenario_texts import deal_into_folds


def learnt(taught: list[tuple[str, int]], *asked: str, classes: int = 2) -> np.ndarray:
    """Posteriors of the asked texts."""
    texts = [text for text, _ in taught] + list(asked)
    labels = np.array([label for _, label in taught] + [0] * len(asked), dtype=np.int64)
    examples = np.arange(len(texts)) < len(taught)
    corpus = Corpus(texts)
    return NaiveBayes(corpus, examples, labels, classes).posterior(corpus.words_of(np.flatnonzero(~examples)))


def test_a_word_of_one_class_tells_the_class():
    taught = [("buy roses", 0), ("buy tulips", 0), ("buy spades", 1), ("buy rakes", 1)]
    assert learnt(taught, "Roses!", "get rakes", "tulips").argmax(axis=1).tolist() == [0, 1, 0]


def test_small_talk_does_not_drown_the_word_that_tells():
    """Ten words that lean a little one way weigh less than one that is only said the other way."""
    talk = "hello there my dear how are you doing this morning"
    other = "could it be that they have some for me now"
    taught = [(talk, 0)] * 4 + [(other, 0)] * 2 + [(talk, 1)] * 2 + [(f"{other} spade", 1)] * 4
    assert learnt(taught, f"{talk} spade")[0, 1] > 0.5


def test_words_that_nobody_taught_say_nothing():
    taught = [("roses", 0), ("many more words of one class than of the other", 1)]
    unheard, empty = learnt(taught, "never heard before", "")
    assert unheard == pytest.approx(empty)


def test_without_examples_every_class_is_as_likely():
    assert learnt([], "roses", "", classes=4) == pytest.approx(np.full((2, 4), 0.25))


def test_the_frequent_class_is_likelier_to_begin_with():
    assert learnt([("", 1)] * 7 + [("", 0)], "")[0] == pytest.approx([2 / 10, 8 / 10])


@given(
    st.lists(st.tuples(st.text(max_size=20), st.integers(0, 2)), max_size=8),
    st.lists(st.text(max_size=20), max_size=4),
)
def test_posteriors_are_probabilities_whatever_the_text(taught, asked):
    found = learnt(taught, *asked, classes=3)
    assert found.shape == (len(asked), 3)
    assert np.isfinite(found).all()
    assert found.sum(axis=1) == pytest.approx(np.ones(len(asked)))


@given(st.sets(st.text(max_size=5), max_size=20), st.integers(1, 9), st.integers(0, 2**31), st.randoms())
def test_folds_are_even_and_the_same_in_any_order(users, folds, seed, draw):
    dealt = deal_into_folds(users, folds, seed)
    sizes = [list(dealt.values()).count(fold) for fold in range(folds)]
    assert max(sizes) - min(sizes) <= 1
    assert sum(sizes) == len(users)
    other = list(users)
    draw.shuffle(other)
    assert deal_into_folds(other, folds, seed) == dealt


def test_another_seed_deals_other_folds():
    users = [f"u{n}" for n in range(30)]
    assert deal_into_folds(users, 8, 1) != deal_into_folds(users, 8, 2)


def test_the_order_of_texts_changes_no_bit():
    taught = [(f"word{n} word{n * n % 97}", n % 3 % 2) for n in range(300)]
    asked = [f"word{n} word{n + 1} other" for n in range(20)]
    assert np.array_equal(learnt(taught, *asked), learnt(taught[::-1], *asked))
