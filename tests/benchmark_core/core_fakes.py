"""One small gold item with every kind of parameter, and what must hold of any answer whatever."""

from dataclasses import asdict

import orjson
from ptool.benchmark import Bounds, GoldCall, Item, ParseError, Prediction, parse, score
from ptool.benchmark.parsing import python_format
from ptool.benchmark.parsing.bounds import Refused

SCHEMA = {
    "name": "bookTable",
    "parameters": {
        "type": "object",
        "properties": {
            "town": {"type": "string"},
            "people": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "order": {"type": "array", "items": {"type": "number"}},
            "where": {"type": "object", "properties": {"zip": {"type": "string"}}},
            "unit": {"type": "string", "default": "metric"},
            "day": {"type": "string", "format": "date"},
            "phone": {"type": "string", "format": "phone"},
        },
        "required": ["town"],
    },
}
TOOLS = {"bookTable": SCHEMA, "findMenu": {"name": "findMenu", "parameters": {"properties": {}}}}
PLATFORMS = {"MegaMart": ("bookTable", "findMenu"), "Other Place": ("reserve",)}


def gold(name: str = "bookTable", origin: str = "query", **accepted: object) -> GoldCall:
    """A gold call whose parameters accept one value each, or those of a tuple, all of one origin."""
    values = {key: value if isinstance(value, tuple) else (value,) for key, value in accepted.items()}
    return GoldCall(name, values, dict.fromkeys(values, origin))  # type: ignore[arg-type]


def item(*calls: GoldCall, **fields: object) -> Item:
    """An item of MegaMart with these gold calls; its flat parameter lists follow from the origins."""
    flat = [(name, call.origins.get(name)) for call in calls for name in call.accepted]
    facts = {
        "query_params": tuple(name for name, origin in flat if origin == "query"),
        "profile_params": tuple(name for name, origin in flat if origin == "profile"),
        "tools": TOOLS,
        "platforms": PLATFORMS,
        "platform": "MegaMart",
    }
    return Item("i1", "u1", "dining", "trained", calls=calls, **(facts | fields))  # type: ignore[arg-type]


ITEM = item(
    gold(town="Lyon", people=2), gold("findMenu", origin="profile", diet="vegan", order=(["a"], ["b", "c"]))
)
RIGHT = "{MegaMart: [bookTable(town='Lyon', people=2), findMenu(diet='vegan', order=['a'])]}"
PIECES = [
    RIGHT, "MegaMart", ": [", "bookTable(", "findMenu(", "town=", "people=", "'Lyon'", "2", "-",
    "not ", "**", "{", "}", "[", "]", "(", ")", ", ", "'", '"', '"""', "\\", "\\ud800", "\ud800", "\0", "\r",
    "\n", "#", "f'{", "lambda:", " if ", " else ", "<think>", "</think>", "```\n", "10**10**10", "9" * 5000,
    "__import__('os')", "=", "sys.exit()", "true", "None", ".", '"platform"', '"functions"', '"name"',
    '"parameters"', '"tool_calls"', '"arguments"', "ﬁ", "é", "1e999", "NaN", "\ufeff", "'a'+'b'",
    "'%d' % 1", "x[1]", "g()()", "-1", "*", "x:=1", "await ",
]  # fmt: skip
"""of answers right and hostile, for inputs put together at random"""


def problems(text: str) -> list[str]:
    """What is wrong with how an answer is read and scored; empty, whatever the answer is."""
    found = []
    for format in ("python", "json", "native"):
        for tolerance in ("strict", "tolerant"):
            for platforms in (None, PLATFORMS, {}):
                read = parse(text, format, tolerance, platforms)
                if isinstance(read, ParseError):
                    if not 0 <= read.position <= len(text) or not 0 < len(read.reason) <= 400:
                        found.append(f"{format} {tolerance}: {read}")
                    read.reason.encode()
                elif not isinstance(read, Prediction):
                    found.append(f"{format} {tolerance}: {read!r}")
            for scorer in ("strict", "official"):
                found += _scored(text, format, scorer, tolerance)
    return found + _plain(text)


def _scored(text: str, format: str, scorer: str, tolerance: str) -> list[str]:
    one = score(ITEM, text, format, scorer, tolerance)  # type: ignore[arg-type]
    if len(orjson.dumps(asdict(one))) > 400_000:
        return [f"{scorer}: a score of unbounded size"]
    order = [one.overall, one.tool_value, one.tool_param, one.tool_name, one.format_ok]
    if order != sorted(order) or (one.platform and not one.format_ok):
        return [f"{scorer}: flags contradict each other: {one}"]
    if scorer == "strict" and (one.overall == bool(one.errors) or one.overall == bool(one.reason)):
        return [f"{scorer}: errors do not explain the flags: {one}"]
    return []


def _plain(text: str) -> list[str]:
    """The short way reads nothing that the long way reads differently."""
    short = python_format.read_plain(text)
    if short is None:
        return []
    try:
        long = python_format.read("{" + text + "}", True, Bounds())
    except Refused as refused:
        return [f"the long way refuses what the short way reads: {refused.reason}"]
    return [] if repr(short) == repr(long) else [f"two readings: {short} and {long}"]
