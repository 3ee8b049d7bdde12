"""The jobs of the commands of the benchmark: evaluate, compare, export.

Each ends with the line that says which folder it filled, and returns the exit status.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..settings import CompareSettings, EvaluateSettings, ExportSettings

if TYPE_CHECKING:
    from ..cli.compose import Sources


def evaluate(settings: EvaluateSettings, sources: Sources) -> int:
    """Evaluate, report on it, and end with the line `evaluation folder: PATH`."""
    del sources
    from . import runner, summary

    outcome = runner.evaluate(settings)
    summary.report(outcome)
    print(f"evaluation folder: {outcome.folder}", flush=True)
    return outcome.exit_status


def compare(settings: CompareSettings, sources: Sources) -> int:
    """Compare, print the leaderboard, and end with the line `comparison folder: PATH`."""
    del sources
    from . import comparison, summary

    found = comparison.compare(settings)
    summary.report_comparison(found, settings.seed)
    print(f"comparison folder: {found.folder}", flush=True)
    return 0


def export(settings: ExportSettings, sources: Sources) -> int:
    """Write the task, say how it is run, and end with the line `task folder: PATH`."""
    del sources
    from .integrations.lm_eval_export import TASK
    from .integrations.lm_eval_export import export as write_task

    task = write_task(settings)
    print(f"{task.samples:,} samples, {len(task.metrics)} metrics: {', '.join(task.metrics)}")
    print(f"lm_eval --include_path {task.folder} --tasks {TASK} --apply_chat_template --model …")
    print(f"task folder: {task.folder}", flush=True)
    return 0
