"""The user asks: puts a drawn task into words, or under a free plan thinks one up (§4.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ....errors import UnknownPartError, names
from ....records import Intent, Phrase, Query
from ..kit_schema import ParameterScript
from ..role_request import Part
from ..speech import Said, Wanted


def user(part: Part) -> Query:
    """Write the request for the task in the prompt."""
    task = part.view("task")
    place = part.place(part.view("platform")["name"])
    calls = task["calls"] or _free_calls(part, place)
    wanted = [_wanted(part, call, place) for call in calls]
    text, said = part.speech.write(
        wanted, task["context"]["name"], part.rng, _taken(part.view("profile.basic"))
    )
    intents = tuple(
        _intent(call["api"], _parameters(part, one.capability), place, what)
        for call, one, what in zip(calls, wanted, said, strict=True)
    )
    query = Query(text=text, intents=intents)
    return _slip(part, query, calls) if part.rng.random() < part.slips else query


def _wanted(part: Part, call: Mapping[str, Any], place: int) -> Wanted:
    capability = _capability(part, call["api"], place)
    parameters = _parameters(part, capability)
    own = {part.kit.parameter_name(p, place): name for name, p in parameters.items()}
    asked = tuple(own[name] for name in call["known"] if not parameters[own[name]].required)
    return Wanted(capability, tuple(own[name] for name in call["stated"]), asked)


def _capability(part: Part, api: str, place: int) -> str:
    for name, capability in part.kit.capabilities.items():
        if capability.apis[place] == api:
            return name
    known = names((c.apis[place] for c in part.kit.capabilities.values()), api)
    raise UnknownPartError(
        f"scenario {part.scenario!r}: the scripted model does not know API {api!r}; it knows {known}"
    )


def _parameters(part: Part, capability: str) -> Mapping[str, ParameterScript]:
    return part.kit.capabilities[capability].parameters


def _intent(api: str, parameters: Mapping[str, ParameterScript], place: int, said: Said) -> Intent:
    def own(name: str) -> str:
        names_ = parameters[name].names
        return names_ if isinstance(names_, str) else names_[place]

    return Intent(
        api=api,
        stated={own(name): value for name, value in said.values.items()},
        phrases=tuple(Phrase(parameter=own(name), words=words) for name, words in said.words.items()),
    )


def _taken(basic: Mapping[str, Any]) -> Callable[[str], bool]:
    """Refuse words that would give a profile value away."""
    values = {text.casefold() for text in _texts(list(basic.values()))}
    long = tuple(value for value in values if len(value) >= 4)
    return lambda words: words.casefold() in values or any(value in words.casefold() for value in long)


def _texts(values: list[Any]) -> list[str]:
    found: list[str] = []
    for value in values:
        if isinstance(value, dict):
            found += _texts(list(value.values()))
        elif isinstance(value, list):
            found += _texts(value)
        elif not isinstance(value, bool):
            found.append(str(value))
    return found


def _free_calls(part: Part, place: int) -> list[dict[str, Any]]:
    """One or two needs of the user's own: what to state and what to leave to the profile."""
    offered = [tool["function"]["name"] for tool in part.view("task.apis")]
    basic = part.view("profile.basic")
    count = 2 if len(offered) > 1 and part.rng.random() < 0.2 else 1
    return [_free_call(part, api, place, basic) for api in part.rng.sample(offered, count)]


def _free_call(part: Part, api: str, place: int, basic: Mapping[str, Any]) -> dict[str, Any]:
    stated: list[str] = []
    known: dict[str, str] = {}
    left: dict[str, str] = {}
    for parameter in _parameters(part, _capability(part, api, place)).values():
        name = part.kit.parameter_name(parameter, place)
        wanted = parameter.required or part.rng.random() < 0.5
        if parameter.feature in basic:
            (known if wanted else left)[name] = str(parameter.feature)
        elif wanted and not parameter.feature:
            stated.append(name)
    if left and not known:  # somebody who wants nothing of the profile is not asking personally
        name = part.rng.choice(list(left))
        known[name] = left[name]
    return {"api": api, "stated": stated, "known": known}


def _slip(part: Part, query: Query, calls: Sequence[Mapping[str, Any]]) -> Query:
    """One human slip: telling what was to be left out, or naming the place."""
    known = [feature for call in calls for feature in call["known"].values()]
    told = _texts([part.view("profile.basic").get(feature) for feature in known])
    if told and part.rng.random() < 0.7:
        return query.model_copy(
            update={"text": f"{query.text} That is {part.rng.choice(told)}, as you know."}
        )
    return query.model_copy(update={"text": f"{query.text} I mean on {part.view('platform')['name']}."})
