"""A sample as the checks of a run see it, so that what people correct is held to the same rules.

Task and query are written anew from the origins that the sample records: what was found in the query is
stated by its words, what was found in the profile is known from its feature. Traced again, an unchanged
sample has the very origins that it had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ..environments.checks import Case, Traced, trace
from ..environments.world import FeatureOf, World
from ..errors import PtoolError, StoreError
from ..records import (
    Api,
    ArgumentOrigin,
    Call,
    Evidence,
    Intent,
    Phrase,
    Platform,
    Profile,
    Query,
    Sample,
    ScenarioWorld,
    Solution,
    Task,
    TaskCall,
)
from ..texts.search import searchable_text
from ..texts.values import same, within
from ..trees import FeatureTree, from_json

_PROFILE = "basic_features."


@dataclass(frozen=True)
class SampleAnswer:
    """Query and solution of a sample, as they are or as somebody wants them to be."""

    query: str
    platform: str
    calls: tuple[Call, ...]


def answer_of(sample: Sample) -> SampleAnswer:
    """What a sample has: of several accepted values the first."""
    platform, calls = sample.answer
    return SampleAnswer(
        sample.query,
        platform,
        tuple(
            Call(api=api, arguments={name: values[0] for name, values in given.items()})
            for call in calls
            for api, given in call.items()
        ),
    )


class RunTrees:
    """What the trees of a run say beyond its samples: which feature fills which parameter, capabilities.

    Args: run: the folder; where a tree is missing, nothing is known. Raises StoreError: it cannot be read.
    """

    def __init__(self, run: Path) -> None:
        self._run = run
        self._features: dict[str, dict[str, FeatureOf]] = {}
        self._capabilities: dict[str, dict[tuple[str, str, str], str]] = {}
        self._worlds: dict[tuple[str, str], World] = {}

    def feature_of(self, sample: Sample) -> FeatureOf:
        """(platform, API, parameter) -> the feature that can fill it, in the sample's scenario."""
        folder = self._folder(sample)
        if folder not in self._features:
            self._features[folder] = _feature_links(self._run / folder / "feature_tree.json")
        return self._features[folder].get(sample.scenario, {})

    def capability(self, sample: Sample, platform: str, api: str) -> str:
        """What a function does, whatever the platform; its own name where nobody knows."""
        if api in sample.capabilities and platform == sample.answer[0]:
            return sample.capabilities[api]
        folder = self._folder(sample)
        if folder not in self._capabilities:
            self._capabilities[folder] = dict(_capabilities(self._run / folder / "api_tree.json"))
        return self._capabilities[folder].get((sample.scenario, platform, api), api)

    def world(self, sample: Sample) -> World:
        """The sample's scenario, which all samples of its people share; nobody lives in it."""
        key = self._folder(sample), sample.scenario
        if key not in self._worlds:
            self._worlds[key] = _world(sample, self)
        return self._worlds[key]

    def _folder(self, sample: Sample) -> str:
        return "unseen" if sample.group == "unseen" else "."


def _feature_links(file: Path) -> dict[str, FeatureOf]:
    if not file.is_file():
        return {}
    try:
        tree = FeatureTree(from_json(file.read_bytes(), str(file)))
        links: dict[str, dict[tuple[str, str, str], str]] = {}
        for node in tree.level(0):
            attributes = tree.attributes(node)
            if attributes.get("source") == "parameter":
                scenario, platform, api = attributes["where"]
                name = attributes["name"]
                feature = tree.feature_of(scenario, platform, api, name)
                links.setdefault(scenario, {})[platform, api, name] = feature
    except (OSError, PtoolError, KeyError, ValueError, TypeError) as error:
        raise StoreError(f"{file}: cannot be read as a feature tree: {error}") from None
    return dict(links)


