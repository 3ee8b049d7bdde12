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

from ..models.request import NO_USAGE, Reply, Request
from ..models.seeds import derive
from ..records import Query
from ..texts.allusions import ended, with_allusions
from ..texts.search import searchable_text
from ..texts.similar_words import near, stem, stretch, telling_words, words_of
from ..texts.word_lists import MONTH_NAMES
from .examples import copied_text
from .role import Ask, Observation, Role, Views

LONGEST_REQUEST = 420
"""Characters of the text a model writes."""
_JOB = "job_1"
"""Key of a call's values in an answer."""
_DAY, _HOUR = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{2}:\d{2}")
_NEARLY, _ROUGHLY = 85, 65
"""Least likeness in percent: of words that replace a value thought up; of words that name a yes or no."""
_MOST_PARTS = 20
"""Parts of a list or an object that are looked for in a text."""
_REFERENCES = frozenset(("id", "number", "code", "reference", "no", "ref", "key"))
"""Last words of parameters that point at something without telling what it is."""
_COPIED = 3
"""Words of a value, more of which are a copy where the description of the need has them all."""
_ANYTHING = telling_words(
    "all every each item thing good product service everything something anything stuff range kind "
    "buy find get need"
)
"""Words that name no thing."""
_PART_OF_TEXT = r'[^,;"\\\x00-\x1f]'
"""A character of a thing in a list; in a grammar for JSON, nothing that ends or escapes a text."""
_TWO, _BETWEEN_TWO = (
    re.compile(r"\b(?:two|both)\b", re.IGNORECASE),
    ", | and | or | vs | versus | with | against ",
)
_SENTENCE = re.compile(
    r"\b(?:question|asked|message|comment|note|text|body|sentence|remark|reply|announcement|wish)\b",
    re.IGNORECASE,
)
"""Words of a description whose parameter holds what somebody says, instead of the name of something."""
_SEVERAL = re.compile(r"\b(?:several|three|list|lists|commas?|separated|more than one)\b", re.IGNORECASE)
_MOST_LISTED = 3
"""Things that one text lists at most."""
_ASSENT = re.compile(r"\A\W*(?:sure|of course|certainly|okay|ok)\b[\s,.!:]*", re.IGNORECASE)
"""What a model begins with that was asked to do something; no part of what a customer says."""
_ASSISTANT_SPEAKS = re.compile(
    r"\A\W*here (?:is|are)\b|(?:\A|[.!?] )\W*I(?:'ll| will| can) (?:check|look|search|find|help|let you)\b"
    r"|\bhow (?:can|may) I (?:help|assist)\b|\bwould you like\b"
    r"|\byour (?:\w+ )?(?:address|code|postcode|city|country|name|number|e-?mail|phone|language|currency)\b",
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
            return await ask(self.request(observation), accept=partial(self._accept_part, jobs, ()))
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
                accept=partial(self._accept_part, jobs, tuple(parts)),
            )
            usage += reply.usage
            parts.append(reply.record)
        return Reply(_joined(parts, views["errand.mentions"]), usage)

    def _accept_part(
        self, jobs: Sequence[Mapping[str, Any]], earlier: Sequence[Query], query: Query
    ) -> Query:
        """The query for one call; raises ValueError where it repeats an example, or an earlier call."""
        said = [str(value) for intent in query.intents for value in intent.stated.values()]
        examples = self.prompt.examples if self.prompt else ()
        if copied := copied_text(said, examples, lambda: orjson.dumps(jobs).decode()):
            raise ValueError(f"{copied[:80]!r} stands in an example; think of another thing")
        return _unlike(earlier, query)

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
    if any(_asks(query) == _asks(part) for part in earlier):
        raise ValueError("the customer asked for this in another sentence already; think of another thing")
    return query


def _asks(query: Query) -> list[tuple[str, set[str]]]:
    """What a query asks for, one coat or several alike."""
    return [(intent.api, telling_words(orjson.dumps(intent.stated).decode())) for intent in query.intents]


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
        values = _object({name: _value_shape(name, schema) for name, schema in job["say"].items()})
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


