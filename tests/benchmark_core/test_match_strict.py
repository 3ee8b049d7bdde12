"""The strict scorer: one-to-one calls, typed values, correctly named errors."""

import random
from dataclasses import replace

import pytest
from core_fakes import ITEM, PLATFORMS, RIGHT, gold, item
from hypothesis import given
from hypothesis import strategies as st
from ptool.benchmark import (
    GoldCall,
    Item,
    PredictedCall,
    Prediction,
    Rules,
    SampleScore,
    render,
    score,
    score_prediction,
)

ONE = item(gold(town="Lyon", people=2))


def flags(found: SampleScore) -> str:
    """The flags that hold, by their initials: format, platform, name, param, value, overall."""
    names = ("format_ok", "platform", "tool_name", "tool_param", "tool_value", "overall")
    return "".join(letter for letter, name in zip("fpnavo", names, strict=True) if getattr(found, name))


def coded(found: SampleScore) -> list[str]:
    """Every error as 'code path'."""
    return [f"{one.code} {one.path}".strip() for one in found.errors]


@pytest.mark.parametrize(
    ("answer", "holds", "hits", "errors"),
    [
        ("MegaMart: [bookTable(town='Lyon', people=2)]", "fpnavo", 2, []),
        ("MegaMart: [bookTable(people=2, town='Lyon', unit='metric')]", "fpnavo", 2, []),
        ("Shop: [bookTable(town='Lyon', people=2)]", "fnav", 2, ["platform platform"]),
        (
            "MegaMart: [bookTable(town='Lyon', people=3)]",
            "fpna",
            1,
            ["parameter.wrong bookTable.people", "origin.query bookTable.people"],
        ),
        (
            "MegaMart: [bookTable(town='Lyon')]",
            "fpn",
            1,
            ["parameter.missing bookTable.people", "origin.query bookTable.people"],
        ),
        (
            "MegaMart: [bookTable(town='Lyon', people=2, wine='red')]",
            "fpn",
            2,
            ["parameter.excessive bookTable.wine"],
        ),
        (
            "MegaMart: [bookTable(town='Lyon', people=2, unit='inch')]",
            "fpn",
            2,
            ["parameter.excessive bookTable.unit"],
        ),
        (
            "MegaMart: [findMenu(town='Lyon', people=2)]",
            "fp",
            0,
            ["tool.wrong bookTable", "origin.query bookTable.town", "origin.query bookTable.people"],
        ),
        (
            "MegaMart: []",
            "fp",
            0,
            ["tool.missing bookTable", "origin.query bookTable.town", "origin.query bookTable.people"],
        ),
        ("MegaMart: [bookTable(town='Lyon', people=2), findMenu()]", "fp", 2, ["tool.excessive findMenu"]),
        (
            "MegaMart: [bookTable(town='Lyon', people=2), bookTable(town='Lyon', people=2)]",
            "fp",
            2,
            ["tool.excessive bookTable"],
        ),
        ("MegaMart: bookTable", "", 0, ["parse character 10"]),
    ],
)
def test_one_call(answer: str, holds: str, hits: int, errors: list[str]) -> None:
    found = score(ONE, answer)
    assert (flags(found), found.query_param_hits, coded(found)) == (holds, hits, errors)
    assert (found.query_param_total, found.profile_param_total) == (2, 0)


@pytest.mark.parametrize(
    ("wanted", "given", "right"),
    [
        ("1", 1, False),
        (1, "1", False),
        (1, True, False),
        (True, 1, False),
        (0, False, False),
        (0, None, False),
        (5, 5.0, True),
        (5.0, 5, True),
        (5, 5.001, False),
        ("A", "a", False),
        ("a", "a ", False),
        (None, None, True),
        ("true", True, False),
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["b", "a"], False),
        (["a"], "a", False),
        ([1], [True], False),
        ([1], [1.0], True),
        (["a"], ["a", "a"], False),
        ([], [], True),
        ([], {}, False),
        ({"k": 1}, {"k": 1.0}, True),
        ({"k": 1}, {"k": "1"}, False),
        ({"k": 1}, {"k": 1, "l": 2}, False),
        ({"k": 1}, {}, False),
        (2**70, 2**70, True),
        (2**53 + 1, float(2**53 + 1), False),
        (("x", 1), 1, True),
        (("x", 1), "x", True),
        (("x", 1), "1", False),
        (([1, 2], [2, 1]), [2, 1], True),
    ],
)
def test_values_are_typed(wanted: object, given: object, right: bool) -> None:
    gold_item = item(gold(order=wanted))
    found = score_prediction(
        gold_item, Prediction("MegaMart", (PredictedCall("bookTable", {"order": given}),))
    )
    assert (found.tool_value, found.query_param_hits, found.tool_param) == (right, int(right), True)


