"""The matcher of tools: what it makes of answers in both orders of two functions."""

from typing import Any

import pytest
from ptool.agents import Observation, ToolMatcher
from ptool.agents.tool_matcher import chance_of_yes, decision
from ptool.models.request import NO_USAGE, Reply, Request
from ptool.records import Choice

MATCHER = ToolMatcher(
    name="tool_matcher",
    prompt="tool_matcher.jinja",
    output="ptool.records.Choice",
    sees=["scenario", "functions"],
)
PAIR = [{"platform": "A", "name": "find"}, {"platform": "B", "name": "search"}]


async def asked(*answers: Choice) -> tuple[bool | None, list[str]]:
    """What comes of these answers, and the questions in their order."""
    questions: list[str] = []

    async def ask(request: Request, **_: Any) -> Reply:
        questions.append(request.user)
        return Reply(answers[len(questions) - 1], NO_USAGE)

    views = {"scenario": {"name": "s", "description": "d"}, "functions": PAIR}
    observation = Observation(role="tool_matcher", turn="capabilities/A.find B.search", seed=1, views=views)
    return decision(chance_of_yes((await MATCHER.respond(observation, ask)).record)), questions


def said(letter: str, **weights: float) -> Choice:
    return Choice(letter=letter, weights=weights)


@pytest.mark.parametrize(
    ("answers", "same"),
    [
        ((said("yes"), said("yes")), True),
        ((said("no"), said("no")), False),
        ((said("yes"), said("no")), None),  # it says whatever stands first: that is no answer
        ((said("no", yes=0.4, no=0.6), said("yes", yes=0.7, no=0.3)), True),
        ((said("yes", yes=0.51, no=0.49), said("no", yes=0.1, no=0.9)), False),
        ((said("no", yes=0.2, no=0.2), said("yes", yes=0.6, no=0.2)), True),  # the rest went to other words
    ],
)
async def test_both_orders_count_alike(answers: tuple[Choice, Choice], same: bool | None) -> None:
    decided, questions = await asked(*answers)
    assert decided is same
    first, second = (question.index("search") < question.index("find") for question in questions)
    assert (first, second) == (False, True)


@pytest.mark.parametrize(
    ("chance", "controls", "same"),
    [
        (0.99, (0.0, 0.01, 0.02), True),
        (0.58, (0.54, 0.56, 0.6), None),  # it says yes to all, and is no surer here
        (0.66, (0.54, 0.56, 0.6), True),
        (1.0, (1.0, 1.0, 1.0), None),  # without probabilities its yes is always a whole one
        (0.0, (1.0, 1.0, 1.0), False),
        (0.8, (*[0.1] * 11, 1.0), True),  # one of a dozen does the same after all
        (0.8, (*[0.1] * 10, 1.0, 1.0), None),
        (0.4, (0.1, 0.2), False),
    ],
)
def test_a_yes_counts_where_it_is_surer_than_of_what_differs(
    chance: float, controls: tuple[float, ...], same: bool | None
) -> None:
    assert decision(chance, controls) is same
