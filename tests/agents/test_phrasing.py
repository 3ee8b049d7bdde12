"""The lean user: its text proves what a model thought up, what code drew is appended, the rest is refused."""

from __future__ import annotations

import re
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.agents import Observation, PhrasingUser
from ptool.agents.phrasing.query_form import LONGEST_REQUEST
from ptool.models import prompt_blocks as blocks
from ptool.models.gateway.parse import InvalidAnswer, parse_answer
from ptool.models.request import Reply, Request
from ptool.records import Query, Usage
from ptool.texts.allusions import with_allusions

TEXT, COUNT, YES = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
USER = PhrasingUser(
    name="user",
    prompt="user_lean.jinja",
    output="ptool.records.Query",
    sees=["scenario", "errand", "errand.mentions", "errand.options", "feedback"],
)


def views(
    *jobs: dict[str, Any],
    purpose: bool = False,
    mentions: Any = None,
    options: Any = None,
    job: str = "Brings a drink.",
) -> dict[str, Any]:
    """What the user is shown for jobs, each given by what it has to say."""
    return {
        "scenario": {"name": "cafe"},
        "errand": {
            "need": {"name": "morning drinks", "description": "", "context": "morning_drinks"},
            "manner": "polite",
            "jobs": [{"api": "find", "job": job, "say": say} for say in jobs],
            "purpose": purpose,
        },
        "errand.mentions": mentions or [[] for _ in jobs],
        "errand.options": options or [{} for _ in jobs],
        "feedback": [],
    }


def phrased(said: Any, *jobs: dict[str, Any], **more: Any) -> Query:
    """The query that an answer becomes; of a job that has all its words, where none is given."""
    text = said if isinstance(said, str) else orjson.dumps(said).decode()
    words = said.get("text") if isinstance(said, dict) else None
    job = words if isinstance(words, str) else "Brings a drink."
    return parse_answer(text, "stop", USER.form(views(*jobs, **{"job": job, **more})))[0]


def answer(text: Any, *values: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"values": {f"job_{n}": of_job for n, of_job in enumerate(values, 1)}, "text": text, **more}


def objection(said: Any, *jobs: dict[str, Any], **more: Any) -> str:
    with pytest.raises(InvalidAnswer) as caught:
        phrased(said, *jobs, **more)
    return str(caught.value)


@pytest.mark.parametrize(
    ("schema", "value", "text", "stated", "words"),
    [
        (TEXT, "trail shoe", "Find me Trail Shoes, please.", "Trail Shoes", "Trail Shoes"),
        (TEXT, "Café au lait", "A café au lait for me.", "Café au lait", "café au lait"),
        (TEXT, "jeans, shirt", "Compare the shirts and jeans.", "shirts and jeans", "shirts and jeans"),
        (
            TEXT,
            "oat milk, oat bar",
            "Oat milk and an oat bar.",
            "Oat milk and an oat bar",
            "Oat milk and an oat bar",
        ),
        (
            TEXT,
            "whole foods, natural foods",
            "Whole foods and natural foods side by side.",
            "Whole foods and natural foods",
            "Whole foods and natural foods",
        ),
        (TEXT, "teapot, coffee", "Find tea pot and coffee.", "teapot and coffee", "teapot and coffee"),
        (TEXT, "Apple iPhone 13s", "Two iPhone 13s, please.", "iPhone 13s", "iPhone 13s"),
        (TEXT, "wifi router", "A Wi-Fi router.", "wifi router", "Wi-Fi router"),
        (COUNT, 2, "Two teas, please.", 2, "Two"),
        (COUNT, 1, "Get me a tea.", 1, "a"),
        (COUNT, 5, "Order twenty-five and 5 more.", 5, "5"),
        ({"type": "array", "items": TEXT}, ["tea", "egg"], "Eggs and tea.", ["tea", "Eggs"], "Eggs and tea"),
        (
            {"type": "object", "properties": {"size": TEXT}},
            {"size": "mug"},
            "Tea in two mugs.",
            {"size": "mugs"},
            "mugs",
        ),
    ],
)
def test_a_value_is_taken_as_the_text_has_it(
    schema: Any, value: Any, text: str, stated: Any, words: str
) -> None:
    [intent] = phrased(answer(text, {"it": value}), {"it": schema}).intents
    assert (intent.stated, intent.phrases[0].words) == ({"it": stated}, words)


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        (TEXT, "tea", "I want a steak."),
        (TEXT, "green tea", "I want coffee."),
        (TEXT, "green tea", "I want tea, and a bag that has to be green."),
        (TEXT, " ", "I want coffee."),
        (TEXT, "!!!", "I want it now!!!"),
        ({"type": "array", "items": TEXT}, ["tea", "eggs"], "Tea and legs."),
        ({"type": "string", "format": "email"}, "a@b.org", "Write to ab@b.org."),
    ],
)
def test_what_the_text_does_not_say_is_refused(schema: Any, value: Any, text: str) -> None:
    assert "the text does not say" in objection(answer(text, {"it": value}), {"it": schema})


SHOP, ORDERS = "Search the market for products that match a keyword.", "Orders a drink."
STOCK = "Check how many pieces of a product can be sent to a postal code."
COMPARES = "Compare two kinds of product side by side."


