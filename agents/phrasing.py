"""The lean user role: a model thinks up the open values of an errand and phrases them; the rest is code's.

Code finds the words of every value in the text, tells which words show the kind of need, appends options,
days and numbers that the text leaves out and what is left to the profile, and refuses a text that does not
say what was thought up, one fault at a time. The role sees no profile
(§4.3 shows it the whole profile: `roles=paper`).
"""

from __future__ import annotations

import datetime as dt
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from pydantic import model_validator
from rapidfuzz import fuzz

from ..models.request import Request
from ..records import Query
from ..texts.search import Span, searchable_text
from ..texts.word_lists import MONTH_NAMES
from .role import Observation, Role, Views

LONGEST_REQUEST = 420
"""Characters of the text a model writes."""
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
_ALLUSIONS = (
    "Use {0}, as usual.",
    "Go by {0}.",
    "Take {0} from what you know of me.",
    "You know {0}, so put it in.",
    "Please fill in {0}.",
    "Keep to {0} there.",
    "Make sure {0} is used.",
    "Work from {0}.",
    "Look up {0} for it.",
    "Enter {0} where they ask.",
    "You have {0} on file.",
    "{0} goes in as well.",
    "Add {0}, you have it.",
    "As for {0}, you know it.",
    "Include {0}.",
    "They will want {0}, so give it to them.",
    "Do it with {0}.",
    "Hand over {0}, too.",
    "Mind {0}.",
    "Tell them {0} as well.",
    "Put {0} down, too.",
)
"""How a request leaves something to the profile. There are many, so that none is a mark of the data."""


class PhrasingUser(Role):
    """Answers with the values of an errand and the sentence that says them (§4.3)."""

    def form(self, views: Mapping[str, Any]) -> type[Query]:
        """A query that is put together from values and text; the errand's own options and bounds hold."""
        return _phrased(
            orjson.dumps(views["errand"]).decode(), orjson.dumps(views["errand.mentions"]).decode()
        )

    def request(self, observation: Observation) -> Request:
        """Show one objection at a time: a weak model mends one thing, and forgets the second."""
        feedback = [
            _without_profile(reason) for reason in (Views(observation.views).get("feedback") or [])[:1]
        ]
        shown = {**observation.views, "feedback": feedback}
        return super().request(observation.model_copy(update={"views": shown}))


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
def _phrased(errand_text: str, mentions_text: str) -> type[Query]:
    """The form for one errand: the values first, then the text that says them."""
    errand, mentions = orjson.loads(errand_text), orjson.loads(mentions_text)
    jobs = errand["jobs"]
    keys = [f"job_{number}" for number in range(1, len(jobs) + 1)]
    values = {
        key: _object({name: _value_shape(schema) for name, schema in job["say"].items()})
        for key, job in zip(keys, jobs, strict=True)
        if job["say"]
    }
    fields: dict[str, Any] = {"values": _object(values)} if values else {}
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
                    said = _composed(said if isinstance(said, dict) else {}, errand, keys)
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


