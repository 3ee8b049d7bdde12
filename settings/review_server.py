"""Where the pages of `ptool.review` are served, and to whom."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints, field_validator

from .base import StrictModel

HostName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"),
    Field(examples=["review.example.org"]),
]
"""A host name in lower case, without a port."""


class ReviewServerOptions(StrictModel):
    """The server of the review pages (`server` in conf/review.yaml)."""

    host: str = Field(
        default="127.0.0.1", min_length=1, max_length=64, description="the address it listens at"
    )
    port: int = Field(default=8090, ge=0, le=65535, description="0: a free one")
    other_machines: bool = Field(
        default=False, description="whether an address may be listened at that other machines reach"
    )
    names: tuple[HostName, ...] = Field(
        default=(), max_length=20, description="names by which it is asked for, beside its address"
    )
    token_env: str | None = Field(
        default=None,
        description="environment variable with the token of the link; null: a new one every start",
    )

    @field_validator("names", mode="before")
    @classmethod
    def _one_or_several(cls, given: Any) -> Any:
        given = [given] if isinstance(given, str) else given
        return tuple(given) if isinstance(given, list) else given
