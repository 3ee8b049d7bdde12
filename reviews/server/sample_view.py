"""What a page shows of a sample: query, answer, tools, profile, and what proves each argument of the answer.

Arguments are numbered from 1; stretches of the query, features and visits carry the numbers of what they
prove. All texts of a sample are foreign: bounded here, with what is not seen written out. It knows nothing of
judgements.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ...records import Sample, VisiblePlatform
from ...rendering.text import inert, json_text
from ..evidence import ArgumentEvidence, argument_evidence, platform_reasons
from ..expectations import expected_of
from ..retrace import answer_of

PLATFORM = 0
"""The number of the platform, beside those of arguments."""

_QUERY = 8_000
_VALUE = 2_000
_SENTENCE = 400
_NAME = 120
_FEATURES, _VISITS, _TOOLS = 400, 400, 60


@dataclass(frozen=True, slots=True)
class QueryStretch:
    """A stretch of the query."""

    text: str
    numbers: tuple[int, ...] = ()
    """what it proves"""
    ends: tuple[int, ...] = ()
    """whose evidence ends here"""


@dataclass(frozen=True, slots=True)
class ShownArgument:
    """An argument of a call, with its recorded origin."""

    number: int
    name: str
    value: str
    origin: str
    evidence: str
    about: str
    """what the schema says of the parameter"""


@dataclass(frozen=True, slots=True)
class ShownCall:
    """A call of the answer."""

    name: str
    about: str
    arguments: tuple[ShownArgument, ...]


@dataclass(frozen=True, slots=True)
class ShownParameter:
    """A parameter of a tool."""

    name: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class ShownTool:
    """A tool that the answer calls."""

    name: str
    about: str
    parameters: tuple[ShownParameter, ...]


@dataclass(frozen=True, slots=True)
class ShownFeature:
    """A basic feature of the user."""

    name: str
    value: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShownVisit:
    """A visit of the user's history."""

    place: int
    platform: str
    action: str
    proves: bool
    """whether it shows that the platform is the right one"""


@dataclass(frozen=True, slots=True)
class ShownPlatform:
    """A platform to choose from."""

    name: str
    chosen: bool
    about: tuple[tuple[str, str], ...]
    tools: str


@dataclass(frozen=True, slots=True)
class SampleView:
    """One sample as a page shows it."""

    id: str
    about: tuple[str, ...]
    query: tuple[QueryStretch, ...]
    platform: str
    platform_words: str
    calls: tuple[ShownCall, ...]
    tools: tuple[ShownTool, ...]
    features: tuple[ShownFeature, ...]
    histories: tuple[tuple[str, tuple[ShownVisit, ...]], ...]
    """scenario and visits, this sample's scenario first"""
    platforms: tuple[ShownPlatform, ...]

    @property
    def arguments(self) -> tuple[ShownArgument, ...]:
        """Those of all calls."""
        return tuple(argument for call in self.calls for argument in call.arguments)


def view_sample(sample: Sample) -> SampleView:
    """Everything that is shown of a sample."""
    calls = tuple(_calls(sample))
    platform = platform_reasons(sample).platform
    about = (sample.scenario, f"user {sample.user_id}", *([sample.group] if sample.group else []))
    return SampleView(
        id=inert(sample.id),
        about=tuple(inert(text, _NAME) for text in about),
        query=_stretches(sample),
        platform=inert(platform, _NAME),
        platform_words=inert(sample.platform_evidence.words or "", _SENTENCE),
        calls=calls,
        tools=tuple(_tools(sample)),
        features=_features(sample),
        histories=tuple(_histories(sample)),
        platforms=tuple(_platform(each, platform) for each in sample.platforms[:_TOOLS]),
    )


def _calls(sample: Sample) -> Iterator[ShownCall]:
    functions = _functions(sample)
    numbered = list(enumerate(argument_evidence(sample), 1))
    for place, call in enumerate(answer_of(sample).calls):
        about = functions.get(call.api, {}).get("description", "")
        arguments = tuple(
            _argument(number, argument, sample) for number, argument in numbered if argument.call == place
        )
        yield ShownCall(inert(call.api, _NAME), inert(about, _SENTENCE), arguments)


def _argument(number: int, argument: ArgumentEvidence, sample: Sample) -> ShownArgument:
    return ShownArgument(
        number=number,
        name=inert(argument.parameter, _NAME),
        value=inert(json_text(argument.value), _VALUE),
        origin=argument.origin or "not recorded",
        evidence=_evidence(argument, sample.query),
        about=inert(argument.schema.get("description", ""), _SENTENCE),
    )


