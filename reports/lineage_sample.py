"""What the files of a run say of one sample: outcome, user, platform, tools, evidence of its arguments.

It knows no model calls, and does not look for the sample: task, episode and trees are handed in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..records import Episode, History, Query, Task
from ..store.dataset_index import DATASET_PARTS, location_of
from .run_files import (
    INDEX,
    Tree,
    find_line_by_id,
    find_line_starting_with,
    find_line_with,
    json_pair,
    parse_object,
    read_sample,
)

_MOST_REASONS = 50


@dataclass(frozen=True)
class SampleOutcome:
    """What became of an episode."""

    status: str
    """kept | rejected | dropped (accepted, but refused for the dataset) | accepted (in none yet) | waiting"""
    reasons: tuple[dict[str, Any], ...] = ()
    """objections that ended it: code, path, message, source, blames"""
    file: str | None = None
    """its file below dataset/; None: in none"""
    split: str | None = None
    group: str | None = None
    twin_of: str | None = None
    """the sample it is the counterfactual twin of"""
    twin: str | None = None
    """the counterfactual twin that was made of it"""
    gates: tuple[str, ...] | None = None
    """gates it had to pass; None: all there are, or the run is older than gates"""
    digest: str = ""
    """of the sample as it is now; empty: in no index"""


def find_outcome(
    run: Path, id: str, episode: Episode | None, waiting: bool, gates: tuple[str, ...] | None
) -> tuple[SampleOutcome, dict[str, Any]]:
    """What became of an episode, and its sample; an empty one where it is not in the dataset.

    Args:
        episode: None where it is not played yet.
        waiting: it will be played again, as no model could be asked.
        gates: that it had to pass.

    Raises:
        StoreError: a file of the dataset cannot be read, or does not fit its index.
    """
    dropped = _dropped_line(run, id)
    entry = {} if dropped else _index_entry(run, id)
    file, sample = (None, {}) if dropped else _find_sample(run, id, entry)
    if file is not None:
        split = entry.get("split") or (None if file.stem == "samples" else file.stem)
        group, twin_of = (entry.get(key) or sample.get(key) for key in ("group", "twin_of"))
        twin_line = find_line_with(run / INDEX, json_pair("twin_of", id))
        twin = parse_object(twin_line, run / INDEX).get("id") if twin_line else None
        digest = str(entry.get("digest") or "")
        return SampleOutcome("kept", (), file.name, split, group, twin_of, twin, gates, digest), sample
    if episode is None or waiting:
        return SampleOutcome("waiting", _reasons(episode)), {}
    if episode.status == "rejected":
        return SampleOutcome("rejected", _reasons(episode)), {}
    if dropped is None:
        return SampleOutcome("accepted", gates=gates), {}
    reasons = tuple(reason for reason in dropped.get("reasons") or () if isinstance(reason, dict))
    return SampleOutcome("dropped", reasons[:_MOST_REASONS], gates=gates), {}


def _dropped_line(run: Path, id: str) -> dict[str, Any] | None:
    """The line of rejected.jsonl for an id; None where it has none."""
    file = run / "dataset" / "rejected.jsonl"
    line = find_line_starting_with(file, b"{" + json_pair("id", id))
    return parse_object(line, file) if line else None


def _reasons(episode: Episode | None) -> tuple[dict[str, Any], ...]:
    if episode is None:
        return ()
    return tuple(reason.model_dump(mode="json") for reason in episode.reasons[:_MOST_REASONS])


def _index_entry(run: Path, id: str) -> Mapping[str, Any]:
    pair = json_pair("id", id)
    line = find_line_starting_with(run / INDEX, b"{" + pair) or find_line_with(run / INDEX, pair)
    return parse_object(line, run / INDEX) if line else {}


def _find_sample(run: Path, id: str, entry: Mapping[str, Any]) -> tuple[Path | None, dict[str, Any]]:
    """The file of a sample and the sample: at its place by the index, or looked for in a run without one."""
    folder = run / "dataset"
    if entry:
        location = location_of(entry, folder, f"{run / INDEX}: sample {id!r}")
        return location.file, parse_object(location.read_line(), location.file)
    if (run / INDEX).is_file():
        return None, {}
    for part in DATASET_PARTS:
        file = folder / f"{part}.jsonl"
        line = find_line_by_id(file, id)
        if line is not None:
            return file, read_sample(line, file)
    return None, {}


@dataclass(frozen=True)
class UsedFeature:
    """A basic feature that fills an argument."""

    name: str
    value: Any
    path: tuple[str, ...]
    """names from the persona's themes down to the feature; empty where there is no feature tree"""
    description: str
    themes: tuple[str, ...]
    """what the layers above were for this user, from the top"""


