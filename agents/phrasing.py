"""The lean user role: a model thinks up the open values of an errand and phrases them; the rest is code's.

Code finds the words of every value in the text, tells which words show the kind of need, appends options,
days and numbers that the text leaves out and what is left to the profile, and refuses a text that does not
say what was thought up, one fault at a time. The role sees no profile
(§4.3 shows it the whole profile: `roles=paper`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import orjson
from pydantic import model_validator
from rapidfuzz import fuzz

from ..models.request import NO_USAGE, Reply, Request
from ..models.seeds import derive
from ..records import Query
from ..texts.allusions import ended, with_allusions
from ..texts.search import Span, searchable_text
from ..texts.word_lists import MONTH_NAMES
from .role import Ask, Observation, Role, Views

LONGEST_REQUEST = 420
"""Characters of the text a model writes."""
_JOB = "job_1"
"""Key of a call's values in an answer."""
_DAY, _HOUR = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{2}:\d{2}")
_WORD = re.compile(r"[^\W_]+")
_LITTLE_WORDS = frozenset(
    ["a", "an", "and", "or", "the", "of", "for", "with", "vs", "in", "on", "to", "my", "some", "any"]
)
_NEARLY, _ROUGHLY = 85, 65
"""Least likeness in percent: of words that replace a value thought up; of words that name a yes or no."""
_MOST_PARTS = 20
"""Parts of a list or an object that are looked for in a text."""
_REFERENCES = frozenset(("id", "number", "code", "reference", "no", "ref", "key"))
"""Last words of parameters that point at something without telling what it is."""
_COPIED = 3
"""Words of a value, more of which are a copy where the description of the need has them all."""
_ASSISTANT_SPEAKS = re.compile(
    r"\A\W*(?:sure|of course|certainly|okay|ok)\b"
    r"|\bI(?:'ll| will| can) (?:check|look|search|find|help|let you)\b"
    r"|\bhow (?:can|may) I\b|\bwould you like\b",
    re.IGNORECASE,
)


class PhrasingUser(Role):
    """Answers with the values of an errand and the sentence that says them (§4.3)."""

    def form(self, views: Mapping[str, Any]) -> type[Query]:
        """A query that is put together from values and text; the errand's own options and bounds hold."""
        return _phrased(
            *(orjson.dumps(views[name]).decode() for name in ("errand", "errand.mentions", "errand.options"))
        )

    async def respond(self, observation: Observation, ask: Ask) -> Reply | Query:
        """Phrase call by call: in one sentence for two calls, values stray from one to the other."""
        views = Views(observation.views)
        jobs = views["errand"]["jobs"]
        if len(jobs) == 1:
            return await ask(self.request(observation))
        parts: list[Query] = []
        usage = NO_USAGE
        for number in range(len(jobs)):
            shown = {**observation.views, **_part(views, number)}
            reply = await ask(
                self.request(
                    observation.model_copy(
                        update={
                            "views": shown,
                            "turn": f"{observation.turn}/{number}",
                            "seed": derive(observation.seed, "job", number),
                        }
                    )
                ),
                accept=partial(_unlike, tuple(parts)),
            )
            usage += reply.usage
            parts.append(reply.record)
        return Reply(_joined(parts, views["errand.mentions"]), usage)

    def request(self, observation: Observation) -> Request:
        """Show one objection at a time: a weak model mends one thing, and forgets the second."""
        feedback = [
            _without_profile(reason) for reason in (Views(observation.views).get("feedback") or [])[:1]
        ]
        shown = {**observation.views, "feedback": feedback}
        return super().request(observation.model_copy(update={"views": shown}))


