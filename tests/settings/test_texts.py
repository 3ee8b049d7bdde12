"""Texts that hide something and YAML that never ends are refused with their place."""

import time
from pathlib import Path

import pytest
from ptool.errors import ConfigError, names, printable
from ptool.settings import RunFolderSettings, validated
from ptool.settings.texts import check_texts, parse_yaml, read_yaml

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"a": {"b": ["x", "y\x1b[31m"]}}, "kit.a.b[1]: got 'y\\x1b[31m' with the character U+001B"),
        ({"a": "left\u202eright"}, "kit.a: got 'left\\u202eright' with the character U+202E"),
        ({"k\u2066": 1}, "kit: a key: got 'k\\u2066' with the character U+2066"),
        ({"k" * 100_000: 1}, "kit: a key: got 100,000 characters, expected at most 200"),
        ({"name": "n" * 100_000}, "kit.name: got 100,000 characters, expected at most 200"),
        ({"a": "t" * 100_000}, "kit.a: got 100,000 characters, expected at most 20,000"),
        ({"a": "half \ud800"}, "kit.a: got 'half \\ud800' with the character U+D800"),
    ],
)
def test_a_text_that_hides_something_or_is_endless_is_refused(value: object, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_texts(value, "kit")
    assert str(caught.value).startswith(says)


@pytest.mark.parametrize(
    "text", ["two\nlines\tand a tab", "العربية", "עברית\u200f", "👩‍👧", "数据", "a" * 20_000]
)
def test_texts_as_people_write_them_are_taken(text: str) -> None:
    check_texts({"a": [text]}, "kit")


def test_what_nests_too_deeply_is_refused() -> None:
    value: object = "x"
    for _ in range(500):
        value = [value]
    with pytest.raises(ConfigError, match="more than 100 lists"):
        check_texts(value, "kit")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "its aliases stand for more than 100,000 values"),
        (BOMB.encode(), "its aliases stand for more than 100,000 values"),
        ("a: &a [*a]", "the alias '*a' stands for itself"),
        ("base: &b {x: 1}\nmore: &m {<<: *b, y: *m}", "the alias '*m' stands for itself"),
        ("[" * 100_000, "not YAML: "),
        ("n: " + "1" * 5000, "not YAML: "),
        ("a: [", "not YAML: "),
        ("a: 1\nb: {c: 2, c: 3}", "not YAML: 'c' is given twice"),
        (b"\xff", "not YAML: "),
    ],
)
def test_yaml_that_never_ends_or_is_none_is_refused_at_once(text: str | bytes, says: str) -> None:
    began = time.perf_counter()
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "kit.yaml")
    assert str(caught.value).startswith(f"kit.yaml: {says}")
    assert "\n" not in str(caught.value)
    assert time.perf_counter() - began < 1


def test_a_mapping_may_take_over_keys_that_it_gives_itself() -> None:
    text = "base: &b {x: 1, y: 2}\nmore: {<<: *b, y: 3}"
    assert parse_yaml(text, "kit.yaml")["more"] == {"x": 1, "y": 3}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_yaml_is_read_in_every_encoding_of_unicode(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("a: &x [ü]\nb: *x\n".encode(encoding))
    assert read_yaml(tmp_path / "a.yaml") == {"a": ["ü"], "b": ["ü"]}


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("a\nb", "dir: got 'a\\nb', expected a path without control characters"),
        ("a\x1b[31m", "dir: got 'a\\x1b[31m', expected a path without control characters"),
        ("a\u202eb", "dir: got 'a\\u202eb', expected a path without control characters"),
        ("/../x", "dir: got '/../x', expected a path that does not lead above /"),
        ("../" * 60 + "x", "expected a path that does not lead above /"),
        ("x" * 300, "expected a path whose names have at most 255 bytes"),
        ("", "dir: got '', expected a text that is not empty"),
    ],
)
def test_a_path_that_is_none_of_a_persons_is_refused(path: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validated({"dir": path}, RunFolderSettings)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["./a/../b", "2026", "a b", "ck/jürgen/step=12", "~nobody-of-this-name/x"])
def test_a_path_is_what_was_typed(path: str) -> None:
    assert validated({"dir": path}, RunFolderSettings).dir == path


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert validated({"dir": "~/r"}, RunFolderSettings).dir == f"{tmp_path}/r"


def test_names_in_a_message_are_bounded() -> None:
    listed = names([f"n{number}" for number in range(1000)] + ["x" * 100_000], "x" * 100_000)
    assert len(listed) < 3000
    assert listed.endswith("and 801 more")
    assert printable("a\nb\u202e\x1b" + "c" * 10, 8) == "a\\nb\\u202e\\x1bccc…"
