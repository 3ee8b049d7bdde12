"""`ptool` and `python -m ptool`: lists the commands and hands over to one."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import NoReturn

from .cli.start import exit_with
from .cli.streams import said_in_full
from .errors import names, printable
from .version import VERSION

COMMANDS = {
    "run": "synthesise a verified dataset of personalised tool use",
    "merge": "join the shards of a run (shard=i/n) and finish its dataset",
    "evaluate": "score a model, a file of answers or a baseline on PTBench",
    "train": "tune a model on a run: LoRA, QLoRA or DPO, on this machine",
    "compare": "evaluations side by side: leaderboard, paired tests, the paper's tables",
    "experiment": "an experiment of the paper as one command: data, evaluations, its table",
    "export": "a dataset in the formats of trainers, leaderboards and readers of tables",
    "review": "people verify a test set: the review page, the verified dataset, agreement",
    "check": "try a run's configuration and endpoints, and estimate what it would take",
    "serve": "offer the scripted model as an OpenAI-compatible endpoint on loopback",
    "report": "a finished dataset as one page: numbers, pictures, examples with their proof",
    "explain": "where one sample comes from: task, user, proof, every call of a model",
    "diff": "what changed between two datasets",
    "status": "what a run has done, what failed and why, what is left, what it cost",
}
"""Command -> what it does; each is the module `ptool.<command>` with a `main(words) -> int`."""


def main() -> NoReturn:
    """Hand the process's arguments to the command they name, and exit with its status."""
    exit_with(_dispatch)


def _dispatch() -> int:
    name, *rest = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        return _listed()
    if name == "--version":
        print(f"ptool {VERSION}")
        return said_in_full(0, only_prints=True)
    if name.startswith(("--complete=", "--completion=")):
        option, _, word = name.partition("=")
        return _completed(word) if option == "--complete" else _completion_script(word)
    if name not in COMMANDS:
        print(
            f"error: no command {printable(name, 80)!r}; there are {names(COMMANDS, name)}", file=sys.stderr
        )
        return 2
    return importlib.import_module(f".{name}", __package__).main(rest)


def _completed(word: str) -> int:
    options = ("--help", "--version", "--completion=bash", "--completion=zsh")
    print("\n".join(name for name in (*COMMANDS, *options) if name.startswith(word)))
    return 0


def _completion_script(shell: str) -> int:
    script = Path(__file__).with_name("cli") / f"completion.{shell}"
    if shell not in ("bash", "zsh"):
        print(f"error: no completion for {printable(shell, 80)!r}; there are 'bash', 'zsh'", file=sys.stderr)
        return 2
    print(script.read_text("utf-8"), end="")
    return said_in_full(0, only_prints=True)


def _listed() -> int:
    print("usage: ptool COMMAND [key=value …]\n\ncommands:")
    for name, purpose in COMMANDS.items():
        print(f"  {name:<12}{purpose}")
    print('\n`eval "$(ptool --completion=bash)"` (or zsh) has the shell complete commands, keys and choices.')
    print("`ptool COMMAND --help` explains one; `python -m ptool.COMMAND` is the same.")
    return said_in_full(0, only_prints=True)


if __name__ == "__main__":
    main()
