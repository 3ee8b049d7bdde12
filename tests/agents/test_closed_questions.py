"""Judges of closed questions: what is asked, how the letters are weighed, and what an objection says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.agents import CallRecogniser, NeedRecogniser, Observation, YesNoJudge
from ptool.agents.closed_questions import MOST_OPTIONS, ClosedQuestion, closed_form
from ptool.errors import ConfigError
from ptool.models import prompt_blocks as blocks
from ptool.models.request import Reply, Request
from ptool.records import Choice, Usage, Verdict

NEEDS = {"coffee": "hot drinks", "braces": "what holds {0} up, or {chosen} and }", "post": "letters"}
CONTEXTS = [{"name": name, "description": text} for name, text in NEEDS.items()]
ONE_CALL = Usage(calls=1, prompt_tokens=10, completion_tokens=1)


class Asked:
    """A model: `weigh` says how much it gives each option shown; every request is kept."""

    def __init__(self, weigh: Callable[[int, str], float], *, probabilities: bool = True) -> None:
        self.weigh, self.probabilities = weigh, probabilities
        self.shown: list[list[str]] = []

    async def __call__(self, request: Request, *, accept: Any = None) -> Reply:
        options = blocks.read(request.user).get("options")
        options = blocks.plain(blocks.Json(options)) if options else []
        self.shown.append([option["option"] for option in options])
        letters = [option["letter"] for option in options] or ["yes", "no"]
        texts = self.shown[-1] or letters
        weights = {
            letter: self.weigh(at, text) for at, (letter, text) in enumerate(zip(letters, texts, strict=True))
        }
        best = max(weights, key=lambda letter: weights[letter])
        assert request.output is closed_form(len(options))
        return Reply(request.output(letter=best, weights=weights if self.probabilities else {}), ONE_CALL)


def knows(text: str, share: float = 0.7) -> Callable[[int, str], float]:
    """A model that gives most to one option, wherever it stands."""
    return lambda _, option: share if text in option else (1 - share) / 2


async def verdict(
    judge: Any, ask: Asked, views: dict[str, Any], turn: str = "episodes/t/0"
) -> tuple[Verdict, Usage]:
    shown = {name: blocks.dump(view) for name, view in views.items() if name in judge.sees}
    reply = await judge.respond(Observation(role=judge.name, turn=turn, seed=1, views=shown), ask)
    return reply.record, reply.usage


def need_judge(**more: Any) -> NeedRecogniser:
    sees = ["scenario", "contexts", "task", "task.apis", "query", "query.intents"]
    return NeedRecogniser(
        code="need_unclear", name="recognise_need", prompt="recognise_need.jinja", sees=sees, **more
    )


def need_views(right: str) -> dict[str, Any]:
    return {
        "scenario": {},
        "contexts": CONTEXTS,
        "task": {"context": {"name": right}},
        "task.apis": [],
        "query": "Tea, please.",
        "query.intents": [],
    }


@pytest.mark.parametrize("orders", [1, 2, 3])
@pytest.mark.parametrize("probabilities", [True, False])
@given(turn=st.text(max_size=8), share=st.sampled_from([0.4, 0.7, 0.9]))
async def test_the_order_of_options_never_changes_the_verdict_of_who_knows(
    orders: int, probabilities: bool, turn: str, share: float
) -> None:
    judge = need_judge(orders=orders)
    for said in NEEDS:
        ask = Asked(knows(said, share), probabilities=probabilities)
        found, _ = await verdict(judge, ask, need_views("coffee"), turn)
        assert found.ok is (said == "coffee")


@given(st.text(max_size=8))
async def test_who_prefers_the_first_letter_is_not_decided_by_it(turn: str) -> None:
    # twice as much for the first place as for knowing better: one order alone would often be wrong
    ask = Asked(lambda at, option: (0.5, 0.25, 0.0)[at] + (0.25 if "coffee" in option else 0))
    found, usage = await verdict(need_judge(orders=2), ask, need_views("coffee"), turn)
    assert found.ok
    assert usage.calls == len(ask.shown) <= 2


async def test_one_order_is_enough_for_who_is_certain_but_not_for_a_letter_alone() -> None:
    for share, probabilities, asked in [(0.8, True, 1), (0.79, True, 3), (1.0, False, 3)]:
        ask = Asked(knows("coffee", share), probabilities=probabilities)
        _, usage = await verdict(need_judge(orders=3), ask, need_views("coffee"))
        assert (usage.calls, usage.prompt_tokens) == (asked, 10 * asked)
        assert len({tuple(options) for options in ask.shown}) == asked


async def test_the_right_option_stands_anywhere_and_always_there_for_the_same_turn() -> None:
    ask = Asked(knows("coffee", 0.9))
    for turn in range(30):
        for _ in range(2):
            await verdict(need_judge(), ask, need_views("coffee"), f"episodes/{turn}/0")
    assert ask.shown[::2] == ask.shown[1::2]
    places = [next(at for at, one in enumerate(options) if "coffee" in one) for options in ask.shown]
    assert set(places) == {0, 1, 2}


async def test_a_wrong_option_is_an_objection_to_the_query_that_names_both() -> None:
    for right, chosen in [("coffee", "braces"), ("braces", "post")]:
        found, _ = await verdict(need_judge(), Asked(knows(chosen, 0.9)), need_views(right))
        [reason] = found.reasons
        assert (found.ok, reason.code, reason.blames, reason.path) == (
            False,
            "need_unclear",
            "query",
            "query.text",
        )
        assert f"reads as {chosen}, not as {right}" in reason.message
        assert NEEDS[right].partition("{chosen}")[0] in reason.message


TWO_CALLS = {
    "task.apis": [
        {"function": {"name": name, "parameters": {"properties": properties}}}
        for name, properties in {
            "order": {"drink": {"type": "string"}},
            "remind": {"of": {"type": "string"}, "at": {"type": "string", "format": "time"}},
        }.items()
    ],
    "query": "Order a mocha, as at St. Ives. Remind me of stamps. At 10:30.",
    "query.intents": [
        {"api": "order", "stated": {}, "phrases": [{"parameter": "drink", "words": "mocha"}]},
        {
            "api": "remind",
            "stated": {},
            "phrases": [{"parameter": "of", "words": "stamps"}, {"parameter": "at", "words": "10:30"}],
        },
    ],
}


async def test_each_call_has_to_be_for_the_need() -> None:
    """A thing of another need in one of two calls is told from its own sentence, without the other's."""
    judge, shown = need_judge(), []

    async def ask(request: Request, *, accept: Any = None) -> Reply:
        shown.append(str(blocks.read(request.user)["query"]))
        said = "coffee" if "mocha" in shown[-1] else "post"
        return await Asked(knows(said, 0.9))(request, accept=accept)

    found, _ = await verdict(judge, ask, need_views("coffee") | TWO_CALLS)
    assert shown == ['"Order a mocha, as at St. Ives."', '"Remind me of stamps."']
    assert [reason.path for reason in found.reasons] == ["query.intents[1].stated"]