def _capabilities(file: Path) -> Iterator[tuple[tuple[str, str, str], str]]:
    if not file.is_file():
        return
    try:
        for node in orjson.loads(file.read_bytes())["nodes"]:
            if node["kind"] == "api":
                scenario, platform, *_ = node["id"].split("/")
                yield (scenario, platform, node["name"]), node["capability"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{file}: cannot be read as an API tree: {error}") from None


def case_of(sample: Sample, answer: SampleAnswer, words: Mapping[str, str], trees: RunTrees) -> Case:
    """The case in which checks judge an answer to a sample.

    Args: words: path of an argument -> words of the query that somebody says state it.
    """
    known = list(sample.origins)
    intents: list[Intent] = []
    calls: list[TaskCall] = []
    for index, call in enumerate(answer.calls):
        stated: dict[str, Any] = {}
        phrases: list[Phrase] = []
        from_profile: dict[str, str] = {}
        defaults: list[str] = []
        for name, value in call.arguments.items():
            said = words.get(argument_path(index, name))
            proof = _proof(known, index, name, value)
            if said is not None or (proof and proof.origin == "query" and proof.evidence.words):
                stated[name] = value
                phrases.append(Phrase(parameter=name, words=said or proof.evidence.words))  # type: ignore[union-attr]
            elif proof and proof.origin == "profile":
                from_profile[name] = (proof.evidence.path or "").removeprefix(_PROFILE)
            elif proof and proof.origin == "default":
                defaults.append(name)
        capability = trees.capability(sample, answer.platform, call.api)
        intents.append(Intent(api=call.api, stated=stated, phrases=tuple(phrases)))
        calls.append(
            TaskCall(
                api=call.api,
                capability=capability,
                stated=tuple(stated),
                known=from_profile,
                defaults=tuple(defaults),
            )
        )
    task = Task(
        id=sample.id,
        scenario=sample.scenario,
        user_id=sample.user_id,
        context="",
        platform=answer.platform,
        plan="guided",
        calls=tuple(calls),
    )
    need = sample.platform_evidence.words or ""
    return Case(
        world=trees.world(sample),
        profile=Profile(id=sample.user_id, basic=sample.user_profile.basic_features, implicit={}),
        history=(),
        task=task,
        query=Query(text=answer.query, intents=tuple(intents), need=need),
        solution=Solution(platform=answer.platform, calls=answer.calls),
    )


def retrace(sample: Sample, answer: SampleAnswer, words: Mapping[str, str], trees: RunTrees) -> Traced:
    """The origins of an answer's arguments, found as a run finds them; and those that are from nowhere."""
    return trace(case_of(sample, answer, words, trees))


def argument_path(call: int, parameter: str) -> str:
    """How errors, words and evidence name an argument: 'calls[0].arguments.sortBy'."""
    return f"calls[{call}].arguments.{parameter}"


def evidence_for(sample: Sample, answer: SampleAnswer, label: str, value: Any) -> Evidence | None:
    """What shows that a value is from where a person says; None: code finds nothing.

    Args: label: query, profile or default.
    """
    if label == "query":
        if span := searchable_text(answer.query).locate(value):
            return Evidence(words=answer.query[slice(*span)], span=span)
        return None
    if label == "profile":
        features = sample.user_profile.basic_features.items()
        feature = next((name for name, whole in features if within(value, whole)), None)
        return Evidence(path=f"{_PROFILE}{feature}") if feature else None
    return Evidence()


def _proof(known: Sequence[ArgumentOrigin], call: int, parameter: str, value: Any) -> ArgumentOrigin | None:
    """The recorded origin of an argument: of the very one, else of one of the same value."""
    alike = [proof for proof in known if same(proof.value, value)]
    exact = (proof for proof in alike if (proof.call, proof.parameter) == (call, parameter))
    named = (proof for proof in alike if proof.parameter == parameter)
    return next(exact, None) or next(named, None) or next((p for p in alike if isinstance(value, str)), None)


def _world(sample: Sample, trees: RunTrees) -> World:
    schemas = {tool["function"]["name"]: tool["function"] for tool in sample.tools}
    apis = {
        platform.name: tuple(
            _api(schemas[name], trees.capability(sample, platform.name, name))
            for name in platform.apis
            if name in schemas
        )
        for platform in sample.platforms
    }
    scenario = ScenarioWorld(
        name=sample.scenario,
        description="",
        contexts=(),
        platforms=tuple(Platform(name=platform.name, characteristics=()) for platform in sample.platforms),
        apis=apis,
    )
    return World(scenario, feature_of=trees.feature_of(sample))


def _api(schema: Mapping[str, Any], capability: str) -> Api:
    return Api.model_construct(
        name=schema["name"],
        description=str(schema.get("description", "")),
        capability=capability,
        parameters=schema.get("parameters") or {"type": "object", "properties": {}},
        response=schema.get("response") or {},
    )
