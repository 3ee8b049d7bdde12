"""Documents of all kinds become functions of platforms; what is broken is refused with the place."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from ptool.errors import ConfigError
from ptool.trees.documents.capabilities import (
    MOST_DOUBTFUL,
    capabilities_yaml,
    control_pairs,
    doubtful_pairs,
    read_capabilities,
    with_capabilities,
)
from ptool.trees.documents.toolset import PairDecision, Toolset, read_toolset

GO = {"name": "go", "parameters": {"type": "object", "properties": {"to": {"type": "string"}}}}


def operation(**more: Any) -> dict[str, Any]:
    return {"operationId": "go", "responses": {}, **more}


def openapi(paths: Any, **more: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": paths, **more}


def written(folder: Path, **documents: Any) -> list[str]:
    paths = []
    for name, document in documents.items():
        path = folder / f"{name}.txt"  # what a document is, its content says
        path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
        paths.append(str(path))
    return paths


def tools(folder: Path, document: Any) -> Toolset:
    """The functions of a document, and of a rival's."""
    return read_toolset(written(folder, first=document, rival=[GO]))


@pytest.mark.parametrize(
    "document",
    [
        [GO],
        [{"type": "function", "function": GO}],
        [{"type": "function", **GO}],
        {"tools": [{"name": "go", "inputSchema": GO["parameters"]}], "nextCursor": "x"},
        {"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": "go", "inputSchema": GO["parameters"]}]}},
        {"functions": [GO]},
        GO,
        "- name: go\n  parameters: {type: object, properties: {to: {type: string}}}\n",
        "\ufeff" + json.dumps([GO]),
        openapi(
            {
                "/go": {
                    "get": operation(parameters=[{"name": "to", "in": "query", "schema": {"type": "string"}}])
                }
            }
        ),
    ],
)
def test_every_kind_of_document_is_known_by_its_content(document: Any, tmp_path: Path) -> None:
    (function,) = tools(tmp_path, document).platforms["First"]
    assert (function.api.name, list(function.api.properties())) == ("go", ["to"])


def test_a_version_without_quotes_is_a_number(tmp_path: Path) -> None:
    document = "openapi: 3.0\ninfo: {title: x}\npaths: {/go: {get: {operationId: go, responses: {}}}}\n"
    (function,) = tools(tmp_path, document).platforms["First"]
    assert function.api.name == "go"


def test_parameters_of_all_places_and_the_body_become_one_list(tmp_path: Path) -> None:
    body = {"$ref": "#/components/requestBodies/Trip"}
    trip = {
        "type": "object",
        "required": ["to"],
        "properties": {"to": {"type": "string"}, "id": {"type": "string"}},
    }
    path = {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
        "post": operation(
            requestBody=body,
            parameters=[
                {"name": "page-size", "in": "query", "schema": {"type": "integer"}},
                {"name": "X-Trace", "in": "header", "required": True, "schema": {"type": "string"}},
                {"name": "from", "in": "cookie", "content": {"text/plain": {"schema": {"type": "string"}}}},
                {"name": "Authorization", "in": "header", "schema": {"type": "string"}},
            ],
        ),
    }
    content = {"required": True, "content": {"application/json": {"schema": trip}}}
    document = openapi({"/t/{id}": path}, components={"requestBodies": {"Trip": content}})
    (function,) = tools(tmp_path, document).platforms["First"]
    marks = {name: (part["x-in"], part.get("x-name")) for name, part in function.api.properties().items()}
    assert marks == {
        "id": ("path", None), "page_size": ("query", "page-size"), "X_Trace": ("header", "X-Trace"),
        "from_": ("cookie", "from"), "to": ("body", None), "body_id": ("body", "id"),
    }  # fmt: skip
    assert function.api.parameters["required"] == ["id", "X_Trace", "to"]
    assert function.source.endswith("first.txt#/paths/~1t~1{id}/post")


def test_operations_without_a_name_or_with_one_that_is_taken_are_called_by_method_and_path(
    tmp_path: Path,
) -> None:
    paths = {
        "/a/{b}": {"get": {}, "put": operation()},
        "/c": {"post": operation()},
        "/d": {"put": operation()},
    }
    names = [function.api.name for function in tools(tmp_path, openapi(paths)).platforms["First"]]
    assert names == ["get_a_b", "go", "post_c", "put_d"]


