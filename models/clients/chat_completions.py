"""ptool's own client for the OpenAI chat-completions protocol: OpenAI, vLLM, llama.cpp, Ollama, LM Studio.

It does what AutoGen's does with a fraction of the CPU time: one shared session, schemas and long texts are
encoded once, what is built here is not validated. It knows no role, does not retry and keeps no answer; that
is the gateway's. It does not stream. Tools may be offered, for benchmarks: roles propose calls as data.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Literal, cast, get_args

from autogen_core import CancellationToken, Component
from autogen_core.models import (
    ChatCompletionClient,
    CreateResult,
    LLMMessage,
    ModelCapabilities,  # pyright: ignore[reportDeprecated]
    ModelFamily,
    ModelInfo,
    RequestUsage,
)
from autogen_core.tools import Tool, ToolSchema
from loguru import logger
from pydantic import BaseModel, ConfigDict

from ...errors import ConfigError, names
from .. import output_schema as wire
from ..faults import AttemptError
from .api_key import checked_url, key_from
from .base import Cancelling
from .http import Transport
from .request_body import JSON_OBJECT, Encoder, checked_extra, encoded_fields, encoded_messages, encoded_tools
from .response import CHARACTERS_A_TOKEN, Completed, completed

Structured = Literal["json_schema", "json_object", "prompt", "auto"]
"""How an endpoint is told the output's form."""

Output = bool | type[BaseModel] | None

_STEPS: tuple[Structured, ...] = ("json_schema", "json_object", "prompt")
_FORMAT_WORDS = ("response_format", "json_schema", "json_object", "structured output", "guided", "grammar")


class Config(BaseModel):
    """The arguments of `ChatCompletions`, as AutoGen's component configuration."""

    model_config = ConfigDict(extra="forbid")

    model: str
    base_url: str
    api_key_env: str | None = None
    structured: Structured = "auto"
    strict: bool = False
    max_reply_mb: float = 8
    extra: dict[str, Any] = {}


