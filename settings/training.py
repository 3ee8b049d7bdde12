"""What is given to `ptool.train`: which data, which model, and how it is tuned (§5.1)."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated, Literal, Self

import orjson
from pydantic import Field, model_validator

from .base import FilePath, ReadPath, Share, StrictModel, Tools


class TrainingMethod(StrictModel):
    """How the model is tuned (conf/train/): always low-rank adapters, never all of its weights."""

    method: Literal["sft", "dpo"] = Field(description="from answers, or from preferences between two")
    rank: int = Field(ge=1, le=1024, description="of the adapters")
    alpha: float = Field(gt=0, description="the adapters' scale is alpha / rank")
    dropout: float = Field(ge=0, lt=1, description="of the adapters' inputs")
    targets: Annotated[str, Field(min_length=1)] | tuple[str, ...] = Field(
        description="modules that get an adapter, by name; all-linear: every linear one but the head"
    )
    quantise: bool = Field(description="whether the base model is held in 4 bits (QLoRA)")
    learning_rate: float = Field(gt=0, le=1, description="at its highest")
    schedule: Literal["cosine", "linear", "constant"] = Field(description="how it falls after the warm-up")
    warmup: Share = Field(description="share of the steps in which it rises")
    epochs: float = Field(gt=0, le=1000, description="how often every sample is seen")
    batch: int = Field(ge=1, description="samples computed at once")
    accumulate: int = Field(ge=1, description="such batches that make one step")
    packing: bool = Field(description="whether short samples share a sequence")
    beta: float = Field(gt=0, description="of DPO: how closely the model stays with its beginning")

    @model_validator(mode="after")
    def _packs_answers_only(self) -> Self:
        if self.packing and self.method == "dpo":
            raise ValueError("packing: got true, but preferences cannot be packed; expected false")
        return self


class TrainSettings(StrictModel):
    """What `ptool.train` is given (conf/train.yaml)."""

    run: ReadPath = Field(description="the folder of a finished run")
    model_path: str = Field(min_length=1, description="the folder of a Transformers model")
    train: TrainingMethod = Field(description="how it is tuned")
    variant: Literal["all", "no_basic", "no_history", "none"] = Field(description="what is shown of a user")
    format: Literal["python", "json"] = Field(description="how to answer")
    tools: Tools = Field(description="which tools are shown; null: as many as fit max_length")
    n: int | None = Field(ge=1, description="samples to draw; null: all")
    seed: int = Field(ge=0, lt=2**32, description="of draws, of the adapters and of the order of samples")
    max_length: int = Field(ge=64, le=10_000_000, description="tokens of a prompt and its answer, at most")
    device: Literal["auto", "cpu", "cuda"] = Field(
        description="what computes; auto: a GPU where there is one"
    )
    checkpoint_every: int = Field(ge=1, description="steps between two checkpoints")
    most_hours: float | None = Field(gt=0, description="what is estimated to take longer is refused")
    merge: bool = Field(description="whether a copy of the model with the adapter merged in is written")
    report_to: str = Field(min_length=1, description="trackers, as Transformers names them; none")
    out: FilePath | None = Field(description="where the tuned model is kept")

    def identity(self, data: str, model: str) -> dict[str, str]:
        """What makes another training the same one. Args: data, model: digests of what is read."""
        kept = self.model_dump(mode="json", exclude=_NOT_HASHED)
        text = orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)
        digest = hashlib.blake2b(text, digest_size=8).hexdigest()
        return {"settings": digest, "data": data, "model": model}

    def folder(self, identity: dict[str, str]) -> Path:
        """Where it is kept: `out`, or runs/train-<model>-<digest> below the working folder."""
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(self.model_path).absolute().name).strip("-.")[:60]
        digest = hashlib.blake2b(orjson.dumps(identity, option=orjson.OPT_SORT_KEYS), digest_size=5)
        return Path(self.out or f"runs/train-{name or 'model'}-{digest.hexdigest()}")


_NOT_HASHED = {"run", "model_path", "most_hours", "merge", "report_to", "out", "checkpoint_every"}
