"""Dates, times and phone numbers in their normal form; what is ambiguous stays unread."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.benchmark.matching.values import normal_date, normal_date_time, normal_phone, normal_time


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("2024-05-01", "2024-05-01"),
        ("2024/5/1", "2024-05-01"),
        ("20240501", "2024-05-01"),
        ("1 May 2024", "2024-05-01"),
        ("May 1st, 2024", "2024-05-01"),
        ("1st of may 2024", "2024-05-01"),
        ("Sept. 3, 2024", "2024-09-03"),
        ("29 February 2024", "2024-02-29"),
        ("29 February 2023", None),
        ("01/05/2024", None),
        ("2024-13-01", None),
        ("2024-05/01", None),
        ("2024511", None),
        ("2024111", None),  # January 11 or November 1?
        ("1 Mayday 2024", None),
        ("Mayday 1, 2024", None),
        ("2024-05", None),
        ("", None),
        ("٢٠٢٤-٠٥-٠١", None),
        ("2024-05-01" + " " * 54, "2024-05-01"),
        ("2024-05-01" + " " * 55, None),
    ],
)
def test_dates(text: str, normal: str | None) -> None:
    assert normal_date(text) == normal


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("16:45", "16:45:00"),
        ("4:45 pm", "16:45:00"),
        ("4.45 P.M.", "16:45:00"),
        ("12 am", "00:00:00"),
        ("12pm", "12:00:00"),
        ("1 am", "01:00:00"),
        ("11 pm", "23:00:00"),
        ("0:30 pm", None),
        ("23:59:59", "23:59:59"),
        ("16:45:60", None),
        ("16:45" + " " * 59, "16:45:00"),
        ("16:45" + " " * 60, None),
        ("09:05:07", "09:05:07"),
        ("24:00", None),
        ("13 pm", None),
        ("16", None),
        ("", None),
        ("16:60", None),
    ],
)
def test_times(text: str, normal: str | None) -> None:
    assert normal_time(text) == normal


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("2024-05-01T16:45:00", "2024-05-01T16:45:00"),
        ("20240501 4:45 pm", "2024-05-01T16:45:00"),
        ("2024-05-01", None),
        ("2024-05-01T16:45:00Z", None),
        ("2024-05-01 T16:45", None),
        ("2024-05-01 soon", None),
        ("soon 16:45", None),
        ("2024-05-01 16:45" + " " * 48, "2024-05-01T16:45:00"),
        ("2024-05-01 16:45" + " " * 49, None),
    ],
)
def test_dates_with_times(text: str, normal: str | None) -> None:
    assert normal_date_time(text) == normal


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("+34 698 48-34-44", "+34698483444"),
        ("0034 698.483.444", "+34698483444"),
        ("(020) 7946 0018", "02079460018"),
        ("0", None),
        ("call me", None),
        ("+34 698 483 444 ext 5", None),
        ("1" * 21, None),
        ("0123" + " " * 60, "0123"),
        ("0123" + " " * 61, None),
    ],
)
def test_phone_numbers(text: str, normal: str | None) -> None:
    assert normal_phone(text) == normal


@given(st.dates(min_value=date(1000, 1, 1)), st.times())
def test_every_way_to_write_a_moment_means_the_same(day: date, clock: time) -> None:
    texts = [day.isoformat(), f"{day:%Y%m%d}", f"{day:%-d %B %Y}", f"{day:%b %-d, %Y}", f"{day:%Y/%-m/%-d}"]
    assert {normal_date(text) for text in texts} == {day.isoformat()}
    moment = f"{day.isoformat()}T{clock:%H:%M:%S}"
    assert normal_date_time(f"{day.isoformat()} {clock:%I:%M:%S %p}") == moment


@given(st.text(max_size=70))
def test_normal_forms_are_normal_and_any_text_will_do(text: str) -> None:
    for normal in (normal_date, normal_time, normal_date_time, normal_phone):
        found = normal(text)
        assert found is None or normal(found) == found
