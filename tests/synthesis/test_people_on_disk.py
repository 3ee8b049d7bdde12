"""People on disk: read as they were put, here and in another process, and no more of them in memory."""

from __future__ import annotations

import pickle

import pytest
from ptool.records import Action, History, Preference, Profile
from ptool.synthesis.people_on_disk import MOST_REMEMBERED, PeopleOnDisk

ANNA = Profile(id="u1", basic={"city": "Köln", "size": 1.0}, implicit={"taste": ["quick", None]})
BEN = Profile(id="u2", basic={}, implicit={})


def lived(user: str, scenario: str) -> History:
    action = Action(platform="Ants", action="Bought a hat", context="hats")
    preference = Preference(context="hats", platform="Ants")
    return History(user_id=user, scenario=scenario, preferences=(preference,), actions=(action,))


def test_people_are_read_as_they_were_put():
    people = PeopleOnDisk([ANNA, BEN])
    for history in (lived("u2", "shop"), lived("u1", "shop"), lived("u2", "trip")):
        people.add(history)

    for known in (people, pickle.loads(pickle.dumps(people))):
        assert known.users == ("u1", "u2")
        assert (known.profile("u1"), known.profile("u2")) == (ANNA, BEN)
        assert known.histories("u1") == (lived("u1", "shop"),)
        assert known.histories("u2") == (lived("u2", "shop"), lived("u2", "trip"))
        assert known.histories("u3") == ()
        with pytest.raises(KeyError):
            known.profile("u3")


def test_what_somebody_does_later_is_known_though_they_were_asked_for_before():
    people = PeopleOnDisk([ANNA])
    assert people.histories("u1") == ()

    people.add(lived("u1", "shop"))

    assert people.histories("u1") == (lived("u1", "shop"),)


def test_few_of_many_are_in_memory():
    people = PeopleOnDisk(ANNA.model_copy(update={"id": f"u{number}"}) for number in range(1_000))
    read = {user: people.profile(user) for user in people.users}
    assert all(profile.id == user for user, profile in read.items())

    kept = [user for user in reversed(people.users) if people.profile(user) is read[user]]

    assert len(kept) == MOST_REMEMBERED


def test_people_on_their_way_take_a_fraction_of_what_they_take_as_records():
    people = PeopleOnDisk(ANNA.model_copy(update={"id": f"u{number}"}) for number in range(1_000))
    records = sum(len(people.profile(user).model_dump_json()) for user in people.users)

    sent = pickle.dumps(people)

    assert len(sent) < records / 2
    assert [pickle.loads(sent).profile(user).id for user in ("u0", "u127", "u128", "u999")] == [
        "u0", "u127", "u128", "u999",
    ]  # fmt: skip
