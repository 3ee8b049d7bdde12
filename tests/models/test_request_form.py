"""What an endpoint refuses is asked in another form, and the next answer decides which form is kept."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from autogen_core.models import AssistantMessage, SystemMessage, UserMessage
from endpoint_double import Double, completion
from ptool.errors import ConfigError
from ptool.log import logger
from ptool.models.clients.chat_completions import ChatCompletions
from ptool.models.faults import AttemptError
from ptool.models.request import with_limit
from ptool.records import Solution, Verdict

ASKED = [SystemMessage(content="You judge."), UserMessage(content="This?", source="ptool")]
SENT = {"seed": 7, "temperature": 0.3, "max_tokens": 50}


@pytest.fixture
def warnings() -> Any:
    heard: list[str] = []
    sink = logger.add(lambda message: heard.append(str(message)), level="WARNING", format="{message}")
    yield heard
    logger.remove(sink)


@pytest.fixture
async def client(double: Double) -> AsyncIterator[ChatCompletions]:
    one = ChatCompletions("m", double.base_url)
    yield one
    await one.close()


def refusing(why: Callable[[dict[str, Any]], Any], status: int = 400) -> Any:
    """A handler that refuses bodies: `why(body)` is the error body, or None."""

    async def reply(request: web.Request) -> web.Response:
        said = why(await request.json())
        return web.json_response(completion("{}") if said is None else said, status=status if said else 200)

    return reply


def without(name: str, words: Any) -> Any:
    """Refuses a field."""
    return refusing(lambda body: words if name in body else None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("seed", [{"error": {"message": 'Unknown name "seed": there is no such field.'}}]),
        ("seed", {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}),
        ("seed", {"error": {"message": "this cannot be", "param": "seed"}}),
        ("seed", "`seed` went wrong"),
        ("temperature", {"error": "'temperature' can only be 1 with this model."}),
        ("stream", {"error": {"message": "stream: unexpected field"}}),
    ],
)
async def test_a_field_that_is_refused_is_left_out_from_then_on(
    double: Double, client: ChatCompletions, warnings: list[str], name: str, words: Any
) -> None:
    double.reply = without(name, words)
    for _ in range(3):
        assert (await client.create(ASKED, extra_create_args=SENT)).content == "{}"
    left = {key for key in (*SENT, "stream") if key != name}
    assert left <= double.bodies[-1].keys()
    assert [name in body for body in double.bodies[-3:]] == [False] * 3
    assert len(double.bodies) <= 3 + 2
    assert len(warnings) == 1
    assert f"model.fields={{{name}: null}}" in warnings[0]


@pytest.mark.parametrize(
    "words", [{"error": "Unsupported parameter: use 'max_completion_tokens'"}, [""], "no."]
)
async def test_a_limit_that_is_refused_is_renamed(
    double: Double, client: ChatCompletions, words: Any
) -> None:
    double.reply = without("max_tokens", words)
    await client.create(ASKED, extra_create_args=SENT)
    assert double.bodies[-1]["max_completion_tokens"] == 50
    assert "max_tokens" not in double.bodies[-1]


async def test_several_refusals_one_after_another(double: Double, client: ChatCompletions) -> None:
    def why(body: dict[str, Any]) -> Any:
        for name in ("max_tokens", "temperature", "seed"):
            if name in body:
                return {"error": f"unsupported: {name}"}
        if body["messages"][0]["role"] == "system":
            return {"error": "System role not supported"}
        if body.get("response_format", {}).get("type") == "json_schema":
            return {"error": "too many states"}
        return None

    double.reply = refusing(why)
    await client.create(ASKED, extra_create_args=SENT, json_output=Verdict)
    before = len(double.bodies)
    await client.create(ASKED, extra_create_args=SENT, json_output=Verdict)
    assert len(double.bodies) == before + 1 <= 10
    assert client.structured == "json_object"


WORDINGS = [
    "The specified schema produces a constraint that has too many states.",
    "Invalid value: 'json_schema'. Supported values are: 'text' and 'json_object'.",
    "This model does not support structured outputs",
    "unsupported feature",
    "Failed to compile.",
    "",
    "字段无效",
]


@pytest.mark.parametrize("words", WORDINGS)
@pytest.mark.parametrize("status", [400, 422])
async def test_a_schema_is_refused_in_any_words(
    double: Double, client: ChatCompletions, words: str, status: int
) -> None:
    def why(body: dict[str, Any]) -> Any:
        schema = body.get("response_format", {}).get("type") == "json_schema"
        return {"error": {"message": words}} if schema else None

    double.reply = refusing(why, status)
    for _ in range(3):
        assert (await client.create(ASKED, json_output=Verdict)).content == "{}"
    assert (client.structured, len(double.bodies) <= 3 + 2) == ("json_object", True)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"error": "not on your plan"}),
        (402, {"error": "response_format json_schema is a feature of the larger plan"}),
        (200, {"error": {"message": "json_schema is not supported", "code": 400}}),
        (200, {"detail": "response_format is not supported"}),
    ],
)
async def test_a_schema_is_refused_with_any_status(
    double: Double, client: ChatCompletions, status: int, body: Any
) -> None:
    double.reply = refusing(lambda asked: body if "json_schema" in str(asked) else None, status)
    for _ in range(3):
        assert (await client.create(ASKED, json_output=Verdict)).content == "{}"
    assert (client.structured, len(double.bodies)) == ("json_object", 3 + 1)


async def test_a_key_that_is_forbidden_is_so_without_a_schema(
    double: Double, client: ChatCompletions
) -> None:
    double.reply = web.Response(status=403, text="no such key")
    with pytest.raises(AttemptError, match="no such key") as caught:
        await client.create(ASKED, json_output=Verdict)
    assert (caught.value.kind, len(double.bodies)) == ("unauthorised", 2)
    with pytest.raises(AttemptError, match="no such key"):
        await client.create(ASKED)
    assert (len(double.bodies), client.structured) == (3, "json_schema")


async def test_one_schema_that_is_too_much_leaves_the_others_as_they_were(
    double: Double, client: ChatCompletions
) -> None:
    def why(body: dict[str, Any]) -> Any:
        named = body.get("response_format", {}).get("json_schema", {}).get("name")
        return {"error": "too many states"} if named == "Solution" else None

    double.reply = refusing(why)
    for record in (Verdict, Solution, Verdict, Solution):
        await client.create(ASKED, json_output=record)
    ways = [body["response_format"]["type"] for body in double.bodies]
    assert ways[0] == ways[-2] == "json_schema"
    assert ways[-1] == "json_object"
    assert len(ways) == 4 + 2


def mentions(part: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a body has what an endpoint refuses: a field, a system message, or a way to ask for a form."""

    def found(body: dict[str, Any]) -> bool:
        if part == "system":
            return any(message["role"] == "system" for message in body["messages"])
        if part.startswith("json_"):
            return body.get("response_format", {}).get("type") == part
        return part in body

    return found


