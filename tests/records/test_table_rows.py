"""A row of a table is text in every column, and is read as the very sample it was made of."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.records import Sample
from ptool.records.table_rows import TEXTS, columns, from_row, to_row

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
LEAST = {
    name: "" if name in TEXTS else [] for name, field in Sample.model_fields.items() if field.is_required()
}


@given(name=st.sampled_from(list(Sample.model_fields)), text=st.text(min_size=1), value=st.lists(JSON))
def test_whatever_a_sample_holds_comes_back(name: str, text: str, value: list[Any]) -> None:
    sample = LEAST | {name: text if name in TEXTS else value}
    row = to_row(sample, columns())
    assert list(row) == list(Sample.model_fields) and {type(value) for value in row.values()} == {str}
    assert from_row(orjson.loads(orjson.dumps(row))) == sample
    assert from_row(sample) is sample  # no row: nothing in it is taken for JSON


def test_columns_are_those_that_are_not_left_out() -> None:
    assert set(columns()) - set(columns(TEXTS)) == TEXTS  # there is no text that is no field
    assert to_row({"id": "7", "answer": ["7", []], "note": 1}, ("id", "answer", "group")) == {
        "id": "7", "answer": '["7",[]]', "group": "",
    }  # fmt: skip


@pytest.mark.parametrize("answer", ["Paris", "", "[1", "[" * 5000])
def test_a_column_that_holds_no_json_is_named(answer: str) -> None:
    with pytest.raises(ValueError, match=r"^answer: got '.*', which is no JSON: ") as raised:
        from_row({"id": "a", "answer": answer, "group": ""})
    assert "\n" not in str(raised.value)


def test_what_is_absent_is_no_json_to_be_read() -> None:
    row = {"id": "", "tools": "[]", "capabilities": "", "platform_evidence": "", "group": "", "note": ""}
    assert from_row(row) == {"id": "", "tools": [], "note": ""}
