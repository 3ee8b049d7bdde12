"""Kinds of need out of what some customers' visits were about (Definition 3.1).

Asked for kinds of need, a small model names what a service does ("buying", "tracking"), which no function can
be asked for. Asked what visits were about, it names things; things of one sort make a kind of need, and every
function can be asked for about each of them. It knows no role and no graph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..records import Api, Context, Topic
from ..texts.similar_words import stem, telling_words, words_of
from .naming import snake_case
from .retry import Mended

MOST_NEEDS = 4
"""Kinds of need that are made of topics."""
_LEAST_NEEDS = 3
"""Sorts of things; of fewer, each thing is a kind of need of its own."""
_AT_A_SERVICE = telling_words(
    "bag basket list frequency habit experience behavior behaviour activity session time budget amount "
    "spending preference preferred usual favourite favorite history level"
)
"""Words for what people have and do at a service; behind its name they tell nothing of them elsewhere."""
_BEFORE = re.compile(
    r"\A(?:(?:a|an|the|my|our|your|his|her|some|two|new|pair of|piece of|set of)\s+)+", re.IGNORECASE
)
"""What stands before a thing's name."""
_SORT_OF = ("smart", "tele", "mini", "super")
"""What makes a thing of the same sort: a smartphone is a phone, a vegetable no table."""
_OF_EVERY_SERVICE = telling_words(
    "service customer user order payment delivery shipping shop store web website site app online platform "
    "option process product item good thing support help information request purchase transaction shipment "
    "package cart checkout catalog listing search engine history review inventory e-commerce category "
    "people person friend family credit debit bank money invoice account password advice selling buying sale"
)
"""Words for what every service has, and for people; no need is told apart by them."""


def needs_of(answers: Sequence[Topic], scenario: str, mended: Mended) -> tuple[Context, ...]:
    """The sorts with the most things, in the order they came; things themselves where the sorts are too few.

    [dress, clothing], [phone, devices], [shirt, clothing] are the needs clothing ("dress, shirt"), devices.

    Args: scenario: its name, which tells no need apart.
    """
    empty = _OF_EVERY_SERVICE | telling_words(scenario.replace("_", " "))
    own = [answer for answer in answers if empty.isdisjoint(telling_words(f"{answer.thing} {answer.sort}"))]
    mended["of_every_service"] += len(answers) - len(own)
    by_sort = _groups((answer.sort, _bare(answer.thing)) for answer in own)
    if len(by_sort) < _LEAST_NEEDS:
        by_thing = _groups((_bare(answer.thing), _bare(answer.thing)) for answer in own)
        mended["sorts"] += 1
        by_sort = by_thing if len(by_thing) > len(by_sort) else by_sort
    most = sorted(by_sort, key=lambda name: -len(by_sort[name]))[:MOST_NEEDS]
    return tuple(
        Context(name=name, description=", ".join(things)) for name, things in by_sort.items() if name in most
    )


def is_of_the_service(fact: str, scenario: str) -> bool:
    """Whether a fact is about what somebody has or does at the service: 'shopping_bag', 'order_history'."""
    services = _OF_EVERY_SERVICE | telling_words(scenario.replace("_", " "))
    words = telling_words(fact.replace("_", " "))
    return words <= services | _AT_A_SERVICE and not words.isdisjoint(services)


def names_a_part_of_the_service(category: str) -> bool:
    """Whether a group of functions is called after something every service has, as shopping_cart is."""
    last = telling_words(category.replace("_", " ").rpartition(" ")[2])
    return bool(last) and last <= _OF_EVERY_SERVICE


def served_needs(does: str, needs: Sequence[str]) -> list[str]:
    """The needs that are named in what a function does: `add_plant` is for plants only; []: for all.

    Args: does: the function's capability; needs: names of all.
    """
    words = telling_words(does.replace("_", " "))
    return [need for need in needs if words & telling_words(need.replace("_", " "))]


def open_to_every_need(apis: Sequence[Api], needs: Sequence[str]) -> Sequence[Api]:
    """The functions, for all needs where one would otherwise have none that serves it."""
    if all(any(api.serves(need) for api in apis) for need in needs):
        return apis
    return [
        api.model_copy(
            update={"parameters": {key: part for key, part in api.parameters.items() if key != "x-contexts"}}
        )
        for api in apis
    ]


def _groups(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Name of a sort -> its distinct things; nobody tells sorts apart that share their words or a thing.

    A sort that was said of another's things, too, as electronics of a laptop beside computers, is none where
    enough are left.
    """
    groups: dict[str, list[str]] = {}
    broad: set[str] = set()
    for sort, thing in pairs:
        if not thing or not telling_words(sort):
            continue
        own = snake_case(sort, "need")
        name = next((other for other in groups if _is_of(thing, other, groups[other])), None)
        if name and not _same_words(sort, name):
            broad.add(own)
        name = name or next((other for other in groups if _same_words(sort, other)), own)
        things = groups.setdefault(name, [])
        if telling_words(thing) not in map(telling_words, things):
            things.append(thing)
    distinct = {name: things for name, things in groups.items() if name not in broad}
    return distinct if len(distinct) >= _LEAST_NEEDS else groups


def _same_words(sort: str, other: str) -> bool:
    """Whether one name of a sort has all the words of the other."""
    words, others = telling_words(sort), telling_words(other.replace("_", " "))
    return words <= others or others <= words


def _is_of(thing: str, sort: str, things: Sequence[str]) -> bool:
    """Whether it is among a sort's things, under whatever name, or the sort is called after it."""
    return any(_same_thing(thing, known) for known in (*things, sort.replace("_", " ")))


def _same_thing(one: str, other: str) -> bool:
    """Whether what two things are, their last words, is the same: 'mobile phone' and 'new smartphones'."""
    return bool(words_of(one)) and _noun(one) == _noun(other)


def _noun(thing: str) -> str:
    """The stem of its last word without what makes it a sort of the same."""
    noun = stem(["", *words_of(thing)][-1])
    return next((noun.removeprefix(start) for start in _SORT_OF if noun.startswith(start)), noun)


def _bare(thing: str) -> str:
    """A thing without article and full stop: 'my camper van.' is a 'camper van'."""
    return _BEFORE.sub("", " ".join(thing.split())).strip(" .!\"'")
