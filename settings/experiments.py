"""What `ptool.experiment` is given, and what an experiment of the paper consists of (conf/sequence/)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import FilePath, StrictModel

Shown = Literal["all", "no_basic", "no_history", "none"]


class AnsweredVariant(StrictModel):
    """One evaluation of every model."""

    trained: Shown = Field(default="all", description="variant that a tuned model was trained on")
    shown: Shown = Field(default="all", description="variant that it is shown")


class Sequence(StrictModel):
    """The steps of one experiment (conf/sequence/NAME.yaml)."""

    title: str = Field(description="what of the paper it is")
    data: tuple[str, ...] = Field(default=(), description="words of ptool.run that make its data")
    file: str = Field(default="", description="file of a run with its samples; empty: the run's test split")
    samples: int = Field(default=1083, ge=1, description="samples the paper has there, for plans")
    evaluations: tuple[AnsweredVariant, ...] = Field(default=(), description="how every model is evaluated")
    words: tuple[str, ...] = Field(default=(), description="words of ptool.evaluate, for all of them")
    others: tuple[str, ...] = Field(default=(), description="kinds of datasets of others, beside PTBench")
    general: bool = Field(default=False, description="whether general benchmarks are handed over to others")
    leaves: str = Field(description="what there is to look at in the end")


class ExperimentFolderSettings(StrictModel):
    """Where the runs of an experiment and its table are kept."""

    dir: FilePath | None = Field(default=None, description="the folder; null: runs/<name>")


class ExperimentSettings(StrictModel):
    """What `ptool.experiment` is given (conf/experiment.yaml)."""

    name: str = Field(min_length=1, max_length=80, description="which experiment")
    data: FilePath | None = Field(description="a run or dataset that is there; null: it is made first")
    others: dict[str, FilePath] = Field(description="kind of dataset -> where it is")
    models: tuple[str, ...] = Field(
        min_length=1, max_length=40, description="words of ptool.evaluate that name a model, one for each"
    )
    model_path: FilePath | None = Field(description="a model to train first; null: nothing is trained")
    make: tuple[str, ...] = Field(description="more words for ptool.run")
    train: tuple[str, ...] = Field(description="more words for ptool.train")
    ask: tuple[str, ...] = Field(description="more words for ptool.evaluate")
    plan: bool = Field(description="whether to say what would be done, and to do nothing")
    run: ExperimentFolderSettings = Field(description="where everything is kept")
