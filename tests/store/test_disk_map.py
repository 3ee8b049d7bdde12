"""A map on disk holds what was put, in the order of its keys, and hardly any memory."""

from __future__ import annotations

import sqlite3
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.errors import StoreError
from ptool.store.disk_map import DiskCounter, DiskList, DiskMap


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.binary(max_size=9), max_size=40))
def test_values_come_in_the_order_of_the_keys(content: dict[str, bytes]) -> None:
    found = DiskMap[str]()
    for key, value in content.items():
        found.put(key, value)
    assert list(found.values()) == [content[key] for key in sorted(content)]
    assert {key: found.get(key) for key in content} == content
    assert len(found) == len(content)
    assert all(key in found for key in content)


def test_a_key_that_is_not_there() -> None:
    found = DiskMap[int]()
    assert 3 not in found
    with pytest.raises(KeyError):
        found.get(3)


def test_pages_follow_each_other_and_more_may_be_put_meanwhile() -> None:
    found = DiskMap[int]()
    for key in range(1_000):
        found.put(key, b"%d" % key)
    values = found.values()
    assert next(values) == b"0"
    found.put(1_000, b"last")
    assert [*values] == [*(b"%d" % key for key in range(1, 1_000)), b"last"]


def test_memory_is_given_back_with_the_map() -> None:
    found = DiskMap[int]()
    rows = found._rows
    del found
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        rows.execute("SELECT 1")


def test_a_full_disk_is_a_line_that_says_what_to_do() -> None:
    found = DiskMap[int]()
    found._rows.execute("PRAGMA max_page_count = 8")
    with pytest.raises(StoreError, match=r"temporary files: .*full.* TMPDIR.* same command"):
        for key in range(1_000):
            found.put(key, b"x" * 1_000)


def test_a_list_gives_back_what_was_put_in_its_order() -> None:
    found = DiskList(("a", number) for number in range(600))
    found.append(("b", 0))
    assert len(found) == 601
    assert list(found) == [*(("a", number) for number in range(600)), ("b", 0)]
    assert (found[-1], found[1:3]) == (("b", 0), [("a", 1), ("a", 2)])
    with pytest.raises(IndexError):
        found[601]


@given(st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from(["é", "e", "10", "9", ""])), max_size=40))
def test_a_counter_counts_every_value_of_its_kind(added: list[tuple[str, str]]) -> None:
    found, counts = DiskCounter(), Counter[tuple[str, str]]()
    for kind, value in added:
        counts[kind, value] += 1
        assert found.add(kind, value) == counts[kind, value]
    assert found.count("x", "never") == 0
    of_x = [(value, count) for (kind, value), count in counts.items() if kind == "x"]
    assert found.most_common("x", 2) == sorted(of_x, key=lambda item: (-item[1], item[0]))[:2]
