"""One name and one value in several Unicode forms are one; what differs and looks alike is shown apart."""

import json
from unicodedata import normalize

import pytest
from core_fakes import gold, item
from hypothesis import given
from hypothesis import strategies as st
from ptool.benchmark import GoldCall, PredictedCall, Prediction, parse, score, score_prediction

MICRO, MU = "dose_\u00b5g", "dose_\u03bcg"
COMPOSED, DECOMPOSED = "Jos\u00e9", "Jose\u0301"


@pytest.mark.parametrize("written", [MICRO, MU])
@pytest.mark.parametrize("wanted", [MICRO, MU])
def test_names_are_compared_in_nfkc_in_every_format(wanted: str, written: str) -> None:
    one = item(GoldCall("bookTable", {wanted: (5,)}, {wanted: "query"}))
    calls = [{"name": "bookTable", "parameters": {written: 5}}]
    for format, text in (
        ("python", f"{{MegaMart: [bookTable({written}=5)]}}"),
        ("json", json.dumps({"platform": "MegaMart", "functions": calls})),
        ("native", json.dumps(calls)),
    ):
        found = score(one, text, format)  # type: ignore[arg-type]
        assert (found.tool_value, found.query_param_hits) == (True, 1), format


@pytest.mark.parametrize("written", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("wanted", [COMPOSED, DECOMPOSED])
def test_values_are_compared_in_nfc(wanted: str, written: str) -> None:
    assert score(item(gold(town=wanted)), f"{{MegaMart: [bookTable(town='{written}')]}}").overall
    assert score(
        item(gold(town=([{"k": wanted}],))), f"{{MegaMart: [bookTable(town=[{{'k': '{written}'}}])]}}"
    ).overall


def test_compatible_values_are_not_equal() -> None:
    assert not score(item(gold(town="x²")), "{MegaMart: [bookTable(town='x2')]}").overall


@pytest.mark.parametrize(
    ("wanted", "given_value", "shown"),
    [
        ("Paris", "P\u0430ris", r"expected 'Paris', got 'P\u0430ris'"),  # a Cyrillic letter
        ("ﬁt", "fit", r"expected '\ufb01t', got 'fit'"),
        ("Paris", "Par\u200bis", r"expected 'Paris', got 'Par\u200bis'"),
        ("Köln", "Bonn", "expected 'Köln', got 'Bonn'"),
        ("Köln", "Bari", "expected 'Köln', got 'Bari'"),
    ],
)
def test_what_looks_alike_is_shown_with_escapes(wanted: str, given_value: str, shown: str) -> None:
    found = score_prediction(
        item(gold(town=wanted)), Prediction("MegaMart", (PredictedCall("bookTable", {"town": given_value}),))
    )
    assert shown in found.reason


@given(st.text(max_size=12), st.sampled_from(["NFC", "NFD"]), st.sampled_from(["NFC", "NFD"]))
def test_every_text_is_itself_in_both_forms(text: str, mine: str, theirs: str) -> None:
    one = item(gold(town=normalize(mine, text)))
    answer = Prediction("MegaMart", (PredictedCall("bookTable", {"town": normalize(theirs, text)}),))
    assert score_prediction(one, answer).overall


def test_untyped_values_get_the_type_of_the_schema() -> None:
    written = (
        "<function=bookTable>\n<parameter=town>\n5\n</parameter>\n"
        "<parameter=people>\n5\n</parameter>\n</function>"
    )
    tools = {
        "bookTable": {
            "name": "bookTable",
            "parameters": {"properties": {"town": {"type": "string"}, "people": {"type": "integer"}}},
        }
    }
    one = item(gold(town="5", people=5), tools=tools)
    assert score(one, written, "native").tool_value
    assert score(one, written, "native", "official").tool_value
    assert parse(written, "native").calls[0].arguments == {"town": "5", "people": "5"}  # type: ignore[union-attr]
