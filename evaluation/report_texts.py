"""The words of the reports: headings as the paper has them, names of mistakes and variants, and the caveats.

A caveat is a plain sentence about what one has to know of an evaluation before one believes its numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ..benchmark.protocols.toolspectrum import PARTS
from ..benchmark.statistics import FEW_USERS
from ..rendering.text import counted, percent

COLUMNS = {
    "format_ok": "Format",
    "platform": "Platform",
    "query_params": "Query",
    "profile_params": "Profile",
    "tool_name": "T-name",
    "tool_param": "T-param",
    "tool_value": "T-value",
    "overall": "Overall",
}
"""Column -> its heading, as in Table 1."""
KEPT = COLUMNS["overall"]
"""The heading that stays in sight on a phone."""

SECTIONS = {
    "overall": "Overall",
    "trained": "Trained users",
    "untrained": "Untrained users",
    "unseen": "Unseen scenarios",
    "all": "All samples",
}
"""Section -> its name."""


VARIANTS = {"all": "All", "no_basic": "w/o Basic", "no_history": "w/o History", "none": "w/o Basic&History"}
"""Variant -> its name in Table 2 and Figure 3."""

SHOWN_OF_USER = {
    "all": "basic features and history",
    "no_basic": "history only (w/o basic)",
    "no_history": "basic features only (w/o history)",
    "none": "nothing (w/o basic and history)",
}
"""Variant -> what it shows of a user."""

FEWER_TOOLS = "fewer tools are easier to choose from than the whole scenario's"
"""What has to be said wherever scores with a bound stand."""

MISTAKES = {
    "parse": "cannot be read",
    "platform": "wrong platform",
    "tool.wrong": "wrong tool",
    "tool.missing": "missing tool",
    "tool.excessive": "excessive tool",
    "parameter.missing": "missing parameter",
    "parameter.excessive": "excessive parameter",
    "parameter.wrong": "wrong value",
    "origin.query": "value of the query not given",
    "origin.profile": "value of the profile not given",
}
"""Code of a mistake -> its name."""


def short_name(answers: str) -> str:
    """Who answered, without where and how: 'scripted' of 'scripted: no language …', 'm' of 'm at URL'."""
    return answers.partition(": ")[0].partition(" at http")[0].removeprefix("baseline ")


def caveats(scores: Mapping[str, Any]) -> Iterator[str]:
    """The remarks that apply, the gravest first. Args: scores: as scores.json has them."""
    about, samples = scores["evaluated"], scores["samples"]
    if samples["not_scored"]:
        yield (
            f"{counted(samples['not_scored'], 'sample')} of {about['n']:,} could not be answered and "
            "stand in no score, neither right nor wrong; the same command asks for them again."
        )
    yield from unreadable(samples)
    if tool_bound(about) is not None:
        yield (
            f"{about['tools']['shown']}; {FEWER_TOOLS}, so compare these scores with those of the same tools "
            f"only. The distractors are drawn with seed {about['seed']} from all platforms alike."
        )
    if no_model(about):
        yield "No language model took part: these answers come from rules, and say nothing of any model."
    if scripted(about) or "scripted" in scores["baselines"]:
        yield (
            "The scripted heuristic knows the phrases of the kits that scripted data is made from: on such "
            "data 100 % is no achievement; it says how regular that data is, not how hard the task is."
        )
    yield from reading_remarks(scores.get("reading", {}), about["format"])
    if about["scorer"] == "official":
        yield from _official_caveats(scores)
    if scores.get("upstream"):
        own = scores["upstream"]
        yield (
            f"By the dataset's own metric {percent(own['value'])} % are right "
            f"({own['right']:,} of {own['samples']:,})."
        )
    if scores.get("f1"):
        parts = ", ".join(f"{name} {percent(scores['f1'][part])}" for part, name in PARTS.items())
        yield (
            "The exact shares here are not comparable with ToolSpectrum's paper, which reports F1 of parts "
            f"of a call. F1 of these answers, in percent: {parts}; upstream publishes no scoring code."
        )
    sections = scores["scores"]
    yield from few_users({section: sections[section]["samples"]["users"] for section in sections})


def few_users(users: Mapping[Any, int]) -> Iterator[str]:
    """The remark on sections with few users. Args: users: section -> how many it has."""
    few = {section: count for section, count in users.items() if section != "all" and 0 < count < FEW_USERS}
    if few:
        shown = ", ".join(f"{SECTIONS[section]} {count}" for section, count in few.items())
        least = min(few.values())
        floor = f"; {least} cannot show a difference below p = {2.0 ** (1 - least):.2g}" if least > 1 else ""
        yield (
            f"Fewer than {FEW_USERS} users ({shown}): intervals over users are wide, and say little of others"
            f"{floor}."
        )


def reading_remarks(reading: Mapping[str, Any], format: str) -> Iterator[str]:
    """What one has to know of how answers were read. Args: reading: as scores.json has it."""
    why = Counter[str](reading.get("why", {}))
    others = {name: why.pop(name) for name in list(why) if name.startswith("format ")}
    why.pop("no answer", 0)
    if reading.get("tolerant_only"):
        around = ", ".join(f"{name}: {count:,}" for name, count in sorted(why.items())) or "braces"
        yield (
            f"{counted(reading['tolerant_only'], 'answer')} could be read tolerantly only ({around}), "
            f"{reading['right']:,} of them fully right; strict reading counts them as format failures."
        )
    for name, count in sorted(others.items()):
        yield (
            f"{counted(count, 'answer')} could not be read as {format}, but as "
            f"{name.removeprefix('format ')}: if that was asked for, say {name.replace(' ', '=')}."
        )
    if reading.get("ambiguous"):
        yield f"{counted(reading['ambiguous'], 'answer')} held several readable answers; the last one counts."


def braces_remark(reading: Mapping[str, Any]) -> Iterator[str]:
    """What the official scorer was not shown of the answers."""
    if reading.get("braces_removed"):
        answers = counted(reading["braces_removed"], "answer")
        yield (
            f"The outer braces of Fig. 7 were removed from {answers} before the official scorer read them "
            "(prompt=paper); prompt=published leaves them."
        )


def unreadable(samples: Mapping[str, Any]) -> Iterator[str]:
    """What is to be said where most answers cannot be read, or where some stand elsewhere.

    Args: samples: as scores.json has them.
    """
    count, scored, empty = samples.get("unreadable", 0), samples["scored"], samples.get("empty", 0)
    if 2 * count > scored:
        nothing = f", {empty:,} of them are empty" if empty else ""
        yield (
            f"{count:,} of {scored:,} answers cannot be read{nothing}: "
            "these scores say how the model was asked, or that it was cut off, rather than what it can."
        )
    if elsewhere := samples.get("in_reasoning"):
        each = elsewhere["characters"] // elsewhere["answers"]
        yield (
            f"{counted(elsewhere['answers'], 'answer')} empty in content, {each:,} characters on average in "
            "reasoning_content: the server takes answers for thoughts (mend its reasoning parser), or the "
            "model never came to an end of them (more sampling.max_tokens)."
        )


def _official_caveats(scores: Mapping[str, Any]) -> Iterator[str]:
    yield (
        "The official scorer computes what the published code computes, its slips included; where there are "
        "trained and untrained users, its overall row weighs them by fixed numbers (474 and 609), and has no "
        "interval."
    )
    yield from braces_remark(scores.get("reading", {}))
    out = sum(scores["obstacles"].values())
    if out:
        yield (
            f"The published rules stand in the way of a perfect score {counted(out, 'time')}: see "
            "obstacles in scores.json."
        )


def tool_bound(about: Mapping[str, Any]) -> str | int | None:
    """How many of a scenario's tools were shown; None: all, as before there were bounds."""
    tools = about.get("tools")
    return tools.get("bound") if isinstance(tools, Mapping) else None


def no_model(about: Mapping[str, Any]) -> bool:
    """Whether rules gave the answers."""
    return about["by"] == "baseline" or scripted(about)


def scripted(about: Mapping[str, Any]) -> bool:
    """Whether the scripted model or its heuristic answered."""
    by_model = about["by"] == "model" and str(about["answers"]).startswith("scripted")
    return by_model or about["baseline"] == "scripted"
