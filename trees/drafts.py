"""From what a designer invents to platforms and APIs; names, schemas and standings are code's (§4.1).

A designer may answer whole platforms and APIs, or drafts of them: what platforms differ in, what a function
does, what is said when asking for it and which personal facts it needs. Everything that follows from that is
settled here, the same way every time: no platform is best at everything, rivals have the same functions
under names of their own, and every function needs something that only a profile knows. What a draft got wrong
is mended and counted. It knows no role and no graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..records import (
    Api,
    ApiDraft,
    Characteristic,
    Context,
    Dimension,
    Expansion,
    PersonalFact,
    Platform,
    SaidParameter,
)
from .defaults import default_dimension, default_drafts, default_world, same_to_customers
from .naming import camel_case, name_words, snake_case, styled, take_unique, without_names
from .needs import is_of_the_service, needs_of, served_needs
from .personal_facts import BY_NAME, choose_fact, recognise
from .retry import Mended
from .said_parameters import is_customers, sorted_parameters
from .schemas import MAX_TEXT, Schema

MOST_FACTS = 4
"""Personal facts of a scenario's own."""
_MOST_SAID, _MOST_PERSONAL = 3, 2
_MOST_OPTIONS = 6
_JSON_TYPES = frozenset(("string", "integer", "number", "boolean", "array", "object", "null"))
"""What a model writes in the place of a name that it does not find."""
_TYPES: Mapping[str, Schema] = {
    "text": {"type": "string"},
    "integer": {"type": "integer", "minimum": 1},
    "number": {"type": "number", "minimum": 0},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"},
    "boolean": {"type": "boolean"},
}


def complete_scenario(
    answer: Expansion, name: str, description: str, count: int, mended: Mended
) -> Expansion:
    """Write out a scenario's platforms; an answer that holds platforms is left as it is.

    Platform i stands on dimension d as its text number i + d says, so each is best at something else.

    Args: name, description: the scenario's; count: platforms wanted.
    """
    if answer.platforms or not answer.dimensions:
        return answer
    dimensions = tuple(_dimensions(answer.dimensions, count, mended))
    spare = default_world(name, description, count)
    platforms = tuple(
        Platform(
            name=platform,
            characteristics=tuple(
                Characteristic(name=dimension.name, text=_standings(dimension)[(place + number) % count])
                for number, dimension in enumerate(dimensions or spare.dimensions)
            ),
        )
        for place, platform in enumerate(_platform_names(answer.names, spare.names, mended))
    )
    drafted = needs_of(answer.answers, name, mended) if answer.answers else answer.contexts
    contexts = tuple(_contexts(drafted, spare.contexts, name, mended))
    facts = tuple(_facts(answer.facts, name, mended))
    return Expansion(
        contexts=contexts, platforms=platforms, names=answer.names, dimensions=dimensions, facts=facts
    )


def _dimensions(drafts: Iterable[Dimension], count: int, mended: Mended) -> Iterator[Dimension]:
    taken: set[str] = set()
    for draft in drafts:
        name = snake_case(draft.name, "quality")
        if name in taken:
            mended["duplicate"] += 1
            continue
        taken.add(name)
        texts = {_plain_text(text): None for text in (draft.best, *draft.between, draft.worst)}
        texts.pop("", None)
        if len(texts) == count:
            yield _dimension(name, list(texts))
        else:
            mended["standings"] += 1
            yield default_dimension(name, count)


def _dimension(name: str, texts: Sequence[str]) -> Dimension:
    return Dimension(name=name, best=texts[0], between=tuple(texts[1:-1]), worst=texts[-1])


def _plain_text(text: str) -> str:
    return " ".join(text.split())[:MAX_TEXT]


def _platform_names(names: Sequence[str], spare: Sequence[str], mended: Mended) -> list[str]:
    taken: list[str] = []
    for name in names:
        clean = camel_case(name)
        if clean and clean.lower() not in (other.lower() for other in taken):
            taken.append(clean)
    count = len(spare)
    if len(taken) != count:
        mended["platform_names"] += 1
    more = (name for name in spare if name not in taken)
    return [*taken, *more][:count]


def _contexts(
    drafts: Sequence[Context], spare: Sequence[Context], scenario: str, mended: Mended
) -> Iterable[Context]:
    """The kinds of need that are drafted; one that is the scenario again sets nothing apart."""
    contexts: dict[str, Context] = {}
    for draft in drafts:
        name = snake_case(draft.name, "need")
        mended["duplicate"] += name in contexts or name == scenario
        if name == scenario:
            continue
        contexts.setdefault(
            name, Context(name=name, description=draft.description.strip()[:MAX_TEXT] or name)
        )
    if len(contexts) < 2:
        mended["contexts"] += 1
        contexts |= {context.name: context for context in spare}
    return contexts.values()


