"""What a kit says is used, fits the kind of need, and hangs together; nine kits keep to it."""

import random
from copy import deepcopy
from pathlib import Path

import pytest
import yaml
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
            "expected one that has no default",
        ),
        (lambda kit: kit["lexicon"].update(asides=["It is about {item}."]), "asides"),
    ],
)
def test_a_kit_that_breaks_a_rule_is_refused(spoil, line: str) -> None:
    kit = deepcopy(tiny())
    spoil(kit)
    with pytest.raises((ConfigError, ValueError), match=line):
        language_of(load_kit(kit))


def test_what_tells_the_need_is_asked_for_or_a_purpose() -> None:
    kit = load_kit(str(TINY))
    language, rng = language_of(kit), random.Random(1)
    ask = language.realise([CallPlan("ask_shop", ("topic",))], "gifts", rng, lambda _: False)
    assert ask.need in kit.lexicon.purposes["gifts"]
    assert f"for {ask.need}" in ask.text
    find = language.realise([CallPlan("search_items", ("item",))], "gifts", rng, lambda _: False)
    assert find.need == find.calls[0].wordings["item"]
    assert language.parse(ask.text).context == language.parse(find.text).context == "gifts"
