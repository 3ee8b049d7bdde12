"""What is given to the commands of the benchmark."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import Field, field_validator, model_validator

from ..errors import ConfigError
from .base import (
    Budget,
    ExecutorName,
    FilePath,
    ModelSettings,
    RaySettings,
    ReadPath,
    Retries,
    RunFolderSettings,
    StrictModel,
    Tools,
    Workers,
)

Baseline = Literal["random", "majority_platform", "copy_profile", "scripted", "gold"]
"""Floors and ceilings that ship with the benchmark."""


class EvaluateSettings(StrictModel):
    """What `ptool.evaluate` is given (conf/evaluate.yaml)."""

    data: ReadPath = Field(description="a run folder, a dataset folder or a file")
    kind: str | None = Field(description="which kind of dataset it is; null: found out")
    group: Literal["trained", "untrained", "unseen"] | None = Field(
        description="what its users are, where samples do not say"
    )
    predictions: ReadPath | None = Field(description="answers given earlier, instead of a model's")
    baseline: Baseline | None = Field(description="a floor or ceiling, instead of a model")
    model: ModelSettings = Field(description="who answers")
    variant: Literal["all", "no_basic", "no_history", "none"] = Field(description="what is shown of a user")
    tools: Tools = Field(default=None, description="which tools are shown")
    format: Literal["python", "json", "native"] = Field(description="how to answer")
    prompt: Literal["paper", "published"] | None = Field(
        default=None, description="which prompt the predictions answer; null: found out"
    )
    scorer: Literal["strict", "official"] = Field(description="whose rules the results follow")
    n: int | None = Field(ge=1, description="samples to draw; null: all")
    seed: int = Field(ge=0, lt=2**63, description="of draws, of the model and of intervals")
    concurrency: int = Field(ge=1, le=4096, description="calls under way at once")
    executor: ExecutorName = Field("local", description="who asks: this process, or several")
    workers: Workers = Field(None, description="processes that do; null: one for every core")
    ray: RaySettings = Field(RaySettings(), description="the cluster of executor=ray")
    sampling: dict[str, Any] = Field(description="sent with every call")
    beside: tuple[Baseline, ...] = Field(description="floors and ceilings to report beside the answers")
    run: RunFolderSettings = Field(description="where the evaluation is kept")
    budget: Budget = Field(description="what the calls may cost")
    retries: Retries = Field(description="how long a failing endpoint is borne with")
    prices: FilePath | None = Field(description="a price list of one's own")

    @field_validator("data")
    @classmethod
    def _verified(cls, data: str) -> str:
        return verified_data(data)

    @model_validator(mode="after")
    def _one_who_answers(self) -> Self:
        if self.predictions is not None and self.baseline is not None:
            raise ValueError("predictions: got a file and a baseline too, expected one of them")
        return self

    @property
    def asks_model(self) -> bool:
        """Whether the answers come from a model."""
        return self.predictions is None and self.baseline is None

    def identity(self) -> dict[str, Any]:
        """What answers depend on: everything but who scores them and how the calls go."""
        kept = self.model_dump(mode="json", by_alias=True, exclude=_NOT_HASHED)
        kept["data"] = content_digest(self.data)
        kept["predictions"] = self.predictions and content_digest(self.predictions)
        kept["model"] = self.model.identity() if self.asks_model else None
        if self.tools is None:
            del kept["tools"]  # what fits is found out; the folder keeps what it was
        if self.prompt is None:
            del kept["prompt"]
        return kept

    def digest(self) -> str:
        """Ten hex digits of everything answers depend on; where files lie does not count."""
        canonical = orjson.dumps(self.identity(), option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(canonical, digest_size=5).hexdigest()

    def run_folder(self) -> Path:
        """Where it is kept: `run.dir`, or runs/eval-<data>-<digest> below the working folder."""
        return self.run.folder(f"runs/eval-{data_name(self.data)}-{self.digest()}")


_NOT_HASHED = {
    "scorer",
    "beside",
    "concurrency",
    "executor",
    "workers",
    "ray",
    "run",
    "budget",
    "retries",
    "prices",
    "model",
}


VERIFIED = "verified"
"""The folder in a run with what people accepted or corrected (`ptool.review export`)."""


def verified_data(path: str) -> str:
    """The verified dataset of a run that has one; any other path as it is, `RUN/dataset` among them."""
    verified = Path(path) / VERIFIED
    is_run = (Path(path) / "dataset" / "index.jsonl").is_file()
    return str(verified) if is_run and (verified / "index.jsonl").is_file() else path


def data_title(path: str) -> str:
    """The name of a dataset for people; that of a verified one begins with its run's."""
    place = Path(path).absolute()
    return f"{place.parent.name}/{VERIFIED}" if place.name == VERIFIED else place.name


def data_name(path: str) -> str:
    """The name of a dataset, fit for a folder's name; that of a verified one begins with its run's."""
    place = Path(path).absolute()
    name = f"{place.parent.name}-{VERIFIED}" if place.name == VERIFIED else place.stem
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:60] or "data"


def content_digest(path: str) -> str:
    """A digest of a file, or of the records in a folder; of what does not exist, of nothing."""
    whole = hashlib.blake2b(digest_size=16)
    try:
        for file in _records_in(Path(path)):
            with file.open("rb") as content:
                whole.update(hashlib.file_digest(content, "blake2b").digest())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return whole.hexdigest()


def _records_in(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path, *_shared_beside(path.parent)] if path.exists() else []
    here = path / "dataset" if (path / "dataset").is_dir() else path
    for name in ("test.jsonl", "samples.jsonl"):  # of a run, what is read of it and nothing else
        if (here / name).is_file():
            return [here / name, *_shared_beside(here)]
    files = (file for pattern in ("*.json*", "*/*.json*") for file in here.glob(pattern) if file.is_file())
    return sorted(file for file in files if file.name != "manifest.json" and not file.name.startswith("."))


def _shared_beside(folder: Path) -> list[Path]:
    """What the samples of a folder share, where they are kept so."""
    files = [folder / name for name in ("tools.jsonl", "users.jsonl")]
    return files if all(file.is_file() for file in files) else []


class CompareSettings(StrictModel):
    """What `ptool.compare` is given (conf/compare.yaml)."""

    evaluations: tuple[ReadPath, ...] = Field(
        min_length=1, max_length=50, description="folders of evaluations"
    )
    labels: tuple[str, ...] | None = Field(description="names to show, one for each; null: who answered")
    sizes: tuple[Annotated[float, Field(gt=0)] | None, ...] | None = Field(
        description="billions of parameters, one for each; null: as their names say"
    )
    against: str | None = Field(
        min_length=1, description="a label to test the others against; null: all pairs"
    )
    seed: int = Field(ge=0, lt=2**63, description="of the intervals and tests")
    figures: bool = Field(default=False, description="whether to draw figures for a paper (extra viz)")
    run: RunFolderSettings = Field(description="where the comparison is kept")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for place, folder in enumerate(self.evaluations):
            if Path(folder).absolute() in [Path(other).absolute() for other in self.evaluations[:place]]:
                raise ValueError(f"evaluations: got {folder!r} twice, expected each evaluation once")
        return self
