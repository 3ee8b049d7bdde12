"""Judges of closed questions: what is asked, how the letters are weighed, and what an objection says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.agents import CallRecogniser, NeedRecogniser, Observation, YesNoJudge
from ptool.agents.closed_questions import ClosedQuestion, closed_form
from ptool.errors import ConfigError
from ptool.models import prompt_blocks as blocks
from ptool.models.request import Reply, Request
from ptool.records import Choice, Usage, Verdict

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


def call_judge(**more: Any) -> CallRecogniser:
    sees = ["scenario", "platform", "apis", "task", "query", "query.intents"]
    return CallRecogniser(
        code="call_unclear", name="recognise_call", prompt="recognise_call.jinja", sees=sees, **more
    )


def asked_of(stated: dict[str, Any], **words: str) -> list[ClosedQuestion]:
    return list(call_judge().questions(call_views(stated, **words)))


FIND = call_views({"item": "tea"}, item="tea")
"""Asks for one letter: of what find, buy and lend do."""


@pytest.mark.parametrize("orders", [1, 2, 3])
@pytest.mark.parametrize("probabilities", [True, False])
@given(turn=st.text(max_size=8), share=st.sampled_from([0.4, 0.7, 0.9]))
async def test_the_order_of_options_never_changes_the_verdict_of_who_knows(
    orders: int, probabilities: bool, turn: str, share: float
) -> None:
    judge = call_judge(orders=orders)
    for said in ("Finds", "Buys", "Lends"):
        ask = Asked(knows(said, share), probabilities=probabilities)
        found, _ = await verdict(judge, ask, FIND, turn)
        assert found.ok is (said == "Finds")


@given(st.text(max_size=8))
async def test_who_prefers_the_first_letter_is_not_decided_by_it(turn: str) -> None:
    # twice as much for the first place as for knowing better: one order alone would often be wrong
    ask = Asked(lambda at, option: (0.5, 0.25, 0.0)[at] + (0.25 if "Finds" in option else 0))
    found, usage = await verdict(call_judge(orders=2), ask, FIND, turn)
    assert found.ok
    assert usage.calls == len(ask.shown) <= 2


async def test_one_order_is_enough_for_who_is_certain_but_not_for_a_letter_alone() -> None:
    for share, probabilities, asked in [(0.8, True, 1), (0.79, True, 3), (1.0, False, 3)]:
        ask = Asked(knows("Finds", share), probabilities=probabilities)
        _, usage = await verdict(call_judge(orders=3), ask, FIND)
        assert (usage.calls, usage.prompt_tokens) == (asked, 10 * asked)
        assert len({tuple(options) for options in ask.shown}) == asked


async def test_the_right_option_stands_anywhere_and_always_there_for_the_same_turn() -> None:
    ask = Asked(knows("Finds", 0.9))
    for turn in range(30):
        for _ in range(2):
            await verdict(call_judge(), ask, FIND, f"episodes/{turn}/0")
    assert ask.shown[::2] == ask.shown[1::2]
    places = [next(at for at, one in enumerate(options) if "Finds" in one) for options in ask.shown]
    assert set(places) == {0, 1, 2}


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
    ("query", "shown"),
    [
        ("Find a mocha. Buy stamps.", ["Find a mocha.", "Buy stamps."]),
        ("Find a mocha, at St. Ives. Buy stamps.", ["Find a mocha, at St. Ives.", "Buy stamps."]),
        (
            "Hello. I like mocha. Find some. No stamps? Buy some!",
            ["Hello. I like mocha. Find some.", "No stamps? Buy some!"],
        ),
        ("Find a mocha and buy stamps.", ["Find a mocha and buy stamps."] * 2),
        ("Find a mocha. Buy some.", ["Find a mocha. Buy some."] * 2),
        (
            "Find a mocha. Buy stamps, no mocha.",
            ["Find a mocha. Buy stamps, no mocha.", "Buy stamps, no mocha."],
        ),
        ("Something else.", ["Something else."] * 2),
    ],
)
def test_each_call_is_read_in_its_own_sentences(query: str, shown: list[str]) -> None:
    intents = [
        {"api": api, "stated": {"item": said}, "phrases": [{"parameter": "item", "words": said}]}
        for api, said in (("find", "mocha"), ("buy", "stamps"))
    ]
    views = call_views({}) | {"query": query, "query.intents": intents}
    assert [question.shown["query"] for question in call_judge().questions(views)] == shown


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


# --- the kind of need

NEEDS = {"coffee": "hot drinks and coffee beans", "braces": "what holds {0} up, or {chosen} and beans"}
ORDER = {"function": {"name": "order", "parameters": {"properties": {
    "drink": {"type": "string"}, "with": {"type": "string"}, "at": {"type": "string", "format": "time"},
}}}}  # fmt: skip


def need_judge(**more: Any) -> NeedRecogniser:
    sees = ["contexts", "task", "task.apis", "query.intents", "query.need"]
    return NeedRecogniser(
        code="need_unclear", name="recognise_need", prompt="recognise_need.jinja", sees=sees, **more
    )


def need_views(right: str, *calls: dict[str, str], need: str = "") -> dict[str, Any]:
    intents = [
        {"api": "order", "phrases": [{"parameter": name, "words": words} for name, words in call.items()]}
        for call in calls
    ]
    contexts = [{"name": name, "description": text} for name, text in NEEDS.items()]
    return {"contexts": contexts, "task": {"context": {"name": right}}, "task.apis": [ORDER],
            "query.intents": intents, "query.need": need}  # fmt: skip


@pytest.mark.parametrize(
    ("calls", "need", "asked"),
    [
        ([{"drink": "mocha", "at": "10:30"}], "mocha", ["query.intents[0].stated.drink"]),
        (
            [{"drink": "mocha", "with": "milk"}, {"drink": "stamps"}],
            "mocha",
            [f"query.intents[{at}].stated.{name}" for at, name in ((0, "drink"), (0, "with"), (1, "drink"))],
        ),
        ([{"at": "10:30"}], "my late breakfast", ["query.need"]),  # nothing is named
        ([{"at": "10:30"}], "", []),
        ([{"drink": "hot drinks"}], "", []),  # its own description says so
        ([{"drink": "beans"}], "", ["query.intents[0].stated.drink"]),  # another one's, too
        ([{"drink": "hot milk"}], "", ["query.intents[0].stated.drink"]),  # one of the words alone
    ],
)
def test_every_thing_is_asked_about_that_code_does_not_know(
    calls: list[dict[str, str]], need: str, asked: list[str]
) -> None:
    questions = list(need_judge().questions(need_views("coffee", *calls, need=need)))
    assert [question.path for question in questions] == asked
    assert all(question.options == ("yes", "no") for question in questions)


@pytest.mark.parametrize(
    ("thing", "share", "ok"),
    [("mocha", 0.69, False), ("mocha", 0.71, True), ("Moby Dick", 0.51, True), ("Moby Dick", 0.49, False)],
)
async def test_a_yes_to_a_common_noun_has_to_be_sure(thing: str, share: float, ok: bool) -> None:
    ask = Asked(lambda _, option: share if option == "yes" else 1 - share)
    assert (await verdict(need_judge(), ask, need_views("braces", {"drink": thing})))[0].ok is ok


def test_two_things_are_asked_about_one_by_one() -> None:
    views = need_views("coffee", {"pair": "mocha and the stamps"})
    pair = {"type": "string", "description": "The two things to compare."}
    order = {"function": {"name": "order", "parameters": {"properties": {"pair": pair}}}}
    questions = list(need_judge().questions({**views, "task.apis": [order]}))
    assert [question.shown["thing"] for question in questions] == ["mocha", "stamps"]


async def test_a_thing_of_another_need_is_an_objection_that_names_both() -> None:
    prompts = []

    async def ask(request: Request, *, accept: Any = None) -> Reply:
        prompts.append(request.user)
        answer = "no" if "stamps" in request.user else "yes"
        return await Asked(lambda _, option: 0.8 if option == answer else 0.2)(request, accept=accept)

    found, usage = await verdict(
        need_judge(), ask, need_views("braces", {"drink": "a clip"}, {"drink": 'stamps"} {chosen}'})
    )
    [reason] = found.reasons
    assert (reason.code, reason.blames, reason.path, usage.calls) == (
        "need_unclear", "query", "query.intents[1].stated.drink", 2,
    )  # fmt: skip
    assert "stamps" in reason.message
    assert "is none of braces (what holds {0} up" in reason.message
    assert '"stamps\\"} {chosen}" something that belongs to "braces"' in prompts[1]


async def test_an_unknown_need_is_not_asked_about() -> None:
    ask = Asked(knows("coffee"))
    assert (await verdict(need_judge(), ask, need_views("tea", {"drink": "mocha"})))[0].ok
    assert ask.shown == []


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
