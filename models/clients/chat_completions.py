"""ptool's own client for the OpenAI chat-completions protocol: OpenAI, vLLM, llama.cpp, Ollama, LM Studio.

It does what AutoGen's does with a fraction of the CPU time: one shared session, schemas and long texts are
encoded once, what is built here is not validated. It knows no role, does not retry and keeps no answer; that
is the gateway's. It does not stream. Tools may be offered, for benchmarks: roles propose calls as data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import orjson
from autogen_core import Component
from autogen_core.models import ModelInfo
from loguru import logger
from pydantic import BaseModel, ConfigDict

from ...errors import ConfigError, names
from ...settings.secrets import key_from
from ..context_window import UNKNOWN, counted_tokens, served_context, slot_context
from ..faults import AttemptError
from .base import CreateArguments, ModelClient
from .http import HttpTransport, checked_url
from .request_body import BodyEncoder, Structured, checked_extra, encoded_fields
from .response import CompletionResult, read_completion

_LOOKED_UP_SECONDS = 3.0
_LOOKED_UP_BYTES = 4_000_000
_STEPS: tuple[Structured, ...] = get_args(Structured)
_CANDIDATES = 20
"""Tokens whose probabilities are asked for; no endpoint gives more."""
_LEAST_MASS = 0.05
"""Probability of all letters together below which a model is about to write something else."""
_FORMAT_WORDS = ("response_format", "json_schema", "json_object", "structured output", "guided", "grammar")


class Config(BaseModel):
    """The arguments of `ChatCompletions`, as AutoGen's component configuration."""

    model_config = ConfigDict(extra="forbid")

    model: str
    base_url: str
    api_key_env: str | None = None
    structured: Structured | Literal["auto"] = "auto"
    strict: bool = False
    max_reply_mb: float = 8
    extra: dict[str, Any] = {}


