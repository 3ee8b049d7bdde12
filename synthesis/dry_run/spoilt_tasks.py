"""Solved tasks spoilt in known ways: what a judge that is worth a vote objects to (§4.3).

It knows no judge but by name, and asks nobody.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from ...records import Query
from .small_run import SolvedTask

Spoil = Callable[[SolvedTask, SolvedTask], Query]
"""(a solved task, another one) -> a query that does not lead to the first one's solution."""


def _another_request(task: SolvedTask, other: SolvedTask) -> Query:
    return query_of(task).model_copy(update={"text": query_of(other).text, "need": ""})


def _another_thing(task: SolvedTask, other: SolvedTask) -> Query:
    del task
    return query_of(other)


def _more_than_asked(task: SolvedTask, other: SolvedTask) -> Query:
    query = query_of(task)
    return query.model_copy(update={"text": f"{query.text} {query_of(other).text}"})


def _shuffled_words(task: SolvedTask, other: SolvedTask) -> Query:
    del other
    query = query_of(task)
    words = query.text.split()
    random.Random(task.episode.id).shuffle(words)
    return query.model_copy(update={"text": " ".join(words)})


SPOILT: dict[str, Sequence[Spoil]] = {
    "recognise_need": (_another_thing,),
    "recognise_call": (_another_request,),
    "natural": (_shuffled_words,),
    "says_more": (_more_than_asked,),
}
"""Judge -> how its tasks are spoilt; of any other judge in all three ways in turn."""
EVERY_WAY: Sequence[Spoil] = (_another_request, _more_than_asked, _shuffled_words)


def query_of(task: SolvedTask) -> Query:
    """The query of a solved task, as it was solved."""
    assert task.episode.query is not None
    return task.episode.query
