"""What a model may think up for a parameter: concrete, whole, as many things as asked for, no copy."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from ...texts.search import searchable_text
from ...texts.similar_words import stem, telling_words, words_of
from .spoken_words import name_words

_REFERENCES = frozenset(("id", "number", "code", "reference", "no", "ref", "key"))
"""Last words of parameters that point at something without telling what it is."""
_COPIED = 3
"""Words, more of which are a copy: of the need's description in a value, of a value's in the text."""
_ANYTHING = telling_words(
    "all every each item thing good product service everything something anything stuff range kind "
    "buy find get need best good better great new newest top popular cheap cheapest high quality nice "
    "various available order cart basket purchase status "
    "winter spring summer autumn fall season weekend holiday"
)
"""Words that name no thing."""
_PART_OF_TEXT = r'[^,;"\\\x00-\x1f]'
"""A character of a thing in a list; in a grammar for JSON, nothing that ends or escapes a text."""
_TWO = re.compile(r"\b(?:two|both)\b", re.IGNORECASE)
_BETWEEN_TWO = ", | and | or | vs | versus | with | against "
_SENTENCE = re.compile(
    r"\b(?:question|asked|message|comment|note|text|body|sentence|remark|reply|announcement|wish)\b",
    re.IGNORECASE,
)
"""Words of a description whose parameter holds what somebody says, instead of the name of something."""
_SEVERAL = re.compile(r"\b(?:several|three|list|lists|commas?|separated|more than one)\b", re.IGNORECASE)
_RANGE = re.compile(
    r"\b(?:range|category|kind|department|section|type|area|genre|topic|theme|field)s?\b", re.IGNORECASE
)
"""Words of a description whose parameter holds a sort of things; that may be the need itself."""
_EVERYTHING = re.compile(
    r"\b(?:all (?:of )?|any |every )?(?:(?:the|your|available|current) )*(?:products?|items?|goods|things)\b",
    re.IGNORECASE,
)
_QUANTIFIER = re.compile(
    r"\A(?:(?i:all|any|some|every|various|different|several|many)|the|an?)"
    r"(?: (?:of|the|kinds of|types of|sorts of))*"
    r"(?: (?:products|items|goods|things) (?:in|from|of))? (?=[a-z])"
)
"""What stands before a name and is no part of it; 'The Hobbit' keeps its own."""
_BEFORE_OR_BEHIND = re.compile(
    r"\A(?:(?:the|an?|as|such|and|or|of|for|with|about|is|are) )+(?=\w)"
    r"|(?: (?:the|an?|as|and|or|of|for|with))+\Z"
)
_DESCRIBES = re.compile(
    r"\b(?:(?i:that|which|whose|who|my|your|our|their|relevant|related|suitable)|I(?:['’]\w+| [a-z]+))\b"
)
"""Words of a description; a name of something has none of them."""
_PLACE = re.compile(r"\b(?:for|in|at|on|around) (?:the|an?|your|our) (\w+)", re.IGNORECASE)
"""What a need's things are for, and none of them: 'lamps for the house'."""
_MOST_LISTED = 3
"""Things that one text lists at most."""