class ChatCompletions(ModelClient, Component[Config]):
    """A model behind an OpenAI-compatible endpoint.

    Args:
        model: its name there.
        base_url: the address that '/chat/completions' is appended to.
        api_key_env: environment variable that holds the key, read now; None: no key is sent.
        structured: json_schema, json_object with the schema in the prompt, or the schema in the prompt alone;
            auto begins with json_schema and steps down when the endpoint refuses it.
        strict: the schema in the form of OpenAI's strict mode.
        max_reply_mb: megabytes of a reply that are read.
        extra: further fields of every request, such as {top_k: 20}.

    Raises ConfigError for an argument that cannot be used, or a key that is not there.
    """

    component_config_schema = Config
    component_provider_override = "ptool.models.clients.chat_completions.ChatCompletions"

    def __init__(
        self,
        model: str,
        base_url: str,
        api_key_env: str | None = None,
        structured: Structured | Literal["auto"] = "auto",
        strict: bool = False,
        max_reply_mb: float = 8,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        _check(model, structured, strict, max_reply_mb, extra)
        address = checked_url(base_url)
        self._config = Config(
            model=model,
            base_url=address,
            api_key_env=api_key_env,
            structured=structured,
            strict=strict,
            max_reply_mb=max_reply_mb,
            extra=checked_extra(extra or {}, "model.extra"),
        )
        encoded_fields(self._config.extra, "model.extra")
        self.note = f"{model} at {address}"
        self.api_key_env = api_key_env
        """the environment variable that the key was read from"""
        self.structured: Structured = "json_schema" if structured == "auto" else structured
        """how the output's form is asked for now; with auto this may step down"""
        self.gives_probabilities = True
        """whether closed questions are answered by the probabilities of letters; false once it gives none"""
        self._encoder = BodyEncoder(model, strict)
        self._key = key_from(api_key_env)
        max_bytes = int(max_reply_mb * 1_000_000)
        self._transport = HttpTransport(f"{address}/chat/completions", self._key, max_bytes)

    async def complete(self, asked: CreateArguments) -> CompletionResult:
        """Ask the endpoint once, or until it takes the way the output's form is asked for.

        Raises:
            AttemptError: there is no answer.
            ConfigError: an extra argument cannot be sent, or the record's schema cannot be strict.
            ValueError: images were given, or tools beside a record.
        """
        if asked.tools and asked.output:
            raise ValueError("this client calls no tools where a record is asked for")
        fields = checked_extra({**self._config.extra, **asked.extra}, "sampling")
        weighed, refusal = None, ""
        if self.gives_probabilities and getattr(asked.output, "letters", ()):
            try:
                weighed = await self._weighed_letters(asked, fields)
            except AttemptError as error:
                if not _about_probabilities(error):
                    raise
                refusal = str(error)
        if weighed is not None and weighed.content:
            return weighed
        while True:
            structured = self.structured
            try:
                reply = await self._transport.post(self._encoder.body(asked, fields, structured))
                break
            except AttemptError as error:
                if not (asked.output and _about_format(error)):
                    raise
                self._step_down(structured, error)
        result = read_completion(reply, _characters(asked))
        if refusal:  # of the probabilities, as the same question without them was answered
            self._without_probabilities(refusal)
        if weighed is not None:  # both were paid for
            result.usage.prompt_tokens += weighed.usage.prompt_tokens
            result.usage.completion_tokens += weighed.usage.completion_tokens
        return result

    async def _weighed_letters(self, asked: CreateArguments, fields: Mapping[str, Any]) -> CompletionResult:
        """The answer to a closed question by the probabilities of its letters, as the record's JSON.

        Without content where the model would begin with something else, or the endpoint gives no
        probabilities. A small model says little by the letter it writes, which is mostly the first, and much
        by how it weighs them.
        """
        letters: Sequence[str] = getattr(asked.output, "letters", ())
        one_token = {**fields, "max_tokens": 1, "logprobs": True, "top_logprobs": _CANDIDATES}
        body = self._encoder.body(asked._replace(output=None), one_token, self.structured)
        result = read_completion(await self._transport.post(body), _characters(asked))
        result.content = ""
        if result.first_tokens is None:
            self._without_probabilities("the reply holds none")
            return result
        weights = {
            letter: sum(result.first_tokens.get(token, 0.0) for token in {letter, letter.capitalize()})
            for letter in letters
        }
        mass = sum(weights.values())
        if mass >= _LEAST_MASS:
            shares = {letter: round(weight / mass, 6) for letter, weight in weights.items()}
            best = max(shares, key=lambda letter: shares[letter])
            result.content = orjson.dumps({"letter": best, "weights": shares}).decode()
            result.finish_reason = "stop"
        return result

    def _without_probabilities(self, reason: str) -> None:
        if self.gives_probabilities:
            self.gives_probabilities = False
            logger.warning(
                "{}: gives no probabilities of tokens ({}); closed questions are answered in JSON from now",
                self.note,
                reason,
            )

    def _step_down(self, refused: Structured, error: AttemptError) -> None:
        """Ask for the output's form in the next way from now on; raise the error where there is none."""
        if self._config.structured != "auto" or refused == _STEPS[-1]:
            raise error
        below = _STEPS[_STEPS.index(refused) + 1]
        if self.structured == refused:  # otherwise another call that was under way has stepped down already
            self.structured = below
            logger.warning("{}: refuses {} ({}); from now on {}", self.note, refused, error, below)

    async def stated_context(self) -> tuple[int | None, str]:
        """What `/models` says of this model, and llama.cpp's `/props` of a slot: the smaller of the two."""
        models = await self._looked_up(f"{self._config.base_url}/models")
        served = served_context(models, self._config.model)
        slot = slot_context(await self._looked_up(f"{self._root()}/props"))
        stated = [(tokens, place) for tokens, place in ((served, "/models"), (slot, "/props")) if tokens]
        return min(stated, default=(None, UNKNOWN))

    async def counted_tokens(self, text: str) -> int:
        """What `/tokenize` of vLLM or llama.cpp counts."""
        body = orjson.dumps({"model": self._config.model, "prompt": text, "content": text})
        return counted_tokens(await self._looked_up(f"{self._root()}/tokenize", body))

    def _root(self) -> str:
        """The server's own address."""
        return self._config.base_url.removesuffix("/v1")

    async def _looked_up(self, url: str, body: bytes | None = None) -> Any:
        """A short question beside the protocol: the reply's JSON, or None, whatever goes wrong."""
        transport = HttpTransport(url, self._key, _LOOKED_UP_BYTES)
        try:
            async with asyncio.timeout(_LOOKED_UP_SECONDS):
                reply = await (transport.get() if body is None else transport.post(body))
            return orjson.loads(reply)
        except (AttemptError, TimeoutError, ValueError):
            return None
        finally:
            await transport.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    @property
    def model_info(self) -> ModelInfo:
        """It writes JSON and structured output, and calls tools."""
        return {**super().model_info, "function_calling": True}

    def _to_config(self) -> Config:
        return self._config

    @classmethod
    def _from_config(cls, config: Config) -> ChatCompletions:
        return cls(**config.model_dump())


def _characters(asked: CreateArguments) -> int:
    return sum(len(str(message.content)) for message in asked.messages)


def _about_format(error: AttemptError) -> bool:
    """Whether an endpoint refuses how the output's form is asked for; some say so with a status of 500."""
    message = str(error).lower()
    return error.kind in ("refused", "server") and any(word in message for word in _FORMAT_WORDS)


def _about_probabilities(error: AttemptError) -> bool:
    """Whether an endpoint may refuse to give probabilities; asked without them it says if that was why."""
    return error.kind == "refused" or (error.kind == "server" and "logprob" in str(error).lower())


def _check(model: Any, structured: Any, strict: Any, max_reply_mb: Any, extra: Any) -> None:
    if not isinstance(model, str) or not model.strip():
        raise ConfigError(f"model.model: got {model!r}, expected the model's name at the endpoint")
    if structured not in (*_STEPS, "auto"):
        raise ConfigError(f"model.structured: got {structured!r}, there are {names((*_STEPS, 'auto'))}")
    if not isinstance(strict, bool):
        raise ConfigError(f"model.strict: got {strict!r}, expected true or false")
    if (
        isinstance(max_reply_mb, bool)
        or not isinstance(max_reply_mb, int | float)
        or not 0 < max_reply_mb < 1e6
    ):
        raise ConfigError(f"model.max_reply_mb: got {max_reply_mb!r}, expected a number > 0 and < 1e6")
    if extra is not None and not isinstance(extra, Mapping):
        raise ConfigError(f"model.extra: got {extra!r}, expected a mapping, such as {{top_k: 20}}")
