"""What stands in where a model gave nothing usable: pieces of trees and values, out of the words there are.

Plain and dull on purpose: a run ends with a dataset whose manifest says which pieces these are (`degraded`),
instead of with nothing. It knows no role and no graph.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..records import (
    ApiDraft,
    Category,
    Cluster,
    Clusters,
    Context,
    Dimension,
    Expansion,
    Feature,
    Kind,
    SaidParameter,
)
from .naming import camel_case, name_words, snake_case, take_unique
from .needs import names_a_part_of_the_service
from .personal_facts import BY_NAME, recognise

_SUFFIXES = ("Hub", "Point", "Direct", "House", "Express", "Corner", "Central", "Works", "Base", "Place")
_FUNCTIONS = ("search", "orders", "planning", "account", "advice", "service")
_DIMENSIONS = ("price", "speed", "selection", "service")
_NO_NEED = frozenset(
    (
        *("also", "about", "from", "getting", "into", "make", "making", "more", "online", "other", "over"),
        *("people", "person", "some", "such", "than", "that", "their", "them", "this", "using", "with"),
    )
)
_VERBS: tuple[tuple[str, str, SaidParameter | None], ...] = (
    ("find", "Looks for something and shows what there is.", None),
    ("order", "Orders something.", SaidParameter(name="quantity", description="How many.", type="integer")),
    ("compare", "Compares the prices of something.", None),
    ("track", "Tracks an order on its way.", None),
    ("cancel", "Cancels an order.", None),
    ("review", "Rates something with stars.",
     SaidParameter(name="stars", description="How many stars.", type="integer")),
    ("schedule", "Makes an appointment for something.",
     SaidParameter(name="day", description="On which day.", type="date")),
    ("share", "Recommends something to a friend.", None),
)  # fmt: skip
"""What customers of any service do with a thing: capability, description, what else is said."""
_SAME_TO_CUSTOMERS = tuple(
    frozenset(verbs.split())
    for verbs in (
        "find search browse look explore discover view get list filter retrieve navigate show see display",
        "order buy purchase add checkout place",
        "return refund exchange replace",
        "track follow monitor trace",
        "review rate",
        *(verb for verb, _, _ in _VERBS),
    )
)
"""First words of functions that a request does not tell apart."""
_DEGREES = ("matters most to them", "matters a good deal to them", "matters little to them", "hardly counts")
_THEMES: Mapping[Kind, tuple[str, str]] = {
    "basic": ("life", "The facts of the person's life."),
    "implicit": ("taste", "What the person cares about."),
}
_TEMPERS = ("calm", "curious", "hurried", "careful", "cheerful", "practical", "stubborn", "generous")
_WORK = ("teacher", "nurse", "carpenter", "student", "retired engineer", "shop owner", "bus driver", "cook")


def default_dimension(name: str, count: int) -> Dimension:
    """One sentence for each of `count` platforms on a dimension, from the best to the worst."""
    words = name.replace("_", " ")
    between = (f"Ranks number {number} of {count} in {words}." for number in range(2, count))
    best, worst = f"Stands out for {words}.", f"Is weak in {words}."
    return Dimension(name=name, best=best, between=tuple(between), worst=worst)


def default_world(name: str, description: str, platforms: int) -> Expansion:
    """Kinds of need, names of platforms and what they differ in, out of a scenario's name and description."""
    words = [word for word in name_words(description) if len(word) > 3 and word not in _NO_NEED]
    needs = list(dict.fromkeys(word for word in words if word != name))[:3]
    needs += ["everyday", "special"][: max(0, 2 - len(needs))]
    base = camel_case(name.replace("_", " "))
    return Expansion(
        contexts=tuple(
            Context(name=need, description=f"Needs that have to do with {need}.") for need in needs
        ),
        names=tuple(f"{base}{_suffix(number)}" for number in range(platforms)),
        dimensions=tuple(default_dimension(each, platforms) for each in _DIMENSIONS),
    )


def _suffix(number: int) -> str:
    turn, place = divmod(number, len(_SUFFIXES))
    return _SUFFIXES[place] + (str(turn + 1) if turn else "")


def default_categories(contexts: Sequence[Mapping[str, Any]], count: int) -> Expansion:
    """Categories named after a scenario's kinds of need; how many APIs each has is left to the repair."""
    names: set[str] = set()
    needs = [*(str(context["name"]) for context in contexts), *_FUNCTIONS][:count]
    needs += [f"more_{number}" for number in range(count - len(needs))]
    return Expansion(
        categories=tuple(
            Category(
                name=take_unique(snake_case(need, "general"), "part", names),
                description=f"Functions for {need.replace('_', ' ')}.",
            )
            for need in needs
        )
    )


