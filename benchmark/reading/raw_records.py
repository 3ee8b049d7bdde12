"""Records of dataset files, each with the place it stands at, and the parts that datasets have in common.

A file is JSON lines or, as published datasets are, one JSON array; sizes are bounded and nothing is trusted.
ptool's samples and the published PTBench share the parts of Fig. 7: profile, platforms, functions and the
answer `[platform, [{function: {parameter: [accepted, …]}}, …]]`. What many records of a scenario repeat is
built once and shared by their items.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, get_args

import orjson

from ...errors import StoreError
from ...texts.byte_order_marks import as_utf8
from ...texts.hidden import STEERING, faults
from ..items import GoldCall, Origin

MAX_LINE = 64 * 1024 * 1024
"""Bytes one line may have; a longer one is no sample."""

MAX_ARRAY = 2 * 1024 * 1024 * 1024
"""Bytes a file that is one JSON array may have: it has to be held as a whole."""

Built = TypeVar("Built")

_ORIGINS = get_args(Origin)
_SHORTENED = 60  # characters of a bad value that a message shows


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One JSON object of a file."""

    place: str
    """'file:line', or 'file[position]' in an array, positions from 0"""
    value: dict[str, Any]

    def get(self, key: str, kind: type | tuple[type, ...]) -> Any:
        """The value of a key that must be there. Raises StoreError where it is missing or of another kind."""
        if key not in self.value:
            have = ", ".join(repr(key)[:_SHORTENED] for key in list(self.value)[:12]) or "no keys"
            raise StoreError(f"{self.place}: no {key!r}; it has {have}")
        got = self.value[key]
        if not isinstance(got, kind) or (isinstance(got, bool) and kind is int):
            raise self.wrong(key, got, _kind_name(kind))
        return got

    def wrong(self, where: str, got: Any, expected: str) -> StoreError:
        """The error for a value that is not what it must be, shortened shortened."""
        return StoreError(f"{self.place}: {where}: got {shortened(got)}, expected {expected}")


def read_records(path: Path) -> Iterator[RawRecord]:
    """The JSON objects of a file, lazily for JSON lines; empty lines are skipped.

    Raises StoreError, one line with the place, for what cannot be read or is no JSON object.
    """
    try:
        with _opened(path) as file:
            start = _first_byte(file)
            if start == b"[":
                yield from _array_records(path, file.read(MAX_ARRAY + 1))
                return
            number = 0
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    raise StoreError(f"{path}:{number}: longer than {MAX_LINE} bytes, expected a JSON object")
                if line.strip():
                    yield _record(f"{path}:{number}", _loads(line, f"{path}:{number}"))
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from error


def shortened(value: Any) -> str:
    """A value as a message shows it: its start, on one line."""
    if isinstance(value, list | dict | tuple):
        return f"{_kind_name(type(value))} of {len(value)}"
    text = repr(value if not isinstance(value, str) else value[: _SHORTENED + 1])
    return text if len(text) <= _SHORTENED else f"{text[:_SHORTENED]}…"


def _opened(path: Path) -> BinaryIO:
    """The file's bytes in UTF-8; one in UTF-16, as some programs on Windows write, is held as a whole."""
    file = path.open("rb")
    mark = file.read(2)
    file.seek(0)
    if mark not in (BOM_UTF16_LE, BOM_UTF16_BE):
        return file
    with file:
        return BytesIO(as_utf8(file.read(MAX_ARRAY)))


def _first_byte(file: Any) -> bytes:
    """The first byte that is not white space (or a byte order mark); the file stands at its start again."""
    while (byte := file.read(1)) and (byte.isspace() or byte in b"\xef\xbb\xbf"):
        pass
    file.seek(0)
    return byte


def _array_records(path: Path, content: bytes) -> Iterator[RawRecord]:
    if len(content) > MAX_ARRAY:
        raise StoreError(f"{path}: longer than {MAX_ARRAY} bytes as one array; write it as JSON lines")
    values = _loads(content, str(path))
    for position, value in enumerate(values):
        yield _record(f"{path}[{position}]", value)


def _record(place: str, value: Any) -> RawRecord:
    if not isinstance(value, dict):
        raise StoreError(f"{place}: got {shortened(value)}, expected a JSON object")
    return RawRecord(place, value)