@pytest.mark.parametrize(
    ("given", "right"),
    [(["b", "a"], True), (["a", "b"], True), (["a", "a"], False), (["a", "b", "b"], False), (["a"], False)],
)
def test_a_list_is_a_set_where_the_schema_says_so(given: list[str], right: bool) -> None:
    gold_item = item(gold(tags=["a", "b"]))
    found = score_prediction(
        gold_item, Prediction("MegaMart", (PredictedCall("bookTable", {"tags": given}),))
    )
    assert found.tool_value is right


@pytest.mark.parametrize(
    ("call", "arguments", "holds"),
    [
        (gold(origin="default", unit="metric"), {}, "fpnavo"),
        (gold(origin="default", unit="metric"), {"unit": "metric"}, "fpnavo"),
        (gold(origin="default", unit="metric"), {"unit": "inch"}, "fpna"),
        (gold(unit="metric"), {}, "fpnavo"),
        (gold(unit="inch"), {}, "fpn"),
        (gold(people=1), {}, "fpn"),
        (GoldCall("bookTable", {"people": (1,)}, optional=frozenset({"people"})), {}, "fpnavo"),
        (GoldCall("bookTable", {"people": (1,)}, optional=frozenset({"people"})), {"people": 2}, "fpna"),
    ],
)
def test_what_may_be_left_out(call: GoldCall, arguments: dict, holds: str) -> None:
    found = score_prediction(item(call), Prediction("MegaMart", (PredictedCall("bookTable", arguments),)))
    assert flags(found) == holds
    assert found.query_param_hits == (found.query_param_total if found.overall else 0)


@pytest.mark.parametrize(
    ("rules", "name", "wanted", "given", "right"),
    [
        (Rules(), "day", "2024-05-01", "1 May 2024", False),
        (Rules(normalise=frozenset({"date"})), "day", "2024-05-01", "1 May 2024", True),
        (Rules(normalise=frozenset({"date"})), "day", "2024-05-01", "1 June 2024", False),
        (Rules(normalise=frozenset({"date"})), "day", "soon", "later", False),
        (Rules(normalise=frozenset({"date"})), "town", "2024-05-01", "1 May 2024", False),
        (Rules(normalise=frozenset({"phone"})), "day", "2024-05-01", "1 May 2024", False),
        (Rules(normalise=frozenset({"phone"})), "phone", "+34 698 483 444", "0034698-483-444", True),
        (Rules(normalise=frozenset({"phone"})), "phone", "+34 698 483 444", "698483444", False),
        (Rules(text="folded"), "town", "New York, NY", "new-york NY", True),
        (Rules(text="folded"), "town", "New York", "Newark", False),
        (Rules(text="folded"), "town", "5", 5, False),
        (Rules(text="folded"), "people", 5, "5", False),
        (Rules(extra="ignored"), "wine", None, "red", True),
    ],
)
def test_rules_of_a_dataset(rules: Rules, name: str, wanted: object, given: object, right: bool) -> None:
    gold_item = item(gold() if wanted is None else gold(**{name: wanted}), rules=rules)
    found = score_prediction(gold_item, Prediction("MegaMart", (PredictedCall("bookTable", {name: given}),)))
    assert found.overall is right


def test_calls_of_one_name_are_assigned_for_the_most_values() -> None:
    """Greedy pairing in order would give the first call to the second's values."""
    twice = item(gold(town="Lyon", people=2), gold(town="Lyon", people=3))
    found = score(twice, "MegaMart: [bookTable(town='Lyon', people=3), bookTable(town='Lyon', people=2)]")
    assert (found.overall, found.query_param_hits) == (True, 4)
    found = score(twice, "MegaMart: [bookTable(town='Lyon', people=3)]")
    assert (found.query_param_hits, coded(found)[0]) == (2, "tool.missing bookTable")
    assert found.errors[1].path == "bookTable.town"


