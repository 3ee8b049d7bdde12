"""ptool's own client for the OpenAI chat-completions protocol: OpenAI, vLLM, llama.cpp, Ollama, LM Studio.

It does what AutoGen's does with a fraction of the CPU time: one shared session, schemas and long texts are
encoded once, what is built here is not validated. It knows no role, does not retry and keeps no answer; that
is the gateway's. It does not stream. Tools may be offered, for benchmarks: roles propose calls as data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import orjson
from autogen_core import Component
from autogen_core.models import ModelInfo, RequestUsage
from pydantic import BaseModel, ConfigDict

from ...errors import ConfigError
from ...log import logger
from ...settings.secrets import key_from
from ..context_window import UNKNOWN, counted_tokens, served_context, slot_context
from ..faults import AttemptError
from ..request import CHARACTERS_A_TOKEN, with_limit
from .base import CreateArguments, ModelClient
from .http import HttpTransport, checked_url
from .request_body import BodyEncoder, checked_extra, encoded_fields
from .request_form import (
    STRUCTURED,
    SYSTEM_PLACES,
    FormMemory,
    FormSearch,
    RequestForm,
    Structured,
    SystemPlace,
    checked_changes,
    checked_choice,
    negotiable,
    speaks_of_form,
)
from .response import CompletionResult, read_completion

_LOOKED_UP_SECONDS = 3.0
_LOOKED_UP_BYTES = 4_000_000
_FORBIDDEN = 403
"""A key is refused so, and by some a feature of the request."""
_CANDIDATES = 20
"""Tokens whose probabilities are asked for; no endpoint gives more."""
_LEAST_MASS = 0.05
"""Probability of all letters together below which a model is about to write something else."""


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
    fields: dict[str, Any] | None = None
    system: SystemPlace = "auto"


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
        fields: what becomes of fields, these and all others: None leaves one out, a text renames it, a number
            or truth value is sent instead, as in {max_tokens: max_completion_tokens, seed: None}.
        system: where the system text goes: own (a message), user (the beginning of the first user message),
            or auto: there once the endpoint refuses system messages.

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
        fields: Mapping[str, Any] | None = None,
        system: SystemPlace = "auto",
    ) -> None:
        super().__init__()
        _check(model, structured, strict, max_reply_mb, system)
        _check_mapping(extra, "model.extra", "{top_k: 20}")
        _check_mapping(fields, "model.fields", "{max_tokens: max_completion_tokens, seed: null}")
        address = checked_url(base_url)
        self._config = Config(
            model=model,
            base_url=address,
            api_key_env=api_key_env,
            structured=structured,
            strict=strict,
            max_reply_mb=max_reply_mb,
            extra=checked_extra(extra or {}, "model.extra"),
            fields=dict(fields) if fields else None,
            system=system,
        )
        encoded_fields(self._config.extra, "model.extra")
        encoded_fields(self._config.fields or {}, "model.fields")
        self.note = f"{model} at {address}"
        self.api_key_env = api_key_env
        """the environment variable that the key was read from"""
        self._forms = FormMemory(self.note, structured, system)
        self.gives_probabilities = True
        """whether closed questions are answered by the probabilities of letters; false once it gives none"""
        self._encoder = BodyEncoder(model, strict, checked_changes(self._config.fields or {}, "model.fields"))
        self._counts_tokens = True
        self._key = key_from(api_key_env)
        max_bytes = int(max_reply_mb * 1_000_000)
        self._transport = HttpTransport(f"{address}/chat/completions", self._key, max_bytes)

    async def complete(self, asked: CreateArguments) -> CompletionResult:
        """Ask the endpoint once, or until it takes the way the output's form is asked for.

        Raises:
            AttemptError: there is no answer.
            ConfigError: an extra argument cannot be sent, or the record's schema cannot be strict.
            ValueError: images were given.
        """
        fields = checked_extra({**self._config.extra, **asked.extra}, "sampling")
        weighed, refusal = None, ""
        if self.gives_probabilities and getattr(asked.output, "letters", ()):
            try:
                weighed = await self._weighed_letters(asked)
            except AttemptError as error:
                question = str(asked.messages).encode()
                known = self._forms.takes("logprobs")
                if not (
                    _about_probabilities(error) or self._forms.crashed(question, error, like_answered=known)
                ):
                    raise
                refusal = str(error)
        if weighed is not None and weighed.content:
            return weighed
        try:
            result = await self._ask(asked, fields)
        except AttemptError as error:
            if error.sampled is None:
                raise
            result = _sampled(error.sampled, asked)
        if refusal:  # of the probabilities, as the same question without them was answered
            self._without_probabilities(refusal)
        if weighed is not None:  # both were paid for
            result.usage.prompt_tokens += weighed.usage.prompt_tokens
            result.usage.completion_tokens += weighed.usage.completion_tokens
        return result

    @property
    def structured(self) -> Structured:
        """How the output's form is asked for now; with auto this may step down."""
        return self._forms.form.structured

    async def _ask(self, asked: CreateArguments, fields: Mapping[str, Any]) -> CompletionResult:
        """Ask once, or until the endpoint takes the form of the request."""
        form = self._forms.known(asked.output)
        search: FormSearch | None = None
        while True:
            sent = self._encoder.fields(asked, fields, form)
            body = self._encoder.body(asked, sent, form)
            try:
                result = self._read(await self._transport.post(body), asked)
            except AttemptError as error:
                if "logprobs" in sent and not speaks_of_form(error, sent):
                    raise  # asked without them, it says if that was why
                known = self._forms.answered_in(form, asked.output)
                if search is None and not (
                    negotiable(error, sent)
                    or error.status == _FORBIDDEN
                    or self._forms.crashed(body, error, like_answered=known)
                ):
                    raise
                search = search or FormSearch(self._forms, form, asked.output, error, sent)
                form = search.next(form, error, sent)
                continue
            if search is not None and search.may_be_chance:
                form, result = await self._confirmed(search.start, form, result, asked, fields)
            self._forms.keep(form, asked.output, search, sent)
            return result

    async def _confirmed(
        self,
        refused: RequestForm,
        form: RequestForm,
        result: CompletionResult,
        asked: CreateArguments,
        fields: Mapping[str, Any],
    ) -> tuple[RequestForm, CompletionResult]:
        """The form to keep: the one that was refused if it is answered now, when the endpoint is there."""
        sent = self._encoder.fields(asked, fields, refused)
        try:
            again = self._read(await self._transport.post(self._encoder.body(asked, sent, refused)), asked)
        except AttemptError:
            return form, result
        again.usage.prompt_tokens += result.usage.prompt_tokens
        again.usage.completion_tokens += result.usage.completion_tokens
        return refused, again

    def _read(self, reply: bytes, asked: CreateArguments) -> CompletionResult:
        """The completion in a reply; a record's text is also looked for where a model's thoughts stand."""
        result = read_completion(reply, _characters(asked), tools=bool(asked.tools))
        if asked.output and isinstance(result.content, str) and not result.content.strip() and result.thought:
            result.content = result.thought
        if result.estimated and self._counts_tokens:
            self._counts_tokens = False
            logger.warning(
                "{}: its counts of tokens are missing or can be none; they are estimated", self.note
            )
        return result

    async def _weighed_letters(self, asked: CreateArguments) -> CompletionResult:
        """The answer to a closed question by the probabilities of its letters, as the record's JSON.

        Without content where the model would begin with something else, or the endpoint gives no
        probabilities. A small model says little by the letter it writes, which is mostly the first, and much
        by how it weighs them.
        """
        letters: Sequence[str] = getattr(asked.output, "letters", ())
        one_token = checked_extra(with_limit({**self._config.extra, **asked.extra}, 1), "sampling")
        one_token |= {"logprobs": True, "top_logprobs": _CANDIDATES}
        asked = asked._replace(output=None)
        result = await self._ask(asked, one_token)
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


