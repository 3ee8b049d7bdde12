"""The calls of an answer as fields: one for every parameter, and all of them as JSON for what is not a value.

What nobody edited comes back as the very value that was shown. A field that is left empty is no argument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...records import Call, Sample
from ..corrections import parse_value
from ..records import FieldError
from .editable_text import shown_json, shown_text, typed_text

_MOST_PARAMETERS = 200


@dataclass(frozen=True, slots=True)
class ValueField:
    """A field for the value of one parameter of one call."""

    place: str
    """'0-3': of the call and, in its schema, of the parameter"""
    path: str
    """'calls[0].arguments.zone'"""
    parameter: str
    schema: Mapping[str, Any]
    required: bool
    value: Any = None
    absent: bool = True

    @property
    def text(self) -> str:
        """The recorded value as it stands in the field; empty where there is none."""
        return "" if self.absent else value_text(self.value, self.schema)


def value_fields(sample: Sample, calls: Sequence[Call]) -> list[list[ValueField]]:
    """The fields of every call: its schema's parameters, and arguments that the schema does not know."""
    functions = {
        str(tool["function"].get("name")): tool["function"].get("parameters")
        for tool in sample.tools
        if isinstance(tool.get("function"), dict)
    }
    fields = []
    for number, call in enumerate(calls):
        parameters = functions.get(call.api)
        parameters = parameters if isinstance(parameters, dict) else {}
        properties = parameters.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        names = list(dict.fromkeys([*properties, *call.arguments]))[:_MOST_PARAMETERS]
        required = parameters.get("required", ())
        fields.append(
            [
                ValueField(
                    place=f"{number}-{place}",
                    path=f"calls[{number}].arguments.{name}",
                    parameter=name,
                    schema=schema if isinstance(schema := properties.get(name), dict) else {},
                    required=name in required,
                    value=call.arguments.get(name),
                    absent=name not in call.arguments,
                )
                for place, name in enumerate(names)
            ]
        )
    return fields


def calls_json(calls: Sequence[Call]) -> str:
    """Calls for a field, as JSON."""
    return shown_json([{"api": call.api, "arguments": call.arguments} for call in calls])


def typed_calls(
    given: Mapping[str, str], recorded: Sequence[Call], fields: Sequence[Sequence[ValueField]]
) -> tuple[tuple[Call, ...], list[FieldError]]:
    """The calls that the fields of a form hold, and what is wrong with which of them."""
    calls, errors = [], []
    for call, row in zip(recorded, fields, strict=True):
        arguments = {}
        for field in row:
            text = given.get(f"value-{field.place}", field.text).replace("\r\n", "\n")
            if text == field.text:
                arguments |= {} if field.absent else {field.parameter: field.value}
            elif text.strip():
                value, fault = parse_value(typed_text(text).strip(), field.schema)
                arguments[field.parameter] = value
                errors += [FieldError(path=field.path, message=fault)] if fault else []
        calls.append(Call(api=call.api, arguments=arguments))
    return tuple(calls), errors


def edited_json(given: Mapping[str, str], recorded: Sequence[Call]) -> str:
    """The JSON of all calls where somebody edited it; otherwise empty."""
    text = given.get("calls", "").replace("\r\n", "\n").strip()
    return "" if text == calls_json(recorded).strip() else text


def value_text(value: Any, schema: Mapping[str, Any]) -> str:
    """A value as it stands in a field: text as it is where the schema wants text, anything else as JSON."""
    if isinstance(value, str) and schema.get("type") == "string":
        return shown_text(value)
    return shown_json(value)
