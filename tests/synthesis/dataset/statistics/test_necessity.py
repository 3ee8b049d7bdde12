"""A sample needs its user: the gate by text and schema, the rates by the best guess without the profile."""

from __future__ import annotations

import pytest
from ptool.environments.checks import trace
from ptool.environments.checks.case import Case
from ptool.records import Call, Episode, Intent, Phrase, Query, Solution, Task, TaskCall, Usage
from ptool.synthesis.dataset.gates.gate import Candidate
from ptool.synthesis.dataset.gates.necessity import NecessityGate, had_without_profile, solves
from ptool.synthesis.dataset.statistics.decidability import Guess
from ptool.synthesis.dataset.statistics.necessity import NecessityCount, PopularValues, ProfileNeeds


def rates(kept, populations, guess, strangers, solved):
    needs, count = ProfileNeeds(populations), NecessityCount(strangers, solved)
    for sample in kept:
        count.add(sample, needs.of(sample, guess))
    return count.figures()


BASIC = {"home": "Kiel", "money": "EUR", "van": "van", "gifts": True, "one": 1}
FEATURES = {"address": "home", "currency": "money", "way": "van", "gift": "gifts", "lots": "one"}


def candidate(garden, known: dict[str, object], text: str = "Buy roses", strangers=()) -> Candidate:
    """Somebody buys roses with these arguments from their profile."""
    world = garden.population({"u1": BASIC}).worlds["garden"]
    call = TaskCall(
        api="buyAnts", capability="buy", stated=("what",), known={name: FEATURES[name] for name in known}
    )
    task = Task(
        id="t",
        scenario="garden",
        user_id="u1",
        context="flowers",
        platform="Ants",
        plan="guided",
        calls=(call,),
    )
    said = Phrase(parameter="what", words="roses")
    query = Query(text=text, intents=(Intent(api="buyAnts", stated={"what": "roses"}, phrases=(said,)),))
    calls = (Call(api="buyAnts", arguments={"what": "roses", **known}),)
    solution = Solution(platform="Ants", calls=calls)
    case = Case(world, world.profile("u1"), (), task, query, solution)
    episode = Episode(
        id="t", task=task, status="accepted", query=query, solution=solution, rounds=0, reasons=(), turns=(),
        usage=Usage(),
    )  # fmt: skip
    return Candidate(episode, case, trace(case), strangers=tuple(strangers))


@pytest.mark.parametrize(
    ("known", "text", "needed"),
    [
        ({"address": "Kiel"}, "Buy roses", True),
        ({"gift": True}, "Buy roses", True),  # yes or no is never read off a text
        ({"address": "Kiel"}, "Buy roses for Kiel", False),
        ({"address": "Kiel"}, "Buy roses for Kieler Woche", True),  # half a word is no address
        ({"currency": "EUR"}, "Buy roses", False),  # the schema's default
        ({"way": "van"}, "Buy roses", False),  # the only option
        ({"lots": 1}, "Buy roses", False),  # the only number
        ({"currency": "EUR", "way": "van", "address": "Kiel"}, "Buy roses", True),  # one is enough
        ({}, "Buy roses", False),
    ],
)
def test_some_argument_comes_from_the_profile_alone(garden, known, text, needed):
    reasons = list(NecessityGate().run(candidate(garden, known, text)))
    assert [one.code for one in reasons] == ([] if needed else ["gate.necessity"])


@pytest.mark.parametrize(
    ("schema", "had"),
    [
        ({"const": "x"}, True),
        ({"enum": ["x"]}, True),
        ({"enum": ["x", "y"]}, False),
        ({"type": "null"}, True),
        ({"type": "integer", "minimum": 0, "maximum": 0}, True),
        ({"type": "number"}, False),
        ({"default": " X "}, True),
        ({"default": None}, False),
    ],
)
def test_what_the_schema_alone_gives(schema, had):
    assert had_without_profile("x", "nothing said", schema) is had


def answer(*calls: tuple[str, dict], platform: str = "Ants") -> Solution:
    return Solution(platform=platform, calls=tuple(Call(api=api, arguments=given) for api, given in calls))


def test_a_stranger_who_gives_the_whole_solution_is_objected_to(garden):
    whole = answer(("buyAnts", {"address": "kiel", "what": "Roses"}))
    others = [
        None,
        answer(("buyAnts", {"what": "roses"})),
        answer(("buyAnts", {"what": "roses", "address": "Kiel", "gift": True})),
        answer(("buyAnts", {"what": "roses", "address": "Kiel"}), platform="Bees"),
    ]
    assert not list(NecessityGate().run(candidate(garden, {"address": "Kiel"}, strangers=others)))
    (reason,) = NecessityGate().run(candidate(garden, {"address": "Kiel"}, strangers=[*others, whole]))
    assert reason.message.startswith("1 of 5 ")


def test_calls_are_matched_one_to_one_in_any_order():
    one, other = ("buy", {"n": 1}), ("buy", {"n": 2})
    assert solves(answer(one, other), answer(other, one))
    assert not solves(answer(one, one), answer(one, other))
    assert not solves(answer(one), answer(one, other))
    assert not solves(answer(one, other), answer(one))


def test_the_best_guess_is_what_most_others_have(garden):
    money = {"u1": "EUR", "u2": "EUR", "u3": "USD", "u4": "USD", "u5": ["USD", "CHF"]}
    people = garden.population({user: {"money": value} for user, value in money.items()})
    world = people.worlds["garden"]
    popular = PopularValues({user: world.profile(user) for user in world.users})
    # Without u1 two of four have USD; without u3 EUR leads; without u5 they are even: the first as text.
    assert [popular.value("money", user) for user in money] == ["USD", "USD", "EUR", "EUR", "EUR"]
    assert popular.value("shoes", "u1") is None


def test_rates_by_counting(garden):
    people = garden.population({f"u{n}": {"money": "USD", "home": f"Street {n}"} for n in range(4)})
    usd, street = ("money", "USD"), ("home", "Street 0")
    kept = [
        garden.sample("right all through", "u0", known={"gift": usd}),
        garden.sample("wrong platform", "u0", "Bees", known={"gift": usd}),
        garden.sample("own address", "u0", known={"gift": usd, "address": street}),
        garden.sample("address told", "u0", query="to Street 0", known={"address": street}),
    ]
    found = rates(kept, [people], Guess(3, "", "", "Ants"), {}, {})
    # Two can be solved: the first by guessing, the last because everything is told, which needs no user.
    assert (found.needing, found.unsolvable) == (3 / 4, 2 / 4)
    assert (found.asked, found.solved, found.platform_guessed) == (0, 0, None)


def test_what_strangers_made_of_it(garden):
    people = garden.population({"u1": {}})
    kept = [garden.sample(name, "u1", known={"address": ("home", "Kiel")}) for name in ("a", "b")]
    right, near = kept[0].solution(), answer(("buyAnts", {}))
    asked = {
        "a": (near, answer(platform="Bees")),  # half of them knew the platform
        "b": (right, right),  # kept, because nobody gated it
        "dropped": (right, None),  # dropped, because one solved it
        "elsewhere": (near,),  # dropped for another reason: nobody knows its platform
        "unasked": (),
    }
    found = rates(kept, [people], Guess(3, "", "", ""), asked, {"dropped": 1})
    assert (found.asked, found.solved) == (4, 2)
    assert found.platform_guessed == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)


def test_nothing_gives_zeros(garden):
    found = rates([], [], Guess(3, "", "", ""), {}, {})
    assert (found.needing, found.unsolvable, found.asked, found.solved, found.platform_guessed) == (
        0,
        0,
        0,
        0,
        None,
    )
