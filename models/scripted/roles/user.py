"""The user: prefers platforms, acts on them (§4.2), and asks an assistant for something (§4.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from ....errors import UnknownPartError, names
from ....records import Actions, Choice, Intent, Phrase, Preference, Preferences, Query
from ..kit_schema import CapabilitySpec
from ..language import CallPlan, RealisedCall
from ..people import draw_until
from ..preferences import preferred_platform
from ..role_request import RoleRequest


def chooser(request: RoleRequest) -> Preferences | Choice:
    """Name the preferred platform for every kind of need, or for the one that is asked (Definition 3.1)."""
    if request.has("options"):
        return _choose_platform(request)
    kit, implicit, platforms = request.kit, request.view("profile.implicit"), request.platforms()
    contexts = [context["name"] for context in request.view("contexts")]
    return Preferences(
        preferences=tuple(
            Preference(context=name, platform=preferred_platform(kit, implicit, name, platforms))
            for name in contexts
        )
    )


def _choose_platform(request: RoleRequest) -> Choice:
    """The letter of the platform that is preferred for one kind of need."""
    offered = {entry["option"].partition(" (")[0]: entry["letter"] for entry in request.view("options")}
    platforms = sorted(offered, key=request.platform_index)  # whatever the order they are shown in
    implicit, need = request.view("profile.implicit"), request.view("need")["name"]
    return Choice(letter=offered[preferred_platform(request.kit, implicit, need, platforms)])


def actor(request: RoleRequest) -> Actions:
    """Do something on every planned visit, never the same twice, or on the one that is asked for."""
    if request.has("visit"):
        need = request.view("visit")["need"]["name"]
        return Actions(actions=(request.language.realise_action(need, request.rng),))
    actions: list[str] = []
    conflicts = request.kit.conflicts_with(request.view("profile.basic"))
    for visit in request.view("visits"):
        context = visit["context"]["name"]
        draw = partial(request.language.realise_action, context, request.rng)
        actions.append(draw_until(draw, lambda action: action not in actions and not conflicts(action)))
    return Actions(actions=tuple(actions))


def user(request: RoleRequest) -> Query:
    """Write the request for the task in the prompt; under a free plan think up what to ask for."""
    if request.has("errand"):
        return _phrase_errand(request)
    task = request.view("task")
    index = request.platform_index(request.view("platform")["name"])
    calls = task["calls"] or _free_calls(request, index)
    plans = [_plan(request, call, index) for call in calls]
    basic = request.view("profile.basic")
    gives_away, conflicts = _gives_away(basic), request.kit.conflicts_with(basic)
    realised = request.language.realise(
        plans, task["context"]["name"], request.rng, lambda words: gives_away(words) or conflicts(words)
    )
    intents = tuple(
        _intent(call["api"], request.kit.capabilities[plan.capability], index, realised_call)
        for call, plan, realised_call in zip(calls, plans, realised.calls, strict=True)
    )
    query = Query(text=realised.text, intents=intents, need=realised.need)
    return _with_mistake(request, query, calls) if request.rng.random() < request.slips else query


def _phrase_errand(request: RoleRequest) -> Query:
    """Phrase what an errand says; of the person nothing is known, and code adds what the profile fills."""
    errand = request.view("errand")
    calls = [{"api": job["api"], "stated": list(job["say"]), "known": {}} for job in errand["jobs"]]
    index = _index_of(request, calls)
    plans = [_plan(request, call, index) for call in calls]
    realised = request.language.realise(plans, errand["need"]["context"], request.rng, lambda _: False)
    intents = tuple(
        _intent(call["api"], request.kit.capabilities[plan.capability], index, realised_call)
        for call, plan, realised_call in zip(calls, plans, realised.calls, strict=True)
    )
    return Query(text=realised.text, intents=intents, need=realised.need)


def _index_of(request: RoleRequest, calls: Sequence[Mapping[str, Any]]) -> int:
    """Position of the platform that has these APIs, with these parameters: an errand does not name it."""
    for index in range(len(request.kit.platforms)):
        there = {capability.apis[index]: capability for capability in request.kit.capabilities.values()}
        if all(
            call["api"] in there and {*call["stated"]} <= {*there[call["api"]].names_on(index).values()}
            for call in calls
        ):
            return index
    api = calls[0]["api"]
    known = names(_apis(request, 0), api)
    raise UnknownPartError(
        f"scenario {request.scenario!r}: the scripted model does not know API {api!r}; it knows {known}"
    )


def _apis(request: RoleRequest, index: int) -> list[str]:
    """The APIs that the platform with that index has."""
    return [name for each in request.kit.capabilities.values() if (name := each.apis[index]) is not None]


def _free_calls(request: RoleRequest, index: int) -> list[dict[str, Any]]:
    """One or two needs of the user's own: what to state and what to leave to the profile."""
    offered = [tool["function"]["name"] for tool in request.view("task.apis")]
    basic = request.view("profile.basic")
    count = 2 if len(offered) > 1 and request.rng.random() < 0.2 else 1
    return [_free_call(request, api, index, basic) for api in request.rng.sample(offered, count)]


