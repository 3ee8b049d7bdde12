"""An experiment of the paper as commands of ptool, each with a folder of its own.

It starts none of them, and asks nobody: what it gives is words.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..cli.args import quoted
from ..cli.compose import Sources
from ..errors import ConfigError, names
from ..settings import ExperimentSettings, Sequence, validated
from ..settings.texts import read_yaml
from .report_texts import VARIANTS

_FOLDER = Path(__file__).parents[1] / "conf" / "sequence"


@dataclass(frozen=True, slots=True)
class Step:
    """One command of an experiment."""

    command: str
    """run | train | evaluate | compare"""
    words: tuple[str, ...]
    folder: Path
    """what it fills"""
    about: str = ""
    """of an evaluation: the words that name its model"""
    data: Path | None = None
    """of an evaluation: its samples"""
    samples: int = 0
    """of an evaluation: how many the paper has there"""

    def line(self) -> str:
        """As one types it."""
        return shlex.join(["python", "-m", f"ptool.{self.command}", *self.words])


def load_sequence(name: str, sources: Sources) -> Sequence:
    """An experiment by its name. Raises ConfigError: there is none, or its file is none."""
    places = [*(folder / "sequence" for folder in sources.folders), _FOLDER]
    files = {file.stem: file for place in reversed(places) for file in sorted(place.glob("*.yaml"))}
    if name not in files:
        raise ConfigError(f"name: got {name!r}, there are {names(files, name)}")
    given = read_yaml(files[name])
    if not isinstance(given, dict):
        raise ConfigError(f"{files[name]}: got no mapping, expected the keys of an experiment")
    return validated(given, Sequence)


def build_steps(sequence: Sequence, settings: ExperimentSettings) -> list[Step]:
    """The commands of an experiment, in order; none for what others measure.

    Raises ConfigError: a dataset of others is missing, or models cannot be told apart that have to be.
    """
    if sequence.general:
        return []
    folder = Path(settings.run.dir or f"runs/{settings.name}")
    _check(sequence, settings)
    data = Path(settings.data) if settings.data else folder / "data"
    steps: list[Step] = []
    if settings.data is None:
        steps.append(Step("run", (*sequence.data, *settings.make, f"run.dir={data}"), data))
    if settings.model_path:
        trained = dict.fromkeys(answered.trained for answered in sequence.evaluations)
        steps += [_training(settings, variant, data, folder) for variant in trained]
    datasets = {"": _samples_in(data, sequence, settings)} | {
        kind: Path(settings.others[kind]) for kind in sequence.others if kind in settings.others
    }
    for kind, samples in datasets.items():
        evaluations = list(_evaluations(sequence, settings, kind, samples, folder))
        steps += [step for step, _ in evaluations]
        steps.append(_comparison(evaluations, folder / f"compare{'-' if kind else ''}{kind}"))
    return steps


def _samples_in(data: Path, sequence: Sequence, settings: ExperimentSettings) -> Path:
    """The file of a run that an experiment is about; the dataset itself where it has no such file."""
    file = data / sequence.file
    return file if settings.data is None or file.exists() else data


def _check(sequence: Sequence, settings: ExperimentSettings) -> None:
    if sequence.others and not settings.others:
        raise ConfigError(
            f"others: {' or '.join(sequence.others)} missing, expected "
            f"others={{{sequence.others[0]}: FOLDER}} with the data its authors publish"
        )
    unknown = [kind for kind in settings.others if kind not in sequence.others]
    if unknown:
        known = ", ".join(sequence.others) or "none"
        raise ConfigError(f"others: got {unknown[0]!r:.60}, {settings.name} takes {known}")
    trained = {answered.trained for answered in sequence.evaluations}
    shown = {answered.shown for answered in sequence.evaluations}
    fixed = next((words for words in settings.models if "{trained}" not in words), None)
    if len(trained) > len(shown) and fixed and not settings.model_path:
        raise ConfigError(
            f"models: {fixed!r:.80} would answer as all {len(trained)} models of {settings.name}, expected "
            "{trained} in its words, such as model.model=mine-{trained}, or model_path= to train them"
        )


def _training(settings: ExperimentSettings, variant: str, data: Path, folder: Path) -> Step:
    out = _tuned(folder, variant)
    given = (f"run={data}", f"model_path={settings.model_path}", f"variant={variant}")
    return Step("train", (*given, *settings.train, f"out={out}"), out)


def _tuned(folder: Path, variant: str) -> Path:
    return folder / f"trained-{variant}"


def _evaluations(
    sequence: Sequence, settings: ExperimentSettings, kind: str, samples: Path, folder: Path
) -> Iterator[tuple[Step, str]]:
    """An evaluation of each model and variant, with the name the model has in the table."""
    several = len({answered.shown for answered in sequence.evaluations}) < len(sequence.evaluations)
    for number, model in enumerate(_models(settings, folder), 1):
        for answered in sequence.evaluations:
            name = f"{kind or 'eval'}-{number}-{answered.trained}-{answered.shown}"
            asked = model.replace("{trained}", answered.trained)
            words = (
                f"data={samples}",
                *([f"kind={kind}"] if kind else []),
                *split_words(asked),
                *(sequence.words if not kind else ()),
                f"variant={answered.shown}",
                *settings.ask,
                f"run.dir={folder / name}",
            )
            label = _label(model) + (f" trained {VARIANTS[answered.trained]}" if several else "")
            yield Step("evaluate", words, folder / name, asked, samples, sequence.samples), label


def _models(settings: ExperimentSettings, folder: Path) -> tuple[str, ...]:
    """Words of every model; one that is trained here takes the place of the default."""
    if not settings.model_path:
        return settings.models
    base = f"model=transformers {shlex.quote(f'model.path={settings.model_path}')}"
    adapter = folder / "trained-{trained}" / "adapter"
    tuned = f"{base} {shlex.quote(f'model.adapter={adapter}')}"
    others = settings.models if settings.models != ("model=scripted",) else ()
    return (*others, tuned)


def _comparison(evaluations: list[tuple[Step, str]], folder: Path) -> Step:
    labels = ",".join(quoted(label) for _, label in evaluations)
    folders = tuple(str(step.folder) for step, _ in evaluations)
    return Step("compare", (*folders, f"labels=[{labels}]", f"run.dir={folder}"), folder)


def split_words(words: str) -> list[str]:
    """The words that name a model. Raises ConfigError: a quote is not closed."""
    try:
        return shlex.split(words)
    except ValueError as error:
        raise ConfigError(f"models: {words!r:.120}: {error}, expected words as a shell takes them") from None


def as_mapping(words: Iterable[str]) -> dict[str, str]:
    """Words `key=value` as key -> value."""
    pairs = (word.partition("=") for word in words)
    return {key: value for key, _, value in pairs}


def model_name(words: str) -> str:
    """What a model is called in the words that name it: model.model, the name of its file, or its kind."""
    given = as_mapping(split_words(words))
    path = Path(given.get("model.path") or given.get("model.file") or "").name
    tuned = f"{path} trained" if path and "model.adapter" in given else path
    return given.get("model.model") or tuned or given.get("baseline") or given.get("model", "model")


def _label(words: str) -> str:
    """A model's name whatever it was trained on."""
    return re.sub(r"[-_:/ ]*\{trained\}", "", model_name(words)) or "model"