def _part(views: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The views of a request for one call only; a purpose that tells the need is said with the first."""
    errand = views["errand"]
    others = tuple(f"query.intents[{n}]" for n in range(len(errand["jobs"])) if n != number)
    return {
        "errand": {
            **errand,
            "jobs": [errand["jobs"][number]],
            "purpose": errand["purpose"] and number == 0,
        },
        "errand.mentions": [[]],
        "errand.options": [views["errand.options"][number]],
        "feedback": [
            reason for reason in views.get("feedback") or [] if not reason.get("path", "").startswith(others)
        ],
    }


def _unlike(earlier: Sequence[Query], query: Query) -> Query:
    """The query for one call; raises ValueError where an earlier call asks for the very same."""
    said = [(intent.api, intent.stated) for intent in query.intents]
    if any(said == [(intent.api, intent.stated) for intent in part.intents] for part in earlier):
        raise ValueError("the customer asked for this in another sentence already; think of another thing")
    return query


def _joined(parts: Sequence[Query], mentions: Sequence[Sequence[str]]) -> Query:
    """One query of the queries for each call, in sentences of their own."""
    text = " ".join(ended(part.text) for part in parts)
    return Query(
        text=with_allusions(text, mentions),
        intents=tuple(intent for part in parts for intent in part.intents),
        need=next((part.need for part in parts if part.need), ""),
    )


def _without_profile(reason: Mapping[str, str]) -> Mapping[str, str]:
    """An objection as somebody is shown it who must not learn what stands in the profile."""
    if reason.get("code") != "query.contradicts":
        return reason
    word = reason["message"].split("'")[1] if "'" in reason["message"] else "that"
    return {**reason, "message": f"{word!r} does not suit this customer; think of another thing altogether"}


def telling_parameters(say: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Parameters whose value, once thought up, tells the kind of need: free texts, and lists of them.

    Args: say: parameter -> the schema of what is to be said.
    """
    return [name for name, schema in say.items() if _is_free_text(name, schema)]


def name_words(name: str) -> str:
    """A parameter's name as words: 'deliverTo' -> 'deliver to'."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").lower()


def _is_free_text(name: str, schema: Mapping[str, Any]) -> bool:
    inside = schema.get("items", schema) if schema.get("type") == "array" else schema
    return (
        inside.get("type") == "string"
        and not {"enum", "const", "format", "pattern"} & inside.keys()
        and name_words(name).split()[-1] not in _REFERENCES
    )


@lru_cache(maxsize=512)
def _phrased(errand_text: str, mentions_text: str, options_text: str) -> type[Query]:
    """The form for an errand of one call: the values first, then the text that says them."""
    errand, mentions, options = map(orjson.loads, (errand_text, mentions_text, options_text))
    [job] = errand["jobs"]
    fields: dict[str, Any] = {}
    if job["say"]:
        values = _object({name: _value_shape(schema) for name, schema in job["say"].items()})
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
                    said = _composed(said if isinstance(said, dict) else {}, errand, options[0])
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


def _value_shape(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "description"}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _composed(
    said: Mapping[str, Any], errand: Mapping[str, Any], options: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """The query that values and text make; raises ValueError for the first thing the text does not say."""
    text = said.get("text")
    text = " ".join(text.split()) if isinstance(text, str) else ""
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
    values = _checked(values if isinstance(values, dict) else {}, job["say"], errand["need"])
    text = _with_left_out(values, job["say"], options, text)
    spoken = {name: spoken_words(name, values[name], job["say"][name], text) for name in job["say"]}
    intent = {
        "api": job["api"],
        "stated": {name: value for name, (value, _) in spoken.items()},
        "phrases": [{"parameter": name, "words": words} for name, (_, words) in spoken.items()],
    }
    telling = [spoken[name][1] for name in telling_parameters(job["say"])]
    if errand["purpose"]:
        purpose = said.get("purpose")
        if not isinstance(purpose, str) or not purpose.strip():
            raise ValueError("`purpose` is missing; give it")
        if not (words := _near(purpose.strip(), text, _NEARLY)):
            raise ValueError(f"the text does not say the purpose {purpose[:60]!r}; write it in the text")
        telling.insert(0, words)
    return {"text": text, "intents": [intent], "need": telling[0] if telling else ""}


def _checked(values: Mapping[str, Any], say: Mapping[str, Any], need: Mapping[str, str]) -> dict[str, Any]:
    """What is to be said, drawn or thought up.

    Raises ValueError for a value that is missing, cut off, or only the name of the need or of the parameter.
    """
    checked = {name: schema.get("const", values.get(name)) for name, schema in say.items()}
    for name, value in checked.items():
        if value is None:
            raise ValueError(f"`values` has no {name!r}; give it")
        vague = (need["name"].casefold(), name_words(name))
        described = {_stem(word[0]) for word in _WORD.finditer(need.get("description", ""))}
        for part in value if isinstance(value, list) and "const" not in say[name] else [value]:
            if "const" not in say[name] and isinstance(part, str) and part.strip().casefold() in vague:
                raise ValueError(
                    f"{part!r} is no concrete {name_words(name)}; name one that such a customer means"
                )
            longest = say[name].get("items", say[name]).get("maxLength", 0)
            if "const" not in say[name] and isinstance(part, str) and 0 < longest <= len(part):
                raise ValueError(f"{part!r} was cut off at {longest} characters; name one thing in few words")
            words = [_stem(word[0]) for word in _WORD.finditer(part)] if isinstance(part, str) else []
            if len(words) > _COPIED and described.issuperset(words):
                raise ValueError(f"{part!r} repeats what the need is about; name one thing of that kind")
    return checked


def _with_left_out(
    values: Mapping[str, Any],
    say: Mapping[str, Mapping[str, Any]],
    options: Mapping[str, Sequence[str]],
    text: str,
) -> str:
    """The text, and a sentence for every option, day, time, number, yes or no that it does not say.

    Args: options: parameter -> its options.

    Raises ValueError: the text says another option, day or time in the place of the one left out.
    """
    said, left_out = _said_and_left_out(values, say, text)
    rest = _without(said.values(), text)
    for name in left_out:
        value = values[name]
        if other := _another(value, options.get(name, ()), rest):
            raise ValueError(
                f"the text says {other!r}, not {name_words(name)} {value_words(value)!r}; write the latter"
            )
        sentence = f"{name_words(name)}: {value_words(value)}."
        text = f"{ended(text)} {sentence[0].upper()}{sentence[1:]}"
    return text


def _said_and_left_out(
    values: Mapping[str, Any], say: Mapping[str, Mapping[str, Any]], text: str
) -> tuple[dict[str, str], list[str]]:
    """The words of every value that the text says, and the parameters that code appends."""
    said: dict[str, str] = {}
    left_out: list[str] = []
    for name, value in values.items():
        try:
            _, said[name] = spoken_words(name, value, say[name], text)
        except ValueError:
            # What was thought up in words belongs into the sentence.
            if isinstance(value, int | float) or (isinstance(value, str) and "const" in say[name]):
                left_out.append(name)
    return said, left_out


def _without(words: Iterable[str], text: str) -> str:
    """The text with some of its words blotted out."""
    for part in sorted(words, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", " _ ", text) if part else text
    return text


def _another(value: Any, options: Sequence[str], text: str) -> str | None:
    """What a text says in the place of an option, a day or a time: another one; None: nothing.

    Of an option those words count that the right one does not have: 'descending' of 'price_descending'.
    """
    own = _telling_words(value_words(value)) if isinstance(value, str) else set()
    there = _telling_words(text)
    for option in options:
        words = _telling_words(name_words(option)) - own
        if option != value and words and words <= there:
            return name_words(option)
    if isinstance(value, str):
        searchable = searchable_text(text)
        found = (
            searchable.dates if _DAY.fullmatch(value) else searchable.times if _HOUR.fullmatch(value) else ()
        )
        return next((text[slice(*span)] for _, span in found), None)
    return None


def _telling_words(text: str) -> set[str]:
    return {_stem(word[0]) for word in _WORD.finditer(text)} - _LITTLE_WORDS


def value_words(value: Any) -> str:
    """A value as people write it: yes, 14 March 2027, price ascending."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and _DAY.fullmatch(value):
        day = dt.date.fromisoformat(value)
        return f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"
    return value.replace("_", " ") if isinstance(value, str) else str(value)


def spoken_words(name: str, value: Any, schema: Mapping[str, Any], text: str) -> tuple[Any, str]:
    """The value as the text has it, and the words that say it.

    A text that was thought up becomes what the sentence made of it ('trail shoe' -> 'trail shoes').

    Raises ValueError: the text does not say it.
    """
    if isinstance(value, bool):
        words = _near(name_words(name), text, _ROUGHLY) or _near(
            str(schema.get("description", "")), text, _ROUGHLY
        )
        if not words:
            raise ValueError(f"the text does not say whether {name_words(name)}: {'yes' if value else 'no'}")
        return value, words
    if "const" in schema and isinstance(value, str):
        return value, _option_words(value, text)
    if isinstance(value, list | dict) and not 0 < len(value) <= schema.get("maxItems", _MOST_PARTS):
        raise ValueError(f"`values` has {len(value)} parts in {name!r}; give one or two")
    if isinstance(value, list):
        items = schema.get("items") or {}
        parts = [spoken_words(name, part, items, text) for part in value]
        return [part for part, _ in parts], _between([words for _, words in parts], text)
    if isinstance(value, dict):
        inner = schema.get("properties") or {}
        parts = {key: spoken_words(key, part, inner.get(key) or {}, text) for key, part in value.items()}
        return {key: part for key, (part, _) in parts.items()}, _between([w for _, w in parts.values()], text)
    if span := searchable_text(text).locate(value):
        return value, text[slice(*span)]
    if value == 1 and (match := re.search(r"\b(?:an?|another|one)\b", text, re.IGNORECASE)):
        return value, match[0]
    if (
        isinstance(value, str)
        and not {"format", "pattern", "enum"} & schema.keys()
        and (words := _near(value, text, _NEARLY) or _stretch(value, text))
    ):
        return words, words
    raise ValueError(f"the text does not say {name_words(name)} {str(value)[:80]!r}; write it in the text")


def _option_words(value: str, text: str) -> str:
    """The words of a text that say an option, a date or a time that was drawn."""
    searchable = searchable_text(text)
    # Nothing that is merely alike: 'price descending' is not 'price ascending'.
    likely = (value, name_words(value), f"{name_words(value)}s")
    for span in filter(None, map(searchable.locate, likely)):
        return text[slice(*span)]
    words = None if value[:1].isdecimal() else _stretch(name_words(value), text, least=1.0)
    if words is None:
        raise ValueError(f"the text does not say {name_words(value)!r}; write it in the text")
    return words


def _near(value: str, text: str, least: float) -> str | None:
    """The words of a text that are most like a value, whole ones; None: nothing is alike enough."""
    if not value.strip():
        return None
    hit = fuzz.partial_ratio_alignment(value.casefold(), text.casefold(), score_cutoff=least)
    if hit is None or hit.dest_start == hit.dest_end or len(text.casefold()) != len(text):
        return None
    start, end = _whole_words((hit.dest_start, hit.dest_end), text)
    words = text[start:end].strip(" ,.;:!?'\"")
    return words if fuzz.ratio(value.casefold(), words.casefold()) >= least else None


def _stretch(value: str, text: str, least: float = 0.6) -> str | None:
    """The shortest stretch of a text with the words of a value, in any number, with little between them.

    'jeans, shirt' is in 'compare the jeans and the shirts'. None: there is no such stretch.

    Args: least: share of the value's words that it must have, 0 to 1.
    """
    wanted = {_stem(word[0]) for word in _WORD.finditer(value)} - _LITTLE_WORDS
    places = [
        (match.span(), _stem(match[0]))
        for match in _WORD.finditer(text)
        if _stem(match[0]) not in _LITTLE_WORDS
    ]
    best: tuple[int, int, Span] | None = None
    for start, (first, stem) in enumerate(places):
        if stem not in wanted:
            continue
        for end in range(start, min(len(places), start + len(wanted) + 2)):
            found = len(wanted & {stem for _, stem in places[start : end + 1]})
            candidate = (-found, end - start, (first[0], places[end][0][1]))
            if places[end][1] in wanted and (best is None or candidate < best):
                best = candidate
    if best is None or -best[0] < least * len(wanted):
        return None
    return text[slice(*best[2])]


def _stem(word: str) -> str:
    """A word in one case, and in one number where its ending tells."""
    word = word.casefold()
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _whole_words(span: Span, text: str) -> Span:
    start, end = span
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while 0 < end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    return start, end


def _between(words: Sequence[str], text: str) -> str:
    """From the first to the last of some words, as the text has them."""
    places = [text.find(part) for part in words]
    return text[min(places) : max(place + len(part) for place, part in zip(places, words, strict=True))]
