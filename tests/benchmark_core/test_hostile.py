"""Whatever a model writes: nothing runs, nothing takes long, nothing raises, nothing stays."""

import json
import os
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import core_fakes
import pytest
from core_fakes import ITEM, PIECES, PLATFORMS, RIGHT, problems
from hypothesis import given, settings
from hypothesis import strategies as st
from ptool.benchmark import parse, score

NEST = {
    "brackets": "[",
    "parentheses": "(",
    "braces": "{",
    "calls": "f(",
    "dictionaries": "{'a':",
    "keys": "{a:[f(a=",
}
REPEATED = {
    **{name: piece * 100_000 for name, piece in NEST.items()},
    **{f"bounded {name}": piece * (16_000 // len(piece)) for name, piece in NEST.items()},
    **{f"few {name}": piece * (38 // sum(map(piece.count, "([{"))) for name, piece in NEST.items()},
}
INSIDE = {
    "minus signs": "-" * 100_000 + "1",
    "fewer minus signs": "-" * 16_000 + "1",
    "some minus signs": "-" * 300 + "1",
    "not": "not " * 4_000 + "1",
    "tower": "10**10**10",
    "power chain": "**".join(["9"] * 5_000),
    "shift": "1<<10**9",
    "repeated text": "'a'*10**9",
    "repeated list": "[0]*10**9",
    "formatted": "'%1000000000d' % 1",
    "sum": "+".join(["1"] * 8_000),
    "sum of texts": "+".join(["'a'"] * 4_000),
    "texts": "'a' " * 4_000,
    "5,000 digits": "9" * 5_000,
    "16,000 digits": "9" * 16_000,
    "hexadecimal": "0x" + "f" * 16_000,
    "4,299 digits": "9" * 4_299,
    "attributes": "x" + ".a" * 8_000,
    "calls of calls": "f" + "()" * 8_000,
    "subscripts": "x" + "[0]" * 5_000,
    "lambdas": "lambda:" * 2_300 + "0",
    "conditions": "1 if 1 else " * 1_300 + "0",
    "comparisons": "1<" * 8_000 + "0",
    "conjunctions": "1 and " * 2_600 + "0",
    "f-string": "f'{" + "-" * 9_000 + "1}'",
    "NUL": "'\0'",
    "raw NUL": "\0",
    "surrogate": "'\ud800'",
    "escaped surrogate": r"'\ud800'",
    "long list": "[" + "1," * 8_000 + "]",
    "negative list": "[" + "-1," * 5_000 + "]",
    "open text": "'" + "x" * 16_000,
    "quotes": "'" * 16_001,
    "triple quotes": "'''" * 5_001,
    "backslashes": "\\" * 16_000,
    "spaces": " " * 16_000,
    "comment": "#\r" + "-" * 16_000,
    "many brackets": "[" + "0," * 30 + ("[" + "0," + "-" * 60) * 36 + "1" + "]" * 37,
    "NFKC": "ﬁ",
    "exit": "sys.exit()",
    "import": "__import__('os').system('touch CANARY')",
    "open": "open('CANARY', 'w')",
    "classes": "().__class__.__bases__",
    "walrus": "(score := 1)",
    "await": "await " * 2_000 + "x",
    "stars": "*" * 5_000 + "x",
    "patch": "setattr(f, 'x', 1) + 1",
    "evaluated": "open('CANARY', 'w') + 1",
    "warning": r"'\d'",
    "keyword number": "1if 1else 2",
    "bidi": "'\u202e'",
}
WHOLE = {
    **REPEATED,
    **{f"inside {name}": f"MegaMart: [bookTable(town={text})]" for name, text in INSIDE.items()},
    "empty": "",
    "NULs": "\0" * 1_000,
    "huge": "x" * 10_000_000,
    "thoughts": "<think>" * 140_000,
    "fences": "```\n" * 240_000,
    "starts": "a: [" * 200_000,
    "names": "A:[" + "f()," * 4_000 + "]",
    "arguments": "A:[f(" + ",".join(f"a{n}=1" for n in range(2_000)) + ")]",
    "true as name": "True: [f()]",
    "patched names": "score: [parse(eval=1, __builtins__={}, __class__=2)]",
    "unary key": "-1: [f()]",
    "JSON brackets": '{"platform":' + "[" * 16_000,
    "JSON digits": '{"platform":' + "9" * 16_000 + "}",
    "JSON keys": "{" + ",".join(f'"{n}":1' for n in range(1_800)) + "}",
    "JSON one key": "{" + ",".join(['"a":1'] * 2_700) + "}",
    "JSON infinity": '{"platform": 1e999}',
    "JSON calls": "[" + ",".join(['{"name":"f","arguments":"{}"}'] * 500) + "]",
    "JSON in JSON": '{"name":"f","arguments":"' + "[" * 8_000 + '"}',
}


@pytest.mark.parametrize("name", WHOLE)
def test_nothing_raises_and_everything_is_consistent(name: str) -> None:
    assert problems(WHOLE[name]) == []


@pytest.mark.slow
def test_no_reading_takes_long() -> None:
    """Processor time: some milliseconds on a quiet machine; what is quadratic takes seconds."""
    slow = {}
    for name, text in WHOLE.items():
        for format in ("python", "json", "native"):
            for scorer in ("strict", "official"):
                for tolerance in ("strict", "tolerant"):
                    seconds = min(_seconds(text, format, scorer, tolerance) for _ in range(2))
                    if seconds > 0.3:
                        slow[name, format, scorer, tolerance] = seconds
    assert slow == {}


def _seconds(text: str, *how: str) -> float:
    started = time.process_time()
    score(ITEM, text, *how)  # type: ignore[arg-type]
    return time.process_time() - started


def test_memory_is_bounded() -> None:
    """Peak beside the answer itself, whatever its length."""
    tracemalloc.start()
    for text in WHOLE.values():
        score(ITEM, text, scorer="official")
    for name in ("huge", "thoughts", "fences", "starts", "inside open text"):
        score(ITEM, WHOLE[name], tolerance="tolerant")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16_000_000


def test_no_answer_changes_the_score_of_another() -> None:
    before = score(ITEM, RIGHT), score(ITEM, RIGHT, "python", "official", "tolerant")
    for text in WHOLE.values():
        score(ITEM, text, scorer="official")
        assert (score(ITEM, RIGHT), score(ITEM, RIGHT, "python", "official", "tolerant")) == before
    assert core_fakes.item(*ITEM.calls) == ITEM


AUDITED = """
import json, sys
import core_fakes
from ptool.benchmark import score
core_fakes.problems(core_fakes.RIGHT)  # what is imported late is imported now
texts = json.load(sys.stdin)
seen = []
FORBIDDEN = ("open", "exec", "import", "os.", "subprocess.", "socket.", "ctypes.", "shutil.", "sys._")
sys.addaudithook(lambda event, arguments: seen.append(event) if event.startswith(FORBIDDEN) else None)
for text in texts:
    for format in ("python", "json", "native"):
        score(core_fakes.ITEM, text, format, "strict", "tolerant")
    score(core_fakes.ITEM, text, "python", "official", "tolerant")
json.dump(sorted(set(seen)), sys.stdout)
"""


def test_nothing_is_executed_opened_or_imported(tmp_path: Path) -> None:
    """An audit hook in a process of its own sees every file, import and code object; no canary is left."""
    texts = [
        text
        for text in WHOLE.values()
        if len(text) < 20_000 and not any("\ud800" <= c <= "\udfff" for c in text)
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(core_fakes.__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", AUDITED],
        input=json.dumps(texts), cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == []
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_a_deep_stack_and_a_low_recursion_limit_change_nothing() -> None:
    text = "MegaMart: [bookTable(town=" + "[" * 37 + "]" * 37 + ")]"

    def deeper(levels: int) -> object:
        return deeper(levels - 1) if levels else parse(text)

    assert deeper(700) == parse(text)


EXAMPLES = int(os.environ.get("PTOOL_FUZZ_EXAMPLES", "60"))
"""how many inputs each property below tries; raised for a longer search"""


@settings(max_examples=EXAMPLES)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_answers_of_pieces(text: str) -> None:
    assert problems(text) == []


@settings(max_examples=EXAMPLES)
@given(st.text(st.characters(), max_size=200) | st.text("[](){}'\"\\,:=-*#fb0x.\r\n", max_size=60))
def test_answers_of_any_text(text: str) -> None:
    assert problems(text) == []


@settings(max_examples=EXAMPLES)
@given(st.integers(0, len(RIGHT)), st.integers(0, 6), st.text(max_size=4))
def test_damaged_answers(place: int, length: int, put: str) -> None:
    assert problems(RIGHT[:place] + put + RIGHT[place + length :]) == []


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["platform", "functions", "name", "parameters", "tool_calls", "function", "arguments", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=EXAMPLES)
@given(_json)
def test_any_json(value: object) -> None:
    assert problems(json.dumps(value)) == []
    assert parse(json.dumps(value), "native", "tolerant", PLATFORMS) is not None
