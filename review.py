"""`python -m ptool.review run=PATH`: people verify a test set (Appendix B); export, import, findings."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .cli.start import exit_with, run_command

if TYPE_CHECKING:
    from .cli.main import Job

ACTIONS = ("serve", "export", "import", "findings")
"""What the first word may be; none of them: serve."""


def with_action(words: Sequence[str]) -> list[str]:
    """A command line with its action as an override: `export run=A` is `action=export run=A`."""
    return [f"action={words[0]}", *words[1:]] if words and words[0] in ACTIONS else list(words)


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    given = with_action(sys.argv[1:] if words is None else words)
    return run_command(_load_job, given, config="review", schema="ReviewSettings", plain_keys=("run",))


def _load_job() -> Job:
    from .reviews.commands import review

    return review


if __name__ == "__main__":
    exit_with(main)
