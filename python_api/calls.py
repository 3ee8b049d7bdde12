"""`synthesise`, `evaluate` and `load`: what the commands do, with objects instead of words and tables.

The settings are composed by the command's own code, and its own job is done with them; here is only what
differs: values instead of words, a thread instead of the process, results and exceptions instead of output.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..benchmark.reading import kind_of
from ..cli.args import Arguments
from ..cli.compose import Sources, composed_settings
from ..cli.main import what_is_safe
from ..cli.progress import Display
from ..cli.python_overrides import Overrides, python_arguments
from ..cli.streams import warnings_shown
from ..errors import BudgetSpentError, ConfigError, StoreError, printable
from ..evaluation.results import SCORE_FILE
from ..models.transformers_folder import environment_kept
from ..object_storage import is_url, local_copy
from ..settings import EvaluateSettings, Settings
from ..store.run_folder import MARKER, identity_of
from .displays import Progress, chosen_display
from .evaluation import Evaluation
from .run import Run, part_files
from .samples import Samples
from .worker import Worker

Place = str | os.PathLike[str]
Result = TypeVar("Result")


def synthesise(
    scenario: str | None = None,
    *,
    seed: int | None = None,
    overrides: Overrides | None = None,
    config_dir: Place | Iterable[Place] | None = None,
    progress: Progress = None,
    **settings: Any,
) -> Run:
    """Synthesise a dataset, or go on with one that was begun (§4), as `python -m ptool.run` does.

    It works with and without a running event loop. Ctrl-C, or a notebook's interrupt, ends it cleanly: what
    is finished is safe, and the same call goes on from there. A yield that is too low and a spent budget are
    no exceptions: `Run.status` states them.

    Args:
        scenario: where people ask for things, such as "shopping"; None: as the configuration says.
        seed: every draw derives from it; None: as the configuration says.
        overrides: what else is set: a mapping of Python values, nested or with dotted keys
            (`{"budget": {"usd": 1}, "task.plan": "free"}`), or the words of the command line
            (`["scale=smoke", "task.plan=free"]`).
        config_dir: a folder, or several, in which choices of config groups are looked for, beside ptool's.
        progress: True: shown, in a notebook as a bar, elsewhere on stderr; False: nothing is; None: shown in
            a notebook only; a function: is given the stage (`name`, `done`, `total`) when it advances.
        settings: more keys of the configuration, such as `scale="smoke"` or `budget={"usd": 1}`.

    Raises:
        PtoolError: what the command refuses or ends with, in the same words (`ptool.errors`).
        KeyboardInterrupt: it was interrupted.
    """
    arguments = _arguments({"scenario": scenario, "seed": seed}, settings, overrides, config_dir)
    return _JobUnderWay(_run_job, "config", Settings, arguments, progress).wait()


async def synthesise_async(
    scenario: str | None = None,
    *,
    seed: int | None = None,
    overrides: Overrides | None = None,
    config_dir: Place | Iterable[Place] | None = None,
    progress: Progress = None,
    **settings: Any,
) -> Run:
    """As `synthesise`, without keeping the caller's event loop from other work.

    A task that is cancelled ends it as Ctrl-C would. Several may go on at a time, each with a run folder of
    its own.
    """
    arguments = _arguments({"scenario": scenario, "seed": seed}, settings, overrides, config_dir)
    return await _JobUnderWay(_run_job, "config", Settings, arguments, progress).wait_async()


def evaluate(
    data: Place | Samples,
    *,
    model: str | Mapping[str, Any] | None = None,
    overrides: Overrides | None = None,
    config_dir: Place | Iterable[Place] | None = None,
    progress: Progress = None,
    **settings: Any,
) -> Evaluation:
    """Score a model, a file of answers or a baseline on PTBench (§5), as `python -m ptool.evaluate` does.

    Args:
        data: a `Run` or `Samples`, or the path of a run folder, a dataset folder or a file.
        model: who answers: a choice such as "openai", or a mapping of keys below `model`; None: as the
            configuration says, or a `baseline` or `predictions` in its place.
        overrides, config_dir, progress: as of `synthesise`.
        settings: more keys of the configuration, such as `baseline="gold"` or `n=200`.

    Raises:
        PtoolError: what the command refuses or ends with, in the same words (`ptool.errors`).
        KeyboardInterrupt: it was interrupted.
    """
    given = {"data": _path_of(data), "model": _answering(model, settings)}
    arguments = _arguments(given, settings, overrides, config_dir)
    return _JobUnderWay(_evaluation_job, "evaluate", EvaluateSettings, arguments, progress).wait()


async def evaluate_async(
    data: Place | Samples,
    *,
    model: str | Mapping[str, Any] | None = None,
    overrides: Overrides | None = None,
    config_dir: Place | Iterable[Place] | None = None,
    progress: Progress = None,
    **settings: Any,
) -> Evaluation:
    """As `evaluate`, without keeping the caller's event loop from other work."""
    given = {"data": _path_of(data), "model": _answering(model, settings)}
    arguments = _arguments(given, settings, overrides, config_dir)
    return await _JobUnderWay(_evaluation_job, "evaluate", EvaluateSettings, arguments, progress).wait_async()


