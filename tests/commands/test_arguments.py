"""Options and overrides may be mixed, and what is no option is refused in one line."""

from pathlib import Path

import pytest
from ptool.cli.args import Arguments, parse_arguments, with_list
from ptool.errors import ConfigError


@pytest.fixture(autouse=True)
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to give with `--config-dir`."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("words", "overrides", "options"),
    [
        ("seed=1,2 -m run.dir=x", "seed=1,2 run.dir=x", {"multirun": True}),
        ("~model --cfg job +a.b=1", "~model +a.b=1", {"cfg": "job"}),
        ("--cfg job --resolve", "", {"cfg": "job", "resolve": True}),
        ("seed=1 --config-name other users=2", "seed=1 users=2", {"config_name": "other"}),
        ("seed=1 -h", "seed=1", {"help": True}),
        ("--version", "", {"version": True}),
        ("seed=-1", "seed=-1", {}),
        ("", "", {}),
    ],
)
def test_options_and_overrides_are_told_apart(words: str, overrides: str, options: dict[str, object]) -> None:
    assert parse_arguments(words.split()) == Arguments(tuple(overrides.split()), **options)


@pytest.mark.parametrize("way", ["--config-dir mine", "--config-dir=mine", "-cd mine"])
def test_a_folder_may_stand_anywhere(way: str, mine: Path) -> None:
    assert parse_arguments(f"seed=1 {way} users=2".split()) == Arguments(("seed=1", "users=2"), (mine,))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--nope", "unrecognized arguments: --nope"),
        ("--cfg foo", "invalid choice: 'foo'"),
        ("--config-dir", "expected one argument"),
        ("--config-dir nowhere", "nowhere' not found"),
    ],
)
def test_an_option_that_is_not_there_is_refused_in_one_line(words: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        parse_arguments(words.split())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["a", "b"], ["runs=['a','b']"]),
        (["a", "seed=1", "b"], ["seed=1", "runs=['a','b']"]),
        (["it's", "back\\slash"], ["runs=['it\\'s','back\\slash']"]),
        (["~seed", "+x=1", "runs=[a]"], ["~seed", "+x=1", "runs=[a]"]),
        ([], []),
    ],
)
def test_plain_words_become_one_override(words: list[str], expected: list[str]) -> None:
    assert list(with_list(words, "runs")) == expected


def test_a_folder_whose_name_looks_like_an_override_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "seed=1").mkdir()
    assert parse_arguments(["seed=1", "--config-dir", "mine"], "runs").overrides == ("runs=['seed=1']",)
