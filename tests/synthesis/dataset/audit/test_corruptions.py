"""Every corruption changes the right answer, some keep to the schemas, and the rules notice."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.environments.checks import choose_checks
from ptool.synthesis.dataset.audit.corruptions import CORRUPTIONS
from ptool.synthesis.dataset.audit.samples import choose_samples
from ptool.synthesis.dataset.audit.wrong_values import (
    former_addresses,
    is_address,
    misspelt,
    similar_values,
)
from ptool.synthesis.dataset.samples import CompactSample
from ptool.texts.values import same, within

DRAWS = range(30)
KINDS = {"wrong_value", "missing_parameter", "extra_parameter", "missing_call", "extra_call"} | {
    "hallucinated_tool",
    "other_user",
    "other_platform",
    "stale_address",
    "contradiction",
    "wrong_order",
}
PLAUSIBILITY = {"contradiction", "wrong_order"}
"""Nothing of the kind can be seeded in the cafés; see test_implausible_queries.py."""


VALID = {"wrong_value", "extra_parameter.optional", "missing_call", "extra_call", "other_user"} | {
    "other_platform",
    "stale_address",
}
"""Corruptions after which every argument still satisfies its schema."""


def kind(name):
    return name.partition(".")[0]


def corrupted(name, sample, seed):
    return CORRUPTIONS[name].corrupt(sample, Random(seed))


def essence(solution):
    return solution.platform, [(call.api, call.arguments) for call in solution.calls]


def first(corruption):
    """The arguments of the first call."""
    return corruption.solution.calls[0].arguments


def test_there_is_a_way_for_every_kind_of_fault():
    assert set(map(kind, CORRUPTIONS)) == KINDS


@pytest.mark.parametrize("name", [name for name in CORRUPTIONS if name not in PLAUSIBILITY])
@pytest.mark.parametrize("calls", [1, 2])
def test_a_corruption_changes_the_gold_and_the_rules_object(cafe, name, calls):
    sample = cafe.sample(calls)
    checks = choose_checks()
    assert checks.of_solution(sample.case) == ()  # it is the corruption that they object to
    for seed in DRAWS:
        wrong = corrupted(name, sample, seed)
        if wrong is None:
            assert (calls, kind(name)) == (1, "missing_call")
            return
        assert essence(wrong.solution) != essence(sample.solution)
        valid = all(
            (tool := sample.world.tools.get((wrong.solution.platform, call.api)))
            and tool.arguments.is_valid(call.arguments)
            for call in wrong.solution.calls
        )
        assert valid or not VALID & {name, kind(name)}
        case = cafe.sample(calls).case
        assert checks.of_solution(type(case)(**_fields(case) | {"solution": wrong.solution}))


def _fields(case):
    return {name: getattr(case, name) for name in ("world", "profile", "history", "task", "query")}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_same_seed_spoils_alike(cafe, name):
    assert corrupted(name, cafe.sample(), 7) == corrupted(name, cafe.sample(), 7)


def test_a_wrong_value_is_wrong_where_it_nearly_is_not(cafe):
    for seed in DRAWS:
        query = first(corrupted("wrong_value.query", cafe.sample(), seed))
        changed = [name for name in cafe.order if not same(query[name], cafe.order[name])]
        assert len(changed) == 1  # one argument, and 2.0 or "Hot Mochas" would be no change
        assert changed[0] in ("item", "quantity", "hot")
        assert query["quantity"] in (1, 2, 3)  # the schema's bounds
        profile = first(corrupted("wrong_value.profile", cafe.sample(), seed))
        # A choice out of the snacks this user likes is no fault: ["figs"] alone must not be offered as one.
        assert profile["snacks"] == ["nuts", "figs"] or not within(profile["snacks"], ["nuts", "figs"])


def test_nobody_elses_data_is_taken_where_there_is_nobody_else(cafe):
    assert corrupted("other_user", cafe.sample(people=1), 0) is None
    taken = [first(corrupted("other_user", cafe.sample(), seed)) for seed in DRAWS]
    assert {one["address"] for one in taken} == {"5 Mill Lane", "12 Elm Row"}
    assert {tuple(one["snacks"]) for one in taken} == {("nuts", "figs"), ("dates",)}


def test_another_platform_gets_the_arguments_under_its_own_names(cafe):
    assert corrupted("other_platform", cafe.sample(platforms=("BeanBar",)), 0) is None
    there = corrupted("other_platform", cafe.sample(), 0).solution
    assert [call.api for call in there.calls] == ["brew", "orders"]
    assert there.calls[0].arguments == {
        "what": "hot mochas",
        "quantity": 2,
        "hot": True,
        "bringTo": "5 Mill Lane",
        "bites": ["nuts", "figs"],
    }


def test_an_invented_function_belongs_to_nobody(cafe):
    sample = cafe.sample()
    for seed in DRAWS:
        names = {call.api for call in corrupted("hallucinated_tool", sample, seed).solution.calls}
        assert len(names - sample.world.owners.keys()) == 1


def test_a_missing_call_leaves_the_others(cafe):
    assert corrupted("missing_call.first", cafe.sample(1), 0) is None
    assert [call.api for call in corrupted("missing_call.first", cafe.sample(), 0).solution.calls] == [
        "list_orders"
    ]
    assert [call.api for call in corrupted("missing_call.last", cafe.sample(), 0).solution.calls] == [
        "order_drink"
    ]


@pytest.mark.parametrize(
    ("feature", "value", "reached"),
    [
        ("home_address", "5 Mill Lane", True),
        ("email", "a.b@example.org", True),
        ("emergency_contact", "+49 30 1234567", True),
        ("address_book", {"work": "a@example.org"}, True),
        ("date_of_birth", "1955-04-25", False),  # digits and dashes, as of a telephone
        ("email_language", "German", False),
        ("clothing_size", "XL", False),
        ("cups", 12, False),
    ],
)
def test_addresses_are_told_from_other_values(feature, value, reached):
    assert is_address(feature, value) is reached


def test_an_outdated_address_is_close_to_the_right_one():
    def of(change, value):
        return next(change(value, Random(1)))

    assert of(former_addresses, "anna@example.org").partition("@")[0] == "anna"
    assert of(former_addresses, "5 Mill Lane, SW1A").endswith(" Mill Lane, SW1A")
    assert of(former_addresses, "+49 30 1234567").startswith("+49 30 123")
    assert sum(a != b for a, b in zip(of(misspelt, "5 Mill Lane"), "5 Mill Lane", strict=True)) == 1
    assert len(of(misspelt, "anna@example.org")) == len("anna@example.org") + 1


SCALARS = st.one_of(st.booleans(), st.integers(-99, 99), st.floats(-9, 9), st.text(max_size=12), st.dates())
VALUES = st.recursive(
    SCALARS.map(lambda one: one if isinstance(one, (bool, int, float, str)) else one.isoformat()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(VALUES, st.integers(0, 9))
def test_other_values_can_be_thought_of_for_nearly_anything(value, seed):
    found = [one for one in similar_values({}, value, Random(seed)) if not same(one, value)]
    # One bare word has no neighbour: there the corruption takes what others say.
    assert found or all(isinstance(one, str) for one in _leaves(value))


def _leaves(value):
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if parts is None else [leaf for part in parts for leaf in _leaves(part)]


def samples_of(sizes):
    """(scenario, user, calls) -> how many samples."""
    return [
        CompactSample(
            id=f"{scenario}-{user}-{calls}-{number}",
            population="",
            scenario=scenario,
            user=user,
            context="",
            platform="",
            query="",
            calls=(("api", "capability"),) * calls,
            arguments=(),
        )
        for (scenario, user, calls), many in sizes.items()
        for number in range(many)
    ]


def test_the_choice_is_even_over_scenarios_users_and_numbers_of_calls():
    there = samples_of({("a", "u1", 1): 900, ("a", "u2", 1): 20, ("a", "u1", 2): 50, ("b", "u3", 1): 300})
    chosen = choose_samples(there, 60, seed=3)
    parts = [one.rsplit("-", 1)[0] for one in chosen]
    assert {part: parts.count(part) for part in sorted(set(parts))} == {
        "a-u1-1": 10,
        "a-u1-2": 20,
        "a-u2-1": 10,
        "b-u3-1": 20,
    }


@given(st.randoms(), st.integers(0, 40))
def test_the_choice_does_not_depend_on_the_order(shuffler, samples):
    there = samples_of({("a", "u1", 1): 9, ("a", "u2", 2): 5, ("b", "u3", 1): 3})
    shuffled = list(there)
    shuffler.shuffle(shuffled)
    chosen = choose_samples(shuffled, samples, seed=1)
    assert chosen == choose_samples(there, samples, seed=1)
    assert len(set(chosen)) == min(samples, 17)
