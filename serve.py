"""`python -m ptool.serve`: the scripted model as an OpenAI-compatible endpoint on loopback."""

import sys

from .cli.main import Job, run_command


def main(words: list[str] | None = None) -> int:
    """Run the command with `words`, or the process's arguments; returns its exit status."""
    return run_command(_load_job, words, config="serve", schema="ServeSettings")


def _load_job() -> Job:
    from .synthesis.commands import serve

    return serve


if __name__ == "__main__":
    sys.exit(main())
