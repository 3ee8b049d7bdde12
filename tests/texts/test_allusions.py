"""Sentences that leave something to the profile: what is written is read again, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ptool.texts.allusions import read_allusions, with_allusions

FEATURES = st.lists(st.sampled_from(["home address", "postcode", "full name", "e-mail"]), max_size=3)


@given(
    st.sampled_from(["Bring 2 teas", "Bring my tea!", "Which tea is it? Bring it."]),
    st.lists(FEATURES, min_size=1, max_size=4),
)
def test_what_is_alluded_to_is_read_again_call_by_call(text: str, mentions: list[list[str]]) -> None:
    read = dict(read_allusions(with_allusions(text, mentions)))
    wanted = {number: tuple(dict.fromkeys(names)) for number, names in enumerate(mentions) if names}
    assert read == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Bring it to my home address.",
        "Please do not use my postcode, as usual.",
        "Remind my aunt.",
        "Mind the gap. Include tea.",
        "They said: Include my postcode, too.",
    ],
)
def test_other_sentences_leave_nothing_to_the_profile(text: str) -> None:
    assert list(read_allusions(text)) == []