def test_of_assignments_with_as_many_values_the_one_without_mistakes_is_taken() -> None:
    """Both calls have the value of both gold calls; only one of them may have the second parameter."""
    plain = GoldCall("bookTable", {"town": ("Lyon",)})
    more = GoldCall("bookTable", {"town": ("Lyon",), "people": (2,)}, optional=frozenset(("people",)))
    for golds in ((plain, more), (more, plain)):
        for calls in (("town='Lyon'", "town='Lyon', people=2"), ("town='Lyon', people=2", "town='Lyon'")):
            text = ", ".join(f"bookTable({arguments})" for arguments in calls)
            assert score(item(*golds), f"MegaMart: [{text}]").overall, (golds, calls)


def test_left_over_calls_are_wrong_then_missing_or_excessive() -> None:
    two = item(gold(town="Lyon"), gold("findMenu", diet="vegan"))
    found = score(two, "MegaMart: [reserve(), bookTable(town='Lyon'), cancel()]")
    assert coded(found) == ["tool.wrong findMenu", "tool.excessive cancel", "origin.query findMenu.diet"]


def test_an_item_without_platforms() -> None:
    bare = replace(ONE, platform=None, platforms={})
    found = score(bare, "[bookTable(town='Lyon', people=2)]")
    assert (found.platform, found.overall, flags(found)) == (None, True, "fnavo")
    assert score(bare, "MegaMart: [bookTable(town='Lyon', people=2)]").platform is None


def test_an_item_that_does_not_list_its_platforms() -> None:
    assert score(replace(ONE, platforms={}), "MegaMart: [bookTable(town='Lyon', people=2)]").overall


@pytest.mark.parametrize(("platform", "said"), [("MegaMart", False), (None, None)])
def test_a_flawed_gold_answer_is_never_right_and_counts_nothing(
    platform: str | None, said: bool | None
) -> None:
    flawed = replace(ONE, platform=platform, platforms={}, flaw="a list")
    found = score_prediction(flawed, Prediction("MegaMart", (PredictedCall("bookTable", {}),)))
    assert (flags(found), found.platform) == ("f", said)
    assert (found.query_param_hits, found.query_param_total) == (0, 0)
    assert (found.profile_param_hits, found.profile_param_total) == (0, 0)
    assert coded(found) == ["tool.wrong the gold answer"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ((1, 2, 3, 4), "1 or 2 or 3 or 4"),
        ((1, 2, 3, 4, 5), "1 or 2 or 3 or 4 or …"),
        (("a", "b"), "'a' or 'b'"),
    ],
)
def test_of_many_accepted_values_four_are_named(wanted: tuple, expected: str) -> None:
    found = score_prediction(
        item(gold(order=wanted)), Prediction("MegaMart", (PredictedCall("bookTable", {"order": 9}),))
    )
    assert (found.errors[0].expected, found.errors[0].got) == (expected, "9")
    missing = score_prediction(
        item(gold(order=wanted)), Prediction("MegaMart", (PredictedCall("bookTable", {}),))
    )
    assert [error.expected for error in missing.errors] == [expected] * 2


def test_profile_related_parameters_are_counted_apart() -> None:
    both = item(gold("bookTable", "profile", town="Lyon", people=2), gold("findMenu", diet="vegan"))
    found = score(both, "MegaMart: [bookTable(town='Lyon', people=3), findMenu(diet='vegan')]")
    assert (found.profile_param_hits, found.profile_param_total) == (1, 2)
    assert (found.query_param_hits, found.query_param_total) == (1, 1)
    assert coded(found) == ["parameter.wrong bookTable.people", "origin.profile bookTable.people"]
    assert (found.errors[1].expected, found.errors[1].got) == ("2", "3")


def test_a_score_explains_itself() -> None:
    found = score(ONE, "MegaMart: [bookTable(town='Paris', people=2)]")
    assert found.reason == "parameter.wrong at bookTable.town: expected 'Lyon', got 'Paris' (and 1 more)"
    assert score(ONE, "no").reason.startswith("parse at character 0: expected {platform")
    assert score(ONE, RIGHT).reason == "tool.excessive at findMenu: got 'findMenu'"


def test_facts_of_the_item_are_carried() -> None:
    known = replace(ITEM, capabilities={"findMenu": "see_menu", "other": "x"})
    found = score(known, RIGHT)
    assert (found.user, found.scenario, found.group, found.gold_platform) == (
        "u1",
        "dining",
        "trained",
        "MegaMart",
    )
    assert (found.capabilities, found.n_calls) == (("see_menu",), 2)


