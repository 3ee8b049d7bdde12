"""What is said when asking for a drafted function, and what stands in the profile (§4.1).

Every function is about one thing, which is said first and by its name, so that it can be asked for in every
kind of need. What only the service knows (numbers of orders, codes, shops) nobody says; what is called like a
fact about a person is that fact, and a choice among kinds of need, or of products, is the thing again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..records import ApiDraft, PersonalFact, SaidParameter
from ..texts.similar_words import telling_words
from .naming import name_words, near_name, snake_case
from .personal_facts import BY_NAME, recognise
from .retry import Mended

THING = SaidParameter(name="item", description="The thing it is about, by its name.", type="text")
"""What every function is about."""
_SAID_CITY = "city"
"""A standard fact that is as often said: where to look for something."""
_WORDS_OF_A_THING = telling_words(
    "name title item product object thing article query keyword term search description content subject topic"
)
"""Words of text parameters that hold the thing itself, or words for it."""
_ONLY_THE_SERVICE_KNOWS = telling_words(
    "id identifier number code key token reference tracking sku barcode url link image file password "
    "username login store shop platform service provider company seller vendor website status user customer "
    "catalog catalogue inventory listing cart basket stock"
)
_NO_CUSTOMERS = telling_words(
    "login logout signin signup register registration password authenticate authentication profile user "
    "customer admin inventory stock database backend listing"
)
"""Words of functions that are not about a thing a customer asks for."""
_TO_CUSTOMERS = re.compile(
    r"\bto (?:the |their |our |its |all )?(?:customers?|clients?|users?|shoppers?|buyers?|visitors?)\b",
    re.IGNORECASE,
)
"""What the service does: 'Sells plants to customers'."""


def is_customers(draft: ApiDraft) -> bool:
    """Whether customers ask for a function about a thing: not to log in, keep the stock, or sell to them."""
    words = name_words(draft.capability)
    return not _TO_CUSTOMERS.search(draft.description) and _NO_CUSTOMERS.isdisjoint(
        telling_words(" ".join((*words, "".join(words[:2]))))
    )


def sorted_parameters(
    draft: ApiDraft, facts: Sequence[PersonalFact], needs: Sequence[str], mended: Mended
) -> tuple[list[SaidParameter], list[str]]:
    """What is said, the thing first, and the names of the facts that are known.

    Args: facts: the scenario's own; needs: names of its kinds of need; mended: counts what was left out or
        taken for something else.
    """
    known = {fact.name: fact.name for fact in facts} | {name: name for name in BY_NAME}
    personal: list[str] = []
    for wanted in draft.personal:
        fact = known.get(wanted) or (recognised.name if (recognised := recognise(wanted)) else None)
        fact = fact or near_name(wanted, known)
        mended["unknown_fact" if fact is None else "near_name"] += fact != wanted
        if fact and fact not in personal:
            personal.append(fact)
    said: dict[str, SaidParameter] = {}
    thing = THING
    does = telling_words(" ".join(name_words(draft.capability)))
    for parameter in draft.said:
        name = snake_case(parameter.name, THING.name)
        words = telling_words(name.replace("_", " "))
        standard = recognise(parameter.name)
        fact = name if name in known else standard.name if standard else None
        if fact and fact != _SAID_CITY:
            mended["said_fact"] += fact not in personal
            personal += [fact] if fact not in personal else []
        elif {snake_case(option, "") for option in parameter.options} & set(needs):
            mended["said_need"] += 1
        elif words & _ONLY_THE_SERVICE_KNOWS:
            mended["identifier"] += 1
        elif (last := telling_words(name_words(name)[-1])) & _WORDS_OF_A_THING or (
            words & (_WORDS_OF_A_THING | does)
            if parameter.type == "text"
            else last & does and parameter.type == "choice"
        ):
            thing = thing if thing is not THING else THING.model_copy(update={"name": name})
        elif name in said:
            mended["duplicate"] += 1
        else:
            said[name] = parameter.model_copy(update={"name": name})
    mended["said"] += thing is THING
    said.pop(thing.name, None)
    return [thing, *said.values()], personal
