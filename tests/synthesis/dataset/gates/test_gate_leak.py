"""The gate hears what the rule check hears, and implicit values besides."""

from __future__ import annotations

import pytest
from ptool.synthesis.dataset.gates.leak import leak


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
    reasons = list(leak(candidate(text)))
    assert [(one.code, one.source, one.blames) for one in reasons] == [("gate.leak", "leak", "query")] * leaks


def test_an_implicit_value_that_the_query_states_is_its_own(candidate):
    assert list(leak(candidate("Engrave 'SENTINEL-7f3a' on it", item="engraving SENTINEL-7f3a"))) == []
    assert len(list(leak(candidate("Engrave 'SENTINEL-7f3a' on it", item="engraving")))) == 1
