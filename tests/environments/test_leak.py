"""A profile value is found in a query however it is disguised, and nothing else is."""

from __future__ import annotations

import time
from datetime import date

import pytest
from disguised_values import LANGUAGES, disguised_values
from hypothesis import assume, given
from hypothesis import strategies as st
from ptool.environments import Case
from ptool.environments.checks.leak import check
from ptool.environments.checks.leak.check import leak
from ptool.environments.checks.leak.common_names import HOMONYMS
from ptool.environments.checks.leak.normalise import MOST, NormalisedText
from ptool.records import Intent, Profile, Query, Task, TaskCall

BASIC = {
    "full_name": "Anna Keller",
    "email": "anna.berg@example.org",
    "work_email": "anna.berg42@firm.example.com",
    "phone": "+34 698 483 555",
    "home_address": "5 Mill Lane, SW1A 1AA London",
    "work_address": "Pasadizo Ciro Mata 47, 46019 Valencia",
    "birth_date": "1955-04-25",
    "payment_method": "Mastercard ending in 4617",
    "bank_account": "ES22 8236 0093 5179 2497",
    "passport_number": "PN2836816",
    "licence_plate": "8409 JYY",
    "tax_id": "666-370-675",
    "postcode": "46018",
    "emergency_contact": {"name": "Ángela Nebot", "phone": "+34 618 274 855"},
    "billing_address": {"street": "Rue du Bac 12", "city": "Nice", "country": "France"},
    "city": "Nice",
    "language": "Polish",
    "shoe_size": 43,
    "mobile_carrier": "Orange",
    "likes_music": True,
}
KNOWN = ("payment_method", "city", "language", "shoe_size", "likes_music")


