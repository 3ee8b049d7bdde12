"""A bad answer goes back with its fault, is mended at last where possible, and is never replayed for ever."""

import pytest
from ptool.errors import TreeError, UnusableAnswerError
from ptool.trees.retry import ask_until_accepted


def even(number):
    if number % 2:
        raise TreeError(f"got {number}, expected an even number")
    return number


class Kept:
    """A role whose answers outlive a start; `None` stands for an answer no record could be read from."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.ledger = {}
        self.paid = []
        self.problems = []
        self.repeated = []
        self.notes = []

    async def __call__(self, item, view):
        if item not in self.ledger:
            self.paid.append(item)
            self.ledger[item] = self.answers.pop(0)
        self.problems.append(view.get("problem", ""))
        self.repeated.append(view.get("repeated", 0))
        if self.ledger[item] is None:
            raise UnusableAnswerError("no JSON object in three attempts")
        return self.ledger[item]

    def note(self, *outcome):
        self.notes.append(outcome)

    def has(self, item):
        return item in self.ledger


async def test_an_objection_goes_back_until_the_answer_is_right():
    role = Kept(1, None, 4)
    assert await ask_until_accepted(role, "node", {}, even, retries=2) == 4
    assert role.paid == ["node", "node~1", "node~2"]
    assert role.problems == ["", "got 1, expected an even number", "no JSON object in three attempts"]


async def test_the_next_start_asks_anew_instead_of_replaying_what_was_refused():
    role = Kept(1, None, 3, 5, 8)
    with pytest.raises(
        UnusableAnswerError, match=r"node: got 3, .*asked 3 times; the same command asks anew"
    ):
        await ask_until_accepted(role, "node", {}, even, retries=2)
    assert await ask_until_accepted(role, "node", {}, even, retries=2) == 8
    assert role.paid == ["node", "node~1", "node~2", "node~3", "node~4"]
    paid = list(role.paid)
    assert await ask_until_accepted(role, "node", {}, even, retries=2) == 8
    assert role.paid == paid


async def test_a_start_that_was_killed_between_two_attempts_ends_as_an_uninterrupted_one():
    whole, killed = Kept(1, 3, 6), Kept(1, 3, 6)
    await killed("node", {})
    assert await ask_until_accepted(killed, "node", {}, even, retries=2) == await ask_until_accepted(
        whole, "node", {}, even, retries=2
    )
    assert killed.ledger == whole.ledger


def add(amount):
    def repair(number, mended):
        mended["odd"] += 1
        return number + amount

    return repair


async def test_repair_comes_first_is_counted_and_its_result_is_checked():
    role = Kept(1, 3, 5)
    assert await ask_until_accepted(role, "node", {}, even, 2, repair=add(1)) == 2
    assert role.paid == ["node"]
    assert role.notes == [("node", "mended", {"odd": 1})]
    with pytest.raises(UnusableAnswerError, match="got 5, expected an even number"):
        await ask_until_accepted(Kept(1, 3, 5), "node", {}, even, 2, repair=add(2))


async def test_an_answer_that_is_right_is_not_repaired():
    role = Kept(4)
    assert await ask_until_accepted(role, "node", {}, even, 2, repair=add(1)) == 4
    assert role.notes == []


async def test_the_same_wrong_answer_again_is_told_to_the_role():
    role = Kept(1, 1, 1)
    with pytest.raises(UnusableAnswerError):
        await ask_until_accepted(role, "node", {}, even, 2)
    assert role.repeated == [0, 0, 1]


async def test_where_nothing_is_right_code_fills_the_piece_and_a_resumed_run_fills_the_same():
    role = Kept(1, 3, 5, 8)
    for _ in range(2):
        filled = await ask_until_accepted(role, "node", {}, even, 2, fallback=lambda: 100, piece="categories")
        assert filled == 100
    assert role.paid == ["node", "node~1", "node~2"]
    assert role.notes == [("node", "degraded", {"categories": 1})] * 2


async def test_a_role_that_gave_no_record_at_all_was_asked_often_enough():
    role = Kept(None, 2)
    assert await ask_until_accepted(role, "node", {}, even, 2, fallback=lambda: 100) == 100
    assert role.paid == ["node"]
