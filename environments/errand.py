"""What somebody who sees nothing of the profile needs to phrase a task's request (§4.3, guided plans).

An errand holds the kind of need and, for every call, what it does and what has to be said. What a model would
choose badly is drawn by seeded code: options, yes and no, dates and times; everything else is the model's to
think up. What the profile fills is not in it, so it cannot leak.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Mapping
from typing import Any

from ..agents.phrasing import is_sentence, telling_parameters
from ..errors import ConfigError
from ..models.seeds import derive
from ..records import Task, TaskCall
from ..texts.similar_words import telling_words
from .world import Tool, World

FIRST_DAY, DAYS = dt.date(2027, 1, 11), 300
"""Days that are drawn: from the first one on, so many."""
LONGEST_WORDS, LONGEST_SENTENCE = 40, 100
"""Characters of a text that is thought up for one parameter: of a name for something, of a whole sentence."""
MOST_ITEMS = 3
"""Items of a list that is thought up."""

_KEPT = ("type", "description", "enum", "format", "minimum", "maximum", "minItems", "maxItems", "pattern")
_MANNERS = (
    "brief and plain",
    "polite",
    "in a hurry",
    "friendly",
    "matter-of-fact",
    "casual",
    "careful and precise",
)
"""How people write; each person has one."""


def errand(world: World, task: Task) -> dict[str, Any]:
    """View `errand`: the need, what to say for every call, and whether a purpose has to tell the need.

    Raises:
        ConfigError: the plan is free, so there is no errand to phrase.
    """
    if task.plan != "guided":
        raise ConfigError("task.plan: got 'free', but this user role phrases what was drawn; use roles=paper")
    rng = random.Random(derive(world.seed, "errand", task.id))
    need = _need(world, task.context)
    jobs = [_job(world.tools[task.platform, call.api], call, need["name"], rng) for call in task.calls]
    return {
        "need": need,
        "manner": _MANNERS[derive(world.seed, "manner", task.user_id) % len(_MANNERS)],
        "jobs": jobs,
        "purpose": not any(telling_parameters(job["say"]) for job in jobs),
    }


def errand_mentions(world: World, task: Task) -> list[list[str]]:
    """View `errand.mentions`: for every call, the features the request has to allude to, in plain words."""
    return [
        [
            feature.replace("_", " ")
            for parameter, feature in call.known.items()
            if parameter not in world.tools[task.platform, call.api].required
        ]
        for call in task.calls
    ]


def errand_options(world: World, task: Task) -> list[dict[str, list[str]]]:
    """View `errand.options`: for every call, the options of each parameter that has some."""
    return [
        {
            parameter: [option for option in schema["enum"] if isinstance(option, str)]
            for parameter in call.stated
            if (schema := world.tools[task.platform, call.api].properties[parameter]).get("enum")
        }
        for call in task.calls
    ]


def _need(world: World, name: str) -> dict[str, str]:
    description = next((c.description for c in world.scenario.contexts if c.name == name), "")
    return {"name": name.replace("_", " "), "description": description, "context": name}


def _job(tool: Tool, call: TaskCall, need: str, rng: random.Random) -> dict[str, Any]:
    said = {name: tool.properties[name] for name in call.stated}
    drawn = {name: _draw(schema, need, rng) for name, schema in said.items()}
    drawn = _in_order(drawn, tool.api.ordered())
    say = {
        name: _shape(schema) if drawn[name] is None else {"const": drawn[name]}
        for name, schema in said.items()
    }
    return {"api": call.api, "job": tool.api.description, "say": say}


def _draw(schema: Mapping[str, Any], need: str, rng: random.Random) -> Any:
    """A value where code draws a better one than a model; None: the model thinks it up.

    An option that names the kind of need is drawn before one that names another.
    """
    if "const" in schema:
        return schema["const"]
    if options := list(schema.get("enum") or ()):
        named = [option for option in options if telling_words(str(option)) & telling_words(need)]
        return rng.choice(named or options)
    if schema.get("type") == "boolean":
        return rng.random() < 0.75  # people ask for things more often than against them
    if schema.get("format") == "date":
        return (FIRST_DAY + dt.timedelta(days=rng.randrange(DAYS))).isoformat()
    if schema.get("format") == "time":
        return f"{rng.randrange(7, 22):02}:{rng.choice((0, 15, 30, 45)):02}"
    return None


def _in_order(drawn: Mapping[str, Any], pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The drawn values, each pair the API wants in order in that order."""
    ordered = dict(drawn)
    for first, second in pairs:
        earlier, later = ordered.get(first), ordered.get(second)
        if isinstance(earlier, str) and isinstance(later, str) and earlier > later:
            ordered[first], ordered[second] = later, earlier
    return ordered


def _shape(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What a model is told of a value it thinks up, in the keywords that every grammar knows."""
    shape = {key: schema[key] for key in _KEPT if key in schema and not isinstance(schema[key], list)}
    if isinstance(schema.get("enum"), list):
        shape["enum"] = schema["enum"]
    match shape.get("type"):
        case "string":
            longest = LONGEST_SENTENCE if is_sentence(schema) else LONGEST_WORDS
            shape |= {"minLength": 2, "maxLength": longest} if "format" not in shape else {}
        case "array":
            most = min(MOST_ITEMS, schema.get("maxItems", MOST_ITEMS))
            shape |= {"items": _shape(schema.get("items") or {"type": "string"}), "maxItems": most}
            shape["minItems"] = min(max(1, schema.get("minItems", 1)), most)
        case "object":
            parts = schema.get("properties") or {}
            shape |= {
                "properties": {name: _shape(part) for name, part in parts.items()},
                "required": list(parts),
                "additionalProperties": False,
            }
    return shape
