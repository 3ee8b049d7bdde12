"""The form of what a model answers for one call: values first, then the text that says them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from pydantic import model_validator

from ...records import Query
from ...texts.allusions import with_allusions
from ...texts.similar_words import near, words_of
from .asides import check_asks, only_the_job
from .left_out import with_left_out
from .small_faults import asked_directly, customers_words, mended_wording
from .spoken_words import NEARLY, name_words, spoken_words, value_words, whole_thing
from .thought_up_values import (
    bare_name,
    check_no_count,
    check_no_description,
    checked_values,
    is_sentence,
    name_of_something,
    telling_parameters,
    value_shape,
    with_one_thing,
    with_two_things,
)

LONGEST_REQUEST = 420
"""Characters of the text a model writes."""
_JOB = "job_1"
"""Key of a call's values in an answer."""
_ASSISTANT_SPEAKS = re.compile(
    r"\A\W*here (?:is|are)\b|(?:\A|[.!?] )\W*I(?:'ll| will| can) (?:check|look|search|find|help|let you)\b"
    r"|\b(?:I (?:can|could|will|may)|(?:can|could|may) I) (?:deliver|ship|supply|offer|provide|recommend)\b"
    r"|\bwe (?:offer|sell|deliver|ship|stock|carry|provide|recommend)\b"
    r"|\bhow (?:can|may) I (?:help|assist)\b|\bwould you like\b"
    r"|\bour (?:\w+ )?(?:store|shop|market|marketplace|catalogue|catalog|website|site|platform|customers)\b"
    r"|\byour (?:\w+ )?(?:address|code|postcode|city|country|name|number|e-?mail|phone|language|currency)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=64)
def phrased_query(errand_text: str, mentions_text: str, options_text: str) -> type[Query]:
    """The form for an errand of one call: the values first, then the text that says them."""
    errand, mentions, options = map(orjson.loads, (errand_text, mentions_text, options_text))
    [job] = errand["jobs"]
    fields: dict[str, Any] = {}
    if job["say"]:
        taken = job.get("taken", "")
        values = _object({name: value_shape(name, schema, taken) for name, schema in job["say"].items()})
        fields["values"] = _object({_JOB: values})
    if errand["purpose"]:
        fields["purpose"] = {"type": "string", "minLength": 3, "maxLength": 60}
    fields["text"] = {"type": "string", "minLength": 8, "maxLength": LONGEST_REQUEST}

    class Phrased(Query):
        """A query put together from what a model phrased."""

        @model_validator(mode="before")
        @classmethod
        def _from_values(cls, said: Any) -> Any:
            if not isinstance(said, dict) or "intents" not in said:
                try:
                    said = _composed(said if isinstance(said, dict) else {}, errand, mentions[0], options[0])
                except RecursionError:
                    raise ValueError("`values` are nested too deeply") from None
            if isinstance(said.get("text"), str):
                said = {**said, "text": with_allusions(said["text"], mentions)}
            return said

        @classmethod
        def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
            del args, options
            return _object(fields)

    Phrased.__name__ = Phrased.__qualname__ = Query.__name__
    return Phrased


def _composed(
    said: Mapping[str, Any],
    errand: Mapping[str, Any],
    mentions: Sequence[str],
    options: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """The query that values and text make; raises ValueError for the first thing the text does not say."""
    text = said.get("text")
    text = customers_words(" ".join(text.split())) if isinstance(text, str) else ""
    if not text:
        raise ValueError("`text` is missing; write what the customer says")
    if len(text) > LONGEST_REQUEST:
        raise ValueError(
            f"`text` has {len(text)} characters, expected at most {LONGEST_REQUEST}; write one or two"
        )
    if match := _ASSISTANT_SPEAKS.search(text):
        raise ValueError(
            f"{match[0]!r} is what an assistant says; write what the customer says to the assistant"
        )
    [job] = errand["jobs"]
    given = said.get("values")
    values = given.get(_JOB) if isinstance(given, dict) else None
    values, text = with_two_things(values if isinstance(values, dict) else {}, job["say"], text)
    values, text = with_one_thing(values, job["say"], errand["need"]["name"], text)
    values = checked_values(values, job["say"], errand["need"])
    for name in (errand["need"].get("context"), *(schema.get("const") for schema in job["say"].values())):
        if isinstance(name, str) and "_" in name:
            text = text.replace(name, value_words(name))
    purposes = [_purpose(said)] if errand["purpose"] else []
    does = (name_words(job["api"]), job["job"])
    text = asked_directly(mended_wording(text, values), does)
    to_say = (*purposes, *_as_words(values))
    telling = telling_parameters(job["say"])
    things = (job["say"][name].get("description", "") for name in telling)
    more = (
        f"{name_words(name)} {job['say'][name].get('description', '')}"
        for name in job["say"]
        if name not in telling
    )
    text = only_the_job(text, to_say, (*does, *things), (*more, *mentions))
    if not any(is_sentence(schema) for schema in job["say"].values()):
        check_asks(text, to_say, does)
    text = with_left_out(values, job["say"], options, text)
    spoken = {name: spoken_words(name, values[name], job["say"][name], text) for name in job["say"]}
    for schema in job["say"].values():
        check_no_count(schema.get("description", ""), text)
    for name in telling:
        value, words = spoken[name]
        if isinstance(value, str) and not is_sentence(job["say"][name]):
            name_of_something(value)  # what the text made of a value may describe again
            if value.casefold() == words.casefold() and (bare := bare_name(words)) != words:
                value = words = bare
            check_no_description(job["say"][name].get("description", ""), text)
            spoken[name] = whole_thing(value, words, text, job["say"][name].get("maxLength", 0))
    _check_apart(spoken, telling)
    intent = {
        "api": job["api"],
        "stated": {name: value for name, (value, _) in spoken.items()},
        "phrases": [{"parameter": name, "words": words} for name, (_, words) in spoken.items()],
    }
    need = [spoken[name][1] for name in telling]
    for purpose in purposes:
        if not (words := near(purpose, text, NEARLY)):
            raise ValueError(f"the text does not say the purpose {purpose[:60]!r}; write it in the text")
        need.insert(0, words)
    return {"text": text, "intents": [intent], "need": need[0] if need else ""}


def _check_apart(spoken: Mapping[str, tuple[Any, str]], telling: Sequence[str]) -> None:
    """Raise ValueError where a thing's own words say a number: the 2 of 'a pair of socks'."""
    things = [spoken[name][1] for name in telling]
    for name, (value, words) in spoken.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not words.isalpha() or value == 1:
            continue
        for thing in things:
            if words.casefold() in words_of(thing.casefold()):
                raise ValueError(f"{words!r} is part of {thing!r}; write {name_words(name)} in digits")


def _as_words(values: Mapping[str, Any]) -> Iterator[str]:
    """What is to be said, as people write it; a yes or no is said by the name of its parameter."""
    for name, value in values.items():
        yield name_words(name) if isinstance(value, bool) else value_words(value)


def _purpose(said: Mapping[str, Any]) -> str:
    """What a request is for; raises ValueError where it is missing."""
    purpose = said.get("purpose")
    if not isinstance(purpose, str) or not purpose.strip():
        raise ValueError("`purpose` is missing; give it")
    return purpose.strip()


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
