"""The gate finds what the rule check finds, and implicit values besides."""

from __future__ import annotations

import pytest
from ptool.synthesis.dataset.gates.leak import LeakGate


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        ("Please get me two pairs of red socks.", 0),
        ("Two red socks to C/ Mayor, number four.", 1),
        ("Two red socks for Nebot, Severo, in XL.", 1),
        ("Two red socks for S. Nebot to 4 Calle Mayor", 2),
        ("Two red socks; the user writes short notes", 1),
        ("Two red socks; the user writes notes", 0),
        ("Two red socks for a calm day", 0),
        ("Two red socks, sentinel 7F3A", 1),
    ],
)
def test_leak(candidate, text, leaks):
    reasons = list(LeakGate().run(candidate(text)))
    assert [(reason.code, reason.blames) for reason in reasons] == [("gate.leak", "query")] * leaks


def test_an_implicit_value_that_the_query_states_is_its_own(candidate):
    gate, text = LeakGate(), "Engrave 'SENTINEL-7f3a' on it"
    assert list(gate.run(candidate(text, item="engraving SENTINEL-7f3a"))) == []
    assert len(list(gate.run(candidate(text, item="engraving")))) == 1