def _loads(text: bytes, place: str) -> Any:
    try:
        return orjson.loads(as_utf8(text))
    except orjson.JSONDecodeError as error:
        try:
            return _loads_as_python(text)
        except (ValueError, RecursionError):
            raise StoreError(f"{place}: not JSON: {error}") from None


def _loads_as_python(text: bytes) -> Any:
    """What Python's `json` reads beyond JSON, as published datasets were written by it.

    That is NaN, which becomes null, as an endpoint and a page would have it, and halves of characters, which
    become U+FFFD.
    """
    value = json.loads(as_utf8(text), parse_constant=lambda _: None)
    whole = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
    return json.loads(whole.decode("utf-16", "replace"))


def _kind_name(kind: type | tuple[type, ...]) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    words = {str: "text", dict: "an object", list: "a list", tuple: "a list", int: "a whole number"}
    return " or ".join(words.get(single, single.__name__) for single in kinds)


_MAX_SHARED = 512  # scenarios and profiles kept; beyond that the oldest are built again
_NUMBERS_AS_KEYS = orjson.OPT_NON_STR_KEYS


class SharedValues:
    """Builds a value from raw JSON once, however many records repeat that JSON; memory is bounded."""

    def __init__(self, room: int = _MAX_SHARED) -> None:
        self._room = room
        self._kept: dict[tuple[Any, bytes], Any] = {}
        self._last: dict[Any, tuple[Any, Any]] = {}

    def get(self, record: RawRecord, raw: Any, build: Callable[[RawRecord, Any], Built]) -> Built:
        """`build(record, raw)`, or what it returned for the same `raw` the last time."""
        raw_before, built = self._last.get(build, (None, None))
        if raw_before is not raw:  # the very object again: samples that share their tools
            built = self._get_by_content(record, raw, build)
            self._last[build] = raw, built
        return built

    def _get_by_content(self, record: RawRecord, raw: Any, build: Callable[[RawRecord, Any], Built]) -> Built:
        key = (build, fingerprint(raw, 16))
        if key not in self._kept:
            if len(self._kept) >= self._room:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = build(record, raw)
        return self._kept[key]


def fingerprint(raw: Any, size: int = 6) -> bytes:
    """A fingerprint of a JSON value, the order of its keys included."""
    return blake2b(orjson.dumps(raw, option=_NUMBERS_AS_KEYS), digest_size=size).digest()


def gold_calls(
    record: RawRecord, origins: Callable[[int], Mapping[str, Origin]], empty: bool = False
) -> tuple[str, tuple[GoldCall, ...]]:
    """The platform and the calls of an `answer`.

    Args: origins: position of a call -> its parameters' origins; empty: whether nothing may be accepted.
    Of an object with several functions only the first counts, as in the published code. Raises StoreError
    where the answer has another shape.
    """
    answer = record.get("answer", list)
    shape = "[platform, [{function: {parameter: [accepted, …]}}, …]]"
    if len(answer) != 2 or not isinstance(answer[0], str) or not isinstance(answer[1], list):
        raise record.wrong("answer", answer, shape)
    return answer[0], tuple(
        _gold_call(record, at, raw, origins(at), empty) for at, raw in enumerate(answer[1])
    )


def _gold_call(record: RawRecord, at: int, raw: Any, origins: Mapping[str, Origin], empty: bool) -> GoldCall:
    if not isinstance(raw, dict) or not raw:
        raise record.wrong(f"answer[1][{at}]", raw, "{function: {parameter: [accepted, …]}}")
    name, parameters = next(iter(raw.items()))
    if not isinstance(parameters, dict):
        raise record.wrong(f"answer[1][{at}].{name}", parameters, "{parameter: [accepted, …]}")
    accepted = {
        parameter: _accepted_values(record, f"{name}.{parameter}", values, empty)
        for parameter, values in parameters.items()
    }
    stated: dict[str, Origin] = {
        parameter: origins[parameter] for parameter in accepted if parameter in origins
    }
    bare = {parameter: values for parameter, values in parameters.items() if not isinstance(values, list)}
    return GoldCall(name, accepted, stated, bare)