def _free_call(request: RoleRequest, api: str, index: int, basic: Mapping[str, Any]) -> dict[str, Any]:
    stated: list[str] = []
    known: dict[str, str] = {}
    left_out: dict[str, str] = {}
    capability = request.kit.capabilities[_capability(request, api, index)]
    for key, name in capability.names_on(index).items():
        parameter = capability.parameters[key]
        wanted = parameter.required_on(index) or request.rng.random() < 0.5
        if parameter.feature in basic:
            (known if wanted else left_out)[name] = str(parameter.feature)
        elif wanted and not parameter.feature:
            stated.append(name)
    if left_out and not known:  # somebody who wants nothing of the profile is not asking personally
        name = request.rng.choice(list(left_out))
        known[name] = left_out[name]
    return {"api": api, "stated": stated, "known": known}


def _plan(request: RoleRequest, call: Mapping[str, Any], index: int) -> CallPlan:
    """A call of the task in canonical names."""
    capability = _capability(request, call["api"], index)
    spec = request.kit.capabilities[capability]
    canonical = {name: key for key, name in spec.names_on(index).items()}
    mentioned = tuple(
        canonical[name] for name in call["known"] if not spec.parameters[canonical[name]].required_on(index)
    )
    return CallPlan(capability, tuple(canonical[name] for name in call["stated"]), mentioned)


def _capability(request: RoleRequest, api: str, index: int) -> str:
    """The capability behind an API of the platform with that index."""
    for name, capability in request.kit.capabilities.items():
        if capability.apis[index] == api:
            return name
    known = names(_apis(request, index), api)
    raise UnknownPartError(
        f"scenario {request.scenario!r}: the scripted model does not know API {api!r}; it knows {known}"
    )


def _intent(api: str, capability: CapabilitySpec, index: int, call: RealisedCall) -> Intent:
    """What the request states about one call, in the platform's own names."""
    own = capability.names_on(index)
    return Intent(
        api=api,
        stated={own[key]: value for key, value in call.values.items()},
        phrases=tuple(Phrase(parameter=own[key], words=words) for key, words in call.wordings.items()),
    )


def _gives_away(basic: Mapping[str, Any]) -> Callable[[str], bool]:
    """Whether some words would give a profile value away."""
    values = {text.casefold() for text in _leaf_texts(basic.values())}
    long = tuple(value for value in values if len(value) >= 4)
    return lambda words: words.casefold() in values or any(value in words.casefold() for value in long)


def _leaf_texts(values: Iterable[Any]) -> list[str]:
    """The texts and numbers inside of nested values, as texts."""
    texts: list[str] = []
    for value in values:
        if isinstance(value, dict):
            texts += _leaf_texts(value.values())
        elif isinstance(value, list):
            texts += _leaf_texts(value)
        elif not isinstance(value, bool):
            texts.append(str(value))
    return texts


def _with_mistake(request: RoleRequest, query: Query, calls: Sequence[Mapping[str, Any]]) -> Query:
    """The query with a human slip: it tells what was to be left out, or names the platform."""
    features = [feature for call in calls for feature in call["known"].values()]
    texts = _leaf_texts(request.view("profile.basic").get(feature) for feature in features)
    if texts and request.rng.random() < 0.7:
        slip = f"That is {request.rng.choice(texts)}, as you know."
    else:
        slip = f"I mean on {request.view('platform')['name']}."
    return query.model_copy(update={"text": f"{query.text} {slip}"})
