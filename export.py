"""`python -m ptool.export`: a dataset as a task of lm-evaluation-harness, with the core's own scores."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .cli.main import main as command

if TYPE_CHECKING:
    from .cli.compose import Sources
    from .settings import ExportSettings


def main() -> int:
    """Run the command with the process's arguments; returns its exit status."""
    return command(export, "export", schema="ptool.settings.ExportSettings")


def export(settings: ExportSettings, sources: Sources) -> int:
    """Write the task, say how it is run, and end with the line `task folder: PATH`."""
    del sources
    from .evaluation.integrations.lm_eval_export import TASK
    from .evaluation.integrations.lm_eval_export import export as exported

    task = exported(settings)
    print(f"{task.samples:,} samples, {len(task.metrics)} metrics: {', '.join(task.metrics)}")
    print(f"lm_eval --include_path {task.folder} --tasks {TASK} --apply_chat_template --model …")
    print(f"task folder: {task.folder}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