@pytest.mark.parametrize(
    ("job", "text", "left"),
    [
        # sentences and ends that say more
        (ORDERS, "Order tea. I love the flavour and the scent.", "Order tea."),
        (ORDERS, "I adore markets and gardens. Order tea.", "Order tea."),
        (ORDERS, "I am thirsty. Order tea. Thank you so much!", "Order tea. Thank you so much!"),
        (ORDERS, "Order tea. Could you please give a.", "Order tea."),
        (ORDERS, "Order tea. Could you please give it?", "Order tea. Could you please give it?"),
        (ORDERS, "Order tea and let me know when it is available.", "Order tea."),
        (ORDERS, "Order tea, so I can drink it at breakfast!", "Order tea, so I can drink it!"),
        (ORDERS, "Order tea for me to use in cooking.", "Order tea."),
        (ORDERS, "Order the tea you mentioned earlier, please.", "Order the tea."),
        (ORDERS, "Order the tea I'm interested in.", "Order the tea."),
        (ORDERS, "Please order tea from my local post office?", "Please order tea?"),
        (ORDERS, "Order the tea, as well as my umbrella!", "Order the tea!"),
        (ORDERS, "Order tea in two weeks.", "Order tea."),
        (SHOP, "Search for tea with flavour, scent and honey.", "Search for tea."),
        (SHOP, "I'm looking for tea to sit with.", "I'm looking for tea."),
        (STOCK, "How many teas are sent to my postal code, as my aunt likes it?",
         "How many teas are sent to my postal code?"),
        (STOCK, "How many teas can be sent to Paris?", "How many teas can be sent?"),
        (SHOP, "Find whatever tea there is for my aunt.", "Find whatever tea there is."),
        # what says of a thing that it is a good one, or what of it: a function has its own
        (SHOP, "Find the latest tea.", "Find the tea."),
        (SHOP, "Find the very best tea in the market.", "Find the tea in the market."),
        (COMPARES, "Compare the features of the tea and tea, please.", "Compare the tea and tea, please."),
        # what is named as an example
        (SHOP, "Find some products, such as tea.", "Find tea."),
        (COMPARES, "Compare two products side by side, like tea and tea", "Compare tea and tea side by side"),
        # what has been said
        (SHOP, "Find tea. I'm looking for something that matches the words 'tea'.", "Find tea."),
        (SHOP, "I need tea. Look for tea on a website.", "I need tea. Look for tea."),
        # what somebody asks for who may order things
        (STOCK, "Let me know how many teas I can buy.", "Let me know how many teas I can buy."),
        (STOCK, "Tell me how many teas can I order from your shop?", "Tell me how many teas can I order?"),
        # what the job says itself, and what says nothing
        (SHOP, "Could you please show me tea in the market?", "Could you please show me tea in the market?"),
        (STOCK, "Let me check how many teas are sent, please.", "Check how many teas are sent, please."),
        (COMPARES, "Please show me how to compare tea and tea.", "Please compare tea and tea."),
    ],
)  # fmt: skip
def test_a_request_says_its_job_and_nothing_else(job: str, text: str, left: str) -> None:
    assert phrased(answer(text, {"item": "tea"}), {"item": TEXT}, job=job).text == left


@pytest.mark.parametrize(
    ("job", "text", "word"),
    [
        (ORDERS, "Send back and order tea.", "Send"),  # what other functions do
        (ORDERS, "Order hot tea by tomorrow.", "hot"),
        (ORDERS, "I like red dates, figs and tea, so order it.", "red"),
        (ORDERS, "Order tea today.", "today"),
        (ORDERS, "When can you order tea?", "When"),
        (SHOP, "Find sparkling tea.", "sparkling"),
        (SHOP, "Find products around tea.", "products"),  # in the place of what it stands for
        (STOCK, "Let me know how many teas I can return.", "return"),  # nothing would be left to know of them
        ("Compares the prices of something.", "Compare the features of tea.", "features"),
    ],
)
def test_what_says_more_than_its_job_and_cannot_do_without_is_refused(job: str, text: str, word: str) -> None:
    said = objection(answer(text, {"item": "tea"}), {"item": TEXT}, job=job)
    assert f"the text says {word!r} as well" in said


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (SHOP, "I need a tea."),
        (STOCK, "I'm looking for tea that can be sent to me, please."),
        (SHOP, "Please tell me about tea."),
        ("List current discounts on a range of products.", "Show me tea."),
        ("List current discounts on a range of products.", "List tea that has a discount."),
        ("View detailed information about a product.", "I want to know what tea is for."),
        (ORDERS, "Jeans and tea are good."),
    ],
)
def test_a_request_asks_for_its_job_in_words_of_it(job: str, text: str) -> None:
    item = "jeans and tea" if "Jeans" in text else "tea"
    assert f"in words of {job!r}" in objection(answer(text, {"item": item}), {"item": TEXT}, job=job)


@pytest.mark.parametrize(
    ("job", "text", "of"),
    [
        ("Views the history of all orders.", "View the camera's history.", "history of orders"),
        ("Shows the dates of concerts.", "Show the dates of the camera.", "dates of concerts"),
        ("Views the history of all orders.", "View the order history of the camera.", None),
        ("Shows the menu of a restaurant.", "Show the menu of the camera.", None),  # the thing itself
        ("Compares the prices of something.", "Compare the prices of the camera.", None),
        ("Compares the prices of two items.", "Compare the prices of the camera.", None),
    ],
)
def test_what_is_of_others_is_said_with_them(job: str, text: str, of: str | None) -> None:
    said = answer(text, {"item": "camera"})
    if of is None:
        assert phrased(said, {"item": TEXT}, job=job).text == text
    else:
        assert f"write the {of}" in objection(said, {"item": TEXT}, job=job)


def test_a_sentence_that_is_a_value_asks_by_itself() -> None:
    say = {"question": TEXT | {"description": "The question to be answered."}}
    text = "How do volcanoes erupt?"
    query = phrased(answer(text, {"question": text}), say, job="Have something explained.")
    assert query.text == text


def test_a_number_may_be_said_by_its_word() -> None:
    say = {"item": TEXT, "quantity": {"type": "integer"}}
    query = phrased(answer("Order two teas.", {"item": "tea", "quantity": 2}), say, job=ORDERS)
    assert query.intents[0].stated == {"item": "teas", "quantity": 2}
    said = objection(answer("Order two teas.", {"item": "tea", "quantity": 3}), say, job=ORDERS)
    assert "'two' as well" in said


def test_the_words_of_a_thing_say_no_other_value() -> None:
    say = {"item": TEXT, "quantity": {"type": "integer"}}
    said = objection(answer("Order a pair of socks.", {"item": "pair of socks", "quantity": 2}), say)
    assert "'pair' is part of 'pair of socks'; write quantity in digits" in said
    one = phrased(answer("Order a pair of socks.", {"item": "pair of socks", "quantity": 1}), say)
    assert one.intents[0].stated == {"item": "pair of socks", "quantity": 1}
    red = answer("Order red socks.", {"item": "red socks", "colour": "red"})
    assert phrased(red, {"item": TEXT, "colour": {"const": "red"}}).text == "Order red socks."
    whole = phrased(answer("Order 2 pairs of socks.", {"item": "pairs of socks", "quantity": 2}), say)
    assert whole.intents[0].stated == {"item": "pairs of socks", "quantity": 2}