def test_platforms_are_files_or_what_the_document_says(tmp_path: Path) -> None:
    document = openapi(
        {
            "/a": {"x-platform": "SkyHop", "get": operation()},
            "/b": {"get": operation(**{"x-platform": "AirTwo"})},
        }
    )
    assert list(read_toolset(written(tmp_path, both=document)).platforms) == ["SkyHop", "AirTwo"]
    (path,) = written(tmp_path, pet_store=[GO])
    assert list(read_toolset([path, path]).platforms) == ["PetStore", "PetStore2"]
    for folder in ("sky", "air"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "openapi.json").write_text(json.dumps([GO]))
    assert list(read_toolset([str(tmp_path / "*" / "openapi.json")]).platforms) == ["Air", "Sky"]
    with pytest.raises(ConfigError, match="got functions of one platform, 'PetStore'"):
        read_toolset([path])


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a}]\n"
    for a, b in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ('{"openapi": "3.0.0", "paths": {', "not JSON: line 1, column"),
        ("openapi: 3.0.0\npaths:\n  - [", "not YAML: "),
        ("a: *nowhere\n", "not YAML: "),
        ("openapi: 3.0.0\npaths: {}\npaths: {}\n", "not YAML: 'paths' is given twice"),
        (BOMB, "its aliases stand for more than"),
        ("[" * 5000, "not "),
        ("{a: " * 250 + "1" + "}" * 250, "lists and mappings in each other"),
        ("!!python/object/apply:os.system [ls]", "not YAML: "),
        ("", "got None, expected an OpenAPI 3 document"),
        ({"swagger": "2.0"}, "got Swagger 2.0, expected OpenAPI 3"),
        ({"openapi": 3}, "#/openapi: got '3'"),
        (openapi([]), "#/paths: got a list, expected a mapping"),
        (openapi({"/a": {"get": []}}), "#/paths/~1a/get: got a list"),
        (
            openapi({"/a": {"get": {"parameters": [{"in": "query"}]}}}),
            "#/paths/~1a/get/parameters/0/name: missing",
        ),
        (
            openapi({"/a": {"get": {"parameters": [{"name": "a", "in": "body"}]}}}),
            "parameters/0/in: got 'body'",
        ),
        (
            openapi({"/a": {"get": {"parameters": [{"name": "a", "in": "query"}]}}}),
            "got neither schema nor content",
        ),
        (openapi({"/a": {"$ref": "#/paths/~1a"}}), "leads to itself"),
        (
            openapi({"/a": {"$ref": "https://example.org/a.json"}}),
            "/$ref: got 'https://example.org/a.json', which leads out",
        ),
        (
            openapi({}, components={"schemas": {"A": {"$ref": "other.yaml#/A"}}}),
            "#/components/schemas/A/$ref: got 'other.yaml#/A'",
        ),
        (openapi({}, components={"schemas": {"A": {"$ref": "#/components/schemas/B"}}}), "leads nowhere"),
        (
            [{"name": "go", "parameters": {"$ref": "file:///etc/passwd"}}],
            "#/0/parameters/$ref: got 'file:///etc/passwd'",
        ),
        ({"jsonrpc": "2.0", "error": {"code": -32601}}, "#/error: the answer is an error"),
        ([3], "#/0: got 3, expected a function"),
        ([{"description": "x"}], "#/0/name: missing"),
    ],
)
def test_a_broken_document_is_refused_in_one_line_with_the_place(
    document: Any, says: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as refused:
        tools(tmp_path, document)
    line = str(refused.value)
    assert says in line
    assert (line.count("\n"), line.isprintable(), "first.txt" in line, len(line) < 700) == (
        0,
        True,
        True,
        True,
    )


def test_yaml_is_read_as_openapi_means_it(tmp_path: Path) -> None:
    text = "- name: go\n  parameters: {type: object, properties: {c: {enum: [NO, 12:30, 2027-01-02, 010]}}}\n"
    (function,) = tools(tmp_path, text).platforms["First"]
    assert function.api.properties()["c"]["enum"] == ["NO", "12:30", "2027-01-02", 10]


def test_a_function_nobody_could_call_is_left_out_with_its_reason(tmp_path: Path) -> None:
    upload = {
        "name": "up",
        "parameters": {
            "type": "object",
            "required": ["f"],
            "properties": {"f": {"type": "string", "format": "binary"}},
        },
    }
    many = {
        "name": "many",
        "parameters": {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(40)}},
    }
    found = tools(
        tmp_path, [GO, upload, many, {"type": "web_search"}, {"type": "bash_20250124", "name": "bash"}]
    )
    assert [one.name for one in found.left_out] == ["up", "web_search", "bash_20250124"]
    assert "#/1/parameters/properties/f: a file, which nobody can say" in found.left_out[0].reason
    kept = found.platforms["First"][1]
    assert (len(kept.api.properties()), len(kept.cut)) == (32, 8)