def _about_probabilities(error: AttemptError) -> bool:
    """Whether an endpoint may refuse to give probabilities; asked without them it says if that was why."""
    return error.kind == "refused" or (error.kind == "server" and "logprob" in str(error).lower())


def _sampled(text: str, asked: CreateArguments) -> CompletionResult:
    """An answer that the endpoint refused to hand out, as it was no JSON: the model's fault, and paid for."""
    usage = RequestUsage(_characters(asked) // CHARACTERS_A_TOKEN, len(text) // CHARACTERS_A_TOKEN)
    return CompletionResult(finish_reason="unknown", content=text, usage=usage, cached=False, estimated=True)


def _check(model: Any, structured: Any, strict: Any, max_reply_mb: Any, system: Any) -> None:
    if not isinstance(model, str) or not model.strip():
        raise ConfigError(f"model.model: got {model!r}, expected the model's name at the endpoint")
    checked_choice(structured, "model.structured", (*STRUCTURED, "auto"))
    checked_choice(system, "model.system", SYSTEM_PLACES)
    if not isinstance(strict, bool):
        raise ConfigError(f"model.strict: got {strict!r}, expected true or false")
    if (
        isinstance(max_reply_mb, bool)
        or not isinstance(max_reply_mb, int | float)
        or not 0 < max_reply_mb < 1e6
    ):
        raise ConfigError(f"model.max_reply_mb: got {max_reply_mb!r}, expected a number > 0 and < 1e6")


def _check_mapping(value: Any, where: str, example: str) -> None:
    if value is not None and not isinstance(value, Mapping):
        raise ConfigError(f"{where}: got {value!r}, expected a mapping, such as {example}")
