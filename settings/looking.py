"""What is given to the commands that look at runs and change nothing in them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .parts import Part


class StatusSettings(Part):
    """What `ptool.status` is given (conf/status.yaml)."""

    run: str = Field(min_length=1, description="the run folder to look at")
    format: Literal["text", "json"] = Field(description="for people, or for programs")
