"""`ptool` and `python -m ptool`: lists the commands and hands over to one."""

from __future__ import annotations

import importlib
import sys

from . import __version__
from .errors import names

COMMANDS = {
    "run": "synthesise a verified dataset of personalised tool use",
    "evaluate": "score a model, a file of answers or a baseline on PTBench",
    "train": "tune a model on a run: LoRA, QLoRA or DPO, on this machine",
    "compare": "evaluations side by side: leaderboard, paired tests, the paper's tables",
    "export": "a dataset as a task of lm-evaluation-harness, with the same scores",
    "check": "try a run's configuration and endpoints, and estimate what it would take",
    "serve": "offer the scripted model as an OpenAI-compatible endpoint on loopback",
    "report": "a finished dataset as one page: numbers, pictures, examples with their proof",
    "explain": "where one sample comes from: task, user, proof, every call of a model",
    "diff": "what changed between two datasets",
    "status": "what a run has done, what failed and why, what is left, what it cost",
}
"""Command -> what it does; each is the module `ptool.<command>` with a `main(words) -> int`."""


def main() -> int:
    """Hand the process's arguments to the command they name; returns its exit status."""
    name, *rest = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        return _listed()
    if name == "--version":
        print(f"ptool {__version__}")
        return 0
    if name not in COMMANDS:
        print(f"error: no command {name!r}; there are {names(COMMANDS, name)}", file=sys.stderr)
        return 2
    return importlib.import_module(f".{name}", __package__).main(rest)


def _listed() -> int:
    print("usage: ptool COMMAND [key=value …]\n\ncommands:")
    for name, purpose in COMMANDS.items():
        print(f"  {name:<12}{purpose}")
    print("\n`ptool COMMAND --help` explains one; `python -m ptool.COMMAND` is the same.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
