"""What a kit says is used, fits the kind of need, and hangs together; nine kits keep to it."""

import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.errors import ConfigError
from ptool.models.scripted.kit import Kit, load_kit, shipped_kits
from ptool.models.scripted.language import CallPlan, language_of

TINY = Path(shipped_kits()["tiny"])


def tiny() -> dict:
    return {
        name: yaml.safe_load((TINY / f"{name}.yaml").read_text())
        for name in ("platforms", "tools", "lexicon")
    }


def place_order(kit: dict) -> dict:
    return kit["tools"]["groups"]["buying"]["categories"]["orders"]["capabilities"]["place_order"]


def parameter(kit: dict, key: str) -> dict:
    return place_order(kit)["parameters"][key]


def slots(kit: dict) -> dict:
    return kit["lexicon"]["slots"]


def rename_platform(kit: dict, name: str) -> None:
    platforms = kit["platforms"]["platforms"]
    first = next(iter(platforms))
    kit["platforms"]["platforms"] = {name: platforms.pop(first), **platforms}


@pytest.mark.parametrize("name", sorted(shipped_kits()))
def test_ordered_values_are_in_order_in_every_request(name: str) -> None:
    kit = load_kit(shipped_kits()[name])
    language = language_of(kit)
    rng = random.Random(7)
    pairs = [(key, pair) for key, capability in kit.capabilities.items() for pair in capability.ordered]
    for capability, (first, last) in pairs:
        parameters = kit.capabilities[capability].parameters
        required = {key for key, p in parameters.items() if p.required and not p.feature}
        for context in kit.capabilities[capability].contexts or kit.contexts:
            plan = CallPlan(capability, tuple(sorted(required | {first, last})))
            for _ in range(10):
                values = language.realise([plan], context, rng, lambda _: False).calls[0].values
                assert values[first] < values[last], (capability, context, values)


@pytest.mark.parametrize("name", sorted(shipped_kits()))
def test_nobody_names_what_contradicts_their_profile(name: str) -> None:
    kit = load_kit(shipped_kits()[name])
    language = language_of(kit)
    for feature, by_value in kit.lexicon.conflicts.items():
        for value in by_value:
            conflicts = kit.conflicts_with({feature: value})
            rng = random.Random(f"{feature} {value}")
            named = [
                language.realise([CallPlan(capability, required(kit, capability))], context, rng, conflicts)
                for capability in list(kit.capabilities)[:6]
                for context in kit.capabilities[capability].contexts or kit.contexts
            ]
            assert [
                query.text for query in named if any(map(conflicts, query.calls[0].wordings.values()))
            ] == []


def required(kit: Kit, capability: str) -> tuple[str, ...]:
    return tuple(
        k for k, p in kit.capabilities[capability].parameters.items() if p.required and not p.feature
    )