def found(text: str, basic: dict | None = None, known: tuple[str, ...] = KNOWN, **stated) -> set[str]:
    """The features that the text reveals."""
    call = TaskCall(
        api="order",
        capability="order",
        stated=tuple(stated),
        known={name: name for name in known},
        defaults=(),
    )
    task = Task(id="t", scenario="s", user_id="u", context="c", platform="P", plan="guided", calls=(call,))
    query = Query(text=text, intents=(Intent(api="order", stated=stated, phrases=()),))
    profile = Profile(id="u", basic=BASIC if basic is None else basic, implicit={})
    # The check asks the world nothing.
    reasons = leak(Case(None, profile, (), task, query))  # type: ignore[arg-type]
    return {reason.message.split("'")[1] for reason in reasons}


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("Bring it to Mill Lane no. five", {"home_address"}),
        ("Bring it to Mill Ln 5", {"home_address"}),
        ("Bring two to 5 Mil Lane", {"home_address"}),
        ("Bring it to 5 Mi\u200bll Lane", {"home_address"}),
        ("Bring it to 15 Mill Lane", set()),
        ("Bring it to 5 Mile Lake", set()),
        ("I am at the mill; five in the lane", set()),
        ("Lane 5 at the mill", set()),
        ("To Pasadizo Ciro Mata, number 47", {"work_address"}),
        ("To 47 Pasadiso Ciro Mata", {"work_address"}),
        ("To 48 Pasadizo Ciro Mata", set()),
        ("To Ciro Mata 47 in Valencia", {"work_address"}),
        ("To Ciro 47, Mata", set()),
        ("To r. du Bac, the house is 12", {"billing_address"}),
    ],
)
def test_addresses(text, features):
    assert found(text) == features


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("Ring 698-48-35-55", {"phone"}),
        ("Ring 0034698483555", {"phone"}),
        ("Ring six nine eight four eight three double five five", {"phone"}),
        ("It starts with 698, then 483, and 555 at the end", {"phone"}),
        ("Ring 8 4 8 - 3 5 5 5", {"phone"}),
        ("Ring 6️98 483555", {"phone"}),
        ("Ring 848 3554", set()),
        ("Ring +34 618 27 48 55", {"emergency_contact"}),
        ("Use my card, 4 6 1 7", {"payment_method"}),
        ("The card ends in forty-six seventeen", {"payment_method"}),
        ("With Mastercard ...4617", {"payment_method"}),
        ("With **** 4617", {"payment_method"}),
        ("With xxxx-xxxx-xxxx-4617", {"payment_method"}),
        ("From •••• 2497", {"bank_account"}),
        ("With **** 46170", set()),
        ("It costs... 4617", set()),
        ("Order max-4617", set()),
        ("It must cost less than 4617", set()),
        ("Use my card for 46170", set()),
        ("From the account ending in 2497", {"bank_account"}),
        ("Order 2497 pieces", set()),
        ("Between 4-6 18 March", set()),
        ("It is p n 2 8 3 6 8 1 6", {"passport_number"}),
        ("The car is JYY, then 8409", {"licence_plate"}),
        ("The car is eight four zero nine J Y Y", {"licence_plate"}),
        ("Get 8409 pens", set()),
        ("Six six six three seven zero six seven five", {"tax_id"}),
        ("Bring it to 4 6 0 1 8", {"postcode"}),
        ("At 10:46, 018 guests", set()),
        ("It costs 46,018", set()),
    ],
)
def test_numbers(text, features):
    assert found(text) == features


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("Write to anna dot berg at example dot org", {"email"}),
        ("Write to anna . berg @ example . org", {"email"}),
        ("Write to anna.berg", {"email"}),
        ("Write to anna dot berg42", {"work_email"}),
        ("Write to anna. Berg is a town", set()),
        ("Write to Joanna.berger", set()),
        ("Write to example.org", set()),
        ("For Keller, Anna", {"full_name"}),
        ("For Mrs. A. Keller", {"full_name"}),
        ("For Keller A.", {"full_name"}),
        ("I need a keller", set()),
        ("A Keller must be there", set()),
        ("For Anna Keler", {"full_name"}),
        ("Ana Keller wants it", {"full_name"}),
        ("For Hanna Keller", set()),
        ("For Joanna Keller", set()),
        ("For Anna; the family is called Keller", {"full_name"}),
        ("For Anna", set()),
        ("For Ａnna Kéller", {"full_name"}),
        ("For Аnna \u041aeller", {"full_name"}),
        ("Ring Angela Nebot", {"emergency_contact"}),
    ],
)
def test_names_and_mails(text, features):
    assert found(text) == features


@pytest.mark.parametrize(
    ("text", "reveals"),
    [
        ("25 April", True),
        ("April the 25th", True),
        ("the twenty-fifth of April, nineteen fifty-five", True),
        ("25/04/55", True),
        ("25.4.1955", True),
        ("04/25/1955", True),
        ("1955-04-25", True),
        ("19550425", True),
        ("Apr 25, '55", True),
        ("in April 1955", True),
        ("my birthday, 4/25", True),
        ("born in 1955", True),
        ("in 1955", False),
        ("4/25 of a litre", False),
        ("24 April", False),
        ("25 May 1955", False),
        ("25.4 percent", False),
        ("25 April 2027", False),
        ("25 04 1955", True),
        ("rooms 4 25 10", False),
        ("April showers, 25 of them", False),
    ],
)
def test_dates(text, reveals):
    assert found(f"Please keep {text} in mind") == ({"birth_date"} if reveals else set())


def test_a_word_is_no_name_without_a_capital_that_no_sentence_asks_for():
    assert found("A nice cup of orange tea; polish it") == set()
    assert found("Nice day! Get me tea") == set()
    assert found("Get me tea in Nice") == {"city"}
    assert found("Teach me Polish") == {"language"}


def test_double_names_and_compound_streets():
    family = {"full_name": "Rose-Marie Bengtsson", "home_address": "Krebsstr. 98", "licence_plate": "DPK 355"}
    assert found("Rose-Marie Begtsson", family, ()) == {"full_name"}
    assert found("Krbsstrasse 98", family, ()) == {"home_address"}
    assert found("355-DPK", family, ()) == {"licence_plate"}
    assert found("355 roses, 98 of them to Berlin", family, ()) == set()


