"""The API tree that is grown or given, and the tools that are brought along (§4.1)."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from .base import FilePath, StrictModel, Tools


class TreeSettings(StrictModel):
    """The API tree (§4.1)."""

    file: FilePath | None = Field(description="a tree to use instead of growing one")
    depth: int = Field(ge=1, le=6, description="category layers between a platform and its APIs")
    branching: int = Field(ge=2, le=64, description="most children a platform or category may have")


class ToolSettings(StrictModel):
    """The tools: which of them a solver is shown, and those that are brought along (`tools.file`).

    A bare value is `shown`: `tools=8`.
    """

    bare: ClassVar[str] = "shown"

    shown: Tools = Field(default=None, description="which tools a solver is shown")
    file: FilePath | tuple[FilePath, ...] | None = Field(
        default=None,
        description="documents with functions to use instead of inventing some: a file, a folder, a pattern, "
        "or several",
    )
    capabilities: FilePath | None = Field(
        default=None, description="which functions do the same, corrected by a person"
    )
    lexicon: FilePath | None = Field(
        default=None, description="words that the scripted model says such functions with"
    )

    @model_validator(mode="before")
    @classmethod
    def _bare_value(cls, given: Any) -> Any:
        given = given if isinstance(given, dict | cls) else {cls.bare: given}
        if isinstance(given, dict) and isinstance(given.get("file"), list):
            given = {**given, "file": tuple(given["file"])}  # a union takes no list for a tuple
        return given

    @model_validator(mode="after")
    def _of_a_file(self) -> Self:
        for name in ("capabilities", "lexicon"):
            if self.file is None and getattr(self, name) is not None:
                raise ValueError(f"{name}: got one without tools.file, whose functions it is about")
        return self

    @property
    def files(self) -> tuple[str, ...]:
        """What `file` names, one or several; empty: nothing is brought along."""
        return (self.file,) if isinstance(self.file, str) else self.file or ()

    @property
    def left_to_likeness(self) -> bool:
        """Whether no file says which functions do the same: neither `capabilities` nor a lexicon."""
        return bool(self.files) and self.capabilities is None and self.lexicon is None

    def identity(self) -> Any:
        """What stands for the section in a digest: as long as nothing is brought along, the bare value."""
        return self.model_dump(mode="json", exclude_none=True) if self.files else self.shown
