"""Any AutoGen model component as a client of ptool's: Anthropic, Azure, and whatever else has one.

A component's own configuration is checked to the last key (AutoGen drops unknown ones without a word), its
errors become `AttemptError`s without the key, and a record is asked for in the way the component can: by
response format, by AutoGen's own structured output, or by the schema in the prompt. It knows no SDK.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import orjson
from autogen_core.models import ChatCompletionClient, CreateResult, LLMMessage, ModelInfo, SystemMessage
from pydantic import BaseModel, ValidationError

from ...errors import ConfigError, PtoolError, names
from ...settings.secrets import key_from, redacted
from .. import output_schema
from ..faults import AttemptError, Kind, fault_of
from .base import CreateArguments, ModelClient, Output
from .error_body import stated_wait

_OPENAI = "autogen_ext.models.openai"
_SHORT_NAMES = {
    name: f"{module}.{name}"
    for module, name in (
        (_OPENAI, "OpenAIChatCompletionClient"),
        (_OPENAI, "AzureOpenAIChatCompletionClient"),
        ("autogen_ext.models.anthropic", "AnthropicChatCompletionClient"),
        ("autogen_ext.models.anthropic", "AnthropicBedrockChatCompletionClient"),
        ("autogen_ext.models.ollama", "OllamaChatCompletionClient"),
    )
} | {
    "openai_chat_completion_client": f"{_OPENAI}.OpenAIChatCompletionClient",
    "azure_openai_chat_completion_client": f"{_OPENAI}.AzureOpenAIChatCompletionClient",
}
"""Short names of providers, AutoGen's own among them."""
_EXTRAS = {
    "azure": "ptool[azure]",
    "autogen_ext.auth.azure": "ptool[azure]",
    _OPENAI: "ptool[openai]",
    "autogen_ext.models.anthropic": "ptool[anthropic]",
}
"""What to install for a module that is lacking, or that lacks something."""


def component(
    provider: str, config: Mapping[str, Any] | None = None, api_key_env: str | None = None
) -> AutogenClient:
    """Make a component from its configuration.

    Args:
        provider: its class: a dotted name, or a short one such as 'AzureOpenAIChatCompletionClient'.
        config: the component's own configuration, without a key.
        api_key_env: environment variable whose value becomes `api_key`; None: the component's own way.

    Raises ConfigError for an unknown provider, a missing extra, a missing key, or a configuration that the
    component does not take as it stands.
    """
    component_class = _component_class(provider)
    arguments = dict(config or {})
    schema: type[BaseModel] = component_class.component_config_schema
    if "api_key" in arguments:
        raise ConfigError("model.config.api_key: a key stays out of the configuration; use model.api_key_env")
    key = key_from(api_key_env)
    if key is not None:
        if "api_key" not in schema.model_fields:
            raise ConfigError(f"model.api_key_env: {provider} takes no api_key, expected null")
        arguments["api_key"] = key
    if "max_retries" in schema.model_fields:
        arguments.setdefault("max_retries", 0)  # retries happen once, in the gateway
    _check(arguments, schema)
    note = f"{arguments.get('model', '')} at {component_class.__name__}".removeprefix(" at ")
    client = AutogenClient(_load(_SHORT_NAMES.get(provider, provider), arguments, key), note, key)
    client.api_key_env = api_key_env or "the environment"
    return client


def _component_class(name: Any) -> Any:
    dotted = _SHORT_NAMES.get(name, name) if isinstance(name, str) else ""
    module, _, last = dotted.rpartition(".")
    if not module:
        raise ConfigError(
            f"model.provider: got {name!r}, expected a dotted class name or {names(_SHORT_NAMES, str(name))}"
        )
    try:
        component_class = getattr(importlib.import_module(module), last, None)
    except ImportError as error:
        raise ConfigError(_not_importable(dotted, module, error)) from None
    if not (isinstance(component_class, type) and issubclass(component_class, ChatCompletionClient)):
        raise ConfigError(f"model.provider: got {name!r}, which is no AutoGen ChatCompletionClient")
    if not hasattr(component_class, "component_config_schema"):
        raise ConfigError(f"model.provider: got {name!r}, which cannot be made from a configuration")
    return component_class


def _not_importable(dotted: str, module: str, error: ImportError) -> str:
    lacking = error.name or ""
    if lacking and _in(module, lacking):
        return f"model.provider: got {dotted!r}, there is no module {lacking!r}"
    extra = next(
        (extra for name, extra in _EXTRAS.items() for what in (lacking, module) if _in(what, name)), None
    )
    advice = f"install {extra}" if extra else f"install what {module} needs"
    return f"model.provider: {dotted} cannot be imported ({' '.join(str(error).split())[:200]}); {advice}"