def test_names_that_are_words():
    people = {"full_name": "May Will", "billing_name": "Carl Bäck", "holder_name": "Rose Cook"}
    assert found("Will it come in May? Call back, then a rose for the cook", people, ()) == set()
    assert found("It is for Will, in May Will's kitchen", people, ()) == {"full_name"}
    assert found("Call Carl Back", people, ()) == {"billing_name"}


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("Ring six-nine-eight-four-eight-three-five-five-five", {"phone"}),
        ("Ring six hundred and ninety-eight, four eight three, triple five", {"phone"}),
        ("Ruf sechs neun acht, vier acht drei, fünf fünf fünf an", {"phone"}),
        ("Ruf sechs neun acht vier acht drei fuenf fuenf funf an", {"phone"}),
        (
            "Appelle le soixante-neuf, quatre-vingt-quatre, quatre-vingt-trois, cinq cent cinquante-cinq",
            {"phone"},
        ),
        ("Llama al seiscientos noventa y ocho, cuatrocientos ochenta y tres, 555", {"phone"}),
        ("Ruf sechs-neun-acht-vier-acht-drei, Doppel-Fünf fünf an", {"phone"}),
        ("Appelle le six-neuf-huit-quatre-huit-trois double cinq cinq", {"phone"}),
        ("Ruf acht sieben an", set()),
        ("Bezahl mit der Karte, die auf 46 17 endet", {"payment_method"}),
        ("Paga con la tarjeta que termina en cuarenta y seis diecisiete", {"payment_method"}),
        ("Schreib an anna Punkt berg zweiundvierzig", {"email", "work_email"}),
        ("Écris à anna point berg arobase example point org", {"email"}),
        ("Ich bin am fünfundzwanzigsten April geboren", {"birth_date"}),
        ("Je suis née le vingt-cinq avril mille neuf cent cinquante-cinq", {"birth_date"}),
        ("Nací el 25 de abril", {"birth_date"}),
        ("Geboren am 25.4.", {"birth_date"}),
        ("Reserva para el veintiséis de abril", set()),
        ("Bring it to Mill Lane, Hausnummer fünf", {"home_address"}),
        ("Size dreiundvierzig, please", {"shoe_size"}),
        ("Once more: two elf costumes, mil gracias", set()),
    ],
)
def test_other_languages(text, features):
    assert found(text) == features


@pytest.mark.parametrize(
    "text", ["Two Mai Tais", "25 Mars bars", "2 mai tais and a mars bar", "An April, 25 of them"]
)
def test_what_only_looks_like_a_date_is_none(text):
    births = {"birth_date": "1955-05-02", "other_birth_date": "1955-03-25", "third_birth_date": "1955-04-25"}
    assert found(text, births, ()) == set()


def test_a_number_in_a_nested_value_is_found_and_identifies_nobody():
    basic = {"measures": {"collar": 43, "cuts": [{"sleeve": 87.5}]}, "contacts": [{"phone": 698483555}]}
    assert found("Size 43, sleeves of 87.5", basic, ("measures",)) == {"measures"}
    assert found("Sleeves of 87.5", basic, ("measures",)) == {"measures"}
    assert found("Size 44", basic, ("measures", "contacts")) == set()
    assert found("Size 43, ring 698483555", basic, ()) == set()