def test_what_the_profile_fills_may_be_said() -> None:
    said, say = answer("How many teas can be sent to my city?", {"item": "tea"}), {"item": TEXT}
    assert phrased(said, say, job=STOCK, mentions=[["city"]]).text == said["text"]
    assert phrased(said, say, job=STOCK).text == "How many teas can be sent?"


def test_what_a_value_is_for_one_of_is_not_counted() -> None:
    prices = {"type": "object", "properties": {"low": COUNT, "high": COUNT}}
    say = {"item": TEXT, "budget": prices | {"description": "Lowest and highest price per piece."}}
    values = {"item": "tea", "budget": {"low": 1, "high": 10}}
    said = objection(answer("Find tea within a budget of 1 to 10 pieces.", values), say)
    assert "10 pieces' is no 'Lowest" in said
    text = "Find tea for 1 to 10 per piece."
    assert phrased(answer(text, values), say).text == text


def test_where_things_belong_is_none_of_them() -> None:
    shown = views({"item": TEXT}, job=SHOP)
    shown["errand"]["need"]["description"] = "Lamps for the house, and pots to cook in at an inn."
    for place in ("house", "inn"):
        said = orjson.dumps(answer(f"Find a {place}.", {"item": place})).decode()
        with pytest.raises(InvalidAnswer, match=f"'{place}' is no concrete item"):
            parse_answer(said, "stop", USER.form(shown))
    for thing in ("lamps", "house lamps"):
        said = orjson.dumps(answer(f"Find {thing}.", {"item": thing})).decode()
        assert parse_answer(said, "stop", USER.form(shown))[0].intents[0].stated == {"item": thing}


@pytest.mark.parametrize("value", ["tea, fresh dates and figs", "dates and figs"])
def test_a_list_that_is_the_value_is_no_aside(value: str) -> None:
    say = {"item": TEXT | {"description": "Several things, comma-separated."}}
    text = "Order tea, fresh dates and figs."
    assert phrased(answer(text, {"item": value}), say).text == text


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Which tea can be sent to 3 May 2027?", "Which tea can be sent by 3 May 2027?"),
        ("Send tea on 3 May 2027 to May.", "Send tea on 3 May 2027 to May."),
        ("Compare a wide selection of tea by 3 May 2027.", "Compare tea by 3 May 2027."),
        ("Compare two different kinds of tea by 3 May 2027.", "Compare tea by 3 May 2027."),
    ],
)
def test_the_word_before_a_day_and_a_count_of_kinds_are_mended(text: str, mended: str) -> None:
    say = {"item": TEXT, "neededBy": {"const": "2027-05-03"}}
    assert phrased(answer(text, {"item": "tea", "neededBy": "2027-05-03"}), say).text == mended


@pytest.mark.parametrize(
    ("value", "text", "mended"),
    [
        ("tea", "Please add tea to your cart.", "Please add tea to my cart."),
        ("tea", "Your shopping basket needs tea.", "My shopping basket needs tea."),
        ("tea", "Find your best tea.", "Find your best tea."),
        ("tea", "Bring tea to your home address.", "Bring tea to my home address."),
        ("tea", "Bring tea to your nearest postal code.", "Bring tea to my nearest postal code."),
        ("tea", "Please send tea to the postal code, please.", "Please send tea to my postal code."),
        ("tea", "Please, tea to the postcode E1 please! Please?", "Please, tea to the postcode E1! Please?"),
    ],
)
def test_what_is_the_customers_own_is_said_so(value: str, text: str, mended: str) -> None:
    assert phrased(answer(text, {"item": value}), {"item": TEXT}).text == mended


@pytest.mark.parametrize(
    ("value", "text", "mended"),
    [
        ("green apples", "Find green apple products for me.", "Find green apples for me."),
        (r"tea\1s", r"Find tea\1 goods for me.", r"Find tea\1s for me."),
        ("coat", "Please find me products coat.", "Please find me coat."),
        ("coats", "Find coats that match the word 'coats'.", "Find coats."),
        ("tea", "View all orders placed by the child for tea.", "View all orders I placed for tea."),
        ("tea", "Find the customer's tea for the customer.", "Find my tea for me."),
        ("tea", "Get the tea made by the monks.", "Get the tea made by the monks."),
        ("coats", "Find coats that match the keyword 'Coats', please.", "Find coats, please."),
        ("coats", "Find all products that contain the word 'coats'.", "Find coats."),
        ("clothing", "Find clothing products for me.", "Find clothing for me."),
        ("fruit", "Please find the 'fruit'.", "Please find the fruit."),
        ("fruit", "List discounts that are about fruit.", "List discounts on fruit."),
        ("home tea", "Find something 'Home Tea' for me.", "Find 'Home Tea' for me."),
    ],
)
def test_things_are_not_what_is_made_of_them(value: str, text: str, mended: str) -> None:
    assert phrased(answer(text, {"item": value}), {"item": TEXT}).text == mended


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Find tea between 5 and 15 euros.", "Find tea between 5 and 15."),
        ("Find tea between $5 and 15 $, please.", "Find tea between 5 and 15, please."),
        ("Find tea for 5-15 EUR a bag.", "Find tea for 5-15 a bag."),
        ("Find tea for 5 to 15 pounds.", "Find tea for 5 to 15 pounds."),
    ],
)
def test_the_money_is_the_customers_own_not_one_that_was_thought_up(text: str, mended: str) -> None:
    say = {"item": TEXT, "from": {"const": 5}, "to": {"const": 15}}
    assert phrased(answer(text, {"item": "tea", "from": 5, "to": 15}), say).text == mended
    priced = {**say, "item": {"const": "5 euros EUR $"}}
    assert phrased(answer(text, {"item": "5 euros EUR $", "from": 5, "to": 15}), priced).text.startswith(
        text[:-1]
    )


