"""The job of `ptool.train`: everything is looked through first, then a folder is made and filled."""

from __future__ import annotations

import importlib.util
import random
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import yaml

from ..cli.progress import Progress
from ..errors import ConfigError, names
from ..log import logger
from ..models.chat_template import ChatTemplate
from ..models.transformers_folder import (
    PACKAGES,
    checked_folder,
    chosen_device,
    fingerprint_folder,
    library,
    load_config,
    load_tokenizer,
    require_packages,
)
from ..settings import TrainSettings
from ..store import Manifest, RunFolder, run_log, write_bytes, write_jsonl, write_manifest
from ..store.dataset_index import check_dataset
from .card import card_text, prompt_words
from .estimate import TrainingEstimate, estimate
from .length import LengthFit, LengthReport, TrainingSample
from .samples import Answers, data_digest, gold_answers, is_split, preferences, train_file
from .trainer import ADAPTER, MERGED, merge_adapter, run_training, steps_of

if TYPE_CHECKING:
    from ..cli.compose import Sources

_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class _Prepared:
    """A training of which everything is known but the result."""

    base: Path
    tokenizer: Any
    samples: list[TrainingSample]
    report: LengthReport
    estimate: TrainingEstimate


def train(settings: TrainSettings, sources: Sources) -> int:
    """Train, or go on, and end with the line `model folder: PATH`."""
    del sources
    require_packages("ptool.train", (*PACKAGES, "trl", "accelerate", "datasets"))
    run = Path(settings.run)
    base = checked_folder(settings.model_path, "model_path")
    train_file(run)
    check_dataset(run)
    is_dpo = settings.train.method == "dpo"
    identity = settings.identity(data_digest(run, preferences=is_dpo), fingerprint_folder(base))
    path = settings.folder(identity)
    if not (path / _MANIFEST).is_file():
        prepared = _prepare(settings, run, base)
        with RunFolder(path, identity) as folder, run_log(path / "run.log"):
            folder.save_config(yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False))
            _train_into(folder, settings, prepared)
    elif settings.merge and not (path / MERGED).is_dir():
        with RunFolder(path, identity):
            merge_adapter(base, load_tokenizer(base, "model_path"), path)
    words = (f"data={run}", "model=transformers", f"model.path={base}", f"model.adapter={path / ADAPTER}")
    print(f"python -m ptool.evaluate {shlex.join(words)}{prompt_words(settings)}")
    print(f"model folder: {path}", flush=True)
    return 0


def _prepare(settings: TrainSettings, run: Path, base: Path) -> _Prepared:
    """Encode the samples and estimate, so that what cannot work is refused before a folder exists."""
    device = chosen_device(settings.device, "device")
    _check_quantisation(settings, device)
    _check_tracker(settings.report_to)
    tokenizer = load_tokenizer(base, "model_path")
    fit = LengthFit(ChatTemplate(tokenizer, "model_path"), settings)
    samples = list(fit.fit(_drawn(settings, run)))
    if not samples:
        raise ConfigError(
            f"max_length: got {settings.max_length:,}, but none of the {fit.report.left_out:,} samples fits, "
            "not even with nothing but the tools it needs; expected more, or a variant with shorter prompts"
        )
    _say(fit.report.describe(settings.max_length))
    if not is_split(run):
        _say(f"{run} holds nothing out: evaluate on another run, or make one with splits")
    expected = estimate(load_config(base, "model_path"), settings, fit.report, device)
    _say(expected.describe())
    expected.check(settings)
    return _Prepared(base, tokenizer, samples, fit.report, expected)


def _drawn(settings: TrainSettings, run: Path) -> list[Answers]:
    """The samples to train on. Raises ConfigError where there are no preferences, or fewer than `n`."""
    source = preferences if settings.train.method == "dpo" else gold_answers
    answers = list(source(run, settings.format))
    if not answers and settings.train.method == "dpo":
        raise ConfigError(
            f"train: got dpo, but {run} has no wrong answers to compare with; expected a run with "
            "twins=true, or one whose answers were objected to"
        )
    if settings.n is None:
        return answers
    if settings.n > len(answers):
        raise ConfigError(f"n: got {settings.n:,}, but there are {len(answers):,} to train on")
    chosen = sorted(random.Random(settings.seed).sample(range(len(answers)), settings.n))
    return [answers[place] for place in chosen]


def _check_quantisation(settings: TrainSettings, device: str) -> None:
    if not settings.train.quantise:
        return
    if device != "cuda":
        raise ConfigError("train.quantise: got true, but 4 bits need a GPU; expected train=lora")
    if importlib.util.find_spec("bitsandbytes") is None:
        raise ConfigError("train.quantise: needs the package bitsandbytes; pip install bitsandbytes")


def _check_tracker(name: str) -> None:
    installed = library("transformers").integrations.integration_utils.get_available_reporting_integrations()
    if name != "none" and name not in installed:
        known = names(["none", *installed], name)
        raise ConfigError(f"report_to: no tracker {name!r:.80} is installed; there are {known}")


def _train_into(folder: RunFolder, settings: TrainSettings, prepared: _Prepared) -> None:
    progress = Progress(log=logger.info)
    method, samples = settings.train, prepared.samples
    logger.info("{}; {}", prepared.report.describe(settings.max_length), prepared.estimate.describe())
    with progress.stage("steps", None if method.packing else steps_of(len(samples), method)) as stage:
        losses = run_training(
            settings,
            prepared.base,
            prepared.tokenizer,
            samples,
            prepared.estimate,
            folder.path,
            lambda step: stage.advance(step - stage.done),
        )
    if settings.merge:
        with progress.stage("merged", 1) as stage:
            merge_adapter(prepared.base, prepared.tokenizer, folder.path)
            stage.advance()
    write_jsonl(folder / "losses.jsonl", map(orjson.dumps, losses))
    run = Path(settings.run)
    card = card_text(
        settings,
        prepared.base.name,
        run.absolute().name,
        prepared.report,
        prepared.estimate,
        losses,
        split=is_split(run),
    )
    write_bytes(folder / "README.md", card.encode())
    write_manifest(folder / _MANIFEST, _manifest(settings, prepared, losses, progress.timings))


def _manifest(
    settings: TrainSettings, prepared: _Prepared, losses: list[dict[str, float]], timings: dict[str, float]
) -> Manifest:
    report = prepared.report
    return Manifest(
        settings=settings.model_dump(mode="json"),
        digest=settings.identity("", "")["settings"],
        seeds={"run": settings.seed},
        model=prepared.base.name,
        prompts={},
        counts={"samples": report.kept, "left out": report.left_out, "tokens": report.tokens},
        funnel={},
        timings=timings,
        notes={"steps": len(losses), "libraries": _libraries()},
    )


def _libraries() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in (*PACKAGES, "trl", "accelerate", "datasets")}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