def _in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _check(arguments: dict[str, Any], schema: type[BaseModel]) -> None:
    """Refuse what the component's schema refuses, and every key that it would drop."""
    for key in arguments:
        if key not in schema.model_fields:
            known = schema.model_fields.keys() - {"api_key"}
            raise ConfigError(f"model.config.{key}: no such key; there are {names(known, key)}")
    try:
        validated = schema.model_validate(arguments).model_dump(exclude_unset=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        where = ".".join(["model.config", *map(str, first["loc"])])
        raise ConfigError(f"{where}: {first['msg']}") from None
    if dropped := next(_dropped_keys(arguments, validated, "model.config"), None):
        raise ConfigError(f"{dropped}: no such key; the component would ignore it")


def _dropped_keys(given: Any, validated: Any, where: str) -> Iterator[str]:
    """The keys that validation dropped, however deep."""
    if isinstance(given, Mapping) and isinstance(validated, Mapping):
        for key, value in given.items():
            if key not in validated:
                yield f"{where}.{key}"
            else:
                yield from _dropped_keys(value, validated[key], f"{where}.{key}")


def _load(provider: str, config: dict[str, Any], key: str | None) -> ChatCompletionClient:
    try:
        return ChatCompletionClient.load_component({"provider": provider, "config": config})
    except ImportError as error:
        raise ConfigError(_not_importable(provider, provider.rpartition(".")[0], error)) from None
    except Exception as error:  # whatever a foreign constructor raises, it is about its configuration
        reason = redacted(" ".join(str(error).split()), key)[:300]
        raise ConfigError(f"model.config: {provider} refuses it: {type(error).__name__}: {reason}") from None


class AutogenClient(ModelClient):
    """A component of AutoGen's, with what the gateway expects of a client.

    Args: inner: the component; note: who answers; key: to keep it out of errors.
    """

    def __init__(self, inner: ChatCompletionClient, note: str, key: str | None = None) -> None:
        super().__init__()
        self.inner = inner
        self.note = note
        self._key = key
        self.api_key_env: str | None = None
        modules = {base.__module__ for base in type(inner).__mro__}
        self._by_format = any(module.startswith(_OPENAI) for module in modules)

    async def complete(self, asked: CreateArguments) -> CreateResult:
        """Let the component answer once.

        Raises:
            AttemptError: there is no answer.
            ConfigError: the record's schema cannot be strict.
        """
        extra = {name: value for name, value in asked.extra.items() if value is not None}
        messages, output = self._with_form(list(asked.messages), asked.output, extra)
        try:
            result = await self.inner.create(
                messages,
                tools=asked.tools,
                tool_choice=asked.tool_choice,
                json_output=output,
                extra_create_args=extra,
            )
        except (PtoolError, ValidationError):
            raise
        except Exception as error:
            self._fail(error)
        return self._without_key(result)

    def _with_form(
        self, messages: list[LLMMessage], output: Output, extra: dict[str, Any]
    ) -> tuple[list[LLMMessage], Output]:
        """Messages and AutoGen's `json_output` that bring a record; `extra` may get a response format."""
        if not isinstance(output, type):
            return messages, output
        info = self.inner.model_info
        if info.get("structured_output") and self._by_format:
            # Not as AutoGen would: the SDK raises instead of handing out what was cut off or is not valid.
            extra["response_format"] = orjson.loads(output_schema.response_format(output, strict=True))
            return messages, None
        if info.get("structured_output"):
            return messages, output
        instruction = output_schema.instruction(output)
        return _instructed(messages, instruction), True if info.get("json_output") else None

    def _without_key(self, result: CreateResult) -> CreateResult:
        """A result without the key: answers are kept, and some endpoints repeat what they were sent."""
        if not (self._key and isinstance(result.content, str) and self._key in result.content):
            return result
        return result.model_copy(update={"content": redacted(result.content, self._key)})

    def _fail(self, error: Exception) -> NoReturn:
        """Raise what a foreign exception means; if it is no fault, the component could not read the reply."""
        fault = fault_of(error)
        if fault is None:
            kind: Kind = "refused" if type(error) is ValueError else "malformed"
            if isinstance(error, TypeError) and "authentication" in str(error):
                kind = "unauthorised"  # Anthropic's SDK looks for a key when it is called, not before
            fault = AttemptError(kind, f"{type(error).__name__}: {error}")
        if fault.retry_after is None and fault.kind in ("rate_limited", "server"):
            fault.retry_after = stated_wait(getattr(error, "body", None), str(fault))
        raise fault.reworded(redacted(str(fault), self._key)) from None

    async def close(self) -> None:
        """Close the component."""
        await self.inner.close()

    @property
    def model_info(self) -> ModelInfo:
        """The component's."""
        return self.inner.model_info


def _instructed(messages: list[LLMMessage], instruction: str) -> list[LLMMessage]:
    """The messages with an instruction at the end of the first system message."""
    for place, message in enumerate(messages):
        if isinstance(message, SystemMessage):
            first = SystemMessage(content=message.content + instruction)
            return [*messages[:place], first, *messages[place + 1 :]]
    return [SystemMessage(content=instruction.lstrip()), *messages]