def test_a_value_and_its_plural_conflict_and_nothing_else_does() -> None:
    kit = tiny()
    kit["lexicon"]["conflicts"] = {
        "allergies": {"peanuts": ["peanut"]},
        "dietary_preference": {"vegan": ["ham"]},
    }
    conflicts = load_kit(kit).conflicts_with({"allergies": ["soy", "peanuts"], "dietary_preference": "vegan"})
    assert [conflicts(text) for text in ("Peanuts, salted", "a ham roll", "hamper", "soy milk")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert not load_kit(kit).conflicts_with({"allergies": []})("peanut butter")


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (
            lambda kit: place_order(kit)["phrasings"].append("order {order_code}"),
            "no query parameter 'order_code'",
        ),
        (
            lambda kit: place_order(kit)["parameters"]["item"].update(names=["from", "itemName"]),
            "keyword of Python",
        ),
        (
            lambda kit: place_order(kit)["parameters"]["phone"].update(contexts=["work"]),
            "unknown kind of need 'work'",
        ),
        (lambda kit: place_order(kit)["parameters"]["item"].update(contexts=["gifts"]), "cannot be required"),
        (lambda kit: place_order(kit).update(ordered=[["item", "phone"]]), "'phone' is no query parameter"),
        (
            lambda kit: place_order(kit).update(repeats="gift_wrap"),
            "'gift_wrap' is no required query parameter",
        ),
        (
            lambda kit: place_order(kit).update(repeats="quantity"),
            "'quantity' is no required query parameter without a default",
        ),
        (lambda kit: kit["lexicon"].update(asides=["It is about {item}."]), "asides"),
        # names: answers are written as Python
        (lambda kit: place_order(kit).update(apis=["import", "placeOrder"]), "api 'import' is a keyword"),
        (lambda kit: rename_platform(kit, "None"), "platform 'None' is a keyword"),
        (lambda kit: parameter(kit, "phone").update(names="lambda"), "'lambda' is a keyword"),
        # types: what a value is, and what the parameter takes
        (
            lambda kit: parameter(kit, "address").update(feature="billing_address"),
            "the feature 'billing_address' is of type object, and the parameter of type string",
        ),
        (lambda kit: parameter(kit, "phone").update(feature="allergies"), "of type array"),
        (lambda kit: parameter(kit, "phone").update(feature="age"), "of type integer"),
        (lambda kit: parameter(kit, "phone").update(type="object"), "of type string, and .* object"),
        (
            lambda kit: parameter(kit, "quantity").update(type="string"),
            "the slot 'quantity' is of type integer",
        ),
        (lambda kit: parameter(kit, "item").update(type="array"), "the slot 'item' is of type string"),
        (lambda kit: parameter(kit, "phone").update(feature="phoen"), "unknown feature 'phoen'; known: "),
        (lambda kit: parameter(kit, "quantity").update(default="many"), "default 'many' is not of type int"),
        (lambda kit: parameter(kit, "quantity").update(default=True), "default True is not of type integer"),
        (
            lambda kit: parameter(kit, "phone").update(names=["to-call", "phone"]),
            r"got 'to-call', expected a",
        ),
        (
            lambda kit: rename_platform(kit, "Little\nLantern"),
            r"Little\\nLantern: got this name, .* like \[A",
        ),
        (lambda kit: rename_platform(kit, None), "got this name, expected a text in quotes"),
        (lambda kit: kit.update(platforms=None), "platforms: .*got None, expected a mapping"),
        # blanks: whatever a request names is an argument
        (lambda kit: place_order(kit)["phrasings"].append("order {itme}"), "no query parameter 'itme'"),
        (lambda kit: place_order(kit)["phrasings"].append("call {phone}"), "no query parameter 'phone'"),
        (lambda kit: parameter(kit, "quantity").update(clause=["take {count}"]), "nothing fills 'count'"),
        (lambda kit: parameter(kit, "quantity").update(clause=["take some"]), "says no value"),
        (lambda kit: parameter(kit, "phone").update(mention=["ring {value}"]), "a mention gives no value"),
        (lambda kit: place_order(kit).update(phrasings=["order {quantity}"]), "states only its required"),
        (lambda kit: kit["lexicon"]["actions"].append("Bought {itme}"), "no slot 'itme' in the lexicon"),
        (lambda kit: kit["lexicon"]["actions"].append("Paid {price}"), "needs a blank of a by_context slot"),
        # slots
        (lambda kit: slots(kit)["item"]["by_context"]["gifts"].append("sponges"), "'sponges' stands in"),
        (lambda kit: slots(kit)["item"]["by_context"].pop("gifts"), "must have every context"),
        (lambda kit: slots(kit)["items"].update(several="price"), "no slot with choices"),
        (lambda kit: slots(kit)["price"].update(number=[60, 4, 0.5]), "low <= high"),
        (lambda kit: slots(kit)["time"].update(time=["8 o'clock", "20:30", 15]), "expected .*07:00"),
        (lambda kit: slots(kit)["date"].update(date=slots(kit)["date"]["date"][::-1]), "is behind the last"),
        (lambda kit: slots(kit)["order_code"].update(code="TN"), "expected a mask"),
    ],
)
def test_a_kit_that_breaks_a_rule_is_refused(spoil, line: str) -> None:
    kit = deepcopy(tiny())
    spoil(kit)
    with pytest.raises(ConfigError, match=line) as caught:
        load_kit(kit)
    assert "\n" not in str(caught.value)


def test_of_several_faults_the_first_is_told_and_how_many_there_are() -> None:
    kit = deepcopy(tiny())
    place_order(kit)["apis"][0] = "import"
    place_order(kit)["phrasings"].append("order {itme}")
    with pytest.raises(ConfigError, match=r"api 'import' is a keyword of Python.* \(and 1 more\)"):
        load_kit(kit)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path to everything in a kit."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield (*path, key)
        yield from places(below, (*path, key))


ODD = (
    "{x}",
    "",
    "item",
    None,
    [],
    {},
    3,
    ["{item}"],
    "object",
    True,
    "class",
    ["a", "b"],
    {"a": ["b"]},
    "price",
)


@settings(max_examples=100)
@given(st.sampled_from(list(places(tiny()))), st.sampled_from(ODD))
def test_a_kit_with_anything_anywhere_is_refused_in_a_line_or_can_be_spoken_from(
    path: tuple[str | int, ...], odd: Any
) -> None:
    place = kit = deepcopy(tiny())
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = odd
    try:
        accepted = load_kit(kit)
    except ConfigError as error:
        assert "\n" not in str(error)
    else:
        assert language_of(accepted).templates.keys() == accepted.capabilities.keys()
        assert accepted.slots.keys() == accepted.lexicon.slots.keys()


def test_what_tells_the_need_is_asked_for_or_a_purpose() -> None:
    kit = load_kit(str(TINY))
    language, rng = language_of(kit), random.Random(1)
    ask = language.realise([CallPlan("ask_shop", ("topic",))], "gifts", rng, lambda _: False)
    assert ask.need in kit.lexicon.purposes["gifts"]
    assert f"for {ask.need}" in ask.text
    find = language.realise([CallPlan("search_items", ("item",))], "gifts", rng, lambda _: False)
    assert find.need == find.calls[0].wordings["item"]
    assert language.parse(ask.text).context == language.parse(find.text).context == "gifts"
