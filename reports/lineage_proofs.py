"""The functions an answer calls, and where each of their arguments comes from.

As the dataset proves it; where there is no sample (rejected, or not that far yet), as the task was drawn and
as the query's own words say. It opens no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..records import Episode, Task
from .lineage import Proof, Tool
from .run_files import Tree


def tools_of(task: Task, episode: Episode | None, apis: Tree) -> Iterator[Tool]:
    """The functions called, or, where nothing was answered, those that were drawn, in their order."""
    solution = episode.solution if episode else None
    platform = solution.platform if solution else task.platform
    responses = episode.responses if episode else ()
    for number, call in enumerate(solution.calls if solution else task.calls):
        node = apis.apis.get((task.scenario, platform, call.api), "")
        about = apis.nodes.get(node, {})
        yield Tool(
            api=call.api,
            capability=str(about.get("capability", "")),
            description=str(about.get("description", "")),
            path=tuple(apis.names_down_to(node)),
            response=responses[number] if number < len(responses) else None,
        )


def proofs_of(
    task: Task, episode: Episode | None, sample: Mapping[str, Any], features: Tree
) -> Iterator[Proof]:
    """Every argument of the answer with its evidence.

    Args: sample: the sample, empty where there is none; features: the feature tree.
    """
    if episode is None or episode.solution is None:
        return
    platform, calls = episode.solution.platform, episode.solution.calls
    kept = {(one.get("call"), one.get("parameter")): one for one in sample.get("origins") or ()}
    for number, call in enumerate(calls):
        for parameter, value in call.arguments.items():
            one = kept.get((number, parameter))
            drawn = one or _drawn(task, episode, number, parameter)
            evidence = drawn.get("evidence") or {}
            leaf = f"parameter:{task.scenario}/{platform}/{call.api}/{parameter}"
            from_profile = drawn.get("origin") == "profile"
            span = evidence.get("span")
            yield Proof(
                call=number,
                api=call.api,
                parameter=parameter,
                value=value,
                origin=str(drawn.get("origin") or "unknown"),
                words=evidence.get("words"),
                span=(int(span[0]), int(span[1])) if span else None,
                path=evidence.get("path"),
                feature_path=tuple(features.names_down_to(leaf)) if from_profile else (),
                proven=one is not None,
            )


def _drawn(task: Task, episode: Episode, number: int, parameter: str) -> dict[str, Any]:
    """What the task and the query's own intents say of an argument that no sample proves."""
    call = task.calls[number] if number < len(task.calls) else None
    if call is not None and parameter in call.known:
        return {"origin": "profile", "evidence": {"path": f"basic_features.{call.known[parameter]}"}}
    if call is not None and parameter in call.defaults:
        return {"origin": "default"}
    intents = episode.query.intents if episode.query else ()
    phrases = intents[number].phrases if number < len(intents) else ()
    words = next((one.words for one in phrases if one.parameter == parameter), None)
    if words is None or episode.query is None:
        return {}
    at = episode.query.text.find(words)
    return {
        "origin": "query",
        "evidence": {"words": words, "span": (at, at + len(words)) if at >= 0 else None},
    }
