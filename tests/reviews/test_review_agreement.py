"""Agreement has the values of the literature, and the properties that it is chosen for."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.reviews.agreement import (
    agreement_row,
    cohen_kappa,
    krippendorff_alpha,
    raw_agreement,
)


def pairs(table: list[list[int]]) -> list[tuple[str, str]]:
    """The judgements behind a table of counts: rows the first annotator's, columns the second's."""
    return [
        (str(row), str(column))
        for row, column in product(range(len(table)), repeat=2)
        for _ in range(table[row][column])
    ]


def units(*people: str) -> dict[int, dict[str, str]]:
    """What annotators said of each unit; a dot: nothing."""
    return {
        unit: {str(who): word for who, word in enumerate(said) if word != "."}
        for unit, said in enumerate(zip(*(text.split() for text in people), strict=True))
    }


@pytest.mark.parametrize(
    ("table", "kappa", "error"),
    [
        ([[20, 5], [10, 15]], 0.4, 0.127),
        ([[106, 10, 4], [22, 28, 10], [2, 12, 6]], 0.429, 0.0537),  # Fleiss, Cohen, Everitt 1969
        ([[45, 15], [25, 15]], 0.1304, None),  # Cohen's kappa at equal raw agreement: marginals count
        ([[25, 35], [5, 35]], 0.2593, None),
    ],
)
def test_kappa_is_as_published(table: list[list[int]], kappa: float, error: float | None) -> None:
    found = cohen_kappa(pairs(table))
    assert found is not None and found.value == pytest.approx(kappa, abs=5e-4)
    if error is not None:
        assert found.low is not None and found.high is not None
        assert (found.high - found.low) / 2 / 1.959964 == pytest.approx(error, abs=5e-4)


@pytest.mark.parametrize(
    ("people", "alpha"),
    [
        # Krippendorff 2011, A: two observers, binary; B: two, nominal; C: four, some units missing
        (("0 1 0 0 0 0 0 0 0 0", "1 1 1 0 0 1 0 0 1 0"), 0.095),
        (("a a b b d c c c e d d a", "b a b b b c c c e d d d"), 0.692),
        (
            (
                "1 2 3 3 2 1 4 1 2 . . .",
                "1 2 3 3 2 2 4 1 2 5 . 3",
                ". 3 3 3 2 3 4 2 2 5 1 .",
                "1 2 3 3 2 4 4 1 2 5 1 .",
            ),
            0.743,
        ),
    ],
)
def test_alpha_is_as_published(people: tuple[str, ...], alpha: float) -> None:
    assert krippendorff_alpha(units(*people)) == pytest.approx(alpha, abs=5e-4)


def test_nothing_but_one_word_tells_no_agreement_beyond_chance() -> None:
    same = units("ok ok ok", "ok ok ok")
    row = agreement_row("query", same)
    assert (row.raw, row.kappa, row.alpha, row.units) == (1.0, None, None, 3)


def test_an_interval_needs_variation() -> None:
    always_ok = cohen_kappa([("ok", "ok")] * 6 + [("reject", "ok")])
    assert always_ok is not None and (always_ok.value, always_ok.interval()) == (0.0, "")
    perfect = cohen_kappa([("ok", "ok")] * 6 + [("fix", "fix")])
    assert perfect is not None and (perfect.value, perfect.low) == (1.0, None)


def test_units_that_one_judged_alone_do_not_count() -> None:
    row = agreement_row("query", units("ok ok fix .", "ok . ok fix"))
    assert (row.units, row.raw, row.annotators) == (2, 0.5, ("0", "1"))
    assert raw_agreement(units("ok", ".")) is None
    assert krippendorff_alpha(units("ok", ".")) is None


def test_kappa_is_of_two_and_alpha_of_any_number() -> None:
    row = agreement_row("query", units("ok fix ok", "ok fix fix", "ok ok ok"))
    assert row.kappa is None and row.alpha is not None and len(row.annotators) == 3


WORDS = st.sampled_from(["ok", "fix", "reject"])


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=40))
def test_who_comes_first_does_not_count(judged: list[tuple[str, str]]) -> None:
    there, back = cohen_kappa(judged), cohen_kappa([(second, first) for first, second in judged])
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert math.isclose(there.value, back.value, abs_tol=1e-9)
        assert -1 <= there.value <= 1
        if there.low is not None and there.high is not None:
            assert -1 <= there.low <= there.value <= there.high <= 1


@given(st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=20), st.randoms())
def test_alpha_does_not_know_who_said_what(said: list[list[str]], random) -> None:
    judged = {unit: {str(who): word for who, word in enumerate(words)} for unit, words in enumerate(said)}
    alpha = krippendorff_alpha(judged)
    mixed = {}
    for unit, words in judged.items():
        names = list(words)
        random.shuffle(names)
        mixed[unit] = dict(zip(names, words.values(), strict=True))
    again = krippendorff_alpha(mixed)
    assert (alpha is None) == (again is None)
    if alpha is not None and again is not None:
        assert math.isclose(alpha, again, abs_tol=1e-9) and alpha <= 1
