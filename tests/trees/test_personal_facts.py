"""What facts about a person usually are: a writer chooses among few values, and nothing else is narrowed."""

from __future__ import annotations

import pytest
from ptool.trees.personal_facts import usual_values


@pytest.mark.parametrize(
    ("fact", "among"),
    [
        ("preferred_device", "tablet"),
        ("device", "phone"),
        ("dietary_preference", "vegan"),
        ("diet", "vegan"),
        ("unit_system", "metric"),
        ("currency", "EUR"),
        ("shirt_size", "XL"),
        ("seat_preference", "aisle"),
    ],
)
def test_a_fact_that_is_usually_one_of_a_few(fact: str, among: str) -> None:
    assert among in usual_values(fact)


@pytest.mark.parametrize(
    "fact",
    ["devices", "device_count", "business_units", "household_size", "seat_number", "city", "diets", ""],
)
def test_another_fact_may_be_anything(fact: str) -> None:
    assert usual_values(fact) == ()
