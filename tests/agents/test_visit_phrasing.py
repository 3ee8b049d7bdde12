"""The lean actor: a sentence that says what was drawn is taken, everything else is refused and mended."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from ptool.agents import Observation, PhrasingActor
from ptool.errors import UnusableAnswerError
from ptool.models import prompt_blocks as blocks
from ptool.models.gateway.parse import parse_answer
from ptool.models.request import Reply, Request
from ptool.records import Usage

ACTOR = PhrasingActor(
    name="actor",
    prompt="actor_lean.jinja",
    output="ptool.records.Actions",
    sees=["scenario", "visits.plan"],
)


def visit(job: str = "Orders a drink.", plain: str = "plain", unsuitable: str = "", **details: Any) -> dict:
    return {
        "need": {"name": "morning", "description": ""},
        "platform": "BeanBar",
        "job": job,
        "details": details,
        "think_up": ["item"],
        "plain": plain,
        "unsuitable": unsuitable,
    }


class Model:
    """Writes one sentence after the other; after three refusals it gives up, as the gateway does."""

    def __init__(self, *sentences: Any) -> None:
        self.sentences, self.asked, self.refused = list(sentences), [], []

    async def __call__(self, request: Request, *, accept: Any = None) -> Reply:
        self.asked.append(request)
        for _ in range(3):
            answer = self.sentences.pop(0)
            answer = answer if isinstance(answer, dict) else {"action": answer}
            try:
                record = parse_answer(orjson.dumps(answer).decode(), "stop", request.output)[0]
                return Reply(accept(record), Usage(calls=1))
            except Exception as error:
                self.refused.append(str(error))
        raise UnusableAnswerError("no")


async def acted(model: Model, *visits: dict) -> tuple[str, ...]:
    views = {"scenario": blocks.dump({}), "visits.plan": blocks.dump(list(visits))}
    reply: Any = await ACTOR.respond(Observation(role="actor", turn="t", seed=1, views=views), model)
    return reply.record.actions


async def test_each_visit_is_asked_for_alone_and_shows_nothing_of_the_others() -> None:
    model = Model("Ordered 2 flat whites", "Booked a table for two")
    actions = await acted(model, visit(quantity=2), visit("Books a table.", plain="SECRET", seats=2))
    assert actions == ("Ordered 2 flat whites", "Booked a table for two")
    assert len({request.seed for request in model.asked}) == 2
    for shown in (request.user for request in model.asked):
        assert "SECRET" not in shown
        assert "BeanBar" not in shown
    assert "flat whites" not in model.asked[1].user


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("Ordered 3 flat whites", "does not say quantity '2'"),
        ("Ordered 25 flat whites", "does not say quantity '2'"),
        ("Ordered 2 flat whites with cow milk", "does not say 'oat'"),
        ("Order 2 flat whites with oat milk", "past tense"),
        ("I want 2 oat milks that were cold", "past tense"),
        ("Ordered 2 oat milks at BeanBar", "name no platform"),
        ("Ordered 2 oat milks with bacon", "'bacon' does not suit"),
        ("Ordered 2 storm lenses polished at the harbour, oat", "comes from an example"),
        ("Ordered 2 oat milks" + "!" * 160, "characters"),
        ({"actions": ["Ordered 2 oat milks", "Left"]}, "expected one"),
        ({"actions": []}, "expected one"),
    ],
)
async def test_what_is_not_the_plan_is_refused_and_drawn_again(sentence: Any, says: str) -> None:
    model = Model(sentence, "Ordered 2 oat milks for breakfast")
    drawn = visit(quantity=2, milk="oat", unsuitable="(?<!\\w)bacon(?!\\w)")
    assert await acted(model, drawn) == ("Ordered 2 oat milks for breakfast",)
    assert says in model.refused[0]


@pytest.mark.parametrize("again", ["Ordered tea", "ordered TEA!", "Ordered 3 tea"])
async def test_a_sentence_is_written_once(again: str) -> None:
    assert await acted(Model("Ordered tea", again, "Ordered soup"), visit(), visit()) == (
        "Ordered tea",
        "Ordered soup",
    )


async def test_where_no_sentence_will_do_the_plan_has_one() -> None:
    model = Model("no", "no", "no", "Ordered tea")
    assert await acted(model, visit(plain="Went there to order"), visit()) == (
        "Went there to order",
        "Ordered tea",
    )
