"""The scripted model as an endpoint, as conf/serve.yaml explains it."""

from __future__ import annotations

from pydantic import Field

from .base import Part, Share
from .run import Settings


class SpellSettings(Part):
    """A while in which the endpoint is slow, or down (`server.spell`)."""

    after: int | None = Field(ge=0, description="requests before it begins; null: never")
    seconds: float = Field(gt=0, description="how long it lasts")
    latency_factor: float = Field(ge=0, description="what the latency is multiplied with")
    fault: str | None = Field(description="what every request gets; null: answers, only later")


class ServerSettings(Part):
    """The scripted model as an endpoint, as conf/serve.yaml explains it."""

    host: str = Field(min_length=1, description="a loopback address")
    port: int = Field(ge=0, le=65535, description="0: a free one")
    key_env: str | None = Field(description="environment variable with the key that clients must send")
    record: str | None = Field(min_length=1, description="file that answers are written to")
    replay: str | None = Field(min_length=1, description="file that is answered from")
    latency: float = Field(ge=0, le=3600, description="seconds from a request to its answer")
    jitter: Share = Field(description="share of the latency by which it varies")
    requests_per_minute: int | None = Field(ge=1, description="taken in any minute; null: all")
    concurrency: int | None = Field(ge=1, description="taken at a time; null: all")
    seed: int = Field(ge=0, lt=2**63, description="decides which requests are hit")
    fault_times: int = Field(ge=0, description="most faults of one request; 0: no limit")
    slow_seconds: float = Field(gt=0, description="how long a slow answer takes to arrive")
    faults: dict[str, Share] = Field(description="fault -> share of the requests that get it")
    spell: SpellSettings = Field(description="a while in which everybody has a hard time")


class ServeSettings(Settings):
    """What `ptool.serve` is given: a run's settings, for the model, and the endpoint's."""

    server: ServerSettings = Field(description="the endpoint")
