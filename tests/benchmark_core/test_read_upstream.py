"""`upstream` is upstream's verdict, its reading of the text included; nothing is evaluated."""

from pathlib import Path

import pytest
from core_fakes import item
from ptool.benchmark import ParseError, Prediction
from ptool.benchmark.protocols import read_upstream

BFCL, ACE = (
    item(source="bfcl", platform=None, platforms={}),
    item(source="acebench", platform=None, platforms={}),
)
READ = [("f", {"a": "x"})]


def read(source: str, text: str) -> object:
    """The calls upstream reads, or None."""
    found = read_upstream(BFCL if source == "bfcl" else ACE, text)
    if isinstance(found, ParseError):
        return None
    assert isinstance(found, Prediction)
    return [(call.name, call.arguments) for call in found.calls]


@pytest.mark.parametrize(
    ("text", "bfcl", "ace"),
    [
        ("[f(a='x')]", READ, READ),
        ("f(a='x')", READ, None),
        ("f(a='x')]", READ, None),
        ("[f(a='x')", READ, None),
        ("```\n[f(a='x')]\n```", READ, None),
        ("```python\n[f(a='x')]\n```", None, None),
        ("'[f(a='x')]'", None, None),
        ("(f(a='x'),)", None, READ),
        ("{f(a='x')}", None, READ),
        ("[f(a=x)]", READ, READ),
        ("[f(a='x y')]", [("f", {"a": "x y"})], [("f", {"a": "xy"})]),
        ("[f('x')]", [("f", {})], [("f", {})]),
        ("[f(a=2*3+1)]", [("f", {"a": 7})], [("f", {"a": 7})]),
        ("[f(a=(1, 2))]", [("f", {"a": (1, 2)})], [("f", {"a": (1, 2)})]),
        ("[f(a=g())]", [("f", {"a": "g()"})], [("f", {"a": {"g": {}}})]),
        ("[f(a=x.y)]", None, None),
        ("<think>hm</think>[f(a='x')]", None, None),
        ("[f(from='x')]", None, None),
        ("[f(a=2**99999)]", None, None),
        ("[f(a=__import__('os').system('x') + 1)]", None, None),
        ("", [], None),
    ],
)
def test_read_as_upstream_does(text: str, bfcl: object, ace: object) -> None:
    assert (read("bfcl", text), read("acebench", text)) == (bfcl, ace)


def test_other_datasets_have_no_reader_of_their_own() -> None:
    assert read_upstream(item(), "[f()]") is None


def test_nothing_runs(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    for source in ("bfcl", "acebench"):
        read(source, f"[f(a=open({str(canary)!r}, 'w') + 1)]")
    assert not canary.exists()
