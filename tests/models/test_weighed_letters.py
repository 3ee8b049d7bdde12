"""Closed questions are answered by how probable letters are, and by the letter written where nobody says."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from autogen_core.models import UserMessage
from endpoint_double import Double, completion
from ptool.agents.closed_questions import closed_form
from ptool.log import logger
from ptool.models.clients.chat_completions import ChatCompletions
from ptool.models.faults import AttemptError
from ptool.records import Verdict

ASKED = [UserMessage(content="Which one? A or B", source="ptool")]
LETTERS, YES_NO = closed_form(3), closed_form(0)


@pytest.fixture
async def client(double: Double) -> AsyncIterator[ChatCompletions]:
    one = ChatCompletions("m", double.base_url)
    yield one
    await one.close()


@pytest.fixture
def warnings() -> Any:
    said: list[str] = []
    sink = logger.add(lambda message: said.append(message.record["message"]), level="WARNING")
    yield said
    logger.remove(sink)


def weighed(*candidates: tuple[Any, Any]) -> dict[str, Any]:
    """A reply whose first token might have been each of these, with such a probability."""
    top = [{"token": token, "logprob": math.log(share)} for token, share in candidates]
    return with_logprobs({"content": [{"token": "x", "top_logprobs": top}]})


def with_logprobs(logprobs: Any) -> dict[str, Any]:
    reply = completion("x", "length")
    reply["choices"][0]["logprobs"] = logprobs
    return reply


def two_ways(first: Any, second: Any) -> Callable[[web.Request], Any]:
    """Answers a request for probabilities with the first, any other one with the second."""

    async def reply(request: web.Request) -> web.Response:
        said = first if "logprobs" in await request.json() else second
        if isinstance(said, tuple):
            return web.json_response({"error": {"message": said[1]}}, status=said[0])
        return web.json_response(said)

    return reply


async def test_letters_are_weighed_however_the_token_is_written(
    double: Double, client: ChatCompletions
) -> None:
    double.reply = weighed(
        (" A", 0.2), ("B", 0.3), ("A", 0.1), ("A.", 0.1), ('"A"', 0.05), ("a", 0.05), ("AB", 0.1)
    )
    result = await client.create(ASKED, json_output=LETTERS, extra_create_args={"max_tokens": 16, "seed": 3})
    answer = LETTERS.model_validate_json(result.content)
    assert answer.letter == "A"
    assert answer.weights == pytest.approx({"A": 0.6, "B": 0.4, "C": 0})
    assert result.finish_reason == "stop"
    [body] = double.bodies
    assert (body["max_tokens"], body["logprobs"], body["top_logprobs"], body["seed"]) == (1, True, 20, 3)
    assert "response_format" not in body


async def test_a_question_that_always_fails_is_asked_without_probabilities(
    double: Double, client: ChatCompletions
) -> None:
    double.reply = two_ways((500, "Internal Server Error"), completion('{"letter": "A"}'))
    for _ in range(2):
        with pytest.raises(AttemptError, match="HTTP 500"):
            await client.create(ASKED, json_output=LETTERS)
    result = await client.create(ASKED, json_output=LETTERS)
    assert (LETTERS.model_validate_json(result.content).letter, client.gives_probabilities) == ("A", False)


async def test_yes_and_no_are_weighed_as_words(double: Double, client: ChatCompletions) -> None:
    double.reply = weighed((" no", 0.3), ("No", 0.3), ("yes", 0.2), ("Yes.", 0.15), ("None", 0.05))
    answer = YES_NO.model_validate_json((await client.create(ASKED, json_output=YES_NO)).content)
    assert (answer.letter, answer.weights) == (
        "no",
        pytest.approx({"no": 0.6 / 0.95, "yes": 0.35 / 0.95}, abs=1e-5),
    )


async def test_other_questions_are_not_asked_that_way(double: Double, client: ChatCompletions) -> None:
    double.reply = completion("{}")
    await client.create(ASKED, json_output=Verdict)
    await client.create(ASKED)
    assert not any("logprobs" in body for body in double.bodies)


@pytest.mark.parametrize(("mass", "requests"), [(0.049, 2), (0.051, 1)])
async def test_a_model_about_to_write_something_else_may_and_both_are_paid_for(
    double: Double, client: ChatCompletions, warnings: list[str], mass: float, requests: int
) -> None:
    double.reply = two_ways(weighed(("The", 0.9), ("A", mass)), completion('{"letter": "B"}'))
    for _ in range(2):
        result = await client.create(ASKED, json_output=LETTERS)
        assert LETTERS.model_validate_json(result.content).letter == ("A" if requests == 1 else "B")
        assert (result.usage.prompt_tokens, result.usage.completion_tokens) == (11 * requests, 7 * requests)
    assert len(double.bodies) == 2 * requests  # it is tried again the next time
    assert warnings == []


WITHOUT = {
    "ignored": completion("A"),
    "null": with_logprobs(None),
    "empty": with_logprobs({"content": []}),
    "no candidates": with_logprobs({"content": [{"top_logprobs": []}]}),
    "refused": (400, "logprobs is not supported"),
    "unknown field": (422, "extra fields not permitted"),
    "a fault of the server": (500, "top_logprobs: not implemented"),
}


@pytest.mark.parametrize("first", WITHOUT.values(), ids=WITHOUT)
async def test_where_there_are_no_probabilities_the_letter_counts_from_then_on(
    double: Double, client: ChatCompletions, warnings: list[str], first: Any
) -> None:
    double.reply = two_ways(first, completion('{"letter": "C"}'))
    for _ in range(3):
        answer = LETTERS.model_validate_json((await client.create(ASKED, json_output=LETTERS)).content)
        assert (answer.letter, answer.weights) == ("C", {})
    asked = ["logprobs" in body for body in double.bodies]
    assert asked == [True, False, False, False]
    assert double.bodies[1]["response_format"]["json_schema"]["schema"]["properties"]["letter"][
        "enum"
    ] == list("ABC")
    assert len(warnings) == 1
    assert "gives no probabilities" in warnings[0]


async def test_many_at_once_are_warned_of_once(
    double: Double, client: ChatCompletions, warnings: list[str]
) -> None:
    double.reply = two_ways(completion("A"), completion('{"letter": "C"}'))
    await asyncio.gather(*(client.create(ASKED, json_output=LETTERS) for _ in range(20)))
    assert len(warnings) == 1


@pytest.mark.parametrize(
    "fault", [(400, "the context is too long"), (503, "busy"), (429, "slow down"), (401, "no")]
)
async def test_a_refusal_of_something_else_is_no_word_about_probabilities(
    double: Double, client: ChatCompletions, warnings: list[str], fault: tuple[int, str]
) -> None:
    double.reply = two_ways(fault, fault)
    with pytest.raises(AttemptError, match=fault[1]):
        await client.create(ASKED, json_output=LETTERS)
    double.reply = weighed(("B", 0.9))
    result = await client.create(ASKED, json_output=LETTERS)
    assert LETTERS.model_validate_json(result.content).weights["B"] == 1
    assert warnings == []


GOOD = {"token": "B", "logprob": -0.1}
HOSTILE = {
    "texts": [{"token": "A", "logprob": "-0.1"}, GOOD],
    "positive": [{"token": "A", "logprob": 700}, {"token": "A", "logprob": 1e308}, GOOD],
    "truth values": [{"token": "A", "logprob": False}, GOOD],
    "no token": [{"logprob": -0.1}, {"token": 5, "logprob": -0.1}, {"token": None, "logprob": -0.1}, GOOD],
    "no objects": [None, 5, "A", [], ["A", -0.1], GOOD],
    "far below": [{"token": "A", "logprob": -1e308}, {"token": "C", "logprob": -(10**25)}, GOOD],
    "a million": [GOOD, *([{"token": "A", "logprob": -20}] * 200_000)],
    "long": [{"token": "A" * 100_000, "logprob": -0.1}, GOOD],
}


@pytest.mark.parametrize("candidates", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_candidates_are_passed_over(
    double: Double, client: ChatCompletions, candidates: Any
) -> None:
    double.reply = with_logprobs({"content": [{"top_logprobs": candidates}]})
    result = await client.create(ASKED, json_output=LETTERS)
    assert LETTERS.model_validate_json(result.content).letter == "B"


@pytest.mark.parametrize(
    "logprobs",
    ["x", 5, [], {"content": "x"}, {"content": ["x"]}, {"content": [{"top_logprobs": {"A": -0.1}}]}],
)
async def test_hostile_shapes_are_no_probabilities(
    double: Double, client: ChatCompletions, logprobs: Any
) -> None:
    double.reply = two_ways(with_logprobs(logprobs), completion('{"letter": "C"}'))
    assert (await client.create(ASKED, json_output=LETTERS)).content == '{"letter": "C"}'


async def test_a_probability_that_is_no_number_does_not_cost_the_answer(
    double: Double, client: ChatCompletions
) -> None:
    text = json.dumps(weighed(("A", 0.5))).replace(str(math.log(0.5)), "NaN")
    assert "NaN" in text
    double.reply = web.Response(text=text)
    assert (await client.create(ASKED, json_output=LETTERS)).content == "x"
    assert not client.gives_probabilities