def _answering(model: Any, settings: Mapping[str, Any]) -> Any:
    """The model. Raises ConfigError: somebody else is named to answer, too."""
    for key in ("baseline", "predictions"):
        if model is not None and settings.get(key) is not None:
            raise ConfigError(f"{key}: got {settings[key]!r:.80} and a model too, expected one of them")
    return model


def load(path: Place) -> Run | Evaluation | Samples:
    """Open what a job left, without asking any model.

    Args:
        path: a run folder, finished or not, here or in object storage (a URL): a `Run`; the folder of an
            evaluation that has ended: an `Evaluation`; a file of samples, or a folder with files of samples:
            `Samples`.

    Raises:
        StoreError: there is nothing of the kind.
        ConfigError: `path` is no path.
    """
    expected = "the path of a run, an evaluation or samples"
    place = Path(local_copy(_place(path, "path", expected))).absolute()
    if (place / SCORE_FILE).is_file():
        return Evaluation(place)
    if (place / MARKER).is_file() and "settings" in identity_of(place):  # exports have a marker, too
        return Run(place)
    if place.is_dir():
        files = part_files(place) or part_files(place / "dataset")
        if not files:
            raise StoreError(f"{place}: holds no samples, expected a run folder, or one with samples.jsonl")
        return Samples(place, files)
    if not place.exists():
        raise StoreError(f"{place}: no such file or folder")
    if (kind := kind_of(place)) != "ptool":
        raise StoreError(f"{place}: of kind {kind}, expected samples of ptool; evaluate() takes other kinds")
    return Samples(place, {place.stem: place})


def _run_job(settings: Settings, sources: Sources, display: Display) -> Run:
    from ..synthesis.commands import make_dataset

    folder = settings.run_folder()
    try:
        make_dataset(settings, sources, display)
    except BudgetSpentError as error:
        return Run(folder, str(error))
    return Run(folder)


def _evaluation_job(settings: EvaluateSettings, _sources: Sources, display: Display) -> Evaluation:
    from ..evaluation import runner

    folder = settings.run_folder()
    try:
        runner.evaluate(settings, display)
    except BudgetSpentError as error:
        return Evaluation(folder, str(error))
    return Evaluation(folder)


def _folder_of(settings: Settings | EvaluateSettings) -> Path:
    from ..synthesis.given_tools import run_folder_of

    return run_folder_of(settings) if isinstance(settings, Settings) else settings.run_folder()


class _JobUnderWay(Generic[Result]):
    """A job under way.

    Args: job: what is done; config, schema: as of `composed_settings`; arguments: what was given; progress:
    how it is shown.
    """

    def __init__(
        self,
        job: Callable[[Any, Sources, Display], Result],
        config: str,
        schema: type[Settings] | type[EvaluateSettings],
        arguments: Arguments,
        progress: Progress,
    ) -> None:
        display, here = chosen_display(progress), Path.cwd()
        self._folder: Path | None = None

        def work() -> Result:
            settings, sources = composed_settings(arguments, config, schema)
            self._folder = here / _folder_of(settings)  # whatever the working folder is by then
            run = settings.run.at(self._folder)
            with (
                environment_kept.changed(),
                sources.importable(),
                warnings_shown(lambda line: display.say(line.rstrip())),
            ):
                return job(settings.model_copy(update={"run": run}), sources, display)

        self._worker = Worker(work)

    def wait(self) -> Result:
        """What the job returns. Raises KeyboardInterrupt that says what is safe."""
        try:
            return self._worker.wait()
        except KeyboardInterrupt as error:
            error.add_note(what_is_safe(self._folder))
            raise

    async def wait_async(self) -> Result:
        """What the job returns."""
        return await self._worker.wait_async()


def _arguments(
    given: Mapping[str, Any],
    settings: Mapping[str, Any],
    overrides: Overrides | None,
    config_dir: Place | Iterable[Place] | None,
) -> Arguments:
    """What the words of the command line would be. Raises ConfigError."""
    folders: Iterable[Any] = () if config_dir is None else [config_dir]
    if isinstance(config_dir, Iterable) and not isinstance(config_dir, str | bytes | Mapping):
        folders = config_dir
    named = {key: value for key, value in given.items() if value is not None}
    places = [_place(folder, "config_dir", "the path of a folder, or several") for folder in folders]
    return python_arguments({**named, **settings}, overrides, places)


def _path_of(data: Place | Samples) -> str:
    """The path of a dataset, whatever the working folder is later; a URL as it is. Raises ConfigError."""
    if isinstance(data, Samples):
        return str(data.path)
    expected = "a Run, Samples, or the path of a run, a dataset folder or a file"
    place = _place(data, "data", expected)
    return place if is_url(place) else str(Path(place).absolute())


def _place(given: Any, name: str, expected: str) -> str:
    """The path that an argument is. Raises ConfigError. Args: name: the argument's."""
    path = os.fspath(given) if isinstance(given, os.PathLike) else given
    if isinstance(path, str) and path:
        return path
    got = "an empty text" if path == "" else f"{printable(repr(given), 80)} ({type(given).__name__})"
    raise ConfigError(f"{name}: got {got}, expected {expected}")