class ChatCompletions(ChatCompletionClient, Component[Config]):
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

    component_type = "model"
    component_config_schema = Config
    component_provider_override = "ptool.models.clients.chat_completions.ChatCompletions"

    def __init__(
        self,
        model: str,
        base_url: str,
        api_key_env: str | None = None,
        structured: Structured = "auto",
        strict: bool = False,
        max_reply_mb: float = 8,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
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
        self._way: Structured = "json_schema" if structured == "auto" else structured
        self._head = b'{"model":' + Encoder()(model) + b',"messages":'
        self._encode = Encoder()
        most = int(max_reply_mb * 1_000_000)
        self._transport = Transport(f"{address}/chat/completions", key_from(api_key_env), most)
        self._cancelling = Cancelling()
        self._usage = RequestUsage(prompt_tokens=0, completion_tokens=0)

    @property
    def api_key_env(self) -> str | None:
        """The environment variable that the key was read from."""
        return self._config.api_key_env

    @property
    def note(self) -> str:
        """Who answers, and where."""
        return f"{self._config.model} at {self._config.base_url}"

    @property
    def structured(self) -> Structured:
        """How the output's form is asked for now; with auto this may step down."""
        return self._way

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: Output = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> Completed:
        """Ask once.

        Args:
            messages: texts only.
            tools: functions the model may call, where no record is asked for; its calls are the content then.
            tool_choice: auto, required or none.
            json_output: a record: its schema goes along; True: some JSON object; None: text.
            extra_create_args: further fields of the body, such as seed, temperature, max_tokens.
            cancellation_token: cancels the call.

        Raises:
            AttemptError: there is no answer.
            ConfigError: an extra argument cannot be sent, or the record's schema cannot be strict.
            ValueError: images were given, or tools beside a record.
        """
        if tools and json_output:
            raise ValueError("this client calls no tools where a record is asked for")
        offered = encoded_tools(tools, tool_choice) if tools else b""
        call = self._ask(messages, json_output, extra_create_args or {}, offered)
        return await self._cancelling.run(call, cancellation_token)

    async def _ask(
        self, messages: Sequence[LLMMessage], output: Output, further: Mapping[str, Any], tools: bytes
    ) -> Completed:
        fields = checked_extra({**self._config.extra, **further}, "sampling")
        while True:
            way = self._way
            try:
                reply = await self._transport.post(self._body(messages, output, fields, way, tools))
                break
            except AttemptError as error:
                if not (output and _about_format(error)):
                    raise
                self._step_down(way, error)
        result = completed(reply, sum(len(str(one.content)) for one in messages))
        self._usage = RequestUsage(
            self._usage.prompt_tokens + result.usage.prompt_tokens,
            self._usage.completion_tokens + result.usage.completion_tokens,
        )
        return result

    def _step_down(self, way: Structured, error: AttemptError) -> None:
        """Ask for the output's form in the next way from now on; raise the error where there is none."""
        if self._config.structured != "auto" or way == _STEPS[-1]:
            raise error
        below: Structured = _STEPS[_STEPS.index(way) + 1]
        if self._way == way:  # otherwise another call that was under way has stepped down already
            self._way = below
            logger.warning("{}: refuses {} ({}); from now on {}", self.note, way, error, below)

    def _body(
        self,
        messages: Sequence[LLMMessage],
        output: Output,
        fields: Mapping[str, Any],
        way: Structured,
        tools: bytes,
    ) -> bytes:
        record = output if isinstance(output, type) else None
        instruction = wire.instruction(record) if record and way != "json_schema" else ""
        parts = [self._head, *encoded_messages(messages, self._encode, instruction)]
        if record and way == "json_schema":
            parts += [b',"response_format":', wire.response_format(record, self._config.strict)]
        elif output and way != "prompt":
            parts += [b',"response_format":', JSON_OBJECT]
        parts.append(tools)
        if fields:
            parts += [b",", encoded_fields(fields, "sampling")]
        parts.append(b"}")
        return b"".join(parts)

    async def create_stream(
        self, messages: Sequence[LLMMessage], **options: Any
    ) -> AsyncGenerator[str | CreateResult, None]:
        """The whole answer as one chunk, then the result."""
        result = await self.create(messages, **options)
        yield cast(str, result.content)
        yield result

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    def actual_usage(self) -> RequestUsage:
        """Tokens so far, as the endpoint counted them."""
        return self._usage

    def total_usage(self) -> RequestUsage:
        """Tokens so far, as the endpoint counted them."""
        return self._usage

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Estimated tokens of the messages; nobody is asked."""
        del tools
        return sum(len(str(one.content)) for one in messages) // CHARACTERS_A_TOKEN

    def remaining_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()
    ) -> int:
        """A million, whatever was said: the endpoint refuses what is too long for it."""
        del messages, tools
        return 1_000_000

    @property
    def model_info(self) -> ModelInfo:
        """It writes JSON and structured output, and calls tools."""
        return ModelInfo(
            vision=False,
            function_calling=True,
            json_output=True,
            structured_output=True,
            family=ModelFamily.UNKNOWN,
            multiple_system_messages=True,
        )

    @property
    def capabilities(self) -> ModelCapabilities:  # pyright: ignore[reportDeprecated]
        """The same, as AutoGen asked for it before."""
        return self.model_info

    def _to_config(self) -> Config:
        return self._config

    @classmethod
    def _from_config(cls, config: Config) -> ChatCompletions:
        return cls(**config.model_dump())

    def __repr__(self) -> str:
        return f"ChatCompletions({self.note})"


def _about_format(error: AttemptError) -> bool:
    """Whether an endpoint refuses how the output's form is asked for; some say so with a status of 500."""
    said = str(error).lower()
    return error.kind in ("refused", "server") and any(word in said for word in _FORMAT_WORDS)


def _check(model: Any, structured: Any, strict: Any, max_reply_mb: Any, extra: Any) -> None:
    if not isinstance(model, str) or not model.strip():
        raise ConfigError(f"model.model: got {model!r}, expected the model's name at the endpoint")
    if structured not in get_args(Structured):
        raise ConfigError(f"model.structured: got {structured!r}, there are {names(get_args(Structured))}")
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