@dataclass(frozen=True)
class UserLineage:
    """Who asks."""

    id: str
    persona: str
    """who it is, in a sentence, before any feature had a value"""
    features: tuple[UsedFeature, ...]
    made_in: tuple[str, ...]
    """ledger items that its layers came from; empty where they cannot be told"""


def user_lineage(
    task: Task, profile_line: Mapping[str, Any], used: Iterable[str], features: Tree, made_in: Sequence[str]
) -> UserLineage:
    """The user, as far as the sample needs them.

    Args:
        profile_line: their line of profiles.jsonl, empty where there is none.
        used: names of basic features.
        features: the feature tree.
        made_in: ledger items their layers came from.
    """
    layers: Sequence[Mapping[str, Any]] = profile_line.get("lineage") or ()
    basic: Mapping[str, Any] = (profile_line.get("profile") or {}).get("basic") or {}
    return UserLineage(
        id=task.user_id,
        persona=next((str(value) for value in layers[0].values()), "") if layers else "",
        features=tuple(_used_feature(name, basic, layers, features) for name in sorted(set(used))),
        made_in=tuple(made_in),
    )


def _used_feature(
    name: str, basic: Mapping[str, Any], layers: Sequence[Mapping[str, Any]], tree: Tree
) -> UsedFeature:
    node = f"1:{name}"
    path = [str(tree.nodes[ancestor].get("name")) for ancestor in tree.path_to(node)]
    themes = (layer.get(theme) for layer, theme in zip(layers[1:], path[:-1], strict=False))
    return UsedFeature(
        name=name,
        value=basic.get(name),
        path=tuple(path),
        description=str(tree.nodes.get(node, {}).get("description", "")),
        themes=tuple(str(theme) for theme in themes if theme is not None),
    )


@dataclass(frozen=True)
class PlatformVisits:
    """What the visible history says of one platform."""

    platform: str
    in_context: int
    """visits for the task's kind of need"""
    in_all: int
    serves: bool
    """whether it offers every capability the answer needs"""


@dataclass(frozen=True)
class PlatformLineage:
    """The platform that was right, and its rivals."""

    name: str
    context: str
    preferred: str | None
    """what the user prefers for that need; None: the history is not there"""
    characteristics: dict[str, str]
    visits: tuple[PlatformVisits, ...]
    told_by: str
    """words of the query that tell the kind of need; '' where none were given"""
    shown_by: tuple[str, ...]
    """what the user did on the platform for such needs"""


def platform_lineage(
    task: Task,
    history: History | None,
    api_tree: Tree,
    capabilities: Iterable[str],
    query: Query | None,
) -> PlatformLineage:
    """The platform the task is drawn for, beside its rivals and what the history shows of each.

    Args: capabilities: what the answer's calls do; a rival that can do all of it could have served.
    """
    actions = history.actions if history else ()
    in_all = Counter(action.platform for action in actions)
    in_context = Counter(action.platform for action in actions if action.context == task.context)
    platforms = dict(api_tree.platforms(task.scenario))
    needed = set(capabilities)
    preferred = {choice.context: choice.platform for choice in history.preferences} if history else {}
    characteristics = platforms.get(task.platform, {}).get("characteristics") or ()
    return PlatformLineage(
        told_by=query.need if query else "",
        shown_by=tuple(
            action.action
            for action in actions
            if action.context == task.context and action.platform == task.platform
        ),
        name=task.platform,
        context=task.context,
        preferred=preferred.get(task.context),
        characteristics={str(trait.get("name")): str(trait.get("text")) for trait in characteristics},
        visits=tuple(
            PlatformVisits(
                platform=name,
                in_context=in_context[name],
                in_all=in_all[name],
                serves=bool(needed) and needed <= _capabilities(api_tree, task.scenario, name),
            )
            for name in (platforms or dict.fromkeys(sorted(in_all)))
        ),
    )