def telling_parameters(say: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Parameters whose value, once thought up, tells the kind of need: free texts, and lists of them.

    Args: say: parameter -> the schema of what is to be said.
    """
    return [name for name, schema in say.items() if _is_free_text(name, schema)]


def is_sentence(schema: Mapping[str, Any]) -> bool:
    """Whether a text holds what somebody says, such as a question or a note."""
    return _SENTENCE.search(str(schema.get("description", ""))) is not None


def value_shape(name: str, schema: Mapping[str, Any], taken: str = "") -> dict[str, Any]:
    """What an answer's grammar holds a value to; of a free text, that it names as many things as asked.

    Args: taken: letters that a free text does not begin with.
    """
    shape = {key: value for key, value in schema.items() if key != "description"}
    longest = schema.get("maxLength", 0)
    if longest and schema.get("type") == "string" and _is_free_text(name, schema):
        part, least, most = f"{_PART_OF_TEXT}{{2,{longest}}}", *_things(schema)
        more = f"({_BETWEEN_TWO}){part}" if most == 2 else f"(, {part}){{{least - 1},{most - 1}}}"
        first = "".join(char for char in taken + taken.upper() if char.isascii() and char.isalpha())
        if first:
            part = f"[^ {first}{_PART_OF_TEXT[2:]}{_PART_OF_TEXT}{{1,{longest - 1}}}"
        shape["pattern"] = f"^{part}{more if most > 1 else ''}$"
    return shape


def checked_values(
    values: Mapping[str, Any], say: Mapping[str, Any], need: Mapping[str, str]
) -> dict[str, Any]:
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
        if isinstance(value, str) and _is_free_text(name, say[name]) and not is_sentence(say[name]):
            value = checked[name] = name_of_something(value)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, str):
                _check_words(name, part.replace("_", " "), say[name], need)
            elif part == 0 and not isinstance(part, bool):
                raise ValueError(f"{name_words(name)} 0 asks for nothing; give a number that matters")
    return checked


def with_two_things(
    values: Mapping[str, Any], say: Mapping[str, Any], text: str
) -> tuple[dict[str, Any], str]:
    """Values and text without the third thing where two are asked for.

    'Coats, skirts and shoes' -> 'coats and skirts', where the text lists them so.
    """
    left = dict(values)
    for name, value in values.items():
        schema = say.get(name, {})
        if not isinstance(value, str) or not _is_free_text(name, schema) or _things(schema) != (2, 2):
            continue
        things = [
            thing for part in re.split(_BETWEEN_TWO, value) if (thing := part.removeprefix("and ").strip())
        ]
        span = searchable_text(text).locate(value) if len(things) > 2 else None
        if span is not None:
            left[name] = " and ".join(things[:2])
            text = f"{text[: span[0]]}{left[name]}{text[span[1] :]}"
    return left, text


def with_one_thing(
    values: Mapping[str, Any], say: Mapping[str, Mapping[str, Any]], need: str, text: str
) -> tuple[dict[str, Any], str]:
    """Values and text with one thing where one is asked for, and all there is, or a list, was named.

    A range of things is the need: 'discounts on all products', or 'on bread, milk and tea', of somebody who
    needs groceries are those 'on groceries'. Of other lists the first thing stays: 'find bread'.
    """
    left = dict(values)
    for name, value in values.items():
        schema = say.get(name, {})
        if not isinstance(value, str) or not _is_free_text(name, schema) or _things(schema) != (1, 1):
            continue
        is_range = _RANGE.search(str(schema.get("description", "")))
        listed = _as_list(value)
        everything = _EVERYTHING if is_range and not telling_words(value) - _ANYTHING else listed
        if everything and (match := everything.search(text)):
            thing = left[name] = need if is_range else match["first"]
            text = f"{text[: match.start()]}{thing}{text[match.end() :]}"
    return left, text


def _as_list(value: str) -> re.Pattern[str] | None:
    """How a text lists three or more words of a value, in any number; None: they are fewer."""
    things = [rf"{re.escape(stem(word))}\w{{0,2}}" for word in words_of(value) if word not in ("and", "or")]
    if len(things) < _MOST_LISTED:
        return None
    between = "(?:, (?:and |or )?| and | or )"
    return re.compile(
        rf"\b(?:the )?(?P<first>{things[0]}){between}{between.join(things[1:])}\b", re.IGNORECASE
    )


def name_of_something(words: str) -> str:
    """A name as customers write it, without 'all items in' and '_'; raises ValueError for a description."""
    if match := _DESCRIBES.search(words):
        raise ValueError(f"{words[:80]!r} describes with {match[0]!r}, expected a name of few words")
    return _QUANTIFIER.sub("", words.replace("_", " ").strip())


def things_named(words: str, schema: Mapping[str, Any]) -> list[str]:
    """The things that words name, one by one where the description has two."""
    if _things(schema) != (2, 2):
        return [words]
    return [bare_name(thing.strip()) for thing in re.split(_BETWEEN_TWO, words.replace("vs.", "vs"))]


def bare_name(words: str) -> str:
    """A name without the small words that a sentence puts around it; 'The Hobbit' keeps its own."""
    return _BEFORE_OR_BEHIND.sub("", words)


def check_no_count(description: str, text: str) -> None:
    """Refuse a text that counts what a value is for one of, as prices per piece are; raises ValueError."""
    for one in re.findall(r"\b(?:per|each) (\w+)", description, re.IGNORECASE):
        if match := re.search(rf"\d+ {re.escape(one)}s?\b", text, re.IGNORECASE):
            raise ValueError(f"{match[0]!r} is no {description[:60]!r}; say the value as that")


def check_no_description(description: str, text: str) -> None:
    """Refuse a text that says what a value is instead of the value alone; raises ValueError."""
    words = words_of(description)
    if len(words) > _COPIED and searchable_text(text).locate(" ".join(words)):
        raise ValueError(f"the text repeats {description[:60]!r}; leave that out, and write the value alone")


def _check_words(name: str, words: str, schema: Mapping[str, Any], need: Mapping[str, str]) -> None:
    """Refuse words that were thought up where they tell nothing; raises ValueError."""
    needed = telling_words(need["name"])
    telling = telling_words(words) - _ANYTHING
    places = telling_words(" ".join(_PLACE.findall(need.get("description", ""))))
    is_need = (
        bool(telling) and telling <= needed | places and not _RANGE.search(str(schema.get("description", "")))
    )
    if is_need or words.strip().casefold() == name_words(name) or (words_of(words) and not telling):
        raise ValueError(f"{words!r} is no concrete {name_words(name)}; name one that such a customer means")
    if (letter := _foreign_letter(words)) and not _foreign_letter(f"{need} {schema}"):
        raise ValueError(f"{words!r} has {letter!r}; name it in the language of the job")
    longest = schema.get("items", schema).get("maxLength", 0)
    least, most = _things(schema)
    parts = re.split(_BETWEEN_TWO if least > 1 else "[,;]", words.replace("vs.", "vs"))
    if 0 < longest <= max(map(len, parts if most > 1 else [words])):
        raise ValueError(f"{words!r} was cut off at {longest} characters; name one thing in few words")
    is_listed = longest and schema.get("type") == "string" and _is_free_text(name, schema)
    if is_listed and most == 1 and re.search(r"\bor\b", words):
        raise ValueError(f"{words!r} leaves open which; name one thing in few words")
    if is_listed and not least <= len(parts) <= most:
        raise ValueError(f"{words!r} names {len(parts)} things; name {most} in few words")
    stems = [stem(word) for word in words_of(words)]
    for described in (need.get("description", ""), str(schema.get("description", ""))):
        if len(stems) > _COPIED and {stem(word) for word in words_of(described)}.issuperset(stems):
            raise ValueError(f"{words!r} repeats what is asked for; name one thing of that kind")


def _foreign_letter(text: str) -> str | None:
    """The first letter that is none of the Latin script."""
    letters = (char for char in text if char > "\u036f" and char.isalpha())
    return next((char for char in letters if "LATIN" not in unicodedata.name(char, "")), None)


def _is_free_text(name: str, schema: Mapping[str, Any]) -> bool:
    inside = schema.get("items", schema) if schema.get("type") == "array" else schema
    return (
        inside.get("type") == "string"
        and not {"enum", "const", "format", "pattern"} & inside.keys()
        and name_words(name).split()[-1] not in _REFERENCES
    )


def _things(schema: Mapping[str, Any]) -> tuple[int, int]:
    """How many things a text that is thought up names, at least and at most, as its description says."""
    described = str(schema.get("description", ""))
    return (2, 2) if _TWO.search(described) else (1, _MOST_LISTED if _SEVERAL.search(described) else 1)