@pytest.mark.parametrize(
    "query",
    ["Order a mocha and remind me of stamps.", "Order a mocha. Remind me at 10:30."],
    ids=["in one sentence", "one call tells no need"],
)
async def test_what_cannot_be_told_apart_is_judged_as_a_whole(query: str) -> None:
    ask = Asked(knows("coffee", 0.9))
    found, usage = await verdict(need_judge(), ask, need_views("coffee") | TWO_CALLS | {"query": query})
    assert (found.ok, usage.calls) == (True, 1)


@pytest.mark.parametrize(
    ("thing", "asked"),
    [
        ("lamps and a rug", []),
        ("lamp oil", ["query.text"]),
        ("desk lamps", ["query.text"]),
        ("a kennel", ["query.text"]),
        ("the house", ["query.text"]),
    ],
)
def test_what_only_the_needs_own_description_names_is_not_asked_about(thing: str, asked: list[str]) -> None:
    contexts = [
        {"name": "at_home", "description": "Lamps, rugs and things for the house."},
        {"name": "office", "description": "Desks and house signs."},
    ]
    intents = [{"api": "order", "stated": {}, "phrases": [{"parameter": "drink", "words": thing}]}]
    views = need_views("at_home") | {"contexts": contexts, "task.apis": TWO_CALLS["task.apis"]}
    views |= {"query": f"Order {thing} with a rug.", "query.intents": intents}
    assert [question.path for question in need_judge().questions(views)] == asked


async def test_no_more_options_than_letters() -> None:
    contexts = [{"name": f"need_{n}", "description": "x"} for n in range(60)]
    views = need_views("need_59") | {"contexts": contexts}
    ask = Asked(lambda _, option: float("need 59:" in option))
    found, _ = await verdict(need_judge(), ask, views)
    assert found.ok
    assert len(ask.shown[0]) == len(set(ask.shown[0])) == MOST_OPTIONS


async def test_an_unknown_need_is_not_asked_about() -> None:
    ask = Asked(knows("coffee"))
    assert (await verdict(need_judge(), ask, need_views("tea")))[0].ok
    assert ask.shown == []


# --- calls and their options

SORT = {"type": "string", "enum": ["price_ascending", "price_descending"], "description": "the order"}
PROPERTIES = {"item": {"type": "string"}, "sort": SORT, "gift": {"type": "boolean"}}


def tool(name: str, description: str, platform: str = "Ants", **parameters: Any) -> dict[str, Any]:
    function = {"name": name, "description": description, "parameters": {"properties": parameters}}
    return {"platform": platform, "function": function}


