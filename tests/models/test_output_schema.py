"""Output records on the wire: what strict endpoints accept, and what small models write naturally."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema_rs
import ptool
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ptool.agents.output_forms import WantedList, narrow_form
from ptool.errors import ConfigError
from ptool.models import output_schema as wire
from ptool.records import Call, Expansion, JsonObject, Record, Solution
from pydantic import BaseModel, Field, Json, ValidationError, create_model

ROLES = (Path(ptool.__file__).parent / "conf" / "agent").glob("*.yaml")
OUTPUTS = sorted({yaml.safe_load(path.read_text()).get("output", "ptool.records.Verdict") for path in ROLES})
STRICT_KEYWORDS = {"type", "description", "properties", "required", "additionalProperties", "items", "anyOf"}
STRICT_KEYWORDS |= {"enum", "const", "$ref", "$defs"}


def record(dotted: str) -> type[BaseModel]:
    module, _, name = dotted.rpartition(".")
    return getattr(import_module(module), name)


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema in a schema."""
    yield schema
    below = [
        *schema.get("properties", {}).values(),
        *schema.get("$defs", {}).values(),
        *schema.get("anyOf", []),
    ]
    below += [
        one for one in (schema.get("items"), schema.get("additionalProperties")) if isinstance(one, dict)
    ]
    for one in below:
        yield from nodes(one)


def offences(schema: dict[str, Any]) -> list[str]:
    """What OpenAI's strict mode would refuse, by the rules of its documentation."""
    found = [] if schema.get("type") == "object" else ["the root is no object"]
    for node in nodes(schema):
        found += [f"keyword {key}" for key in node.keys() - STRICT_KEYWORDS]
        found += ["a keyword beside $ref"] if "$ref" in node and len(node) > 1 else []
        found += [] if node.keys() & {"type", "anyOf", "$ref", "enum", "const"} else ["no type"]
        if node.get("type") == "object":
            found += [] if node.get("additionalProperties") is False else ["additional properties"]
            found += [] if node.get("required") == list(node.get("properties", ())) else ["optional property"]
        if "$ref" in node:
            found += [] if node["$ref"].rpartition("/")[2] in schema.get("$defs", {}) else ["a loose end"]
    return found


def test_an_offence_is_found() -> None:
    assert offences({"type": "object", "properties": {"a": {"minimum": 1}}, "required": []}) == [
        "additional properties",
        "optional property",
        "keyword minimum",
        "no type",
    ]


@pytest.mark.parametrize("dotted", OUTPUTS)
def test_every_roles_output_is_fit_for_strict_mode(dotted: str) -> None:
    assert offences(wire.schema_of(record(dotted), strict=True)) == []


def test_a_narrowed_record_has_no_definitions_left_over() -> None:
    form = narrow_form(Expansion, WantedList("contexts", 2, 12))
    schema = wire.schema_of(form, strict=True)
    assert offences(schema) == []
    assert (list(schema["properties"]), list(schema["$defs"])) == (["contexts"], ["Context"])
    assert schema["properties"]["contexts"]["description"].endswith("(at least 2 items, at most 12 items)")
    plain = wire.schema_of(form, strict=False)["properties"]["contexts"]
    assert (plain["minItems"], plain["maxItems"]) == (2, 12)


def test_a_json_object_is_text_for_strict_endpoints_and_an_object_for_the_others() -> None:
    strict, plain = (wire.schema_of(Call, strict=one)["properties"]["arguments"] for one in (True, False))
    assert strict == {
        "type": "string",
        "description": "parameter -> value (a JSON object, written as text)",
    }
    assert plain == {"type": "object", "description": "parameter -> value", "additionalProperties": True}


class Odd(Record):
    """Everything that is awkward at once."""

    kind: Literal["a", "b"] = Field(default="a", description="which")
    fixed: Literal["x"] = "x"
    number: Annotated[int, Field(ge=1, le=9)] = Field(default=3, description="how many")
    word: Annotated[str, Field(pattern="^[a-z]+$", max_length=5)] = "abc"
    call: Call = Field(description="the one call")
    maybe: Call | None = None
    either: Annotated[Call | Solution, Field(description="one of two")]
    text: Json[dict[str, int]] = Field(description="JSON in a text, as pydantic has it")
    children: tuple[Odd, ...] = ()


def test_the_strict_form_says_in_words_what_it_may_not_say_in_keywords() -> None:
    schema = wire.schema_of(Odd, strict=True)
    properties = schema["properties"]
    assert offences(schema) == []
    assert properties["number"] == {"type": "integer", "description": "how many (at least 1, at most 9)"}
    assert properties["word"]["description"] == "at most 5 characters, matching ^[a-z]+$"
    assert properties["children"]["items"] == {"$ref": "#/$defs/Odd"}
    assert properties["call"]["description"] == "the one call"
    assert properties["call"]["properties"].keys() == {"api", "arguments"}
    assert properties["text"]["type"] == "string"
    assert {"type": "null"} in properties["maybe"]["anyOf"]


def test_the_plain_form_keeps_constraints_and_defaults_but_nothing_is_left_out() -> None:
    schema = wire.schema_of(Odd, strict=False)
    assert schema["properties"]["number"] == {
        "type": "integer",
        "description": "how many",
        "minimum": 1,
        "maximum": 9,
        "default": 3,
    }
    assert all("title" not in node for node in nodes(schema))
    assert "default" not in wire.response_format(Odd, True).decode()


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (dict[str, int], "a mapping with free keys at field"),
        (list[dict[str, str]], "a mapping with free keys at field[]"),
        (Any, "a value of any type at field"),
        (tuple[int, str], "what JSON Schema says with 'prefixItems' at field"),
    ],
)
def test_what_strict_mode_cannot_say_is_refused_by_name(annotation: Any, said: str) -> None:
    form = create_model("Loose", field=(annotation, ...))
    with pytest.raises(ConfigError, match=r"^model\.strict: the output record Loose has") as caught:
        wire.schema_of(form, strict=True)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert wire.schema_of(form, strict=False)["required"] == ["field"]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), values, max_size=4))
def test_what_a_model_writes_naturally_is_valid_and_becomes_the_record(arguments: dict[str, Any]) -> None:
    written = {"platform": "MegaMart", "calls": [{"api": "search", "arguments": arguments}]}
    assert jsonschema_rs.is_valid(wire.schema_of(Solution, strict=False), written)
    assert Solution.model_validate(written).calls[0].arguments == arguments


def test_the_instruction_holds_the_plain_schema() -> None:
    said = wire.instruction(Solution)
    assert said.startswith("\n\nAnswer with one JSON object")
    assert '"arguments":{"type":"object"' in said


def test_a_digest_stands_for_name_and_schema() -> None:
    def form(name: str = "Form", description: str = "a") -> type[BaseModel]:
        return create_model(name, value=(int, Field(description=description)))

    assert wire.digest(form()) == wire.digest(form())
    assert len(wire.digest(form())) == 16
    assert len({wire.digest(form(*one)) for one in [(), ("Form", "b"), ("Other",)]}) == 3


def test_a_label_is_one_that_endpoints_take() -> None:
    assert b'"name":"F_rm_' in wire.response_format(create_model("Förm ", value=(int, ...)), True)


def test_pydantics_own_json_stays_text() -> None:
    class Both(Record):
        own: Json[Any]
        ours: JsonObject

    types = {name: one["type"] for name, one in wire.schema_of(Both, strict=False)["properties"].items()}
    assert types == {"own": "string", "ours": "object"}
    with pytest.raises(ValidationError):
        Both.model_validate({"own": {}, "ours": {}})