def _value_shape(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer's grammar holds a value to; of a free text, that it names as many things as asked."""
    shape = {key: value for key, value in schema.items() if key != "description"}
    longest = schema.get("maxLength", 0)
    if longest and schema.get("type") == "string" and _is_free_text(name, schema):
        part, least, most = f"{_PART_OF_TEXT}{{2,{longest}}}", *_things(schema)
        more = f"({_BETWEEN_TWO}){part}" if most == 2 else f"(, {part}){{{least - 1},{most - 1}}}"
        shape["pattern"] = f"^{part}{more if most > 1 else ''}$"
    return shape


def _things(schema: Mapping[str, Any]) -> tuple[int, int]:
    """How many things a text that is thought up names, at least and at most, as its description says."""
    described = str(schema.get("description", ""))
    return (2, 2) if _TWO.search(described) else (1, _MOST_LISTED if _SEVERAL.search(described) else 1)


def is_sentence(schema: Mapping[str, Any]) -> bool:
    """Whether a text holds what somebody says, such as a question or a note."""
    return _SENTENCE.search(str(schema.get("description", ""))) is not None


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
    if match := _ASSENT.match(text):
        text = text[match.end() :][:1].upper() + text[match.end() + 1 :]
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
    for option in (schema.get("const") for schema in job["say"].values()):
        if isinstance(option, str) and "_" in option:
            text = text.replace(option, value_words(option))
    text = _with_left_out(values, job["say"], options, text)
    spoken = {name: spoken_words(name, values[name], job["say"][name], text) for name in job["say"]}
    intent = {
        "api": job["api"],
        "stated": {name: value for name, (value, _) in spoken.items()},
        "phrases": [{"parameter": name, "words": words} for name, (_, words) in spoken.items()],
    }
    telling = [spoken[name][1] for name in telling_parameters(job["say"])]
    if errand["purpose"]:
        purpose = _purpose(said)
        if not (words := near(purpose, text, _NEARLY)):
            raise ValueError(f"the text does not say the purpose {purpose[:60]!r}; write it in the text")
        telling.insert(0, words)
    return {"text": text, "intents": [intent], "need": telling[0] if telling else ""}


def _purpose(said: Mapping[str, Any]) -> str:
    """What a request is for; raises ValueError where it is missing."""
    purpose = said.get("purpose")
    if not isinstance(purpose, str) or not purpose.strip():
        raise ValueError("`purpose` is missing; give it")
    return purpose.strip()


def _checked(values: Mapping[str, Any], say: Mapping[str, Any], need: Mapping[str, str]) -> dict[str, Any]:
    """What is to be said, drawn or thought up.

    Raises ValueError for a value that is missing, cut off, nothing, a list where one thing is asked for, or
    only the name of the need or of the parameter.
    """
    checked = {name: schema.get("const", values.get(name)) for name, schema in say.items()}
    for name, value in checked.items():
        if value is None:
            raise ValueError(f"`values` has no {name!r}; give it")
        if "const" in say[name]:
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, str):
                _check_words(name, part, say[name], need)
            elif part == 0 and not isinstance(part, bool):
                raise ValueError(f"{name_words(name)} 0 asks for nothing; give a number that matters")
    return checked


def _check_words(name: str, words: str, schema: Mapping[str, Any], need: Mapping[str, str]) -> None:
    """Refuse words that were thought up where they tell nothing; raises ValueError."""
    vague = words.strip().casefold() in (need["name"].casefold(), name_words(name))
    if vague or (words_of(words) and telling_words(words) <= _ANYTHING | telling_words(need["name"])):
        raise ValueError(f"{words!r} is no concrete {name_words(name)}; name one that such a customer means")
    longest = schema.get("items", schema).get("maxLength", 0)
    least, most = _things(schema)
    parts = re.split(_BETWEEN_TWO if least > 1 else "[,;]", words.replace("vs.", "vs"))
    if 0 < longest <= max(map(len, parts if most > 1 else [words])):
        raise ValueError(f"{words!r} was cut off at {longest} characters; name one thing in few words")
    is_listed = longest and schema.get("type") == "string" and _is_free_text(name, schema)
    if is_listed and not least <= len(parts) <= most:
        raise ValueError(f"{words!r} names {len(parts)} things; name {most} in few words")
    stems = [stem(word) for word in words_of(words)]
    for described in (need.get("description", ""), str(schema.get("description", ""))):
        if len(stems) > _COPIED and {stem(word) for word in words_of(described)}.issuperset(stems):
            raise ValueError(f"{words!r} repeats what is asked for; name one thing of that kind")


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
        sentence = f"{name_words(name)}: {ended(value_words(value))}"
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
            # The name of a thing that was thought up belongs into the sentence.
            schema = say[name]
            if isinstance(value, int | float) or (
                isinstance(value, str) and ("const" in schema or is_sentence(schema))
            ):
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
    own = telling_words(value_words(value)) if isinstance(value, str) else set()
    there = telling_words(text)
    for option in options:
        words = telling_words(name_words(option)) - own
        if option != value and words and words <= there:
            return name_words(option)
    if isinstance(value, str):
        searchable = searchable_text(text)
        found = (
            searchable.dates if _DAY.fullmatch(value) else searchable.times if _HOUR.fullmatch(value) else ()
        )
        return next((text[slice(*span)] for _, span in found), None)
    return None


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
        words = near(name_words(name), text, _ROUGHLY) or near(
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
        and (words := near(value, text, _NEARLY) or stretch(value, text))
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
    words = None if value[:1].isdecimal() else stretch(name_words(value), text, least=1.0)
    if words is None:
        raise ValueError(f"the text does not say {name_words(value)!r}; write it in the text")
    return words


def _between(words: Sequence[str], text: str) -> str:
    """From the first to the last of some words, as the text has them."""
    places = [text.find(part) for part in words]
    return text[min(places) : max(place + len(part) for place, part in zip(places, words, strict=True))]