def _composed(said: Mapping[str, Any], errand: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
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
    given = said.get("values")
    given = given if isinstance(given, dict) else {}
    intents, telling = [], []
    for number, (key, job) in enumerate(zip(keys, errand["jobs"], strict=True)):
        values = given.get(key)
        values = _checked(values if isinstance(values, dict) else {}, job["say"], errand["need"])
        text = _with_left_out(values, job["say"], text, number if len(keys) > 1 else None)
        said_of_job = {name: _spoken(name, values[name], job["say"][name], text) for name in job["say"]}
        stated = {name: value for name, (value, _) in said_of_job.items()}
        phrases = {name: words for name, (_, words) in said_of_job.items()}
        telling += [phrases[name] for name in telling_parameters(job["say"]) if name in phrases]
        intents.append(
            {
                "api": job["api"],
                "stated": stated,
                "phrases": [{"parameter": name, "words": words} for name, words in phrases.items()],
            }
        )
    if errand["purpose"]:
        purpose = said.get("purpose")
        if not isinstance(purpose, str) or not purpose.strip():
            raise ValueError("`purpose` is missing; give it")
        if not (words := _near(purpose.strip(), text, _NEARLY)):
            raise ValueError(f"the text does not say the purpose {purpose[:60]!r}; write it in the text")
        telling.insert(0, words)
    return {"text": text, "intents": intents, "need": telling[0] if telling else ""}


def _checked(values: Mapping[str, Any], say: Mapping[str, Any], need: Mapping[str, str]) -> dict[str, Any]:
    """What is to be said, drawn or thought up.

    Raises ValueError for a value that is missing, or is only the name of the need or of the parameter.
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
            words = [_stem(word[0]) for word in _WORD.finditer(part)] if isinstance(part, str) else []
            if len(words) > _COPIED and described.issuperset(words):
                raise ValueError(f"{part!r} repeats what the need is about; name one thing of that kind")
    return checked


def _with_left_out(values: Mapping[str, Any], say: Mapping[str, Any], text: str, number: int | None) -> str:
    """The text, and a sentence for every option, day, time, number, yes or no that it does not say.

    Args: number: of the call, where there are several.
    """
    for name, value in values.items():
        if not isinstance(value, int | float) and not (isinstance(value, str) and "const" in say[name]):
            continue  # what was thought up in words belongs into the sentence
        try:
            _spoken(name, value, say[name], text)
        except ValueError:
            sentence = f"{name_words(name)}: {_value_words(value)}."
            sentence = sentence[0].upper() + sentence[1:] if number is None else _of_one(sentence, number)
            text = f"{_ended(text)} {sentence}"
    return text


def _value_words(value: str | int | float) -> str:
    """A value as people write it: yes, 14 March 2027, price ascending."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        day = dt.date.fromisoformat(value)
        return f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"
    return value.replace("_", " ") if isinstance(value, str) else str(value)


def _spoken(name: str, value: Any, schema: Mapping[str, Any], text: str) -> tuple[Any, str]:
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
        parts = [_spoken(name, part, items, text) for part in value]
        return [part for part, _ in parts], _between([words for _, words in parts], text)
    if isinstance(value, dict):
        inner = schema.get("properties") or {}
        parts = {key: _spoken(key, part, inner.get(key) or {}, text) for key, part in value.items()}
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


def with_allusions(text: str, mentions: Sequence[Sequence[str]]) -> str:
    """The text, and a sentence for what each call takes from the profile though nobody would know it does.

    Args: mentions: for every call, features in plain words, 'home address'.
    """
    sentences = []
    for number, features in enumerate(mentions):
        missing = [feature for feature in dict.fromkeys(features) if not _is_mentioned(feature, text)]
        if missing:
            sentence = _allusion(missing, f"{text}{number}")
            sentences.append(sentence if len(mentions) == 1 else _of_one(sentence, number))
    if not sentences:
        return text
    return " ".join((_ended(text), *sentences))


def _ended(text: str) -> str:
    return text if text.rstrip()[-1:] in ".!?" else f"{text.rstrip()}."


def _is_mentioned(feature: str, text: str) -> bool:
    return (
        re.search(rf"\b(?:my|our)\b[^.!?]{{0,30}}\b{re.escape(feature)}\b", text, re.IGNORECASE) is not None
    )


def _allusion(features: Sequence[str], text: str) -> str:
    named = " and ".join(f"my {feature}" for feature in features)
    sentence = _ALLUSIONS[zlib.crc32(text.encode()) % len(_ALLUSIONS)].format(named)
    return sentence[0].upper() + sentence[1:]


def _of_one(sentence: str, number: int) -> str:
    """Say which of two calls a sentence is about."""
    which = ("first", "second", "third", "fourth")[min(number, 3)]
    return f"For the {which} one: {sentence[0].lower()}{sentence[1:]}"
