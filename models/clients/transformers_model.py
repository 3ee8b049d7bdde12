"""`model=transformers`: a Transformers model in a folder, with or without an adapter, in this process.

Questions that wait together are answered together, up to `batch` of them, one batch after the other in a
thread. It knows neither training nor benchmark; nothing is downloaded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autogen_core.models import CreateResult, RequestUsage

from ...errors import ConfigError, names
from .. import output_schema
from ..chat_template import ChatTemplate, Message
from ..context_window import UNKNOWN
from ..faults import AttemptError
from ..transformers_folder import (
    checked_folder,
    chosen_device,
    chosen_dtype,
    fingerprint_folder,
    library,
    load_config,
    load_model,
    load_tokenizer,
    require_packages,
    with_adapter,
)
from .base import CreateArguments, ModelClient

_DTYPES = ("auto", "float32", "bfloat16", "float16")
_DEVICES = ("auto", "cpu", "cuda")
_SAMPLING = ("temperature", "top_p", "top_k", "max_tokens", "seed")


@dataclass(eq=False, slots=True)
class _Question:
    """One question in line."""

    tokens: list[int]
    sampling: dict[str, Any]
    """temperature, top_p, top_k, seed; empty: the likeliest token each time"""
    room: int
    """tokens the answer may have"""
    answer: asyncio.Future[CreateResult]


class TransformersModel(ModelClient):
    """A Transformers model on this machine.

    Args:
        path: the folder of the model.
        adapter: the folder of a LoRA adapter; None: the model as it is.
        device: auto, cpu or cuda.
        dtype: auto, float32, bfloat16 or float16.
        batch: answers computed at once. With one, an answer depends on nothing else that is asked.
        max_tokens: of an answer, where a request does not say.

    Raises ConfigError for missing packages or folders, or an argument that cannot be used.
    """

    free = True

    def __init__(
        self,
        path: str,
        adapter: str | None = None,
        device: str = "auto",
        dtype: str = "auto",
        batch: int = 1,
        max_tokens: int = 512,
    ) -> None:
        super().__init__()
        require_packages("model=transformers")
        for key, got, known in (("device", device, _DEVICES), ("dtype", dtype, _DTYPES)):
            if got not in known:
                raise ConfigError(f"model.{key}: got {got!r}, there are {names(known, str(got))}")
        for key, number in (("batch", batch), ("max_tokens", max_tokens)):
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                raise ConfigError(f"model.{key}: got {number!r}, expected an integer of at least 1")
        self._folder = checked_folder(path, "model.path")
        self._adapter = (
            checked_folder(adapter, "model.adapter", "adapter_config.json") if adapter is not None else None
        )
        self._device = chosen_device(device, "model.device")
        self._dtype = chosen_dtype(dtype, self._device)
        self._batch, self._max_tokens = batch, max_tokens
        self._tokenizer = load_tokenizer(self._folder, "model.path")
        self._template = ChatTemplate(self._tokenizer, "model.path")
        self._context: int | None = getattr(
            load_config(self._folder, "model.path").get_text_config(), "max_position_embeddings", None
        )
        self._model: Any = None
        self._waiting: list[_Question] = []
        self._worker: asyncio.Task[None] | None = None
        tuned = f" with {self._adapter.name} of {self._adapter.parent.name}" if self._adapter else ""
        self.note = f"{self._folder.name}{tuned} on this machine (Transformers)"
        folders = [self._folder, *([self._adapter] if self._adapter else [])]
        self.fingerprint = [fingerprint_folder(folder) for folder in folders]

    async def complete(self, asked: CreateArguments) -> CreateResult:
        """Ask once; the first call loads the model.

        Raises:
            AttemptError: the prompt is too long, or there is not memory enough.
            ConfigError: tools are offered, or an argument is unknown.
        """
        if asked.tools:
            raise ConfigError(
                "format: got 'native', but model=transformers writes texts and no tool calls; expected "
                "python or json"
            )
        sampling = _checked_sampling(asked.extra)
        tokens = self._template.prompt(self._messages(asked))
        room = int(sampling.pop("max_tokens", None) or self._max_tokens)
        if self._context is not None:
            room = min(room, self._context - len(tokens))
        if room < 1:
            raise AttemptError(
                "refused", f"the prompt has {len(tokens):,} tokens, the model's context {self._context:,}"
            )
        question = _Question(tokens, sampling, room, asyncio.get_running_loop().create_future())
        self._waiting.append(question)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await question.answer

    def _messages(self, asked: CreateArguments) -> list[Message]:
        texts = [(type(message).__name__, str(message.content)) for message in asked.messages]
        system = "\n\n".join(text for kind, text in texts if kind == "SystemMessage")
        if isinstance(asked.output, type):
            system += output_schema.instruction(asked.output)
        others = [(kind, text) for kind, text in texts if kind != "SystemMessage"]
        messages = self._template.messages(system, others[0][1] if others else "")
        roles = {"AssistantMessage": "assistant"}
        return messages + [{"role": roles.get(kind, "user"), "content": text} for kind, text in others[1:]]

    async def _work(self) -> None:
        """Answer what waits, batch after batch, until nobody does."""
        while self._waiting:
            await asyncio.sleep(0)  # who is asked in the same breath is answered in the same batch
            batch = self._next_batch()
            if not batch:
                continue
            try:
                results = await asyncio.to_thread(self._generate, batch)
            except Exception as error:
                for question in batch:
                    if not question.answer.done():
                        question.answer.set_exception(_fault(error))
                continue
            for question, result in zip(batch, results, strict=True):
                if not question.answer.done():
                    question.answer.set_result(result)

    def _next_batch(self) -> list[_Question]:
        """Those who have waited longest; who draws answers by a seed of their own is alone."""
        self._waiting = [question for question in self._waiting if not question.answer.done()]
        first = self._waiting[:1]
        if first and not first[0].sampling:
            first = [question for question in self._waiting if not question.sampling][: self._batch]
        self._waiting = [question for question in self._waiting if question not in first]
        return first

    def _generate(self, batch: list[_Question]) -> list[CreateResult]:
        torch = library("torch")
        model = self._loaded()
        padded = self._tokenizer.pad({"input_ids": [one.tokens for one in batch]}, return_tensors="pt")
        sampling = dict(batch[0].sampling)
        torch.manual_seed(int(sampling.pop("seed", 0)) % 2**63)

        def nobody_waits(tokens: Any, _: Any) -> Any:
            """Ends every row once all who asked have gone, so that an interrupted command does not go on."""
            gone = all(question.answer.done() for question in batch)
            return torch.full((tokens.shape[0],), gone, device=tokens.device, dtype=torch.bool)

        with torch.inference_mode():
            written = model.generate(
                **padded.to(self._device),
                max_new_tokens=max(question.room for question in batch),
                do_sample=bool(sampling),
                eos_token_id=self._ends(),
                pad_token_id=self._tokenizer.pad_token_id,
                stopping_criteria=[nobody_waits],
                **(sampling or {"temperature": None, "top_p": None, "top_k": None}),
            )
        start = padded["input_ids"].shape[1]
        return [
            self._result(question, row[start:].tolist()) for question, row in zip(batch, written, strict=True)
        ]

    def _result(self, question: _Question, written: list[int]) -> CreateResult:
        """What one row of a batch says, up to its own end."""
        ends = self._ends()
        stop = next((place for place, token in enumerate(written) if token in ends), len(written))
        kept = written[: min(stop, question.room)]
        return CreateResult(
            finish_reason="stop" if stop < len(written) and stop <= question.room else "length",
            content=self._tokenizer.decode(kept, skip_special_tokens=True).strip(),
            usage=RequestUsage(prompt_tokens=len(question.tokens), completion_tokens=len(kept)),
            cached=False,
        )

    def _ends(self) -> list[int]:
        """Tokens that end an answer: the model's own, and the one the template ends a turn with."""
        own = getattr(getattr(self._model, "generation_config", None), "eos_token_id", None)
        listed = own if isinstance(own, list) else [own]
        found = {self._template.end, self._tokenizer.eos_token_id, *listed}
        return sorted(token for token in found if token is not None)

    def _loaded(self) -> Any:
        if self._model is None:
            model = load_model(self._folder, "model.path", self._dtype)
            if self._adapter:
                model = with_adapter(model, self._adapter, "model.adapter")
            self._model = model.to(self._device).eval()
        return self._model

    async def stated_context(self) -> tuple[int | None, str]:
        """What its configuration says."""
        return (self._context, "config.json") if self._context else (None, UNKNOWN)

    async def counted_tokens(self, text: str) -> int:
        """What its tokenizer counts."""
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    async def close(self) -> None:
        """Let the memory go."""
        self._model = None


def _checked_sampling(extra: Mapping[str, Any]) -> dict[str, Any]:
    """How tokens are drawn, and max_tokens; without a temperature above 0 nothing is drawn."""
    for key in extra:
        if key not in _SAMPLING:
            raise ConfigError(f"sampling.{key}: model=transformers takes {names(_SAMPLING, key)}")
    given = {key: value for key, value in extra.items() if value is not None}
    if not given.get("temperature"):
        return {key: value for key, value in given.items() if key == "max_tokens"}
    return given


def _fault(error: Exception) -> Exception:
    if "OutOfMemory" in type(error).__name__ or "out of memory" in str(error):
        return AttemptError("refused", "not memory enough for the prompt; smaller: model.batch, tools")
    return error