def failing(why: Callable[[dict[str, Any]], bool], status: int, words: str) -> Any:
    """An endpoint that fails over some requests without saying why."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if why(await request.json()):
            return web.Response(status=status, text=words)
        return web.json_response(completion("{}"))

    return handle


REFUSALS = [
    json.loads(line)
    for line in (Path(__file__).parent / "refusals_of_servers.jsonl").read_text().splitlines()
]
"""What servers and gateways were reported to say: what is refused (a field, a system message, a way to ask
for a form), the status, the whole body."""


@pytest.mark.parametrize("refusal", REFUSALS, ids=[f"{one['server']}: {one['refuses']}" for one in REFUSALS])
async def test_what_a_server_says_in_its_own_words_is_asked_again_without_it(
    double: Double, client: ChatCompletions, refusal: dict[str, Any]
) -> None:
    part, refused = refusal["refuses"], mentions(refusal["refuses"])
    double.reply = refusing(lambda body: refusal["body"] if refused(body) else None, refusal["status"])
    sent = {**SENT, "top_p": 1.0}
    for _ in range(3):  # as often as a failure of the server would be borne with
        with suppress(AttemptError):
            await client.create(ASKED, extra_create_args=sent, json_output=Verdict)
    before = len(double.bodies)
    assert (await client.create(ASKED, extra_create_args=sent, json_output=Verdict)).content == "{}"
    body = double.bodies[-1]
    assert (len(double.bodies), refused(body)) == (before + 1, False)
    others = {*sent, "stream", "system", "json_schema"} - {
        part,
        "max_tokens" if part == "response_format" else "",
    }
    kept = {other for other in others if mentions(other)(body)}
    assert kept >= others - {"json_schema"} and (
        "json_schema" in kept or part in ("json_schema", "response_format")
    )


async def test_a_server_that_fails_whatever_it_is_asked_is_left_as_it_was(
    double: Double, client: ChatCompletions
) -> None:
    double.reply = web.Response(status=500, text="Internal Server Error")
    counts = []
    for _ in range(8):
        before = len(double.bodies)
        with pytest.raises(AttemptError, match="HTTP 500") as caught:
            await client.create(ASKED, json_output=Verdict, extra_create_args=SENT)
        assert caught.value.kind == "server"
        counts.append(len(double.bodies) - before)
    assert counts == [1, 1, 12, 12, 12, 1, 1, 1]
    double.reply = completion("{}")
    await client.create(ASKED, json_output=Verdict, extra_create_args=SENT)
    assert double.bodies[-1] == double.bodies[0]


async def test_what_an_endpoint_takes_is_not_why_it_refuses_something_else(
    double: Double, client: ChatCompletions, warnings: list[str]
) -> None:
    """One request of many is refused for what it says: whatever helps it says nothing of the fields."""
    double.reply = refusing(
        lambda body: "no." if "That?" in str(body["messages"]) and "seed" in body else None
    )
    await client.create(ASKED, extra_create_args=SENT)
    with pytest.raises(AttemptError, match=r"no\."):
        await client.create([UserMessage(content="That?", source="ptool")], extra_create_args=SENT)
    await client.create(ASKED, extra_create_args=SENT)
    assert SENT.items() <= double.bodies[-1].items()
    assert warnings == []


@pytest.mark.parametrize("status", [429, 502, 503, 529])
async def test_a_server_that_is_not_there_for_a_while_is_no_matter_of_form(
    double: Double, client: ChatCompletions, status: int
) -> None:
    double.reply = web.Response(status=status, text="overloaded, the stream broke off")
    for _ in range(5):
        with pytest.raises(AttemptError):
            await client.create(ASKED, json_output=Verdict, extra_create_args=SENT)
    assert len(double.bodies) == 5


@pytest.mark.parametrize("status", [502, 503, 504, 520])
@pytest.mark.parametrize("refused", [("json_schema",), ("json_schema", "json_object")])
async def test_a_proxy_whose_server_breaks_over_every_schema_is_asked_the_next_way(
    double: Double, client: ChatCompletions, warnings: list[str], status: int, refused: tuple[str, ...]
) -> None:
    double.reply = failing(
        lambda body: body.get("response_format", {}).get("type") in refused, status, "<h1>Bad Gateway</h1>"
    )
    await client.create(ASKED, extra_create_args=SENT)
    for _ in range(2):
        with pytest.raises(AttemptError, match=f"HTTP {status}"):
            await client.create(ASKED, json_output=Verdict, extra_create_args=SENT)
    for _ in range(2):
        await client.create(ASKED, json_output=Verdict, extra_create_args=SENT)
    way = "json_object" if len(refused) == 1 else "prompt"
    assert client.structured == way
    assert [one.strip().split("; ")[1] for one in warnings] == [f"from now on {way} (model.structured)"]
    assert len(double.bodies) == 1 + 2 + (1 + len(refused) + 1) + 1  # the schema is asked once more


async def test_an_endpoint_that_comes_back_while_it_is_asked_another_way_keeps_its_own(
    double: Double, client: ChatCompletions, warnings: list[str]
) -> None:
    down = [502, 502, 502]
    double.reply = failing(lambda _: bool(down) and bool(down.pop()), 502, "")
    for _ in range(2):
        with pytest.raises(AttemptError):
            await client.create(ASKED, json_output=Verdict, extra_create_args=SENT)
    await client.create(ASKED, json_output=Verdict, extra_create_args=SENT)
    assert [body.get("response_format", {}).get("type") for body in double.bodies] == [
        *["json_schema"] * 3,
        "json_object",
        "json_schema",
    ]
    assert (client.structured, warnings) == ("json_schema", [])


async def test_who_answered_with_a_schema_before_is_down(double: Double, client: ChatCompletions) -> None:
    await client.create(ASKED, json_output=Verdict)
    double.reply = failing(lambda _: True, 502, "")
    for _ in range(5):
        with pytest.raises(AttemptError):
            await client.create(ASKED, json_output=Verdict)
    assert len(double.bodies) == 1 + 5


@pytest.mark.parametrize(
    "words",
    [
        "System role not supported",
        "Only user and assistant roles are supported!",
        "Developer instruction is not enabled for models/gemma",
        "Conversation roles must alternate user/assistant/user",
        "no.",
    ],
)
async def test_without_a_system_role_its_text_stands_first_in_the_users(
    double: Double, client: ChatCompletions, words: str
) -> None:
    def why(body: dict[str, Any]) -> Any:
        return {"message": words} if body["messages"][0]["role"] == "system" else None

    double.reply = refusing(why)
    for _ in range(2):
        await client.create([*ASKED, AssistantMessage(content="No.", source="m"), ASKED[1]])
    assert double.bodies[-1]["messages"] == [
        {"role": "user", "content": "You judge.\n\nThis?"},
        {"role": "assistant", "content": "No."},
        {"role": "user", "content": "This?"},
    ]
    assert len(double.bodies) <= 2 + 2


async def test_the_place_of_the_system_text_can_be_set(double: Double) -> None:
    for place, roles in (("own", ["system", "user"]), ("user", ["user"])):
        client = ChatCompletions("m", double.base_url, structured="prompt", system=place)  # type: ignore[arg-type]
        await client.create(ASKED, json_output=Verdict)
        await client.close()
        assert [message["role"] for message in double.bodies[-1]["messages"]] == roles
    assert double.bodies[-1]["messages"][0]["content"].startswith("You judge.\n\nAnswer with one JSON")
    double.reply = refusing(lambda body: {"error": "System role not supported"})
    own = ChatCompletions("m", double.base_url, system="own")
    with pytest.raises(AttemptError, match="System role not supported"):
        await own.create(ASKED)
    await own.close()
    assert {body["messages"][0]["role"] for body in double.bodies[2:]} == {"system"}


async def test_what_was_chance_changes_nothing(double: Double, client: ChatCompletions) -> None:
    turns: list[int] = []

    def why(body: dict[str, Any]) -> Any:
        turns.append(1)
        return {"error": "could not be parsed, lower the temperature"} if len(turns) % 2 else None

    double.reply = refusing(why)
    for _ in range(3):
        await client.create(ASKED, json_output=Verdict, extra_create_args=SENT)
    assert all(body == double.bodies[0] for body in double.bodies)
    assert len(double.bodies) == 6


async def test_what_was_sampled_and_refused_is_the_answer(double: Double, client: ChatCompletions) -> None:
    error = {"message": "Failed to generate JSON", "failed_generation": '{"ok": '}
    double.reply = web.json_response({"error": error}, status=400)
    result = await client.create(ASKED, json_output=Verdict)
    assert (result.content, result.usage.prompt_tokens, len(double.bodies)) == ('{"ok": ', 3, 1)


async def test_what_is_refused_in_every_form_is_told_in_the_first_words_and_soon_given_up(
    double: Double, client: ChatCompletions
) -> None:
    double.reply = refusing(lambda body: {"error": f"no. {len(double.bodies)}"})
    counts = []
    for _ in range(6):
        before = len(double.bodies)
        with pytest.raises(AttemptError, match=f"HTTP 400: no. {before + 1}$"):
            await client.create(ASKED, json_output=Verdict, extra_create_args=SENT)
        counts.append(len(double.bodies) - before)
    assert counts[0] == 7 + 3 + 1 + 1  # ways of form and system text, fields left out, the barest, the limit
    assert counts[3:] == [2, 2, 2]  # the same again, as it may be chance
    assert client.structured == "json_schema"


async def test_a_prompt_that_is_too_long_teaches_nothing(double: Double, client: ChatCompletions) -> None:
    words = "'max_tokens' is too large: 50. This model's maximum context length is 40 tokens"
    double.reply = refusing(lambda body: {"error": words})
    with pytest.raises(AttemptError, match="context length"):
        await client.create(ASKED, extra_create_args=SENT)
    double.reply = completion("{}")
    await client.create(ASKED, extra_create_args=SENT)
    assert SENT.items() <= double.bodies[-1].items()
    assert all("max_tokens" in body for body in double.bodies)


async def test_the_setting_renames_drops_and_replaces(double: Double) -> None:
    fields = {
        "max_tokens": "max_completion_tokens",
        "seed": None,
        "stream": None,
        "temperature": 1,
        "verbosity": "low",
    }
    client = ChatCompletions("m", double.base_url, fields=fields, extra={"top_k": 20})
    await client.create(ASKED, extra_create_args=SENT)
    await client.create(ASKED, tools=[{"name": "f"}])
    await client.close()
    first, second = (
        {k: v for k, v in body.items() if k not in ("model", "messages")} for body in double.bodies
    )
    assert first == {"max_completion_tokens": 50, "temperature": 1, "verbosity": "low", "top_k": 20}
    assert second["tool_choice"] == "auto"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"model": "dearer"}, "model.fields.model: may not touch 'model', which model.model sets"),
        ({"n": 2}, "model.fields.n: may not touch 'n'"),
        ({"response_format": None}, "which model.structured sets"),
        ({"seed": "messages"}, "model.fields.seed: may not touch 'messages'"),
        ({"": 1}, "model.fields: got '', expected the name of a field"),
        ({"seed": "a b"}, "model.fields: got 'a b', expected the name of a field"),
        ({"x": {1}}, "model.fields: not every value is JSON"),
        (["seed"], "model.fields: got ['seed'], expected a mapping"),
    ],
)
def test_what_cannot_be_changed_is_refused_in_one_line(fields: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ChatCompletions("m", "http://127.0.0.1:9/v1", fields=fields)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_record_is_read_where_a_model_thinks_and_a_text_is_not(
    double: Double, client: ChatCompletions
) -> None:
    double.reply = completion(None, reasoning_content='{"ok": true}')
    assert (await client.create(ASKED, json_output=Verdict)).content == '{"ok": true}'
    result = await client.create(ASKED)
    assert (result.content, result.thought) == ("", '{"ok": true}')
    double.reply = completion('{"ok": false}', reasoning='{"ok": true}')
    assert json.loads(str((await client.create(ASKED, json_output=Verdict)).content)) == {"ok": False}


@pytest.mark.parametrize(
    ("sampling", "limited"),
    [
        ({}, {"max_tokens": 5}),
        ({"max_tokens": 90}, {"max_tokens": 5}),
        ({"max_completion_tokens": 90}, {"max_completion_tokens": 5}),
        ({"max_tokens": None}, {"max_tokens": None}),
        ({"max_tokens": None, "max_completion_tokens": 90}, {"max_tokens": None, "max_completion_tokens": 5}),
    ],
)
def test_a_limit_that_is_null_stays_left_out(sampling: dict[str, Any], limited: dict[str, Any]) -> None:
    assert with_limit(sampling, 5) == limited
