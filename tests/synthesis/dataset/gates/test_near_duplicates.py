"""Nearly the same is found whatever the order of words, and other numbers and names are other requests."""

from __future__ import annotations

import random
import time
from hashlib import sha256
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.synthesis.dataset import near_duplicates as near_duplicates_module
from ptool.synthesis.dataset.gates.near_duplicates import NearDuplicateGate
from ptool.synthesis.dataset.near_duplicates import (
    THRESHOLD,
    DuplicateIndex,
    jaccard,
    near_duplicate_pairs,
    near_duplicate_samples,
    near_duplicates,
    sketch_of,
    text_features,
)
from ptool.synthesis.dataset.samples import CompactSample

LONG = "could you order 2 pizzas with mushrooms and more cheese from the place at the corner for Lena tonight"
QUERIES = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("queries.txt").read_text(encoding="utf-8").splitlines()
]
"""(scenario, text) of 200 queries that the scripted user asked."""


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        (LONG, True),
        (LONG.upper(), True),
        ("For Lena tonight, " + LONG.removesuffix(" for Lena tonight") + "!", True),
        (LONG.replace("2", "two"), True),
        (LONG.replace("mushrooms", "mushroms"), True),
        (LONG.replace("pizzas", "pizza"), True),
        (LONG + " please", True),
        (LONG.replace("2", "3"), False),
        (LONG.replace("2", "12"), False),
        (LONG.replace("Lena", "Lea"), False),
        (LONG.replace("for Lena ", ""), False),
        (LONG.replace("pizzas with mushrooms", "salads with olives"), False),
        ("could you", False),
        ("", False),
    ],
)
def test_what_is_nearly_the_same(text, alike):
    assert near_duplicates(LONG, text) is alike
    assert near_duplicates(text, LONG) is alike
    assert near_duplicate_pairs([("a", "s", LONG), ("b", "s", text)]) == [("a", "b")] * alike


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2 teas, 3 cakes for the office", "3 cakes, 2 teas for the office", True),
        ("2 teas, 3 cakes for the office", "3 teas, 2 cakes for the office", False),
        ("2 teas, 3 cakes for the office", "2 cakes, 3 teas for the office", False),
        ("book 2 seats in the row", "2, book seats in the row", True),
        ("I'd book seats in the row", "book seats in the row, I'd", True),
        ("from Quarry Stage to the hall", "Quarry Stage to the hall from", True),
        ("", "!?", True),
    ],
)
def test_numbers_belong_to_their_words(one, other, alike):
    assert near_duplicates(one, other) is alike


def test_the_gate_names_the_earlier_one_and_remembers_only_what_it_let_through(candidate):
    gate, shown = NearDuplicateGate(), []
    texts = ["red socks for me please now", "red socks for me, now please!", "green socks for me please now"]
    for number, text in enumerate([*texts, texts[1]], start=1):
        shown.append([one.message for one in gate.run(candidate(text, id=f"shop-{number}"))])
    assert shown == [[], ["'shop-1' asks nearly the same"], [], ["'shop-1' asks nearly the same"]]
    (reason,) = gate.run(candidate(texts[2], id="shop-9"))
    assert (reason.code, reason.message) == ("gate.near_duplicates", "'shop-3' asks nearly the same")


def test_each_scenario_and_each_gate_is_apart():
    same = [("a", "one", LONG), ("b", "two", LONG), ("c", "one", LONG), ("d", "one", LONG)]
    assert near_duplicate_pairs(same) == [("a", "c"), ("a", "d"), ("c", "d")]
    first, second = DuplicateIndex(), DuplicateIndex()
    sketch = sketch_of(LONG)
    first.add("a", LONG, sketch)
    assert (list(first.find(LONG, sketch)), list(second.find(LONG, sketch))) == (["a"], [])


def varied(text: str, rng: random.Random) -> str:
    """The same query with a few words more, fewer, elsewhere or mistyped."""
    words = text.split()
    for _ in range(rng.randint(1, 4)):
        at, other = rng.randrange(len(words)), rng.randrange(len(words))
        match rng.randrange(4):
            case 0:
                words.insert(at, rng.choice(["please", "kindly", "now", "today"]))
            case 1 if len(words) > 6:
                words.pop(at)
            case 2:
                words[at], words[other] = words[other], words[at]
            case _ if len(words[at]) > 4:
                words[at] = words[at][:2] + words[at][3:]
    return " ".join(words)


