"""Agreement has the values of the literature, and the properties that it is chosen for."""

import math
import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.reviews.agreement import agreement_row, raw_agreement
from ptool.reviews.agreement_intervals import AgreementEstimate, alpha_estimate, kappa_estimate


def pairs(table: list[list[int]]) -> list[tuple[str, str]]:
    """The judgements behind a table of counts: rows the first annotator's, columns the second's."""
    return [
        (str(row), str(column))
        for row, column in product(range(len(table)), repeat=2)
        for _ in range(table[row][column])
    ]


def cohen_kappa(judged: list[tuple[str, str]]) -> AgreementEstimate | None:
    """Of samples with one unit each."""
    return kappa_estimate([[{"a": first, "b": second}] for first, second in judged], ("a", "b"))


def krippendorff_alpha(judgements: dict[int, dict[str, str]]) -> float | None:
    """Of samples with one unit each."""
    found = alpha_estimate([[said] for said in judgements.values() if len(said) > 1])
    return found.value if found else None


def units(*people: str) -> dict[int, dict[str, str]]:
    """What annotators said of each unit; a dot: nothing."""
    return {
        unit: {str(who): word for who, word in enumerate(said) if word != "."}
        for unit, said in enumerate(zip(*(text.split() for text in people), strict=True))
    }


@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        ([[20, 5], [10, 15]], 0.4),
        ([[106, 10, 4], [22, 28, 10], [2, 12, 6]], 0.429),  # Fleiss, Cohen, Everitt 1969
        ([[45, 15], [25, 15]], 0.1304),  # Cohen's kappa at equal raw agreement: marginals count
        ([[25, 35], [5, 35]], 0.2593),
    ],
)
def test_kappa_is_as_published(table: list[list[int]], kappa: float) -> None:
    found = cohen_kappa(pairs(table))
    assert found is not None and found.value == pytest.approx(kappa, abs=5e-4)


def test_an_interval_is_as_wide_as_the_large_sample_error_where_samples_are_many() -> None:
    found = cohen_kappa(pairs([[106, 10, 4], [22, 28, 10], [2, 12, 6]]))
    assert found is not None and (found.high - found.low) / 2 / 1.96 == pytest.approx(0.0537, abs=4e-3)


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


def test_few_samples_leave_doubt_even_where_people_are_at_one() -> None:
    perfect = cohen_kappa([("ok", "ok")] * 6 + [("fix", "fix")])
    assert perfect is not None and (perfect.value, perfect.high) == (1.0, 1.0) and perfect.low < 0.5
    always_ok = cohen_kappa([("ok", "ok")] * 6 + [("reject", "ok")])
    assert always_ok is not None and always_ok.value == 0 and always_ok.low < 0 < 0.5 < always_ok.high


def test_arguments_of_one_sample_are_no_samples_of_their_own() -> None:
    units = [
        {"a": said, "b": said if number % 4 else "profile"}
        for number, said in enumerate(["query", "profile"] * 40)
    ]
    apart = alpha_estimate([[unit] for unit in units])
    together = alpha_estimate([[unit] * 4 for unit in units[:20]])
    assert apart is not None and together is not None
    assert together.value == pytest.approx(apart.value, abs=0.01)
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def drawn(shares: list[float], kappa: float, count: int, rng: random.Random) -> list[tuple[str, str]]:
    """Judgements of two people who agree beyond chance in a share of them (the common kappa model)."""
    words = [str(word) for word in range(len(shares))]
    judged = []
    for _ in range(count):
        first, other = rng.choices(words, shares, k=2)
        judged.append((first, first if rng.random() < kappa else other))
    return judged


@pytest.mark.slow
@pytest.mark.parametrize("count", [20, 50, 200])
def test_intervals_hold_what_they_claim(count: int) -> None:
    """93 % at least on average over shares and kappas, 88 % in the worst of them (some 150 draws of each)."""
    rng, held = random.Random(7), {"kappa": [], "alpha": []}
    for shares in ([0.5, 0.5], [0.9, 0.1], [0.8, 0.15, 0.05]):
        for kappa in (0.3, 0.6, 0.9):
            hits = {"kappa": [], "alpha": []}
            for _ in range(150):
                judged = drawn(shares, kappa, count, rng)
                samples = [[{"a": first, "b": second}] for first, second in judged]
                for name, found in (
                    ("kappa", kappa_estimate(samples, ("a", "b"))),
                    ("alpha", alpha_estimate(samples)),
                ):
                    if found is not None:
                        hits[name].append(found.low <= kappa <= found.high)
            for name, each in hits.items():
                held[name].append(sum(each) / len(each))
    for shares_held in held.values():
        assert sum(shares_held) / len(shares_held) >= 0.93
        assert min(shares_held) >= 0.88


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
