"""BFCL's non-live AST categories (Patil et al. 2025): simple, multiple, parallel, parallel_multiple; no
users.

A file `BFCL_v<n>_<category>.json` of questions and, in `possible_answer/` beside it, the answers of the same
name. The upstream protocol is kept: alternatives for every value, "" for a parameter that may be left out,
texts folded (case, spaces and `,./-_*^` do not count), alternatives inside objects (expanded here).
`protocols.bfcl` is the upstream metric, types included. Where it could not be kept: Java and JavaScript
(upstream turns their source texts into values) are not read, and the declared types `dict`, `float`, `tuple`
(an array with `x-tuple`) and `any` are written as JSON Schema has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any

from ...errors import StoreError
from ..items import GoldCall, Group, Item, Rules
from .raw_records import RawRecord, function_schemas, read_records, shortened

CATEGORIES = ("simple", "simple_python", "multiple", "parallel", "parallel_multiple")
RULES = Rules(text="folded")
_NAME = re.compile(r"BFCL_v\d+_(\w+)\.jsonl?$")
_TYPES = {"dict": "object", "float": "number", "tuple": "array"}
_MAX_ALTERNATIVES = 10_000


def read(path: Path, group: Group | None = None) -> Iterator[Item]:
    """The items of a category's file, or of all categories of a folder; raises StoreError with the place."""
    for file in category_files(path):
        answers_file = file.parent / "possible_answer" / file.name
        answers = {answer.get("id", str): answer for answer in read_records(answers_file)}
        for record in read_records(file):
            answer = answers.pop(record.get("id", str), None)
            if answer is None:
                raise record.wrong("id", record.value["id"], f"an id that {answers_file} answers, once")
            yield _item(record, answer, _category(file), group)
        if answers:
            raise StoreError(
                f"{answers_file}: answers {shortened(next(iter(answers)))}, which {file.name} does not ask"
            )


def category_files(path: Path) -> list[Path]:
    """The files of questions a path stands for. Raises StoreError where there is none of a known category."""
    files = [path] if not path.is_dir() else sorted(path.glob("BFCL_v*.json*"))
    known = [file for file in files if _category(file) in CATEGORIES]
    if not known:
        names = ", ".join(CATEGORIES)
        raise StoreError(f"{path}: expected BFCL_v<n>_<category>.json with a category of {names}")
    return known


def _category(file: Path) -> str:
    match = _NAME.match(file.name)
    return match[1] if match else ""


def _item(record: RawRecord, answer: RawRecord, category: str, group: Group | None) -> Item:
    functions = function_schemas(record, record.get("function", list))
    tools = {name: _json_schema(schema) for name, schema in functions.items()}
    return Item(
        id=record.get("id", str),
        user=record.get("id", str),  # nobody: every question stands for itself
        scenario=category,
        group=group,
        platform=None,
        calls=tuple(_call(answer, call, tools) for call in answer.get("ground_truth", list)),
        tools=tools,
        query=_question(record),
        source="bfcl",
        rules=RULES,
    )


def _question(record: RawRecord) -> str:
    """What is asked: the messages of the only turn."""
    turns = record.get("question", list)
    messages = turns[0] if len(turns) == 1 and isinstance(turns[0], list) else []
    words = [
        message["content"]
        for message in messages
        if isinstance(message, dict) and isinstance(message.get("content"), str)
    ]
    if not words or len(words) < len(messages):
        raise record.wrong("question", turns, "one turn [[{role, content}]]")
    return "\n".join(words)


def _call(answer: RawRecord, raw: Any, tools: dict[str, dict[str, Any]]) -> GoldCall:
    if not isinstance(raw, dict) or len(raw) != 1:
        raise answer.wrong("ground_truth", raw, "{function: {parameter: [accepted, …]}}")
    ((name, parameters),) = raw.items()
    if name not in tools or not isinstance(parameters, dict):
        raise answer.wrong(f"ground_truth.{name}", parameters, f"values for one of {', '.join(tools)}")
    schema = tools[name].get("parameters", {})
    declared, required = schema.get("properties", {}), schema.get("required", ())
    accepted, optional = {}, set()
    for parameter, values in parameters.items():
        if not isinstance(values, list) or not values:
            raise answer.wrong(f"{name}.{parameter}", values, "a list of accepted values")
        kind = declared.get(parameter, {}).get("type")
        accepted[parameter] = _alternatives(answer, f"{name}.{parameter}", values, kind)
        if "" in values and parameter not in required:
            optional.add(parameter)
    return GoldCall(name, accepted, optional=frozenset(optional))


def _alternatives(answer: RawRecord, where: str, values: list[Any], kind: Any) -> tuple[Any, ...]:
    """Every accepted value. "" means left out; upstream also takes it as the empty text or the empty list."""
    spread = (plain for value in values if value != "" for plain in _spread(value))
    alternatives = list(islice(spread, _MAX_ALTERNATIVES + 1))
    if len(alternatives) > _MAX_ALTERNATIVES:
        raise answer.wrong(where, values, f"at most {_MAX_ALTERNATIVES} alternatives")
    if "" in values:
        textual = kind == "string" or (isinstance(alternatives[0], str) if alternatives else kind != "array")
        alternatives += [""] * textual + [[]] * (kind == "array")
    if not alternatives:
        raise answer.wrong(where, values, "at least one accepted value")
    return tuple(alternatives)


def _spread(value: Any) -> Iterator[Any]:
    """A value with alternatives inside, as plain values: {k: [1, 2]} -> {k: 1}, {k: 2}."""
    if isinstance(value, dict):
        choices = [
            [*([(key, option) for option in _listed(some)]), *([None] * ("" in _listed(some)))]
            for key, some in value.items()
        ]
        yield from (dict(pair for pair in chosen if pair) for chosen in product(*choices))
    elif isinstance(value, list) and value and all(isinstance(element, dict) for element in value):
        yield from (
            list(chosen)
            for chosen in product(*(list(islice(_spread(element), _MAX_ALTERNATIVES)) for element in value))
        )
    else:
        yield value


def _listed(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]


def _json_schema(raw: Any) -> Any:
    """Upstream's types as JSON Schema has them; 'any' is no restriction."""
    if isinstance(raw, list):
        return [_json_schema(element) for element in raw]
    if not isinstance(raw, dict):
        return raw
    schema = {key: _json_schema(value) for key, value in raw.items()}
    if isinstance(schema.get("type"), str):
        if schema["type"] == "tuple":
            schema["x-tuple"] = True  # upstream takes a tuple for no other array
        schema["type"] = _TYPES.get(schema["type"], schema["type"])
        if schema["type"] == "any":
            del schema["type"]
    return schema
