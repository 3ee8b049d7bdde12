"""A sample's lineage as people read it. It reads no file; texts that came from outside are made harmless."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..rendering.text import plain

if TYPE_CHECKING:
    from .lineage import Fate, Lineage, Said

_WIDTH = 120
_VALUE, _KEPT, _ANSWER, _TEXT = 160, 240, 200, 2_000
_ORIGIN = {"query": "cyan", "profile": "magenta", "default": "yellow"}
_FATES = {
    "kept": "kept",
    "rejected": "rejected",
    "dropped": "accepted in its episode, then refused for the dataset",
    "accepted": "accepted; the dataset does not hold it (yet)",
    "waiting": "not played to its end yet",
}


def show(lineage: Lineage, console: Console | None = None) -> None:
    """Print a lineage to stdout, or to the console given."""
    fixed = not (Console().is_terminal or os.environ.get("COLUMNS"))
    console = console or Console(width=_WIDTH if fixed else None, highlight=False)
    console.print(render(lineage), crop=False)


def render(lineage: Lineage) -> RenderableType:
    """The lineage as rich draws it."""
    parts: list[RenderableType] = [_head(lineage)]
    parts += _section("query", [_query(lineage)] if lineage.query else [])
    parts += _section("arguments", [_arguments(lineage)] if lineage.arguments else [])
    parts += _section("task, as code drew it", _task(lineage))
    parts += _section("user", _user(lineage))
    parts += _section("platform", _platform(lineage))
    parts += _section("tools", [_tools(lineage)] if lineage.tools else [])
    parts += _section("turns", [_turns(lineage)] if lineage.turns else [])
    parts += _section(
        "objections on the way", [_reasons(lineage.objections, lineage.codes)] if lineage.objections else []
    )
    parts += _section("model calls", [_calls(lineage.calls)] if lineage.calls else [])
    parts += _section("model calls behind its tools, user and history", [_calls(lineage.origins)])
    parts.append(_text("(format=json has every answer)", 100))
    for stage, kept in lineage.further.items():
        parts += _section(f"kept by {plain(stage, 40)}", [Text(_json(one, _KEPT)) for one in kept])
    return Group(*parts)


def _section(title: str, inside: Sequence[RenderableType]) -> list[RenderableType]:
    if not inside:
        return []
    return [Text(f"\n{title}", style="bold"), *(Padding(one, (0, 0, 0, 2)) for one in inside)]


def _head(lineage: Lineage) -> RenderableType:
    asked = sorted({one.endpoint for one in (*lineage.calls, *lineage.origins)})
    rows = {
        "sample": lineage.id,
        "run": f"{lineage.run}{f' ({lineage.population})' if lineage.population else ''}",
        "fate": _fate(lineage.fate),
        "model": "; ".join(asked) or "nobody was asked",
    }
    table = _table("", "", header=False)
    for name, value in rows.items():
        table.add_row(name, _text(value, 500))
    if not lineage.fate.reasons:
        return table
    return Group(table, *_section("refused because", [_reasons(lineage.fate.reasons, lineage.codes)]))


def _fate(fate: Fate) -> str:
    said = [_FATES[fate.status]]
    said += [f"in dataset/{fate.file}"] if fate.file else []
    said += [f"split {fate.split}"] if fate.split else []
    said += [f"group {fate.group}"] if fate.group else []
    said += [f"twin of {fate.twin_of}"] if fate.twin_of else []
    said += [f"its twin is {fate.twin}"] if fate.twin else []
    said += [f"gates passed: {', '.join(fate.gates)}"] if fate.gates and fate.status == "kept" else []
    return "; ".join(said)


def _query(lineage: Lineage) -> Text:
    """The query with the words that state arguments underlined."""
    text = lineage.query or ""
    shown = _text(text, _TEXT)
    for proof in lineage.arguments:
        if proof.span and len(text) <= _TEXT:
            shown.stylize(f"underline {_ORIGIN['query']}", *proof.span)
    return shown


def _arguments(lineage: Lineage) -> Table:
    table = _table("call", "parameter", "value", "from", "evidence")
    for one in lineage.arguments:
        table.add_row(
            f"{one.call} {plain(one.api, 40)}",
            _text(one.parameter, 60),
            _text(_json(one.value, _VALUE), _VALUE),
            Text(one.origin, style=_ORIGIN.get(one.origin, "")),
            _evidence(one.words, one.span, one.path, one.feature_path, proven=one.proven),
        )
    return table


def _evidence(
    words: str | None,
    span: tuple[int, int] | None,
    path: str | None,
    feature_path: Sequence[str],
    *,
    proven: bool,
) -> Text:
    said = []
    if words is not None:
        place = f" at {span[0]}–{span[1]}" if span else ""
        said.append(f"“{words}”{place}")
    if path:
        said.append(path)
    if feature_path:
        said.append(" > ".join(feature_path))
    if not proven:
        said.append("(as drawn; no sample proves it)")
    return _text("; ".join(said), 300)


def _task(lineage: Lineage) -> list[RenderableType]:
    task, place = lineage.task, lineage.platform
    other = "" if place.preferred == place.name else ", and this is another one"
    why = (
        "the history is not there"
        if place.preferred is None
        else f"{lineage.user.id} prefers {place.preferred} for it{other}"
    )
    about = f"{lineage.user.id} needs {place.context} ({task.get('scenario')}), plan {task.get('plan')}"
    head = _text(f"{about}; on {place.name}, because {why}", 400)
    table = _table("call", "does", "the query states", "the profile fills", "left at default")
    for number, call in enumerate(task.get("calls", [])):
        known = ", ".join(f"{name} ← {feature}" for name, feature in call["known"].items())
        stated, defaults = ", ".join(call["stated"]), ", ".join(call["defaults"])
        cells = (f"{number} {call['api']}", call["capability"], stated, known, defaults)
        table.add_row(*(_text(cell or "-", 200) for cell in cells))
    return [head, table] if table.row_count else [head]


def _user(lineage: Lineage) -> list[RenderableType]:
    user = lineage.user
    made = f"; made in {' > '.join(user.made_in)}" if user.made_in else ""
    head = _text(f"{user.id}: {user.persona or 'the profile is not there'}{made}", 400)
    table = _table("basic feature", "value", "in the feature tree", "grown from")
    for one in user.features:
        table.add_row(
            _text(one.name, 60),
            _text(_json(one.value, _VALUE), _VALUE),
            _text(" > ".join(one.path), 120),
            _text("; ".join(one.themes), 200),
        )
    return [head, table] if user.features else [head]


def _platform(lineage: Lineage) -> list[RenderableType]:
    place = lineage.platform
    table = _table(
        "platform", f"visits for {plain(place.context, 30)}", "visits", "could serve", right=(1, 2)
    )
    for one in place.visits:
        mark = " ←" if one.platform == place.name else ""
        serves = "yes" if one.serves else "no"
        table.add_row(_text(one.platform + mark, 60), str(one.in_context), str(one.in_all), serves)
    about = _table("", "", header=False)
    for name, text in place.characteristics.items():
        about.add_row(_text(name, 60), _text(text, 300))
    return [part for part in (table, about) if part.row_count]


def _tools(lineage: Lineage) -> Table:
    table = _table("function", "does", "in the API tree", "the sandbox answered")
    for one in lineage.tools:
        answered = "-" if one.response is None else _json(one.response, _VALUE)
        does = f"{one.capability}: {one.description}" if one.capability else "(no such function)"
        path = " > ".join(one.path)
        table.add_row(_text(one.api, 60), _text(does, 200), _text(path, 200), _text(answered, _VALUE))
    return table


def _turns(lineage: Lineage) -> Table:
    table = _table("round", "who", "said", right=(0,))
    for one in lineage.turns:
        table.add_row(str(one["round"]), _text(one["role"], 40), _text(_said(one["output"]), 600))
    return table


def _said(output: Mapping[str, Any]) -> str:
    """What a role said, in short: a query as its text, a solution as calls, a verdict as its word."""
    if "text" in output:
        return str(output["text"])
    if "calls" in output:
        calls = ", ".join(f"{call.get('api')}({_pairs(call)})" for call in output["calls"])
        return f"{output.get('platform')}: {calls}"
    if "ok" in output:
        reasons = "; ".join(f"{one.get('code')}: {one.get('message')}" for one in output.get("reasons") or ())
        return "ok" if output["ok"] else f"objects: {reasons or 'without a reason'}"
    return _json(output, 600)


def _pairs(call: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_json(value, 80)}" for name, value in (call.get("arguments") or {}).items())


def _reasons(reasons: Iterable[Mapping[str, Any]], sentences: Mapping[str, str]) -> RenderableType:
    """A row a reason, and beneath what each code means."""
    table = _table("code", "blames", "where", "message", "says")
    codes: dict[str, None] = {}
    for reason in reasons:
        keys = ("code", "blames", "path", "message", "source")
        table.add_row(*(_text(str(reason.get(key) or "-"), 400) for key in keys))
        codes[str(reason.get("code"))] = None
    meanings = [_text(f"{code}: {sentences[code]}", 400) for code in codes if code in sentences]
    return Group(table, *meanings)


def _calls(calls: Sequence[Said]) -> RenderableType:
    if not calls:
        return Text("none on record")
    several = len({one.endpoint for one in calls}) > 1
    wrong = any(one.status != "ok" for one in calls)
    more = (*(["answer"] if wrong else []), *(["endpoint"] if several else []))
    table = _table("asked", "seed", "ended", "tokens", "cost", *more, right=(3, 4))
    for one in calls:
        place = f"round {one.round}" if one.round is not None else one.item
        again = f", attempt {one.attempt + 1}" if one.attempt else ""
        ended = one.finish if one.status == "ok" else f"{one.finish}, {one.status}"
        table.add_row(
            _text(f"{one.stage} {one.role}, {place}{again}", 120),
            "?" if one.seed is None else str(one.seed),
            _text(ended, 60),
            f"{one.prompt_tokens:,} + {one.completion_tokens:,}",
            "?" if one.usd is None else f"${one.usd:,.4f}",
            *([_text("" if one.status == "ok" else one.content, _ANSWER)] if wrong else []),
            *([_text(one.endpoint, 60)] if several else []),
        )
    return table


def _table(*names: str, right: tuple[int, ...] = (), header: bool = True) -> Table:
    table = Table(show_header=header, box=None, padding=(0, 2, 0, 0), header_style="dim")
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if number in right else "left", overflow="fold")
    return table


def _text(text: str, limit: int) -> Text:
    return Text(plain(text, limit), overflow="fold")


def _json(value: Any, limit: int) -> str:
    return plain(json.dumps(value, ensure_ascii=False), limit)
