"""Answers of a model, or such as a file has already.

A model is asked through the gateway, so what the ledger knows is not asked again; a sample that nobody could
answer is `NoAnswer`. Several processes may ask (`AnswererSetup`). Scores are not known here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..benchmark import Item
from ..benchmark.reading import GivenAnswer
from ..errors import ModelError, UnknownPartError
from ..executors import WorkerLink
from ..models.context_window import ContextWindow
from ..models.endpoint import CallLog, Endpoint
from ..models.factory import build_endpoint
from ..models.gateway import Gateway
from ..models.gateway.limiter import Limiter
from ..models.request import Request
from ..models.scripted import Library
from ..models.scripted.kit import shipped_kits
from ..models.seeds import derive
from ..settings import EvaluateSettings
from .prompt import PromptWriter, Variant, name_tools, visible_sample
from .scoring import NoAnswer, RawAnswer

STAGE, ROLE = "evaluation", "model"
"""Under which names the ledger has the calls."""


class ModelAnswerer:
    """Asks a model one sample.

    Args:
        gateway: every call goes through it.
        prompter: writes the prompts.
        variant: what they show.
        seed: of the evaluation.
        sampling: sent with every call.
    """

    def __init__(
        self, gateway: Gateway, prompter: PromptWriter, variant: Variant, seed: int, sampling: dict[str, Any]
    ) -> None:
        self._gateway = gateway
        self._prompter = prompter
        self._variant: Variant = variant
        self._seed = seed
        self._sampling = sampling

    async def ask(self, item: Item) -> RawAnswer | NoAnswer:
        """The raw answer: nothing is corrected, and nothing asked twice.

        Raises RunStoppedError where no further call makes sense.
        """
        prompt = self._prompter.prompt(visible_sample(item, self._variant))
        request = Request(
            role=ROLE,
            turn=f"{STAGE}/{item.id}",
            system=prompt.system,
            user=prompt.user,
            output=None,
            seed=derive(self._seed, STAGE, item.id),
            sampling=self._sampling,
            tools=prompt.tools,
        )
        try:
            completion = await self._gateway.answer(request)
        except UnknownPartError:
            raise
        except ModelError as error:
            return NoAnswer(error.code, " ".join(str(error).split())[:1_000])
        text = prompt.tool_names.restore(completion.content) if prompt.tool_names else completion.content
        return RawAnswer(text, completion.finish, thought=completion.thought)


@dataclass(frozen=True)
class AnswererSetup:
    """What makes an answerer in another process (`executors.Setup`)."""

    settings: EvaluateSettings
    ledger: Path
    shares_limits: bool
    window: ContextWindow
    """what is known of the context of the model"""

    def open(self, link: WorkerLink) -> AbstractAsyncContextManager[ModelAnswerer]:
        """As `Setup.open`."""
        return self._opened(link)

    @asynccontextmanager
    async def _opened(self, link: WorkerLink) -> AsyncIterator[ModelAnswerer]:
        endpoint = model_endpoint(self.settings, Library(shipped_kits()))
        endpoint.window.become(self.window)
        with link.open_ledger(self.ledger) as ledger:
            gateway = model_gateway(
                self.settings, endpoint, ledger, link.limiter if self.shares_limits else None
            )
            link.watch(gateway.figures)
            try:
                yield model_answerer(self.settings, gateway)
            finally:
                await gateway.close()


def model_endpoint(settings: EvaluateSettings, library: Library) -> Endpoint:
    """The model that is evaluated. Raises ConfigError: it cannot be built."""
    return build_endpoint(settings.model, "model", {"library": library, "players": {}}, settings.prices)


def model_gateway(
    settings: EvaluateSettings, endpoint: Endpoint, ledger: CallLog, limiter: Limiter | None = None
) -> Gateway:
    """The gateway of an evaluation. Args: limiter: as of `Gateway`."""
    return Gateway(
        {"default": endpoint},
        concurrency=settings.concurrency,
        log=ledger,
        retries=settings.retries,
        budget=settings.budget,
        limiter=limiter,
    )


def model_answerer(settings: EvaluateSettings, gateway: Gateway) -> ModelAnswerer:
    """Who asks the model of an evaluation."""
    sampling = {name: value for name, value in settings.sampling.items() if value is not None}
    return ModelAnswerer(gateway, PromptWriter(settings.format), settings.variant, settings.seed, sampling)


def item_answerer(
    answerer: ModelAnswerer,
) -> Callable[[tuple[int, Item]], Awaitable[RawAnswer | NoAnswer]]:
    """Gets the answer to one numbered item, as a job of an executor."""

    async def answer(numbered: tuple[int, Item]) -> RawAnswer | NoAnswer:
        return await answerer.ask(numbered[1])

    return answer


def answer_of_file(item: Item, given: GivenAnswer) -> RawAnswer:
    """An answer of a file; tool calls get the sample's own names, should they carry those of the wire."""
    text = name_tools(visible_sample(item)).restore(given.text) if given.native else given.text
    return RawAnswer(text, given.finish, given.native)
