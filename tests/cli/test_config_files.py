"""Files of choices are checked before Hydra builds anything of them, wherever their folder was named."""

from pathlib import Path

import pytest
from ptool import check, run
from ptool.evaluate import main as evaluate
from ptool.run import main

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
GARDEN = '# @package scenario\nname: garden\ndescription: "Help with a gärden."\n'
WAYS = {
    "option": ("--config-dir", "mine"),
    "searchpath": ("hydra.searchpath=[file://mine]",),
    "primary": ("--config-dir", "first", "--config-name", "ours"),
}
"""How a folder is named."""


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The words that name the folder `mine`, where the tests work beside it."""
    for folder in ("mine/scenario", "mine/agent", "first"):
        (tmp_path / folder).mkdir(parents=True)
    primary = "defaults: [config, _self_]\nhydra: {searchpath: ['file://mine']}\n"
    (tmp_path / "first/ours.yaml").write_text(primary, "utf-8")
    monkeypatch.chdir(tmp_path)
    return WAYS[request.param]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (BOMB, "x.yaml: its aliases stand for more than 100,000 values"),
        ("name: &a [*a]", "x.yaml: the alias '*a' stands for itself"),
        (
            'name: "g\u202e"',
            "x.yaml.name: got 'g\\u202e' with the character U+202E, expected a text without it",
        ),
        (
            '"k\\e[2J": 1',
            "x.yaml: a key: got 'k\\x1b[2J' with the character U+001B, expected a text without it",
        ),
        (f"name: {'n' * 100_000}", "x.yaml.name: got 100,000 characters, expected at most 200"),
        ("name: " + "[" * 100_000, "x.yaml: not YAML: "),
        ("name: a\nname: b", "x.yaml: not YAML: 'name' is given twice"),
        ("# @package a b", "x.yaml: Too many components"),
        (b"\xff\x00\x81", "x.yaml: not YAML: "),
    ],
)
def test_what_hides_or_never_ends_is_refused_with_its_file(
    way: tuple[str, ...], content: str | bytes, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine/scenario/x.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
    assert main([*way, "scenario=x"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith("config error: ") and says in err and not Path("runs").exists()


def chained(link: str) -> str:
    """Thirty values of a scenario, each of which is made of the one before as `link` says."""
    return "".join(f"a{n}: {link.replace('BEFORE', f'${{scenario.a{n - 1}}}')}\n" for n in range(1, 31))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("description: ${scenario.a30}\na0: xx\n" + chained("BEFORE BEFORE"), "scenario.description: its"),
        ("description: ${scenario.a30}\na0: ''\n" + chained("BEFOREBEFORE"), "scenario.description: its"),
        ("a0: {k: v}\n" + chained("{k: '${oc.select:x,BEFORE}', l: 'BEFORE'}"), "scenario.a"),
        (f"description: {'${scenario.a}' * 50}\na: {'x' * 900}", "scenario.description: its"),
        ("description: ${scenario.name}\nname: ${scenario.description}", "Recursive interpolation"),
    ],
)
def test_interpolations_that_grow_are_refused_with_their_key(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: str,
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine/scenario").mkdir(parents=True)
    Path("mine/scenario/x.yaml").write_text(content)
    assert main(["--config-dir", "mine", "scenario=x"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith("config error: ") and says in err and not Path("runs").exists()


def test_a_target_that_grows_ends_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine/model").mkdir(parents=True)
    Path("mine/model/x.yaml").write_text(
        "_target_: ${model.a30}\na0: p\n" + chained("BEFOREBEFORE").replace("scenario.", "model.")
    )
    monkeypatch.setattr("ptool.cli.interpolation.MAX_INTERPOLATIONS", 100)
    commands = (
        *((run.main, words) for words in ((), ("--cfg", "all"), ("-m", "seed=1"))),
        *((check.main, ()), (evaluate, ("data=x",))),
    )
    for command, words in commands:
        assert command(["--config-dir", "mine", "model=x", *words]) == 2
        line = "config error: model._target_: its interpolations stand for more than 100 values\n"
        job = "job 1 of 1: exit status 2\n" if "-m" in words else ""
        assert capsys.readouterr() == (job, line)


@pytest.mark.slow
def test_a_sweep_may_resolve_as_much_in_every_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ptool.cli.interpolation.MAX_INTERPOLATIONS", 60)
    seeds = ",".join(map(str, range(9)))
    assert main(["-m", "scenario=tiny", "users=0", f"seed={seeds}"]) == 2
    assert capsys.readouterr().err.count("users: got 0") == 9


def test_a_role_that_is_only_named_is_no_exception(
    way: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine/agent/privacy.yaml").write_text(BOMB)
    assert main([*way, "scenario=tiny", "judges=[verifier,privacy]"]) == 2
    assert "mine/agent/privacy.yaml: its aliases stand for more than" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_in_every_encoding_of_unicode(
    way: tuple[str, ...], encoding: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine/scenario/garden.yaml").write_bytes(GARDEN.encode(encoding))
    assert main([*way, "scenario=garden", "--cfg", "job"]) == 0
    assert "Help with a gärden." in capsys.readouterr().out


def test_a_file_whose_name_hides_something_is_listed_without_it(
    way: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine/scenario/e\u202e\x1b[2J.yaml").write_text("name: e\n")
    main([*way, "--help"])
    main([*way, "scenario=nothing_of_the_kind"])
    out, err = capsys.readouterr()
    assert "\u202e" not in out + err and "\x1b" not in out + err
    assert "e\\u202e\\x1b[2J" in err