def test_values_of_two_characters_are_found_and_shorter_ones_are_not():
    assert found("A coat, size XL", {"size": "XL"}, ("size",)) == {"size"}
    assert found("Seats for 12", {"party": 12}, ("party",)) == {"party"}
    assert found("A coat, size L, for 4", {"size": "L", "party": 4}, ("size", "party")) == set()


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Where is order 46018?", {"order": 46018}),
        ("Where is order 4 6 0 1 8?", {"order": "46018"}),
        ("Come on 25 April", {"day": "2027-04-25"}),
        ("Put 4617 on my card", {"amount": 4617}),
        ("A ticket for Keller, Anna", {"holder": "Anna Keller"}),
        ("Go to Nice", {"to": "Nice"}),
    ],
)
def test_what_the_stated_values_show_the_text_may_show(text, stated):
    assert found(text) != set()
    assert found(text, **stated) == set()


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Come on 25 April 1955", {"day": "2027-04-25"}),
        ("For Anna Keller", {"guest": "Anna"}),
        ("Bring 5 to 5 Mill Lane", {"quantity": 5}),
    ],
)
def test_a_stated_value_excuses_no_more_than_it_says(text, stated):
    assert len(found(text, **stated)) == 1


GIVEN = st.sampled_from(["Severo", "Ángela", "Xavier", "Macaria", "Yuki", "Oluwaseun", "Bronisława"])
SURNAMES = st.sampled_from(["Nebot", "Cazorla", "Pintor", "Tanaka", "Adeyemi", "Żukowska", "Lindqvist"])
STREETS = st.sampled_from(["Calle Loida Saez", "Avenida de Inés Tolosa", "Rambla Ariel Cantón"])
DIGITS = st.text("0123456789", min_size=9, max_size=9)
SPOKEN = dict(zip("0123456789", "zero one two three four five six seven eight nine".split(), strict=True))  # noqa: SIM905
FILLER = ["please bring tea", "two cakes", "at noon", "for the party", "it rains", "with oat milk"]


def cut(draw, digits: str, between: list[str]) -> str:
    """The digits in groups of random sizes, with something random between."""
    out = digits[0]
    for digit in digits[1:]:
        out += draw(st.sampled_from(["", *between])) + digit
    return out


@st.composite
def hidden(draw) -> tuple[dict, str]:
    """A profile of one value, and the value in disguise."""
    given_name, surname, street = draw(GIVEN), draw(SURNAMES), draw(STREETS)
    number, digits = draw(st.integers(1, 999)), draw(DIGITS)
    kind = draw(st.sampled_from(["name", "address", "phone", "email", "date", "account"]))
    if kind == "name":
        forms = [f"{surname} {given_name}", f"{given_name[0]}. {surname}", f"{given_name} of house {surname}"]
        slipped = surname[:2] + surname[3:]
        return {"full_name": f"{given_name} {surname}"}, draw(
            st.sampled_from([*forms, f"{given_name} {slipped}", f"{given_name} {surname}".upper()])
        )
    if kind == "address":
        name = street.split(" ", 1)
        short = {"Calle": "C/", "Avenida": "Avda.", "Rambla": "rambla"}[name[0]]
        forms = [f"{number} {street}", f"{street}, no. {number}", f"{short} {name[1]} {number}"]
        forms.append(f"{number}, {street[:-3]}{street[-2:]}")
        return {"home_address": f"{street} {number}, 46018 Valencia"}, draw(st.sampled_from(forms))
    if kind == "phone":
        short = draw(st.sampled_from([digits, digits[-7:], "0034" + digits, "0" + digits]))
        spelled = " ".join(SPOKEN[one] for one in digits)
        text = draw(st.sampled_from([cut(draw, short, [" ", "-", " / ", ".", " then "]), spelled]))
        return {"phone": f"+34 {digits[:3]} {digits[3:6]} {digits[6:]}"}, text
    if kind == "email":
        local = f"{given_name}.{surname}".lower() + digits[:2]
        forms = [local, local.replace(".", " dot ") + " at example dot org", f"{local} @ example.org"]
        return {"email": f"{local}@example.org"}, draw(st.sampled_from(forms))
    if kind == "account":
        return {"bank_account": f"ES22 {digits}"}, cut(draw, digits, [" ", "-", " and ", ", "])
    day = draw(st.dates(date(1901, 1, 1), date(2025, 12, 31)))
    forms = ["%d %B", "%B %d", "%d/%m/%y", "%m/%d/%Y", "%Y-%m-%d", "the %dth of %b %Y", "%B %Y"]
    return {"birth_date": day.isoformat()}, day.strftime(draw(st.sampled_from(forms)))


