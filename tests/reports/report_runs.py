"""A finished run made by hand: held-out scenarios, a twin, an audit; tame, or hostile in every text."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from ptool.records.dataset_statistics import (
    Audit,
    CaughtRow,
    Decidability,
    Diversity,
    GateRow,
    InjectionRow,
    Interchangeability,
    Necessity,
    SplitRow,
    Spread,
    Statistics,
)
from ptool.store.dataset_index import line_digest

XSS = (
    "<script>alert(1)</script>",
    "<script src=//127.0.0.1/x.js></script>",
    "</script><script>alert(2)</script>",
    "</style><script>alert(3)</script>",
    "</title><script>alert(4)</script>",
    "</textarea><img src=x onerror=alert(5)>",
    "]]></svg><script>alert(6)</script>",
    "--><script>alert(7)</script><!--",
    "<!--",
    "<![CDATA[<script>alert(8)</script>]]>",
    "<img src=x onerror=alert(9)>",
    "<img src=x onerror='alert(10)'",
    '"><img src=x onerror=alert(11)>',
    "'><img src=x onerror=alert(12)>",
    '" onmouseover="alert(13)" x="',
    "' onfocus='alert(14)' autofocus='",
    "` onload=alert(15) `",
    "<svg onload=alert(16)>",
    "<svg/onload=alert(17)>",
    "<svg><animate onbegin=alert(18) attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(19)>#x'></svg>",
    "<math><mi xlink:href='javascript:alert(20)'>x</mi></math>",
    "<a href=javascript:alert(21)>x</a>",
    "<a href='java&#9;script:alert(22)'>x</a>",
    "<a href=data:text/html,<script>alert(23)</script>>x</a>",
    "javascript:alert(24)",
    "<iframe src=javascript:alert(25)></iframe>",
    "<iframe srcdoc='<script>alert(26)</script>'></iframe>",
    "<object data=javascript:alert(27)></object>",
    "<embed src=http://127.0.0.1/x>",
    "<form action=javascript:alert(28)><button autofocus>x",
    "<input autofocus onfocus=alert(29)>",
    "<details open ontoggle=alert(30)>",
    "<video><source onerror=alert(31)></video>",
    "<body onload=alert(32)>",
    "<base href=http://127.0.0.1/>",
    "<link rel=stylesheet href=http://127.0.0.1/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(33)'>",
    "<style>@import 'http://127.0.0.1/x.css';*{background:url(http://127.0.0.1/y)}</style>",
    "<p style=\"background:url('http://127.0.0.1/z')\">",
    "{{7*7}}{% raw %}{{ self.__init__.__globals__ }}",
    "${alert(34)}#{alert(35)}",
    "&lt;script&gt;alert(36)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(37)&#62;",
    "\u202e<gnp.exe\u0000\u0007\u001b[31m\u2066",
    "＜script＞alert(38)＜/script＞",
    "\ufeff<scr\u200bipt>alert(39)</scr\u200bipt>",
    "%3Cscript%3Ealert(40)%3C/script%3E",
    "<noscript><p title='</noscript><img src=x onerror=alert(41)>'>",
    "<template><script>alert(42)</script></template>",
)
"""Texts that would do something if any of them were more than text."""

Say = Callable[[str], str]


def tame() -> Say:
    """Texts as they are."""
    return lambda plain: plain


def hostile(first: int = 0) -> Say:
    """Texts with an attack before them, the next one for every new text; equal texts stay equal.

    Args: first: the attack to begin with: over all of them, every text meets every attack.
    """
    attacks, attacked = itertools.cycle((*XSS[first:], *XSS[:first])), dict[str, str]()
    return lambda plain: (
        attacked.setdefault(plain, f"{next(attacks)}{plain}") if plain not in attacked else attacked[plain]
    )


def finished_run(folder: Path, say: Say, file: str = "train.jsonl") -> Path:
    """Write a finished run. Args: say: what becomes of a text; file: name of the samples' file."""
    (folder / "dataset").mkdir(parents=True)
    write(folder / ".ptool-run.json", {"format": 1, "identity": {"settings": say("digest")}})
    write(folder / "manifest.json", manifest(say))
    write(folder / "statistics.json", statistics(say).model_dump(mode="json"))
    population(folder, say, "shop")
    (folder / "unseen").mkdir()
    population(folder / "unseen", say, "bank")
    lines = [orjson.dumps(line) for line in (sample(say, 1), sample(say, 2), sample(say, 3))]
    (folder / "dataset" / file).write_bytes(b"".join(line + b"\n" for line in lines))
    starts = itertools.accumulate((len(line) + 1 for line in lines), initial=0)
    index = [
        {"id": say(f"s{place}"), "split": say("train"), "group": say("trained"), "scenario": say("shop"),
         "user_id": say("u1"), "platform": say("Mega"), "twin_of": say("s1") if place == 3 else None,
         "file": file, "offset": start, "bytes": len(line),
         "digest": line_digest(line)}
        for place, (line, start) in enumerate(zip(lines, starts, strict=False), 1)
    ]  # fmt: skip
    (folder / "dataset" / "index.jsonl").write_bytes(b"".join(orjson.dumps(entry) + b"\n" for entry in index))
    return folder


