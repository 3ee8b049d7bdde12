"""OpenAPI 3: every operation a function, its parameters and the fields of its body those of the function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import printable
from .functions import GivenFunction, GivenParameter, LeftOut, identifier, make_api, response_schema, unique
from .references import BrokenDocument, UnusableSchema, check_references, followed, pointer_to
from .schema_converter import SchemaConverter
from .schema_keywords import plain_text

METHODS = ("get", "put", "post", "delete", "patch")
"""Methods that people ask for."""
_NOT_SAID = ("options", "head", "trace")
_PLACES = ("path", "query", "header", "cookie")
_IGNORED_HEADERS = frozenset(("accept", "content-type", "authorization"))
"""Headers that OpenAPI says are no parameters."""
_FLAT = frozenset(
    ("type", "properties", "required", "additionalProperties", "description", "default", "minProperties")
)
"""Keywords of a body whose fields can be parameters of their own."""


def openapi_functions(document: Mapping[str, Any]) -> Iterator[GivenFunction | LeftOut]:
    """Every operation of a document, in its order.

    Raises BrokenDocument: with the place of what is no OpenAPI.
    """
    version = str(document["openapi"])  # in YAML, 3.0 without quotes is a number
    if not version.startswith("3."):
        raise BrokenDocument("#/openapi", f"got {printable(version, 40)!r}, expected 3.0, 3.1 or 3.2")
    check_references(document)
    reader = _Reader(document, version.startswith("3.0"))
    for path, item in _mapping(document.get("paths", {}), "#/paths").items():
        if path.startswith("x-"):
            continue
        item, place = followed(document, item, pointer_to("#/paths", path))
        yield from reader.operations(path, _mapping(item, place), place)


def _mapping(value: Any, pointer: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BrokenDocument(pointer, f"got {_kind(value)}, expected a mapping")
    return value


def _kind(value: Any) -> str:
    kinds = {list: "a list", str: "a text", type(None): "nothing", bool: "true or false"}
    return kinds.get(type(value), "a number")


class _Reader:
    """Reads the operations of one document."""

    def __init__(self, document: Mapping[str, Any], dialect_3_0: bool) -> None:
        self.document, self.dialect_3_0 = document, dialect_3_0
        self.names: list[str] = []
        info = document.get("info", {})
        self.platform = (
            document.get("x-platform") or (isinstance(info, dict) and info.get("x-platform")) or ""
        )
        tags = document.get("tags", [])
        self.tags = {
            str(tag.get("name")): str(tag.get("description") or "")
            for tag in (tags if isinstance(tags, list) else [])
            if isinstance(tag, dict)
        }

    def operations(self, path: str, item: Mapping[str, Any], place: str) -> Iterator[GivenFunction | LeftOut]:
        for method in METHODS:
            if method in item:
                pointer = pointer_to(place, method)
                operation = _mapping(item[method], pointer)
                name = self.name(operation, method, path, pointer)
                try:
                    yield self.function(name, operation, item, place, pointer)
                except UnusableSchema as fault:
                    yield LeftOut(name, pointer, str(fault))
        for method in _NOT_SAID:
            if method in item:
                pointer = pointer_to(place, method)
                yield LeftOut(f"{method} {path}", pointer, f"{pointer}: nobody asks for {method.upper()}")

    def name(self, operation: Mapping[str, Any], method: str, path: str, pointer: str) -> str:
        """The operation's name; that of method and path where it has none, or one that is taken."""
        given = operation.get("operationId", "")
        if not isinstance(given, str):
            raise BrokenDocument(pointer_to(pointer, "operationId"), f"got {_kind(given)}, expected a text")
        otherwise = identifier(f"{method} {path}") or method
        name = identifier(given) or otherwise
        name = unique(otherwise if name in self.names else name, self.names)
        self.names.append(name)
        return name

    def function(
        self, name: str, operation: Mapping[str, Any], item: Mapping[str, Any], place: str, pointer: str
    ) -> GivenFunction:
        converter = SchemaConverter(self.document, self.dialect_3_0)
        parameters = [
            *self.parameters(item, place, operation, pointer, converter),
            *self.body(operation, pointer, converter),
        ]
        description = operation.get("summary") or operation.get("description") or ""
        returned = SchemaConverter(self.document, self.dialect_3_0)
        response = response_schema(self.returned(operation, pointer), returned, pointer)
        api = make_api(name, str(description), parameters, response, converter, pointer)
        tags = operation.get("tags")
        tag = str(tags[0]) if isinstance(tags, list) and tags else ""
        platform = operation.get("x-platform") or item.get("x-platform") or self.platform
        return GivenFunction(
            str(platform), tag, self.tags.get(tag, ""), api, pointer, tuple(dict.fromkeys(converter.cut))
        )

    def parameters(
        self,
        item: Mapping[str, Any],
        place: str,
        operation: Mapping[str, Any],
        pointer: str,
        converter: SchemaConverter,
    ) -> Iterator[GivenParameter]:
        """Those of the path and of the operation, which take the place of the path's of the same name."""
        found: dict[tuple[str, str], tuple[Mapping[str, Any], str]] = {}
        for owner, where in ((item, place), (operation, pointer)):
            listed = owner.get("parameters", [])
            if not isinstance(listed, list):
                raise BrokenDocument(pointer_to(where, "parameters"), f"got {_kind(listed)}, expected a list")
            for at, given in enumerate(listed):
                value, own = followed(self.document, given, pointer_to(where, "parameters", at))
                parameter = _mapping(value, own)
                name, kind = parameter.get("name"), parameter.get("in")
                if not isinstance(name, str) or not name:
                    raise BrokenDocument(pointer_to(own, "name"), "missing, expected the parameter's name")
                if kind not in _PLACES:
                    got = printable(str(kind), 40)
                    raise BrokenDocument(
                        pointer_to(own, "in"), f"got {got!r}, expected path, query, header or cookie"
                    )
                found[name, str(kind)] = parameter, own
        for (name, kind), (parameter, own) in found.items():
            if kind == "header" and name.lower() in _IGNORED_HEADERS:
                continue
            required = kind == "path" or parameter.get("required") is True
            try:
                schema = self.schema_of(parameter, own, converter)
            except UnusableSchema as fault:
                if required:
                    raise
                converter.cut.append((fault.pointer, fault.reason))
                continue
            if text := parameter.get("description"):
                schema = {**schema, "description": plain_text(str(text))}
            yield GivenParameter(name, schema, required, kind)

    def schema_of(
        self, parameter: Mapping[str, Any], pointer: str, converter: SchemaConverter
    ) -> dict[str, Any]:
        if "schema" in parameter:
            return converter.convert(parameter["schema"], pointer_to(pointer, "schema"))
        content = _mapping(parameter.get("content", {}), pointer_to(pointer, "content"))
        for kind, media in content.items():
            place = pointer_to(pointer, "content", kind, "schema")
            if isinstance(media, dict) and "schema" in media:
                return converter.convert(media["schema"], place)
        raise BrokenDocument(pointer, "got neither schema nor content, expected one of them")

    def body(
        self, operation: Mapping[str, Any], pointer: str, converter: SchemaConverter
    ) -> Iterator[GivenParameter]:
        """The fields of the body, or the body as one parameter where it has none of its own."""
        if operation.get("requestBody") is None:
            return
        value, place = followed(self.document, operation["requestBody"], pointer_to(pointer, "requestBody"))
        body = _mapping(value, place)
        required = body.get("required") is True
        content = _mapping(body.get("content", {}), pointer_to(place, "content"))
        chosen = next((kind for rank in _CONTENT for kind in content if rank(kind.lower())), None)
        try:
            if chosen is None:
                raise UnusableSchema(place, f"a body of {printable(', '.join(content), 80) or 'nothing'}")
            where = pointer_to(place, "content", chosen)
            media = _mapping(content[chosen], where)
            schema = converter.convert(media.get("schema", {}), pointer_to(where, "schema"))
        except UnusableSchema as fault:
            if required:
                raise
            converter.cut.append((fault.pointer, fault.reason))
            return
        needed = schema.get("required", [])
        flat = schema.get("type") == "object" and schema.get("properties") and schema.keys() <= _FLAT
        if flat and schema.get("minProperties", 0) <= len(needed):
            for name, part in schema["properties"].items():
                yield GivenParameter(name, part, name in needed, "body")
        elif schema.get("properties") != {}:
            yield GivenParameter("body", schema, required, "body")

    def returned(self, operation: Mapping[str, Any], pointer: str) -> Any:
        """The schema of what a call returns where all goes well; None: the document does not say."""
        responses = operation.get("responses")
        for status in ("200", "201", "202", "2XX", "default"):
            if not isinstance(responses, dict) or status not in responses:
                continue
            response, _ = followed(self.document, responses[status], pointer_to(pointer, "responses", status))
            content = response.get("content") if isinstance(response, dict) else None
            for media in content.values() if isinstance(content, dict) else ():
                if isinstance(media, dict):
                    return media.get("schema")
        return None


_CONTENT = (
    lambda kind: kind.startswith("application/json"),
    lambda kind: "json" in kind,
    lambda kind: kind.startswith("application/x-www-form-urlencoded"),
    lambda kind: kind.startswith("multipart/form-data"),
    lambda kind: kind.startswith("*/*"),
)
"""Which content of a body is taken, the first kind first."""
