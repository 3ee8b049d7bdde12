"""The shell completes commands, keys and choices of ptool."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from ptool.cli.completion import completions
from ptool.settings import EvaluateSettings, Settings, StatusSettings


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("splits.most", ["splits.most.all=", "splits.most.trained=", "splits.most.untrained="]),
        ("scenario=t", ["scenario=takeout", "scenario=tiny", "scenario=training", "scenario=travel"]),
        ("run", ["run.dir=", "run.local="]),
        ("assistant=", ["assistant=confirm", "assistant=none", "assistant=propose"]),
        ("twins=", ["twins=false", "twins=true"]),
        ("--conf", ["--config-dir", "--config-name"]),
        ("run.dir=", []),
        ("nothing", []),
        ("nothing=", []),
    ],
)
def test_a_word_becomes_what_there_is(word: str, found: list[str]) -> None:
    assert completions(word, "config", Settings) == found
    assert completions(word, "check", Settings) == found


def test_every_command_has_its_own_keys(tmp_path: Path) -> None:
    assert completions("", "status", StatusSettings) == ["format=", "run="]
    assert "model=" in completions("m", "evaluate", EvaluateSettings)
    assert completions("scenario", "evaluate", EvaluateSettings) == []
    (tmp_path / "scenario").mkdir()
    (tmp_path / "scenario" / "garden.yaml").touch()
    assert completions("scenario=g", "config", Settings, [tmp_path]) == ["scenario=garden"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with some folders in it, and a `ptool` that the shell finds."""
    (tmp_path / "folder of mine").mkdir()
    (tmp_path / "at:noon").mkdir()
    for folder in ("mine", "my own"):
        (tmp_path / folder / "scenario").mkdir(parents=True)
        (tmp_path / folder / "scenario" / "garden.yaml").touch()
    program = tmp_path / "ptool"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m ptool \"$@\"\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


BASHRC = r"""
PS1='ready> '
eval "$(ptool --completion=bash)"
bind 'set bell-style none'
bind -x '"\C-t": printf "%s|\n" "$READLINE_LINE" >> completed'
"""
COMPLETED_BY_BASH = {
    "ptool ev": "ptool evaluate ",
    "ptool run assist": "ptool run assistant=",  # a value follows at once
    "ptool run assi": "ptool run assi",  # two keys are listed
    "ptool run seed=3 scenario=ti": "ptool run seed=3 scenario=tiny ",
    "ptool run scenario.description='a b' assist": "ptool run scenario.description='a b' assistant=",
    r"""ptool run "card.name=it's \"x\" =" twins=t""": r"""ptool run "card.name=it's \"x\" =" twins=true """,
    r"ptool run scenario.name=a\ b\'c scenario=ti": r"ptool run scenario.name=a\ b\'c scenario=tiny ",
    "ptool run 'scenario=ti": "ptool run 'scenario=tiny' ",
    "ptool run --config-dir 'my own' scenario=g": "ptool run --config-dir 'my own' scenario=garden ",
    r"ptool run --config-dir my\ own scenario=g": r"ptool run --config-dir my\ own scenario=garden ",
    "ptool status run=fold": r"ptool status run=folder\ of\ mine/",
    "ptool status run='folder of": "ptool status run='folder of mine'/",
    "ptool status run=at:no": "ptool status run=at:noon ",
    "ptool diff fold": r"ptool diff folder\ of\ mine/",
    "~/ptool ru": "~/ptool run ",
}


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_the_line(desk: Path) -> None:
    """A real one, on a terminal where each line is typed, a tab, and a key that writes the line down."""
    pty = pytest.importorskip("pty")
    (desk / "rc").write_text(BASHRC)
    ours, its = pty.openpty()
    shell = subprocess.Popen(
        ["bash", "--noprofile", "--rcfile", "rc", "-i"],
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    shown = b""
    while b"ready> " not in shown:
        shown += os.read(ours, 65_536)
    for line in COMPLETED_BY_BASH:
        os.write(ours, line.encode() + b"\t\x14\x01\x0b")  # then to the beginning, and all of it away
    os.write(ours, b"exit\n")
    with suppress(OSError):
        while os.read(ours, 65_536):
            pass
    os.close(ours)
    assert shell.wait(60) == 0
    assert (desk / "completed").read_text().splitlines() == [
        f"{line}|" for line in COMPLETED_BY_BASH.values()
    ]


ZSHRC = """
autoload -Uz compinit; compinit -D -u
eval "$(ptool --completion=zsh)"
zle-line-init() {
  for BUFFER in "${(@f)$(<lines)}"; do
    CURSOR=$#BUFFER
    zle complete-word
    print -r -- "$BUFFER|" >> completed
  done
  exit
}
zle -N zle-line-init
"""
COMPLETED_BY_ZSH = {
    "ptool ev": "ptool evaluate ",
    "ptool run assist": "ptool run assistant=",  # a value follows at once
    "ptool run assi": "ptool run assi",  # two keys are listed
    "ptool run seed=3 scenario=ti": "ptool run seed=3 scenario=tiny ",
    r"ptool run --config-dir my\ own scenario=g": r"ptool run --config-dir my\ own scenario=garden ",
    "ptool run scenario.description='a b' assist": "ptool run scenario.description='a b' assistant=",
    "ptool run --mul": "ptool run --multirun ",
    "ptool status run=fold": r"ptool status run=folder\ of\ mine/",
    "ptool diff fold": r"ptool diff folder\ of\ mine/",
    "~/ptool ru": "~/ptool run ",
    "ptool fold": "ptool fold",  # no command
}


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_zsh_completes_the_line(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real one, on a terminal of its own: it reads lines from a file, and writes what became of them."""
    pty = pytest.importorskip("pty")
    (desk / ".zshrc").write_text(ZSHRC)
    (desk / "lines").write_text("\n".join(COMPLETED_BY_ZSH))
    monkeypatch.setenv("ZDOTDIR", str(desk))
    ours, its = pty.openpty()
    shell = subprocess.Popen(
        ["zsh", "-o", "NO_GLOBAL_RCS", "-i"], stdin=its, stdout=its, stderr=its, start_new_session=True
    )
    os.close(its)
    with suppress(OSError):  # a terminal whose last user is gone
        while os.read(ours, 65_536):
            pass
    os.close(ours)
    assert shell.wait(60) == 0
    assert (desk / "completed").read_text().splitlines() == [f"{line}|" for line in COMPLETED_BY_ZSH.values()]