APIS = [
    tool("find", "Finds {things}.", **PROPERTIES),
    tool("buy", "Buys things."),
    tool("purchase", "Buys things."),  # says the same, so no other option
    tool("lend", "Lends things."),
    tool("steal", "Steals things.", platform="Bees"),
]


def call_views(stated: dict[str, Any], **words: str) -> dict[str, Any]:
    phrases = [{"parameter": name, "words": said} for name, said in words.items()]
    return {
        "scenario": {}, "apis": APIS, "platform": {"name": "Ants"}, "query": "Find tea.",
        "task": {"calls": [{"api": "find"}]},
        "query.intents": [{"api": "find", "stated": stated, "phrases": phrases}],
    }  # fmt: skip


def call_judge() -> CallRecogniser:
    sees = ["scenario", "platform", "apis", "task", "query", "query.intents"]
    return CallRecogniser(
        code="call_unclear", name="recognise_call", prompt="recognise_call.jinja", sees=sees
    )


def asked_of(stated: dict[str, Any], **words: str) -> list[ClosedQuestion]:
    return list(call_judge().questions(call_views(stated, **words)))


async def test_the_call_has_to_be_told_from_others_of_its_platform() -> None:
    ask = Asked(knows("Finds", 0.9))
    found, _ = await verdict(call_judge(), ask, call_views({"item": "tea"}, item="tea"))
    assert found.ok
    assert [sorted(options) for options in ask.shown] == [
        ["Buys things.", "Finds {things}.", "Lends things."]
    ]
    found, _ = await verdict(call_judge(), Asked(knows("Buys", 0.9)), call_views({"item": "tea"}, item="tea"))
    assert found.reasons[0].message == "it reads as: Buys things. Ask for this instead: Finds {things}."
    assert found.reasons[0].path == "query.intents[0].api"


@pytest.mark.parametrize(
    ("stated", "words", "asked"),
    [
        ({"item": "tea"}, {"item": "tea"}, []),
        ({"sort": "price_ascending"}, {"sort": "Price ascending"}, []),
        ({"sort": "price_ascending"}, {"sort": "cheap ones first"}, ["price ascending", "price descending"]),
        ({"gift": True}, {"gift": "gift"}, ["yes", "no"]),  # the word alone does not say which
        ({"gift": False}, {"gift": "no gift"}, ["no", "yes"]),
        ({"sort": "of no enumeration"}, {"sort": "x"}, []),
        ({"gift": 1}, {"gift": "gift"}, []),  # equal to true, and no yes
    ],
)
def test_options_are_asked_for_only_where_the_words_do_not_say_them(
    stated: dict[str, Any], words: dict[str, str], asked: list[str]
) -> None:
    options = [question for question in asked_of(stated, **words) if not question.path.endswith(".api")]
    assert [option.rpartition(": ")[2] for question in options for option in question.options] == asked
    assert all(question.path == f"query.intents[0].stated.{next(iter(stated))}" for question in options)


# --- yes or no


@pytest.mark.parametrize(("word", "ok"), [("yes", True), ("no", False)])
@pytest.mark.parametrize("probabilities", [True, False])
async def test_yes_or_no_is_asked_once_and_each_judge_has_its_code(
    word: str, ok: bool, probabilities: bool
) -> None:
    for code in ("unnatural", "says_more", "of_ones_own"):
        judge = YesNoJudge(code=code, name="natural", prompt="natural.jinja", sees=["scenario", "query"])
        ask = Asked(lambda _, option: 0.6 if option == word else 0.4, probabilities=probabilities)
        found, usage = await verdict(judge, ask, {"scenario": {}, "query": "Tea {0}."})
        assert (found.ok, usage.calls, ask.shown) == (ok, 1, [[]])
        assert [(one.code, one.blames) for one in found.reasons] == ([] if ok else [(code, "query")])


@pytest.mark.parametrize(
    ("count", "said", "read"),
    [(3, " b. ", "B"), (0, "Yes", "yes"), (3, "D", None), (3, "", None), (0, "A", None)],
)
def test_an_answer_is_one_of_the_letters(count: int, said: str, read: str | None) -> None:
    form = closed_form(count)
    if read is None:
        with pytest.raises(ValueError, match="expected one of"):
            form(letter=said)
    else:
        assert form(letter=said).letter == read
    assert form.model_json_schema()["properties"]["letter"]["enum"] == (list("ABC"[:count]) or ["yes", "no"])
    assert issubclass(form, Choice)


@pytest.mark.parametrize(
    ("wrong", "said"), [({"orders": 0}, "orders: got 0"), ({"orders": True}, "orders: got True")]
)
def test_a_judge_that_cannot_ask_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        need_judge(**wrong)
    with pytest.raises(ConfigError, match="prompt: missing"):
        NeedRecogniser(code="x", name="x", sees=["query"])
