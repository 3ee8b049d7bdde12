"""What is given to the commands that look at runs and change nothing in them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .parts import Part


class StatusSettings(Part):
    """What `ptool.status` is given (conf/status.yaml)."""

    run: str = Field(min_length=1, description="the run folder to look at")
    format: Literal["text", "json"] = Field(description="for people, or for programs")


class ReportSettings(Part):
    """What `ptool.report` is given (conf/report.yaml)."""

    run: str = Field(min_length=1, description="the folder of a finished run")
    out: str | None = Field(
        min_length=1, description="the page to write; null: report.html in the run folder"
    )


class ExplainSettings(Part):
    """What `ptool.explain` is given (conf/explain.yaml)."""

    run: str = Field(min_length=1, description="a run folder, or the folder of its held-out people")
    sample: str = Field(min_length=1, max_length=200, description="id of a sample or of a rejected episode")
    format: Literal["text", "json"] = Field(description="for people, or for programs")


class DiffSettings(Part):
    """What `ptool.diff` is given (conf/diff.yaml)."""

    runs: tuple[str, str] = Field(description="the two run folders, the earlier one first")
    format: Literal["text", "json"] = Field(description="for people, or for programs")