@pytest.mark.parametrize("day", ["3 May 2027", "2027-05-03"])
def test_nothing_but_time_has_a_day(day: str) -> None:
    say = {"item": TEXT, "neededBy": {"const": "2027-05-03"}}
    values = {"item": "tea", "neededBy": "2027-05-03"}
    for text in (f"Send tea to the postcode of {day}.", f"Send tea to postcode {day}."):
        assert "'postcode' has no '3 May 2027'" in objection(answer(text, values), say)
    text = phrased(answer(f"Send tea on the morning of {day}.", values), say).text
    assert text == "Send tea on the morning of 3 May 2027."


def test_an_option_in_the_plural_is_not_said_twice() -> None:
    said = answer("Compare tea by their footprint criteria.", {"item": "tea", "focus": "footprint_criterion"})
    text = phrased(said, {"item": TEXT, "focus": {"const": "footprint_criterion"}}).text
    assert text == "Compare tea by their footprint criteria."


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Is there tea in my postal code, 2027-05-03?", "Is there tea in my postal code by 3 May 2027?"),
        ("Find tea, 3 May 2027, and cups.", "Find tea, 3 May 2027, and cups."),
    ],
)
def test_a_day_behind_a_comma_is_said_as_what_it_is(text: str, mended: str) -> None:
    say = {"item": TEXT, "latestArrival": {"const": "2027-05-03"}}
    assert phrased(answer(text, {"item": "tea", "latestArrival": "2027-05-03"}), say).text == mended


def test_what_is_moved_to_a_day_is_left_alone() -> None:
    say = {"item": TEXT, "newDay": {"const": "2027-05-03"}}
    text = "Move the tea to 3 May 2027."
    assert phrased(answer(text, {"item": "tea", "newDay": "2027-05-03"}), say).text == text


@pytest.mark.parametrize(
    ("value", "text", "stated"),
    [
        ("all teas", "Find all teas.", "teas"),
        ("some of the teas", "Find some of the teas.", "teas"),
        ("a teapot", "Find a teapot.", "teapot"),
        ("all products in the_kitchen", "Find the kitchen.", "kitchen"),
        ("all items of porcelain", "Find porcelain.", "porcelain"),
        ("a DSLR camera", "Find a DSLR camera.", "DSLR camera"),
        ("A mobile phone", "Find the mobile phone.", "mobile phone"),
        ("A watch", "Find a watch.", "watch"),
        (
            "a high-quality chair, a couch",
            "Find such as high-quality chairs and a couch.",
            "high-quality chairs and a couch",
        ),
        ("and the teas of", "Find milk and the teas of the house.", "teas"),
        ("A Teapot of Gold", "Find A Teapot of Gold.", "A Teapot of Gold"),
        ("The Tea Book", "Find The Tea Book.", "The Tea Book"),
        ("All Good Teas", "Find All Good Teas.", "All Good Teas"),
    ],
)
def test_a_quantity_is_no_part_of_a_name(value: str, text: str, stated: str) -> None:
    assert phrased(answer(text, {"item": value}), {"item": TEXT}).intents[0].stated == {"item": stated}


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Compare the prices of a book about cooking.", "book about cooking"),
        ("Order a short film about cooking.", "short film about cooking"),
        ("Find a book about the cooking of Peru.", "book about the cooking"),
        ("Find me some good old films about the sea or cooking.", "Cooking"),
        ("I look for cooking.", "Cooking"),
        ("Give me some useful information about cooking.", "Cooking"),
        ("Find something about cooking.", "Cooking"),
        ("List discounts that are about cooking.", "Cooking"),
        ("Find any that are about cooking.", "Cooking"),
        ("Ask a question about cooking.", "Cooking"),
        ("Find me some cooking equipment, please.", "cooking equipment"),
        ("Find me a film about cooking tools.", "film about cooking tools"),
        ("Find me cooking, please.", "Cooking"),
        ("Is cooking part of it?", "Cooking"),
    ],
)
def test_a_thing_is_named_whole_and_not_by_what_it_is_about(text: str, stated: str) -> None:
    [intent] = phrased(answer(text, {"item": "Cooking"}), {"item": TEXT}).intents
    assert intent.stated["item"] == stated
    assert intent.phrases[0].words.casefold() == stated.casefold()


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Find tea between 0 and 50.", "Find tea up to 50."),
        ("Find tea between 50 and 50!", "Find tea 50!"),
        ("Find tea that costs between 0.00 and 50, please.", "Find tea that costs up to 50, please."),
        ("Find tea between 20 and 50.", "Find tea between 20 and 50."),
        ("Find tea between 50 and 100.", "Find tea between 50 and 100."),
    ],
)
def test_a_range_around_the_only_number_is_that_number(text: str, mended: str) -> None:
    said = answer(text, {"item": "tea", "most": 50, "find": True})
    assert phrased(said, {"item": TEXT, "most": COUNT, "find": YES}).text == mended


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Compare teas that have the same purchase price.", "Compare teas by purchase price."),
        ("Compare teas with a similar purchase price, please.", "Compare teas by purchase price, please."),
        ("Compare teas with the best purchase price.", "Compare teas with the best purchase price."),
    ],
)
def test_what_to_go_by_is_nothing_that_things_have_in_common(text: str, mended: str) -> None:
    said = answer(text, {"item": "teas", "by": "purchase_price"})
    assert phrased(said, {"item": TEXT, "by": {"const": "purchase_price"}}).text == mended


def test_a_thing_may_be_the_same() -> None:
    text = "Get teas with the same cup."
    assert phrased(answer(text, {"item": "cup"}), {"item": TEXT}).text == text


def test_a_range_of_two_numbers_stays() -> None:
    said = answer("Find tea between 0 and 50.", {"item": "tea", "least": 0.5, "most": 50})
    said["text"] = said["text"].replace("0 ", "0.5 ")
    query = phrased(said, {"item": TEXT, "least": {"type": "number"}, "most": COUNT})
    assert query.text == "Find tea between 0.5 and 50."


def test_a_whole_thing_that_is_too_long_stays_in_part() -> None:
    text, item = "Find a book about cooking.", {"item": TEXT | {"maxLength": 17}}
    assert phrased(answer(text, {"item": "cooking"}), item).intents[0].stated == {"item": "cooking"}


@pytest.mark.parametrize(
    "value",
    ["drinks that are relevant", "my usual drink", "teas which keep long", "the tea I want", "tea I'm after"],
)
def test_a_description_is_no_name(value: str) -> None:
    assert "expected a name" in objection(answer(f"Order {value}.", {"item": value}), {"item": TEXT})


