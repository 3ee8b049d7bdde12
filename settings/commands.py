"""What is given to the commands beside a run and the benchmark: serve, status, report, explain, diff."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from .base import FilePath, Share, StrictModel
from .run import Settings


class Spell(StrictModel):
    """A while in which the mock server is slow, or down (`server.spell`)."""

    after: int | None = Field(default=None, ge=0, description="requests before it begins; null: never")
    seconds: float = Field(default=60.0, gt=0, description="how long it lasts")
    latency_factor: float = Field(default=20.0, ge=0, description="what the latency is multiplied with")
    fault: str | None = Field(default=None, description="what every request gets; null: answers, only later")


class MockServerOptions(StrictModel):
    """The mock server of `ptool.serve` (`server`); as it stands, every answer comes at once."""

    host: str = Field(default="127.0.0.1", min_length=1, description="a loopback address")
    port: int = Field(default=0, ge=0, le=65535, description="0: a free one")
    key_env: str | None = Field(
        default=None, description="environment variable with the key that clients must send"
    )
    record: FilePath | None = Field(default=None, description="file that answers are written to")
    replay: FilePath | None = Field(default=None, description="file that is answered from")
    latency: float = Field(
        default=0.0, ge=0, le=3600, description="seconds from a request to its answer, the median"
    )
    jitter: Share = Field(default=0.0, description="share of the latency by which it varies")
    requests_per_minute: int | None = Field(
        default=None,
        ge=1,
        description="taken in any minute, the others get a 429 with Retry-After; null: all",
    )
    concurrency: int | None = Field(
        default=None, ge=1, description="taken at a time, the others get a 429; null: all"
    )
    seed: int = Field(
        default=0, ge=0, lt=2**63, description="decides which requests are hit by faults and jitter"
    )
    fault_times: int = Field(
        default=1, ge=0, description="most faults of one request, so that asking again helps; 0: no limit"
    )
    slow_seconds: float = Field(default=10.0, gt=0, description="how long a slow answer takes to arrive")
    faults: dict[str, Share] = Field(
        default_factory=dict, description="fault -> share of the requests that get it, together at most 1"
    )
    spell: Spell = Field(default=Spell(), description="a while in which everybody has a hard time")


class ServeSettings(Settings):
    """What `ptool.serve` is given: a run's settings, for the model, and the endpoint's."""

    server: MockServerOptions = Field(description="the endpoint")


class StatusSettings(StrictModel):
    """What `ptool.status` is given (conf/status.yaml)."""

    run: FilePath = Field(description="the run folder to look at")
    format: Literal["text", "json"] = Field(description="for people, or for programs")


class MergeSettings(StrictModel):
    """What `ptool.merge` is given (conf/merge.yaml)."""

    run: FilePath = Field(description="the run folder, with its shards")


class ReportSettings(StrictModel):
    """What `ptool.report` is given (conf/report.yaml)."""

    run: FilePath = Field(description="the folder of a finished run")
    out: FilePath | None = Field(description="the page to write; null: report.html in the run folder")


class ExplainSettings(StrictModel):
    """What `ptool.explain` is given (conf/explain.yaml)."""

    run: FilePath = Field(description="a run folder, or the folder of its held-out people")
    sample: str = Field(min_length=1, max_length=200, description="id of a sample or of a rejected episode")
    format: Literal["text", "json"] = Field(description="for people, or for programs")


class DiffSettings(StrictModel):
    """What `ptool.diff` is given (conf/diff.yaml)."""

    runs: tuple[FilePath, ...] = Field(description="the two run folders, the earlier one first")
    format: Literal["text", "json"] = Field(description="for people, or for programs")

    @model_validator(mode="after")
    def _two(self) -> Self:
        if len(self.runs) != 2:
            raise ValueError(f"runs: got {len(self.runs)}, expected two run folders: ptool.diff A B")
        return self