def default_drafts(category: str, count: int, taken: set[str]) -> list[ApiDraft]:
    """Drafts of functions that any category has: to find, order, compare … what it is about.

    Nobody finds or compares a shopping_cart; there it is an item.

    Args: taken: capabilities the platform has already; is left as it is.
    """
    about = "item" if names_a_part_of_the_service(category) else snake_case(category, "item")
    names = set(taken)
    free = [verb for verb in _VERBS if not same_to_customers(verb[0], taken)] or list(_VERBS)
    drafts = []
    for number in range(count):
        verb, description, second = free[number % len(free)]
        drafts.append(
            ApiDraft(
                capability=take_unique(f"{verb}_{about}", "more", names),
                description=description,
                said=(second,) if second else (),
                personal=(),
            )
        )
    return drafts


def same_to_customers(capability: str, others: Iterable[str]) -> bool:
    """Whether a request does not tell a function from one of some others: searching from finding.

    Args: capability, others: they begin with a verb.
    """
    verb = _verb(capability)
    return any(verb in verbs and _verb(other) in verbs for verbs in _SAME_TO_CUSTOMERS for other in others)


def _verb(capability: str) -> str:
    return next(iter(name_words(capability)), "")


def importance_of(characteristic: str) -> tuple[str, str]:
    """Name and description of the implicit feature that a characteristic of platforms leads to."""
    words = characteristic.replace("_", " ")
    return (
        f"{snake_case(characteristic, 'quality')}_importance",
        f"How much {words} matters to the person when choosing, and for what.",
    )


def default_features(nodes: Sequence[Mapping[str, Any]], level: int) -> Clusters:
    """Clusters by name alone: leaves of one name are one feature, features of one kind are one theme.

    A characteristic leads to how much it matters to a person; a parameter that is called like a standard
    fact is that fact, and every other one is said with each request.

    Args: nodes: as a clusterer is shown them; level: theirs, 0: leaves.
    """
    clusters: dict[tuple[str, Kind], list[int]] = {}
    texts: dict[tuple[str, Kind], str] = {}
    said: list[int] = []
    for node in nodes:
        fact = recognise(node["name"]) if node["source"] == "parameter" else None
        if level:
            kind: Kind = "implicit" if node["kind"] == "implicit" else "basic"
            name, text = _THEMES[kind]
        elif node["source"] == "characteristic":
            kind = "implicit"
            name, text = importance_of(node["name"])
        elif fact:
            name, kind, text = fact.name, "basic", fact.description
        else:
            said.append(node["id"])
            continue
        clusters.setdefault((name, kind), []).append(node["id"])
        texts[name, kind] = text
    return Clusters(
        clusters=tuple(
            Cluster(name=name, description=texts[name, kind], kind=kind, members=tuple(members))
            for (name, kind), members in clusters.items()
        ),
        said=tuple(said),
    )


def default_value(feature: Feature, draw: random.Random) -> Any:
    """A value for a feature of somebody of whom nothing else is known, out of its schema."""
    schema = feature.value_schema
    if feature.kind == "implicit":
        return f"{_about(feature)} {draw.choice(_DEGREES)}"
    if not feature.path:
        return f"A {draw.choice(_TEMPERS)} {draw.choice(_WORK)}, {draw.randrange(19, 80)} years old"
    if feature.name in BY_NAME:
        return BY_NAME[feature.name].draw(draw)
    return _fitting(schema, draw) if schema else f"A {draw.choice(_TEMPERS)} {draw.choice(_WORK)}"


def _about(feature: Feature) -> str:
    words = re.sub(r"_(?:sensitivity|importance|preference|preferences)$", "", feature.name).replace("_", " ")
    return words[:1].upper() + words[1:]


def _fitting(schema: Mapping[str, Any], draw: random.Random) -> Any:
    """A value that a schema allows, as far as its usual keywords say."""
    if schema.get("enum"):
        return draw.choice(list(schema["enum"]))
    low = int(schema.get("minimum", 1))
    high = max(low, int(schema.get("maximum", low + 99)))
    match schema.get("type"):
        case "boolean":
            return draw.random() < 0.5
        case "integer":
            return draw.randint(low, high)
        case "number":
            return float(draw.randint(low, high))
        case "array":
            return [_fitting(schema.get("items", {}), draw)]
        case "object":
            return {key: _fitting(part, draw) for key, part in schema.get("properties", {}).items()}
    return _fitting_text(str(schema.get("format", "")), schema, draw)


def _fitting_text(form: str, schema: Mapping[str, Any], draw: random.Random) -> str:
    day = f"{draw.randint(1950, 2006)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
    clock = f"{draw.randint(8, 20):02}:{draw.choice((0, 15, 30, 45)):02}"
    texts = {
        "email": BY_NAME["email"].draw(draw),
        "date": day,
        "time": clock,
        "date-time": f"{day}T{clock}:00",
    }
    text = texts.get(form) or f"{draw.choice(_TEMPERS)} {draw.randint(10, 99)}"
    return text[: schema.get("maxLength", len(text))]