def test_what_the_text_makes_of_a_name_is_no_description_either() -> None:
    said = answer("Order hot drinks for our morning.", {"item": "hot drinks for morning"})
    assert "describes with 'our'" in objection(said, {"item": TEXT})


def test_an_option_is_said_without_the_name_of_its_parameter() -> None:
    criterion = {"const": "price_criterion"}
    said = answer("Compare the price of tea.", {"item": "tea", "criterion": "price_criterion"})
    assert phrased(said, {"item": TEXT, "criterion": criterion}).text == "Compare the price of tea."
    said = answer("Compare tea.", {"item": "tea", "criterion": "price_criterion"})
    text = phrased(said, {"item": TEXT, "criterion": criterion}).text
    assert text == "Compare tea. Criterion: price."


@pytest.mark.parametrize("text", ["How many teas can I deliver to you?", "I can ship tea.", "We sell tea."])
def test_a_customer_delivers_nothing(text: str) -> None:
    assert "is what an assistant says" in objection(answer(text, {"item": "tea"}), {"item": TEXT})


def test_a_list_of_what_the_need_is_about_is_no_request() -> None:
    shown = views({"item": TEXT})
    shown["errand"]["need"]["description"] = "Coffee, cocoa and juice to begin the day."
    said = answer("Bring tea. I want coffee, cocoa and juice.", {"item": "tea"})
    query, _ = parse_answer(orjson.dumps(said).decode(), "stop", USER.form(shown))
    assert query.text == "Bring tea."


def test_sentences_that_say_values_and_purpose_stay() -> None:
    text = "Order tea. My aunt's garden party begins at noon. Put lemon wedges beside it."
    said = answer(text, {"item": "tea", "side": "lemon wedges"}, purpose="garden party")
    assert phrased(said, {"item": TEXT, "side": TEXT}, purpose=True).text == text


@pytest.mark.parametrize(
    "described", ["Range of products on sale.", "The kind of drink.", "Which department"]
)
def test_a_range_may_be_the_need_itself(described: str) -> None:
    say = {"item": TEXT | {"description": described}}
    [intent] = phrased(answer("Show me offers on morning drinks.", {"item": "morning_drinks"}), say).intents
    assert intent.stated == {"item": "morning drinks"}
    query = phrased(answer("Show me offers on all available products.", {"item": "all"}), say)
    assert (query.text, query.intents[0].stated) == (
        "Show me offers on morning drinks.",
        {"item": "morning drinks"},
    )
    listed = answer(
        "Show me offers on the tea, coffee, milk and cocoa, please.", {"item": "tea coffee milk cocoa"}
    )
    assert phrased(listed, say).text == "Show me offers on morning drinks, please."
    listed = answer("Show offers on teas and milk and cocoa.", {"item": "tea milk cocoa"})
    assert phrased(listed, say).text == "Show offers on morning drinks."
    listed = answer("Find teas, milk, and cocoa.", {"item": "tea and milk and cocoa"})
    assert phrased(listed, {"item": TEXT}).text == "Find teas."
    assert "does not say" in objection(answer("Offers on tea, milk.", {"item": "tea coffee milk"}), say)
    assert "is no concrete item" in objection(answer("Show me everything.", {"item": "everything"}), say)
    assert "is no concrete item" in objection(answer("Track my order.", {"item": "order"}), {"item": TEXT})


def test_one_fault_is_named_at_a_time() -> None:
    say = {"item": TEXT, "place": TEXT}
    said = objection(answer("I want coffee.", {"item": "tea", "place": "Rome"}), say)
    assert "'tea'" in said
    assert "Rome" not in said
    shown = views(say) | {
        "feedback": [{"code": "x", "message": "first fault"}, {"code": "x", "message": "second fault"}]
    }
    encoded = {name: blocks.dump(value) for name, value in shown.items()}
    request = USER.request(Observation(role="user", turn="t", seed=1, views=encoded))
    assert "first fault" in request.user
    assert "second fault" not in request.user


def test_the_length_of_a_text_is_in_its_form_and_not_in_the_prompt() -> None:
    encoded = {name: blocks.dump(value) for name, value in views({"item": TEXT | {"maxLength": 77}}).items()}
    request = USER.request(Observation(role="user", turn="t", seed=1, views=encoded))
    assert "77" not in request.user
    assert "77" in str(request.output.model_json_schema())  # type: ignore[union-attr]


def test_of_what_contradicts_the_profile_only_the_word_is_shown() -> None:
    fault = {"code": "query.contradicts", "message": "'steak' contradicts diet: vegan", "path": ""}
    encoded = {name: blocks.dump(value) for name, value in (views({}) | {"feedback": [fault]}).items()}
    user = USER.request(Observation(role="user", turn="t", seed=1, views=encoded)).user
    assert "'steak' does not suit" in user
    assert "vegan" not in user


@pytest.mark.parametrize(
    ("name", "schema", "value", "text", "appended"),
    [
        ("sort", {"const": "price_ascending"}, None, "Find tea.", "Sort: price ascending."),
        ("day", {"const": "2027-03-14"}, None, "Come in March", "Day: 14 March 2027."),
        ("time", {"const": "18:30"}, None, "Come at 6, by bus 30!", "Time: 18:30."),
        ("maxCups", COUNT, 5, "Bring 25 of them.", "Max cups: 5."),
        ("gift", YES | {"const": False}, None, "Bring tea.", "Gift: no."),
    ],
)
def test_what_is_left_out_is_appended_and_then_proven(
    name: str, schema: Any, value: Any, text: str, appended: str
) -> None:
    query = phrased(answer(text, {name: value}), {name: schema})
    assert query.text.endswith(f" {appended}")
    [phrase] = query.intents[0].phrases
    assert phrase.words in appended
    assert query.intents[0].stated == {name: schema.get("const", value)}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("sort", "price_ascending", "Find tea, Price-Ascending."),
        ("kind", "used_book", "Find used books."),
        ("focus", "popularity_criterion", "Compare tea by popularity."),
        ("sort", "price_ascending", "Find tea, ascending by price."),
        ("day", "2027-03-14", "Come on March 14th, 2027."),
        ("time", "18:30", "Come at 6:30 pm."),
        ("gift", True, "Make it a gift."),
    ],
)
def test_nothing_is_appended_to_what_is_said(name: str, value: Any, text: str) -> None:
    assert phrased({"text": text}, {name: {"const": value}}).text == text