def rivals(folder: Path, first: list[str], second: list[str]) -> dict[str, set[str]]:
    """Capability -> functions, of functions that take a day."""
    takes = {"type": "object", "properties": {"day": {"type": "string"}}}
    documents = {
        key: [{"name": name, "parameters": takes} for name in names]
        for key, names in (("a", first), ("b", second))
    }
    found: dict[str, set[str]] = {}
    for own in with_capabilities(read_toolset(written(folder, **documents))).platforms.values():
        for function in own:
            found.setdefault(function.api.capability, set()).add(function.api.name)
    return found


def test_functions_that_do_the_same_share_a_capability(tmp_path: Path) -> None:
    first = ["searchFlights", "bookFlight", "cancelBooking", "get_order", "list_hotels"]
    second = ["find_flights", "create_booking", "delete-booking", "cancel_order", "hotels_list"]
    assert rivals(tmp_path, first, second) == {
        "search_flights": {"searchFlights", "find_flights"},
        "book_flight": {"bookFlight", "create_booking"},
        "cancel_booking": {"cancelBooking", "delete_booking"},
        "get_order": {"get_order"},
        "cancel_order": {"cancel_order"},
        "list_hotels": {"list_hotels", "hotels_list"},
    }


def grouped(toolset: Toolset) -> set[frozenset[str]]:
    """The functions that share a capability."""
    found: dict[str, set[str]] = {}
    for platform, own in toolset.platforms.items():
        for function in own:
            found.setdefault(function.api.capability, set()).add(f"{platform}.{function.api.name}")
    return {frozenset(group) for group in found.values() if len(group) > 1}


def test_somebodys_word_on_pairs_in_doubt_goes_before_likeness(tmp_path: Path) -> None:
    takes = {
        key: {"type": "object", "properties": {"city": {"type": "string"}, key: {"type": "string"}}}
        for key in ("a", "b")
    }
    tools = {
        key: [{"name": name, "description": text, "parameters": takes[key]} for name, text in own.items()]
        for key, own in {
            "a": {"find_room": "Find a room.", "rate_room": "Rate a room.", "pay": "Pay what is due."},
            "b": {
                "search_rooms": "Search rooms.",
                "room_rates": "What rooms cost.",
                "settle": "Settle a bill.",
            },
        }.items()
    }
    toolset = with_capabilities(read_toolset(written(tmp_path, **tools)))
    assert grouped(toolset) == {
        frozenset({"A.find_room", "B.search_rooms"}),
        frozenset({"A.rate_room", "B.room_rates"}),  # code is taken in by the words
    }
    right = {("A.find_room", "B.search_rooms"), ("A.pay", "B.settle")}
    doubtful = doubtful_pairs(toolset)
    assert {(pair.first, pair.second) for pair in control_pairs(toolset, len(doubtful))} == {
        (("A", "find_room"), ("A", "rate_room")), (("B", "search_rooms"), ("B", "room_rates")),
    }  # fmt: skip
    decided = [
        replace(pair, same=(".".join(pair.first), ".".join(pair.second)) in right) for pair in doubtful
    ]
    assert grouped(with_capabilities(toolset, decided)) == {frozenset(pair) for pair in right}
    assert grouped(with_capabilities(toolset, doubtful)) == grouped(toolset)  # nothing usable was said

    told = yaml.safe_load(capabilities_yaml(with_capabilities(toolset, decided)))
    by_model = dict.fromkeys(("rate_room", "pay", "room_rates"), "model")
    assert told["decided_by"] == {"find_room": "code", **by_model}  # of rooms to find there was no doubt
    asked = {tuple(one["functions"]): (one["code"], one["model"]) for one in told["asked"]}
    assert asked["A.rate_room", "B.room_rates"] == ("same", "different")
    assert asked["A.pay", "B.settle"] == ("different", "same")
    (tmp_path / "mine.yaml").write_text(
        "capabilities: {rate: {A: rate_room, B: room_rates}, x: {A: pay, B: settle}}"
    )
    corrected = read_capabilities(tmp_path / "mine.yaml", with_capabilities(toolset, decided))
    assert yaml.safe_load(capabilities_yaml(corrected))["decided_by"] == {"rate": "person", "x": "person"}


