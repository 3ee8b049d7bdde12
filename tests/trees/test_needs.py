"""Sorts of the things that customers name are kinds of need; what every service has is none."""

from collections import Counter

import pytest
from ptool.records import Topic
from ptool.trees.needs import is_of_the_service, needs_of


def needs(*answers, scenario="shopping"):
    topics = [Topic(thing=thing, sort=sort) for thing, sort in answers]
    return {need.name: need.description for need in needs_of(topics, scenario, Counter())}


def test_sorts_with_the_most_things_are_needs_described_by_their_things():
    answers = [("a dress", "clothing"), ("my phone", "devices"), ("a shirt", "Clothing"), ("a book", "books")]
    more = [("a lamp", "lights"), ("a tablet", "devices"), ("a bag", "bags"), ("dresses", "clothing")]
    assert needs(*answers, *more) == {
        "clothing": "dress, shirt",
        "devices": "phone, tablet",
        "books": "book",
        "lights": "lamp",
    }


def test_things_are_needs_of_their_own_where_there_is_but_one_sort():
    answers = [("a burger", "food"), ("a pizza", "food"), ("some sushi", "food"), ("a pizza", "food")]
    assert list(needs(*answers)) == ["burger", "pizza", "sushi"]


@pytest.mark.parametrize(
    "answer",
    [
        ("a shopping cart", "e-commerce"),
        ("my order history", "records"),
        ("a gift", "products"),
        ("a bag", "shopping"),
        ("a payment method", "money"),
        ("my credit card", "financial instruments"),
        ("the", ""),
    ],
)
def test_what_every_service_has_and_the_scenario_again_is_no_need(answer):
    others = [("a rake", "tools"), ("a rose", "flowers"), ("a pot", "containers")]
    assert list(needs(answer, *others)) == ["tools", "flowers", "containers"]


def test_a_sort_with_the_words_of_another_is_the_same():
    found = needs(("a hose", "tools"), ("a rake", "garden tool"), ("a rose", "flowers"), ("a pot", "pots"))
    assert found == {"tools": "hose, rake", "flowers": "rose", "pots": "pot"}


def test_sorts_that_share_a_thing_are_one_as_nobody_could_tell_them_apart():
    answers = [("a smartphone", "technology"), ("—", "lines"), ("a mobile phone", "telecommunications")]
    more = [("a table", "furniture"), ("a vegetable", "food"), ("—", "dots")]
    assert needs(*answers, *more) == {
        "technology": "smartphone, mobile phone",
        "lines": "—",
        "furniture": "table",
        "food": "vegetable",
    }


def test_a_sort_that_is_said_of_the_things_of_another_is_none_where_enough_are_left():
    answers = [("my laptop", "computers"), ("my shoes", "footwear"), ("a computer", "electronics")]
    more = [("a laptop", "electronics"), ("a phone case", "electronics"), ("a camera", "electronics")]
    assert needs(*answers, *more) == {
        "computers": "laptop, computer",
        "footwear": "shoes",
        "electronics": "phone case, camera",
    }
    assert needs(*answers, *more, ("a book", "reading")) == {
        "computers": "laptop, computer",
        "footwear": "shoes",
        "reading": "book",
    }


@pytest.mark.parametrize(
    ("fact", "service"),
    [
        ("shopping_bag", True),
        ("shopping_frequency", True),
        ("order_history", True),
        ("preferred_store", True),
        ("shopping_style", False),
        ("preferred_device", False),
        ("family_size", False),
        ("budget", False),
        ("", False),
    ],
)
def test_what_people_have_or_do_at_the_service_is_no_fact_about_them(fact, service):
    assert is_of_the_service(fact, "shopping") is service
