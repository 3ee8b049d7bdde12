"""A proof is looked at again: every way in which it can be wrong is told."""

from __future__ import annotations

import pytest
from ptool.records import Evidence
from ptool.synthesis.dataset.gates.grounding import GroundingGate

NOTHING = Evidence()


def messages(candidate):
    found = list(GroundingGate().run(candidate))
    assert {one.code for one in found} <= {"gate.grounding"}
    return [f"{one.path.rpartition('.')[2]}: {one.message}" for one in found]


def forged(parameter, **changed):
    """Origins in which one argument's proof is another."""
    return lambda origins: tuple(
        one.model_copy(update=changed) if one.parameter == parameter else one for one in origins
    )


def test_the_faultless_sample_passes(candidate):
    made = candidate()
    assert {one.parameter: one.origin for one in made.traced.origins} == {
        "item": "query",
        "count": "query",
        "to": "profile",
        "wrap": "default",
    }
    assert messages(made) == []


def said(words, start, end=None):
    return Evidence(words=words, span=(start, start + len(words) if end is None else end), path=None)


def held(path):
    return Evidence(words=None, span=None, path=path)


@pytest.mark.parametrize(
    ("parameter", "changed", "fault"),
    [
        ("item", {"evidence": said("red socks", 26)}, "'red socks' is not what stands at 26 to 35"),
        ("item", {"evidence": said("Red socks", 27)}, "is not what stands"),
        ("item", {"evidence": said("red socks", -30)}, "is not what stands"),
        ("item", {"evidence": said("", 27)}, "is not what stands"),
        ("item", {"evidence": said("red sock", 27)}, "'red sock' does not say 'red socks'"),
        ("count", {"evidence": said("pairs", 18)}, "'pairs' does not say 2"),
        ("count", {"evidence": NOTHING}, "got no words"),
        ("item", {"evidence": Evidence(words="red socks", span=None)}, "got no words with a span"),
        ("item", {"evidence": Evidence(words="red socks", span=(27, 36), path="basic_features.x")}, "a path"),
        ("item", {"value": "blue socks"}, "got the proof of 'blue socks', the argument is 'red socks'"),
        ("wrap", {"value": 0}, "got the proof of 0"),
        ("wrap", {"origin": "query", "evidence": NOTHING}, "got no words"),
        ("to", {"evidence": held("basic_features.full_name")}, "does not hold"),
        ("to", {"evidence": held("basic_features.work_address")}, "there is no"),
        ("to", {"evidence": held("implicit_features.home_address")}, "expected one that starts with"),
        ("to", {"evidence": held("home_address")}, "expected one that starts with"),
        ("to", {"evidence": NOTHING}, "got the path None"),
        (
            "to",
            {"evidence": Evidence(words="my home", span=(48, 55), path="basic_features.home_address")},
            "alone",
        ),
        ("to", {"origin": "default", "evidence": NOTHING}, "the schema's is None"),
        ("wrap", {"evidence": held("basic_features.full_name")}, "got evidence beside"),
    ],
)
def test_a_forged_proof_is_found_out(candidate, parameter, changed, fault):
    (message,) = messages(candidate(origins=forged(parameter, **changed)))
    assert message.startswith(f"{parameter}: ")
    assert fault in message


def test_half_a_number_proves_nothing(candidate):
    text = "Get 12 pairs of red socks, no, 2, brought to my home."
    made = candidate(text=text, origins=forged("count", evidence=said("2", 5)))
    assert "count: origin query: '2' at 5 to 6 is part of a longer number" in messages(made)
    assert not [one for one in messages(candidate(text=text)) if one.startswith("count")]


@pytest.mark.parametrize(
    ("path", "value", "holds"),
    [
        ("contact", "Ada Bell", True),
        ("contact.name", "Ada Bell", True),
        ("contact.colours", "green", True),
        ("contact.colours", "blue", False),
        ("contact.name.first", "Ada", False),
        ("contact.nobody", "Ada Bell", False),
        ("clothing_size", "xl", True),
        ("clothing_size", "X", False),
    ],
)
def test_a_path_is_walked(candidate, path, value, holds):
    made = candidate(
        arguments={"item": "red socks", "size": value},
        origins=lambda origins: (
            *(one for one in origins if one.parameter != "size"),
            origins[0].model_copy(
                update={
                    "parameter": "size",
                    "value": value,
                    "origin": "profile",
                    "evidence": held(f"basic_features.{path}"),
                }
            ),
        ),
    )
    assert len(messages(made)) == (not holds)


def test_every_argument_has_exactly_one_origin(candidate):
    assert messages(candidate(origins=lambda origins: origins[1:])) == ["item: got 0 origins, expected one"]
    assert messages(candidate(origins=lambda origins: (*origins, origins[1]))) == [
        "count: got 2 origins, expected one"
    ]
    untraced = candidate(arguments={"item": "blue socks"})
    assert messages(untraced) == ["item: got 0 origins, expected one"]


@pytest.mark.parametrize("changed", [{"parameter": "size"}, {"call": 1}])
def test_an_origin_of_nothing_is_found_out(candidate, changed):
    made = candidate(origins=lambda origins: (*origins, origins[0].model_copy(update=changed)))
    assert [one.partition(": ")[2] for one in messages(made)] == [
        "got an origin of an argument that is not there"
    ]


def test_an_argument_the_api_does_not_have_proves_nothing(candidate):
    made = candidate(arguments={"item": "red socks", "gift": "red socks"})
    assert messages(made) == ["gift: 'buy' has no such parameter"]
