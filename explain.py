"""`python -m ptool.explain run=PATH sample=ID`: where one sample comes from, down to every call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cli.start import exit_with, run_command

if TYPE_CHECKING:
    from .cli.main import Job


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(
        _load_job, words, config="explain", schema="ExplainSettings", plain_keys=("run", "sample")
    )


def _load_job() -> Job:
    from .reports.commands import explain

    return explain


if __name__ == "__main__":
    exit_with(main)
