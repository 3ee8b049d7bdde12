"""What `ptool.review` is given: which samples of a run, who reviews them, what becomes of the reviews."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from .base import FilePath, Share, StrictModel
from .export import Part
from .review_server import ReviewServerOptions

ReviewFormat = Literal["verified", "label_studio", "csv"]
"""What reviews are exported as, and imported from."""


class ReviewSettings(StrictModel):
    """What `ptool.review` is given (conf/review.yaml)."""

    run: FilePath = Field(description="the folder of a finished run")
    action: Literal["serve", "export", "import", "findings"] = Field(description="what is done")
    annotators: tuple[Annotated[str, StringConstraints(min_length=1, max_length=40)], ...] = Field(
        max_length=100, description="names that samples are shared out among"
    )
    parts: tuple[Part, ...] | None = Field(
        min_length=1, description="parts of the dataset; null: what is held out, where it is split, else all"
    )
    samples: int | None = Field(ge=1, description="samples to draw; null: all, or as at the first start")
    overlap: Share | None = Field(
        description="share that several people review; null: 0.2, or as at the first start"
    )
    readers: int | None = Field(
        ge=2, le=100, description="how many review those; null: 2, or as at the first start"
    )
    seed: int | None = Field(
        ge=0, lt=2**63, description="of the draw and the shares; null: 0, or as at the first start"
    )
    server: ReviewServerOptions = Field(description="where the pages are served")
    format: ReviewFormat = Field(description="what is exported, or imported")
    file: FilePath | None = Field(description="what is read, or written in another format than verified")
    annotator: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = Field(
        description="import: whose reviews those are that do not say"
    )
    out: FilePath | None = Field(description="export: the verified dataset's folder; null: RUN/verified")

    @field_validator("parts", "annotators", mode="before")
    @classmethod
    def _one_or_several(cls, given: Any) -> Any:
        given = [given] if isinstance(given, str) else given
        return tuple(given) if isinstance(given, list) else given

    @field_validator("annotators")
    @classmethod
    def _told_apart(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if twice := next((name for name in given if given.count(name) > 1), None):
            raise ValueError(f"got {twice!r} twice, expected different names")
        return given

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.action == "import" and self.format == "verified":
            raise ValueError("format: got 'verified' with import, expected label_studio or csv")
        if self.action in ("import", "export") and (self.file is None) != (self.format == "verified"):
            wanted = "out=FOLDER" if self.format == "verified" else "file=FILE"
            raise ValueError(f"file: got {self.file!r} with format={self.format}, expected {wanted}")
        return self