def _capabilities(api_tree: Tree, scenario: str, platform: str) -> set[str]:
    return {
        str(api_tree.nodes[node].get("capability"))
        for (its_scenario, its_platform, _), node in api_tree.apis.items()
        if (its_scenario, its_platform) == (scenario, platform)
    }


@dataclass(frozen=True)
class CalledTool:
    """One call of the answer."""

    api: str
    capability: str
    description: str
    path: tuple[str, ...]
    """names down the API tree; empty where there is no such function"""
    response: Any
    """what the sandbox answered; None: nothing"""


def called_tools(task: Task, episode: Episode | None, api_tree: Tree) -> Iterator[CalledTool]:
    """The functions called, or, where nothing was answered, those that were drawn, in their order."""
    solution = episode.solution if episode else None
    platform = solution.platform if solution else task.platform
    responses = episode.responses if episode else ()
    for number, call in enumerate(solution.calls if solution else task.calls):
        node = api_tree.apis.get((task.scenario, platform, call.api), "")
        attributes = api_tree.nodes.get(node, {})
        yield CalledTool(
            api=call.api,
            capability=str(attributes.get("capability", "")),
            description=str(attributes.get("description", "")),
            path=tuple(api_tree.names_to(node)),
            response=responses[number] if number < len(responses) else None,
        )


@dataclass(frozen=True)
class ArgumentLineage:
    """One argument and where it comes from."""

    call: int
    api: str
    parameter: str
    value: Any
    origin: str
    """query | profile | default | unknown"""
    words: str | None
    span: tuple[int, int] | None
    path: str | None
    """'basic_features.home_address'"""
    feature_path: tuple[str, ...]
    """names down the feature tree to the parameter; for arguments from the profile"""
    proven: bool
    """true: as the dataset proves it; false: as the task was drawn, no sample tells"""


def argument_lineages(
    task: Task, episode: Episode | None, sample: Mapping[str, Any], features: Tree
) -> Iterator[ArgumentLineage]:
    """Every argument of the answer with its evidence.

    Args: sample: the sample, empty where there is none; features: the feature tree.
    """
    if episode is None or episode.solution is None:
        return
    platform, calls = episode.solution.platform, episode.solution.calls
    traced = {(origin.get("call"), origin.get("parameter")): origin for origin in sample.get("origins") or ()}
    for number, call in enumerate(calls):
        for parameter, value in call.arguments.items():
            proof = traced.get((number, parameter))
            origin = proof or _planned_origin(task, episode, number, parameter)
            evidence = origin.get("evidence") or {}
            leaf = f"parameter:{task.scenario}/{platform}/{call.api}/{parameter}"
            from_profile = origin.get("origin") == "profile"
            span = evidence.get("span")
            yield ArgumentLineage(
                call=number,
                api=call.api,
                parameter=parameter,
                value=value,
                origin=str(origin.get("origin") or "unknown"),
                words=evidence.get("words"),
                span=(int(span[0]), int(span[1])) if span else None,
                path=evidence.get("path"),
                feature_path=tuple(features.names_to(leaf)) if from_profile else (),
                proven=proof is not None,
            )


def _planned_origin(task: Task, episode: Episode, number: int, parameter: str) -> dict[str, Any]:
    """What the task and the query's own intents say of an argument that no sample proves."""
    call = task.calls[number] if number < len(task.calls) else None
    if call is not None and parameter in call.known:
        return {"origin": "profile", "evidence": {"path": f"basic_features.{call.known[parameter]}"}}
    if call is not None and parameter in call.defaults:
        return {"origin": "default"}
    intents = episode.query.intents if episode.query else ()
    phrases = intents[number].phrases if number < len(intents) else ()
    words = next((phrase.words for phrase in phrases if phrase.parameter == parameter), None)
    if words is None or episode.query is None:
        return {}
    start = episode.query.text.find(words)
    return {
        "origin": "query",
        "evidence": {"words": words, "span": (start, start + len(words)) if start >= 0 else None},
    }