def _evidence(argument: ArgumentEvidence, query: str) -> str:
    match argument.origin:
        case "query":
            span = argument.span
            return f"“{inert(query[slice(*span)], _SENTENCE)}”" if span else "no words recorded"
        case "profile":
            return f"feature {inert(argument.feature, _NAME)}" if argument.feature else "no feature recorded"
        case "default":
            return "the schema's own value"
    return ""


def _functions(sample: Sample) -> dict[str, Mapping[str, Any]]:
    functions = (tool.get("function", {}) for tool in sample.tools)
    return {str(each.get("name")): each for each in functions if isinstance(each, dict)}


def _properties(function: Mapping[str, Any]) -> Mapping[str, Any]:
    parameters = function.get("parameters", {})
    properties = parameters.get("properties", {}) if isinstance(parameters, dict) else {}
    return properties if isinstance(properties, dict) else {}


def _tools(sample: Sample) -> Iterator[ShownTool]:
    functions = _functions(sample)
    for name in dict.fromkeys(call.api for call in answer_of(sample).calls):
        function = functions.get(name, {})
        parameters = function.get("parameters", {})
        required = parameters.get("required", ()) if isinstance(parameters, dict) else ()
        rows = tuple(
            ShownParameter(
                inert(parameter, _NAME),
                inert(_kind(schema), _SENTENCE),
                parameter in required,
                inert(schema.get("description", ""), _SENTENCE),
            )
            for parameter, schema in _properties(function).items()
            if isinstance(schema, dict)
        )
        yield ShownTool(inert(name, _NAME), inert(function.get("description", ""), _SENTENCE), rows)


def _kind(schema: Mapping[str, Any]) -> str:
    default = f"; default {json_text(schema['default'])}" if "default" in schema else ""
    return f"{expected_of(schema)}{default}"


def _stretches(sample: Sample) -> tuple[QueryStretch, ...]:
    """The query in stretches, cut wherever evidence begins or ends; evidence may overlap."""
    shown = sample.query[:_QUERY]
    spans = [
        (number, argument.span)
        for number, argument in enumerate(argument_evidence(sample), 1)
        if argument.span is not None and argument.span[1] <= len(shown)
    ]
    reasons = platform_reasons(sample)
    if reasons.span is not None and reasons.span[1] <= len(shown):
        spans.append((PLATFORM, reasons.span))
    cuts = sorted({0, len(shown), *(cut for _, span in spans for cut in span)})
    stretches = [
        QueryStretch(
            "\n".join(inert(line, _QUERY) for line in shown[start:end].split("\n")),
            tuple(number for number, span in spans if span[0] <= start and end <= span[1]),
            tuple(number for number, span in spans if span[1] == end),
        )
        for start, end in pairwise(cuts)
    ]
    left = len(sample.query) - len(shown)
    return (*stretches, *([QueryStretch(f" … {left:,} more characters")] if left > 0 else []))


def _features(sample: Sample) -> tuple[ShownFeature, ...]:
    """The basic features; those that fill an argument carry its number and are never left out."""
    basic = sample.user_profile.basic_features
    used: dict[str, list[int]] = {}
    for number, argument in enumerate(argument_evidence(sample), 1):
        if argument.feature is not None:
            used.setdefault(_feature(argument.feature, basic), []).append(number)
    return tuple(
        ShownFeature(inert(name, _NAME), inert(json_text(value), _VALUE), tuple(used.get(name, ())))
        for place, (name, value) in enumerate(basic.items())
        if place < _FEATURES or name in used
    )


def _feature(path: str, basic: Mapping[str, object]) -> str:
    """The feature that a path leads into: 'billing_address.city' -> 'billing_address'."""
    while path not in basic and "." in path:
        path = path.rpartition(".")[0]
    return path


def _histories(sample: Sample) -> Iterator[tuple[str, tuple[ShownVisit, ...]]]:
    histories = sample.user_profile.user_history
    for scenario in sorted(histories, key=lambda name: name != sample.scenario):
        proving = platform_reasons(sample).visits if scenario == sample.scenario else ()
        yield inert(scenario, _NAME), tuple(_visits(histories[scenario][:_VISITS], proving))


def _visits(actions: Sequence[Mapping[str, str]], proving: Collection[int]) -> Iterator[ShownVisit]:
    for place, action in enumerate(actions):
        beside = [f"{name} {value}" for name, value in action.items() if name not in ("platform", "action")]
        text = " · ".join([action.get("action", ""), *beside])
        platform = inert(action.get("platform", ""), _NAME)
        yield ShownVisit(place + 1, platform, inert(text, _SENTENCE), place in proving)


def _platform(platform: VisiblePlatform, chosen: str) -> ShownPlatform:
    about = tuple((inert(name, _NAME), inert(text, _SENTENCE)) for name, text in platform.profile.items())
    return ShownPlatform(
        inert(platform.name, _NAME), platform.name == chosen, about, inert(", ".join(platform.apis), _VALUE)
    )