def _accepted_values(record: RawRecord, where: str, values: Any, empty: bool) -> tuple[Any, ...]:
    if not isinstance(values, list):
        return (values,)  # published records also give a value bare
    if not values and not empty:
        raise record.wrong(f"answer: {where}", values, "at least one accepted value")
    return tuple(values)


def argument_origins(record: RawRecord) -> dict[int, dict[str, Origin]]:
    """Position of a call -> its parameters' origins. Raises StoreError where `origins` has another shape."""
    by_call: dict[int, dict[str, Origin]] = {}
    for argument in record.get("origins", list):
        if not (
            isinstance(argument, dict)
            and isinstance(argument.get("call"), int)
            and isinstance(argument.get("parameter"), str)
            and argument.get("origin") in _ORIGINS
        ):
            raise record.wrong(
                "origins", argument, "{call, parameter, value, origin: query | profile | default}"
            )
        by_call.setdefault(argument["call"], {})[argument["parameter"]] = argument["origin"]
    return by_call


def function_schemas(record: RawRecord, raw: list[Any]) -> dict[str, dict[str, Any]]:
    """name -> schema, wrapped as `{type: function, function: …}` or not; of equal names the first stays."""
    schemas: dict[str, dict[str, Any]] = {}
    check_shown(raw, f"{record.place}: functions")
    for at, declared in enumerate(raw):
        schema = declared.get("function", declared) if isinstance(declared, dict) else None
        if not isinstance(schema, dict) or not isinstance(schema.get("name"), str):
            raise record.wrong(f"functions[{at}]", declared, "{name, description, parameters}")
        _check_parameters(record, schema)
        schemas.setdefault(schema["name"], schema)
    return schemas


def check_shown(value: Any, where: str) -> None:
    """Refuse names that hide something or are endless, and texts that steer a terminal.

    Args: value: functions or platforms, which prompts and pages show; where: their place.
    Raises StoreError with the place.
    """
    for fault in faults(value, where, MAX_LINE, STEERING):
        raise StoreError(fault)


def _check_parameters(record: RawRecord, schema: dict[str, Any]) -> None:
    """What is read of a schema has the kinds JSON Schema gives it."""
    parameters = schema.get("parameters", {})
    properties = parameters.get("properties", {}) if isinstance(parameters, dict) else None
    required = parameters.get("required", []) if isinstance(parameters, dict) else None
    if (
        not isinstance(properties, dict)
        or not all(isinstance(property_schema, dict) for property_schema in properties.values())
        or not isinstance(required, list)
        or not all(isinstance(name, str) for name in required)
    ):
        expected = "{type: object, properties: {name: {…}}, required: [name, …]}"
        raise record.wrong(f"parameters of {schema['name']!r:.80}", parameters, expected)


def platform_functions(record: RawRecord, raw: list[Any]) -> dict[str, tuple[str, ...]]:
    """name -> the functions a record says the platform offers; published records do not say."""
    offered: dict[str, tuple[str, ...]] = {}
    check_shown(raw, f"{record.place}: platforms")
    for at, platform in enumerate(raw):
        apis = (
            platform.get("apis", [])
            if isinstance(platform, dict) and isinstance(platform.get("name"), str)
            else None
        )
        if not isinstance(apis, list) or not all(isinstance(api, str) for api in apis):
            raise record.wrong(f"platforms[{at}]", platform, "{name, profile, apis: [function, …]}")
        offered[platform["name"]] = tuple(apis)
    return offered


def platform_characteristics(record: RawRecord, raw: list[Any]) -> dict[str, dict[str, str]]:
    """name -> characteristic -> text; of platforms that have a profile."""
    del record
    return {
        platform["name"]: platform["profile"] for platform in raw if isinstance(platform.get("profile"), dict)
    }


def unchanged(record: RawRecord, raw: dict[str, Any]) -> dict[str, Any]:
    """The value itself, for sharing."""
    del record
    return raw


def parameter_names(record: RawRecord, key: str) -> tuple[str, ...]:
    """A list of parameter names. Raises StoreError where it is no list of text."""
    names = record.get(key, list)
    if not all(isinstance(name, str) for name in names):
        raise record.wrong(key, names, "a list of parameter names")
    return tuple(names)