def test_what_somebody_keeps_apart_no_third_function_joins(tmp_path: Path) -> None:
    same = [{"name": "find_room", "description": "Find a room."}]
    other = [{"name": "find_rooms", "description": "Find a room."}]
    toolset = read_toolset(written(tmp_path, a=same, b=other, c=same))
    assert len(grouped(with_capabilities(toolset))) == 1
    apart = PairDecision(("A", "find_room"), ("B", "find_rooms"), 0.9, alike=True, same=False)
    assert grouped(with_capabilities(toolset, [apart])) == {frozenset({"A.find_room", "C.find_room"})}


def test_pairs_in_doubt_are_few_and_none_where_a_clear_counterpart_is(tmp_path: Path) -> None:
    things = [f"{one}{other}" for one in ("red", "blue", "green", "grey") for other in "abcdefghijklmno"]
    clear = read_toolset(
        written(
            tmp_path,
            a=[{"name": f"find_{thing}", "description": f"Find {thing}."} for thing in things],
            b=[{"name": f"search_{thing}", "description": f"Find {thing}."} for thing in things],
        )
    )
    assert doubtful_pairs(clear) == []
    vague = read_toolset(
        written(
            tmp_path,
            a=[{"name": f"find_{thing}_item", "description": "Find it."} for thing in things],
            b=[{"name": f"search_{thing}_piece", "description": "Look for it."} for thing in things[::-1]],
        )
    )
    doubtful = doubtful_pairs(vague)
    assert len(doubtful) <= MOST_DOUBTFUL
    assert doubtful == doubtful_pairs(vague)
    assert {pair.first[0] for pair in doubtful} == {"A"}


def test_a_person_corrects_what_was_guessed(tmp_path: Path) -> None:
    found = with_capabilities(
        read_toolset(written(tmp_path, a=[GO, {**GO, "name": "stay"}], b=[{**GO, "name": "leave"}]))
    )
    written_down = tmp_path / "tools.yaml"
    written_down.write_text(capabilities_yaml(found))
    assert read_capabilities(written_down, found) == replace(found, corrected=True)
    written_down.write_text("capabilities: {move: {A: go, B: leave}}")
    corrected = read_capabilities(written_down, found)
    assert {name: [one.api.capability for one in own] for name, own in corrected.platforms.items()} == {
        "A": ["move"],
        "B": ["move"],
    }


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]", "expected 'capabilities', a mapping"),
        ("capabilities: {move: go}", "capabilities.move: expected platform -> function"),
        ("capabilities: {move: {C: go}}", "no platform 'C'; there are 'A', 'B'"),
        ("capabilities: {move: {A: goo}}", "A has no function 'goo'; there are 'go' (did you mean 'go'?)"),
        ("capabilities: {move: {A: go}, walk: {A: go}}", "A.go stands in 'move' already"),
        ("capabilities: {a b: {A: go}}", "expected an identifier"),
    ],
)
def test_a_correction_that_says_nothing_is_refused(content: str, says: str, tmp_path: Path) -> None:
    found = read_toolset(written(tmp_path, a=[GO], b=[GO]))
    (tmp_path / "mine.yaml").write_text(content)
    with pytest.raises(ConfigError) as refused:
        read_capabilities(tmp_path / "mine.yaml", found)
    assert says in str(refused.value)
