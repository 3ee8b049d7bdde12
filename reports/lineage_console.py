"""A sample's lineage as people read it on the terminal. It reads no file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..rendering.text import inert_lines, terminal_text
from .console import console_section, console_table, console_text, print_to_console

if TYPE_CHECKING:
    from .lineage import Lineage
    from .lineage_calls import CallLineage
    from .lineage_reviews import HumanReviews
    from .lineage_sample import ArgumentLineage, SampleOutcome

_VALUE, _FURTHER, _ANSWER, _QUERY, _MESSAGE = 160, 240, 200, 2_000, 1_500
_SHOWN_VISITS = 8
_ORIGIN_COLOURS = {"query": "cyan", "profile": "magenta", "default": "yellow"}
_STATUS_TEXTS = {
    "kept": "kept",
    "rejected": "rejected",
    "dropped": "accepted in its episode, then refused for the dataset",
    "accepted": "accepted; the dataset does not hold it (yet)",
    "waiting": "not played to its end yet",
}


def print_lineage(lineage: Lineage, console: Console | None = None) -> None:
    """Print a lineage to stdout, or to the console given."""
    print_to_console(_rendered(lineage), console)


def _rendered(lineage: Lineage) -> RenderableType:
    codes = lineage.codes
    parts: list[RenderableType] = [_header(lineage)]
    parts += console_section("people", [_people(lineage.people)] if lineage.people else [])
    parts += console_section("query", [_query(lineage)] if lineage.query else [])
    parts += console_section("arguments", [_arguments(lineage.arguments)] if lineage.arguments else [])
    parts += console_section("task, as code drew it", _task(lineage))
    parts += console_section("user", _user(lineage))
    parts += console_section("platform", _platform(lineage))
    parts += console_section("tools", [_tools(lineage)] if lineage.tools else [])
    parts += console_section("turns", [_turns(lineage)] if lineage.turns else [])
    objections = [_reasons(lineage.objections, codes)] if lineage.objections else []
    parts += console_section("objections on the way", objections)
    parts += console_section("model calls", [_calls(lineage.calls)] if lineage.calls else [])
    parts += console_section("asked and answered", list(_conversation(lineage.calls)))
    parts += console_section("model calls behind its tools, user and history", [_calls(lineage.origins)])
    parts.append(console_text("(format=json has every question and answer)", 100))
    for stage, values in lineage.further.items():
        texts = [Text(_json(value, _FURTHER)) for value in values]
        parts += console_section(f"kept by {terminal_text(stage, 40)}", texts)
    return Group(*parts)


def _header(lineage: Lineage) -> RenderableType:
    endpoints = sorted({call.endpoint for call in (*lineage.calls, *lineage.origins)})
    rows = {
        "sample": lineage.id,
        "run": f"{lineage.run}{f' ({lineage.population})' if lineage.population else ''}",
        "fate": _outcome(lineage.fate),
        "model": "; ".join(endpoints) or "nobody was asked",
    }
    table = console_table("", "", header=False)
    for name, value in rows.items():
        table.add_row(name, console_text(value, 500))
    reasons = lineage.fate.reasons
    if not reasons:
        return table
    return Group(table, *console_section("refused because", [_reasons(reasons, lineage.codes)]))


def _people(people: HumanReviews) -> RenderableType:
    """A row for everybody who reviewed the sample, and what became of it among them."""
    table = console_table("who", "task", "when", "says", "comment")
    for review in people.reviews:
        content = review["content"] if not review["earlier"] else "of an earlier version of the sample"
        says = _json(content, _FURTHER) if review["status"] == "done" else review["status"]
        cells = (review["annotator"], review["task"], review["at"], says, review["comment"])
        table.add_row(*(console_text(str(cell), 400) for cell in cells))
    return Group(console_text(f"people: {people.state.replace('_', ' ')}", 100), table)


def _outcome(outcome: SampleOutcome) -> str:
    parts = [_STATUS_TEXTS[outcome.status]]
    parts += [f"in dataset/{outcome.file}"] if outcome.file else []
    parts += [f"split {outcome.split}"] if outcome.split else []
    parts += [f"group {outcome.group}"] if outcome.group else []
    parts += [f"twin of {outcome.twin_of}"] if outcome.twin_of else []
    parts += [f"its twin is {outcome.twin}"] if outcome.twin else []
    if outcome.gates and outcome.status == "kept":
        parts.append(f"gates passed: {', '.join(outcome.gates)}")
    return "; ".join(parts)


def _query(lineage: Lineage) -> Text:
    """The query with the words that state arguments underlined."""
    query = lineage.query or ""
    text = console_text(query, _QUERY)
    for argument in lineage.arguments:
        if argument.span and len(query) <= _QUERY:
            text.stylize(f"underline {_ORIGIN_COLOURS['query']}", *argument.span)
    return text


def _arguments(arguments: Iterable[ArgumentLineage]) -> Table:
    table = console_table("call", "parameter", "value", "from", "evidence")
    for argument in arguments:
        table.add_row(
            f"{argument.call} {terminal_text(argument.api, 40)}",
            console_text(argument.parameter, 60),
            console_text(_json(argument.value, _VALUE), _VALUE),
            Text(argument.origin, style=_ORIGIN_COLOURS.get(argument.origin, "")),
            _evidence(argument),
        )
    return table


def _evidence(argument: ArgumentLineage) -> Text:
    parts = []
    if argument.words is not None:
        place = f" at {argument.span[0]}–{argument.span[1]}" if argument.span else ""
        parts.append(f"“{argument.words}”{place}")
    if argument.path:
        parts.append(argument.path)
    if argument.feature_path:
        parts.append(" > ".join(argument.feature_path))
    if not argument.proven:
        parts.append("(as drawn; no sample proves it)")
    return console_text("; ".join(parts), 300)


def _task(lineage: Lineage) -> list[RenderableType]:
    task, user, platform = lineage.task, lineage.user.id, lineage.platform
    if platform.preferred is None:
        reason = "the history is not there"
    else:
        rival = "" if platform.preferred == platform.name else ", and this is another one"
        reason = f"{user} prefers {platform.preferred} for it{rival}"
    need = f"{user} needs {platform.context} ({task.get('scenario')}), plan {task.get('plan')}"
    header = console_text(f"{need}; on {platform.name}, because {reason}", 400)
    table = console_table("call", "does", "the query states", "the profile fills", "left at default")
    for number, call in enumerate(task.get("calls", [])):
        known = ", ".join(f"{name} ← {feature}" for name, feature in call["known"].items())
        stated, defaults = ", ".join(call["stated"]), ", ".join(call["defaults"])
        cells = (f"{number} {call['api']}", call["capability"], stated, known, defaults)
        table.add_row(*(console_text(cell or "-", 200) for cell in cells))
    return [header, table] if table.row_count else [header]


def _user(lineage: Lineage) -> list[RenderableType]:
    user = lineage.user
    made_in = f"; made in {' > '.join(user.made_in)}" if user.made_in else ""
    header = console_text(f"{user.id}: {user.persona or 'the profile is not there'}{made_in}", 400)
    table = console_table("basic feature", "value", "in the feature tree", "grown from")
    for feature in user.features:
        table.add_row(
            console_text(feature.name, 60),
            console_text(_json(feature.value, _VALUE), _VALUE),
            console_text(" > ".join(feature.path), 120),
            console_text("; ".join(feature.themes), 200),
        )
    return [header, table] if user.features else [header]


def _platform(lineage: Lineage) -> list[RenderableType]:
    platform = lineage.platform
    context = f"visits for {terminal_text(platform.context, 30)}"
    table = console_table("platform", context, "visits", "could serve", right=(1, 2))
    for visits in platform.visits:
        mark = " ←" if visits.platform == platform.name else ""
        name, serves = console_text(visits.platform + mark, 60), "yes" if visits.serves else "no"
        table.add_row(name, str(visits.in_context), str(visits.in_all), serves)
    characteristics = console_table("", "", header=False)
    for name, text in platform.characteristics.items():
        characteristics.add_row(console_text(name, 60), console_text(text, 300))
    evidence = console_table("", "", header=False)
    if platform.told_by:
        evidence.add_row("the need is told by", console_text(platform.told_by, 300))
    for number, action in enumerate(platform.shown_by[:_SHOWN_VISITS]):
        evidence.add_row("" if number else "it is shown by", console_text(action, 300))
    return [part for part in (table, evidence, characteristics) if part.row_count]


def _tools(lineage: Lineage) -> Table:
    table = console_table("function", "does", "in the API tree", "the sandbox answered")
    for tool in lineage.tools:
        does = f"{tool.capability}: {tool.description}" if tool.capability else "(no such function)"
        table.add_row(
            console_text(tool.api, 60),
            console_text(does, 200),
            console_text(" > ".join(tool.path), 200),
            console_text("-" if tool.response is None else _json(tool.response, _VALUE), _VALUE),
        )
    return table


def _turns(lineage: Lineage) -> Table:
    table = console_table("round", "who", "said", right=(0,))
    for turn in lineage.turns:
        role, output = console_text(turn["role"], 40), console_text(_turn_output(turn["output"]), 600)
        table.add_row(str(turn["round"]), role, output)
    return table


def _turn_output(output: Mapping[str, Any]) -> str:
    """What a role answered, in short: a query as its text, a solution as calls, a verdict as its word."""
    if "text" in output:
        return str(output["text"])
    if "calls" in output:
        calls = ", ".join(f"{call.get('api')}({_arguments_of(call)})" for call in output["calls"])
        return f"{output.get('platform')}: {calls}"
    if "ok" in output:
        reasons = output.get("reasons") or ()
        texts = "; ".join(f"{reason.get('code')}: {reason.get('message')}" for reason in reasons)
        return "ok" if output["ok"] else f"objects: {texts or 'without a reason'}"
    return _json(output, 600)


def _arguments_of(call: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_json(value, 80)}" for name, value in (call.get("arguments") or {}).items())


def _reasons(reasons: Iterable[Mapping[str, Any]], sentences: Mapping[str, str]) -> RenderableType:
    """A row a reason, and beneath what each code means."""
    table = console_table("code", "blames", "where", "message", "says")
    codes: dict[str, None] = {}
    for reason in reasons:
        keys = ("code", "blames", "path", "message", "source")
        table.add_row(*(console_text(str(reason.get(key) or "-"), 400) for key in keys))
        codes[str(reason.get("code"))] = None
    meanings = [console_text(f"{code}: {sentences[code]}", 400) for code in codes if code in sentences]
    return Group(table, *meanings)


def _calls(calls: Sequence[CallLineage]) -> RenderableType:
    if not calls:
        return Text("none on record")
    several = len({call.endpoint for call in calls}) > 1
    faulty = any(call.status != "ok" for call in calls)
    further = (*(["answer"] if faulty else []), *(["endpoint"] if several else []))
    table = console_table("asked", "seed", "ended", "tokens", "cost", *further, right=(3, 4))
    for call in calls:
        ended = call.finish if call.status == "ok" else f"{call.finish}, {call.status}"
        table.add_row(
            console_text(_place(call), 120),
            "?" if call.seed is None else str(call.seed),
            console_text(ended, 60),
            f"{call.prompt_tokens:,} + {call.completion_tokens:,}",
            "?" if call.usd is None else f"${call.usd:,.4f}",
            *([console_text("" if call.status == "ok" else call.content, _ANSWER)] if faulty else []),
            *([console_text(call.endpoint, 60)] if several else []),
        )
    return table


def _conversation(calls: Iterable[CallLineage]) -> Iterator[RenderableType]:
    """What was asked and answered, call by call; a text that an earlier call had is not repeated."""
    shown: dict[str, int] = {}
    for number, call in enumerate(calls, 1):
        if not call.asked:
            continue
        yield Text(terminal_text(f"{number}. {_place(call)}", 160), style="bold")
        for message in call.asked:
            before = shown.setdefault(message.text, number)
            text = (
                f"(as in {before}., {message.characters:,} characters)"
                if before < number
                else inert_lines(message.text, _MESSAGE)
            )
            yield Padding(Text(f"{message.kind}: {text}", overflow="fold"), (0, 0, 0, 2))
        heading = "no answer" if call.status == "no answer" else "answer"
        yield Padding(
            Text(f"{heading}: {inert_lines(call.content, _MESSAGE)}", overflow="fold"), (0, 0, 1, 2)
        )


def _place(call: CallLineage) -> str:
    """Which call it is: stage, role, round and attempt."""
    place = f"round {call.round}" if call.round is not None else call.item
    return f"{call.stage} {call.role}, {place}{f', attempt {call.attempt + 1}' if call.attempt else ''}"


def _json(value: Any, limit: int) -> str:
    return terminal_text(json.dumps(value, ensure_ascii=False), limit)