def _facts(drafts: Iterable[PersonalFact], scenario: str, mended: Mended) -> Iterable[PersonalFact]:
    """The facts that are none of the standard ones, at most a few.

    What somebody has or does there ('shopping_bag', 'order_frequency') is of the service, and no fact.
    """
    taken: set[str] = set()
    for draft in list(drafts)[:MOST_FACTS]:
        name = snake_case(draft.name, "fact")
        if name in taken or recognise(name):
            mended["duplicate"] += 1
            continue
        if is_of_the_service(name, scenario):
            mended["of_every_service"] += 1
            continue
        taken.add(name)
        yield PersonalFact(
            about=draft.about,
            name=name,
            description=draft.description.strip()[:MAX_TEXT] or f"The person's {name.replace('_', ' ')}.",
            options=_options(draft.options),
        )


def _options(options: Iterable[str]) -> tuple[str, ...]:
    """Distinct values; none where there are not two."""
    distinct = {option.strip().lower(): option.strip()[:40] for option in options if option.strip()}
    return tuple(distinct.values())[:_MOST_OPTIONS] if len(distinct) > 1 else ()


def _standings(dimension: Dimension) -> tuple[str, ...]:
    return (dimension.best, *dimension.between, dimension.worst)


def complete_apis(
    answer: Expansion,
    category: str,
    quota: int,
    own: Sequence[Api],
    rivals: Sequence[Api],
    facts: Sequence[PersonalFact],
    needs: Sequence[str],
    place: int,
    platforms: Sequence[str],
    mended: Mended,
) -> Expansion:
    """Write out the APIs of drafts; an answer that holds APIs is left as it is.

    What a function does is told without a platform's name, which its users would repeat.

    Args:
        category: name of the node they hang below.
        quota: how many.
        own: APIs the platform has already.
        rivals: APIs of an earlier platform that it has no counterpart of yet, in this category first.
        facts: the scenario's own.
        needs: names of the scenario's kinds of need.
        place: of the platform in its scenario, from 0; decides the style of its names.
        platforms: names of the scenario's platforms.
    """
    if answer.apis or not (answer.drafts or answer.twins):
        return answer
    names, capabilities = {api.name for api in own}, {api.capability for api in own}
    apis = [
        _twin(rival, answer.twins.get(rival.capability), place, names, mended) for rival in rivals[:quota]
    ]
    drafts = list(_new_functions(answer.drafts, capabilities, mended))
    missing = quota - len(apis) - len(drafts)
    if missing > 0:
        mended["missing"] += missing
        drafts += default_drafts(category, missing, capabilities | {draft.capability for draft in drafts})
    for draft in drafts[: quota - len(apis)]:
        number = len(own) + len(apis)
        apis.append(_api(draft, category, number, place, facts, needs, names, capabilities, mended))
    return Expansion(apis=tuple(_without_platforms(api, platforms, mended) for api in apis))


def _without_platforms(api: Api, platforms: Sequence[str], mended: Mended) -> Api:
    """The API with no platform's name in a description."""

    def told(text: str, instead: str) -> str:
        bare = without_names(text, platforms)
        mended["platform_named"] += bare != text
        return bare if name_words(bare) else instead

    properties = {
        name: {**schema, "description": told(str(schema["description"]), name.replace("_", " "))}
        if "description" in schema
        else schema
        for name, schema in api.properties().items()
    }
    words = api.capability.replace("_", " ")
    return api.model_copy(
        update={
            "description": told(api.description, f"Lets a person {words}."),
            "parameters": {**api.parameters, "properties": properties},
        }
    )


def _new_functions(
    drafts: Iterable[ApiDraft], capabilities: Iterable[str], mended: Mended
) -> Iterator[ApiDraft]:
    """The drafts of what no function of the platform does yet; to search and to find is the same."""
    names = list(capabilities)
    for draft in drafts:
        name = snake_case(draft.capability, "")
        if name and not is_customers(draft):
            mended["not_a_customers"] += 1
        elif (
            name
            and not same_to_customers(name, names)
            and _without_number(name) not in map(_without_number, names)
        ):
            names.append(name)
            yield draft
        else:
            mended["duplicate"] += 1