@given(hidden(), st.lists(st.sampled_from(FILLER), max_size=3), st.lists(st.sampled_from(FILLER), max_size=3))
def test_a_value_in_any_disguise_is_found(case, before, after):
    basic, text = case
    query = " ".join([*before, "it is", text, "for me", *(word for word in after if "two" not in word)])
    assert found(query, basic, ()) == set(basic)


@pytest.mark.parametrize("carrier", [None, "en"], ids=["own", "english"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_value_in_any_language_is_found(language, carrier):
    """In sentences of its own language and in English ones; 2,077 values each."""
    cases = list(disguised_values(language, 2_077, carrier=carrier))
    assert [case for case in cases if found(case.text, case.basic, ()) != set(case.basic)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_value_in_any_language_is_nobody_elses(language):
    """Of two values by chance a few share a birthday, or month and year."""
    cases = list(disguised_values(language, 2_077, seed=1))
    pairs = [
        (case, other) for case, other in zip(cases, cases[6:], strict=False) if case.basic != other.basic
    ]
    wrong = [(case.text, other.basic) for case, other in pairs if found(case.text, other.basic, ())]
    assert [pair for pair in wrong if "birth_date" not in pair[1]] == []
    assert len(wrong) <= 4


WORDS = st.sampled_from(
    [
        "the",
        "street",
        "lane",
        "road",
        "card",
        "at",
        "dot",
        "of",
        "number",
        "born",
        "may",
        "april",
        "will",
        "a",
        "ending",
        "Mr.",
        "Berta",
        "Olafsson",
        "example",
        "org",
        "mill",
        "calle",
        "my",
        "three",
        "party",
        "I",
    ]
)


@given(st.lists(st.one_of(WORDS, st.integers(0, 40).map(str)), min_size=1, max_size=40))
def test_unrelated_text_is_not(words):
    basic = {name: value for name, value in BASIC.items() if name not in ("home_address", "shoe_size")}
    # Numbers up to 40 alone give away none of these but by the digits they make up together.
    together = "".join(NormalisedText(" ".join(words)).digits)
    assume(not any(tail in together for tail in ("8483555", "8274855", "1792497", "2836816", "6370675")))
    assume("46018" not in together)
    assume("4617" not in together)
    assume("2497" not in together)
    assume("25" not in words or "april" not in words)
    assert found(" ".join(words), basic) == set()


@given(st.text(max_size=300))
def test_any_text_can_be_searched(text):
    found(text)


@pytest.mark.parametrize(
    "unit", ["4 ", "a", "1", "1-", "anna ", "25 april ", "five five ", "é\u200b", "@", "5 mill "]
)
def test_hostile_texts_take_no_time(unit):
    started = time.process_time()
    found((unit * MOST)[:MOST])
    assert time.process_time() - started < 5  # what is quadratic takes minutes


def test_a_text_too_long_to_be_searched_is_not_let_through(monkeypatch):
    monkeypatch.setattr(check, "readings_of", None)  # nobody reads it
    (reason,) = leak(
        Case(
            None,  # type: ignore[arg-type]
            Profile(id="u", basic=BASIC, implicit={}),
            (),
            Task(id="t", scenario="s", user_id="u", context="c", platform="P", plan="free", calls=()),
            Query(text="tea " * 250_000, intents=()),
        )
    )
    assert reason.code == "query.leak"
    assert reason.message == "got 1000000 characters, more than the 20000 that are searched for values"


def test_a_profile_of_ten_thousand_features_is_searched_in_seconds():
    basic = {
        f"home_address_{n}": f"{n} Mill Lane" if n % 3 else f"+34 {n:09}" for n in range(5_000, 10_000)
    } | {f"full_name_{n}": f"Anna{n} Keller{n}" for n in range(5_000)}
    started = time.process_time()
    assert found("5002 mill lane. " + "tea and mill lane 5 at anna " * 600, basic, ()) == {
        "home_address_5002"
    }
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    ("text", "known", "features"),
    [
        ("Two for 4711 points", ("loyalty",), {"loyalty"}),
        ("Two for 4712 points", ("loyalty",), set()),
        ("Two for 4711 points", (), set()),  # a number identifies nobody
        ("Two for Ada Bell", (), {"loyalty"}),
    ],
)
def test_numbers_and_more_within_a_profile_value(text, known, features):
    basic = {"loyalty": {"points": 4711, "rates": [0.5, None, True], "card": {"name": "Ada Bell"}}}
    assert found(text, basic, known) == features


@pytest.mark.parametrize(
    ("text", "value", "leaks"),
    [
        ("One in XL please", "XL", True),
        ("One in L please", "L", False),
        ("One in XXL please", "XL", False),
        ("Size 43 please", 43, True),
        ("Size 9 please", 9, False),
        ("I like it", True, False),
    ],
)
def test_values_of_two_characters_leak_and_of_one_do_not(text, value, leaks):
    assert found(text, {"size": value}, ("size",)) == ({"size"} if leaks else set())


@pytest.mark.parametrize(
    ("feature", "value", "identifies"),
    [
        ("login", "anna", True),
        ("login", "ann", False),
        ("motto", "anna", False),
        ("card_holder", "Anna", True),
        ("card_brand", "Anna", False),
        ("contact", "anna@example.org", True),  # by its form
        ("contact", "+34 698 483 555", True),
        ("contact", "698 483", True),
        ("contact", "698483", False),
    ],
)
def test_what_identifies_the_user_is_withheld_though_no_call_takes_it(feature, value, identifies):
    assert found(f"It is {value} again", {feature: value}, ()) == ({feature} if identifies else set())


@pytest.mark.parametrize(
    ("basic", "text", "message"),
    [
        (
            {"home_city": "Nice"},
            "To Nice",
            "the value of 'home_city' stands in the text; the assistant knows it: leave it out, "
            "or write 'my home city' in its place",
        ),
        (
            {"phone": "+34 698 483 555"},
            "Ring 848 3555",
            "the value of 'phone' can be told from the text by its last seven digits; "
            "the assistant knows it: leave it out, or write 'my phone' in its place",
        ),
        (
            {"c" * 61: "Nice"},
            "To Nice",
            f"the value of '{'c' * 60}' stands in the text; the assistant knows it: leave it out, "
            f"or write 'my {'c' * 60}' in its place",
        ),
    ],
)
def test_the_user_is_told_what_is_to_be_seen_and_what_to_write_instead(basic, text, message):
    call = TaskCall(api="a", capability="a", stated=(), known={"x": next(iter(basic))}, defaults=())
    task = Task(id="t", scenario="s", user_id="u", context="c", platform="P", plan="guided", calls=(call,))
    query, profile = Query(text=text, intents=()), Profile(id="u", basic=basic, implicit={})
    (reason,) = leak(Case(None, profile, (), task, query))  # type: ignore[arg-type]
    assert (reason.code, reason.path, reason.message) == ("query.leak", "query.text", message)


@pytest.mark.parametrize(("length", "refused"), [(MOST, False), (MOST + 1, True)])
def test_the_last_text_that_is_searched(length, refused):
    task = Task(id="t", scenario="s", user_id="u", context="c", platform="P", plan="free", calls=())
    profile = Profile(id="u", basic={}, implicit={})
    case = Case(None, profile, (), task, Query(text="x" * length, intents=()))  # type: ignore[arg-type]
    assert bool(list(leak(case))) is refused


def test_homonyms_are_in_one_case():
    assert {word for word in HOMONYMS if word != word.casefold() or not word.isalpha()} == set()
