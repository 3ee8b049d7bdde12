"""The gates that ask whether a sample is personal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from ptool.records import Solution
from ptool.synthesis.dataset.gates.necessity import (
    InterchangeabilityGate,
    NecessityGate,
    had_without_profile,
    solves,
)


def test_interchangeability_needs_a_call_that_some_other_platform_serves(candidate: Callable) -> None:
    assert list(InterchangeabilityGate().run(candidate())) == []


@pytest.mark.parametrize(
    ("platform", "api", "words"),
    [("Nowhere", "buy", "no call that 'Nowhere' could serve"), ("SockBox", "sell", "no call that 'SockBox'")],
)
def test_a_call_that_nobody_offers_leaves_nothing_to_choose(
    candidate: Callable, platform: str, api: str, words: str
) -> None:
    one = candidate()
    given = {"platform": platform, "calls": [{"api": api, "arguments": {}}]}
    case = replace(one.case, solution=Solution.model_validate(given))
    (reason,) = InterchangeabilityGate().run(replace(one, case=case))
    assert words in reason.message


@pytest.mark.parametrize(
    ("stated", "needed"),
    [
        ({"item": "red socks"}, True),
        ({"item": "red socks", "to": "Calle Mayor 4, 46018 Valencia"}, False),
        ({"item": "red socks", "to": "Gran Via 1"}, True),
        ({"item": "Calle Mayor 4, 46018 Valencia"}, True),
    ],
)
def test_what_the_query_states_needs_no_profile(candidate: Callable, stated: dict, needed: bool) -> None:
    assert [one.code for one in NecessityGate().run(candidate(**stated))] == ["gate.necessity"] * (not needed)


@pytest.mark.parametrize(
    ("value", "schema", "without"),
    [
        ("Lyon", {}, True),
        ("Nice", {}, False),
        ("Nice", {"default": "Nice"}, True),
        ("Nice", {"default": "Lyon"}, False),
        ("z", {"enum": ["z"]}, True),
        ("z", {"enum": ["z", "y"]}, False),
        ("z", {"const": "z"}, True),
        (None, {"type": "null"}, True),
        (7, {"type": "integer", "minimum": 7, "maximum": 7}, True),
        (7, {"type": "integer", "minimum": 6, "maximum": 7}, False),
        (7, {"type": "integer", "maximum": 7}, False),
        (7, {"type": "integer"}, False),
    ],
)
def test_what_can_be_had_without_the_profile(value: object, schema: dict, without: bool) -> None:
    assert had_without_profile(value, "A ticket to Lyon", schema) is without


def answer(platform: str, *calls: tuple[str, dict]) -> Solution:
    listed = [{"api": api, "arguments": arguments} for api, arguments in calls]
    return Solution.model_validate({"platform": platform, "calls": listed})


@pytest.mark.parametrize(
    ("given", "right"),
    [
        (answer("P", ("f", {"a": 1}), ("f", {"a": 2})), True),
        (answer("P", ("f", {"a": 2}), ("f", {"a": 1})), True),
        (answer("Q", ("f", {"a": 1}), ("f", {"a": 2})), False),
        (answer("P", ("f", {"a": 1}), ("f", {"a": 1})), False),
        (answer("P", ("f", {"a": 1})), False),
        (answer("P", ("g", {"a": 1}), ("f", {"a": 2})), False),
        (None, False),
    ],
)
def test_a_stranger_solves_all_or_nothing(given: Solution | None, right: bool) -> None:
    assert solves(given, answer("P", ("f", {"a": 1}), ("f", {"a": 2}))) is right


def test_a_stranger_who_gave_all_of_it_is_an_objection(candidate: Callable) -> None:
    one = candidate()
    wrong = answer("SockBox")
    assert list(NecessityGate().run(replace(one, strangers=(wrong, None)))) == []
    (reason,) = NecessityGate().run(replace(one, strangers=(one.solution, wrong)))
    assert reason.message == "1 of 2 solvers without the profile gave all of it"
