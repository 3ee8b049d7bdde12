"""One evaluation from its settings to its folder: who answers, how it scores, which files it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from ..benchmark import Item, SampleScore
from ..benchmark.dataset_figures import DatasetFigures
from ..benchmark.reading import answered, items
from ..cli.progress import Display, Progress
from ..errors import ConfigError, ContextTooShortError, StoreError
from ..executors import ForkServer, Job, check_ray, choose_executor, fork_server, in_order
from ..log import logger
from ..models import event_loop
from ..models.endpoint import Endpoint, describe_kept
from ..models.scripted import Library
from ..models.scripted.heuristic import HeuristicSolver
from ..models.scripted.kit import shipped_kits
from ..models.tool_selection import AS_ASKED, ToolBound
from ..settings import Baseline, EvaluateSettings
from ..settings.evaluation import data_title
from ..store import Ledger, Manifest, RunFolder, atomic, run_log, write_bytes, write_json, write_manifest
from ..store.dataset_index import check_dataset
from ..store.run_folder import ENDPOINTS, identity_of
from .baselines import Baselines
from .model_answers import (
    AnswererSetup,
    answer_of_file,
    item_answerer,
    model_answerer,
    model_endpoint,
    model_gateway,
)
from .prompt import PromptWriter, check_native, check_variant, visible_sample
from .provenance import day
from .report import write_report
from .results import SAMPLES, SCORE_FILE, Results, scores_csv
from .sampling import draw_samples
from .scoring import (
    NoAnswer,
    RawAnswer,
    has_braces,
    score_answer,
    score_in_mode,
    scored_line,
    unanswered_line,
)
from .shown_samples import SHOWN, ShownWriter
from .tool_bound import PromptSizes, check_bound, most_needed, shown_item

_COUNTED = 20_000
"""Characters of a prompt that an endpoint is asked to count the tokens of."""
WINDOW = 4
"""Samples under way for every call that may be in flight: some wait for a slower one before them."""


@dataclass(frozen=True)
class Outcome:
    """A finished evaluation, in short."""

    folder: Path
    settings: EvaluateSettings
    answers: str
    """who answered"""
    results: Results
    tools: ToolBound
    """how many tools were shown"""
    estimates: int = 0
    """answers whose tokens are estimated"""

    @property
    def exit_status(self) -> int:
        """0, or 1 where a sample could not be scored."""
        return 1 if self.results.unanswered else 0


def evaluate(settings: EvaluateSettings, display: Display | None = None) -> Outcome:
    """Evaluate, or go on with an evaluation that was begun (§5).

    Args:
        settings: the evaluation's.
        display: where it is shown how far it is; None: on stderr.

    Raises:
        PtoolError: anything refused; nothing is left behind unless the evaluation had begun.
    """
    progress = Progress(display, log=logger.info)
    evaluation = EvaluationJob(settings, progress)
    progress.display.say(evaluation.tools.describe())
    with (
        RunFolder(settings.run_folder(), evaluation.identity(), url=settings.run.url) as folder,
        run_log(folder / "run.log"),
    ):
        folder.save_config(_as_yaml(settings))
        evaluation.run(folder)
    answers, results = evaluation.answers, evaluation.results
    return Outcome(folder.path, settings, answers, results, evaluation.tools, evaluation.estimates)


class EvaluationJob:
    """One evaluation: everything is built and looked through before a folder exists.

    Args: settings: the evaluation's; progress: shows how far it is.

    Raises PtoolError: the data, the predictions or the model cannot be used.
    """

    def __init__(self, settings: EvaluateSettings, progress: Progress) -> None:
        self.settings, self._progress = settings, progress
        library = Library(shipped_kits())
        self._endpoint = model_endpoint(settings, library) if settings.asks_model else None
        if settings.executor == "ray":
            check_ray(settings.ray.address)
        self._prompter = PromptWriter(settings.format)
        self._baselines = Baselines(
            HeuristicSolver(library), settings.variant, settings.format, settings.seed
        )
        self._most_tools = 0
        self._figures = DatasetFigures()
        check_dataset(Path(settings.data))
        self._braces = [0, 0]
        """answers of a file with the outer braces of Fig. 7, and without"""
        self._draw = draw_samples(
            self._checked_items(), settings.data, settings.n, settings.seed, self._check
        )
        self.tools = self._bound_tools()
        self._usage: dict[str, dict[str, float]] = {}
        self._latency: dict[str, float] = {}
        self.estimates = 0
        self.results = Results(settings.scorer, settings.beside)
        self.answers = _name_answerer(settings, self._endpoint)

    def identity(self) -> dict[str, str]:
        """What makes another evaluation the same one."""
        prompts = {"prompts": self._prompter.fingerprint} if self._endpoint else {}
        fitting = {"tools": str(self.tools.bound)} if self.settings.tools is None and self.tools.bound else {}
        name = self._endpoint.lasting_name if self._endpoint else ""
        named = {ENDPOINTS: name} if name else {}
        return {"evaluation": self.settings.digest(), **prompts, **fitting, **named}

    def _bound_tools(self) -> ToolBound:
        """How many tools are shown; whatever does not fit is refused here, before anything is paid for.

        Raises ConfigError: too few tools were asked for, or prompts do not fit into the model's context.
        """
        settings, endpoint = self.settings, self._endpoint
        bound = None if settings.tools == "scenario" else settings.tools
        reason, needed = AS_ASKED, 0
        if bound is not None:
            check_bound(bound, self._chosen_items(), settings.seed)
        if endpoint is None or next(self._chosen_items(), None) is None:
            return ToolBound(bound, self._most_tools)
        window, max_tokens = endpoint.window, settings.sampling.get("max_tokens")
        sizes = PromptSizes(self._prompter, settings.variant, settings.seed, window, max_tokens)
        event_loop.run(endpoint.measure_window(sizes.prompt(next(self._chosen_items())).system[:_COUNTED]))
        if settings.tools is None:
            begun = _begun(settings.run_folder())
            if begun is not None:
                bound = int(begun["tools"]) if begun.get("tools", "").isdigit() else None
                reason = "what fitted when it was begun"
                needed = most_needed(self._chosen_items(), settings.seed) if bound else 0
            elif window.tokens is not None:
                bound, needed = self._fitting(sizes)
                reason = f"what fits {window.tokens:,} tokens of context"
        tools = ToolBound(bound, self._most_tools, reason, needed)
        if window.tokens is not None:
            sizes.check(shown_item(item, tools, settings.seed) for item in self._chosen_items())
        return tools

    def _fitting(self, sizes: PromptSizes) -> tuple[int | None, int]:
        """How many tools fit, None where all do or none can be left out, and the most that are needed."""
        try:
            fitting, needed = sizes.fitting(self._chosen_items())
        except ContextTooShortError:
            raise
        except ConfigError:
            return None, 0  # nobody knows which tools are interchangeable: all or nothing
        return fitting if fitting < self._most_tools else None, needed

    def run(self, folder: RunFolder) -> None:
        """Get and score the answers, and write every file.

        Raises RunStoppedError where it had to end before; the same command goes on.
        """
        logger.info(
            "evaluation {} begins; {}; {}", self.settings.digest(), self.answers, self.tools.describe()
        )
        if self._endpoint is None:
            event_loop.run(self._score_existing(folder / SAMPLES))
        else:
            with (
                fork_server(self.settings.executor, f"{__package__}.model_answers") as server,
                Ledger(folder / "ledger.sqlite") as ledger,
            ):
                if kept := describe_kept(ledger.answers(), [self._endpoint]):
                    logger.warning("{}", kept)
                event_loop.run(self._ask_and_score(self._endpoint, ledger, folder / SAMPLES, server))
                self._usage = {role: asdict(cost) for (_, role), cost in ledger.usage().items()}
                self.estimates = ledger.estimates()
                self._latency = ledger.latency()
        self._write_results(folder)
        logger.info("evaluation {} ends: {}", self.settings.digest(), self.results.metric_row())

    @property
    def prompt(self) -> str:
        """Which prompt the answers follow: ptool's own is the paper's; of a file it is what most show."""
        if self.settings.predictions is None:
            return "paper"
        return self.settings.prompt or ("paper" if self._braces[0] > self._braces[1] else "published")

    def _braced(self, item: Item, answer: RawAnswer) -> bool:
        """Whether `official` gets an answer without its outer braces."""
        python = self.settings.format == "python" and not answer.native and item.platform is not None
        return python and has_braces(answer.text)

    def _items(self) -> Iterator[Item]:
        return items(Path(self.settings.data), self.settings.kind, self.settings.group)

    def _checked_items(self) -> Iterator[Item]:
        """Every sample, once it is sure that the file of predictions fits all of them."""
        file = self.settings.predictions
        if file is None:
            yield from self._items()
            return
        self._braces = [0, 0]
        for item, given in answered(self._items(), Path(file)):
            braced = self._braced(item, RawAnswer(given.text, native=given.native))
            self._braces[not braced] += braced or ":" in given.text[:100]
            yield item

    def _check(self, item: Item) -> None:
        self._most_tools = max(self._most_tools, len(item.tools))
        self._figures.add(item)
        check_variant(item, self.settings.variant)
        if self.settings.format == "native" and self._endpoint is not None:
            check_native(item)

    def _chosen_items(self) -> Iterator[Item]:
        """The samples to evaluate, with all their tools."""
        return (item for item in self._items() if self._draw.chosen(item))

    def _drawn_items(self) -> Iterator[Item]:
        """The samples to evaluate, with the tools that are shown."""
        return map(self._shown, self._chosen_items())

    def _shown(self, item: Item) -> Item:
        return shown_item(item, self.tools, self.settings.seed)

    def _existing_answers(self) -> Iterator[tuple[Item, RawAnswer]]:
        """Samples with answers nobody has to be asked for."""
        name, file = self.settings.baseline, self.settings.predictions
        if name is not None:
            for item in self._drawn_items():
                yield item, RawAnswer(self._baselines.answer(name, item))
        elif file is not None:
            for item, given in answered(self._items(), Path(file)):
                if self._draw.chosen(item):
                    yield self._shown(item), answer_of_file(item, given)

    async def _ask_and_score(
        self, endpoint: Endpoint, ledger: Ledger, file: Path, server: ForkServer | None
    ) -> None:
        settings = self.settings
        gateway = model_gateway(settings, endpoint, ledger)
        executor = await choose_executor(
            settings.executor, settings.workers, settings.concurrency, gateway, settings.ray.address, server
        )
        self._progress.activity = lambda: gateway.activity(executor.figures())
        executor.begin(
            model_answerer(settings, gateway),
            lambda: AnswererSetup(settings, ledger.path.absolute(), gateway.has_limits, endpoint.window),
            ledger,
        )
        try:
            with self._scoring(file) as score:
                items, done = in_order(self._drawn_items(), score, WINDOW * settings.concurrency)
                await executor.run(Job(item_answerer), items, done)
        finally:
            await executor.close()
            await gateway.close()

    async def _score_existing(self, file: Path) -> None:
        with self._scoring(file) as score:
            for item, answer in self._existing_answers():
                score(item, answer)

    @contextmanager
    def _scoring(self, file: Path) -> Iterator[Callable[[Item, RawAnswer | NoAnswer], None]]:
        """Scores answers in the order of the samples while the block runs, and writes a line for each."""
        with (
            self._progress.stage("samples", self._draw.count) as stage,
            atomic(file) as lines,
            atomic(file.with_name(SHOWN)) as shown,
        ):
            writer = ShownWriter(shown)

            def score(item: Item, answer: RawAnswer | NoAnswer) -> None:
                lines.write(self._score_line(item, answer) + b"\n")
                visible = visible_sample(item, self.settings.variant)
                writer.add(item, self._prompter.prompt(visible).before_query)
                stage.advance()

            yield score

    def _score_line(self, item: Item, answer: RawAnswer | NoAnswer) -> bytes:
        if isinstance(answer, NoAnswer):
            if answer.code not in self.results.said:
                logger.warning("not scored: {}: {}", answer.code, answer.reason)
            self.results.add_unanswered(answer)
            return unanswered_line(item, answer)
        settings = self.settings
        own = self.prompt == "paper"
        result = score_answer(item, answer, settings.format, own_prompt=own)
        self.results.add(item, result, answer, own and self._braced(item, answer))
        for name in settings.beside:
            self.results.add_baseline(name, self._baseline_score(name, item))
        return scored_line(item, answer, result, settings.scorer)

    def _baseline_score(self, name: Baseline, item: Item) -> SampleScore:
        text = self._baselines.answer(name, item)
        return score_in_mode(item, text, self.settings.format, self.settings.scorer)

    def _write_results(self, folder: RunFolder) -> None:
        settings, results = self.settings, self.results
        scores = results.scores(self._description(), settings.seed)
        write_json(folder / SCORE_FILE, scores)
        write_bytes(folder / "scores.csv", scores_csv(scores).encode())
        write_manifest(folder / "manifest.json", self._manifest())
        write_report(folder.path)

    def _description(self) -> dict[str, Any]:
        """What was evaluated and how, as in scores.json; no path, so that equal ones have equal bytes."""
        settings = self.settings
        return {
            "data": data_title(settings.data),
            "sources": self._draw.sources,
            "total": self._draw.total,
            "dataset": self._figures.as_json(),
            "n": self._draw.count,
            "answers": self.answers,
            "by": "model" if self._endpoint else "baseline" if settings.baseline else "predictions",
            "baseline": settings.baseline,
            "variant": settings.variant,
            "tools": self.tools.as_json(),
            "format": settings.format,
            "prompt": self.prompt,
            "scorer": settings.scorer,
            "seed": settings.seed,
            "digest": settings.digest(),
        }

    def _manifest(self) -> Manifest:
        settings, results = self.settings, self.results
        return Manifest(
            settings=settings.model_dump(mode="json", by_alias=True),
            digest=settings.digest(),
            seeds={"run": settings.seed},
            model=self.answers,
            prompts={settings.format: self._prompter.fingerprint},
            counts={"samples": self._draw.count, "scored": results.scored, "not scored": results.unanswered},
            funnel={},
            timings=self._progress.timings,
            notes={
                "evaluated": self._description(),
                "date": day(),
                "usage": self._usage,
                **({"latency": self._latency} if self._latency else {}),
                "not_scored": results.reasons,
                **({"estimated_answers": self.estimates} if self.estimates else {}),
            },
        )


def _begun(folder: Path) -> dict[str, str] | None:
    """What the evaluation in a folder was begun with; None: there is none."""
    try:
        return identity_of(folder)
    except StoreError:
        return None


def _name_answerer(settings: EvaluateSettings, endpoint: Endpoint | None) -> str:
    if endpoint is not None:
        return endpoint.name
    if settings.baseline is not None:
        return f"baseline {settings.baseline}"
    return f"answers in {Path(settings.predictions or '').name}"


def _as_yaml(settings: EvaluateSettings) -> str:
    return yaml.safe_dump(
        settings.model_dump(mode="json", by_alias=True), sort_keys=False, allow_unicode=True
    )