def write(file: Path, value: Any) -> None:
    """Write one JSON value, its keys sorted, as runs do."""
    file.write_bytes(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


def manifest(say: Say) -> dict[str, Any]:
    """What a report reads of a manifest."""
    spent = {"calls": 10, "prompt_tokens": 1_000, "completion_tokens": 50, "cached_tokens": 3}
    return {
        "digest": say("digest"),
        "seeds": {"run": 7},
        "versions": {"ptool": say("0.1.0")},
        "settings": {"scenario": {"name": say("shop")}},
        "notes": {
            "usage": {
                say("episodes"): {
                    say("user"): {**spent, "usd": 0.5, "unpriced": 0},
                    say("assistant"): {**spent, "usd": 0.0, "unpriced": 10},
                }
            }
        },
    }


def population(folder: Path, say: Say, scenario: str) -> None:
    """Trees, histories and tasks of one population."""
    place = say(scenario)
    write(folder / "api_tree.json", api_tree(say, place))
    write(folder / "feature_tree.json", feature_tree(say, place))
    visits = [("Mega", "food"), ("Mega", "food"), ("Mini", "food"), ("Mini", "toys")]
    history = {
        "user_id": say("u1"),
        "scenario": place,
        "preferences": [
            {"context": say("food"), "platform": say("Mega")},
            {"context": say("toys"), "platform": say("Mini")},
        ],
        "actions": [
            {"platform": say(platform), "action": say(f"Bought at {platform}"), "context": say(context)}
            for platform, context in visits
        ],
    }
    write(folder / "histories.jsonl", history)
    tasks = [{"id": say(f"s{number}"), "context": say("food")} for number in (1, 2)]
    (folder / "tasks.jsonl").write_bytes(b"".join(orjson.dumps(task) + b"\n" for task in tasks))


def graph(kind: str, nodes: list[dict[str, Any]], edges: list[tuple[str, str]]) -> dict[str, Any]:
    """A tree as runs leave it."""
    return {
        "directed": True, "multigraph": False, "graph": {"tree": kind}, "nodes": nodes,
        "edges": [{"source": parent, "target": child} for parent, child in edges],
    }  # fmt: skip


def api_tree(say: Say, scenario: str) -> dict[str, Any]:
    """Two platforms of one API each."""
    nodes: list[dict[str, Any]] = [
        {"id": "/", "kind": "root", "name": "ptool"},
        {"id": scenario, "kind": "scenario", "name": scenario, "description": say("Where one buys."),
         "contexts": [{"name": say("food"), "description": "f"}, {"name": say("toys"), "description": "t"}]},
    ]  # fmt: skip
    edges = [("/", scenario)]
    for platform in ("Mega", "Mini"):
        about = [{"name": say("price"), "text": say(f"{platform} is cheap.")}]
        node, category = f"{scenario}/{say(platform)}", f"{scenario}/{say(platform)}/c"
        name, says = say(f"buyAt{platform}"), say("Buys.")
        properties = {say("item"): {"type": say("string"), "description": say("What to buy.")}}
        nodes += [
            {"id": node, "kind": "platform", "name": say(platform), "characteristics": about},
            {"id": category, "kind": "category", "name": say("buying"), "description": say("To buy.")},
            {"id": f"{category}/a", "kind": "api", "name": name, "description": says,
             "capability": say("buy"), "parameters": {"properties": properties, "required": [say("item")]}},
        ]  # fmt: skip
        edges += [(scenario, node), (node, category), (category, f"{category}/a")]
    return graph("api", nodes, edges)


def feature_tree(say: Say, scenario: str) -> dict[str, Any]:
    """A basic and an implicit feature with a leaf each."""
    nodes: list[dict[str, Any]] = [{"id": "persona", "kind": "root", "level": 3, "name": "persona"}]
    edges = []
    for kind, feature in (("basic", "address"), ("implicit", "thrift")):
        theme, leaf = f"2:{kind}", f"0:{feature}"
        where = [scenario, say("Mega"), say("x")]
        nodes += [
            {"id": theme, "kind": kind, "level": 2, "name": say(f"of {feature}"), "description": say("T.")},
            {"id": f"1:{feature}", "kind": kind, "level": 1, "name": say(feature), "description": say("F.")},
            {"id": leaf, "kind": kind, "level": 0, "name": say("to"), "where": where},
        ]
        edges += [("persona", theme), (theme, f"1:{feature}"), (f"1:{feature}", leaf)]
    return graph("feature", nodes, edges)


def sample(say: Say, number: int) -> dict[str, Any]:
    """A sample: one of two calls, the third a twin; an argument of every origin, evidence that overlaps."""
    words, color = say("red shoes"), "red" if say("x") == "x" else say("red shoes")[:3]
    before, after = say("Please send me"), say("to where I live.")
    query = f"{before} {words} {after}"
    start = len(before) + 1
    span = (start, start + len(words))
    first, second, third = say("item"), say("color"), say("to")
    call = {say("buyAtMega"): {first: [words], second: [color], third: [say("Main Street 1")]}}
    calls = [call, {say("payAtMega"): {say("currency"): ["EUR"]}}] if number == 2 else [call]
    origins = [
        origin(0, first, words, "query", words=words, span=span),
        origin(0, second, color, "query", words=color, span=(start, start + len(color))),
        origin(0, third, say("Main Street 1"), "profile", path=f"basic_features.{say('address')}"),
    ]
    if number == 2:
        origins.append(origin(1, say("currency"), {say("key"): say("EUR")}, "default"))
    return {
        "id": say(f"s{number}"), "scenario": say("shop"), "user_id": say("u1"),
        "user_profile": {
            "basic_features": {
                say("address"): say("Main Street 1"), say("age"): 41, say("pets"): [say("a cat")],
            },
            "user_history": {say("shop"): [{"platform": say("Mega"), "action": say("Bought a hat")}]},
        },
        "platforms": [{"name": say(platform), "profile": {say("price"): say("low")}, "apis": [say("buy")]}
                      for platform in ("Mega", "Mini")],
        "tools": [{"type": "function", "function": {"name": say("buyAtMega")}}],
        "query": query, "answer": [say("Mega"), calls], "query_params": [first, second],
        "profile_params": [third], "origins": origins, "capabilities": {say("buyAtMega"): say("buy")},
        "twin_of": say("s1") if number == 3 else None,
    }  # fmt: skip


def origin(call: int, parameter: str, value: Any, kind: str, **evidence: Any) -> dict[str, Any]:
    """The proof of one argument."""
    return {"call": call, "parameter": parameter, "value": value, "origin": kind, "evidence": evidence}


def statistics(say: Say) -> Statistics:
    """Statistics whose funnel adds up."""
    four = {"chance": 0.5, "transparent": 0.9, "bayes": 0.95, "without_profile": 0.52}
    return Statistics(
        model=say("scripted: no language model"),
        scripted=True,
        splits=(
            SplitRow(name="train", scenarios=1, platforms=2, apis=2, users=3, queries=2),
            SplitRow(name="test", scenarios=2, platforms=4, apis=4, users=4, queries=1),
            SplitRow(name=say("other"), scenarios=1, platforms=2, apis=2, users=1, queries=1),
        ),
        funnel={"made": 10, "rule_rejected": 2, "judge_rejected": 1, say("lost"): 3, "kept": 4},
        reasons={say("query.leak"): 1, say("wrong_value"): 2},
        gates=(
            GateRow(gate=say("necessity"), judged=7, rejected=3),
            GateRow(gate="grounding", judged=4, rejected=0),
            GateRow(gate="leak", judged=4, rejected=0),
        ),
        parameters=2.5,
        origins={"query": 4, "profile": 3, say("elsewhere"): 1},
        platforms={say("shop"): {say("Mega"): 3, say("Mini"): 1}},
        apis=Spread(used=2, offered=2, counts={say("shop/Mega/buy"): 3}),
        features=Spread(used=1, offered=2, counts={say("address"): 3}),
        contexts=Spread(used=2, offered=2, counts={say("shop/food"): 3}),
        diversity=Diversity(
            distinct_1=0.5, distinct_2=0.75, words=9.5, near_duplicates=0.0, near_duplicates_across=0,
            profile_distance=0.8, closest_profiles=0.4, preference_entropy=0.9, most_entropy=1.0,
            mixed_preferences=1.0,
        ),
        decidability=Decidability(samples=4, by_scenario={say("shop"): four}, **four),
        necessity=Necessity(needing=1.0, unsolvable=0.97, asked=4, solved=1, platform_guessed=0.5),
        interchangeability=Interchangeability(served_elsewhere=1.0, other_user_elsewhere=0.9, twins=1),
        audit=Audit(
            samples=4,
            corruptions=(
                CaughtRow(kind=say("wrong_value"), cases=8, by_rules=5, by_judges=6, caught=7,
                          example=say("2 became 3")),
            ),
            clean=4, false_alarms=1, texts=40,
            injections=(InjectionRow(place=say("query"), cases=9, to_accepted=1, to_rejected=2),),
        ),
        short_of=(say("test: 5 samples were asked for, there are 4."),),
    )  # fmt: skip
