"""What is given to the commands that look at runs and change nothing in them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from .base import Part


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

    runs: tuple[str, ...] = Field(description="the two run folders, the earlier one first")
    format: Literal["text", "json"] = Field(description="for people, or for programs")

    @model_validator(mode="after")
    def _two(self) -> Self:
        if len(self.runs) != 2:
            raise ValueError(f"runs: got {len(self.runs)}, expected two run folders: ptool.diff A B")
        return self
