"""What is given to `ptool.export`: which samples, in which format, and how they are asked."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self, get_args

import orjson
from pydantic import Field, field_validator, model_validator

from ..object_storage import is_url
from .base import Place, ReadPath, StrictModel, local_folder
from .evaluation import content_digest, data_name

ExportFormat = Literal[
    "lm_eval",
    "ptbench",
    "messages",
    "tools",
    "sharegpt",
    "trl",
    "dpo",
    "kto",
    "bfcl",
    "parquet",
    "jsonl",
    "csv",
]
"""What a dataset can be exported as."""
Part = Literal["samples", "train", "test", "unseen", "twins", "reserve"]
"""A part of a run's dataset, the name of its file."""
Negatives = Literal["episodes", "twins", "corruptions"]
"""Where rejected answers come from."""

PREFERENCES = ("dpo", "kto")
_ANSWERED = ("lm_eval", "messages", "tools", "sharegpt", "trl", *PREFERENCES)
"""Formats whose answers are written as a model would give them."""
_STYLED = ("trl", *PREFERENCES)


class ExportSettings(StrictModel):
    """What `ptool.export` is given (conf/export.yaml)."""

    run: ReadPath | None = Field(description="a run folder; in place of data")
    data: ReadPath | None = Field(description="a run folder, a dataset folder or a file")
    format: ExportFormat = Field(description="what is written")
    parts: tuple[Part, ...] | None = Field(
        min_length=1, description="parts of a run; null: samples, train, test and unseen, those there are"
    )
    kind: str | None = Field(description="which kind of dataset it is; null: found out")
    group: Literal["trained", "untrained", "unseen"] | None = Field(
        description="what its users are, where samples do not say"
    )
    variant: Literal["all", "no_basic", "no_history", "none"] = Field(description="what is shown of a user")
    answer: Literal["python", "json", "native"] | None = Field(
        description="how to answer; null: native for tools, python for others"
    )
    style: Literal["chat", "text"] = Field(description="trl, dpo, kto: messages, or plain text")
    negatives: tuple[Negatives, ...] | None = Field(
        min_length=1, description="dpo, kto: where rejected answers come from; null: from all there are"
    )
    scorer: Literal["strict", "official"] = Field(description="lm_eval: whose rules the marks follow")
    tolerance: Literal["strict", "tolerant"] = Field(description="lm_eval: how answers are read")
    n: int | None = Field(ge=1, description="samples to draw; null: all")
    seed: int = Field(ge=0, lt=2**63, description="of the draw, and of corruptions")
    out: Place | None = Field(description="the export's folder, or a URL")

    @field_validator("parts", "negatives", mode="before")
    @classmethod
    def _one_or_several(cls, given: Any) -> Any:
        given = [given] if isinstance(given, str) else given
        return tuple(given) if isinstance(given, list) else given

    @model_validator(mode="after")
    def _one_dataset(self) -> Self:
        if self.run is None and self.data is None:
            raise ValueError("data: missing, expected data=FILE, or run=FOLDER for the dataset of a run")
        if self.run is not None and self.data is not None:
            raise ValueError("run: got a run and data too, expected one of them")
        return self

    @model_validator(mode="after")
    def _fitting_answers(self) -> Self:
        chosen = f"with format={self.format}"
        if self.answer is not None and self.format not in _ANSWERED:
            raise ValueError(
                f"answer: got {self.answer!r} {chosen}, which has a form of its own; leave it out"
            )
        if self.format == "tools" and self.answer not in (None, "native"):
            raise ValueError(f"answer: got {self.answer!r} {chosen}, expected native; or format=messages")
        if self.format == "lm_eval" and self.answer == "native":
            raise ValueError(
                f"answer: got 'native' {chosen}, which has no tool calls; expected python or json"
            )
        if self.style == "text" and self.format not in _STYLED:
            raise ValueError(f"style: got 'text' {chosen}, expected one of the formats {', '.join(_STYLED)}")
        if self.style == "text" and self.answer == "native":
            raise ValueError(
                "style: got 'text' with answer=native, but tool calls are no text; expected chat"
            )
        if self.negatives is not None and self.format not in PREFERENCES:
            raise ValueError(f"negatives: got a list {chosen}, expected it with {' or '.join(PREFERENCES)}")
        for key, words in (("parts", self.parts), ("negatives", self.negatives)):
            for position, word in enumerate(words or ()):
                if word in (words or ())[:position]:
                    raise ValueError(f"{key}: got {word!r} twice, expected each once")
        return self

    @property
    def source(self) -> Path:
        """The dataset: `run` or `data`."""
        return Path(self.run or self.data or "")

    @property
    def answer_format(self) -> Literal["python", "json", "native"]:
        """How answers are written."""
        return self.answer or ("native" if self.format in ("tools", "bfcl") else "python")

    def digest(self) -> str:
        """Ten hex digits of everything the export depends on; where files lie does not count."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        kept = self.model_dump(mode="json", exclude={"run", "data", "out"})
        kept["content"] = _content(self.source, with_episodes=self.format in PREFERENCES)
        return hashlib.blake2b(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS), digest_size=5).hexdigest()

    def run_folder(self) -> Path:
        """Where it is written: `out`, or runs/<format>-<data>-<digest> below the working folder.

        Where `out` is a URL, it is uploaded from there.
        """
        name = f"{self.format.replace('_', '-')}-{data_name(str(self.source))}"
        return local_folder(self.out, f"runs/{name}-{self.digest()}")

    @property
    def url(self) -> str | None:
        """The folder in object storage; None: there is none."""
        return self.out if self.out is not None and is_url(self.out) else None


def _content(source: Path, *, with_episodes: bool) -> list[str]:
    """Digests of the files an export may read of a run's dataset; of other data as an evaluation has it."""
    folder = source / "dataset" if (source / "dataset").is_dir() else source
    parts = [folder / f"{name}.jsonl" for name in get_args(Part)] if source.is_dir() else []
    parts = [file for file in parts if file.is_file()]
    beside = folder if source.is_dir() else source.parent
    runs = (beside.parent, beside.parent / "unseen") if beside.name == "dataset" else ()
    others = [beside / "index.jsonl", *(run / "episodes.jsonl" for run in runs)] if with_episodes else []
    others += [folder / "tools.jsonl", folder / "users.jsonl"]
    found = [content_digest(str(file)) for file in (*parts, *others) if file.is_file()]
    return found if parts else [content_digest(str(source)), *found]
