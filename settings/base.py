"""What every part of a configuration shares, and the parts that several commands take."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
"""An identifier in lower case: roles and scenarios become parts of ids, folders and agent names."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole, 0 to 1."""


class Part(BaseModel):
    """Frozen, strict, and nothing extra: what every part of a configuration shares."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class ObjectSettings(BaseModel):
    """An object named in the configuration: `_target_` and the arguments it is called with."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, populate_by_name=True)

    target: str = Field(alias="_target_", min_length=1, description="dotted name of a class or function")

    def arguments(self) -> dict[str, Any]:
        """What `_target_` is called with: every key but `_target_` itself."""
        return {key: value for key, value in self.model_dump(by_alias=True).items() if key != "_target_"}


class LimitSettings(Part):
    """How hard one endpoint may be pressed (`model.limits`)."""

    requests_per_minute: int | None = Field(
        default=None, ge=1, description="most calls in any minute; null: no limit"
    )
    tokens_per_minute: int | None = Field(
        default=None, ge=1, description="most tokens in any minute; null: no limit"
    )
    concurrency: int | None = Field(default=None, ge=1, description="most calls in flight; null: the run's")
    seconds: float = Field(default=600.0, gt=0, description="a call that takes longer has failed")


class PriceSettings(Part):
    """US dollars for a million tokens (`model.price`)."""

    input: float = Field(ge=0, description="of the prompt")
    output: float = Field(ge=0, description="of the answer")
    cached_input: float | None = Field(
        default=None, ge=0, description="of prompt tokens in the endpoint's cache"
    )


class ModelSettings(ObjectSettings):
    """One model (conf/model/): a client, how hard it may be pressed, and what it costs."""

    limits: LimitSettings = Field(LimitSettings(), description="how hard it may be pressed")
    price: PriceSettings | None = Field(None, description="null: looked up in the price list")

    def arguments(self) -> dict[str, Any]:
        """What the client is built with."""
        return {key: one for key, one in super().arguments().items() if key not in ("limits", "price")}

    def identity(self) -> dict[str, Any]:
        """What an answer depends on beside the request: everything but limits, price and the key's place."""
        return {"_target_": self.target} | {
            key: value for key, value in self.arguments().items() if key != "api_key_env"
        }


class RunSettings(Part):
    """Where the run is kept."""

    dir: str | None = Field(None, min_length=1, description="the run folder; null: runs/<scenario>-<digest>")


class BudgetSettings(Part):
    """What all calls of a run may cost together; null: no limit."""

    usd: float | None = Field(ge=0, description="US dollars; every model's price must be known")
    tokens: int | None = Field(ge=0, description="tokens sent and received")
    calls: int | None = Field(ge=0, description="calls, failed ones included")


class RetrySettings(Part):
    """How long a failing endpoint is borne with."""

    attempts: int = Field(ge=1, le=100, description="of one call, before the item is given up")
    longest_wait: float = Field(gt=0, description="seconds between two attempts, at most")
    patience: float = Field(ge=0, description="seconds without any answer before the run ends")