class Model:
    """Gives one answer after the other, in the forms that it is asked for; refused ones are passed over."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), []

    async def __call__(self, request: Request, *, accept: Any = None) -> Reply:
        self.asked.append(request)
        while True:
            try:
                record = parse_answer(orjson.dumps(self.answers.pop(0)).decode(), "stop", request.output)[0]
                return Reply(accept(record) if accept else record, Usage(calls=1))
            except (InvalidAnswer, ValueError):
                continue


async def phrased_by(model: Model, shown: dict[str, Any]) -> Query:
    encoded = {name: blocks.dump(value) for name, value in shown.items()}
    reply = await USER.respond(Observation(role="user", turn="t", seed=1, views=encoded), model)
    assert reply.usage.calls == len(model.asked)
    return reply.record


async def test_every_call_is_phrased_by_itself_so_no_value_strays_to_the_other() -> None:
    say = {"item": TEXT, "count": COUNT, "id": TEXT}
    model = Model(
        answer("Bring 2 teas for 7X.", {"item": "tea", "count": 2, "id": "7X"}),
        answer(
            "And bring 3 of it, for 7X.", {"item": "coffee", "count": 3, "id": "7X"}
        ),  # no coffee: refused
        answer("And bring coffee for 7X", {"item": "coffee", "count": 3, "id": "7X"}),
    )
    query = await phrased_by(model, views(say, say, mentions=[[], ["city"]]))
    assert query.text.startswith(
        "Bring 2 teas for 7X. And bring coffee for 7X. Count: 3. For the second one: "
    )
    assert [(one.stated["item"], one.stated["count"]) for one in query.intents] == [
        ("teas", 2),
        ("coffee", 3),
    ]
    assert query.need == "teas"  # an id tells no need
    assert len({(request.turn, request.seed) for request in model.asked}) == 2
    assert query.text.count("my city") == 1


async def test_the_second_call_does_not_ask_for_the_very_same_again() -> None:
    tea, teas = (answer(f"Bring 2 {item}.", {"item": item, "count": 2}) for item in ("tea", "teas"))
    other = answer("Bring 3 teas.", {"item": "tea", "count": 3})
    say = {"item": TEXT, "count": COUNT}
    model = Model(teas, tea, other)
    assert (await phrased_by(model, views(say, say))).text == "Bring 2 teas. Bring 3 teas."
    assert model.asked[0].user == model.asked[1].user


async def test_the_grammar_keeps_the_second_call_from_the_thing_of_the_first() -> None:
    say = {"item": TEXT | {"maxLength": 12}}
    model = Model(answer("Bring the tea.", {"item": "tea"}), answer("Bring lemons.", {"item": "lemons"}))
    await phrased_by(model, views(say, say))
    first, second = (
        re.compile(value["properties"]["job_1"]["properties"]["item"]["pattern"])
        for value in (request.output.model_json_schema()["properties"]["values"] for request in model.asked)
    )
    assert [bool(first.search(word)) for word in ("tea", "Teas", "lemon tea", "x" * 13)] == [
        True,
        True,
        True,
        False,
    ]
    assert [bool(second.search(word)) for word in ("tea", "Teas", "lemon tea", "x" * 13)] == [
        False,
        False,
        True,
        False,
    ]


async def test_hello_is_said_once() -> None:
    model = Model(
        answer("Hello, bring tea.", {"item": "tea"}), answer("Hey there, bring coffee.", {"item": "coffee"})
    )
    query = await phrased_by(model, views({"item": TEXT}, {"item": TEXT}))
    assert query.text == "Hello, bring tea. Bring coffee."


async def test_what_stands_in_an_example_of_the_prompt_is_thought_up_by_nobody() -> None:
    copied = answer("Bring Moby Dick.", {"item": "Moby Dick"})
    own = answer("Bring Oliver Twist.", {"item": "Oliver Twist"})
    assert (await phrased_by(Model(copied, own), views({"item": TEXT}))).text == "Bring Oliver Twist."


async def test_a_purpose_is_said_once_and_each_call_is_shown_its_own_objections() -> None:
    shown = views({"n": COUNT}, {"n": COUNT}, purpose=True) | {
        "feedback": [{"code": "x", "message": "about the second", "path": "query.intents[1].stated.n"}]
    }
    model = Model(
        answer("Bring 2 for the garden party.", {"n": 2}, purpose="garden party"),
        answer("Bring 3.", {"n": 3}),
    )
    query = await phrased_by(model, shown)
    assert query.need == "garden party"
    assert ["about the second" in request.user for request in model.asked] == [False, True]


SORTS = ["price_ascending", "price_descending", "rating"]


@pytest.mark.parametrize(
    ("const", "text"),
    [
        ("price_ascending", "Find tea, price descending."),
        ("price_ascending", "Find tea with descending prices."),
        ("price_ascending", "Find tea by Rating."),
        ("2027-03-14", "Find tea on 13 March 2027."),
        ("18:30", "Find tea at 6:30 am!"),
    ],
)
def test_nothing_is_appended_to_a_text_that_says_another_option(const: str, text: str) -> None:
    said, say = answer(text, {"item": "tea"}), {"item": TEXT, "sort": {"const": const}}
    assert "write the latter" in objection(said, say, options=[{"sort": SORTS}])


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("Find a rating plate.", "rating plate"),  # the word is another value's
        ("Find tea by price.", "tea"),  # of no option but in part
        ("Find a descendant's tea.", "tea"),  # half a word
    ],
)
def test_words_that_are_no_other_option_do_not_stand_in_the_way(text: str, item: str) -> None:
    said, say = answer(text, {"item": item}), {"item": TEXT, "sort": {"const": "price_ascending"}}
    query = phrased(said, say, options=[{"sort": SORTS}])
    assert query.text == f"{text} Sort: price ascending."


def test_where_no_value_tells_the_need_a_purpose_has_to() -> None:
    said = answer("Bring 2 for the garden parties.", {"n": 2}, purpose="garden party")
    assert "does not say the purpose" in objection(said, {"n": COUNT}, purpose=True)
    said["purpose"] = "the garden partie"
    assert phrased(said, {"n": COUNT}, purpose=True).need == "the garden parties"
    for missing in (None, "", ["the garden parties"], 5):
        assert "`purpose` is missing" in objection(said | {"purpose": missing}, {"n": COUNT}, purpose=True)


@pytest.mark.parametrize(
    "value",
    [
        "Morning Drinks",
        "item",
        " item ",
        "all products",
        "all available products",
        "Some things",
        "drinks to buy",
        "best drinks",
        "summer",
        "new season",
    ],
)
def test_the_name_of_the_need_or_of_the_parameter_is_no_value(value: str) -> None:
    said = answer(f"Get me {value}.", {"item": value})
    assert "is no concrete item" in objection(said, {"item": TEXT})


def test_a_text_does_not_say_what_a_value_is() -> None:
    say = {"item": TEXT | {"description": "What is to be brought at once."}}
    said = answer("Find what is to be brought at once: tea.", {"item": "tea"})
    assert "the text repeats 'What is to be brought at once.'" in objection(said, say)


def test_a_value_is_written_in_the_letters_of_the_job() -> None:
    said = answer("Find the T恤 for me.", {"item": "T恤"})
    assert "'T恤' has '恤'" in objection(said, {"item": TEXT})
    assert phrased(said, {"item": {**TEXT, "description": "衣服"}}).intents[0].stated == {"item": "T恤"}
    said = answer("Find the phở bò for me.", {"item": "phở bò"})
    assert phrased(said, {"item": TEXT}).intents[0].stated == {"item": "phở bò"}


def test_a_value_that_fills_its_form_to_the_brim_was_cut_off() -> None:
    said = answer("Compare lamps and shelves.", {"item": "lamps and sh"})
    assert "was cut off at 12 characters" in objection(said, {"item": {**TEXT, "maxLength": 12}})


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Would you like to compare tea?", "I would like to compare tea."),
        ("Would you like me to order tea? Thanks!", "I would like you to order tea. Thanks!"),
        ("Find tea in the range of products, cheapest first.", "Find tea, cheapest first."),
        ("Find tea on a range of goods for the home.", "Find tea for the home."),
        ("Find tea in the section of herbs.", "Find tea in the section of herbs."),
        ("Find tea that matches the item.", "Find tea."),
        ("Find tea which match my keywords.", "Find tea."),
    ],
)
def test_an_offer_is_a_wish_and_a_nameless_range_is_none(text: str, mended: str) -> None:
    assert phrased(answer(text, {"item": "tea"}), {"item": TEXT}).text == mended


def test_a_range_that_is_asked_for_stays() -> None:
    text = "Find tea in the section."
    assert phrased(answer(text, {"item": "section"}), {"item": TEXT}).text == text


@pytest.mark.parametrize("text", ["Sure, here is tea.", "I can help with tea.", "Would you like tea?"])
def test_the_assistants_voice_is_refused(text: str) -> None:
    assert "what an assistant says" in objection(answer(text, {"item": "tea"}), {"item": TEXT})


@pytest.mark.parametrize("text", ["Bring tea with your phone number.", "I will look for tea."])
def test_the_customer_is_the_one_who_speaks(text: str) -> None:
    assert "what an assistant says" in objection(answer(text, {"item": "tea"}), {"item": TEXT})


def test_a_need_is_said_in_words() -> None:
    said = answer("Find tea for my morning_drinks.", {"item": "tea"})
    assert phrased(said, {"item": TEXT}).text == "Find tea for my morning drinks."


def test_assent_before_a_request_is_dropped() -> None:
    said = answer("Sure, can you bring tea at once?", {"item": "tea"})
    assert phrased(said, {"item": TEXT}).text == "Can you bring tea at once?"


WORDS = {**TEXT, "maxLength": 20}


@pytest.mark.parametrize(
    ("description", "value", "fault"),
    [
        ("What to bring.", "tea, eggs", "names 2 things; name 1"),
        ("What to bring.", "tea and eggs", None),  # one thing may have two names
        ("The two things.", "tea", "names 1 things; name 2"),
        ("The two things.", "tea and eggs", None),
        ("The two things.", "tea vs. eggs, tea vs. milk", "names 4 things; name 2"),
        ("Several things.", "tea, eggs, milk", None),
        ("The pair of things.", "boots", None),
        ("What to bring to a guest.", "what to bring to guests", "repeats what is asked for"),
    ],
)
def test_a_value_names_as_many_things_as_its_description_says(
    description: str, value: str, fault: str | None
) -> None:
    schema = {**WORDS, "maxLength": 40, "description": description}
    said = answer(f"Bring {value}.", {"item": value})
    values = USER.form(views({"item": schema})).model_json_schema()["properties"]["values"]
    pattern = values["properties"]["job_1"]["properties"]["item"]["pattern"]
    if fault:
        assert fault in objection(said, {"item": schema})
    else:
        assert phrased(said, {"item": schema}).intents[0].stated["item"] == value
        assert re.fullmatch(pattern, value)
    assert not re.fullmatch(pattern, "tea, eggs, milk, rice")


@pytest.mark.parametrize(
    ("value", "text", "mended"),
    [
        ("coats, skirts and shoes", "Compare coats, skirts and shoes.", "Compare coats and skirts."),
        ("coats, skirts, and shoes", "Compare Coats, skirts, and shoes!", "Compare coats and skirts!"),
        ("a coat and a hat", "Compare a coat and a hat.", "Compare a coat and a hat."),
    ],
)
def test_the_third_of_two_things_is_left_out(value: str, text: str, mended: str) -> None:
    pair = {"pair": TEXT | {"description": "The two things to compare.", "maxLength": 40}}
    query = phrased(answer(text, {"pair": value}), pair)
    assert query.text == mended
    assert query.intents[0].phrases[0].words in mended
    assert "names 3 things" in objection(answer("Compare them.", {"pair": "coats, skirts and shoes"}), pair)


@pytest.mark.parametrize("count", [0, 0.0])
def test_nought_is_no_number_that_was_thought_up(count: float) -> None:
    assert "asks for nothing" in objection(answer("At least 0.", {"least": count}), {"least": COUNT})


def test_what_somebody_says_is_appended_where_the_text_leaves_it_out() -> None:
    schema = {**WORDS, "maxLength": 100, "description": "The question to the seller."}
    query = phrased(answer("Ask about the tea.", {"note": "Is it green?"}), {"note": schema})
    assert query.text == "Ask about the tea. Note: Is it green?"


def test_an_option_is_said_as_people_write_it() -> None:
    query = phrased(answer("Find tea, price_ascending.", {}), {"sort": {"const": "price_ascending"}})
    assert query.text == "Find tea, price ascending."


def test_a_whole_query_is_taken_as_it_is() -> None:
    given_query = {
        "text": "Sure: anything!",
        "intents": [{"api": "x", "stated": {"a": 1}, "phrases": []}],
        "need": "",
    }
    query = phrased(given_query, {"item": TEXT})
    assert query.model_dump(mode="json") == given_query


def test_allusions_name_what_is_left_to_the_profile() -> None:
    one = with_allusions("Bring tea", [["home address", "city", "home address"]])
    assert one.startswith("Bring tea. ")
    assert one.count("home address") == one.count("my city") == one.lower().count("my home address") == 1
    assert one == with_allusions("Bring tea", [["home address", "city", "home address"]])
    two = with_allusions("Bring tea!", [[], ["city"]])
    assert two.startswith("Bring tea! For the second one: ")
    texts = {with_allusions(f"Bring {n} teas.", [["city"]]).split(". ", 1)[1] for n in range(60)}
    assert len(texts) > 10  # none is a mark of the data


@pytest.mark.parametrize(
    ("text", "as_it_is"),
    [
        ("Bring it to my home address.", True),
        ("Bring it to our usual HOME ADDRESS", True),
        ("Is my tea ready? The home address is gone.", False),
        ("Bring it to my home addresses.", False),
    ],
)
def test_what_is_mentioned_already_is_not_alluded_to_again(text: str, as_it_is: bool) -> None:
    assert (with_allusions(text, [["home address"]]) == text) is as_it_is


HOSTILE = [
    None, [], [1], 5, "x", {"values": []}, {"values": "x", "text": "hello there"}, {"text": ["Find", "tea"]},
    {"text": {"a": 1}}, answer("", {"item": "tea"}), answer("   ", {"item": "tea"}),
    answer("tea" * 30_000, {"item": "tea"}), answer("tea cuq " * 12_000, {"item": "tea cup " * 8_000}),
    answer("tea", {"item": ["tea"]}), answer("tea", {"item": {"tea": "tea"}}), answer("tea", {"item": []}),
    answer("tea", {"item": {}}), answer("tea {chosen} {0} } {", {"item": "tea {chosen} {0} } {"}),
    answer("te\x00a \u202eaet\u200f", {"item": "te\x00a"}),
    answer("say \"tea\" 'now'", {"item": '"tea" \'now\''}),
    answer("İıſK tea", {"item": "tea"}),
    answer("on 3 \u017feptember 2027, m\u0131dday, 5 thou\u017fand", {"item": "x"}),
    answer("tea", {"item": 2**64 - 1}), answer("tea", {"item": 1e300}), answer("tea", {"item": -0.0}),
    answer("tea", {"item": ["tea"] * 20_000}), answer("tea", {"item": True}), answer("tea", ["item"]),
]  # fmt: skip
SAYS = [TEXT, COUNT, {"type": "array", "items": TEXT, "maxItems": 3}, YES, {"const": "2027-09-03"}]


@pytest.mark.parametrize("schema", SAYS, ids=str)
@pytest.mark.parametrize("said", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_answers_are_refused_in_one_line_or_hold_together(said: Any, schema: Any) -> None:
    began = time.process_time()
    try:
        _holds_together(phrased(said, {"item": schema}, mentions=[["home address"]]))
    except InvalidAnswer as error:
        assert len(str(error)) < 1_600
    assert time.process_time() - began < 2  # one answer of 200 kB once took minutes


@pytest.mark.parametrize("depth", [330, 470, 490, 900, 50_000])
def test_nesting_ends_in_a_refusal(depth: int) -> None:
    nested = f'{{"values":{{"job_1":{{"item":{"[" * depth}"tea"{"]" * depth}}}}},"text":"Bring tea."}}'
    assert objection(nested, {"item": {"type": "array", "items": TEXT}})


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12) | st.sampled_from(["tea", "2", "14 March 2027", "I'll check", "home address"]),
    lambda below: st.lists(below, max_size=3)
    | st.dictionaries(st.sampled_from(["item", "job_1", "text", "values", "x"]), below, max_size=4),
    max_leaves=8,
)  # fmt: skip


@given(anything, anything, st.sampled_from(SAYS), st.booleans())
def test_no_answer_breaks_the_form(text: Any, value: Any, schema: Any, purpose: bool) -> None:
    form = USER.form(views({"item": schema}, purpose=purpose, mentions=[["home address"]]))
    for said in (text, {"text": text, "values": value}, answer(text, {"item": value}, purpose=text)):
        try:
            query = form.model_validate(said)
        except ValueError:
            continue
        _holds_together(query)


def _holds_together(query: Any) -> None:
    """Every span of a query stands in its text."""
    assert query.need in query.text
    for intent in query.intents:
        assert {phrase.parameter for phrase in intent.phrases} == set(intent.stated)
        assert all(phrase.words and phrase.words in query.text for phrase in intent.phrases)


def test_the_form_asks_for_values_first_and_bounds_the_text() -> None:
    schema = USER.form(views({"item": TEXT | {"description": "what"}}, purpose=True)).model_json_schema()
    assert list(schema["properties"]) == ["values", "purpose", "text"]
    assert schema["properties"]["values"]["properties"] == {
        "job_1": {
            "type": "object",
            "properties": {"item": TEXT},
            "required": ["item"],
            "additionalProperties": False,
        }
    }
    longest = answer("tea ".ljust(LONGEST_REQUEST - 1, "x") + ".", {"item": "tea"})
    assert len(phrased(longest, {"item": TEXT}).text) == LONGEST_REQUEST
    longest["text"] += "."
    assert f"has {LONGEST_REQUEST + 1} characters" in objection(longest, {"item": TEXT})