def _without_number(capability: str) -> tuple[str, ...]:
    return tuple(word.rstrip("s") for word in name_words(capability))


def _twin(rival: Api, words: Any, place: int, names: set[str], mended: Mended) -> Api:
    """The same function on another platform, called as that platform calls it."""
    words = words if isinstance(words, dict) else {}
    name = snake_case(str(words.get("name", "")), "")
    if not name or name in names or name.replace("_", "") == rival.name.lower().replace("_", ""):
        mended["names"] += 1
        name = rival.capability
    own_names = words.get("parameters")
    own_names = own_names if isinstance(own_names, dict) else {}
    renamed: dict[str, str] = {}
    for parameter in rival.properties():
        fact = _fact_of(rival, parameter)
        if fact:
            own = (
                BY_NAME[fact].names[place % len(BY_NAME[fact].names)]
                if fact in BY_NAME
                else styled(fact, place)
            )
        else:
            other = snake_case(str(own_names.get(parameter, "")), parameter)
            mended["names"] += other in _JSON_TYPES
            own = styled(parameter if other in _JSON_TYPES else other, place)
        if own in renamed.values():
            mended["names"] += 1
            own = take_unique(styled(parameter, place), "value", set(renamed.values()))
        renamed[parameter] = own
    schema = {
        key: part for key, part in rival.parameters.items() if key != "x-ordered"
    }  # names the old names
    description = str(words.get("description") or "").strip()[:MAX_TEXT] or rival.description
    return Api(
        name=take_unique(styled(name, place), "more", names),
        description=description,
        capability=rival.capability,
        parameters={
            **schema,
            "properties": {renamed[key]: part for key, part in rival.properties().items()},
            "required": [renamed[key] for key in schema.get("required", ()) if key in renamed],  # type: ignore[union-attr]
        },
        response=rival.response,
    )


def _fact_of(api: Api, parameter: str) -> str:
    return str(api.properties()[parameter].get("x-fact") or "")


def _api(
    draft: ApiDraft,
    category: str,
    number: int,
    place: int,
    facts: Sequence[PersonalFact],
    needs: Sequence[str],
    names: set[str],
    capabilities: set[str],
    mended: Mended,
) -> Api:
    capability = take_unique(snake_case(draft.capability, "do"), category, capabilities)
    description = draft.description.strip()[:MAX_TEXT] or f"Lets a person {capability.replace('_', ' ')}."
    said, personal = sorted_parameters(draft, facts, needs, mended)
    if not personal:
        mended["personal"] += 1
        personal = [choose_fact(f"{capability} {description}", number).name]
    properties: dict[str, Schema] = {styled(p.name, place): _said_schema(p) for p in said[:_MOST_SAID]}
    required = list(properties)[:1]
    for fact in personal[:_MOST_PERSONAL]:
        schema = _fact_schema(fact, facts)
        name = (
            BY_NAME[fact].names[place % len(BY_NAME[fact].names)] if fact in BY_NAME else styled(fact, place)
        )
        properties[name] = schema
        required.append(name)
    returns = draft.returns.strip()[:MAX_TEXT] or "What came of it."
    return Api(
        name=take_unique(styled(capability, place), category, names),
        description=description,
        capability=capability,
        parameters={
            "type": "object",
            "properties": properties,  # type: ignore[dict-item]
            "required": required,  # type: ignore[dict-item]
            "additionalProperties": False,
            **({"x-contexts": served} if (served := served_needs(capability, needs)) else {}),  # type: ignore[dict-item]
        },
        response={
            "type": "object",
            "properties": {"result": {"type": "string", "description": returns}},
            "required": ["result"],
        },
    )


def _said_schema(parameter: SaidParameter) -> Schema:
    options = _options(parameter.options)
    choice = {"type": "string", "enum": list(options)} if options else _TYPES["text"]
    schema = choice if parameter.type == "choice" else _TYPES[parameter.type]
    description = parameter.description.strip()[:MAX_TEXT] or parameter.name.replace("_", " ")
    return {**schema, "description": description, "x-origin": "query"}


def _fact_schema(name: str, facts: Sequence[PersonalFact]) -> Schema:
    if name in BY_NAME:
        schema, description = BY_NAME[name].schema, BY_NAME[name].description
    else:
        fact = next(fact for fact in facts if fact.name == name)
        schema = {"type": "string", **({"enum": list(fact.options)} if fact.options else {"maxLength": 60})}
        description = fact.description
    return {**schema, "description": description, "x-origin": "profile", "x-fact": name}