def test_hardly_a_pair_escapes_the_blocking():
    rng = random.Random(11)
    texts = [(f"{n}", scenario, text) for n, (scenario, text) in enumerate(QUERIES)]
    texts += [
        (f"{name}-{k}", scenario, varied(text, rng)) for name, scenario, text in texts for k in range(4)
    ]
    exact = {
        (one[0], other[0])
        for one, other in combinations(texts, 2)
        if one[1] == other[1] and near_duplicates(one[2], other[2])
    }
    close = [
        jaccard(text_features(one[2]).trigrams, text_features(other[2]).trigrams)
        for one, other in combinations(texts, 2)
        if (one[0], other[0]) in exact
    ]
    assert len(exact) > 300
    assert sum(one < THRESHOLD + 0.03 for one in close) > 50
    found = set(near_duplicate_pairs(texts))
    assert found <= exact
    assert len(found) >= 0.999 * len(exact)


def test_the_bands_of_a_text_never_move():
    """A pair may escape the blocking; whoever makes a dataset again is to miss the same ones."""
    keys = [key % 2**64 for key in sketch_of("Order 2 pizzas for Lena").keys]
    assert sha256(repr(keys).encode()).hexdigest()[:16] == "9120e1b94a83cfdc"
    assert sketch_of("!?").keys == [0] * 16


def test_a_text_that_is_far_from_alike_is_not_read_again(monkeypatch):
    """Three quarters of its words in common give it a band in common, too; it is told by its digests."""
    index, read = DuplicateIndex(), []
    monkeypatch.setattr(near_duplicates_module, "near_duplicates", lambda *texts: read.append(texts) or True)
    sketch, other = sketch_of(LONG), LONG.replace("mushrooms and more cheese", "olives")
    index.add("far", other, sketch._replace(trigrams=sketch_of(other).trigrams))
    index.add("near", f"{LONG}!", sketch_of(f"{LONG}!"))
    assert list(index.find(LONG, sketch)) == ["near"]
    assert read == [(LONG, f"{LONG}!")]


def test_real_queries_are_none():
    assert near_duplicate_pairs([(f"{n}", *one) for n, one in enumerate(QUERIES)]) == []


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_symmetric_and_every_text_is_like_itself(one, other):
    assert near_duplicates(one, one)
    assert near_duplicates(one, other) == near_duplicates(other, one)
    pairs = near_duplicate_pairs([("a", "s", one), ("b", "s", one)])
    assert pairs == [("a", "b")]


@pytest.mark.slow
def test_four_times_the_queries_take_about_four_times_as_long():
    """All pairs would be sixteen times as many."""
    rng = random.Random(3)
    texts = []
    for number in range(3_000):
        words = " ".join(text for _, text in rng.sample(QUERIES, 2)).split()
        texts.append((f"{number}", "s", " ".join(rng.sample(words, min(20, len(words))))))

    def seconds(several):
        started = time.process_time()
        near_duplicate_pairs(several)
        return time.process_time() - started

    many, few = zip(*((seconds(texts), seconds(texts[:750])) for _ in range(2)), strict=True)
    assert min(many) < 10 * min(few)


def test_a_hostile_text_is_cut():
    index = DuplicateIndex()
    started = time.process_time()
    for number in range(3):
        text = "".join(map(chr, range(0x4E00, 0x9E00))) * 50
        index.add(f"{number}", text, sketch_of(text))
    text = "\u4e00" * 1_000_000
    assert list(index.find(text, sketch_of(text))) == []
    assert time.process_time() - started < 1


def test_a_sample_and_its_twins_are_no_near_duplicates_but_a_twin_of_another_is():
    made = [
        CompactSample(id, "", "s", "u", "need", "P", query, (), (), twin_of)
        for id, query, twin_of in [
            ("a", LONG, ""),
            ("a-twin", LONG, "a"),
            ("a-other", LONG, "a"),
            ("b", "something else entirely", ""),
            ("b-twin", LONG, "b"),
        ]
    ]
    assert near_duplicate_samples(made) == [("a", "b-twin"), ("a-twin", "b-twin"), ("a-other", "b-twin")]