def test_errors_are_bounded() -> None:
    name, value = "x" * 9000, "\x1b[31m" + "y" * 5000
    found = score_prediction(
        ONE, Prediction("P" * 9999, (PredictedCall("bookTable", {name: [value] * 500}),))
    )
    assert max(len(text) for one in found.errors for text in (one.path, one.expected, one.got)) < 300
    assert len(found.reason) < 300
    assert "\x1b" not in found.reason + "".join(one.got for one in found.errors)


# metamorphic: what a change of the answer must do to its score

_values = st.one_of(st.integers(-3, 3), st.booleans(), st.sampled_from(["a", "b", "1"]), st.none())
_calls = st.builds(
    PredictedCall, st.sampled_from(["f", "g"]), st.dictionaries(st.sampled_from("pqr"), _values, max_size=3)
)


@st.composite
def scored_pairs(draw: st.DrawFn) -> tuple[Item, Prediction]:
    """Gold calls and predicted ones that share many names and values."""
    golds = draw(st.lists(_calls, min_size=1, max_size=4))
    given = draw(st.lists(st.one_of(_calls, st.sampled_from(golds)), max_size=4))
    origins = [draw(st.sampled_from(["query", "profile"])) for _ in golds]
    calls = [gold(one.name, origin, **one.arguments) for one, origin in zip(golds, origins, strict=True)]
    platform = draw(st.sampled_from(["MegaMart", "Shop"]))
    return item(*calls), Prediction(platform, tuple(given))


def counts(found: SampleScore) -> tuple:
    """What may not change when the order of calls does."""
    hits = (found.query_param_hits, found.profile_param_hits)
    return flags(found), hits if found.query_param_total * found.profile_param_total == 0 else sum(hits)


@given(scored_pairs(), st.randoms(use_true_random=False))
def test_the_order_of_calls_does_not_matter(pair: tuple[Item, Prediction], order: random.Random) -> None:
    gold_item, prediction = pair
    shuffled = list(prediction.calls)
    order.shuffle(shuffled)
    golds = list(gold_item.calls)
    order.shuffle(golds)
    other = score_prediction(
        replace(gold_item, calls=tuple(golds)), Prediction(prediction.platform, tuple(shuffled))
    )
    assert counts(other) == counts(score_prediction(gold_item, prediction))


@given(scored_pairs())
def test_renaming_platforms_changes_nothing(pair: tuple[Item, Prediction]) -> None:
    gold_item, prediction = pair
    names = {"MegaMart": "Shop", "Shop": "Élan 2"}
    owned = {names.get(one, one): functions for one, functions in PLATFORMS.items()}
    renamed = replace(gold_item, platform="Shop", platforms=owned)
    other = score_prediction(renamed, Prediction(names[prediction.platform or ""], prediction.calls))
    assert counts(other) == counts(score_prediction(gold_item, prediction))


@given(scored_pairs(), st.integers(0, 3))
def test_a_wrong_parameter_or_a_dropped_call_is_never_right(
    pair: tuple[Item, Prediction], which: int
) -> None:
    gold_item, _ = pair
    calls = tuple(
        PredictedCall(one.name, {name: values[0] for name, values in one.accepted.items()})
        for one in gold_item.calls
    )
    assert flags(score_prediction(gold_item, Prediction("MegaMart", calls))) == "fpnavo"
    at = which % len(calls)
    worse = PredictedCall(calls[at].name, {**calls[at].arguments, "wrong": 1})
    added = score_prediction(gold_item, Prediction("MegaMart", (*calls[:at], worse, *calls[at + 1 :])))
    dropped = score_prediction(gold_item, Prediction("MegaMart", calls[:at] + calls[at + 1 :]))
    assert (flags(added), flags(dropped)) == ("fpn", "fp")
    assert added.query_param_hits == added.query_param_total


@given(scored_pairs())
def test_hits_and_origin_errors_add_up(pair: tuple[Item, Prediction]) -> None:
    found = score_prediction(*pair)
    codes = [one.code for one in found.errors]
    assert found.query_param_hits + codes.count("origin.query") == found.query_param_total
    assert found.profile_param_hits + codes.count("origin.profile") == found.profile_param_total
    assert found.overall == (not found.errors)
    assert render(pair[0])
