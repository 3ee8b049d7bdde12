"""Query and solution agree, and one check alone objects: what no such person would ask."""

from dataclasses import replace
from random import Random

import pytest
from ptool.environments.checks import choose_checks
from ptool.environments.world import World
from ptool.records import Conflict, Intent, Phrase
from ptool.synthesis.dataset.audit.corruptions import CORRUPTIONS
from ptool.synthesis.dataset.audit.samples import audit_samples

CHECKS = choose_checks()
VEGAN = Conflict(feature="motto", value="Slow down", words=("espresso", "ristretto"))
HASTY = Conflict(feature="motto", value="Hurry up", words=("decaf",))


def world(cafe, *conflicts: Conflict, ordered: tuple[str, str] | None = None) -> World:
    """The cafés with conflicts, and with two numbers that come in order."""
    plain = cafe.world()
    order, *others = plain.scenario.apis["BeanBar"]
    parameters = {
        **order.parameters,
        "properties": {**order.properties(), "most": {"type": "integer"}},
        **({"x-ordered": [ordered]} if ordered else {}),
    }
    apis = {"BeanBar": (order.model_copy(update={"parameters": parameters}), *others)}
    scenario = plain.scenario.model_copy(update={"conflicts": conflicts, "apis": plain.scenario.apis | apis})
    return World(
        scenario, feature_of=plain.feature_of, profiles=[plain.profile(user) for user in plain.users]
    )


def asked_for_most(cafe, most: int = 3, words: str = "three"):
    """An episode that states two numbers."""
    episode = cafe.episode(1)
    intent = episode.query.intents[0]
    stated = {"item": "hot mochas", "quantity": 2, "most": most}
    said = {"item": "hot mochas", "quantity": "Two", "most": words}
    phrases = tuple(Phrase(parameter=name, words=phrase) for name, phrase in said.items())
    query = episode.query.model_copy(
        update={
            "text": f"Two hot mochas please, with my snacks, of at most {words} kinds.",
            "intents": (Intent(api=intent.api, stated=stated, phrases=phrases),),
            "need": "mochas",
        }
    )
    call = episode.solution.calls[0]
    given = {**{name: value for name, value in call.arguments.items() if name != "hot"}, "most": most}
    calls = (call.model_copy(update={"arguments": given}),)
    task_call = episode.task.calls[0].model_copy(update={"stated": tuple(stated)})
    return episode.model_copy(
        update={
            "query": query,
            "solution": episode.solution.model_copy(update={"calls": calls}),
            "task": episode.task.model_copy(update={"calls": (task_call,)}),
        }
    )


def objections(case) -> list[str]:
    return [reason.code for reason in (*CHECKS.of_query(case), *CHECKS.of_solution(case))]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    ("name", "code"), [("contradiction", "query.contradicts"), ("wrong_order", "query.order")]
)
def test_one_check_alone_objects(cafe, name, code, seed) -> None:
    place = world(cafe, VEGAN, HASTY, ordered=("quantity", "most"))
    (sample,) = audit_samples({"cafe": place}, [asked_for_most(cafe)])
    assert objections(sample.case) == []
    corrupted = CORRUPTIONS[name].corrupt(sample, Random(seed))
    assert corrupted == CORRUPTIONS[name].corrupt(sample, Random(seed))
    assert corrupted.query != sample.case.query
    case = replace(sample.case, query=corrupted.query, solution=corrupted.solution)
    assert objections(case) == [code]


def test_the_word_takes_the_place_of_what_was_asked_for_everywhere(cafe) -> None:
    (sample,) = audit_samples({"cafe": world(cafe, VEGAN)}, [asked_for_most(cafe)])
    corrupted = CORRUPTIONS["contradiction"].corrupt(sample, Random(1))
    word = corrupted.query.intents[0].stated["item"]
    assert word in VEGAN.words  # not what others do not go with
    assert corrupted.query.text == f"Two {word} please, with my snacks, of at most three kinds."
    assert corrupted.solution.calls[0].arguments["item"] == word
    assert corrupted.query.need == word  # the words for it are gone
    assert corrupted.change == f"asked for item '{word}' for 'hot mochas'"


def test_what_comes_in_order_changes_places(cafe) -> None:
    place = world(cafe, ordered=("quantity", "most"))
    (sample,) = audit_samples({"cafe": place}, [asked_for_most(cafe)])
    corrupted = CORRUPTIONS["wrong_order"].corrupt(sample, Random(1))
    assert corrupted.query.text == "three hot mochas please, with my snacks, of at most Two kinds."
    arguments = corrupted.solution.calls[0].arguments
    assert (arguments["quantity"], arguments["most"]) == (3, 2)
    # Seven is no quantity that the schema admits: there more would be wrong than the order.
    (sample,) = audit_samples({"cafe": place}, [asked_for_most(cafe, 7, "seven")])
    assert CORRUPTIONS["wrong_order"].corrupt(sample, Random(1)) is None


def test_nothing_is_seeded_where_nothing_is_known(cafe) -> None:
    (sample,) = audit_samples({"cafe": world(cafe, HASTY)}, [asked_for_most(cafe)])
    for name in ("contradiction", "wrong_order"):
        assert CORRUPTIONS[name].corrupt(sample, Random(1)) is None
